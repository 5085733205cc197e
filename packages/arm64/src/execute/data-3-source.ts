import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { DATA_3_SOURCE } from '../facts/encodings/data-3-source.ts';
import { xOrSink, xOrZero } from '../state.ts';
import { width } from './common.ts';

interface Fields {
  readonly rm: number;
  readonly ra: number;
  readonly rn: number;
  readonly rd: number;
}

function accumulate(kind: 'add' | 'sub'): Operation<Fields & { readonly sf: number }> {
  return op(
    ({ sf, rm, ra, rn, rd }) => ({
      shape: { width: width(sf), mul: kind === 'add' && ra === 31 }, n: xOrZero(rn), m: xOrZero(rm), a: xOrZero(ra), d: xOrSink(rd),
    }),
    (s, { shape: { width: size, mul }, n, m, a, d }) => {
      const product = s.mul(s.int(n, size), s.int(m, size));
      s.setInt(d, mul ? product : s.binary(kind, s.int(a, size), product));
    },
  );
}

/** 32 × 32 bits to 64. */
function accumulateLong(kind: 'add' | 'sub', extension: 'extendU' | 'extendS'): Operation<Fields> {
  return op(
    ({ rm, ra, rn, rd }) => ({ shape: { mul: kind === 'add' && ra === 31 }, n: xOrZero(rn), m: xOrZero(rm), a: xOrZero(ra), d: xOrSink(rd) }),
    (s, { shape, n, m, a, d }) => {
      const product = s.mul(s[extension](s.int(n, 32)), s[extension](s.int(m, 32)));
      s.setInt(d, shape.mul ? product : s.binary(kind, s.int(a, 64), product));
    },
  );
}

function high(kind: 'mulHighU' | 'mulHighS'): Operation<Omit<Fields, 'ra'>> {
  return op(
    ({ rm, rn, rd }) => ({ n: xOrZero(rn), m: xOrZero(rm), d: xOrSink(rd) }),
    (s, { n, m, d }) => s.setInt(d, s.binary(kind, s.int(n, 64), s.int(m, 64))),
  );
}

export const data3Source: Semantics<typeof DATA_3_SOURCE> = {
  MADD: accumulate('add'),
  MSUB: accumulate('sub'),
  SMADDL: accumulateLong('add', 'extendS'),
  SMSUBL: accumulateLong('sub', 'extendS'),
  UMADDL: accumulateLong('add', 'extendU'),
  UMSUBL: accumulateLong('sub', 'extendU'),
  SMULH: high('mulHighS'),
  UMULH: high('mulHighU'),
};
