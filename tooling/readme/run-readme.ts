import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, inspect, isDeepStrictEqual } from 'node:util';
import { describe, it } from 'vitest';
import { repositoryRoot } from '../files.ts';
import { CHECK, extractExamples, withChecks, type Example } from './extract.ts';

type Kind = 'equals' | 'prints' | 'throws';
type Checker = (kind: Kind, actual: () => unknown, expected: string | (() => unknown), line: number) => Promise<void>;

const show = (value: unknown): string => inspect(value, { depth: 6, compact: 3 });

/** Compares what an example computes with what it promises; a difference names the line of the Markdown file. */
export function checker(file: string): Checker {
  const differ = (line: number, what: string): never => {
    throw new Error(`${file}:${String(line)}: ${what}`);
  };
  return async (kind, actual, expected, line) => {
    if (kind === 'throws') {
      const message = await Promise.resolve().then(actual).then(() => undefined, (error: unknown) => String(error));
      if (message === undefined) differ(line, `promises an error with "${String(expected)}", but nothing is thrown`);
      else if (!message.includes(expected as string)) differ(line, `promises an error with "${String(expected)}", got "${message}"`);
      return;
    }
    const value = await actual();
    if (kind === 'prints') {
      const printed = format(...(value as unknown[]));
      if (printed !== expected) differ(line, `promises "${String(expected)}", prints "${printed}"`);
      return;
    }
    const wanted = (expected as () => unknown)();
    if (!isDeepStrictEqual(value, wanted)) differ(line, `promises ${show(wanted)}, gives ${show(value)}`);
  };
}

/**
 * Runs one example. It is written below `.cache`, from where `@worldswitch/*` resolves to the packages' sources, as in
 * every test.
 * @returns how many promises were checked
 */
export async function runExample(file: string, example: Example): Promise<number> {
  const { source, checks } = withChecks(example);
  const path = `${repositoryRoot}/.cache/readme/${file.replaceAll(/[^\w]+/g, '-')}-${String(example.line)}.ts`;
  const body = `const ${CHECK} = globalThis[Symbol.for('worldswitch readme')].get(${JSON.stringify(file)}); ${source}\n`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  const key = Symbol.for('worldswitch readme');
  const registry = globalThis as unknown as Record<symbol, Map<string, Checker> | undefined>;
  (registry[key] ??= new Map()).set(file, checker(file));
  await import(/* @vite-ignore */ pathToFileURL(path).href);
  return checks;
}

/**
 * Registers the tests of one README: each of its ```ts blocks runs and keeps its promises, and there is at least one
 * promise. The root suite does this for every package; call it yourself only for a README elsewhere.
 * @param at URL of a file beside the README or in a folder below it: `import.meta.url`
 */
export function testReadme(at: string): void {
  const file = readmeAbove(dirname(fileURLToPath(at)));
  const name = relative(repositoryRoot, file);
  describe(name, () => {
    it('runs and keeps its promises', async () => {
      const examples = extractExamples(readFileSync(file, 'utf8'));
      let checks = 0;
      for (const example of examples) checks += await runExample(name, example);
      if (examples.length === 0) throw new Error(`${name} has no \`\`\`ts block; show one example that runs`);
      if (checks === 0) throw new Error(`${name} promises nothing; end a line with "// → value"`);
    });
  });
}

function readmeAbove(folder: string): string {
  const file = `${folder}/README.md`;
  if (existsSync(file)) return file;
  const above = dirname(folder);
  if (!folder.startsWith(repositoryRoot) || above === folder) throw new Error(`no README.md at or above ${folder}`);
  return readmeAbove(above);
}
