import { PAGE_SIZE } from '../memory/physical.ts';
import type { BoundInstruction } from '../ir/semantics.ts';
import type { Terminator } from '../ir/types.ts';

/** Instructions of a page. Everything here names an instruction by its place in the page, 0 to 1023. */
export const PAGE_INSTRUCTIONS = PAGE_SIZE / 4;

/** What discovery needs to know of a page. */
export interface PageSource {
  /** The instruction at a place, if it was executed before, may be translated, and nobody wants to stop there. */
  translatable(index: number): BoundInstruction | undefined;
  /** Whether the instruction at a place was executed before, translatable or not. */
  executed(index: number): boolean;
}

/** A straight line of instructions: only its last may jump. */
export interface Block {
  readonly start: number;
  readonly instructions: readonly BoundInstruction[];
}

/** The blocks of a region in the order of their addresses, and where control may come in from outside. */
export interface RegionPlan {
  readonly blocks: readonly Block[];
  /** Number of the block that starts at a place. */
  readonly blockAt: ReadonlyMap<number, number>;
  /** Numbers of the blocks that are entries, ascending. */
  readonly entries: readonly number[];
  /** Numbers of the blocks behind calls, where returns are expected. */
  readonly returns: readonly number[];
}

const MAX_BLOCKS = 64;
const MAX_INSTRUCTIONS = 512;
/** A block that is entered from outside costs a call: straight lines shorter than this are left to the interpreter. */
const WORTH_ENTERING = 4;

/**
 * Collects what is reached from a hot target without leaving its page. Code that never ran is left out: an edge to it
 * leaves the region, and once it gets hot it becomes a region of its own that holds both ways.
 */
export class Discovery {
  readonly #page: PageSource;
  readonly #start: number;
  readonly #leaders = new Set<number>();
  /** Leaders to look at: jumps' targets first, then what follows calls and interpreted instructions. */
  readonly #near: number[] = [];
  readonly #later: number[] = [];
  readonly #resumptions = new Set<number>();
  readonly #returns = new Set<number>();
  readonly #returning = new Map<number, BoundInstruction>();
  readonly #taken = new Map<number, BoundInstruction>();

  constructor(page: PageSource, start: number) {
    this.#page = page;
    this.#start = start;
  }

