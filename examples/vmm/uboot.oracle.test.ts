/** The example with Debian's U-Boot. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../tooling/files.ts';
import { fetchInput } from '../../tooling/oracles/fetch-inputs.ts';
import { haveTools } from '../../tooling/oracles/require.ts';

describe.runIf(haveTools('apt-get'))('the VMM of sixty lines', () => {
  it('boots U-Boot, answers a command, runs a program on both vCPUs and powers off', () => {
    const done = spawnSync(process.execPath, ['--import', 'tsx', 'examples/vmm/main.ts', fetchInput('u-boot-arm64.bin'), '', 'version', 'go 44000000'], { cwd: repositoryRoot, encoding: 'utf8', timeout: 500_000 });
    expect(done.stderr).toBe('');
    expect(done.stdout).toMatch(/U-Boot 20\d\d\.\d\d/);
    expect(done.stdout).toMatch(/=> version\s+U-Boot 20/);
    expect(done.stdout).toContain('vCPU 1 has interrupt 27, and sends one.\nvCPU 0 has it.\n## Application terminated, rc = 0x0');
    expect(done.stdout.trim().split('\n').at(-1)).toBe('The guest asked for shutdown.');
  });
});
