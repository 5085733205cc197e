import { cpus } from 'node:os';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { listFiles, repositoryRoot } from '../files.ts';

/** One measured figure. Benchmarks inform; only tests fail. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `MIPS`, `ns/instruction`, `ratio`, … */
  readonly unit: string;
  /** What the project wants to reach, in words: `≥ 0.2`. */
  readonly aim?: string;
}

/** A benchmark is a module `*.bench.ts` with this export. */
interface BenchModule {
  readonly bench?: () => Figure[] | Promise<Figure[]>;
}

/**
 * `bench [--write] [PART…]`: runs every `*.bench.ts` whose path contains one of the parts, prints a table, and with
 * `--write` records it with its date in docs/figures.md.
 */
const args = process.argv.slice(2);
const parts = args.filter((arg) => arg !== '--write');
const modules = ['packages', 'apps', 'tooling'].flatMap((group) => listFiles(repositoryRoot, group, (name) => name.endsWith('.bench.ts')));
const wanted = modules.filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
if (wanted.length === 0) {
  console.error(`no benchmark matches ${parts.join(' ') || 'anything'}; there are: ${modules.join(', ') || 'none; write packages/<name>/bench/<what>.bench.ts with an export \`bench\`'}`);
  process.exit(2);
}

const rows: string[] = ['| benchmark | figure | aim |', '|---|--:|---|'];
for (const path of wanted) {
  const { bench } = (await import(pathToFileURL(`${repositoryRoot}/${path}`).href)) as BenchModule;
  if (bench === undefined) throw new Error(`${path} exports no function \`bench\``);
  for (const { name, value, unit, aim } of await bench()) {
    rows.push(`| ${name} | ${value.toPrecision(4)} ${unit} | ${aim ?? ''} |`);
    console.log(rows.at(-1));
  }
}
if (args.includes('--write')) {
  const where = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`;
  writeFileSync(`${repositoryRoot}/docs/figures.md`, `# Figures\n\n${where}. Written by \`bench --write\`.\n\n${rows.join('\n')}\n`);
}
