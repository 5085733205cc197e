import { op } from '@worldswitch/engine';
import type { I32, Int, IntHole, Operation, Semantics, SemanticsBuilder } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { CONDITIONAL } from '../facts/encodings/conditional.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { conditionOf } from './branches.ts';
import { width } from './common.ts';

type CompareRegister = Operands<(typeof CONDITIONAL)['CCMP_reg']['pattern']>;
type CompareImmediate = Operands<(typeof CONDITIONAL)['CCMP_imm']['pattern']>;
type Select = Operands<(typeof CONDITIONAL)['CSEL']['pattern']>;

/** N 8, Z 4, C 2, V 1 of a ± b, as a number. */
function packedFlags(s: SemanticsBuilder, kind: 'add' | 'sub', a: Int, b: Int): I32 {
  const zero = s.literal(0, a.type === 'i64' ? 64 : 32);
  const result = s.binary(kind, a, b);
  const weigh = (flag: I32, log: number): I32 => s.shl(flag, s.literal(log, 32));
  const n = weigh(s.compare('ltS', result, zero), 3);
  const z = weigh(s.isZero(result), 2);
  const c = weigh(kind === 'add' ? s.compare('ltU', result, a) : s.compare('leU', b, a), 1);
  // Overflow: the operands' signs are equal (add) or differ (sub), and the result's sign is not a's.
  const signs = kind === 'add' ? s.not(s.xor(a, b)) : s.xor(a, b);
  const v = s.compare('ltS', s.and(signs, s.xor(a, result)), zero);
  return s.or(s.or(n, z), s.or(c, v));
}

/**
 * The flags that compilers ask for when the condition fails are nearly always one of these (they make the next condition false);
 * such shapes set the flags lazily. The other values are late bound.
 */
const USUAL: readonly number[] = [0, 2, 4, 8];

function setFlags(s: SemanticsBuilder, kind: 'add' | 'sub', shape: CompareShape, a: Int, b: Int, nzcv: IntHole): void {
  if (shape.condition === 'al') {
    if (kind === 'add') s.setFlagsAdd(a, b);
    else s.setFlagsSub(a, b);
  } else if (shape.nzcv >= 0) s.setFlagsIf(s.condition(shape.condition), kind, a, b, shape.nzcv);
  else s.setFlagsPacked(s.select(s.condition(shape.condition), packedFlags(s, kind, a, b), s.imm(nzcv, 32)));
}

type CompareShape = ReturnType<typeof compareShape>;

/** `nzcv` is -1 where it is late bound. */
function compareShape({ sf, cond, nzcv }: { readonly sf: number; readonly cond: number; readonly nzcv: number }) {
  const condition = conditionOf(cond);
  return { width: width(sf), condition, nzcv: condition === 'al' ? 0 : USUAL.includes(nzcv) ? nzcv : -1 };
}

function compareRegister(kind: 'add' | 'sub'): Operation<CompareRegister> {
  return op(
    (o) => ({ shape: compareShape(o), n: xOrZero(o.rn), m: xOrZero(o.rm), nzcv: o.nzcv }),
    (s, { shape, n, m, nzcv }) => setFlags(s, kind, shape, s.int(n, shape.width), s.int(m, shape.width), nzcv),
  );
}

function compareImmediate(kind: 'add' | 'sub'): Operation<CompareImmediate> {
  return op(
    (o) => ({ shape: compareShape(o), n: xOrZero(o.rn), imm: o.imm5, nzcv: o.nzcv }),
    (s, { shape, n, imm, nzcv }) => setFlags(s, kind, shape, s.int(n, shape.width), s.imm(imm, shape.width), nzcv),
  );
}

function select(otherwise: (s: SemanticsBuilder, value: Int) => Int): Operation<Select> {
  return op(
    ({ sf, rm, cond, rn, rd }) => ({
      shape: { width: width(sf), condition: conditionOf(cond) }, n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd),
    }),
    (s, { shape, n, m, d }) => {
      const then = s.int(n, shape.width);
      s.setInt(d, shape.condition === 'al' ? then : s.select(s.condition(shape.condition), then, otherwise(s, s.int(m, shape.width))));
    },
  );
}

const one = (s: SemanticsBuilder, like: Int): Int => s.literal(1, like.type === 'i64' ? 64 : 32);
const zero = (s: SemanticsBuilder, like: Int): Int => s.literal(0, like.type === 'i64' ? 64 : 32);

export const conditional: Semantics<typeof CONDITIONAL> = {
  CCMN_reg: compareRegister('add'),
  CCMN_imm: compareImmediate('add'),
  CCMP_reg: compareRegister('sub'),
  CCMP_imm: compareImmediate('sub'),
  CSEL: select((_, value) => value),
  CSINC: select((s, value) => s.add(value, one(s, value))),
  CSINV: select((s, value) => s.not(value)),
  CSNEG: select((s, value) => s.sub(zero(s, value), value)),
};
