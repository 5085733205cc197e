import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guestMachine, program } from './test/guest-machine.ts';

const MODES = ['nvhe', 'vhe'] as const;
const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0\n';

describe.each(MODES)('a guest, %s', (mode) => {
  it('computes, and turns itself off by HVC', () => {
    const machine = guestMachine({ mode, image: program(`mov x19, #5\n add x19, x19, #7\n ${OFF}`) });
    expect(machine.run(1000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    expect(machine.vcpu.getRegister('x19')).toBe(12n);
  });

  it('prints by MMIO', () => {
    const elf = new Uint8Array(readFileSync(new URL('../../../guests/arm64/hello/hello.elf', import.meta.url)));
    const machine = guestMachine({ mode, image: { kind: 'elf', elf } });
    expect(machine.run(100_000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    expect(machine.console).toBe('hello\r\n');
  });
});
