import { encodingOf } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { bare, RAM } from '../test/bare.ts';
import { CORTEX_A57, NEOVERSE_N1 } from './model.ts';
import { hostPort } from './host-port.ts';

const E2H = 1n << 34n;
/** HCR_EL2.RW reads as one: there is no AArch32. */
const RW = 1n << 31n;

describe('observation', () => {
  it('names the register that an accessor reached, with E2H and without', () => {
    const { machine, cpu } = bare(NEOVERSE_N1, 'mov x1, #1 << 34\n msr hcr_el2, x1\n isb\n mov x2, #0x11\n msr ttbr0_el1, x2\n msr ttbr0_el12, x2\n mrs x3, ttbr0_el2\n brk #7');
    using ring = cpu.observe(['system-register', 'barrier', 'exception'], 100);
    machine.run({ budget: 8 });
    const rows = ring.drain();
    expect(rows).toMatchObject([
      { kind: 'system-register', written: 'HCR_EL2', reached: 'HCR_EL2' }, { kind: 'barrier', name: 'isb' },
      { kind: 'system-register', written: 'TTBR0_EL1', reached: 'TTBR0_EL2' }, { kind: 'system-register', written: 'TTBR0_EL12', reached: 'TTBR0_EL1' },
      { kind: 'system-register', written: 'TTBR0_EL2', reached: 'TTBR0_EL2' }, { kind: 'exception', vector: 'synchronous' },
    ]);
    expect(rows[0]).toMatchObject({ direction: 'write', before: 0n, after: E2H | RW, el: 2, retired: 1n, pc: RAM + 4n, verdict: 'ok' });
    expect(rows[4]).toMatchObject({ direction: 'read', after: 0x11n });
    expect(rows[5]).toMatchObject({ to: 2, syndrome: (0x3cn << 26n) | (1n << 25n) | 7n });
  });
  it('tells refused accesses, and ends with its ring', () => {
    const { machine, cpu } = bare(CORTEX_A57, 'mrs x0, ttbr0_el12\n');
    const ring = cpu.observe(['system-register'], 10);
    machine.run({ budget: 1 });
    expect(ring.drain()).toMatchObject([{ verdict: 'undefined', reached: null, before: null }]);
    ring[Symbol.dispose]();
    expect(() => cpu.observe([], 1)[Symbol.dispose]()).not.toThrow();
  });
  it('tells what hosted code moves, and instructions that only steer', () => {
    const { cpu } = bare(NEOVERSE_N1, 'nop');
    const port = hostPort(cpu.processor);
    const at = { kind: 'address', address: RAM + 0x1000n } as const;
    port.execute({ op: 'msr', encoding: encodingOf('CPTR_EL2'), value: 0x33ffn & ~(1n << 10n) });
    using ring = cpu.observe(['system-register', 'barrier', 'hosted'], 100);
    port.execute({ op: 'str', place: at, size: 4, value: 0x1_0000_0005n });
    port.execute({ op: 'ldr', place: at, size: 8 });
    port.execute({ op: 'fp', transfer: 'write', register: 3, value: (7n << 64n) | 1n });
    port.execute({ op: 'fp', transfer: 'read', register: 3 });
    port.execute({ op: 'dsb', domain: 'nsh' });
    port.execute({ op: 'daif', action: 'set', mask: 15 });
    port.execute({ op: 'msr', encoding: encodingOf('OSLAR_EL1'), value: 1n });
    expect(ring.drain()).toMatchObject([
      { kind: 'hosted', move: 'store', address: RAM + 0x1000n, size: 4, value: 5n, el: 2 }, { kind: 'hosted', move: 'load', size: 8, value: 5n },
      { kind: 'hosted', move: 'write', register: 3, before: 0n, after: (7n << 64n) | 1n }, { kind: 'hosted', move: 'read', register: 3, after: (7n << 64n) | 1n },
      // CRm of DSB NSH; op1:op2 of DAIFSet.
      { kind: 'barrier', name: 'dsb', encoding: 7 }, { kind: 'barrier', name: 'pstate', encoding: 0b011_110, operand: 15n },
      // It cannot be read: what it held is not known.
      { kind: 'system-register', reached: 'OSLAR_EL1', before: null, after: null },
    ]);
  });
  it('with the scope of the host leaves out what a guest does below EL2, but not its exceptions to EL2', () => {
    const { machine, cpu } = bare(NEOVERSE_N1, 'mrs x4, midr_el1\n msr tpidr_el0, x4\n hvc #3');
    const port = hostPort(cpu.processor);
    const write = (register: string, value: bigint): void => { port.execute({ op: 'msr', encoding: encodingOf(register), value }); };
    // Stage 2: 39 bits from level 1, of which the second entry is a block of 1 GiB, writable and accessed, mapped to itself.
    machine.memory.write(RAM + 0x1_0008n, 8, RAM | 0x7fdn, 0);
    write('VTCR_EL2', (1n << 31n) | (2n << 16n) | (1n << 6n) | 25n);
    write('VTTBR_EL2', RAM + 0x1_0000n);
    write('VBAR_EL2', 0x1000n);
    write('HCR_EL2', RW | 1n);
    write('ELR_EL2', RAM);
    write('SPSR_EL2', 0x3c5n);
    using ring = cpu.observe(['system-register', 'barrier', 'exception'], 100, 'host');
    port.execute({ op: 'eret' });
    machine.run({ budget: 3 });
    expect(ring.drain()).toMatchObject([{ kind: 'barrier', name: 'eret', el: 2 }, { kind: 'exception', el: 1, to: 2, syndrome: (0x16n << 26n) | (1n << 25n) | 3n }]);
    expect(cpu.registers.debugger.read('TPIDR_EL0')).toBe(cpu.registers.debugger.read('MIDR_EL1'));
  });
});

