import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { EXCEPTIONS } from '../facts/encodings/exceptions.ts';

type Fields = { readonly imm16: number };

/** The processor routes the exception; it gets the immediate. */
function raise(name: 'svc' | 'hvc' | 'smc' | 'brk' | 'hlt'): Operation<Fields> {
  return op(({ imm16 }) => ({ imm: imm16 }), (s, { imm }) => s.raise(name, s.imm(imm, 64)));
}

export const exceptions: Semantics<typeof EXCEPTIONS> = {
  SVC: raise('svc'),
  HVC: raise('hvc'),
  SMC: raise('smc'),
  BRK: raise('brk'),
  // The processor answers semihosting calls, and raises UNDEFINED for the rest: there is no halting debug.
  HLT: raise('hlt'),
  ERET: op(() => ({}), (s) => {
    s.helper('eret');
    s.helperJump();
  }),
  UDF: op(() => undefined, () => undefined),
};
