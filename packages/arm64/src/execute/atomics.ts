import { op } from '@worldswitch/engine';
import type { Int, Operation, Semantics, SemanticsBuilder } from '@worldswitch/engine';
import type { ATOMICS } from '../facts/encodings/atomics.ts';
import { X, xOrSink, xOrSp, xOrZero } from '../state.ts';
import { checkBase, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { ATOMIC, PAIR } from './attributes.ts';

interface Fields {
  readonly rs: number;
  readonly rn: number;
  readonly rt: number;
}

/** The new value in memory, from the old value and the register, both zero-extended from the size of the access. */
type Compute = (s: SemanticsBuilder, old: Int, operand: Int, size: number) => Int;

/*
 * Acquire and release change nothing on a machine that makes accesses in program order, and are no part of an atomic's syndrome
 * (its ISV is 0), so they stay out of the shape.
 */

/** A register cut to the size of the access. */
function narrowed(s: SemanticsBuilder, value: Int, size: number): Int {
  return size < 4 ? s.and(value, s.literal(size === 1 ? 0xff : 0xffff, 32)) : value;
}

function widened(s: SemanticsBuilder, value: Int, size: number): Int {
  return size === 1 ? s.unary('extend8', value) : size === 2 ? s.unary('extend16', value) : value;
}

function atomic<F>(form: (operands: F) => Transfer, compute: Compute): Operation<F & Fields> {
  return op(
    (o: F & Fields) => {
      const { size, width } = form(o);
      return { shape: { size, width, sp: o.rn === 31 }, operand: xOrZero(o.rs), t: xOrSink(o.rt), n: xOrSp(o.rn) };
    },
    (s, { shape: { size, width, sp }, operand, t, n }) => {
      checkBase(s, sp);
      const access = s.access('update', s.int(n, 64), size, { alignment: 'strict', attributes: ATOMIC });
      const old = s.loadFrom(access, 0, size, width);
      s.storeTo(access, 0, size, compute(s, old, narrowed(s, s.int(operand, width), size), size));
      s.setInt(t, old);
    },
  );
}

const choose = (compare: 'ltU' | 'ltS', largest: boolean): Compute => (s, old, operand, size) => {
  const [a, b] = compare === 'ltS' ? [widened(s, old, size), widened(s, operand, size)] : [old, operand];
  return s.select(largest ? s.compare(compare, b, a) : s.compare(compare, a, b), old, operand);
};

const add: Compute = (s, old, operand) => s.add(old, operand);
const clear: Compute = (s, old, operand) => s.and(old, s.not(operand));
const exclusiveOr: Compute = (s, old, operand) => s.xor(old, operand);
const set: Compute = (s, old, operand) => s.or(old, operand);
const swap: Compute = (_, __, operand) => operand;
const signedMaximum = choose('ltS', true);
const signedMinimum = choose('ltS', false);
const unsignedMaximum = choose('ltU', true);
const unsignedMinimum = choose('ltU', false);

/** Stores in any case, the old value where the comparison fails: write permission is needed either way (DDI 0487 C6.2 CAS). */
function compareAndSwap<F>(form: (operands: F) => Transfer): Operation<F & Fields> {
  return op(
    (o: F & Fields) => {
      const { size, width } = form(o);
      return {
        shape: { size, width, sp: o.rn === 31 },
        expected: xOrZero(o.rs), old: xOrSink(o.rs), t: xOrZero(o.rt), n: xOrSp(o.rn),
      };
    },
    (s, { shape: { size, width, sp }, expected, old, t, n }) => {
      checkBase(s, sp);
      const access = s.access('update', s.int(n, 64), size, { alignment: 'strict', attributes: ATOMIC });
      const found = s.loadFrom(access, 0, size, width);
      const equal = s.compare('eq', found, narrowed(s, s.int(expected, width), size));
      s.storeTo(access, 0, size, s.select(equal, s.int(t, width), found));
      s.setInt(old, found);
    },
  );
}

/** Register 30's partner is 31, the zero register. */
function compareAndSwapPair(): Operation<Fields & { readonly sz: number }> {
  return op(
    (o) => {
      const { size, width } = TRANSFERS.register(o);
      return {
        shape: { size, width, sp: o.rn === 31 },
        n: xOrSp(o.rn), s1: X[o.rs], s2: xOrZero(o.rs + 1), old2: xOrSink(o.rs + 1), t1: X[o.rt], t2: xOrZero(o.rt + 1),
      };
    },
    (s, { shape: { size, width, sp }, n, s1, s2, old2, t1, t2 }) => {
      checkBase(s, sp);
      const access = s.access('update', s.int(n, 64), 2 * size, { element: size, alignment: 'strict', alignTo: 2 * size, attributes: ATOMIC | PAIR });
      const first = s.loadFrom(access, 0, size, width);
      const second = s.loadFrom(access, size, size, width);
      const equal = s.and(s.compare('eq', first, s.int(s1, width)), s.compare('eq', second, s.int(s2, width)));
      s.storeTo(access, 0, size, s.select(equal, s.int(t1, width), first));
      s.storeTo(access, size, size, s.select(equal, s.int(t2, width), second));
      s.setInt(s1, first);
      s.setInt(old2, second);
    },
  );
}

export const atomics: Semantics<typeof ATOMICS> = {
  LDADDB: atomic(TRANSFERS.byte, add),
  LDADDH: atomic(TRANSFERS.half, add),
  LDADD: atomic(TRANSFERS.register, add),
  LDCLRB: atomic(TRANSFERS.byte, clear),
  LDCLRH: atomic(TRANSFERS.half, clear),
  LDCLR: atomic(TRANSFERS.register, clear),
  LDEORB: atomic(TRANSFERS.byte, exclusiveOr),
  LDEORH: atomic(TRANSFERS.half, exclusiveOr),
  LDEOR: atomic(TRANSFERS.register, exclusiveOr),
  LDSETB: atomic(TRANSFERS.byte, set),
  LDSETH: atomic(TRANSFERS.half, set),
  LDSET: atomic(TRANSFERS.register, set),
  LDSMAXB: atomic(TRANSFERS.byte, signedMaximum),
  LDSMAXH: atomic(TRANSFERS.half, signedMaximum),
  LDSMAX: atomic(TRANSFERS.register, signedMaximum),
  LDSMINB: atomic(TRANSFERS.byte, signedMinimum),
  LDSMINH: atomic(TRANSFERS.half, signedMinimum),
  LDSMIN: atomic(TRANSFERS.register, signedMinimum),
  LDUMAXB: atomic(TRANSFERS.byte, unsignedMaximum),
  LDUMAXH: atomic(TRANSFERS.half, unsignedMaximum),
  LDUMAX: atomic(TRANSFERS.register, unsignedMaximum),
  LDUMINB: atomic(TRANSFERS.byte, unsignedMinimum),
  LDUMINH: atomic(TRANSFERS.half, unsignedMinimum),
  LDUMIN: atomic(TRANSFERS.register, unsignedMinimum),
  SWPB: atomic(TRANSFERS.byte, swap),
  SWPH: atomic(TRANSFERS.half, swap),
  SWP: atomic(TRANSFERS.register, swap),
  CASB: compareAndSwap(TRANSFERS.byte),
  CASH: compareAndSwap(TRANSFERS.half),
  CAS: compareAndSwap(TRANSFERS.register),
  CASP: compareAndSwapPair(),
};
