import type { Semantics } from '@worldswitch/engine';
import type { ORDERED } from '../facts/encodings/ordered.ts';
import { baseAccess, immediateAccess, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { ACQUIRE, LIMITED_ORDER, RELEASE } from './attributes.ts';
import { signed } from './common.ts';

/** Alignment to the size of the access, until FEAT_LSE2 (DDI 0487 B2.8.2). */
const STRICT = { alignment: 'strict' } as const;

const load = <F>(form: (operands: F) => Transfer, attributes = 0) => baseAccess('load', form, ACQUIRE | attributes, STRICT);
const store = <F>(form: (operands: F) => Transfer, attributes = 0) => baseAccess('store', form, RELEASE | attributes, STRICT);
const unscaled = <F>(kind: 'load' | 'store', form: (operands: F) => Transfer) =>
  immediateAccess(kind, form, ({ imm9 }: { readonly imm9: number }) => signed(imm9, 9), 'offset', kind === 'load' ? ACQUIRE : RELEASE, STRICT);

export const ordered: Semantics<typeof ORDERED> = {
  STLRB: store(TRANSFERS.byte),
  STLRH: store(TRANSFERS.half),
  STLR: store(TRANSFERS.register),
  STLLRB: store(TRANSFERS.byte, LIMITED_ORDER),
  STLLRH: store(TRANSFERS.half, LIMITED_ORDER),
  STLLR: store(TRANSFERS.register, LIMITED_ORDER),
  LDARB: load(TRANSFERS.byte),
  LDARH: load(TRANSFERS.half),
  LDAR: load(TRANSFERS.register),
  LDLARB: load(TRANSFERS.byte, LIMITED_ORDER),
  LDLARH: load(TRANSFERS.half, LIMITED_ORDER),
  LDLAR: load(TRANSFERS.register, LIMITED_ORDER),
  LDAPRB: load(TRANSFERS.byte),
  LDAPRH: load(TRANSFERS.half),
  LDAPR: load(TRANSFERS.register),
  STLURB: unscaled('store', TRANSFERS.byte),
  LDAPURB: unscaled('load', TRANSFERS.byte),
  LDAPURSB: unscaled('load', TRANSFERS.signedByte),
  STLURH: unscaled('store', TRANSFERS.half),
  LDAPURH: unscaled('load', TRANSFERS.half),
  LDAPURSH: unscaled('load', TRANSFERS.signedHalf),
  STLUR: unscaled('store', TRANSFERS.register),
  LDAPUR: unscaled('load', TRANSFERS.register),
  LDAPURSW: unscaled('load', TRANSFERS.signedWord),
};
