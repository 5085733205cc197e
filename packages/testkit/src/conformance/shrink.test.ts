import { describe, expect, it } from 'vitest';
import { InstructionTable, op, type EngineKind } from '@worldswitch/engine';
import { TOY_INSTRUCTIONS } from '../toy/assembly.ts';
import { toyUnderTest } from '../toy/conformance.ts';
import { ToyMachine, toyTable, type ToyState } from '../toy/machine.ts';
import { R, TOY_SEMANTICS, TOY_STATE } from '../toy/semantics.ts';
import { checkCases } from './report.ts';
import { compareEngines } from './run.ts';
import { shrink } from './shrink.ts';
import type { ArchitectureUnderTest } from './subject.ts';

/** The toy, with a `mul` on the interpreter that is wrong where the product's low bit is set. */
function wrongToy(): ArchitectureUnderTest<ToyState> {
  const table = toyTable();
  const read = (n: number) => (n === 0 ? TOY_STATE.zero : R[n]);
  const mul = op(({ rd, rn, rm }: { rd: number; rn: number; rm: number }) => ({ d: rd === 0 ? TOY_STATE.sink : R[rd], n: read(rn), m: read(rm) }), (s, { d, n, m }) => {
    const product = s.mul(s.int(n, 64), s.int(m, 64));
    s.setInt(d, s.xor(product, s.shl(s.and(product, s.literal(1, 64)), s.literal(63, 64))));
  });
  const wrong = new InstructionTable((word) => TOY_INSTRUCTIONS.decoder.decode(word), { ...TOY_SEMANTICS, mul });
  const of = (kind: EngineKind) => (kind === 'interpreter' ? wrong : table);
  return { ...toyUnderTest(), make: ({ kind, processors, engine }) => new ToyMachine(kind, processors, engine, of(kind)) };
}

describe('a wrong instruction', () => {
  const under = wrongToy();
  const kinds = ['evaluator', 'interpreter'] as const;
  const failing = Array.from({ length: 40 }, (_, seed) => ({ seed: seed + 1, budget: 3000 })).find((one) => compareEngines(under, one, kinds) !== undefined);

  it('is found by random programs', () => {
    expect(failing).toBeDefined();
  });
  it('is shrunken to a smaller program that still fails', () => {
    const { smallest, divergence } = shrink(under, failing!, kinds);
    expect(divergence.kind).toBe('interpreter');
    expect(smallest.budget).toBeLessThanOrEqual(failing!.budget);
    expect(smallest.without?.size).toBeGreaterThan(under.code.words / 2);
    expect(compareEngines(under, smallest, kinds)).toBeDefined();
  });
  it('is shown with its seed, the differing register and the instruction', () => {
    const [report] = checkCases(under, [failing!], kinds);
    expect(report).toMatch(/^toy, interpreter: seed \d+ \{"budget":\d+/);
    expect(report).toMatch(/cores\.0\.registers\.r\d+: evaluator 0x[0-9a-f]+, interpreter 0x[0-9a-f]+/);
    expect(report).toMatch(/0x[0-9a-f]{8} {2}0x[0-9a-f]{8} {2}mul r/);
  });
});
