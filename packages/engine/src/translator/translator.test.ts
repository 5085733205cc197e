import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HANDLER, RECORD } from '../code/record.ts';
import { CODE, load, machineOf, R, stateOf, word, type Name } from './machine.fixture.ts';

type Machine = ReturnType<typeof machineOf>;

/** Places of the program's page where regions are entered. */
function entriesOf({ engine, core }: Machine): readonly number[] {
  const page = engine.code.pages.find(CODE >> 12, core.gated);
  if (page === undefined) return [];
  return Array.from({ length: 1024 }, (_, index) => index).filter((index) => engine.handler(page.records + index * RECORD.size) === HANDLER.region);
}

/** Runs a program by evaluator and translator, in the same portions, and compares after each. */
function compare(program: readonly number[], budgets: readonly number[], options: { readonly digest?: boolean; readonly gated?: boolean } = {}): Machine {
  const [reference, translated] = (['evaluator', 'translator'] as const).map((kind) => machineOf(kind, program, options));
  for (const budget of budgets) {
    expect(translated.core.run(budget)).toEqual(reference.core.run(budget));
    expect(stateOf(translated)).toEqual(stateOf(reference));
  }
  return translated;
}

// Portions below twice the interpreter's reserve are counted by single instructions; these let regions run.
const PORTIONS = [3000, 5000, 1, 3001, 7, 4000];

const LOOP = [word('addi', 1, 0, 700), word('add', 2, 1), word('addi', 1, 1, -1), word('bnz', 0, 1, -2), word('b', 0, 0, -4)];

