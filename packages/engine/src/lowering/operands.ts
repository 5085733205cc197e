import type { Hole, Slot } from '../ir/types.ts';
import type { Local } from '../wasm/function.ts';

/** Where generated code finds what an instruction binds: read from its record, or known when the code is made. */
export interface Operands {
  /** Pushes the base address for a register and gives the constant offset to add. */
  slot(slot: Hole<'slot'> | Slot): number;
  /** The local that holds a register instead (i64 or v128), where it has one. */
  local?(slot: Hole<'slot'> | Slot): Local | undefined;
  /** Pushes an i32 hole, sign-extended where 64 bits are asked for. */
  int(hole: Hole<'int'>, width: 32 | 64): void;
  wide(hole: Hole<'wide'>): void;
  /** Pushes the instruction's address (i64). */
  pc(): void;
  /** Continues out of line: the instruction has changed nothing yet. */
  readonly slow: number;
}

/** Locals that every generated function with guest code has. */
export interface GuestLocals {
  /** i32: the processor's state block. */
  readonly cpu: Local;
  /** i32: the data cache of the current context. */
  readonly dataTlb: Local;
}
