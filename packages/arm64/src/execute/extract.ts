import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { EXTRACT } from '../facts/encodings/extract.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { width } from './common.ts';

export const extract: Semantics<typeof EXTRACT> = {
  EXTR: op(
    ({ sf, rm, imms, rn, rd }) => ({
      shape: { width: width(sf), way: imms === 0 ? 'low' : rn === rm ? 'rotate' : 'pair' },
      n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd), lsb: imms,
    }),
    (s, { shape: { width: size, way }, n, m, d, lsb }) => {
      const low = s.int(m, size);
      if (way === 'low') return s.setInt(d, low);
      const amount = s.imm(lsb, size);
      if (way === 'rotate') return s.setInt(d, s.rotr(low, amount));
      // Shift amounts count modulo the width, so the negated amount shifts by width - lsb.
      return s.setInt(d, s.or(s.shrU(low, amount), s.shl(s.int(n, size), s.sub(s.literal(0, size), amount))));
    },
  ),
};
