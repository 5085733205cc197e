/** The Statistical Profiling Extension as the manual has it (DDI 0487 D14, D15 and J1); no other model of it was at hand to compare with. */
import { encodingOf, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { EngineKind } from '@worldswitch/engine';
import { describe, expect, it } from 'vitest';
import { bare, RAM, type Bare } from '../../test/bare.ts';
import { hostPort } from '../host-port.ts';
import { CORTEX_A57, LAB } from '../model.ts';
import { decodeRecords, withProfiling, type SampleRecord } from './index.ts';

const PROFILED = withProfiling(LAB);
/** For machines that start at EL1 and have no EL2, hence no VHE. */
const PROFILED_EL1 = withProfiling({ ...LAB, features: new Set([...LAB.features].filter((feature) => feature !== 'FEAT_VHE')) });
const ENGINES: readonly EngineKind[] = ['evaluator', 'interpreter', 'translator'];
const BUFFER = RAM + 0x1_0000n;
const PAGE = 0x1000n;
const S = 1n << 17n;
const PMBLIMITR_E = 1n;

/** Registers for a profiler at EL1 of a machine without EL2: on, every 256 instructions, everything recorded. */
const ON: Partial<Record<RegisterName, bigint>> = {
  PMSIRR_EL1: 256n, PMBPTR_EL1: BUFFER, PMBLIMITR_EL1: (BUFFER + 0x4n * PAGE) | PMBLIMITR_E, PMSCR_EL1: 3n,
};

function profiled(source: string, kind: EngineKind = 'interpreter', registers: Partial<Record<RegisterName, bigint>> = ON, el: 1 | 2 = 1, sync: 'early' | 'late' = 'early'): Bare {
  const b = bare(el === 1 ? PROFILED_EL1 : PROFILED, source, kind, el, sync);
  const port = hostPort(b.cpu.processor);
  for (const [name, value] of Object.entries(registers)) port.execute({ op: 'msr', encoding: encodingOf(name), value });
  port.execute({ op: 'isb' });
  return b;
}
/** What a profiler does to read its buffer: waits for what has been sampled, and looks as far as the pointer. */
function recordsOf({ machine, cpu }: Bare, drain = true): readonly SampleRecord[] {
  if (drain) {
    const port = hostPort(cpu.processor);
    port.execute({ op: 'psb' });
    port.execute({ op: 'dsb', domain: 'nsh' });
  }
  const end = cpu.registers.raw.read('PMBPTR_EL1') as bigint;
  return decodeRecords(machine.memory.readBytes(BUFFER, Number(end - BUFFER)) ?? new Uint8Array(0));
}
const raw = ({ cpu }: Bare, name: RegisterName): bigint => cpu.registers.raw.read(name) as bigint;

const LOOP = `
  mov x1, #0x5000
  movk x1, #0x4000, lsl #16
1: ldr x2, [x1]
  add x2, x2, #1
  str x2, [x1]
  cmp x2, #99
  csel x3, x2, x4, lt
  tbz x2, #0, 2f
  ldxr x5, [x1]
  stlxr w6, x5, [x1]
2: b 1b`;

describe('the sample interval (J1 SPEToCollectSample)', () => {
  it('a counter of 0 is loaded by one instruction and brings the sample after INTERVAL more', () => {
    const b = profiled('1: add x0, x0, #1\n b 1b');
    b.machine.run({ budget: 257 * 3 });
    expect(b.cpu.registers.debugger.read('x0')).toBe(386n);
    // The 257th, 514th and 771st instruction, counted from 1: odd ones are ADD.
    expect(recordsOf(b).map(({ pc }) => pc.address)).toEqual([RAM, RAM + 4n, RAM]);
    b.machine.run({ budget: 257 });
    expect(recordsOf(b).length).toBe(4);
  });
  it('a counter that was written brings it as soon as it says, and PMSIRR_EL1.RND adds nothing', () => {
    const b = profiled('nop\n nop\n nop\n mrs x9, PMSICR_EL1\n1: b 1b', 'interpreter', { ...ON, PMSICR_EL1: 3n, PMSIRR_EL1: 0x101n });
    b.machine.run({ budget: 4 });
    expect(recordsOf(b).map(({ pc }) => pc.address)).toEqual([RAM + 8n]);
    // The fourth has loaded it.
    expect(b.cpu.registers.debugger.read('x9')).toBe(256n);
    b.machine.run({ budget: 256 });
    expect(recordsOf(b).length).toBe(2);
  });
  it('an interval of 0 with a counter of 0 samples nothing', () => {
    const b = profiled('1: b 1b', 'interpreter', { ...ON, PMSIRR_EL1: 0n });
    b.machine.run({ budget: 5000 });
    expect(recordsOf(b)).toEqual([]);
  });
  it.each(ENGINES)('is exact: the %s gives the records of the evaluator, in one run or in many', (kind) => {
    const whole = profiled(LOOP, 'evaluator');
    whole.machine.run({ budget: 9000 });
    const expected = recordsOf(whole);
    expect(expected.length).toBe(Math.floor(9000 / 257));
    const b = profiled(LOOP, kind);
    b.machine.run({ budget: 4001 });
    for (let left = 4999; left > 0; left -= 7) b.machine.run({ budget: Math.min(left, 7) });
    expect(recordsOf(b)).toEqual(expected);
    expect(b.machine.hash()).toBe(profiledHash());
  });
  it('does not change what the program computes', () => {
    const [on, off] = [profiled(LOOP), profiled(LOOP, 'interpreter', {})];
    for (const b of [on, off]) b.machine.run({ budget: 5000 });
    for (const name of ['x1', 'x2', 'x3', 'x5', 'x6', 'pc', 'pstate']) expect(on.cpu.registers.debugger.read(name)).toBe(off.cpu.registers.debugger.read(name));
  });
});
let hash: bigint | undefined;
function profiledHash(): bigint {
  if (hash === undefined) {
    const b = profiled(LOOP, 'evaluator');
    b.machine.run({ budget: 9000 });
    recordsOf(b);
    hash = b.machine.hash();
  }
  return hash;
}

/** Samples the one instruction at the end of `before`. */
function sampleOf(instruction: string, before = '', registers: Partial<Record<RegisterName, bigint>> = {}): SampleRecord | undefined {
  const lines = before.split('\n').filter((line) => line.trim() !== '').length;
  const b = profiled(`${before}\n ${instruction}\n nop\n1: nop\n b 1b`, 'interpreter', { ...ON, PMSICR_EL1: BigInt(lines + 1), ...registers });
  b.machine.run({ budget: lines + 1 });
  return recordsOf(b)[0];
}
const BASE = 'mov x1, #0x5000\n movk x1, #0x4000, lsl #16';

describe('a record (D15)', () => {
  it('is laid out packet by packet and padded to the alignment of the pointer', () => {
    const b = profiled('mov x1, #0x5000\n movk x1, #0x4000, lsl #16\n ldr x2, [x1, #8]', 'interpreter', {
      ...ON, PMSICR_EL1: 3n, PMSCR_EL1: 0x7bn, CONTEXTIDR_EL1: 0x1234_5678n,
    });
    b.machine.run({ budget: 3 });
    recordsOf(b);
    const bytes = [...(b.machine.memory.readBytes(BUFFER, 64) as Uint8Array)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    expect(bytes).toBe([
      '64 78 56 34 12', // context, EL1
      '98 01 00', '99 00 00', '9a 00 00', // latencies: total, issue, translation
      'b0 08 00 00 40 00 00 00 a0', // the instruction: Non-secure EL1
      'b2 08 50 00 40 00 00 00 00', 'b3 08 50 00 40 00 00 00 80', // data, virtual and physical
      '49 00', // load of a general-purpose register
      '52 02 00', // retired
      '71 03 00 00 00 00 00 00 00', // timestamp
      ...Array<string>(64 - 5 - 9 - 27 - 2 - 3 - 9).fill('00'),
    ].join(' '));
  });
  it.each([
    ['add x0, x0, #1', '', 'other', 0], ['csel x0, x1, x2, eq', '', 'other', 1], ['ccmp x0, x1, #0, ne', '', 'other', 1],
    ['b 1f', '', 'branch', 0], ['cbz x0, 1f', '', 'branch', 1], ['tbnz x0, #3, 1f', '', 'branch', 1], ['ret', '', 'branch', 2],
    ['str x2, [x1]', BASE, 'load-store', 1], ['ldp x2, x3, [x1]', BASE, 'load-store', 0], ['ldr q0, [x1]', BASE, 'load-store', 4], ['st1 {v0.16b}, [x1]', BASE, 'load-store', 5],
    ['ldxr x2, [x1]', BASE, 'load-store', 0xa], ['stlxr w2, x3, [x1]', BASE, 'load-store', 0x1b], ['ldar x2, [x1]', BASE, 'load-store', 0x12], ['stlr x2, [x1]', BASE, 'load-store', 0x13],
    ['ldadd x2, x3, [x1]', BASE, 'load-store', 6], ['stadd x2, [x1]', BASE, 'load-store', 7], ['swpal x2, x3, [x1]', BASE, 'load-store', 0x16], ['casa x2, x3, [x1]', BASE, 'load-store', 0x16],
  ] as const)('%s', (instruction, before, kind, subclass) => {
    expect(sampleOf(instruction, before, { CPACR_EL1: 3n << 20n })?.operation).toEqual({ class: kind, subclass });
  });
  it('of a branch has the target where it is taken, and event 6 where it is not; to the next instruction too', () => {
    expect(sampleOf('b 1f')?.branchTarget).toEqual({ address: RAM + 8n, el: 1 });
    expect(sampleOf('cbz x0, 1f')).toMatchObject({ branchTarget: { address: RAM + 8n }, events: 2 });
    const not = sampleOf('cbnz x0, 1f');
    expect([not?.branchTarget, not?.events]).toEqual([undefined, 0x42]);
    expect(sampleOf('tbz x0, #0, 2f\n2:')).toMatchObject({ branchTarget: { address: RAM + 4n }, events: 2 });
    expect(sampleOf('csel x0, x1, x2, eq')?.events).toBe(0x42);
  });
  it('of an instruction that generates an exception says so, and belongs to the level it came from', () => {
    expect(sampleOf('svc #0', '', { VBAR_EL1: RAM })).toMatchObject({ events: 3, pc: { address: RAM, el: 1 } });
  });
  it('an access that faults is no sample: the next instruction that completes is', () => {
    const b = profiled('movz x1, #0x10, lsl #32\n ldr x0, [x1]', 'interpreter', { ...ON, PMSICR_EL1: 2n, VBAR_EL1: RAM + 0x8000n });
    b.machine.memory.write(RAM + 0x8200n, 4, 0xd503_201fn, 0);
    b.machine.run({ budget: 2 });
    expect(recordsOf(b)).toMatchObject([{ pc: { address: RAM + 0x8200n, el: 1 }, events: 2 }]);
  });
});

describe('filters (J1 SPECollectRecord)', () => {
  const counted = (registers: Partial<Record<RegisterName, bigint>>): number => {
    const b = profiled(LOOP, 'interpreter', { ...ON, ...registers });
    b.machine.run({ budget: 9000 });
    return recordsOf(b).length;
  };
  const all = Math.floor(9000 / 257);
  it('by type: branches, loads, stores, any of several', () => {
    const [branch, load, store] = [1n << 16n, 1n << 17n, 1n << 18n].map((type) => counted({ PMSFCR_EL1: type | 2n }));
    expect(counted({ PMSFCR_EL1: (7n << 16n) | 2n })).toBe(branch + load + store);
    expect([branch, load, store].every((count) => count > 0 && count < all)).toBe(true);
    // Named, but not asked for.
    expect(counted({ PMSFCR_EL1: 1n << 16n })).toBe(all);
  });
  it('by latency: everything takes one cycle', () => {
    expect([1n, 2n].map((least) => counted({ PMSFCR_EL1: 4n, PMSLATFR_EL1: least }))).toEqual([all, 0]);
  });
  it('by events: retired are all, mispredicted none', () => {
    expect([2n, 0x80n, 0x82n].map((events) => counted({ PMSFCR_EL1: 1n, PMSEVFR_EL1: events }))).toEqual([all, 0, 0]);
  });
});

describe('the buffer (D14, J1 SPEWriteToBuffer)', () => {
  it('has nothing before PSB CSYNC, pointers after it, and bytes after the DSB', () => {
    const b = profiled('1: b 1b');
    const port = hostPort(b.cpu.processor);
    const first = (): number | undefined => b.machine.memory.readBytes(BUFFER, 1)?.[0];
    b.machine.run({ budget: 257 });
    port.execute({ op: 'dsb', domain: 'sy' });
    expect([raw(b, 'PMBPTR_EL1'), first()]).toEqual([BUFFER, 0]);
    port.execute({ op: 'psb' });
    expect([raw(b, 'PMBPTR_EL1'), first()]).toEqual([BUFFER + 64n, 0]);
    port.execute({ op: 'dsb', domain: 'nsh' });
    expect(first()).toBe(0x98);
  });
  it.each(ENGINES)('is full when no further record fits: profiling stops at once, PPI line asserted, until S is cleared (%s)', (kind) => {
    const b = profiled('1: b 1b', kind, { ...ON, PMBLIMITR_EL1: (BUFFER + PAGE) | PMBLIMITR_E });
    b.machine.run({ budget: 257 * 64 });
    expect([raw(b, 'PMBSR_EL1'), raw(b, 'PMBPTR_EL1')]).toEqual([S | 1n, BUFFER + PAGE]);
    b.machine.run({ budget: 257 * 8 });
    expect(recordsOf(b).length).toBe(64);
    const port = hostPort(b.cpu.processor);
    port.execute({ op: 'msr', encoding: encodingOf('PMBPTR_EL1'), value: BUFFER });
    port.execute({ op: 'msr', encoding: encodingOf('PMBSR_EL1'), value: 0n });
    b.machine.run({ budget: 257 * 2 });
    expect(recordsOf(b).length).toBe(2);
  });
  it('tells a pointer that is not aligned, and memory that is none', () => {
    const stopped = (registers: Partial<Record<RegisterName, bigint>>): bigint => {
      const b = profiled('1: b 1b', 'interpreter', { ...ON, ...registers });
      b.machine.run({ budget: 257 });
      hostPort(b.cpu.processor).execute({ op: 'psb' });
      return raw(b, 'PMBSR_EL1');
    };
    expect(stopped({ PMBPTR_EL1: BUFFER + 8n })).toBe((0x24n << 26n) | S | 0x21n);
    expect(stopped({ PMBPTR_EL1: 0x1000n, PMBLIMITR_EL1: 0x3001n })).toBe((0x24n << 26n) | (1n << 18n) | S | 0x10n);
    // No room from the start: nothing is written.
    expect(stopped({ PMBLIMITR_EL1: BUFFER | PMBLIMITR_E })).toBe(S | 1n);
  });
  it('what waits in the processor is in a snapshot', () => {
    const b = profiled(LOOP);
    b.machine.run({ budget: 257 * 2 + 100 });
    const copy = profiled('nop');
    copy.machine.restore(b.machine.save());
    for (const one of [b, copy]) one.machine.run({ budget: 3000 });
    expect(recordsOf(copy)).toEqual(recordsOf(b));
    expect(copy.machine.hash()).toBe(b.machine.hash());
  });
});

/** A stage 1 table with one entry: the gigabyte at 0x4000_0000 of virtual addresses is that at `to`. */
function gigabyte(b: Bare, table: bigint, to: bigint): void {
  b.machine.memory.write(table + 8n, 8, to | 0x701n, 0);
}
const TCR_EL1 = 25n | (1n << 23n);
const TABLES = RAM + 0x8_0000n;

describe('whose buffer it is (MDCR_EL2.E2PB)', () => {
  const E2PB = { el2: 0n, trapped: 2n << 12n, el1: 3n << 12n } as const;
  /** EL2 runs a program at EL1 with interrupts of profiling routed nowhere. */
  function below(registers: Partial<Record<RegisterName, bigint>>, source = '1: b 1b', sync: 'early' | 'late' = 'early'): Bare {
    const b = profiled(source, 'interpreter', {
      ...ON, HCR_EL2: 1n << 31n, SPSR_EL2: 0x3c5n, ELR_EL2: RAM, VBAR_EL2: RAM + 0x9000n, ...registers,
    }, 2, sync);
    hostPort(b.cpu.processor).execute({ op: 'eret' });
    return b;
  }
  it.each([
    ['EL1, sampled at EL1', E2PB.el1, 1], ['EL1 with traps', E2PB.trapped, 1], ['EL2, which may sample EL1', E2PB.el2, 1],
  ] as const)('%s', (_, e2pb, least) => {
    const b = below({ MDCR_EL2: e2pb });
    b.machine.run({ budget: 257 * least });
    expect(recordsOf(b)).toMatchObject([{ pc: { address: RAM, el: 1 } }]);
  });
  it('EL2 is not sampled into a buffer of EL1, nor without PMSCR_EL2.E2SPE', () => {
    const samples = (registers: Partial<Record<RegisterName, bigint>>): number => {
      const b = profiled('1: b 1b', 'interpreter', { ...ON, ...registers }, 2);
      b.machine.run({ budget: 1000 });
      return recordsOf(b).length;
    };
    expect(samples({ MDCR_EL2: E2PB.el1, PMSCR_EL2: 2n })).toBe(0);
    expect(samples({ MDCR_EL2: E2PB.el2 })).toBe(0);
    expect(samples({ MDCR_EL2: E2PB.el2, PMSCR_EL2: 2n })).toBe(3);
  });
  it.each([[E2PB.el2, 'trap'], [E2PB.trapped, 'trap'], [E2PB.el1, 'ok']] as const)('E2PB %d: PMBLIMITR_EL1 at EL1 comes to %s, PMBIDR_EL1.P follows', (e2pb, verdict) => {
    const b = below({ MDCR_EL2: e2pb });
    expect(b.cpu.registers.guest.read('PMBLIMITR_EL1').kind).toBe(verdict);
    expect(b.cpu.registers.guest.read('PMBIDR_EL1')).toEqual({ kind: 'ok', value: 0x26n | (verdict === 'trap' ? 0x10n : 0n) });
    expect(b.cpu.registers.guest.read('PMSCR_EL1').kind).toBe('ok');
  });
  it('MDCR_EL2.TPMS traps the sampling controls of EL1', () => {
    const b = below({ MDCR_EL2: E2PB.el1 | (1n << 14n) });
    for (const name of ['PMSCR_EL1', 'PMSICR_EL1', 'PMSIDR_EL1', 'PMSFCR_EL1']) expect(b.cpu.registers.guest.read(name).kind).toBe('trap');
    expect(b.cpu.registers.guest.read('PMBPTR_EL1').kind).toBe('ok');
  });
  it('a physical address needs the leave of EL2, the physical counter too', () => {
    const load = 'mov x1, #0x5000\n movk x1, #0x4000, lsl #16\n1: ldr x2, [x1]\n b 1b';
    const record = (el2: bigint): SampleRecord => {
      const b = below({ MDCR_EL2: E2PB.el1, PMSCR_EL1: 0x73n, PMSCR_EL2: el2, CNTVOFF_EL2: 100n, PMSICR_EL1: 3n }, load);
      b.machine.run({ budget: 3 });
      return recordsOf(b)[0];
    };
    expect(record(0x50n)).toMatchObject({ dataPhysical: RAM + 0x5000n, timestamp: 3n });
    expect(record(0x40n).dataPhysical).toBeUndefined();
    expect(record(0x10n).timestamp).toBe(BigInt.asUintN(64, 3n - 100n));
  });
  it('the owner\'s translation is that of the drain, not of the sample', () => {
    const b = below({ MDCR_EL2: E2PB.el1 });
    gigabyte(b, TABLES, 0x4000_0000n);
    gigabyte(b, TABLES + PAGE, 0n);
    const set = (name: RegisterName, value: bigint): void => {
      b.cpu.registers.debugger.write(name, value);
    };
    set('TCR_EL1', TCR_EL1);
    set('MAIR_EL1', 0xffn);
    set('TTBR0_EL1', TABLES);
    set('SCTLR_EL1', 1n);
    b.machine.run({ budget: 257 });
    // Another world's tables: there the buffer's address means memory that does not exist.
    set('TTBR0_EL1', TABLES + PAGE);
    hostPort(b.cpu.processor).execute({ op: 'tlbi', encoding: encodingOf('TLBI VMALLE1') });
    recordsOf(b);
    expect(raw(b, 'PMBSR_EL1')).toBe((0x24n << 26n) | (1n << 18n) | S | 0x10n);
    // And with tables that have nothing there: a translation fault of level 1.
    set('PMBSR_EL1', 0n);
    set('TTBR0_EL1', TABLES);
    hostPort(b.cpu.processor).execute({ op: 'tlbi', encoding: encodingOf('TLBI VMALLE1') });
    b.machine.run({ budget: 257 });
    set('TTBR0_EL1', TABLES + 2n * PAGE);
    hostPort(b.cpu.processor).execute({ op: 'tlbi', encoding: encodingOf('TLBI VMALLE1') });
    recordsOf(b);
    expect(raw(b, 'PMBSR_EL1')).toBe((0x24n << 26n) | S | 5n);
  });
  it('stage 2 faults are of class 0x25', () => {
    const b = below({ MDCR_EL2: E2PB.el1 });
    b.machine.run({ budget: 257 });
    for (const [name, value] of [['VTCR_EL2', (1n << 31n) | (2n << 16n) | (1n << 6n) | 25n], ['VTTBR_EL2', TABLES], ['HCR_EL2', (1n << 31n) | 1n]] as const) b.cpu.registers.debugger.write(name, value);
    recordsOf(b);
    expect(raw(b, 'PMBSR_EL1')).toBe((0x25n << 26n) | S | 5n);
  });
  it('TGE: EL0 of a host at EL2 is sampled by PMSCR_EL2.E0HSPE, which E2H reaches as PMSCR_EL1', () => {
    const HCR = (1n << 34n) | (1n << 27n) | (1n << 31n);
    const b = profiled('1: b 1b', 'interpreter', { ...ON, PMSCR_EL1: 0n, HCR_EL2: HCR, SPSR_EL2: 0x3c0n, ELR_EL2: RAM }, 2);
    const port = hostPort(b.cpu.processor);
    port.execute({ op: 'msr', encoding: encodingOf('PMSCR_EL1'), value: 1n });
    expect([raw(b, 'PMSCR_EL1'), raw(b, 'PMSCR_EL2')]).toEqual([0n, 1n]);
    port.execute({ op: 'msr', encoding: encodingOf('PMSCR_EL12'), value: 2n });
    expect(raw(b, 'PMSCR_EL1')).toBe(2n);
    port.execute({ op: 'eret' });
    b.machine.run({ budget: 257 });
    expect(recordsOf(b)).toMatchObject([{ pc: { address: RAM, el: 0 } }]);
  });
});

describe('profiling and the rest of the processor', () => {
  it('does not exist where the model does not claim it', () => {
    const { cpu } = bare(CORTEX_A57, 'nop');
    expect(cpu.registers.guest.read('PMSIDR_EL1').kind).toBe('undefined');
    expect(cpu.registers.debugger.read('ID_AA64DFR0_EL1')).toBe(0x1030_5106n);
    const { cpu: claiming } = profiled('nop', 'interpreter', {}, 2);
    expect(claiming.registers.guest.read('PMSIDR_EL1')).toEqual({ kind: 'ok', value: 0x2_600fn });
    expect(((claiming.registers.debugger.read('ID_AA64DFR0_EL1') as bigint) >> 32n) & 15n).toBe(1n);
  });
  it('with late writes goes on until the ISB', () => {
    const b = profiled('msr PMSCR_EL1, xzr\n1: nop\n nop\n isb\n nop', 'interpreter', { ...ON, PMSICR_EL1: 4n }, 1, 'late');
    b.machine.run({ budget: 4 });
    expect(recordsOf(b)).toMatchObject([{ pc: { address: RAM + 12n } }]);
    b.machine.run({ budget: 1 });
    expect(raw(b, 'PMSICR_EL1')).toBe(0n);
  });
  it.each(ENGINES)('instructions of a level that is not sampled are not counted (%s)', (kind) => {
    // EL0 counts down from 100 and calls, over and over; EL1 takes 3 instructions for each call.
    const b = profiled('mov x0, #100\n1: subs x0, x0, #1\n b.ne 1b\n svc #0\n b .-16', kind, {
      ...ON, PMSCR_EL1: 1n, VBAR_EL1: RAM + 0x8000n, SPSR_EL1: 0n, ELR_EL1: RAM,
    });
    for (const [n, word] of [0xd503_201fn, 0xd503_201fn, 0xd69f_03e0n].entries()) b.machine.memory.write(RAM + 0x8400n + BigInt(4 * n), 4, word, 0);
    hostPort(b.cpu.processor).execute({ op: 'eret' });
    b.machine.run({ budget: 206 * 100 });
    const records = recordsOf(b);
    // A round is 203 instructions at EL0 and 3 at EL1.
    expect(records.length).toBe(Math.floor((203 * 100) / 257));
    expect(records.every(({ pc }) => pc.el === 0)).toBe(true);
    const offsets = records.map(({ pc }) => Number(pc.address - RAM) / 4);
    const expected = records.map((_, n) => {
      const at = (257 * (n + 1) - 1) % 203;
      return at === 0 ? 0 : at === 201 ? 3 : at === 202 ? 4 : 1 + ((at - 1) % 2);
    });
    expect(offsets).toEqual(expected);
  });
});
