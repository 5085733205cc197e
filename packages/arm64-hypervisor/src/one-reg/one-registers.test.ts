import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KvmError } from '@worldswitch/hypervisor';
import { lab } from '../test/lab.ts';
import { packEncoding } from '@worldswitch/arm64-sysreg';
import { ccsidrId, packedOf, sysregId } from './encoding.ts';
import { ONE_REGISTER_CONFIGS, ONE_REGISTER_FACTS } from './facts/registers.ts';
import type { OneRegisterFact } from './list.ts';

const FACTS: readonly OneRegisterFact[] = ONE_REGISTER_FACTS;
const DEMUX = Array.from({ length: 14 }, (_, n) => ccsidrId(n));
const fact = (name: string): OneRegisterFact => FACTS.find((one) => one.name === name) as OneRegisterFact;
const WITH_PMU = ['psci-0.2', 'pmu-v3'];
const id = (name: string): bigint => fact(name).id;

const errno = (call: () => unknown): string => {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
};

describe('the list', () => {
  const expected = (config: keyof typeof ONE_REGISTER_CONFIGS): ReadonlySet<bigint> => {
    const groups: readonly string[] = ONE_REGISTER_CONFIGS[config];
    return new Set([...FACTS.filter(({ group, since, condition }) => (groups.includes(group) || group === 'timer') && since === undefined && condition === undefined).map((one) => one.id), ...DEMUX]);
  };
  it.each([['vregs', ['psci-0.2']], ['vregs+pmu', ['psci-0.2', 'pmu-v3']]] as const)('is that of the facts, and each once: %s', (config, features) => {
    const list = lab('nvhe', {}, features).vcpu.oneRegisters.list();
    expect(new Set(list)).toEqual(expected(config));
    expect(list.length).toBe(new Set(list).size);
  });
  it('has the kernel\'s order: core, firmware, timers, invariants, system registers ascending, caches', () => {
    const list = lab('nvhe', {}, WITH_PMU).vcpu.oneRegisters.list();
    const kinds = list.map((one) => {
      const name = FACTS.find((row) => row.id === one)?.name ?? 'CCSIDR';
      if (((one >> 16n) & 0xfffn) === 0x10n) return 'core';
      if (/^KVM_REG_ARM/.test(name)) return 'firmware';
      if (/^P?TIMER/.test(name)) return 'timer';
      return ['MIDR_EL1', 'REVIDR_EL1', 'AIDR_EL1'].includes(name) ? 'invariant' : name === 'CCSIDR' ? 'cache' : 'system';
    });
    expect(kinds.filter((kind, n) => kind !== kinds[n - 1])).toEqual(['core', 'firmware', 'timer', 'invariant', 'system', 'cache']);
    const part = (wanted: string): readonly bigint[] => list.filter((_, n) => kinds[n] === wanted);
    const ascending = (values: readonly bigint[]): boolean => values.every((value, n) => n === 0 || value > values[n - 1]);
    for (const [kind, by] of [['core', 0xffffn], ['firmware', 0x0fff_ffffn], ['system', 0xffffn], ['cache', 0xffn]] as const) expect(ascending(part(kind).map((one) => one & by)), kind).toBe(true);
    expect(part('timer')).toEqual([0x603000000013df19n, 0x603000000013df1an, 0x603000000013df02n, 0x603000000013df11n, 0x603000000013df01n, 0x603000000013df12n]);
    expect(part('invariant')).toEqual([0x603000000013c000n, 0x603000000013c006n, 0x603000000013c807n]);
  });
  it('of 6.1 has more invariants, the caches that there are, and no physical timer', () => {
    const one = lab('nvhe', { profile: '6.1' });
    // A separate first level and a unified second.
    one.processor.registers.set('CLIDR_EL1', 0x0a20_0023n);
    const list = one.vcpu.oneRegisters.list();
    for (const name of ['PTIMER_CTL', 'PTIMER_CNT', 'PTIMER_CVAL']) expect(list).not.toContain(id(name));
    const at = list.indexOf(id('MIDR_EL1'));
    expect(list.slice(at, at + 5)).toEqual(['MIDR_EL1', 'REVIDR_EL1', 'CLIDR_EL1', 'AIDR_EL1', 'CTR_EL0'].map(id));
    expect(list.filter((each) => DEMUX.includes(each))).toEqual([0, 1, 2].map(ccsidrId));
  });
  it('lacks what a host forgets that is faithful to its fault', () => {
    const one = lab('nvhe', { revision: 'debug-ptr', faithful: ['bcr0-unlisted'] });
    expect(one.vcpu.oneRegisters.list()).not.toContain(id('DBGBCR0_EL1'));
    expect(errno(() => one.vcpu.oneRegisters.get(id('DBGBCR0_EL1')))).toBe('ENOENT');
  });
});