describe('hostPort', () => {
  it('executes instructions at the present level, and an accessor that is UNDEFINED there takes the exception', () => {
    const { cpu } = bare(NEOVERSE_N1, 'nop');
    const port = hostPort(cpu.processor);
    expect(port.execute({ op: 'msr', encoding: encodingOf('VBAR_EL2'), value: 0x4008_0000n })).toEqual({ kind: 'ok' });
    expect(port.execute({ op: 'mrs', encoding: encodingOf('VBAR_EL2') })).toEqual({ kind: 'ok', value: 0x4008_0000n });
    expect(port.execute({ op: 'mrs', encoding: encodingOf('SCTLR_EL12') })).toEqual({ kind: 'undefined', to: 2 });
    expect(cpu.registers.debugger.read('pc')).toBe(0x4008_0200n);
  });
  it('keeps E2H redirection: one accessor, two registers', () => {
    const { cpu } = bare(NEOVERSE_N1, 'nop');
    const port = hostPort(cpu.processor);
    const write = (value: bigint): unknown => port.execute({ op: 'msr', encoding: encodingOf('VBAR_EL1'), value });
    write(0x1000n);
    port.execute({ op: 'msr', encoding: encodingOf('HCR_EL2'), value: E2H });
    write(0x2000n);
    expect(cpu.registers.raw.read('VBAR_EL1')).toBe(0x1000n);
    expect(cpu.registers.raw.read('VBAR_EL2')).toBe(0x2000n);
  });
  it('leaves for another level by ERET', () => {
    const { cpu } = bare(CORTEX_A57, 'nop');
    const port = hostPort(cpu.processor);
    port.execute({ op: 'msr', encoding: encodingOf('SPSR_EL2'), value: 0x3c5n });
    port.execute({ op: 'msr', encoding: encodingOf('ELR_EL2'), value: RAM });
    expect(port.execute({ op: 'eret' })).toEqual({ kind: 'departed' });
    expect(cpu.registers.debugger.read('CurrentEL')).toBe(4n);
  });
});

describe('floating point traps', () => {
  it('refuses SIMD while CPTR_EL2.TFP is set, with the syndrome of the register access', () => {
    const { machine, cpu } = bare(CORTEX_A57, 'mov x0, #0x400\n msr cptr_el2, x0\n isb\n fmov d0, x0\n');
    machine.run({ budget: 4 });
    expect(cpu.registers.raw.read('ESR_EL2')).toBe((0x07n << 26n) | (1n << 25n) | 0x1e0_0000n);
    expect(cpu.registers.raw.read('ELR_EL2')).toBe(RAM + 12n);
  });
});

describe('SP alignment', () => {
  it.each([[1n << 3n, 0x26n], [0n, 0n]])('with SCTLR_EL2 %d raises class %d', (sctlr, ec) => {
    const { machine, cpu } = bare(CORTEX_A57, 'msr sctlr_el2, x1\n isb\n ldr x0, [sp]\n');
    cpu.registers.debugger.write('x1', sctlr);
    cpu.registers.debugger.write('sp', RAM + 8n);
    machine.run({ budget: 3 });
    expect((cpu.registers.raw.read('ESR_EL2') as bigint) >> 26n).toBe(ec);
  });
});

describe('snapshots', () => {
  it('give the same future at every step', () => {
    const source = 'mov x0, #5\n1: subs x0, x0, #1\n svc #1\n b.ne 1b\n wfi';
    const straight = bare(NEOVERSE_N1, source);
    for (let step = 0; step < 12; step++) {
      const copy = bare(NEOVERSE_N1, source);
      copy.machine.restore(straight.machine.save());
      straight.machine.run({ budget: 1 });
      copy.machine.run({ budget: 1 });
      expect(copy.machine.hash()).toBe(straight.machine.hash());
    }
  });
});