  /** The region around the hot target; undefined where its first instruction cannot be translated. `wanted` become entries too. */
  plan(wanted: ReadonlySet<number>): RegionPlan | undefined {
    this.#lead(this.#start, this.#near);
    for (;;) {
      const leader = this.#near.shift() ?? this.#later.shift();
      if (leader === undefined) break;
      this.#walk(leader);
    }
    // Returns are followed to the calls of the region; where it has none, the interpreter does them.
    if ([...this.#returns].some((index) => this.#taken.has(index))) this.#returning.forEach((bound, index) => this.#taken.set(index, bound));
    if (!this.#taken.has(this.#start)) return undefined;
    const blocks = [...this.#leaders].filter((index) => this.#taken.has(index)).sort((a, b) => a - b).map((index) => this.#block(index));
    const blockAt = new Map(blocks.map((block, number) => [block.start, number]));
    const entries = blocks.flatMap((block, number) => (this.#isEntry(block, number, blockAt, blocks, wanted) ? [number] : []));
    const returns = [...this.#returns].flatMap((index) => blockAt.get(index) ?? []);
    return { blocks, blockAt, entries, returns };
  }

  #lead(index: number, queue: number[]): void {
    if (index < 0 || index >= PAGE_INSTRUCTIONS || this.#leaders.has(index) || this.#leaders.size >= MAX_BLOCKS) return;
    this.#leaders.add(index);
    queue.push(index);
  }
  #walk(leader: number): void {
    for (let index = leader; index < PAGE_INSTRUCTIONS && !this.#taken.has(index) && this.#taken.size < MAX_INSTRUCTIONS; index++) {
      const bound = this.#page.translatable(index);
      if (bound === undefined) {
        if (this.#page.executed(index)) this.#resume(index + 1);
        return;
      }
      const { end, effects } = bound.shape.template;
      if (end.op === 'jump') {
        const target = jumpTarget(index, bound);
        if (target !== undefined) this.#lead(target, this.#near);
        // A jump that writes a register is a call: control comes back behind it.
        if (effects.length > 0) this.#comeBack(index + 1);
        if (target !== undefined && this.#page.translatable(target) !== undefined) this.#taken.set(index, bound);
        return;
      }
      if (end.op === 'jumpIf') {
        const target = jumpTarget(index, bound);
        // A jump that is taken to another page is interpreted; its effects must not have happened by then.
        if (target === undefined && effects.length > 0) {
          this.#resume(index + 1);
          return;
        }
        if (target !== undefined) this.#lead(target, this.#near);
        this.#lead(index + 1, this.#near);
        this.#taken.set(index, bound);
        return;
      }
      if (end.op === 'jumpTo') {
        if (end.hint === 'call') this.#comeBack(index + 1);
        if (end.hint === 'return' && effects.length === 0) this.#returning.set(index, bound);
        return;
      }
      this.#taken.set(index, bound);
    }
  }
  #resume(index: number): void {
    this.#resumptions.add(index);
    this.#lead(index, this.#later);
  }
  #comeBack(index: number): void {
    this.#returns.add(index);
    this.#resume(index);
  }

  #block(start: number): Block {
    const instructions: BoundInstruction[] = [];
    for (let index = start; ; index++) {
      const bound = this.#taken.get(index);
      if (bound === undefined || (index > start && this.#leaders.has(index))) return { start, instructions };
      instructions.push(bound);
      if (isTransfer(bound.shape.template.end)) return { start, instructions };
    }
  }
  #isEntry(block: Block, number: number, blockAt: ReadonlyMap<number, number>, blocks: readonly Block[], wanted: ReadonlySet<number>): boolean {
    if (block.start === this.#start || wanted.has(block.start)) return true;
    if (this.#resumptions.has(block.start)) {
      return block.instructions.length >= WORTH_ENTERING || isTransfer(block.instructions[block.instructions.length - 1].shape.template.end);
    }
    return blocks.some((other, from) => from >= number && targetsOf(other, blockAt).includes(number));
  }
}

/** Where a jump goes; undefined where that is in another page, or not a place of an instruction. */
export function jumpTarget(index: number, bound: BoundInstruction): number | undefined {
  const { end } = bound.shape.template;
  if (end.op !== 'jump' && end.op !== 'jumpIf') return undefined;
  const target = index + (bound.values[end.offset.index] as number) / 4;
  return Number.isInteger(target) && target >= 0 && target < PAGE_INSTRUCTIONS ? target : undefined;
}

function isTransfer(end: Terminator): boolean {
  return end.op === 'jump' || end.op === 'jumpIf' || end.op === 'jumpTo';
}

/** Blocks that a block's own jump goes to, not counting the one behind it. */
function targetsOf(block: Block, blockAt: ReadonlyMap<number, number>): readonly number[] {
  const last = block.instructions.length - 1;
  const target = jumpTarget(block.start + last, block.instructions[last]);
  const number = target === undefined ? undefined : blockAt.get(target);
  return number === undefined ? [] : [number];
}

/** Every block that control may go to from this one. */
export function successorsOf({ blocks, blockAt, returns }: RegionPlan, number: number): readonly number[] {
  const block = blocks[number];
  const { end } = block.instructions[block.instructions.length - 1].shape.template;
  if (end.op === 'jumpTo') return returns;
  const behind = end.op === 'jump' ? undefined : blockAt.get(block.start + block.instructions.length);
  return [...targetsOf(block, blockAt), ...(behind === undefined ? [] : [behind])];
}
