import { mask } from '@worldswitch/bits';
import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { BITFIELD } from '../facts/encodings/bitfield.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { immediate, width } from './common.ts';

type Fields = Operands<(typeof BITFIELD)['UBFM']['pattern']>;

/** Extensions from bit 0, which are one operation. */
const EXTENSIONS: Readonly<Record<number, 'extend8' | 'extend16' | 'extend32'>> = { 7: 'extend8', 15: 'extend16', 31: 'extend32' };

type Way = 'copy' | 'left' | 'right' | 'both' | 'extend8' | 'extend16' | 'extend32';

/**
 * UBFM and SBFM as a left shift that drops what lies above the field and a right shift that brings the field to its place and fills:
 * bits imms..immr down to bit 0 (imms ≥ immr), or bits imms..0 up to position size - immr.
 */
function move(fill: 'shrU' | 'shrS'): Operation<Fields> {
  return op(
    ({ sf, immr, imms, rn, rd }) => {
      const size = width(sf);
      const left = size - 1 - imms;
      const right = imms >= immr ? left + immr : immr - imms - 1;
      const extension = immr === 0 && (fill === 'shrS' || imms < 31) && imms < size - 1 ? EXTENSIONS[imms] : undefined;
      const way: Way = extension ?? (left === 0 ? (right === 0 ? 'copy' : 'right') : right === 0 ? 'left' : 'both');
      return { shape: { width: size, way }, n: xOrZero(rn), d: xOrSink(rd), left, right };
    },
    (s, { shape: { width: size, way }, n, d, left, right }) => {
      const value = s.int(n, size);
      switch (way) {
        case 'copy': return s.setInt(d, value);
        case 'left': return s.setInt(d, s.shl(value, s.imm(left, size)));
        case 'right': return s.setInt(d, s.binary(fill, value, s.imm(right, size)));
        case 'both': return s.setInt(d, s.binary(fill, s.shl(value, s.imm(left, size)), s.imm(right, size)));
        default:
          return s.setInt(d, fill === 'shrS' ? s.unary(way, value) : s.and(value, s.literal(way === 'extend8' ? 0xff : 0xffff, size)));
      }
    },
  );
}

export const bitfield: Semantics<typeof BITFIELD> = {
  SBFM: move('shrS'),
  UBFM: move('shrU'),
  // Both directions rotate the source right by immr; what differs is the mask of bits that are replaced.
  BFM: op(
    ({ sf, immr, imms, rn, rd }) => {
      const size = width(sf);
      const replaced = imms >= immr ? mask(imms - immr + 1) : mask(imms + 1) << BigInt(size - immr);
      const { imm, wide } = immediate(replaced, size);
      return { shape: { width: size, wide }, n: xOrZero(rn), from: xOrZero(rd), d: xOrSink(rd), imm, rotate: immr };
    },
    (s, { shape: { width: size }, n, from, d, imm, rotate }) => {
      const replaced = s.imm(imm, size);
      const kept = s.and(s.int(from, size), s.not(replaced));
      s.setInt(d, s.or(kept, s.and(s.rotr(s.int(n, size), s.imm(rotate, size)), replaced)));
    },
  ),
};
