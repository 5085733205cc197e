/**
 * Runs proofs and writes down what came of them, for the page of the docs: `record.ts <revision> <mode> <orders> <tries> <removals> <every>`,
 * with `-` for what is not to be run. What is not run stays as it was.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { revisionNamed } from '@worldswitch/arm64-hypervisor';
import { Bench, prove } from '@worldswitch/arm64-hypervisor/prove';
import type { PairResult } from '@worldswitch/arm64-hypervisor/prove';
import { proofMachines } from '../../src/test/prove-machine.ts';

const [name, mode, ...budget] = process.argv.slice(2);
const [orders, tries, removals, every] = budget.map((word) => (word === '-' ? undefined : Number(word)));
const file = process.env['RESULTS'] ?? fileURLToPath(new URL('results.json', import.meta.url));
if (mode !== 'nvhe' && mode !== 'vhe') throw new RangeError(`mode ${mode}: it is nvhe or vhe`);
const result = prove(new Bench(proofMachines()), revisionNamed(name, mode), mode, {
  ...(orders === undefined ? {} : { orders }), ...(tries === undefined ? {} : { tries }), ...(every === undefined ? {} : { every }),
  ...(budget[2] === 'all' ? { removals: 'all' as const } : removals === undefined ? {} : { removals }),
});
const all = JSON.parse(readFileSync(file, 'utf8')) as PairResult[];
const found = all.findIndex((one) => one.revision === name && one.mode === mode);
if (found < 0) all.push(result);
else all[found] = { ...all[found], ...result };
writeFileSync(file, `${JSON.stringify(all, undefined, 1)}\n`);
