import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { listFiles, repositoryRoot } from '../files.ts';
import { extractExamples, fencedBlocks, withChecks } from './extract.ts';
import { checker, runExample, testReadme } from './run-readme.ts';
import { exampleTypeErrors } from './types.ts';

const folders = listFiles(repositoryRoot, 'packages', (name) => name === 'package.json').map((path) => path.slice(0, -'/package.json'.length));
const read = (path: string): string => readFileSync(`${repositoryRoot}/${path}`, 'utf8');

for (const folder of folders) {
  if (existsSync(`${repositoryRoot}/${folder}/README.md`)) testReadme(pathToFileURL(`${repositoryRoot}/${folder}/package.json`).href);
  else it(`${folder}/README.md exists`, () => expect.fail(`write ${folder}/README.md: one sentence, one example that runs, what it is not`));
}

describe('READMEs', () => {
  it('compile', () => {
    const readmes = folders.map((folder) => `${folder}/README.md`).filter((path) => existsSync(`${repositoryRoot}/${path}`));
    expect(exampleTypeErrors(new Map(readmes.map((path) => [path, extractExamples(read(path))])))).toEqual([]);
  });
  it('of the root begins with the two commands', () => {
    const commands = fencedBlocks(read('README.md'))[0].text.split('\n').map((line) => line.replace(/ +#.*/, ''));
    const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string };
    expect(commands).toEqual([`npx -y ${packageManager} start`, `npx -y ${packageManager} test:all`]);
  });
});

describe('an example', () => {
  const run = (source: string): Promise<number> => runExample('example.md', { source, line: Math.trunc(Math.random() * 1e9) });

  it('keeps what it promises', async () => {
    const source = ['const a = 1 + 1; // → 2', '[a, { b: 3n }]; // → [2, { b: 3n }]', 'console.log("%s", a, "x"); // → 2 x',
      'BigInt.asUintN(8, -1n); // → 0xffn', 'BigInt(0.5); // → throws cannot be converted', 'await Promise.resolve(7); // → 7', 'console.assert(a === 2);'].join('\n');
    expect(await run(source)).toBe(7);
  });
  it('fails where it does not', async () => {
    await expect(run('1 + 1; // → 3')).rejects.toThrow(/promises 3, gives 2/);
    await expect(run('const a = [1]; // → [2]')).rejects.toThrow(/promises \[ 2 \], gives \[ 1 \]/);
    await expect(run('console.log(1); // → 2')).rejects.toThrow(/promises "2", prints "1"/);
    await expect(run('1; // → throws anything')).rejects.toThrow(/nothing is thrown/);
    await expect(run('console.assert(1 > 2);')).rejects.toThrow(/promises true, gives false/);
    await expect(run('BigInt(0.5); // → throws other')).rejects.toThrow(/got "RangeError/);
  });
  it('names the line of the Markdown file', async () => {
    await expect(runExample('x.md', { source: 'const a = 1;\na; // → 2', line: 40 })).rejects.toThrow('x.md:41: ');
  });
  it('may not promise behind what has no value', () => {
    expect(() => withChecks({ source: 'const { a } = { a: 1 }; // → 1', line: 1 })).toThrow(/no single value/);
    expect(() => withChecks({ source: '// → 1', line: 1 })).toThrow(/0 of them behind a statement/);
  });
  it('is compiled', () => {
    expect(exampleTypeErrors(new Map([['x.md', [{ source: 'const a: number = "1";', line: 3 }]]]))).toEqual([expect.stringMatching(/^x.md:3: .*not assignable/)]);
  });
  it('is a ts block; an unclosed block is an error', () => {
    expect(extractExamples('a\n```ts\n1;\n```\n```sh\nls\n```\n')).toEqual([{ source: '1;', line: 3 }]);
    expect(() => fencedBlocks('```ts\n1;\n')).toThrow(/not closed/);
  });
  it('compares values deeply and exactly', async () => {
    await expect(checker('x.md')('equals', () => 1n, () => 1, 1)).rejects.toThrow(/promises 1, gives 1n/);
  });
});
