/** What the comparison with a processor's own monitors does not reach (packages/vmm/test/kvm/pmu.test.ts): counting by hand, with counters of the host's that say what they like. */
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import { describe, expect, it } from 'vitest';
import { StoredPmu } from '../one-reg/pmu-registers.ts';
import { EventFilter, eventMask } from './events.ts';
import type { Counted, Counts } from './host-counters.ts';
import { VirtualPmu } from './virtual-pmu.ts';

const LAST = 0xffff_ffffn;
const [CYCLES, INSTRUCTIONS, CHAIN, SOFTWARE] = [0x11n, 0x08n, 0x1en, 0n];
const ALL = 0x8000_003fn;

interface Bench {
  readonly pmu: VirtualPmu;
  /** What the host was last asked to count. */
  readonly asked: () => readonly Counted[];
  /** Enters, and leaves with this. */
  pass(counts: Readonly<Record<number, bigint>>, overflown?: bigint): void;
  all(...names: RegisterName[]): readonly bigint[];
}

function bench(registers: Partial<Record<RegisterName, bigint>>, { events = new EventFilter(), version = 4, settled = (): void => undefined } = {}): Bench {
  let asked: readonly Counted[] = [];
  let result: Counts = { counts: new Map(), overflown: 0n };
  const pmu = new VirtualPmu({
    kept: new StoredPmu({ counters: undefined, hostCounters: () => 6, ranOnce: () => true }), events, version: () => version, implemented: (name) => (name === 'PMCEID0_EL0' ? 0x2_0101n : 0n), settle: settled,
    hardware: {
      get running() { return asked.length > 0; },
      start: (counting) => { asked = counting; },
      stop: () => {
        asked = [];
        return result;
      },
    },
  });
  for (const [name, value] of Object.entries({ PMCR_EL0: 0x41n, PMCNTENSET_EL0: ALL, ...registers })) pmu.set(name as RegisterName, value);
  return {
    pmu, asked: () => asked,
    pass: (counts, overflown = 0n) => {
      pmu.enter();
      result = { counts: new Map(Object.entries(counts).map(([n, count]) => [Number(n), count])), overflown };
      pmu.leave();
    },
    all: (...names) => names.map((name) => pmu.get(name)),
  };
}

describe('the host\'s counters', () => {
  it('count in place of those that are enabled, with the filters of EL1 and EL0 alone', () => {
    const { pmu, asked } = bench({ PMEVTYPER0_EL0: 0xfc00_0008n, PMEVTYPER1_EL0: 0x11n, PMEVCNTR1_EL0: 5n, PMEVTYPER2_EL0: CHAIN, PMEVTYPER3_EL0: SOFTWARE, PMEVTYPER4_EL0: 0x21n, PMCNTENSET_EL0: 0x8000_001fn, PMCCFILTR_EL0: 0xffff_ffffn, PMINTENSET_EL1: 2n });
    pmu.enter();
    // Neither what is counted here nor what the host does not have.
    expect(asked()).toEqual([
      { n: 0, filter: 0xc000_0008n, count: 0n, interrupts: false }, { n: 1, filter: 0x11n, count: 5n, interrupts: true }, { n: 31, filter: 0xc000_0000n, count: 0n, interrupts: false },
    ]);
  });
  it.each([[{ PMCR_EL0: 0x40n }], [{ PMCNTENSET_EL0: 0n }], [{ PMCNTENSET_EL0: 1n, PMEVTYPER0_EL0: SOFTWARE }]])('are left alone for %o', (registers) => {
    const { pmu, asked } = bench(registers);
    pmu.enter();
    expect(asked()).toEqual([]);
  });
  it('interrupt no more for what has overflown', () => {
    const { pmu, asked } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS, PMCNTENSET_EL0: 1n, PMINTENSET_EL1: 1n, PMOVSSET_EL0: 1n });
    pmu.enter();
    expect(asked().map(({ interrupts }) => interrupts)).toEqual([false]);
    expect(pmu.line).toBe(true);
  });
  it('are asked before a VMM is answered, but only while they count', () => {
    let settled = 0;
    const { pmu } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS }, { settled: () => { settled++; } });
    pmu.get('PMCCNTR_EL0');
    expect(settled).toBe(0);
    pmu.enter();
    pmu.get('PMCCNTR_EL0');
    pmu.set('PMCCNTR_EL0', 0n);
    expect(settled).toBe(2);
  });
});

