import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { listFiles, repositoryRoot } from '../files.ts';
import { markdown, type BenchModule } from './table.ts';

/**
 * `bench [--write] [PART…]`: runs every `*.bench.ts` whose path contains one of the parts, prints the tables, and with
 * `--write`, which takes no parts, records them with the date in docs/benchmarks.md.
 */
const args = process.argv.slice(2);
const write = args.includes('--write');
const parts = args.filter((arg) => arg !== '--write');
const modules = ['packages', 'apps', 'tooling'].flatMap((group) => listFiles(repositoryRoot, group, (name) => name.endsWith('.bench.ts')));
const wanted = modules.filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)));
if (wanted.length === 0) {
  console.error(`no benchmark matches ${parts.join(' ')}; there are: ${modules.join(', ')}`);
  process.exit(2);
}
if (write && parts.length > 0) {
  console.error(`--write with ${parts.join(' ')}: docs/benchmarks.md holds the tables of one run of all; leave the parts out`);
  process.exit(2);
}

/** Modules go on knowing where they lie, though they are in one file elsewhere. */
const places: Plugin = {
  name: 'places',
  setup: (bundle) => {
    bundle.onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' }));
  },
};

/**
 * A benchmark as users run the packages: bundled. What runs TypeScript from its sources names every function anew each time it is made,
 * which costs a hot path a third.
 */
async function bundled(path: string): Promise<Partial<BenchModule>> {
  const outfile = `${repositoryRoot}/.cache/${basename(path, '.ts')}.mjs`;
  await build({
    entryPoints: [`${repositoryRoot}/${path}`], outfile, bundle: true, platform: 'node', format: 'esm', external: ['esbuild'], logLevel: 'error', plugins: [places],
  });
  return (await import(pathToFileURL(outfile).href)) as Partial<BenchModule>;
}

const tables: string[] = [];
for (const path of wanted) {
  const { bench } = await bundled(path);
  if (bench === undefined) throw new Error(`${path} exports no function \`bench\``);
  for (const table of [bench()].flat()) {
    const text = markdown(table);
    tables.push(text);
    console.log(text);
  }
}
if (write) {
  const [processor] = cpus();
  const where = `${cpus().length} × ${processor?.model.trim() ?? 'unknown processor'}, Node ${process.version}, ${process.platform}`;
  const head = `# Benchmarks\n\nMeasured on ${new Date().toISOString().slice(0, 10)}: ${where}. Written by \`bench --write\`.
Processor time, not wall time; the machine did other work meanwhile, so compare columns, not days.\n`;
  writeFileSync(`${repositoryRoot}/docs/benchmarks.md`, `${head}\n${tables.join('\n')}`);
}
