import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { LOAD_STORE_PAIR } from '../facts/encodings/load-store-pair.ts';
import { xOrSink, xOrSp, xOrZero } from '../state.ts';
import { indexed, open } from './access.ts';
import type { Mode, Transfer } from './access.ts';
import { NONTEMPORAL } from './attributes.ts';
import { signed } from './common.ts';

interface Fields {
  readonly imm7: number;
  readonly rt2: number;
  readonly rn: number;
  readonly rt: number;
}

const register = ({ sf }: { readonly sf: number }): Transfer =>
  sf === 1 ? { size: 8, width: 64, signed: false } : { size: 4, width: 32, signed: false };
const signedWord = (): Transfer => ({ size: 4, width: 64, signed: true });

function pair<F>(kind: 'load' | 'store', form: (operands: F) => Transfer, mode: Mode, attributes = 0): Operation<F & Fields> {
  return op(
    (o: F & Fields) => {
      const { size, width, signed: extended } = form(o);
      const place = kind === 'load' ? xOrSink : xOrZero;
      return {
        shape: { size, width, signed: extended, sp: o.rn === 31 },
        t: place(o.rt), t2: place(o.rt2), n: xOrSp(o.rn), imm: signed(o.imm7, 7) * size,
      };
    },
    (s, { shape: { size, width, signed: extended, sp }, t, t2, n, imm }) => {
      const { address, writeback } = indexed(s, mode, s.int(n, 64), s.imm(imm, 64));
      const access = open(s, kind, address, 2 * size, sp, { element: size, attributes });
      if (kind === 'load') {
        const first = s.loadFrom(access, 0, size, width, extended);
        s.setInt(t2, s.loadFrom(access, size, size, width, extended));
        s.setInt(t, first);
      } else {
        s.storeTo(access, 0, size, s.int(t, width));
        s.storeTo(access, size, size, s.int(t2, width));
      }
      if (writeback !== undefined) s.setInt(n, writeback);
    },
  );
}

export const loadStorePair: Semantics<typeof LOAD_STORE_PAIR> = {
  STP: pair('store', register, 'offset'),
  LDP: pair('load', register, 'offset'),
  LDPSW: pair('load', signedWord, 'offset'),
  STP_post: pair('store', register, 'post'),
  LDP_post: pair('load', register, 'post'),
  LDPSW_post: pair('load', signedWord, 'post'),
  STP_pre: pair('store', register, 'pre'),
  LDP_pre: pair('load', register, 'pre'),
  LDPSW_pre: pair('load', signedWord, 'pre'),
  STNP: pair('store', register, 'offset', NONTEMPORAL),
  LDNP: pair('load', register, 'offset', NONTEMPORAL),
};
