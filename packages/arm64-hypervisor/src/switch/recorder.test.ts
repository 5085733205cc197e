import type { ProcessorEvent, ProcessorEvents } from '@worldswitch/arm64-sysreg';
import { Ledger } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { Recorder } from './recorder.ts';
import type { Place } from './recorder.ts';

const AT = { retired: 7n, pc: 0x1000n, el: 2 } as const;
const store = (address: bigint, value: bigint): ProcessorEvent => ({ kind: 'hosted', ...AT, move: 'store', address, size: 8, value });
const A: Place = { step: 'a', phase: 'save-host', kind: 'context', owner: 'host' };
const B: Place = { step: 'b', phase: 'restore-guest', kind: 'debug' };

function recording(): { readonly recorder: Recorder; readonly ledger: Ledger; readonly events: ProcessorEvent[]; readonly state: { lost: number; ended: boolean } } {
  const events: ProcessorEvent[] = [];
  const state = { lost: 0, ended: false };
  const source: ProcessorEvents = { drain: () => events.splice(0), get lost() { return state.lost; }, [Symbol.dispose]: () => { state.ended = true; } };
  const ledger = new Ledger();
  return { recorder: new Recorder(source, ledger, A), ledger, events, state };
}

describe('a recorder', () => {
  it('gives events to the place that was in force when they happened, and to whom it said they belong', () => {
    const { recorder, ledger, events } = recording();
    events.push(store(0x10n, 1n));
    recorder.owned('guest');
    events.push(store(0x18n, 2n));
    recorder.enter(B);
    events.push(store(0x20n, 3n));
    expect(ledger.rows.map(({ step, phase, kind, owner, after }) => [step, phase, kind, owner, after])).toEqual([
      ['a', 'save-host', 'context', 'host', 1n], ['a', 'save-host', 'context', 'guest', 2n], ['b', 'restore-guest', 'debug', undefined, 3n],
    ]);
  });
  it('knows an address by the slot that it is, also when its page comes to serve another context', () => {
    const { recorder, ledger, events } = recording();
    recorder.slot({ kind: 'slot', context: 'vcpu0', slot: 'x1', address: 0x10n });
    events.push(store(0x10n, 1n));
    recorder.slot({ kind: 'slot', context: 'vcpu1', slot: 'x1', address: 0x10n });
    events.push(store(0x10n, 2n), store(0x9000n, 3n));
    expect(ledger.rows.map(({ written }) => written)).toEqual(['vcpu0.x1', 'vcpu1.x1', '0x9000']);
  });
  it.each<[ProcessorEvent, object]>([
    [{ kind: 'system-register', ...AT, direction: 'write', encoding: 0, written: 'TTBR0_EL12', reached: 'TTBR0_EL1', verdict: 'ok', before: 1n, after: 2n }, { operation: 'write', written: 'TTBR0_EL12', reached: 'TTBR0_EL1', before: 1n, after: 2n, verdict: 'ok', pc: 0x1000n, icount: 7n }],
    // What was refused reached nothing, and values are not known.
    [{ kind: 'system-register', ...AT, direction: 'read', encoding: 0, written: 'TTBR0_EL12', reached: null, verdict: 'undefined', before: null, after: null }, { operation: 'read', reached: 'TTBR0_EL12', verdict: 'undefined' }],
    [{ kind: 'barrier', ...AT, name: 'dsb', encoding: 11, operand: 0n }, { operation: 'barrier', written: 'dsb ish' }],
    [{ kind: 'barrier', ...AT, name: 'pstate', encoding: 30, operand: 15n }, { operation: 'control', written: 'daifset #15' }],
    [{ kind: 'barrier', ...AT, name: 'eret', encoding: 0, operand: 0n }, { operation: 'control', written: 'eret', verdict: 'departed' }],
    [{ kind: 'exception', ...AT, el: 1, vector: 'synchronous', to: 2, syndrome: 0x5a00_0000n, returnTo: 0n }, { operation: 'exception', written: 'HVC64', reached: 'EL2', after: 0x5a00_0000n, el: 1 }],
    [{ kind: 'exception', ...AT, el: 1, vector: 'irq', to: 2, syndrome: 0n, returnTo: 0n }, { operation: 'exception', written: 'irq', reached: 'EL2' }],
    [{ kind: 'hosted', ...AT, move: 'write', register: 3, before: 1n, after: 1n << 64n }, { operation: 'write', written: 'V3', before: 1n, after: 1n << 64n }],
  ])('has a row for it: %#', (event, row) => {
    const { ledger, events } = recording();
    events.push(event);
    expect(ledger.rows).toMatchObject([row]);
    if ('verdict' in event && event.verdict === 'undefined') expect(ledger.rows[0]).not.toHaveProperty('before');
  });
  it('tells the ledger what was lost on the way, and at its end takes what is left and lets go', () => {
    const { recorder, ledger, events, state } = recording();
    state.lost = 5;
    events.push(store(0x10n, 1n));
    recorder.end();
    expect([ledger.lost, ledger.rows.length, state.ended]).toEqual([5, 1, true]);
  });
});