describe.each([['6.12'], ['6.1']] as const)('reading and writing, profile %s', (profile) => {
  it('is the identity over the list: before a run and after one', () => {
    const one = lab('nvhe', { profile }, WITH_PMU);
    const { vcpu } = one;
    const snapshot = (): readonly bigint[] => vcpu.oneRegisters.list().map((each) => vcpu.oneRegisters.get(each));
    const again = (): void => {
      const before = snapshot();
      vcpu.oneRegisters.list().forEach((each, n) => { vcpu.oneRegisters.set(each, before[n]); });
      expect(snapshot()).toEqual(before);
    };
    again();
    // KVM_ARM_VCPU_PMU_V3_INIT: a vCPU that has monitors runs when they are started.
    vcpu.setAttribute(0, 1n, new Uint8Array(0));
    expect(one.run().kind).toBe('system-event');
    again();
  });
});

describe('a register', () => {
  /** Kept as given, every bit. */
  const KEPT = FACTS.filter(({ name, group }) => (group === 'base' || group === 'vregs') && /^(x\d+|V\d+|S?PC?_EL[01]|PC|ELR_EL1|SPSR_\w+|FP[SC]R|DBG\w+|M[AP]\w+IR_EL1|TTBR\d_EL1|\w*AFSR\d_EL1|TPIDR\w*|MDSCR_EL1|DACR32_EL2|SCTLR_EL1|TCR_EL1|CSSELR_EL1|ACTLR_EL1)$/.test(name));
  it.each(['nvhe', 'vhe'] as const)('keeps its value apart from all others, %s', (mode) => {
    const { vcpu } = lab(mode);
    const registers = vcpu.oneRegisters;
    fc.assert(fc.property(fc.constantFrom(...KEPT), fc.constantFrom(...KEPT), fc.bigInt(0n, (1n << 128n) - 1n), (one, two, wide) => {
      const value = BigInt.asUintN(8 * one.size, wide);
      const before = registers.get(two.id);
      registers.set(one.id, value);
      expect(registers.get(one.id), one.name).toBe(value);
      if (one.id !== two.id) expect(registers.get(two.id), two.name).toBe(before);
    }), { numRuns: 300 });
  });
  it.each([
    ['x7', 'x7'], ['SP_EL0', 'SP_EL0'], ['SP_EL1', 'SP_EL1'], ['PC', 'pc'], ['V31', 'v31'], ['FPCR', 'FPCR'], ['MPIDR_EL1', 'MPIDR_EL1'], ['TTBR0_EL1', 'TTBR0_EL1'],
    ['DBGWVR15_EL1', 'DBGWVR15_EL1'], ['TIMER_CVAL', 'CNTV_CVAL_EL0'],
  ])('is the same by identifier and by name: %s', (identified, name) => {
    const { vcpu } = lab();
    vcpu.oneRegisters.set(id(identified), 0x1234_5678n);
    expect(vcpu.getRegister(name)).toBe(0x1234_5678n);
  });
  it('that is the VM\'s is so by name, too: the virtual counter\'s offset', () => {
    const { vm, vcpu, processor } = lab();
    const second = vm.createVcpu(1);
    second.initialise(['psci-0.2']);
    processor.registers.set('CNTPCT_EL0', 1000n);
    vcpu.setRegister('CNTVOFF_EL2', 300n);
    expect([second.getRegister('CNTVOFF_EL2'), second.oneRegisters.get(id('TIMER_CNT'))]).toEqual([300n, 700n]);
    second.oneRegisters.set(id('TIMER_CNT'), 10n);
    expect(vcpu.getRegister('CNTVOFF_EL2')).toBe(990n);
    // A count ahead of the host's.
    vcpu.oneRegisters.set(id('TIMER_CNT'), 5000n);
    expect(second.getRegister('CNTVOFF_EL2')).toBe((1n << 64n) - 4000n);
  });
  it('is that of the guest while it is stopped in the middle', () => {
    const one = lab();
    one.processor.guest = () => ({ kind: 'budget' });
    one.vcpu.oneRegisters.set(id('TPIDR_EL1'), 7n);
    expect(one.vcpu.run({ budget: 1 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(one.processor.get('TPIDR_EL1')).toBe(7n);
    one.processor.registers.set('TPIDR_EL1', 8n);
    expect(one.vcpu.oneRegisters.get(id('TPIDR_EL1'))).toBe(8n);
  });
  it('that is refused leaves all of them as they were', () => {
    const { vcpu: { oneRegisters } } = lab('nvhe', {}, WITH_PMU);
    const list = oneRegisters.list();
    const snapshot = (): readonly bigint[] => list.map((each) => oneRegisters.get(each));
    let refused = 0;
    fc.assert(fc.property(fc.oneof(fc.constantFrom(...list), fc.bigInt(0n, (1n << 64n) - 1n), fc.bigInt(0n, 0xffffn).map((n) => 0x6030_0000_0013_0000n | n)), fc.bigInt(-1n, 1n << 64n), (which, value) => {
      const before = snapshot();
      if (errno(() => { oneRegisters.set(which, value); }) === 'none') return;
      refused++;
      expect(snapshot()).toEqual(before);
    }), { numRuns: 300 });
    expect(refused).toBeGreaterThan(50);
  });
  it('of the debug set fails to be set on a host that is faithful to one-reg-copy', () => {
    const { oneRegisters } = lab('nvhe', { revision: 'debug-ptr', faithful: ['one-reg-copy'] }).vcpu;
    expect([errno(() => { oneRegisters.set(id('DBGBVR1_EL1'), 5n); }), oneRegisters.get(id('DBGBVR1_EL1'))]).toEqual(['EFAULT', 0n]);
  });
  it('takes a value that fits, unsigned', () => {
    const { oneRegisters } = lab().vcpu;
    for (const [name, value] of [['FPSR', 1n << 32n], ['x0', 1n << 64n], ['V0', 1n << 128n], ['x0', -1n]] as const) expect(errno(() => { oneRegisters.set(id(name), value); })).toBe('EINVAL');
  });
});

describe('identifiers that there are not', () => {
  const { oneRegisters } = lab().vcpu;
  it.each([
    ['of another architecture', 0x1030_0000_0010_0000n, 'EINVAL'], ['with bits in the upper half', 0x6030_0001_0010_0000n, 'EINVAL'], ['beyond 64 bits', (1n << 64n) | id('x0'), 'EINVAL'],
    ['x0 as a word', 0x6020_0000_0010_0000n, 'EINVAL'], ['between x0 and x1', 0x6030_0000_0010_0001n, 'EINVAL'], ['V0 as a doubleword', 0x6030_0000_0010_0054n, 'EINVAL'],
    ['past struct kvm_regs', 0x6030_0000_0010_00d8n, 'ENOENT'], ['its last words', 0x6030_0000_0010_00d6n, 'ENOENT'], ['a core register with bit 28', 0x6030_0000_1010_0000n, 'ENOENT'],
    ['a system register that is not kept', sysregId(packEncoding(3, 0, 4, 2, 2)), 'ENOENT'], ['SCTLR_EL1 as a word', 0x6020_0000_0013_c080n, 'ENOENT'], ['the first of no kind', 0x6030_0000_0012_0000n, 'ENOENT'],
    ['a cache past the seventh level', ccsidrId(14), 'ENOENT'], ['a cache as a doubleword', 0x6030_0000_0011_0000n, 'ENOENT'], ['demultiplexed of another kind', 0x6020_0000_0011_0100n, 'ENOENT'],
    ['a firmware register that is none', 0x6030_0000_0014_0009n, 'ENOENT'], ['PSCI_VERSION as a word', 0x6020_0000_0014_0000n, 'ENOENT'],
    ['Z0', 0x6080_0000_0015_0000n, 'ENOENT'], ['FFR', 0x6050_0000_0015_0600n, 'ENOENT'], ['the vector lengths', 0x6060_0000_0015_ffffn, 'ENOENT'], ['SVE of another size', 0x6030_0000_0015_0000n, 'EINVAL'],
    ['monitors without the feature', 0x6030_0000_0013_dce0n, 'ENOENT'], ['an authentication key', 0x6030_0000_0013_c108n, 'ENOENT'], ['HCR_EL2', 0x6030_0000_0013_e088n, 'ENOENT'], ['OSLAR_EL1', 0x6030_0000_0013_8084n, 'ENOENT'],
  ])('%s', (_, which, expected) => {
    expect(errno(() => oneRegisters.get(which))).toBe(expected);
    expect(errno(() => { oneRegisters.set(which, 0n); })).toBe(expected);
  });
  it('never come from the list, whatever bit is changed', () => {
    const list = oneRegisters.list();
    fc.assert(fc.property(fc.constantFrom(...list), fc.integer({ min: 0, max: 63 }), (one, bit) => {
      const changed = one ^ (1n << BigInt(bit));
      expect(['ENOENT', 'EINVAL', ...(list.includes(changed) ? ['none'] : [])]).toContain(errno(() => oneRegisters.get(changed)));
    }), { numRuns: 500 });
    expect(packedOf(id('SCTLR_EL1'))).toBe(0xc080);
  });
});
