import { WasmBytes } from './bytes.ts';
import { NO_ALIGNMENT, Op, Type, type Opcode, type ValueType } from './opcodes.ts';

/** A local variable's index. */
export type Local = number;

/**
 * Writes one function's code. Temporaries are shared between the arms of a large function: a set of temporaries per arm
 * costs the optimising compiler gigabytes.
 */
export class FunctionWriter {
  readonly code = new WasmBytes();
  readonly #parameters: number;
  readonly #types: ValueType[] = [];
  readonly #free = new Map<ValueType, Local[]>();
  readonly #taken = new Map<Local, ValueType>();
  #depth = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  op(opcode: Opcode): this {
    this.code.raw(opcode);
    return this;
  }
  get(local: Local): this {
    this.op(Op.localGet).code.unsigned(local);
    return this;
  }
  set(local: Local): this {
    this.op(Op.localSet).code.unsigned(local);
    return this;
  }
  tee(local: Local): this {
    this.op(Op.localTee).code.unsigned(local);
    return this;
  }
  i32(value: number): this {
    this.op(Op.i32Const).code.signed32(value);
    return this;
  }
  i64(value: bigint): this {
    this.op(Op.i64Const).code.signed64(value);
    return this;
  }
  v128(value: bigint): this {
    this.op(Op.v128Const);
    for (let index = 0n; index < 16n; index++) this.code.byte(Number((value >> (8n * index)) & 0xffn));
    return this;
  }
  /** A load or store with a constant offset. */
  memory(opcode: Opcode, offset: number): this {
    this.op(opcode).code.unsigned(NO_ALIGNMENT);
    this.code.unsigned(offset);
    return this;
  }
  lane(opcode: Opcode, index: number): this {
    this.op(opcode).code.byte(index);
    return this;
  }
  call(index: number): this {
    this.op(Op.call).code.unsigned(index);
    return this;
  }
  callIndirect(type: number): this {
    this.op(Op.callIndirect).code.unsigned(type);
    this.code.byte(0);
    return this;
  }

  /** Nesting depth; a label is the depth at which its block was opened. */
  get depth(): number {
    return this.#depth;
  }
  /** Opens a block and gives its label for `br`. */
  block(): number {
    return this.#open(Op.block, Type.empty);
  }
  loop(): number {
    return this.#open(Op.loop, Type.empty);
  }
  if(result: ValueType | typeof Type.empty = Type.empty): number {
    return this.#open(Op.if, result);
  }
  else(): this {
    return this.op(Op.else);
  }
  end(): this {
    this.#depth--;
    return this.op(Op.end);
  }
  br(label: number): this {
    this.op(Op.br).code.unsigned(this.#depth - label);
    return this;
  }
  brIf(label: number): this {
    this.op(Op.brIf).code.unsigned(this.#depth - label);
    return this;
  }
  /** Labels for 0, 1, 2…, then the default. */
  brTable(labels: readonly number[], otherwise: number): this {
    this.op(Op.brTable).code.unsigned(labels.length);
    for (const label of labels) this.code.unsigned(this.#depth - label);
    this.code.unsigned(this.#depth - otherwise);
    return this;
  }

  /** A local that lives for the whole function. */
  variable(type: ValueType): Local {
    this.#types.push(type);
    return this.#parameters + this.#types.length - 1;
  }
  /** A local until the next `releaseTemporaries`. */
  temporary(type: ValueType): Local {
    const local = this.#free.get(type)?.pop() ?? this.variable(type);
    this.#taken.set(local, type);
    return local;
  }
  releaseTemporaries(): void {
    for (const [local, type] of this.#taken) {
      const free = this.#free.get(type);
      if (free === undefined) this.#free.set(type, [local]);
      else free.push(local);
    }
    this.#taken.clear();
  }

  /** Declarations and code, ready for a module. */
  body(): Uint8Array {
    const out = new WasmBytes();
    out.unsigned(this.#types.length);
    for (const type of this.#types) out.raw([1, type]);
    out.raw(this.code.view());
    out.raw(Op.end);
    return out.view().slice();
  }

  #open(opcode: Opcode, type: number): number {
    this.op(opcode).code.byte(type);
    return ++this.#depth;
  }
}
