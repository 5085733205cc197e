import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { arm64BootStub } from './index.ts';

// What booting.rst asks of a loader, as a program.
const SOURCE = `
  ldr x0, tree
  mov x1, xzr
  mov x2, xzr
  mov x3, xzr
  ldr x4, kernel
  br x4
tree: .quad 0x0000000048200000
kernel: .quad 0x0000000140200000
`;

it.skipIf(!haveTools('aarch64-linux-gnu-as', 'aarch64-linux-gnu-objcopy'))('the boot stub is what GNU as makes of its source', () => {
  const folder = mkdtempSync(join(tmpdir(), 'worldswitch-'));
  try {
    writeFileSync(join(folder, 'stub.s'), SOURCE);
    execFileSync('aarch64-linux-gnu-as', ['-o', 'stub.o', 'stub.s'], { cwd: folder });
    execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', '-j', '.text', 'stub.o', 'stub.bin'], { cwd: folder });
    expect(arm64BootStub({ deviceTree: 0x4820_0000n, kernel: 0x1_4020_0000n })).toEqual(new Uint8Array(readFileSync(join(folder, 'stub.bin'))));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
