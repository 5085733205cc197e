import type { Operands } from '@worldswitch/isa';
import { SemanticsBuilder, SemanticsError } from './builder.ts';
import type { Bound, Hole, HoleKind, Slot, Template } from './types.ts';

/** Values that choose the code; part of the shape's identity. */
export type ShapeKey = Readonly<Record<string, number | boolean | string>>;

/** What `bind` gives: the shape's key, and the values that fill the holes. */
export interface Binding {
  readonly shape?: ShapeKey;
  readonly [name: string]: Bound | ShapeKey | undefined;
}

type HoleOf<V> = [V] extends [Slot] ? Hole<'slot'> : [V] extends [bigint] ? Hole<'wide'> : [V] extends [number] ? Hole<'int'> : never;
/** A hole for each bound value; the shape as it is. */
export type HolesOf<B> = { readonly [K in keyof B]-?: K extends 'shape' ? Exclude<B[K], undefined> : HoleOf<Exclude<B[K], undefined>> };

/**
 * The semantics of one row. `bind` runs at predecode, `run` once per shape.
 * `bind` may refuse a word that the pattern admits (an UNDEFINED combination) with `undefined`.
 */
export interface Operation<O> {
  readonly bind: (operands: O) => Binding | undefined;
  readonly run: (s: SemanticsBuilder, holes: never) => void;
}

/**
 * Joins the two halves of an instruction's semantics: `bind` chooses the shape and the values, `run` writes the template.
 * All instructions of one shape bind the same names to the same kinds of value.
 */
export function op<O, B extends Binding>(bind: (operands: O) => B | undefined, run: (s: SemanticsBuilder, holes: HolesOf<B>) => void): Operation<O> {
  return { bind, run };
}

/** A table of rows, as far as semantics care. */
export type PatternRows = Readonly<Record<string, { readonly pattern: string }>>;

/** One operation for each row; a row without semantics, or an operation with a wrong operand name, does not compile. */
export type Semantics<R extends PatternRows> = {
  readonly [K in keyof R]: Operation<Operands<R[K]['pattern']>>;
};

/** Instructions that share code: one template, and its place in the executions' tables. */
export interface Shape {
  readonly id: number;
  /** Row and key, for people. */
  readonly name: string;
  /** Refused while `Core.gated`: an optional unit that the architecture can switch off (floating point). */
  readonly gated: boolean;
  readonly template: Template;
}

/** An instruction after predecode: its shape, and what fills the shape's holes in their order. */
export interface BoundInstruction {
  readonly shape: Shape;
  readonly values: readonly Bound[];
}

const CACHED_WORDS = 65_536;

/** Finds the row of a word, and its operands. `isa`'s compiled decoder is one. */
export type RowDecoder = (word: number) => { readonly id: string; readonly operands: Readonly<Record<string, number>> } | undefined;

/** Turns words into bound instructions; remembers every shape it met. One per architecture, shared by processors. */
export class InstructionTable {
  readonly shapes: Shape[] = [];
  readonly #byKey = new Map<string, Shape>();
  /** Words bound so far: guests execute the same ones over and over. */
  readonly #bound = new Map<number, BoundInstruction | undefined>();
  readonly #decode: RowDecoder;
  readonly #semantics: Readonly<Record<string, Operation<never>>>;
  readonly #gated: (row: string) => boolean;

  /** `gated` tells the rows of a unit that can be switched off. */
  constructor(decode: RowDecoder, semantics: Readonly<Record<string, Operation<never>>>, gated: (row: string) => boolean = () => false) {
    this.#decode = decode;
    this.#semantics = semantics;
    this.#gated = gated;
  }

  /** The instruction in a word, or undefined where the architecture has none there. */
  bind(word: number): BoundInstruction | undefined {
    const known = this.#bound.get(word);
    if (known !== undefined || this.#bound.has(word)) return known;
    if (this.#bound.size >= CACHED_WORDS) this.#bound.clear();
    const bound = this.#bind(word);
    this.#bound.set(word, bound);
    return bound;
  }

  #bind(word: number): BoundInstruction | undefined {
    const found = this.#decode(word);
    if (found === undefined) return undefined;
    const operation = this.#semantics[found.id];
    if (operation === undefined) return undefined;
    const binding = operation.bind(found.operands as never);
    if (binding === undefined) return undefined;
    const names: string[] = [];
    const values: Bound[] = [];
    for (const name in binding) {
      if (name === 'shape') continue;
      names.push(name);
      values.push(binding[name] as Bound);
    }
    const shape = this.#shape(found.id, operation, binding.shape ?? {}, names, values);
    return { shape, values };
  }

  #shape(row: string, operation: Operation<never>, key: ShapeKey, names: readonly string[], values: readonly Bound[]): Shape {
    let text = row;
    for (const name in key) text += ` ${name}=${String(key[name])}`;
    const known = this.#byKey.get(text);
    if (known !== undefined) {
      checkKinds(known, values);
      return known;
    }
    const kinds = values.map(kindOf);
    const holes: Record<string, unknown> = { shape: key };
    names.forEach((name, index) => (holes[name] = { kind: kinds[index], index } satisfies Hole));
    const builder = new SemanticsBuilder();
    operation.run(builder, holes as never);
    const shape: Shape = { id: this.shapes.length, name: text, gated: this.#gated(row), template: builder.template(kinds) };
    this.shapes.push(shape);
    this.#byKey.set(text, shape);
    return shape;
  }
}

export function kindOf(value: Bound): HoleKind {
  return typeof value === 'number' ? 'int' : typeof value === 'bigint' ? 'wide' : 'slot';
}

function checkKinds(shape: Shape, values: readonly Bound[]): void {
  const { holes } = shape.template;
  if (holes.length === values.length && values.every((value, index) => kindOf(value) === holes[index])) return;
  throw new SemanticsError(`${shape.name} binds [${values.map(kindOf).join()}] where an earlier instruction of the shape bound [${holes.join()}]`);
}
