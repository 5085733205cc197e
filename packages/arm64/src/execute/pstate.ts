import { op } from '@worldswitch/engine';
import type { Operation, Semantics } from '@worldswitch/engine';
import type { PSTATE } from '../facts/encodings/pstate.ts';

/** The helper knows the field by op1:op2, and checks whether it exists and may be written at this exception level. */
function write(op1: number, op2: number): Operation<{ readonly crm: number }> {
  return op(({ crm }) => ({ crm }), (s, { crm }) => void s.helper('pstateImmediate', s.literal(op1 * 8 + op2, 64), s.imm(crm, 64)));
}

const N = 8;
const Z = 4;
const C = 2;
const V = 1;

export const pstate: Semantics<typeof PSTATE> = {
  MSR_UAO: write(0, 3),
  MSR_PAN: write(0, 4),
  MSR_SPSel: write(0, 5),
  MSR_SSBS: write(3, 1),
  MSR_DIT: write(3, 2),
  MSR_TCO: write(3, 4),
  MSR_DAIFSet: write(3, 6),
  MSR_DAIFClr: write(3, 7),
  MSR_ALLINT: op(() => undefined, () => undefined),
  MSR_SVCR: op(() => undefined, () => undefined),
  CFINV: op(() => ({}), (s) => s.setFlagsPacked(s.xor(s.flags(), s.literal(C, 32)))),
  // N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z (DDI 0487 C6.2 XAFLAG).
  XAFLAG: op(() => ({}), (s) => {
    const z = s.condition('eq');
    const c = s.condition('cs');
    const notC = s.condition('cc');
    const flag = (value: typeof z, weight: number) => s.mul(value, s.literal(weight, 32));
    const n = flag(s.and(notC, s.condition('ne')), N);
    s.setFlagsPacked(s.or(s.or(n, flag(s.and(z, c), Z)), s.or(flag(s.or(c, z), C), flag(s.and(notC, z), V))));
  }),
  // N = 0, Z = Z | V, C = C & !V, V = 0 (DDI 0487 C6.2 AXFLAG).
  AXFLAG: op(() => ({}), (s) => {
    const z = s.or(s.condition('eq'), s.condition('vs'));
    const c = s.and(s.condition('cs'), s.condition('vc'));
    s.setFlagsPacked(s.or(s.mul(z, s.literal(Z, 32)), s.mul(c, s.literal(C, 32))));
  }),
};
