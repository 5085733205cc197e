import type { Semantics } from '@worldswitch/engine';
import type { LOAD_STORE_INDEXED } from '../facts/encodings/load-store-indexed.ts';
import { immediateAccess, TRANSFERS } from './access.ts';
import type { Mode, Transfer } from './access.ts';
import { signed } from './common.ts';

const at = <F>(kind: 'load' | 'store', form: (operands: F) => Transfer, mode: Mode) =>
  immediateAccess(kind, form, ({ imm9 }: { readonly imm9: number }) => signed(imm9, 9), mode);

export const loadStoreIndexed: Semantics<typeof LOAD_STORE_INDEXED> = {
  STRB_post: at('store', TRANSFERS.byte, 'post'),
  LDRB_post: at('load', TRANSFERS.byte, 'post'),
  LDRSB_post: at('load', TRANSFERS.signedByte, 'post'),
  STRH_post: at('store', TRANSFERS.half, 'post'),
  LDRH_post: at('load', TRANSFERS.half, 'post'),
  LDRSH_post: at('load', TRANSFERS.signedHalf, 'post'),
  STR_post: at('store', TRANSFERS.register, 'post'),
  LDR_post: at('load', TRANSFERS.register, 'post'),
  LDRSW_post: at('load', TRANSFERS.signedWord, 'post'),
  STRB_pre: at('store', TRANSFERS.byte, 'pre'),
  LDRB_pre: at('load', TRANSFERS.byte, 'pre'),
  LDRSB_pre: at('load', TRANSFERS.signedByte, 'pre'),
  STRH_pre: at('store', TRANSFERS.half, 'pre'),
  LDRH_pre: at('load', TRANSFERS.half, 'pre'),
  LDRSH_pre: at('load', TRANSFERS.signedHalf, 'pre'),
  STR_pre: at('store', TRANSFERS.register, 'pre'),
  LDR_pre: at('load', TRANSFERS.register, 'pre'),
  LDRSW_pre: at('load', TRANSFERS.signedWord, 'pre'),
};
