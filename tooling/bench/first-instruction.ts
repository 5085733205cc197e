/** Boots a guest and executes one instruction. What it cost is for whoever started the process to say. */
import { readFileSync } from 'node:fs';
import { bootElf } from './machine.ts';

const [kind, path] = process.argv.slice(2);
const { machine } = bootElf(kind as 'interpreter' | 'translator', new Uint8Array(readFileSync(path)));
machine.run({ budget: 1 });
