import { describe, expect, it } from 'vitest';
import { op, StateLayout, InstructionTable, Engine, Lockstep, type Core, type CoreState, type EngineKind, type Guest, type Lane, type MemoryState, type Operation } from '../index.ts';

// A machine of three instructions, by the word's top byte: 1 adds the low byte to a, 2 jumps back by it, 3 subtracts it from b.
const layout = new StateLayout();
const a = layout.int('a');
const b = layout.int('b');

function table(wrong: boolean): InstructionTable {
  const low = (operands: { readonly low: number }): number => operands.low;
  const semantics: Record<string, Operation<{ readonly low: number }>> = {
    add: op((o) => ({ value: low(o) }), (s, { value }) => { s.setInt(a, s.add(s.int(a, 64), s.imm(value, 64))); }),
    back: op((o) => ({ offset: -4 * low(o) }), (s, { offset }) => { s.jump(offset); }),
    // The planted bug: right until b gets below 1000, where a borrow is forgotten.
    sub: op((o) => ({ value: low(o) }), (s, { value }) => {
      const result = s.sub(s.int(b, 64), s.imm(value, 64));
      const bad = s.select(s.compare('ltU', result, s.literal(1000, 64)), s.add(result, s.literal(1, 64)), result);
      s.setInt(b, wrong ? bad : result);
    }),
  };
  const ids = [undefined, 'add', 'back', 'sub'];
  return new InstructionTable((word) => {
    const id = ids[word >>> 24];
    return id === undefined ? undefined : { id, operands: { low: word & 255 } };
  }, semantics);
}

const guest: Guest = {
  translate: (address) => ({ ok: true, physical: Number(address) }),
  dataFault: () => undefined, fetchFault: () => undefined, undefined: () => undefined, raise: () => undefined,
  helpers: {}, interrupt: () => false,
};

interface State { readonly core: CoreState; readonly memory: MemoryState }

function lane(kind: EngineKind, wrong: boolean): Lane<State> & { readonly core: Core } {
  const engine = new Engine({ table: table(wrong), layout, order: 'little', kind, codePages: 4, threshold: 5 });
  engine.memory.addRam(0, 0x1000);
  engine.memory.load(0, new Uint8Array(new Uint32Array([0x0100_0003, 0x0300_0007, 0x0200_0002]).buffer));
  const core = engine.addCore(guest, 1);
  core.state.set(b, 30_000n);
  return {
    name: kind, core,
    get retired() { return core.retired; },
    here: () => `${core.pc.toString(16)}: ${['', 'add', 'sub', 'back'][Number(core.pc / 4n) + 1]}`,
    run: (budget) => core.run(budget),
    save: () => ({ core: core.save(), memory: engine.memory.save() }),
    restore: (state) => { engine.memory.restore(state.memory); core.restore(state.core); },
  };
}

describe('two machines in lockstep', () => {
  it('agree where nothing is wrong', () => {
    for (const kind of ['interpreter', 'translator'] as const) {
      expect(new Lockstep(lane('evaluator', false), lane(kind, false), { chunk: 700 }).run(20_000)).toEqual({ difference: undefined, stop: { kind: 'budget' } });
    }
  });
  it('name the first wrong instruction of a planted bug', () => {
    // b passes 1000 in round 4143 (30000 − 7 × 4143 = 999): its `sub` is instruction 3 × 4142 + 1, counted from 0.
    for (const kind of ['evaluator', 'interpreter'] as const) {
      const { difference } = new Lockstep(lane('evaluator', false), lane(kind, true), { chunk: 5000 }).run(20_000);
      expect(difference).toEqual({
        equalAfter: 12_427, differAfter: 12_428, instructions: ['4: sub'],
        differences: [{ path: 'core.registers.b', reference: '0x3e7', candidate: '0x3e8' }],
      });
    }
  });
  it('find it in translated code, where only a stretch may be told', () => {
    const { difference } = new Lockstep(lane('evaluator', false), lane('translator', true), { chunk: 5000 }).run(20_000);
    expect(difference?.equalAfter).toBeLessThanOrEqual(12_427);
    expect(difference?.differAfter).toBeGreaterThanOrEqual(12_428);
    expect(difference?.differences[0].path).toBe('core.registers.b');
  });
  it('notice a difference from the start', () => {
    const [left, right] = [lane('evaluator', false), lane('interpreter', false)];
    right.core.state.set(a, 1n);
    expect(new Lockstep(left, right).run(10).difference?.differences).toEqual([{ path: 'core.registers.a', reference: '0x0', candidate: '0x1' }]);
  });
  it('refuse a chunk of nothing', () => {
    expect(() => new Lockstep(lane('evaluator', false), lane('evaluator', false), { chunk: 0 })).toThrow('a chunk of 0 instructions');
  });
});
