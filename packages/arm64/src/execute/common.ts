/** Small words that the semantics of many classes share. */
import type { I32, Int, SemanticsBuilder, SlotHole, Slot } from '@worldswitch/engine';

/** Register width in bits of the `sf` bit. */
export function width(sf: number): 32 | 64 {
  return sf === 1 ? 64 : 32;
}

/** The two's complement reading of a field of `bits` bits. */
export function signed(field: number, bits: number): number {
  return (field << (32 - bits)) >> (32 - bits);
}

/**
 * An immediate as the engine takes it: a signed 32-bit number where that sign-extends to the value, else a bigint. `wide` tells
 * them apart and belongs into the shape, because the two are read differently.
 */
export function immediate(value: bigint, bits: 32 | 64): { readonly imm: number | bigint; readonly wide: boolean } {
  const narrow = BigInt.asIntN(32, value);
  return bits === 32 || BigInt.asIntN(64, value) === narrow
    ? { imm: Number(narrow), wide: false }
    : { imm: BigInt.asUintN(64, value), wide: true };
}

export type ShiftKind = 'none' | 'lsl' | 'lsr' | 'asr' | 'ror';
const SHIFTS: readonly ShiftKind[] = ['lsl', 'lsr', 'asr', 'ror'];

/** The shift of a shifted-register operand; an amount of 0 is no shift, whatever its kind. */
export function shiftKind(shift: number, amount: number): ShiftKind {
  return amount === 0 ? 'none' : SHIFTS[shift];
}

export function shiftBy(s: SemanticsBuilder, kind: ShiftKind, value: Int, amount: Int): Int {
  switch (kind) {
    case 'none': return value;
    case 'lsl': return s.shl(value, amount);
    case 'lsr': return s.shrU(value, amount);
    case 'asr': return s.shrS(value, amount);
    case 'ror': return s.rotr(value, amount);
  }
}

export type ExtendKind = 'uxtb' | 'uxth' | 'uxtw' | 'none' | 'sxtb' | 'sxth' | 'sxtw';
const EXTENDS: readonly ExtendKind[] = ['uxtb', 'uxth', 'uxtw', 'none', 'sxtb', 'sxth', 'sxtw', 'none'];

/** The extension of an extended-register operand; what leaves all bits of the width as they are is `none`. */
export function extendKind(option: number, bits: 32 | 64): ExtendKind {
  const kind = EXTENDS[option];
  return bits === 32 && (kind === 'uxtw' || kind === 'sxtw') ? 'none' : kind;
}

/** A register, extended from its low byte, halfword or word. */
export function extendRegister(s: SemanticsBuilder, kind: ExtendKind, register: SlotHole | Slot, bits: 32 | 64): Int {
  switch (kind) {
    case 'none': return s.int(register, bits);
    case 'uxtb': return s.and(s.int(register, bits), s.literal(0xff, bits));
    case 'uxth': return s.and(s.int(register, bits), s.literal(0xffff, bits));
    case 'uxtw': return s.extendU(s.int(register, 32));
    case 'sxtb': return s.unary('extend8', s.int(register, bits));
    case 'sxth': return s.unary('extend16', s.int(register, bits));
    case 'sxtw': return s.extendS(s.int(register, 32));
  }
}

/** A 0-or-1 value in the given width. */
export function bitAs(s: SemanticsBuilder, bit: I32, bits: 32 | 64): Int {
  return bits === 64 ? s.extendU(bit) : bit;
}
