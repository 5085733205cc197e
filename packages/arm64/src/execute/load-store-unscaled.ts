import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { LOAD_STORE_UNSCALED } from '../facts/encodings/load-store-unscaled.ts';
import { immediateAccess, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { signed } from './common.ts';

const at = <F>(kind: 'load' | 'store', form: (operands: F) => Transfer) =>
  immediateAccess(kind, form, ({ imm9 }: { readonly imm9: number }) => signed(imm9, 9), 'offset');

export const loadStoreUnscaled: Semantics<typeof LOAD_STORE_UNSCALED> = {
  STURB: at('store', TRANSFERS.byte),
  LDURB: at('load', TRANSFERS.byte),
  LDURSB: at('load', TRANSFERS.signedByte),
  STURH: at('store', TRANSFERS.half),
  LDURH: at('load', TRANSFERS.half),
  LDURSH: at('load', TRANSFERS.signedHalf),
  STUR: at('store', TRANSFERS.register),
  LDUR: at('load', TRANSFERS.register),
  LDURSW: at('load', TRANSFERS.signedWord),
  PRFUM: op(() => ({}), () => undefined),
};
