import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../files.ts';

const folder = mkdtempSync(join(tmpdir(), 'worldswitch-clone-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: readonly string[], cwd: string): { status: number | null; output: string } {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|VITEST|NODE_|CI$)/i.test(name));
  const done = spawnSync(command, args, { cwd, env: Object.fromEntries(inherited), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return { status: done.status, output: done.stdout + done.stderr };
}

describe('a newcomer', () => {
  it('clones, types the first command without a terminal and without CI, and it works', () => {
    expect(run('git', ['clone', '--quiet', repositoryRoot, 'clone'], folder)).toMatchObject({ status: 0 });
    const { packageManager } = JSON.parse(readFileSync(`${repositoryRoot}/package.json`, 'utf8')) as { packageManager: string };
    const { status, output } = run('npx', ['-y', packageManager, 'start'], join(folder, 'clone'));
    expect(status, output).toBe(0);
  });
});
