/** Registers a round trip moves, from execution on the model of a processor, against what the original code moves, counted by hand. */
import { HCR_EL2, ID_AA64PFR0_EL1 } from '@worldswitch/arm64-sysreg';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { summarise } from '@worldswitch/hypervisor';
import type { LedgerRow } from '@worldswitch/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelProcessor } from '../../test/model-processor.ts';
import { roundTrip } from '../../test/round-trip.ts';
import type { RoundTripOptions } from '../../test/round-trip.ts';

const rowsOf = (revision: string, mode: AccessorMode, wanted: RoundTripOptions = {}): readonly LedgerRow[] => roundTrip(revision, mode, wanted).rows;

/** Reads and writes of a kind, in all phases or in one. */
function moved(rows: readonly LedgerRow[], kind: string, phase?: string): number {
  const { byKind } = summarise(phase === undefined ? rows : rows.filter((row) => row.phase === phase));
  const { reads = 0, writes = 0 } = byKind.get(kind) ?? {};
  return reads + writes;
}

const PHASES = ['save-host', 'restore-guest', 'save-guest', 'restore-host'] as const;

/** The first table of section 6: host save, guest restore, guest save, host restore. */
const CASES: readonly (readonly [string, AccessorMode, 'all' | undefined, readonly [number, number, number, number]])[] = [
  ['2015-base', 'nvhe', undefined, [28, 28, 28, 28]],
  ['debug-ptr', 'nvhe', undefined, [28, 28, 28, 28]],
  ['vhe', 'nvhe', undefined, [28, 28, 28, 28]],
  ['vhe', 'vhe', undefined, [6, 28, 28, 6]],
  ['vhe', 'vhe', 'all', [5, 28, 28, 5]],
  ['two-hooks', 'nvhe', undefined, [28, 28, 28, 28]],
  ['two-hooks', 'vhe', undefined, [8, 28, 28, 8]],
];

describe.each(CASES)('%s on %s, faithful to %s', (revision, mode, faithful, expected) => {
  const wanted: RoundTripOptions = { ...(faithful && { faithful }) };
  it(`moves ${expected.join(' + ')} registers of the two contexts`, () => {
    const rows = rowsOf(revision, mode, wanted);
    expect(PHASES.map((phase) => moved(rows, 'context', phase))).toEqual(expected);
    expect(moved(rows, 'context')).toBe(expected.reduce((sum, n) => sum + n, 0));
    expect(moved(rows, 'debug')).toBe(0);
    expect(moved(rows, 'id')).toBe(0);
  });

  it.each([[6, 4, 84], [16, 16, 260]])('moves, of %i breakpoints and %i watchpoints in use, %i registers', (breakpoints, watchpoints, count) => {
    const rows = rowsOf(revision, mode, { ...wanted, dirty: true, breakpoints, watchpoints });
    expect(moved(rows, 'debug')).toBe(count);
    expect(moved(rows, 'id')).toBe(4);
  });

  it('moves as many of any number as four banks of control and value, and MDCCINT_EL1', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 2, max: 16 }), (b, w) => {
      expect(moved(rowsOf(revision, mode, { ...wanted, dirty: true, breakpoints: b, watchpoints: w }), 'debug')).toBe(4 * (2 * (b + w) + 1));
    }), { numRuns: 12 });
  });
});

// VDISR_EL2 goes with ELR and SPSR: of the guest with VHE, of both worlds without.
describe.each(['nvhe', 'vhe'] as const)('two-hooks on %s, on a processor with RAS', (mode) => {
  const withRas = (): ModelProcessor => {
    const processor = new ModelProcessor();
    processor.registers.set('ID_AA64PFR0_EL1', ID_AA64PFR0_EL1.encode({ EL0: 1, EL1: 1, EL2: 1, RAS: 1 }));
    return processor;
  };
  it('moves VDISR_EL2 too', () => {
    const rows = rowsOf('two-hooks', mode, { processor: withRas() });
    expect(moved(rows, 'context')).toBe(mode === 'vhe' ? 74 : 116);
    expect(rows.filter(({ reached }) => reached === 'VDISR_EL2').map(({ phase, operation, owner }) => `${phase}: ${owner} ${operation}`)).toEqual([
      ...(mode === 'vhe' ? [] : ['save-host: host read']), 'restore-guest: guest write', 'save-guest: guest read', ...(mode === 'vhe' ? [] : ['restore-host: host write']),
    ]);
  });
  it('gives the guest back what it deferred', () => {
    const { vcpu, inside } = roundTrip('two-hooks', mode, { processor: withRas(), prepare: (trip) => { trip.vcpu.context.set('DISR_EL1', 0x8000_0011n); } });
    expect(inside('VDISR_EL2')).toBe(0x8000_0011n);
    expect(vcpu.context.get('DISR_EL1')).toBe(0x8000_0011n);
  });
  it('says what a virtual SError is to report, if one is to be delivered', () => {
    const written = (pending: boolean): readonly bigint[] => rowsOf('two-hooks', mode, {
      processor: withRas(), prepare: ({ vcpu: { state } }) => { if (pending) state.set('hcr', state.get('hcr') | HCR_EL2.mask('VSE')); },
    }).filter(({ reached, operation }) => reached === 'VSESR_EL2' && operation === 'write').map(({ after = -1n }) => after);
    expect(written(false)).toEqual([]);
    expect(written(true)).toEqual([0n]);
  });
});

/** The second table, without the interface of the interrupt controller: reads and writes by phase and kind. */
describe('the rows of a round trip, 2015-base', () => {
  it('are those of the facts, but for two that execution corrects', () => {
    const rows = rowsOf('2015-base', 'nvhe');
    const counts = (phase: string, kind: string): readonly [number, number] => {
      const { reads = 0, writes = 0 } = summarise(rows.filter((row) => row.phase === phase)).byKind.get(kind) ?? {};
      return [reads, writes];
    };
    expect(counts('save-host', 'handle')).toEqual([0, 1]);
    // The frame and the 32-bit check are in activate-traps' and save-guest's neighbourhood: HCR_EL2 is asked once each way.
    expect(counts('activate-traps', 'trap-control')).toEqual([1, 4]);
    expect(counts('activate-traps', 'stage2')).toEqual([0, 1]);
    expect(counts('activate-traps', 'vgic')).toEqual([1, 1]);
    expect(counts('activate-traps', 'timer')).toEqual([1, 4]);
    expect(counts('restore-guest', 'trap-control')).toEqual([1, 0]);
    expect(counts('save-guest', 'trap-control')).toEqual([1, 0]);
    // A call reads VTTBR_EL2 too, to know whose it is.
    expect(counts('exit', 'vector')).toEqual([3, 0]);
    // For every trap, whatever its class.
    expect(counts('fixup', 'fault')).toEqual([2, 0]);
    expect(counts('deactivate-traps', 'timer')).toEqual([3, 3]);
    expect(counts('deactivate-traps', 'vgic')).toEqual([1, 1]);
    expect(counts('deactivate-traps', 'trap-control')).toEqual([1, 4]);
    expect(counts('deactivate-traps', 'stage2')).toEqual([0, 1]);
  });
});
