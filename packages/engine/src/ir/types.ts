/**
 * The intermediate representation: what one instruction does, written once by its semantics and executed three ways.
 *
 * A {@link Template} belongs to an instruction *shape*. It is a straight line of value nodes, then effects, then at most
 * one control transfer. Register numbers and immediates are {@link Hole}s, filled per instruction. Two rules make every
 * instruction precise, and `builder.ts` enforces both:
 * - whatever can fault (access, helper) comes before the first effect;
 * - register and flag reads see the state before the instruction, whatever the effects do.
 */

/** Machine types of values. Booleans are `i32` 0 or 1. Access handles are `i32`. */
export type IrType = 'i32' | 'i64' | 'v128';

/** A register in the processor's state block. Made by `StateLayout`, one object per register. */
export interface Slot {
  readonly name: string;
  readonly type: 'i64' | 'v128';
  /** Bytes from the start of the state block. */
  readonly offset: number;
}

/**
 * What `bind` may hand to `run`. The first `number` (or the jump offset) may be any signed 32-bit value; further numbers
 * must lie in 0..65535 (shift amounts, bit numbers); a `bigint` is a 64-bit value. See `interpreter/record.ts`.
 */
export type Bound = Slot | number | bigint;

export interface Hole<K extends HoleKind = HoleKind> {
  readonly kind: K;
  /** Index into the instruction's bound values. */
  readonly index: number;
}
/** `slot` and `int` fit a predecoded record; `wide` (bigint) lives in the spill pool. */
export type HoleKind = 'slot' | 'int' | 'wide';

export type UnaryOp = 'clz' | 'eqz' | 'reverseBytes' | 'reverseBits' | 'popcnt' | 'extend8' | 'extend16' | 'extend32';
export type BinaryOp =
  | 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor'
  | 'shl' | 'shrU' | 'shrS' | 'rotr'
  /** Total: division by zero gives 0, the most negative by -1 gives itself. */
  | 'divU' | 'divS'
  /** High half of the 64×64-bit product; i64 only. */
  | 'mulHighU' | 'mulHighS';
export type CompareOp = 'eq' | 'ne' | 'ltU' | 'ltS' | 'leU' | 'leS';
export type ConvertOp = 'wrap' | 'extendU' | 'extendS';
export type VectorOp = 'vand' | 'vor' | 'vxor' | 'vandnot';
/** Bits of a vector lane. */
export type LaneBits = 8 | 16 | 32 | 64;

/** Predicates over the condition flags N, Z, C, V (the usual sixteen; `al` is always). */
export const CONDITIONS = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le', 'al', 'nv'] as const;
export type Condition = (typeof CONDITIONS)[number];

export type AccessKind = 'read' | 'write' | 'update';

/** How a memory access is made. */
export interface AccessShape {
  readonly kind: AccessKind;
  /** Bytes of the whole access, at most 64. */
  readonly size: number;
  /** Bytes of one element: the unit of device accesses and of byte order. Divides `size`. */
  readonly element: 1 | 2 | 4 | 8 | 16;
  /**
   * `strict` checks alignment to `alignTo` in every case; `normal` only where the page asks for it (device memory, or
   * alignment checking switched on).
   */
  readonly alignment: 'normal' | 'strict';
  /** Bytes; the element size unless given. */
  readonly alignTo: number;
  /** Made with the access rights of a less privileged level (LDTR and friends). Executed out of line. */
  readonly unprivileged: boolean;
  /** Free for the architecture (acquire, exclusive, ordered…); handed to its fault and check hooks. */
  readonly attributes: number;
}

export type NodeId = number;

