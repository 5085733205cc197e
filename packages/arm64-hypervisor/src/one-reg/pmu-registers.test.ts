import { REGISTERS } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { StoredPmu } from './pmu-registers.ts';
import type { PmuVm } from './pmu-registers.ts';

const ALL = (1n << 64n) - 1n;
const pmu = (ran = false): { readonly one: StoredPmu; readonly vm: PmuVm } => {
  const vm: PmuVm = { counters: undefined, hostCounters: () => 6, ranOnce: () => ran };
  return { one: new StoredPmu(vm), vm };
};
/** PMCR_EL0.N, 15:11. */
const N = (value: bigint): bigint => (value >> 11n) & 0x1fn;

describe('monitors that are kept for a VMM', () => {
  it('have the host\'s counters and a 64-bit cycle counter at reset', () => { expect(pmu().one.get('PMCR_EL0')).toBe((6n << 11n) | 0x40n); });
  it.each([['PMCNTENSET_EL0', 'PMCNTENCLR_EL0'], ['PMINTENSET_EL1', 'PMINTENCLR_EL1'], ['PMOVSSET_EL0', 'PMOVSCLR_EL0']] as const)('have %s and %s as one, of the counters that there are', (set, clear) => {
    const { one } = pmu();
    one.set(set, ALL);
    expect([one.get(set), one.get(clear)]).toEqual([0x8000_003fn, 0x8000_003fn]);
    one.set(clear, 1n);
    expect(one.get(set)).toBe(1n);
  });
  it('lose counters until a vCPU has run, for all of the VM; never get more', () => {
    const { one, vm } = pmu();
    const other = new StoredPmu(vm);
    one.set('PMCR_EL0', 7n << 11n);
    expect(N(one.get('PMCR_EL0'))).toBe(6n);
    one.set('PMCR_EL0', 4n << 11n);
    expect([N(one.get('PMCR_EL0')), N(other.get('PMCR_EL0'))]).toEqual([4n, 4n]);
    one.set('PMCNTENSET_EL0', ALL);
    expect(one.get('PMCNTENSET_EL0')).toBe(0x8000_000fn);
    const { one: ran } = pmu(true);
    ran.set('PMCR_EL0', 4n << 11n);
    expect(N(ran.get('PMCR_EL0'))).toBe(6n);
  });
  it('take of PMCR_EL0 bits 7:0, with LC always set', () => {
    const { one } = pmu();
    one.set('PMCR_EL0', ALL & ~(0x1fn << 11n) | (6n << 11n));
    expect(one.get('PMCR_EL0')).toBe((6n << 11n) | 0xffn);
    one.set('PMCR_EL0', 6n << 11n);
    expect(one.get('PMCR_EL0')).toBe((6n << 11n) | 0x40n);
  });
  it('read PMSWINC_EL0 as zero and keep the rest', () => {
    const { one } = pmu();
    const kept = (Object.keys(REGISTERS) as RegisterName[]).filter((name) => /^PM(EVCNTR|EVTYPER)\d+_EL0$|^PM(CCNTR|CCFILTR|USERENR)_EL0$/.test(name));
    expect(kept.length).toBe(65);
    kept.forEach((name, n) => { one.set(name, BigInt(n) + 1n); });
    kept.forEach((name, n) => { expect(one.get(name)).toBe(BigInt(n) + 1n); });
    one.set('PMSWINC_EL0', ALL);
    one.set('PMSELR_EL0', ALL);
    expect([one.get('PMSWINC_EL0'), one.get('PMSELR_EL0')]).toEqual([0n, 0x1fn]);
    one.reset();
    expect(kept.map((name) => one.get(name)).every((value) => value === 0n)).toBe(true);
  });
});
