import type { BoundInstruction } from '../ir/semantics.ts';
import type { Effect, Hole, IrType, Slot } from '../ir/types.ts';
import type { FlagsHome } from '../lowering/flags.ts';
import { HEADER } from '../state/header.ts';
import type { StateLayout } from '../state/layout.ts';
import type { FunctionWriter, Local } from '../wasm/function.ts';
import { Op, Type } from '../wasm/opcodes.ts';

interface Home {
  readonly offset: number;
  readonly type: 'i64' | 'v128';
  local: Local;
  written: boolean;
}

/** The register behind a hole. */
export function slotOf(slot: Hole<'slot'> | Slot, bound: BoundInstruction): Slot {
  return 'offset' in slot ? slot : (bound.values[slot.index] as Slot);
}

/**
 * The registers and flags of a region in locals: read when control comes in, written back where it leaves. A register
 * that is used as a vector and as an integer stays in the state block.
 */
export class RegionRegisters implements FlagsHome {
  known: number | undefined;
  readonly #f: FunctionWriter;
  readonly #cpu: Local;
  readonly #layout: StateLayout;
  readonly #homes = new Map<number, Home>();
  readonly #shared = new Set<number>();
  readonly #zero: Local;
  readonly #sink: Local;
  readonly #kind: Local;
  readonly #words: Readonly<Record<'flagsA' | 'flagsB', Local>>;
  #flagsUsed = false;
  #flagsWritten = false;

  constructor(f: FunctionWriter, cpu: Local, layout: StateLayout, instructions: Iterable<BoundInstruction>) {
    this.#f = f;
    this.#cpu = cpu;
    this.#layout = layout;
    for (const bound of instructions) this.#note(bound);
    // Never written: a fresh local is 0, and the compiler knows.
    this.#zero = f.variable(Type.i64);
    this.#sink = f.variable(Type.i64);
    this.#kind = f.variable(Type.i32);
    this.#words = { flagsA: f.variable(Type.i64), flagsB: f.variable(Type.i64) };
    for (const home of this.#homes.values()) home.local = f.variable(Type[home.type]);
  }

  /** The local of a register; undefined where it stays in the state block. */
  local(slot: Slot): Local | undefined {
    if (slot.offset === this.#layout.zero.offset) return this.#zero;
    if (slot.offset === this.#layout.sink.offset) return this.#sink;
    return this.#shared.has(slot.offset) ? undefined : this.#homes.get(slot.offset)?.local;
  }
  /** Reads every register from the state block. */
  load(): void {
    const f = this.#f;
    for (const home of this.#kept()) {
      f.get(this.#cpu).memory(home.type === 'v128' ? Op.v128Load : Op.i64Load, home.offset).set(home.local);
    }
    if (!this.#flagsUsed) return;
    f.get(this.#cpu).memory(Op.i32Load, HEADER.flagsKind).set(this.#kind);
    f.get(this.#cpu).memory(Op.i64Load, HEADER.flagsA).set(this.#words.flagsA);
    f.get(this.#cpu).memory(Op.i64Load, HEADER.flagsB).set(this.#words.flagsB);
  }
  /** Writes back what the region may have changed. */
  writeBack(): void {
    const f = this.#f;
    for (const home of this.#kept()) {
      if (home.written) f.get(this.#cpu).get(home.local).memory(home.type === 'v128' ? Op.v128Store : Op.i64Store, home.offset);
    }
    if (!this.#flagsWritten) return;
    f.get(this.#cpu).get(this.#kind).memory(Op.i32Store, HEADER.flagsKind);
    f.get(this.#cpu).get(this.#words.flagsA).memory(Op.i64Store, HEADER.flagsA);
    f.get(this.#cpu).get(this.#words.flagsB).memory(Op.i64Store, HEADER.flagsB);
  }

  // FlagsHome

  pushKind(): void {
    this.#f.get(this.#kind);
  }
  setKind(kind: number): void {
    this.#f.i32(kind).set(this.#kind);
  }
  push(word: 'flagsA' | 'flagsB'): void {
    this.#f.get(this.#words[word]);
  }
  store(word: 'flagsA' | 'flagsB', value: () => void): void {
    value();
    this.#f.set(this.#words[word]);
  }

  #kept(): readonly Home[] {
    return [...this.#homes.values()].filter((home) => !this.#shared.has(home.offset));
  }
  #note(bound: BoundInstruction): void {
    const { nodes, effects } = bound.shape.template;
    for (const node of nodes) {
      if (node.op === 'get') this.#use(slotOf(node.slot, bound), node.type, false);
      else if (node.op === 'condition' || node.op === 'flags') this.#flagsUsed = true;
    }
    for (const effect of effects) this.#noteEffect(effect, bound);
  }
  #noteEffect(effect: Effect, bound: BoundInstruction): void {
    if (effect.op === 'set') this.#use(slotOf(effect.slot, bound), bound.shape.template.nodes[effect.value].type, true);
    else if (effect.op === 'setFlags' || effect.op === 'setFlagsIf') this.#flagsUsed = this.#flagsWritten = true;
  }
  #use(slot: Slot, as: IrType, written: boolean): void {
    const { zero, sink } = this.#layout;
    if (slot.offset === zero.offset || slot.offset === sink.offset) return;
    const type = as === 'v128' ? 'v128' : 'i64';
    const home = this.#homes.get(slot.offset);
    if (home === undefined) this.#homes.set(slot.offset, { offset: slot.offset, type, local: -1, written });
    else if (home.type === type) home.written ||= written;
    else this.#shared.add(slot.offset);
    // The upper half of a vector, named as a register of its own.
    if (type === 'v128' && this.#homes.has(slot.offset + 8)) this.#shared.add(slot.offset).add(slot.offset + 8);
    if (type === 'i64' && this.#homes.get(slot.offset - 8)?.type === 'v128') this.#shared.add(slot.offset).add(slot.offset - 8);
  }
}
