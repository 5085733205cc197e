import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { PC_RELATIVE } from '../facts/encodings/pc-relative.ts';
import { xOrSink } from '../state.ts';
import { signed } from './common.ts';

export const pcRelative: Semantics<typeof PC_RELATIVE> = {
  ADR: op(
    ({ immhi, immlo, rd }) => ({ d: xOrSink(rd), offset: signed(immhi * 4 + immlo, 21) }),
    (s, { d, offset }) => s.setInt(d, s.add(s.pc(), s.imm(offset, 64))),
  ),
  // The distance in pages, because in bytes it does not fit 32 bits.
  ADRP: op(
    ({ immhi, immlo, rd }) => ({ d: xOrSink(rd), pages: signed(immhi * 4 + immlo, 21) }),
    (s, { d, pages }) => s.setInt(d, s.add(s.and(s.pc(), s.literal(-4096, 64)), s.shl(s.imm(pages, 64), s.literal(12, 64)))),
  ),
};
