/** What the load and store classes share: how a form transfers its register, and the four ways to form an address from a base. */
import { op } from '@worldswitch/engine';
import type { Access, AccessOptions, I64, Int, Operation, SemanticsBuilder, SlotHole } from '@worldswitch/engine';
import { SP, xOrSink, xOrSp, xOrZero } from '../state.ts';

/** Bytes in memory, bits of the register, and whether the value is sign-extended between them (loads). A type, to be a shape. */
export type Transfer = {
  readonly size: 1 | 2 | 4 | 8;
  readonly width: 32 | 64;
  readonly signed: boolean;
};

/** By the letters of the mnemonic. `sz` 1 is an X register; `w` 1 sign-extends to a W register. */
export const TRANSFERS = {
  byte: (): Transfer => ({ size: 1, width: 32, signed: false }),
  half: (): Transfer => ({ size: 2, width: 32, signed: false }),
  register: ({ sz }: { readonly sz: number }): Transfer =>
    sz === 1 ? { size: 8, width: 64, signed: false } : { size: 4, width: 32, signed: false },
  signedByte: ({ w }: { readonly w: number }): Transfer => ({ size: 1, width: w === 1 ? 32 : 64, signed: true }),
  signedHalf: ({ w }: { readonly w: number }): Transfer => ({ size: 2, width: w === 1 ? 32 : 64, signed: true }),
  signedWord: (): Transfer => ({ size: 4, width: 64, signed: true }),
} as const;

/**
 * SP as a base must be aligned to 16 bytes where SCTLR_ELx.SA or SA0 asks for it, before anything else is looked at (DDI 0487 D1.3.10.2).
 * `sp` is part of the shape, so that other bases do not pay.
 */
export function checkBase(s: SemanticsBuilder, sp: boolean): void {
  if (sp) s.require(s.isZero(s.and(s.int(SP, 64), s.literal(15, 64))), 'spAlignment');
}

export type Mode = 'offset' | 'pre' | 'post' | 'unprivileged';

/** The address of the access, and what the base register becomes (undefined: it stays). */
export function indexed(
  s: SemanticsBuilder, mode: Mode, base: I64, offset: I64,
): { readonly address: I64; readonly writeback: I64 | undefined } {
  if (mode === 'post') return { address: base, writeback: s.add(base, offset) };
  const address = s.add(base, offset);
  return { address, writeback: mode === 'pre' ? address : undefined };
}

/** Checks the access of a load or store; `sp` tells a base that is SP. */
export function open(
  s: SemanticsBuilder, kind: 'load' | 'store', address: I64, size: number, sp: boolean, options: AccessOptions = {},
): Access {
  checkBase(s, sp);
  return s.access(kind === 'load' ? 'read' : 'write', address, size, options);
}

/** Loads from, or stores to, a checked access at its start. */
export function transfer(s: SemanticsBuilder, kind: 'load' | 'store', access: Access, form: Transfer, register: SlotHole): void {
  if (kind === 'load') s.setInt(register, s.loadFrom(access, 0, form.size, form.width, form.signed));
  else s.storeTo(access, 0, form.size, s.int(register, form.width));
}

interface BaseAndTarget {
  readonly rn: number;
  readonly rt: number;
}

/** A load or store of one integer register at base plus immediate, in bytes. */
export function immediateAccess<F, I>(
  kind: 'load' | 'store', form: (operands: F) => Transfer, offset: (operands: I, size: number) => number, mode: Mode, attributes = 0,
  options: AccessOptions = {},
): Operation<F & I & BaseAndTarget> {
  return op(
    (o: F & I & BaseAndTarget) => {
      const { size, width, signed } = form(o);
      return {
        shape: { size, width, signed, sp: o.rn === 31 },
        t: kind === 'load' ? xOrSink(o.rt) : xOrZero(o.rt), n: xOrSp(o.rn), imm: offset(o, size),
      };
    },
    (s, { shape, t, n, imm }) => {
      const { address, writeback } = indexed(s, mode, s.int(n, 64), s.imm(imm, 64));
      const access = open(s, kind, address, shape.size, shape.sp, { ...options, unprivileged: mode === 'unprivileged', attributes });
      transfer(s, kind, access, shape, t);
      if (writeback !== undefined) s.setInt(n, writeback);
    },
  );
}

/** A load or store of one integer register at the base register's address. */
export function baseAccess<F>(
  kind: 'load' | 'store', form: (operands: F) => Transfer, attributes: number, options: AccessOptions,
): Operation<F & BaseAndTarget> {
  return op(
    (o: F & BaseAndTarget) => {
      const { size, width, signed } = form(o);
      return { shape: { size, width, signed, sp: o.rn === 31 }, t: kind === 'load' ? xOrSink(o.rt) : xOrZero(o.rt), n: xOrSp(o.rn) };
    },
    (s, { shape, t, n }) => {
      transfer(s, kind, open(s, kind, s.int(n, 64), shape.size, shape.sp, { ...options, attributes }), shape, t);
    },
  );
}

/** A shift left by a number known to the shape. */
export function scaledBy(s: SemanticsBuilder, value: Int, log: number): Int {
  return log === 0 ? value : s.shl(value, s.literal(log, value.type === 'i64' ? 64 : 32));
}
