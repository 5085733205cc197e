/**
 * The kernel's register identifiers as a VMM computes them from the ABI: `struct kvm_regs` by offsets, system registers by encodings (KVM's
 * documentation of KVM_SET_ONE_REG; `asm/kvm.h`).
 */
import { nameOf, registerAt } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';

const ARM64 = 0x6000n << 48n;
const KIND = 0xfff_0000n;
const CORE = 0x10_0000n;
const DEMUX = 0x11_0000n;
const SYSREG = 0x13_0000n;
const FIRMWARE = 0x14_0000n;
const FIRMWARE_BITMAP = 0x16_0000n;

const sizeField = (bytes: number): bigint => BigInt(Math.log2(bytes)) << 52n;

/** A register of `struct kvm_regs` by its place in bytes; identifiers count words of 4. */
export function coreId(offset: number, bytes: 4 | 8 | 16): bigint {
  return ARM64 | sizeField(bytes) | CORE | BigInt(offset / 4);
}

/** A system register by op0, op1, CRn, CRm, op2. */
export function systemId(op0: number, op1: number, crn: number, crm: number, op2: number): bigint {
  return ARM64 | sizeField(8) | SYSREG | BigInt((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2);
}

/** The count of the virtual timer. The ABI has the encodings of this and of TIMER_CVAL the wrong way round, for ever: this is CNTV_CVAL_EL0's. */
export const TIMER_CNT = systemId(3, 3, 14, 3, 2);
/** The comparison value of the virtual timer, with CNTVCT_EL0's encoding. */
export const TIMER_CVAL = systemId(3, 3, 14, 0, 2);
export const TIMER_CTL = systemId(3, 3, 14, 3, 1);
/** The count of the physical timer, since Linux 6.4; this one's encoding is right. */
export const PHYSICAL_TIMER_CNT = systemId(3, 3, 14, 0, 1);
export const MPIDR = systemId(3, 0, 0, 0, 5);

const TIMERS: ReadonlyMap<bigint, string> = new Map([[TIMER_CNT, 'TIMER_CNT'], [TIMER_CVAL, 'TIMER_CVAL'], [TIMER_CTL, 'TIMER_CTL']]);

const kindOf = (id: bigint): bigint => id & KIND;

/** A field of `struct kvm_regs`: what a VMM moves by hand. */
export function isCore(id: bigint): boolean {
  return kindOf(id) === CORE;
}

/** The architecture's name of a system register that this package's tables have; undefined for others, and for the timers, whose encodings mislead. */
export function systemRegisterOf(id: bigint): string | undefined {
  if (kindOf(id) !== SYSREG || TIMERS.has(id)) return undefined;
  return registerAt(Number(id & 0xffffn))?.name;
}

/** A name for people: of the manual where there is one. */
export function nameOfId(id: bigint): string {
  const timer = TIMERS.get(id);
  if (timer !== undefined) return timer;
  const index = Number(id & 0xffffn);
  switch (kindOf(id)) {
    case CORE: return `kvm_regs + ${hex(BigInt(index * 4))}`;
    case SYSREG: return nameOf(index);
    case DEMUX: return `CCSIDR_EL1 of CSSELR ${index & 0xff}`;
    case FIRMWARE: return `firmware register ${index}`;
    case FIRMWARE_BITMAP: return `firmware feature bitmap ${index}`;
    default: return `register ${hex(id)}`;
  }
}