describe('translator', () => {
  it('executes a loop that got hot as a region, and counts exactly', () => {
    expect(entriesOf(compare(LOOP, PORTIONS))).toContain(1);
  });
  it('keeps the digest of program counters, across the end of a block', () => {
    const machine = compare(LOOP, [3000, 70_000, 5], { digest: true });
    expect(machine.core.digest.blocks).toHaveLength(1);
  });
  it('enters a loop in its middle', () => {
    // The loop of 1 to 4 is entered at 3 from 0, and at 1 from its end.
    compare([word('b', 0, 0, 3), word('addi', 1, 1, 1), word('add', 2, 1), word('addi', 3, 3, 5), word('bnz', 0, 3, -3), word('b', 0, 0, -5)], PORTIONS);
  });
  it('keeps loops apart that overlap', () => {
    compare([
      word('addi', 1, 1, 1), word('addi', 4, 4, 1), word('cmp', 1, 4), word('beq', 0, 0, -3), word('add', 2, 4), word('addi', 4, 2, 3), word('bnz', 0, 2, -5),
    ], PORTIONS);
  });
  it('follows calls and returns inside the page', () => {
    const machine = compare([word('bl', 0, 0, 4), word('add', 2, 1), word('bl', 0, 0, 2), word('b', 0, 0, -3), word('addi', 1, 1, 1), word('ret')], PORTIONS);
    expect(entriesOf(machine)).toContain(1);
  });
  it('leaves to jumps that write registers and go where nothing was translated', () => {
    compare([word('addi', 3, 0, 40), word('add', 2, 3), word('dbnz', 0, 3, -1), word('addi', 1, 1, 1), word('bnz', 0, 1, -4)], PORTIONS);
  });
  it('interprets such a jump into another page', () => {
    const program = Array.from({ length: 1026 }, () => word('none'));
    program.splice(0, 5, word('addi', 3, 0, 40), word('addi', 3, 3, -1), word('add', 2, 3), word('dbnz', 0, 3, 1021), word('b', 0, 0, -4));
    program.splice(1024, 2, word('addi', 4, 4, 1), word('b', 0, 0, -1024));
    compare(program, PORTIONS);
  });
  it('knows what kind of flags it has only where every way brings the same', () => {
    // The jump at 7 sees flags of the logic at 4 in every other round, else those of the subtraction at 6.
    compare([
      word('addi', 5, 0, 1), word('addi', 3, 3, 1), word('tst', 3, 5), word('beq', 0, 0, 3), word('tst', 3, 0), word('b', 0, 0, 2), word('cmp', 3, 5),
      word('beq', 0, 0, 2), word('addi', 2, 2, 1), word('b', 0, 0, -8),
    ], PORTIONS);
  });
  it('executes what has no generated code by the evaluator, between two parts of a region', () => {
    compare([word('addi', 1, 1, 1), word('call'), word('add', 2, 1), word('twist', 0, 2), word('cmp', 2, 1), word('beq', 0, 0, 2), word('b', 0, 0, -6), word('b', 0, 0, -7)], PORTIONS);
  });
  it('leaves before an access that faults', () => {
    // r1 grows from 0x8000 until it leaves the 64 KiB of memory.
    const machine = compare([word('addi', 1, 0, 0x4000), word('add', 1, 1), word('ld', 2, 1), word('st', 1, 1), word('addi', 1, 1, 4), word('b', 0, 0, -3)], [40_000]);
    expect(machine.core.state.get(R[1])).toBe(0x1_0000n - 4n);
  });
  it('goes over the end of the page', () => {
    const program = Array.from({ length: 1030 }, () => word('addi', 1, 1, 1));
    program[1029] = word('b', 0, 0, -1029);
    compare(program, [...PORTIONS, ...PORTIONS]);
  });

  it('forgets regions whose code the guest overwrites, from inside the region too', () => {
    // Once, the loop stores r5, an instruction, over its own first instruction; later it stores elsewhere.
    const patch = word('addi', 2, 2, 1000);
    const program = [word('addi', 2, 2, 1), word('addi', 1, 1, -1), word('bnz', 0, 1, -2), word('st', 5, 6), word('addi', 6, 0, 0x7000), word('addi', 1, 0, 900), word('b', 0, 0, -6)];
    const machines = (['evaluator', 'translator'] as const).map((kind) => {
      const machine = machineOf(kind, program);
      machine.core.state.set(R[1], 2000n);
      machine.core.state.set(R[5], BigInt(patch));
      machine.core.state.set(R[6], BigInt(CODE));
      return machine;
    });
    for (const budget of [3000, 5000, 5000, 5000]) {
      for (const machine of machines) machine.core.run(budget);
      expect(stateOf(machines[1])).toEqual(stateOf(machines[0]));
    }
    expect(entriesOf(machines[1]).length).toBeGreaterThan(0);
  });
  it('gives records their handlers back when the page changes, and translates what is there now', () => {
    const machine = compare(LOOP, PORTIONS);
    expect(entriesOf(machine)).not.toEqual([]);
    load(machine.engine, CODE + 8, [word('addi', 1, 1, -2)]);
    expect(entriesOf(machine)).toEqual([]);
    const before = machine.core.state.get(R[1]);
    machine.core.pc = BigInt(CODE + 8);
    machine.core.run(1);
    expect(machine.core.state.get(R[1])).toBe(before - 2n);
    machine.core.run(4000);
    machine.core.run(1);
    expect(entriesOf(machine)).not.toEqual([]);
  });
  it('leaves a gated unit to the guest while it is off', () => {
    const program = [word('addi', 1, 1, 1), word('add', 2, 1), word('twist', 0, 2), word('bnz', 0, 1, -3)];
    for (const gated of [false, true]) expect(entriesOf(compare(program, PORTIONS, { gated }))).toContain(0);
  });
  it('stops at a breakpoint inside a region', () => {
    const machine = compare(LOOP, PORTIONS);
    machine.core.stops.addBreakpoint(BigInt(CODE + 8));
    expect(machine.core.run(5000)).toEqual({ kind: 'breakpoint', pc: BigInt(CODE + 8) });
    const before = machine.core.retired;
    expect(machine.core.run(5000)).toEqual({ kind: 'breakpoint', pc: BigInt(CODE + 8) });
    expect(machine.core.retired - before).toBe(3);
  });

  it('agrees with the evaluator on random programs of jumps', () => {
    const names: readonly Name[] = ['addi', 'add', 'bnz', 'b', 'bl', 'ret', 'ld', 'st', 'cmp', 'tst', 'beq', 'dbnz', 'call', 'twist'];
    const jumps: readonly Name[] = ['bnz', 'b', 'bl', 'beq', 'dbnz'];
    const count = 24;
    const instruction = fc.tuple(fc.constantFrom(...names), fc.nat(6), fc.nat(6), fc.nat(count - 1));
    fc.assert(fc.property(fc.array(instruction, { minLength: count, maxLength: count }), (parts) => {
      const program = parts.map(([name, d, n, at], index) => {
        if (jumps.includes(name)) return word(name, 0, n, at - index);
        return name === 'ld' || name === 'st' ? word(name, d, 0, 0x7000 + 8 * at) : word(name, d, n, at - 8);
      });
      compare([...program, word('b', 0, 0, -count)], [3000, 4000, 2500]);
    }), { numRuns: 60 });
  });
});
