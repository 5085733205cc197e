/** The example as it is, and with Debian's U-Boot. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../tooling/files.ts';
import { fetchInput } from '../../tooling/oracles/fetch-inputs.ts';
import { haveTools } from '../../tooling/oracles/require.ts';

function run(...keys: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'examples/byte-vmm/main.ts', ...keys], { cwd: repositoryRoot, encoding: 'utf8', timeout: 500_000 });
  expect(stderr).toBe('');
  return stdout;
}
const PROGRAM = ['vCPU 0 starts the other.', 'vCPU 1 waits for its timer.', 'vCPU 1 has interrupt 27, and sends one.', 'vCPU 0 has it.'];

describe('the VMM in bytes', () => {
  it('runs two vCPUs with the kernel\'s interrupt controller and timer', () => {
    expect(run().trim().split('\n')).toEqual([...PROGRAM, 'The guest asked for shutdown.']);
  });
});

describe.runIf(haveTools('apt-get'))('the VMM in bytes, with firmware', () => {
  it('boots U-Boot, which starts the second vCPU by its program and powers off', () => {
    const console = run(fetchInput('u-boot-arm64.bin'), '', 'version', 'go 44000000');
    expect(console).toMatch(/U-Boot 20\d\d\.\d\d/);
    expect(console).toMatch(/=> version\s+U-Boot 20/);
    expect(console.replaceAll('\r', '')).toContain(PROGRAM.join('\n'));
    expect(console).toContain('## Application terminated, rc = 0x0');
    expect(console.trim().split('\n').at(-1)).toBe('The guest asked for shutdown.');
  });
});