describe('an overflow', () => {
  it('is carried by chains to the end', () => {
    const { pmu, pass, all } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS, PMEVTYPER1_EL0: CHAIN, PMEVCNTR1_EL0: LAST, PMEVTYPER2_EL0: INSTRUCTIONS, PMEVTYPER3_EL0: CHAIN, PMINTENSET_EL1: 2n });
    pass({ 0: 3n, 2: 4n }, 1n);
    expect(all('PMEVCNTR0_EL0', 'PMEVCNTR1_EL0', 'PMEVCNTR2_EL0', 'PMEVCNTR3_EL0', 'PMOVSSET_EL0')).toEqual([3n, 0n, 4n, 0n, 3n]);
    expect(pmu.line).toBe(true);
  });
  it('makes the hypervisor hear of each that is chained', () => {
    const { pmu, asked } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS, PMEVTYPER1_EL0: CHAIN, PMEVTYPER2_EL0: INSTRUCTIONS, PMEVTYPER3_EL0: CHAIN, PMCNTENSET_EL0: 7n });
    pmu.enter();
    expect(asked().map(({ n, interrupts }) => [n, interrupts])).toEqual([[0, true], [2, false]]);
  });
  it('of a long cycle counter is one of 64 bits', () => {
    const { pmu, all } = bench({ PMCCNTR_EL0: (1n << 64n) - 1n, PMEVTYPER0_EL0: CYCLES, PMEVCNTR0_EL0: LAST, PMCNTENSET_EL0: 0x8000_0001n });
    pmu.retired(1);
    expect(all('PMCCNTR_EL0', 'PMEVCNTR0_EL0', 'PMOVSSET_EL0')).toEqual([0n, 0n, 0x8000_0001n]);
  });
  it('is no line while the counters as a whole are off', () => {
    expect([0x41n, 0x40n].map((PMCR_EL0) => bench({ PMCR_EL0, PMOVSSET_EL0: 1n, PMINTENSET_EL1: 1n }).pmu.line)).toEqual([true, false]);
  });
});

describe('what is counted here', () => {
  it('an instruction that was completed for the guest, at its level', () => {
    const { pmu, all } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS | 0x8000_0000n, PMEVTYPER1_EL0: INSTRUCTIONS | 0x4000_0000n, PMEVTYPER2_EL0: CYCLES, PMEVTYPER3_EL0: 0x99n });
    for (const el of [0, 1, 1] as const) pmu.retired(el);
    expect(all('PMEVCNTR0_EL0', 'PMEVCNTR1_EL0', 'PMEVCNTR2_EL0', 'PMEVCNTR3_EL0', 'PMCCNTR_EL0')).toEqual([1n, 2n, 3n, 0n, 3n]);
  });
  it('increments by software, of counters with that event and at that level', () => {
    const { pmu, all } = bench({ PMEVTYPER0_EL0: SOFTWARE, PMEVTYPER1_EL0: 0x8000_0000n, PMEVTYPER2_EL0: INSTRUCTIONS, PMEVTYPER3_EL0: SOFTWARE, PMEVCNTR0_EL0: LAST, PMCNTENSET_EL0: 7n });
    pmu.write('PMSWINC_EL0', 0xfn, 1);
    expect(all('PMEVCNTR0_EL0', 'PMEVCNTR1_EL0', 'PMEVCNTR2_EL0', 'PMEVCNTR3_EL0', 'PMOVSSET_EL0')).toEqual([0n, 0n, 0n, 0n, 1n]);
  });
  it('PMCR_EL0.P clears event counters, C the cycle counter', () => {
    const { pmu, all } = bench({ PMEVCNTR0_EL0: 1n, PMEVCNTR5_EL0: 2n, PMCCNTR_EL0: 3n });
    pmu.write('PMCR_EL0', 2n, 1);
    expect(all('PMEVCNTR0_EL0', 'PMEVCNTR5_EL0', 'PMCCNTR_EL0')).toEqual([0n, 0n, 3n]);
    pmu.write('PMCR_EL0', 4n, 1);
    expect([pmu.get('PMCCNTR_EL0'), pmu.read('PMCR_EL0')]).toEqual([0n, (6n << 11n) | 0x40n]);
  });
});

describe('the events that a VMM allows', () => {
  const filtered = (...ranges: readonly [number, number, 'allow' | 'deny'][]): EventFilter => {
    const events = new EventFilter();
    for (const range of ranges) events.add(...range);
    return events;
  };
  it('are those of the first range or all others, as it allows or denies; then the last word counts', () => {
    const asked = [0x08, 0x11, 0x99].map((event) => [filtered(), filtered([8, 1, 'allow']), filtered([8, 1, 'deny']), filtered([0, 0x20, 'deny'], [8, 1, 'allow'])].map((events) => events.allows(event)));
    expect(asked).toEqual([[true, true, false, true], [true, false, true, false], [true, false, true, true]]);
  });
  it('are at least software increments and chains', () => {
    expect([0, 0x1e].map((event) => filtered([0, 0x1_0000, 'deny']).allows(event))).toEqual([true, true]);
  });
  it.each([[1, 0x3ff], [4, 0xffff]] as const)('are numbered as version %i has them', (version, last) => {
    expect(eventMask(version)).toBe(last);
    expect(() => { new EventFilter().check(last, 1, version); }).not.toThrow();
    expect(() => { new EventFilter().check(last, 2, version); }).toThrow('EINVAL');
  });
  it('decide about the cycle counter by the number of cycles', () => {
    const { pmu, asked } = bench({ PMEVTYPER0_EL0: INSTRUCTIONS, PMCNTENSET_EL0: 0x8000_0001n }, { events: filtered([0x11, 1, 'deny']) });
    pmu.enter();
    expect(asked().map(({ n }) => n)).toEqual([0]);
  });
});
