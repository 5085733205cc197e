import { op } from '@worldswitch/engine';
import type { I64, Operation, Semantics, SemanticsBuilder, SlotHole } from '@worldswitch/engine';
import type { LOAD_STORE_REGISTER } from '../facts/encodings/load-store-register.ts';
import { xOrSink, xOrSp, xOrZero } from '../state.ts';
import { open, scaledBy, transfer, TRANSFERS } from './access.ts';
import type { Transfer } from './access.ts';
import { extendRegister } from './common.ts';
import type { ExtendKind } from './common.ts';

export interface RegisterOffset {
  readonly rm: number;
  readonly option: number;
  readonly s: number;
  readonly rn: number;
  readonly rt: number;
}

/** How the offset register is extended. SXTX changes nothing in 64 bits. */
export function offsetExtend(option: number): ExtendKind {
  return option === 2 ? 'uxtw' : option === 6 ? 'sxtw' : 'none';
}

/** Base plus the extended offset register, shifted left by `log`. */
export function registerAddress(s: SemanticsBuilder, n: SlotHole, m: SlotHole, extend: ExtendKind, log: number): I64 {
  return s.add(s.int(n, 64), scaledBy(s, extendRegister(s, extend, m, 64), log) as I64);
}

function at<F>(kind: 'load' | 'store', form: (operands: F) => Transfer): Operation<F & RegisterOffset> {
  return op(
    (o: F & RegisterOffset) => {
      const { size, width, signed } = form(o);
      return {
        shape: { size, width, signed, sp: o.rn === 31, extend: offsetExtend(o.option), log: o.s === 1 ? Math.log2(size) : 0 },
        t: kind === 'load' ? xOrSink(o.rt) : xOrZero(o.rt), n: xOrSp(o.rn), m: xOrZero(o.rm),
      };
    },
    (s, { shape, t, n, m }) => {
      const address = registerAddress(s, n, m, shape.extend, shape.log);
      transfer(s, kind, open(s, kind, address, shape.size, shape.sp), shape, t);
    },
  );
}

export const loadStoreRegister: Semantics<typeof LOAD_STORE_REGISTER> = {
  STRB_reg: at('store', TRANSFERS.byte),
  LDRB_reg: at('load', TRANSFERS.byte),
  LDRSB_reg: at('load', TRANSFERS.signedByte),
  STRH_reg: at('store', TRANSFERS.half),
  LDRH_reg: at('load', TRANSFERS.half),
  LDRSH_reg: at('load', TRANSFERS.signedHalf),
  STR_reg: at('store', TRANSFERS.register),
  LDR_reg: at('load', TRANSFERS.register),
  LDRSW_reg: at('load', TRANSFERS.signedWord),
  PRFM_reg: op(() => ({}), () => undefined),
};
