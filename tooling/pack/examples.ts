import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../files.ts';
import { fencedBlocks } from '../readme/extract.ts';
import { run } from './run.ts';

/** Relative imports and packages of a module and of those it imports. */
function importsOf(file: string, seen = new Set<string>()): ReadonlySet<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/\bfrom '([^']+)'/g)) {
    if (name.startsWith('.')) for (const one of importsOf(join(file, '..', name), seen)) packages.add(one);
    else if (name.startsWith('@')) packages.add(name.split('/').slice(0, 2).join('/'));
  }
  return packages;
}

/**
 * Compiles and runs every example that uses published packages alone, in a folder where those are installed, as somebody who copies it
 * does; what it prints is what its README shows.
 * @param names of the installed packages
 * @returns how many examples ran, and one sentence per problem
 */
export function runExamples(folder: string, names: ReadonlySet<string>): { readonly ran: number; readonly problems: readonly string[] } {
  const problems: string[] = [];
  let ran = 0;
  for (const name of readdirSync(`${repositoryRoot}/examples`)) {
    const source = `${repositoryRoot}/examples/${name}`;
    if (!existsSync(`${source}/main.ts`) || [...importsOf(`${source}/main.ts`)].some((one) => !names.has(one))) continue;
    const copy = `${folder}/examples/${name}`;
    mkdirSync(copy, { recursive: true });
    cpSync(source, copy, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    const compilerOptions = {
      module: 'nodenext', target: 'es2022', lib: ['ES2023', 'ESNext.Disposable'], types: ['node'], typeRoots: [`${repositoryRoot}/node_modules/@types`], strict: true,
      rewriteRelativeImportExtensions: true, skipLibCheck: true,
    };
    writeFileSync(`${copy}/tsconfig.json`, JSON.stringify({ compilerOptions, files: ['main.ts'] }));
    try {
      run(process.execPath, [`${repositoryRoot}/node_modules/typescript/bin/tsc`, '-p', copy], copy);
      const printed = run(process.execPath, ['main.js'], copy).trim();
      const shown = fencedBlocks(readFileSync(`${source}/README.md`, 'utf8')).filter(({ language }) => language === 'text').map(({ text }) => text.trim());
      if (!shown.includes(printed)) problems.push(`example ${name}: from the tarballs it prints\n${printed}\nwhich is not what its README shows`);
      ran++;
    } catch (error) {
      problems.push(`example ${name}: ${String(error)}`);
    }
  }
  return { ran, problems };
}
