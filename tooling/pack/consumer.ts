import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from '../files.ts';
import { runExamples } from './examples.ts';
import { run } from './run.ts';

export interface Packed {
  readonly name: string;
  /** Absolute path of the .tgz. */
  readonly tarball: string;
  /** Entries as users write them: `@worldswitch/devices/pl011`. */
  readonly entries: readonly string[];
}

const isNodeEntry = (entry: string): boolean => /\/node$/.test(entry);

/**
 * Behaves as a user who installs the tarballs into an empty folder: imports every entry in Node, compiles against all of
 * them, bundles every entry but the `/node` ones for a browser, and runs the examples that use published packages alone. Nothing is
 * fetched: what a package needs and did not declare is missing here.
 * @returns one sentence per problem
 */
export async function consumerProblems(packed: readonly Packed[]): Promise<string[]> {
  // Outside the repository: below it, Node would find an undeclared package in the workspace's own node_modules.
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-consumer-'));
  try {
    return await problemsIn(folder, packed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function problemsIn(folder: string, packed: readonly Packed[]): Promise<string[]> {
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  writeFileSync(`${folder}/package.json`, JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }));
  // npm and not pnpm: most users have it, and a flat tree is where a name from the workspace would be found by mistake.
  try {
    run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], folder);
  } catch (error) {
    return [`install: ${String(error)}`];
  }
  const entries = packed.flatMap((p) => p.entries);
  return [...entries.flatMap((entry) => importProblems(entry, folder)), ...typeProblems(entries, folder), ...(await bundleProblems(entries.filter((e) => !isNodeEntry(e)), folder)), ...exampleProblems(folder, packed)];
}

function exampleProblems(folder: string, packed: readonly Packed[]): readonly string[] {
  const { ran, problems } = runExamples(folder, new Set(packed.map(({ name }) => name)));
  return ran + problems.length === 0 ? ['examples: none uses published packages alone, so none was tried from the tarballs'] : problems;
}

function importProblems(entry: string, folder: string): string[] {
  const script = `const names = Object.keys(await import(${JSON.stringify(entry)})); if (names.length === 0) throw new Error('exports nothing');`;
  try {
    run(process.execPath, ['--input-type=module', '--eval', script], folder);
    return [];
  } catch (error) {
    return [`import ${entry}: ${String(error)}`];
  }
}

/** Compiles a module that imports every entry, as a user does who checks libraries too. */
function typeProblems(entries: readonly string[], folder: string): string[] {
  const contents = entries.map((entry, i) => `export * as e${String(i)} from ${JSON.stringify(entry)};`).join('\n');
  writeFileSync(join(folder, 'all.ts'), contents);
  const compilerOptions = { module: 'nodenext', target: 'es2022', lib: ['ES2023', 'ESNext.Disposable', 'DOM'], types: [], strict: true, noEmit: true };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['all.ts'] }));
  try {
    run(process.execPath, [`${repositoryRoot}/node_modules/typescript/bin/tsc`, '-p', folder], folder);
    return [];
  } catch (error) {
    return [`types: ${String(error)}`];
  }
}

async function bundleProblems(entries: readonly string[], folder: string): Promise<string[]> {
  const contents = entries.map((entry, i) => `export * as e${String(i)} from ${JSON.stringify(entry)};`).join('\n');
  try {
    const { metafile, outputFiles } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true, write: false, metafile: true, outdir: `${folder}/bundle`, format: 'esm', platform: 'browser', target: 'es2022', logLevel: 'silent',
    });
    const external = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
    const left = outputFiles.some(({ text }) => /\bfrom\s*["']node:|\bimport\(\s*["']node:/.test(text));
    return [...external.map((path) => `browser bundle: ${path} stays an import`), ...(left ? ['browser bundle: a node: import survives'] : [])];
  } catch (error) {
    return [`browser bundle: ${String(error)}`];
  }
}
