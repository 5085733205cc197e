/** What the rest of the hypervisor needs of a guest's interrupt controller, of either version. */
import type { Distribution } from './distribution.ts';

/** A window of registers as a guest finds it. Offsets are from its start; widths are those of the guest's access, values unsigned. */
export interface Window {
  read(offset: number, width: number): bigint;
  write(offset: number, width: number, value: bigint): void;
}

/** Registers as a VMM saves and restores them: words, by what they mean for that rather than what a guest's access does. */
export interface UserRegisters {
  /** Whether there is a register there. */
  has(offset: number): boolean;
  read(offset: number): number;
  /** Throws `KvmError` EINVAL for a value that another controller's would be. */
  write(offset: number, value: number): void;
}

export interface Controller {
  readonly version: 2 | 3;
  readonly distribution: Distribution;
  /** The distributor as processor `cpu` finds it. */
  distributor(cpu: number): Window;
  userDistributor(cpu: number): UserRegisters;
  /** Of processors by number: GICv3. */
  readonly redistributors?: { window(cpu: number): Window; user(cpu: number): UserRegisters };
}

interface Words {
  read(offset: number): number;
  /** The bits of `mask` get `value`. */
  write(offset: number, value: number, mask: number): void;
}

const WORD = -1;

/**
 * Words with the accesses that a register takes: a byte where `bytes` says so, a doubleword where `wide` does. Any other reads as zero and writes
 * nothing; the architecture asks for no more widths (IHI 0048B 4.1.4; IHI 0069 chapter 12).
 */
export function windowOf(words: Words, { bytes, wide = () => false }: { readonly bytes: (offset: number) => boolean; readonly wide?: (offset: number) => boolean }): Window {
  const takes = (offset: number, width: number): boolean => offset % width === 0 && (width === 4 || (width === 1 && bytes(offset)) || (width === 8 && wide(offset)));
  const word = (offset: number): bigint => BigInt(words.read(offset) >>> 0);
  return {
    read(offset, width) {
      if (!takes(offset, width)) return 0n;
      if (width === 8) return word(offset) | (word(offset + 4) << 32n);
      return width === 4 ? word(offset) : (word(offset & ~3) >> BigInt(8 * (offset & 3))) & 0xffn;
    },
    write(offset, width, value) {
      if (!takes(offset, width)) return;
      const shift = 8 * (offset & 3);
      if (width === 1) words.write(offset & ~3, Number(value & 0xffn) << shift, 0xff << shift);
      else words.write(offset, Number(BigInt.asIntN(32, value)), WORD);
      if (width === 8) words.write(offset + 4, Number(BigInt.asIntN(32, value >> 32n)), WORD);
    },
  };
}

/** Whether the word at `offset` of registers that begin at `start` with `bits` for each interrupt is about one of `count`. */
export function describes(offset: number, start: number, bits: number, count: number): boolean {
  return offset >= start && ((offset - start) * 8) / bits < count;
}