export type Node =
  | { readonly op: 'const'; readonly type: 'i32'; readonly value: number }
  | { readonly op: 'const'; readonly type: 'i64' | 'v128'; readonly value: bigint }
  | { readonly op: 'imm'; readonly type: 'i32' | 'i64'; readonly hole: Hole<'int' | 'wide'> }
  | { readonly op: 'get'; readonly type: IrType; readonly slot: Hole<'slot'> | Slot }
  | { readonly op: 'pc'; readonly type: 'i64' }
  | { readonly op: 'unary'; readonly type: 'i32' | 'i64'; readonly name: UnaryOp; readonly a: NodeId }
  | { readonly op: 'binary'; readonly type: 'i32' | 'i64'; readonly name: BinaryOp; readonly a: NodeId; readonly b: NodeId }
  | { readonly op: 'compare'; readonly type: 'i32'; readonly name: CompareOp; readonly a: NodeId; readonly b: NodeId }
  | { readonly op: 'convert'; readonly type: 'i32' | 'i64'; readonly name: ConvertOp; readonly a: NodeId }
  | { readonly op: 'select'; readonly type: IrType; readonly condition: NodeId; readonly a: NodeId; readonly b: NodeId }
  /** 0 or 1: does the condition hold in the flags before this instruction. */
  | { readonly op: 'condition'; readonly type: 'i32'; readonly condition: Condition }
  /** The flags before this instruction as a number: N 8, Z 4, C 2, V 1. */
  | { readonly op: 'flags'; readonly type: 'i32' }
  | { readonly op: 'vector'; readonly type: 'v128'; readonly name: VectorOp; readonly a: NodeId; readonly b: NodeId }
  | { readonly op: 'splat'; readonly type: 'v128'; readonly lane: LaneBits; readonly a: NodeId }
  /** Lane zero-extended (or sign-extended) to the node's type. The index may be a hole. */
  | { readonly op: 'lane'; readonly type: 'i32' | 'i64'; readonly lane: LaneBits; readonly index: number; readonly signed: boolean; readonly a: NodeId }
  | { readonly op: 'withLane'; readonly type: 'v128'; readonly lane: LaneBits; readonly index: number; readonly a: NodeId; readonly b: NodeId }
  /** Checks the whole access; the value is a handle for `load` and the `store` effect. Can fault. */
  | { readonly op: 'access'; readonly type: 'i32'; readonly address: NodeId; readonly shape: AccessShape }
  /** Reads from a checked access, after earlier nodes and before all effects. */
  | { readonly op: 'load'; readonly type: IrType; readonly access: NodeId; readonly offset: number; readonly size: 1 | 2 | 4 | 8 | 16; readonly signed: boolean }
  /** Where the condition is 0 the architecture is asked, out of line, whether the instruction may go on. Can fault. */
  | { readonly op: 'require'; readonly type: 'i32'; readonly condition: NodeId; readonly name: string }
  /** Calls the architecture's helper of this name. Can fault; executed out of line. */
  | { readonly op: 'helper'; readonly type: 'i64'; readonly name: string; readonly args: readonly NodeId[] };

/** How the flags are set: lazily, from what produced them. */
export type FlagsEffect =
  | { readonly kind: 'add' | 'sub'; readonly width: 32 | 64; readonly a: NodeId; readonly b: NodeId }
  /** a + b + carry (0 or 1): the add-with-carry rule; SBC passes the complement of b. */
  | { readonly kind: 'adc'; readonly width: 32 | 64; readonly a: NodeId; readonly b: NodeId; readonly carry: NodeId }
  /** N and Z from the result, C and V clear. */
  | { readonly kind: 'logic'; readonly width: 32 | 64; readonly a: NodeId }
  /** A number as the `flags` node gives it. */
  | { readonly kind: 'packed'; readonly a: NodeId };

export type Effect =
  | { readonly op: 'set'; readonly slot: Hole<'slot'> | Slot; readonly value: NodeId }
  | { readonly op: 'store'; readonly access: NodeId; readonly offset: number; readonly size: 1 | 2 | 4 | 8 | 16; readonly value: NodeId }
  | { readonly op: 'setFlags'; readonly flags: FlagsEffect }
  /** Like `setFlags` where the condition is 1, else the packed number. One effect, so both see the old flags. */
  | { readonly op: 'setFlagsIf'; readonly condition: NodeId; readonly then: FlagsEffect; readonly otherwise: number };

/** How the instruction ends. `offset` is in bytes from this instruction. */
export type Terminator =
  | { readonly op: 'next' }
  | { readonly op: 'jump'; readonly offset: Hole<'int'> }
  | { readonly op: 'jumpIf'; readonly condition: NodeId; readonly offset: Hole<'int'> }
  | { readonly op: 'jumpTo'; readonly address: NodeId; readonly hint: 'call' | 'return' | 'plain' }
  /** An architectural exception that the instruction itself asks for. Executed out of line. */
  | { readonly op: 'raise'; readonly name: string; readonly args: readonly NodeId[] }
  /** A helper has set the program counter (exception return); where it did not, the next instruction follows. */
  | { readonly op: 'helperJump' };

export interface Template {
  readonly nodes: readonly Node[];
  readonly effects: readonly Effect[];
  readonly end: Terminator;
  /** Kinds of the bound values, in the order of `bind`'s properties. */
  readonly holes: readonly HoleKind[];
  /** False where a helper, an exception or an unprivileged access sends it to the evaluator. */
  readonly inline: boolean;
}

/** The type of each node, for readers of a template. */
export function typeOf(template: Template, id: NodeId): IrType {
  return template.nodes[id].type;
}
