/**
 * Where AArch32's registers lie in AArch64's (DDI 0487 D1, "Mapping of the general-purpose registers between the Execution states"): a VMM
 * sees a 32-bit guest through these. All banks are always in X0 to X30; R0 to R14 of the mode in use are a view of some of them.
 */
import { KvmError } from '@worldswitch/hypervisor';

/** Banks of registers. User and System mode have one; KVM's `spsr[n]` is bank n + 1. Hyp's SPSR is no bank of KVM's. */
export const BANKS = ['usr', 'svc', 'abt', 'und', 'irq', 'fiq', 'hyp'] as const;
export type Bank = (typeof BANKS)[number];

/** CPSR.M to bank (DDI 0487 G1, "AArch32 PE modes"). Monitor mode needs EL3, which no guest has. */
const BANK_OF_MODE: Readonly<Record<number, Bank>> = { 0x10: 'usr', 0x11: 'fiq', 0x12: 'irq', 0x13: 'svc', 0x17: 'abt', 0x1a: 'hyp', 0x1b: 'und', 0x1f: 'usr' };

/** Numbers of the X registers that hold a bank's SP and LR. Hyp mode uses User mode's LR. */
export const BANKED: Readonly<Record<Bank, { readonly sp: number; readonly lr: number }>> = {
  usr: { sp: 13, lr: 14 }, hyp: { sp: 15, lr: 14 }, irq: { sp: 17, lr: 16 }, svc: { sp: 19, lr: 18 }, abt: { sp: 21, lr: 20 }, und: { sp: 23, lr: 22 }, fiq: { sp: 29, lr: 30 },
};

/** R8_fiq is here, R9_fiq to R12_fiq follow. */
const FIRST_FIQ = 24;

/** Throws `KvmError` EINVAL for a mode that no guest can be in. */
export function bankOf(cpsr: bigint): Bank {
  const mode = Number(cpsr & 0x1fn);
  const bank = BANK_OF_MODE[mode];
  if (bank !== undefined) return bank;
  throw new KvmError('EINVAL', {
    value: `CPSR.M 0x${mode.toString(16)}`, rule: 'AArch32 at EL0, EL1 and EL2 has the modes usr, fiq, irq, svc, abt, hyp, und and sys', remedy: `use one of ${Object.keys(BANK_OF_MODE).map((m) => `0x${Number(m).toString(16)}`).join(', ')}`,
  });
}

/** X registers of R0 to R14 in this mode. */
export function viewOf(cpsr: bigint): readonly number[] {
  const bank = bankOf(cpsr);
  const { sp, lr } = BANKED[bank];
  const high = bank === 'fiq' ? FIRST_FIQ : 8;
  return Array.from({ length: 15 }, (_, n) => (n < 8 ? n : n < 13 ? high + n - 8 : n === 13 ? sp : lr));
}
