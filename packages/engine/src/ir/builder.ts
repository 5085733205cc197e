import type {
  AccessKind, AccessShape, BinaryOp, CompareOp, Condition, Effect, FlagsEffect, Hole, HoleKind, IrType, LaneBits, Node, NodeId, Slot, Template,
  Terminator, UnaryOp, VectorOp,
} from './types.ts';

/** A value of the template under construction. */
export interface Value<T extends IrType = IrType> {
  readonly id: NodeId;
  readonly type: T;
}
export type I32 = Value<'i32'>;
export type I64 = Value<'i64'>;
export type V128 = Value<'v128'>;
/** A value whose width the shape decides. */
export type Int = Value<'i32' | 'i64'>;
/** A checked memory access. */
export interface Access {
  readonly id: NodeId;
  readonly shape: AccessShape;
}

/** Holes as `run` sees them: one for each bound value, slots and numbers apart. */
export type SlotHole = Hole<'slot'>;
export type IntHole = Hole<'int'>;
export type WideHole = Hole<'wide'>;

export interface AccessOptions {
  readonly element?: 1 | 2 | 4 | 8 | 16;
  readonly alignment?: 'normal' | 'strict';
  readonly alignTo?: number;
  readonly unprivileged?: boolean;
  readonly attributes?: number;
}

/** A mistake in the description of an instruction; found when the shape is built, never at run time. */
export class SemanticsError extends Error {
  override readonly name = 'SemanticsError';
}

const widthType = (width: 32 | 64): 'i32' | 'i64' => (width === 64 ? 'i64' : 'i32');

/**
 * What semantics functions write with. Every method appends to the template; nothing is computed here.
 * Integer operations take and give `i32` or `i64`; both operands have one type.
 */
export class SemanticsBuilder {
  readonly #nodes: Node[] = [];
  readonly #effects: Effect[] = [];
  #end: Terminator = { op: 'next' };
  #inline = true;

  // Sources

  /** A literal of the given width. */
  literal(value: number | bigint, width: 64): I64;
  literal(value: number | bigint, width: 32): I32;
  literal(value: number | bigint, width: 32 | 64): Int;
  literal(value: number | bigint, width: 32 | 64): Int {
    return width === 64
      ? this.#add({ op: 'const', type: 'i64', value: BigInt.asUintN(64, BigInt(value)) })
      : this.#add({ op: 'const', type: 'i32', value: Number(BigInt.asIntN(32, BigInt(value))) });
  }
  vectorLiteral(value: bigint): V128 {
    return this.#add({ op: 'const', type: 'v128', value: BigInt.asUintN(128, value) });
  }
  /** A bound number; sign-extended where a 32-bit hole is read as 64 bits. */
  imm(hole: IntHole | WideHole, width: 64): I64;
  imm(hole: IntHole, width: 32): I32;
  imm(hole: IntHole | WideHole, width: 32 | 64): Int;
  imm(hole: IntHole | WideHole, width: 32 | 64): Int {
    return this.#add({ op: 'imm', type: widthType(width), hole });
  }
  /** An integer register: all 64 bits, or the low 32. */
  int(slot: SlotHole | Slot, width: 64): I64;
  int(slot: SlotHole | Slot, width: 32): I32;
  int(slot: SlotHole | Slot, width: 32 | 64): Int;
  int(slot: SlotHole | Slot, width: 32 | 64): Int {
    return this.#add({ op: 'get', type: widthType(width), slot });
  }
  vector(slot: SlotHole | Slot): V128 {
    return this.#add({ op: 'get', type: 'v128', slot });
  }
  /** The address of this instruction. */
  pc(): I64 {
    return this.#add({ op: 'pc', type: 'i64' });
  }

  // Arithmetic

