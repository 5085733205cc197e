import type { Semantics } from '@worldswitch/engine';
import type { LOAD_STORE_UNPRIVILEGED } from '../facts/encodings/load-store-unprivileged.ts';
import { immediateAccess, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { signed } from './common.ts';

const at = <F>(kind: 'load' | 'store', form: (operands: F) => Transfer) =>
  immediateAccess(kind, form, ({ imm9 }: { readonly imm9: number }) => signed(imm9, 9), 'unprivileged');

export const loadStoreUnprivileged: Semantics<typeof LOAD_STORE_UNPRIVILEGED> = {
  STTRB: at('store', TRANSFERS.byte),
  LDTRB: at('load', TRANSFERS.byte),
  LDTRSB: at('load', TRANSFERS.signedByte),
  STTRH: at('store', TRANSFERS.half),
  LDTRH: at('load', TRANSFERS.half),
  LDTRSH: at('load', TRANSFERS.signedHalf),
  STTR: at('store', TRANSFERS.register),
  LDTR: at('load', TRANSFERS.register),
  LDTRSW: at('load', TRANSFERS.signedWord),
};
