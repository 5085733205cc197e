import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { Operands } from '@worldswitch/isa';
import type { SIMD_LOAD_STORE_PAIR } from '../facts/encodings/simd-load-store-pair.ts';
import { V, xOrSp } from '../state.ts';
import { indexed, open } from './access.ts';
import type { Mode } from './access.ts';
import { NONTEMPORAL, SIMD } from './attributes.ts';
import { signed } from './common.ts';
import { bytesOf, loadScalar, storeScalar } from './vector.ts';

type Fields = Operands<(typeof SIMD_LOAD_STORE_PAIR)['LDP_fp']['pattern']>;

function pair(kind: 'load' | 'store', mode: Mode, attributes = 0): Operation<Fields> {
  return op(
    ({ opc, imm7, rt2, rn, rt }) => {
      const size = bytesOf(opc + 2);
      return { shape: { size, sp: rn === 31 }, t: V[rt], t2: V[rt2], n: xOrSp(rn), imm: signed(imm7, 7) * size };
    },
    (s, { shape: { size, sp }, t, t2, n, imm }) => {
      const { address, writeback } = indexed(s, mode, s.int(n, 64), s.imm(imm, 64));
      const access = open(s, kind, address, 2 * size, sp, { element: size, attributes: SIMD | attributes });
      if (kind === 'load') {
        const first = loadScalar(s, access, 0, size);
        s.setVector(t2, loadScalar(s, access, size, size));
        s.setVector(t, first);
      } else {
        storeScalar(s, access, 0, size, t);
        storeScalar(s, access, size, size, t2);
      }
      if (writeback !== undefined) s.setInt(n, writeback);
    },
  );
}

export const simdLoadStorePair: Semantics<typeof SIMD_LOAD_STORE_PAIR> = {
  STP_fp: pair('store', 'offset'),
  LDP_fp: pair('load', 'offset'),
  STP_fp_post: pair('store', 'post'),
  LDP_fp_post: pair('load', 'post'),
  STP_fp_pre: pair('store', 'pre'),
  LDP_fp_pre: pair('load', 'pre'),
  STNP_fp: pair('store', 'offset', NONTEMPORAL),
  LDNP_fp: pair('load', 'offset', NONTEMPORAL),
};