  unary<T extends 'i32' | 'i64'>(name: UnaryOp, a: Value<T>): Value<T> {
    return this.#add<T>({ op: 'unary', type: a.type, name, a: a.id });
  }
  binary<T extends 'i32' | 'i64'>(name: BinaryOp, a: Value<T>, b: Value<T>): Value<T> {
    this.#same(name, a, b);
    if ((name === 'mulHighU' || name === 'mulHighS') && a.type !== 'i64') throw new SemanticsError(`${name} is defined for i64 only`);
    return this.#add<T>({ op: 'binary', type: a.type, name, a: a.id, b: b.id });
  }
  add<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('add', a, b); }
  sub<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('sub', a, b); }
  mul<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('mul', a, b); }
  and<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('and', a, b); }
  or<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('or', a, b); }
  xor<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('xor', a, b); }
  /** Shift and rotate amounts count modulo the width. */
  shl<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('shl', a, b); }
  shrU<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('shrU', a, b); }
  shrS<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('shrS', a, b); }
  rotr<T extends 'i32' | 'i64'>(a: Value<T>, b: Value<T>): Value<T> { return this.binary('rotr', a, b); }
  not<T extends 'i32' | 'i64'>(a: Value<T>): Value<T> {
    return this.xor(a, this.literal(-1, a.type === 'i64' ? 64 : 32) as Value<T>);
  }
  /** 1 where a is 0. */
  isZero(a: Int): I32 {
    return a.type === 'i64' ? this.compare('eq', a as I64, this.literal(0, 64)) : (this.unary('eqz', a as I32));
  }
  compare<T extends 'i32' | 'i64'>(name: CompareOp, a: Value<T>, b: Value<T>): I32 {
    this.#same(name, a, b);
    return this.#add({ op: 'compare', type: 'i32', name, a: a.id, b: b.id });
  }
  /** The low 32 bits. */
  wrap(a: I64): I32 {
    return this.#add({ op: 'convert', type: 'i32', name: 'wrap', a: a.id });
  }
  extendU(a: I32): I64 {
    return this.#add({ op: 'convert', type: 'i64', name: 'extendU', a: a.id });
  }
  extendS(a: I32): I64 {
    return this.#add({ op: 'convert', type: 'i64', name: 'extendS', a: a.id });
  }
  /** a where the condition is not 0, else b. Both are computed. */
  select<T extends IrType>(condition: I32, a: Value<T>, b: Value<T>): Value<T> {
    this.#same('select', a, b);
    return this.#add<T>({ op: 'select', type: a.type, condition: condition.id, a: a.id, b: b.id });
  }

  // Flags

  condition(condition: Condition): I32 {
    return this.#add({ op: 'condition', type: 'i32', condition });
  }
  flags(): I32 {
    return this.#add({ op: 'flags', type: 'i32' });
  }
  /** Flags of a + b. */
  setFlagsAdd(a: Int, b: Int): void { this.#setFlags({ kind: 'add', ...this.#pair(a, b) }); }
  /** Flags of a − b, carry meaning "no borrow". */
  setFlagsSub(a: Int, b: Int): void { this.#setFlags({ kind: 'sub', ...this.#pair(a, b) }); }
  /** Flags of a + b + carry. */
  setFlagsAdc(a: Int, b: Int, carry: I32): void { this.#setFlags({ kind: 'adc', ...this.#pair(a, b), carry: carry.id }); }
  setFlagsLogic(result: Int): void { this.#setFlags({ kind: 'logic', width: result.type === 'i64' ? 64 : 32, a: result.id }); }
  setFlagsPacked(flags: I32): void { this.#setFlags({ kind: 'packed', a: flags.id }); }
  /** Flags of a ± b where the condition is 1, else the number. */
  setFlagsIf(condition: I32, kind: 'add' | 'sub', a: Int, b: Int, otherwise: number): void {
    this.#effects.push({ op: 'setFlagsIf', condition: condition.id, then: { kind, ...this.#pair(a, b) }, otherwise });
  }

  // Vectors

  vectorOp(name: VectorOp, a: V128, b: V128): V128 {
    return this.#add({ op: 'vector', type: 'v128', name, a: a.id, b: b.id });
  }
  /** Every lane the low bits of a (i64 for 64-bit lanes, else i32). */
  splat(lane: LaneBits, a: Int): V128 {
    this.#laneType(lane, a);
    return this.#add({ op: 'splat', type: 'v128', lane, a: a.id });
  }
  /** A lane as i64 for 64-bit lanes, else as i32. */
  lane(lane: LaneBits, a: V128, index: number, signed = false): Int {
    return this.#add({ op: 'lane', type: lane === 64 ? 'i64' : 'i32', lane, index, signed, a: a.id });
  }
  withLane(lane: LaneBits, a: V128, index: number, b: Int): V128 {
    this.#laneType(lane, b);
    return this.#add({ op: 'withLane', type: 'v128', lane, index, a: a.id, b: b.id });
  }

  // Memory

  /** Checks `size` bytes at `address`. Everything that may fault must be asked for before the first effect. */
  access(kind: AccessKind, address: I64, size: number, options: AccessOptions = {}): Access {
    this.#beforeEffects('access');
    const element = options.element ?? (size as AccessShape['element']);
    if (size % element !== 0 || size > 64 || size <= 0) throw new SemanticsError(`an access of ${size} bytes in elements of ${element}`);
    const shape: AccessShape = {
      kind, size, element,
      alignment: options.alignment ?? 'normal',
      alignTo: options.alignTo ?? element,
      unprivileged: options.unprivileged ?? false,
      attributes: options.attributes ?? 0,
    };
    if (shape.unprivileged) this.#inline = false;
    return { id: this.#add({ op: 'access', type: 'i32', address: address.id, shape }).id, shape };
  }
  /** Loads an integer from a checked access, zero- or sign-extended to `width`. */
  loadFrom(access: Access, offset: number, size: 1 | 2 | 4 | 8, width: 64, signed?: boolean): I64;
  loadFrom(access: Access, offset: number, size: 1 | 2 | 4, width: 32, signed?: boolean): I32;
  loadFrom(access: Access, offset: number, size: 1 | 2 | 4 | 8, width: 32 | 64, signed?: boolean): Int;
  loadFrom(access: Access, offset: number, size: 1 | 2 | 4 | 8, width: 32 | 64, signed = false): Int {
    this.#within(access, offset, size);
    if (size * 8 > width) throw new SemanticsError(`${size} bytes do not fit ${width} bits`);
    return this.#add({ op: 'load', type: widthType(width), access: access.id, offset, size, signed });
  }
  loadVectorFrom(access: Access, offset: number): V128 {
    this.#within(access, offset, 16);
    return this.#add({ op: 'load', type: 'v128', access: access.id, offset, size: 16, signed: false });
  }
  storeTo(access: Access, offset: number, size: 1 | 2 | 4 | 8 | 16, value: Value): void {
    this.#within(access, offset, size);
    if (access.shape.kind === 'read') throw new SemanticsError('a store to an access that was checked for reading');
    if ((value.type === 'v128') !== (size === 16)) throw new SemanticsError(`a ${value.type} value in a store of ${size} bytes`);
    this.#effects.push({ op: 'store', access: access.id, offset, size, value: value.id });
  }
  load(address: I64, size: 1 | 2 | 4 | 8, width: 32 | 64, options: AccessOptions & { readonly signed?: boolean } = {}): Int {
    return this.loadFrom(this.access('read', address, size, options), 0, size, width, options.signed ?? false);
  }
  store(address: I64, size: 1 | 2 | 4 | 8, value: Int, options: AccessOptions = {}): void {
    this.storeTo(this.access('write', address, size, options), 0, size, value);
  }

  /** Goes on only where the condition holds, or `Guest.require` of that name says so (a check that a control can switch off). */
  require(condition: I32, name: string): void {
    this.#beforeEffects(`require ${name}`);
    this.#add({ op: 'require', type: 'i32', condition: condition.id, name });
  }

  // Effects and ends

  /** Writes an integer register; a 32-bit value clears the upper half. */
  setInt(slot: SlotHole | Slot, value: Int): void {
    this.#effects.push({ op: 'set', slot, value: value.id });
  }
  setVector(slot: SlotHole | Slot, value: V128): void {
    this.#effects.push({ op: 'set', slot, value: value.id });
  }
  /** Calls the architecture's helper; 64-bit arguments and result. It may raise, or write state that no slot holds. */
  helper(name: string, ...args: readonly I64[]): I64 {
    this.#beforeEffects(`helper ${name}`);
    this.#inline = false;
    return this.#add({ op: 'helper', type: 'i64', name, args: args.map((a) => a.id) });
  }
  jump(offset: IntHole): void { this.#finish({ op: 'jump', offset }); }
  jumpIf(condition: I32, offset: IntHole): void { this.#finish({ op: 'jumpIf', condition: condition.id, offset }); }
  jumpTo(address: I64, hint: 'call' | 'return' | 'plain' = 'plain'): void { this.#finish({ op: 'jumpTo', address: address.id, hint }); }
  /** Ends the instruction with an exception of the architecture. Effects before it would be lost: there may be none. */
  raise(name: string, ...args: readonly I64[]): void {
    this.#beforeEffects(`raise ${name}`);
    this.#inline = false;
    this.#finish({ op: 'raise', name, args: args.map((a) => a.id) });
  }
  /** The program counter is what a helper left (exception return). */
  helperJump(): void { this.#finish({ op: 'helperJump' }); }

  /** The finished template. */
  template(holes: readonly HoleKind[]): Template {
    return { nodes: this.#nodes, effects: this.#effects, end: this.#end, holes, inline: this.#inline };
  }

  #add<T extends IrType>(node: Node & { type: T }): Value<T> {
    this.#nodes.push(node);
    return { id: this.#nodes.length - 1, type: node.type };
  }
  #setFlags(flags: FlagsEffect): void {
    this.#effects.push({ op: 'setFlags', flags });
  }
  #pair(a: Int, b: Int): { width: 32 | 64; a: NodeId; b: NodeId } {
    this.#same('flags', a, b);
    return { width: a.type === 'i64' ? 64 : 32, a: a.id, b: b.id };
  }
  #same(what: string, a: Value, b: Value): void {
    if (a.type !== b.type) throw new SemanticsError(`${what} of ${a.type} and ${b.type}: both operands need one type`);
  }
  #laneType(lane: LaneBits, a: Int): void {
    if ((a.type === 'i64') !== (lane === 64)) throw new SemanticsError(`a ${a.type} value for a ${lane}-bit lane`);
  }
  #within(access: Access, offset: number, size: number): void {
    if (offset < 0 || offset + size > access.shape.size) {
      throw new SemanticsError(`bytes ${offset}..${offset + size - 1} of an access of ${access.shape.size} bytes`);
    }
  }
  #beforeEffects(what: string): void {
    if (this.#effects.length > 0) throw new SemanticsError(`${what} after an effect: what can fault comes before the first effect`);
  }
  #finish(end: Terminator): void {
    if (this.#end.op !== 'next') throw new SemanticsError(`a second end of the instruction: ${end.op} after ${this.#end.op}`);
    this.#end = end;
  }
}
