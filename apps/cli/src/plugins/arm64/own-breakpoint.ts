import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import { SCTLR_EL1, VECTOR_OFFSETS } from '@worldswitch/arm64-sysreg';
import type { Exit, Vcpu } from '@worldswitch/hypervisor';

/** PSTATE as SPSR_ELx holds it (DDI 0487 C5.2.19): what an exception keeps (NZCV, DIT, PAN), and EL1h with D, A, I and F masked. */
const KEPT = 0xf140_0000n;
const EL1H_MASKED = 0x3c5n;
const PAN = 1n << 22n;
const SSBS = 1n << 12n;
const LEVEL = 0xcn;
const OWN_STACK = 1n;
const AARCH32 = 1n << 4n;

/**
 * Gives a breakpoint instruction back to the guest that has it in its own code. While a VMM debugs a guest, KVM sends it every BRK
 * (MDCR_EL2.TDE); one that the debugger did not set is the guest's, and the VMM raises the exception that the guest would have taken:
 * to EL1, with the syndrome of the exit (DDI 0487 D1.3.1).
 */
export function returnBreakpoint(vcpu: Vcpu<Arm64DebugExit>, { pc, arch }: Extract<Exit<Arm64DebugExit>, { kind: 'debug' }>): void {
  const pstate = vcpu.getRegister('pstate');
  const control = SCTLR_EL1.decode(vcpu.getRegister('SCTLR_EL1'));
  const { sync } = VECTOR_OFFSETS[vectors(pstate)];
  vcpu.setRegister('ESR_EL1', BigInt(arch.hsr));
  vcpu.setRegister('ELR_EL1', pc);
  vcpu.setRegister('SPSR_EL1', pstate);
  vcpu.setRegister('pstate', (pstate & KEPT) | EL1H_MASKED | (control.SPAN === 0 ? PAN : 0n) | (control.DSSBS === 1 ? SSBS : 0n));
  vcpu.setRegister('pc', BigInt.asUintN(64, vcpu.getRegister('VBAR_EL1') + BigInt(sync)));
}

function vectors(pstate: bigint): keyof typeof VECTOR_OFFSETS {
  if ((pstate & LEVEL) !== 0n) return (pstate & OWN_STACK) === 0n ? 'currentSp0' : 'currentSpx';
  return (pstate & AARCH32) === 0n ? 'lower64' : 'lower32';
}
