/** What loads and stores of structures share: registers that follow each other, the access, and the post-index. */
import { op } from '@worldswitch/engine';
import type { Access, IntHole, Operation, SemanticsBuilder, ShapeKey, Slot, SlotHole } from '@worldswitch/engine';
import { V, xOrSp, xOrZero } from '../state.ts';
import { open } from './access.ts';
import { SIMD } from './attributes.ts';

export interface Form<F, S extends ShapeKey> {
  readonly kind: 'load' | 'store';
  /** 1 to 4; after V31 comes V0. */
  readonly registers: number;
  readonly shape: (operands: F) => S;
  /** Bytes of one element. */
  readonly element: (shape: S) => 1 | 2 | 4 | 8;
  /** Bytes of the whole access: also what the post-index without register adds. */
  readonly bytes: (shape: S) => number;
  /** For one lane of each register: the number of its lowest bit. */
  readonly lane?: (operands: F) => number;
  readonly move: (s: SemanticsBuilder, access: Access, registers: readonly SlotHole[], shape: S, lane: IntHole) => void;
}

interface Registers {
  readonly rn: number;
  readonly rt: number;
  /** Post-indexed forms only; 31 adds the size of the access. */
  readonly rm?: number;
}

interface Bound {
  readonly n: Slot;
  readonly t: Slot;
  readonly lane?: number;
  readonly t2?: Slot;
  readonly t3?: Slot;
  readonly t4?: Slot;
  readonly m?: Slot;
  readonly step?: number;
}

const NAMES = ['t', 't2', 't3', 't4'] as const;

/** The operation of a form; post-indexed where the row has rm. */
export function structure<F, S extends ShapeKey>(form: Form<F, S>): Operation<F & Registers> {
  return op(
    (o: F & Registers) => {
      const own = form.shape(o);
      const bound: Bound = {
        n: xOrSp(o.rn), t: V[o.rt],
        ...(form.lane && { lane: form.lane(o) }),
        ...Object.fromEntries(NAMES.slice(1, form.registers).map((name, i) => [name, V[(o.rt + i + 1) % 32]])),
        ...(o.rm !== undefined && { m: xOrZero(o.rm), step: o.rm === 31 ? form.bytes(own) : 0 }),
      };
      return { shape: { ...own, sp: o.rn === 31, post: o.rm !== undefined }, ...bound };
    },
    (s, holes) => {
      const { shape, n, lane, m, step } = holes;
      const address = s.int(n, 64);
      const access = open(s, form.kind, address, form.bytes(shape), shape.sp, { element: form.element(shape), attributes: SIMD });
      form.move(s, access, NAMES.slice(0, form.registers).map((name) => holes[name]), shape, lane);
      if (shape.post) s.setInt(n, s.add(s.add(address, s.int(m, 64)), s.imm(step, 64)));
    },
  );
}
