import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { repositoryRoot } from '../files.ts';
import { cpuTimeOf, median } from './cpu-time.ts';
import type { Table } from './table.ts';

const ROUNDS = 9;
const ENGINES = ['interpreter', 'translator'] as const;

/** From the start of the process to the first guest instruction. */
export function bench(): Table {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const guest = join(repositoryRoot, 'guests/arm64/hello/hello.elf');
    const source = join(repositoryRoot, 'tooling/bench/first-instruction.ts');
    const bundle = join(folder, 'first-instruction.mjs');
    buildSync({ entryPoints: [source], outfile: bundle, bundle: true, platform: 'node', format: 'esm', minify: true, logLevel: 'error' });
    const command = commandOf(folder);
    const ways = [
      { name: 'Node alone', args: ['--eval', '0'] },
      ...ENGINES.map((kind) => ({ name: `the machine, bundled, ${kind}`, args: [bundle, kind, guest] })),
      { name: '`worldswitch --version`', args: [command, '--version'] },
      { name: '`worldswitch run --as bare --limit 1`', args: [command, 'run', guest, '--as', 'bare', '--limit', '1'] },
      { name: '`worldswitch run --limit 1`: as a guest', args: [command, 'run', guest, '--limit', '1'] },
      { name: 'the machine, from the sources with tsx', args: ['--import', 'tsx', source, 'interpreter', guest] },
    ].map((way) => ({ ...way, cpu: [] as number[], wall: [] as number[] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { args, cpu, wall } of ways) {
        const before = performance.now();
        cpu.push(cpuTimeOf(process.execPath, args).cpu);
        wall.push(performance.now() - before);
      }
    }
    return {
      title: 'Start',
      method: `Milliseconds of a process that ends after the first guest instruction on the virt board: user and system time, and on the clock with a shell around it.
Medians of ${ROUNDS} samples, taken in turn. Aim: ≤ 250 ms of processor time, which counts the compiler's threads too. "The machine" is composed directly; the
command is bundled as its package is, and \`run\` puts the image into a guest of the hypervisor unless it says \`--as bare\`.
What limits it: in a profile of \`run --as bare\` V8's compiling of the modules and their evaluation (tables of registers and instructions) are a quarter each,
composing the board with its device tree a tenth, decoding the instruction that the last line names a twelfth. What did not help: a larger
young generation, one thread for the collector, WebAssembly compiled lazily or by the baseline compiler alone.`,
      columns: ['way', 'processor time', 'clock', 'beyond Node alone'],
      rows: ways.map(({ name, cpu, wall }) => [name, median(cpu), median(wall), median(cpu) - median(ways[0].cpu)]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The command with its chunks, by the options of `apps/cli/package.json`. */
function commandOf(folder: string): string {
  buildSync({
    entryPoints: [join(repositoryRoot, 'apps/cli/src/worldswitch.ts')], outdir: folder, bundle: true, splitting: true, platform: 'node', target: 'node20', format: 'esm',
    minify: true, logLevel: 'error', outExtension: { '.js': '.mjs' }, treeShaking: true,
    banner: { js: 'import { createRequire as __createRequire } from \'node:module\'; const require = __createRequire(import.meta.url);' },
  });
  return join(folder, 'worldswitch.mjs');
}
