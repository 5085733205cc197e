/**
 * The decoder compiler: rows become a tree of table look-ups on a few adjacent bits each, with short lists of mask-and-value tests at
 * the leaves. A linear scan over a thousand rows would do the same; the tree needs a handful of steps.
 *
 * Everything is compiled when a word first needs it: a program meets a small part of its architecture's instructions, and a start
 * should not pay for the rest.
 */
import { compileCondition, cubesOf } from './condition.ts';
import { fieldNamed, fieldValue, operandsOf, patternOf } from './pattern.ts';
import type { Operands, Pattern } from './pattern.ts';
import type { Condition, Row, Rows } from './row.ts';

/** A row ready for matching. `index` is its place in the table. */
export interface CompiledRow {
  readonly id: string;
  readonly index: number;
  readonly row: Row;
  readonly pattern: Pattern;
  /** Whether the word is this instruction, looking at this row alone (fixed bits and `unless`, not at groups). */
  accepts(word: number): boolean;
}

/** A decoded word; narrowing on `id` gives the row's own operand type. */
export type Decoded<R extends Rows> = {
  readonly [Id in keyof R & string]: { readonly id: Id; readonly row: R[Id]; readonly operands: Operands<R[Id]['pattern']> };
}[keyof R & string];

/** A decoded word of a table whose type is not known: what drivers that serve every architecture see. */
export interface AnyDecoded {
  readonly id: string;
  readonly row: Row;
  readonly operands: Readonly<Record<string, number>>;
}

export interface Decoder {
  readonly rows: readonly CompiledRow[];
  /** Id, row and operands of a 32-bit word (signed or unsigned number), or undefined when no row allocates it. */
  decode(word: number): AnyDecoded | undefined;
  /** The row only, without allocating operands. */
  find(word: number): CompiledRow | undefined;
  /** Size of the tree, for tests and curiosity. */
  readonly shape: { readonly nodes: number; readonly depth: number; readonly longestLeaf: number };
}

/** A decoder that knows its table: `decode` narrows on `id`. */
export type TypedDecoder<R extends Rows> = { decode(word: number): Decoded<R> | undefined } & Decoder;

export interface DecoderOptions {
  /** Leaves rows out: for instance those of features that a CPU model does not have. */
  readonly include?: (id: string, row: Row) => boolean;
}

/** Whether a word matches a condition; masks where the condition is a set of words, field by field where it compares fields. */
function wordTest(entry: Condition, pattern: Pattern, where: string): (word: number) => boolean {
  const compiled = compileCondition(entry, pattern, undefined, where);
  const cubes = cubesOf(entry, pattern);
  if (!cubes) return (word) => compiled.test((name) => fieldValue(fieldNamed(pattern, name), word));
  const masks = Uint32Array.from(cubes, (cube) => cube.mask);
  const values = Uint32Array.from(cubes, (cube) => cube.value);
  return (word) => {
    for (let i = 0; i < masks.length; i++) if ((word & masks[i]) >>> 0 === values[i]) return true;
    return false;
  };
}

function compileRow(id: string, index: number, row: Row): CompiledRow {
  const pattern = patternOf(row);
  const { mask, value } = pattern;
  let unless: readonly ((word: number) => boolean)[] | undefined;
  return {
    id, index, row, pattern,
    accepts(word) {
      if ((word & mask) >>> 0 !== value) return false;
      unless ??= (row.unless ?? []).map((entry) => wordTest(entry, pattern, `${id}: unless`));
      for (const refuses of unless) if (refuses(word)) return false;
      return true;
    },
  };
}

type Leaf = readonly CompiledRow[];
/** A look-up whose results grow into trees when a word first comes that way. */
interface Branch {
  readonly shift: number;
  readonly ones: number;
  readonly lists: readonly Leaf[];
  readonly next: (Tree | undefined)[];
}
type Tree = Leaf | Branch;

const LEAF_SIZE = 3;
/** Adjacent bits that one look-up uses. */
interface Window {
  readonly low: number;
  readonly width: number;
}
const WIDEST = 7;
/** Rows of a list that is long: more than a look-up has results. */
const LONG = 1 << WIDEST;

function isLeaf(tree: Tree): tree is Leaf {
  return Array.isArray(tree);
}

/** Calls `visit` with each value of the window `[low + width - 1 : low]` that the row can have. */
function windowValues(row: CompiledRow, low: number, width: number, visit: (value: number) => void): void {
  const ones = (1 << width) - 1;
  const fixed = (row.pattern.mask >>> low) & ones;
  const base = (row.pattern.value >>> low) & ones;
  const free = ones & ~fixed;
  for (let extra = free; ; extra = (extra - 1) & free) {
    visit(base | extra);
    if (extra === 0) return;
  }
}

/** Bits set in each value of the widest window. */
const BIT_COUNT = Uint8Array.from({ length: 1 << WIDEST }, (_, value) => {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count += 1;
  return count;
});

/** List lengths per value of a window; undefined when the table's copies of rows with free bits there would cost too much. */
function histogram(rows: Leaf, low: number, width: number): Uint32Array | undefined {
  const ones = (1 << width) - 1;
  const most = rows.length * 6 + 8;
  let total = 0;
  for (const { pattern } of rows) {
    total += 1 << (width - BIT_COUNT[(pattern.mask >>> low) & ones]);
    if (total > most) return undefined;
  }
  const counts = new Uint32Array(1 << width);
  for (const row of rows) windowValues(row, low, width, (value) => { counts[value] += 1; });
  return counts;
}

