import { op } from '@worldswitch/engine';
import type { Semantics } from '@worldswitch/engine';
import type { LOAD_STORE_UNSIGNED } from '../facts/encodings/load-store-unsigned.ts';
import { immediateAccess, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';

const at = <F>(kind: 'load' | 'store', form: (operands: F) => Transfer) =>
  immediateAccess(kind, form, ({ imm12 }: { readonly imm12: number }, size) => imm12 * size, 'offset');

export const loadStoreUnsigned: Semantics<typeof LOAD_STORE_UNSIGNED> = {
  STRB_unsigned: at('store', TRANSFERS.byte),
  LDRB_unsigned: at('load', TRANSFERS.byte),
  LDRSB_unsigned: at('load', TRANSFERS.signedByte),
  STRH_unsigned: at('store', TRANSFERS.half),
  LDRH_unsigned: at('load', TRANSFERS.half),
  LDRSH_unsigned: at('load', TRANSFERS.signedHalf),
  STR_unsigned: at('store', TRANSFERS.register),
  LDR_unsigned: at('load', TRANSFERS.register),
  LDRSW_unsigned: at('load', TRANSFERS.signedWord),
  // A prefetch never faults and may do nothing (DDI 0487 C6.2 PRFM).
  PRFM_unsigned: op(() => ({}), () => undefined),
};
