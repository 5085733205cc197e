import { op } from '@worldswitch/engine';
import type { Access, Operation, Semantics, SemanticsBuilder, SlotHole } from '@worldswitch/engine';
import type { SIMD_LOAD_STORE } from '../facts/encodings/simd-load-store.ts';
import { V, xOrSp, xOrZero } from '../state.ts';
import { indexed, open } from './access.ts';
import type { Mode } from './access.ts';
import { SIMD } from './attributes.ts';
import { signed } from './common.ts';
import { offsetExtend, registerAddress } from './load-store-register.ts';
import type { RegisterOffset } from './load-store-register.ts';
import { bytesOf, loadScalar, storeScalar } from './vector.ts';
import type { ScalarSize } from './vector.ts';

type Kind = 'load' | 'store';
type Size<F> = (operands: F) => ScalarSize;

const bySize = ({ size }: { readonly size: number }): ScalarSize => bytesOf(size);
const quad = (): ScalarSize => 16;

const unsigned = ({ imm12 }: { readonly imm12: number }, size: number): number => imm12 * size;
const bytes = ({ imm9 }: { readonly imm9: number }): number => signed(imm9, 9);

function move(s: SemanticsBuilder, kind: Kind, access: Access, size: ScalarSize, t: SlotHole): void {
  if (kind === 'load') s.setVector(t, loadScalar(s, access, 0, size));
  else storeScalar(s, access, 0, size, t);
}

interface Registers {
  readonly rn: number;
  readonly rt: number;
}

function at<F, I>(kind: Kind, sizeOf: Size<F>, offset: (operands: I, size: number) => number, mode: Mode): Operation<F & I & Registers> {
  return op(
    (o: F & I & Registers) => {
      const size = sizeOf(o);
      return { shape: { size, sp: o.rn === 31 }, t: V[o.rt], n: xOrSp(o.rn), imm: offset(o, size) };
    },
    (s, { shape, t, n, imm }) => {
      const { address, writeback } = indexed(s, mode, s.int(n, 64), s.imm(imm, 64));
      move(s, kind, open(s, kind, address, shape.size, shape.sp, { attributes: SIMD }), shape.size, t);
      if (writeback !== undefined) s.setInt(n, writeback);
    },
  );
}

function atRegister<F>(kind: Kind, sizeOf: Size<F>): Operation<F & RegisterOffset> {
  return op(
    (o: F & RegisterOffset) => {
      const size = sizeOf(o);
      return {
        shape: { size, sp: o.rn === 31, extend: offsetExtend(o.option), log: o.s === 1 ? Math.log2(size) : 0 },
        t: V[o.rt], n: xOrSp(o.rn), m: xOrZero(o.rm),
      };
    },
    (s, { shape, t, n, m }) => {
      const address = registerAddress(s, n, m, shape.extend, shape.log);
      move(s, kind, open(s, kind, address, shape.size, shape.sp, { attributes: SIMD }), shape.size, t);
    },
  );
}

export const simdLoadStore: Semantics<typeof SIMD_LOAD_STORE> = {
  STR_fp_unsigned: at('store', bySize, unsigned, 'offset'),
  STR_fp_post: at('store', bySize, bytes, 'post'),
  STR_fp_pre: at('store', bySize, bytes, 'pre'),
  STUR_fp: at('store', bySize, bytes, 'offset'),
  STR_fp_reg: atRegister('store', bySize),
  STR_q_unsigned: at('store', quad, unsigned, 'offset'),
  STR_q_post: at('store', quad, bytes, 'post'),
  STR_q_pre: at('store', quad, bytes, 'pre'),
  STUR_q: at('store', quad, bytes, 'offset'),
  STR_q_reg: atRegister('store', quad),
  LDR_fp_unsigned: at('load', bySize, unsigned, 'offset'),
  LDR_fp_post: at('load', bySize, bytes, 'post'),
  LDR_fp_pre: at('load', bySize, bytes, 'pre'),
  LDUR_fp: at('load', bySize, bytes, 'offset'),
  LDR_fp_reg: atRegister('load', bySize),
  LDR_q_unsigned: at('load', quad, unsigned, 'offset'),
  LDR_q_post: at('load', quad, bytes, 'post'),
  LDR_q_pre: at('load', quad, bytes, 'pre'),
  LDUR_q: at('load', quad, bytes, 'offset'),
  LDR_q_reg: atRegister('load', quad),
  LDR_fp_lit: op(
    ({ opc, imm19, rt }) => ({ shape: { size: bytesOf(opc + 2) }, t: V[rt], offset: signed(imm19, 19) * 4 }),
    (s, { shape: { size }, t, offset }) =>
      move(s, 'load', s.access('read', s.add(s.pc(), s.imm(offset, 64)), size, { attributes: SIMD }), size, t),
  ),
};