/** Mean list length behind a window if every row is equally likely, plus a small price per table entry; undefined for one that is of no use. */
function costOf(rows: Leaf, { low, width }: Window): number | undefined {
  const counts = histogram(rows, low, width);
  if (!counts) return undefined;
  let squares = 0;
  let total = 0;
  for (let value = 0; value < counts.length; value++) {
    const count = counts[value];
    // A list that repeats the whole would be divided for ever.
    if (count === rows.length) return undefined;
    squares += count * count;
    total += count;
  }
  return squares / total + counts.length / 256;
}

/** The widest window, where most rows have fixed bits. */
function mostFixedWindow(rows: Leaf): Window {
  const ones = (1 << WIDEST) - 1;
  const window = { low: 0, width: WIDEST };
  let most = -1;
  for (let low = 0; low + WIDEST <= 32; low++) {
    let fixed = 0;
    for (const { pattern } of rows) fixed += BIT_COUNT[(pattern.mask >>> low) & ones];
    if (fixed > most) [window.low, most] = [low, fixed];
  }
  return window;
}

/**
 * The window that leaves the shortest lists on average, or undefined when none helps enough to pay for its table. Of a long list the
 * one with the most fixed bits is good enough: to try them all would cost the first word more than all later ones gain.
 */
function bestWindow(rows: Leaf): Window | undefined {
  const worth = rows.length * 0.75;
  if (rows.length > LONG) {
    const window = mostFixedWindow(rows);
    if ((costOf(rows, window) ?? worth) < worth) return window;
  }
  let best: Window | undefined;
  let bestCost = worth;
  for (let width = 1; width <= WIDEST; width++) {
    for (let low = 0; low + width <= 32; low++) {
      const cost = costOf(rows, { low, width });
      if (cost !== undefined && cost < bestCost) [best, bestCost] = [{ low, width }, cost];
    }
  }
  return best;
}

/** A tree over rows in the order in which they are tried; equal lists share a node. */
class DecodingTree {
  readonly #known = new Map<string, Tree>();
  readonly #rows: Leaf;
  #root: Tree | undefined;

  constructor(rows: Leaf) {
    this.#rows = rows;
  }

  find(word: number): CompiledRow | undefined {
    let tree = (this.#root ??= this.#grow(this.#rows));
    while (!isLeaf(tree)) {
      const value = (word >>> tree.shift) & tree.ones;
      tree = tree.next[value] ??= this.#grow(tree.lists[value]);
    }
    for (const row of tree) if (row.accepts(word)) return row;
    return undefined;
  }

  #grow(list: Leaf): Tree {
    const key = list.map((row) => row.index).join();
    const seen = this.#known.get(key);
    if (seen) return seen;
    const window = list.length > LEAF_SIZE ? bestWindow(list) : undefined;
    let tree: Tree = list;
    if (window) {
      const lists: CompiledRow[][] = Array.from({ length: 1 << window.width }, () => []);
      for (const row of list) windowValues(row, window.low, window.width, (value) => lists[value].push(row));
      tree = { shift: window.low, ones: (1 << window.width) - 1, lists, next: lists.map(() => undefined) };
    }
    this.#known.set(key, tree);
    return tree;
  }

  /** The size of the whole tree, for which all of it is grown. */
  get shape(): Decoder['shape'] {
    let [deepest, longestLeaf] = [0, 0];
    const visit = (list: Leaf, depth: number): void => {
      const tree = this.#grow(list);
      deepest = Math.max(deepest, depth);
      if (isLeaf(tree)) longestLeaf = Math.max(longestLeaf, tree.length);
      else for (const next of tree.lists) visit(next, depth + 1);
    };
    visit(this.#rows, 0);
    return { nodes: this.#known.size, depth: deepest, longestLeaf };
  }
}

/**
 * Compiles a table, each part when it is first needed. A malformed pattern throws `PatternError` at the first use of the decoder, a
 * malformed `unless` `ConditionError` at the first word of its row; `lint` lists all that is wrong with a table.
 */
export function compileDecoder<const R extends Rows>(table: R, options: DecoderOptions = {}): TypedDecoder<R> {
  let rows: readonly CompiledRow[] | undefined;
  let tree: DecodingTree | undefined;
  const allRows = (): readonly CompiledRow[] => rows ??= Object.entries<Row>(table)
    .filter(([id, row]) => options.include?.(id, row) ?? true)
    .map(([id, row], index) => compileRow(id, index, row));
  const theTree = (): DecodingTree => tree ??= new DecodingTree(
    [...allRows()].sort((a, b) => (b.row.priority ?? 0) - (a.row.priority ?? 0) || a.index - b.index));
  const find = (word: number): CompiledRow | undefined => (tree ?? theTree()).find(word);
  const decoder: Decoder = {
    get rows() { return allRows(); },
    find,
    decode(word) {
      const found = find(word);
      return found && { id: found.id, row: found.row, operands: operandsOf(found.pattern, word) };
    },
    get shape() { return theTree().shape; },
  };
  return decoder as TypedDecoder<R>;
}
