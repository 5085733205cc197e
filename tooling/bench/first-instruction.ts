/** Boots a guest, executes one instruction, and says what it cost since the process began: milliseconds of processor time and on the clock. */
import { readFileSync } from 'node:fs';
import { bootElf } from './machine.ts';

const [kind, path] = process.argv.slice(2);
const { machine } = bootElf(kind as 'interpreter' | 'translator', new Uint8Array(readFileSync(path)));
machine.run({ budget: 1 });
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ cpu: (user + system) / 1000, wall: performance.now() }));
