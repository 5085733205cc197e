/** Register identifiers taken apart (KVM_REG_* of the kernel's linux/kvm.h and asm/kvm.h). */
import { genericName, nameOf } from '@worldswitch/arm64-sysreg';

const ARCH = 0x6000_0000_0000_0000n;
const SIZE_SHIFT = 52n;
const SIZE_MASK = 0xfn << SIZE_SHIFT;
const COPROCESSOR_MASK = 0x0fff_0000n;

/** Kinds of register: bits 27:16. */
export const COPROCESSOR = { core: 0x10_0000n, demux: 0x11_0000n, sysreg: 0x13_0000n, firmware: 0x14_0000n, sve: 0x15_0000n, firmwareBitmap: 0x16_0000n } as const;

/** Words of `struct kvm_regs`. */
const CORE_WORDS = 864n / 4n;

/** Whether all of the upper half but the size is as it must be. */
export const isArm64 = (id: bigint): boolean => (id & ~SIZE_MASK) >> 32n === ARCH >> 32n;

/** Bytes. */
export const sizeOf = (id: bigint): number => 1 << Number((id & SIZE_MASK) >> SIZE_SHIFT);

export const coprocessorOf = (id: bigint): bigint => id & COPROCESSOR_MASK;

/** Of a core register: where it is in the structure, in words; what is between kind and size counts, so that it is beyond the end. */
export const wordOf = (id: bigint): bigint => id & ~(0xff00_0000_0000_0000n | SIZE_MASK | COPROCESSOR.core);

/** Whether a core register would be past the end of the structure. Its last word is padding. */
export const beyondCore = (id: bigint): boolean => wordOf(id) >= CORE_WORDS || wordOf(id) + BigInt(sizeOf(id) >> 2) >= CORE_WORDS;

/** Of a system register: op0, op1, CRn, CRm and op2 as MRS has them. */
export const packedOf = (id: bigint): number => Number(id & 0xffffn);

/** The identifier of a system register. */
export const sysregId = (packed: number): bigint => ARCH | (3n << SIZE_SHIFT) | COPROCESSOR.sysreg | BigInt(packed);

/** Of CCSIDR_EL1 by what CSSELR_EL1 is for it. */
export const ccsidrId = (csselr: number): bigint => ARCH | (2n << SIZE_SHIFT) | COPROCESSOR.demux | BigInt(csselr);

const SVE_VLS = 0xffffn;
const SVE_Z_END = 0x3ffn;
const SVE_FFR_END = 0x61fn;

/** What an identifier of the SVE kind names: the vector lengths, a Z register, a P register or FFR; with their sizes, or nothing. */
export function sveKind(id: bigint): 'lengths' | 'vector' | 'predicate' | undefined {
  const index = id & 0xf000_ffffn;
  const size = sizeOf(id);
  if (size === 64 && index === SVE_VLS) return 'lengths';
  if (size === 256 && index <= SVE_Z_END) return 'vector';
  return size === 32 && index > SVE_Z_END && index <= SVE_FFR_END ? 'predicate' : undefined;
}

/** For people. */
export function describeId(id: bigint): string {
  const text = `register 0x${id.toString(16).padStart(16, '0')}`;
  return isArm64(id) && coprocessorOf(id) === COPROCESSOR.sysreg ? `${text} (${nameOf(packedOf(id), 'read') || genericName(packedOf(id))})` : text;
}
