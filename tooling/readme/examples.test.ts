import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFiles, repositoryRoot } from '../files.ts';
import { fencedBlocks } from './extract.ts';

// An example is a program that somebody starts, so it is started here too, and what its README shows is what it prints.
const examples = listFiles(repositoryRoot, 'examples', (name) => name === 'main.ts');

describe('examples', () => {
  it.each(examples)('%s prints what its README shows', (main) => {
    const done = spawnSync(process.execPath, ['--import', 'tsx', main], { cwd: repositoryRoot, encoding: 'utf8', timeout: 120_000 });
    expect(done.stderr).toBe('');
    expect(done.status).toBe(0);
    const readme = `${repositoryRoot}/${main.replace(/main\.ts$/, 'README.md')}`;
    expect(existsSync(readme), `write ${readme}: one sentence, and the output in a \`\`\`text block`).toBe(true);
    const shown = fencedBlocks(readFileSync(readme, 'utf8')).filter(({ language }) => language === 'text').map(({ text }) => text.trim());
    expect(shown).toContain(done.stdout.trim());
  });

  it('`start` names a program that exists', () => {
    const { scripts } = JSON.parse(readFileSync(`${repositoryRoot}/package.json`, 'utf8')) as { scripts: Record<string, string> };
    const program = /^tsx (\S+)/.exec(scripts['start'])?.[1];
    expect(program).toBeDefined();
    expect(existsSync(`${repositoryRoot}/${program ?? ''}`), `start runs ${program ?? ''}`).toBe(true);
  });
});
