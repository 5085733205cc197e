import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { repositoryRoot } from '../files.ts';
import { median } from './cpu-time.ts';
import type { Table } from './table.ts';

const ROUNDS = 7;
const ENGINES = ['interpreter', 'translator'] as const;

/** From the start of the process to the first guest instruction. */
export function bench(): Table {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const bundle = join(folder, 'first-instruction.mjs');
    const source = join(repositoryRoot, 'tooling/bench/first-instruction.ts');
    buildSync({ entryPoints: [source], outfile: bundle, bundle: true, platform: 'node', format: 'esm', minify: true, logLevel: 'error' });
    const ways = [
      { name: 'bundled, plain Node', args: [bundle] },
      { name: 'from the sources, tsx', args: ['--import', 'tsx', source] },
    ].flatMap((way) => ENGINES.map((kind) => ({ name: `${way.name}, ${kind}`, args: [...way.args, kind], cpu: [] as number[], wall: [] as number[] })));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { args, cpu, wall } of ways) {
        const { status, stdout, stderr } = spawnSync(process.execPath, [...args, join(repositoryRoot, 'guests/arm64/hello/hello.elf')], { cwd: repositoryRoot, encoding: 'utf8' });
        if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
        const spent = JSON.parse(stdout) as { readonly cpu: number; readonly wall: number };
        cpu.push(spent.cpu);
        wall.push(spent.wall);
      }
    }
    return {
      title: 'Start',
      method: `Milliseconds from the start of the process to the end of the first guest instruction on the virt board, Node's own start included. Aim: ≤ 250 ms.
Medians of ${ROUNDS} samples, taken in turn. Processor time counts the compiler's threads too; the time on the clock depends on what else runs.
This is the machine composed directly, bundled into one file; the built command adds reading its arguments.`,
      columns: ['way', 'processor time', 'clock'],
      rows: ways.map(({ name, cpu, wall }) => [name, median(cpu), median(wall)]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
