import type { ByteOrder } from '@worldswitch/bits';
import { DIGEST_PRIME } from '../code/digest.ts';
import { RECORD } from '../code/record.ts';
import type { BoundInstruction } from '../ir/semantics.ts';
import type { Operands } from '../lowering/operands.ts';
import { endOperands, TemplateLowering } from '../lowering/template.ts';
import { HEADER } from '../state/header.ts';
import type { StateLayout } from '../state/layout.ts';
import { FunctionWriter, type Local } from '../wasm/function.ts';
import { Op, Type } from '../wasm/opcodes.ts';
import { jumpTarget, successorsOf, type RegionPlan } from './blocks.ts';
import { findLoops, type LoopSpan } from './nesting.ts';
import { RegionRegisters, slotOf } from './registers.ts';

/** What a region's code needs of its surroundings. */
export interface RegionContext {
  readonly layout: StateLayout;
  readonly order: ByteOrder;
  readonly digest: boolean;
  /** Function indices in the module. */
  readonly probe: number;
  readonly digestBlock: number;
  /** Address of the region entries, and where in each the number of its block is. */
  readonly entries: number;
  readonly blockField: number;
  /** Address of the first record of the page. */
  readonly records: number;
}

/** Blocks or loops that follow one another, with the labels that stand before them. */
interface Row {
  readonly items: readonly Item[];
  readonly labels: readonly (number | undefined)[];
}
interface Item {
  readonly first: number;
  readonly last: number;
  readonly loop: LoopSpan | undefined;
}

/**
 * Writes one region: a function that follows the calling convention of `REGION_TYPE`. Blocks stand in the order of
 * their addresses; a jump forward leaves wasm blocks, a jump back repeats a wasm loop. Only where control enters a
 * region or a loop elsewhere than at its head does a jump table decide.
 *
 * `left` is 16 × remaining + record, as in the interpreter: straight lines leave it alone.
 */
export class RegionWriter {
  readonly #context: RegionContext;
  readonly #plan: RegionPlan;
  readonly #f = new FunctionWriter(3);
  readonly #cpu: Local = 0;
  readonly #record: Local = 1;
  readonly #left: Local = 2;
  readonly #dataTlb: Local;
  /** The block that a jump table is to go to. */
  readonly #next: Local;
  /** The record where the region ends, bit 0 set where it must be interpreted. */
  readonly #end: Local;
  readonly #pageDelta: Local;
  readonly #registers: RegionRegisters;
  readonly #loops: ReadonlyMap<number, LoopSpan>;
  readonly #rows: Row[] = [];
  readonly #loopLabels = new Map<number, number>();
  #exit = 0;

  constructor(context: RegionContext, plan: RegionPlan) {
    this.#context = context;
    this.#plan = plan;
    const f = this.#f;
    this.#dataTlb = f.variable(Type.i32);
    this.#next = f.variable(Type.i32);
    this.#end = f.variable(Type.i32);
    this.#pageDelta = f.variable(Type.i64);
    this.#registers = new RegionRegisters(f, this.#cpu, context.layout, plan.blocks.flatMap((block) => block.instructions));
    this.#loops = findLoops(plan.blocks.map((_, number) => successorsOf(plan, number)), plan.entries);
  }

  body(): Uint8Array {
    const f = this.#f;
    const { entries, blocks } = this.#plan;
    const single = entries.length === 1 && entries[0] === 0;
    f.get(this.#cpu).memory(Op.i32Load, HEADER.dataTlb).set(this.#dataTlb);
    f.get(this.#cpu).memory(Op.i64Load, HEADER.pageDelta).set(this.#pageDelta);
    if (!single) {
      f.get(this.#record).memory(Op.i32Load16U, RECORD.heat).i32(3).op(Op.i32Shl);
      f.memory(Op.i32Load16U, this.#context.entries + this.#context.blockField).set(this.#next);
    }
    f.get(this.#left).i32(RECORD.sizeBits).op(Op.i32Shl).get(this.#record).op(Op.i32Add).set(this.#left);
    this.#registers.load();
    this.#exit = f.block();
    this.#row(0, blocks.length - 1, undefined, !single);
    f.op(Op.unreachable).end();
    this.#registers.writeBack();
    // Bit 0 of `end` must not borrow from the count.
    f.get(this.#cpu).get(this.#left).get(this.#end).op(Op.i32Sub).i32(1).op(Op.i32Add).i32(RECORD.sizeBits).op(Op.i32ShrS);
    f.memory(Op.i32Store, HEADER.remaining).get(this.#end);
    return f.body();
  }

  // Structure

  /** Blocks `first` to `last`, inside `loop` or at the top. `table`: the local `next` says where to begin. */
  #row(first: number, last: number, loop: LoopSpan | undefined, table: boolean): void {
    const f = this.#f;
    const items: Item[] = [];
    for (let at = first; at <= last;) {
      const inner = at === loop?.head ? undefined : this.#loops.get(at);
      items.push({ first: at, last: inner?.last ?? at, loop: inner });
      at = (inner?.last ?? at) + 1;
    }
    const labels: (number | undefined)[] = items.map(() => undefined);
    for (let index = items.length - 1; index >= (table ? 0 : 1); index--) labels[index] = f.block();
    if (table) this.#table(items, labels as number[], first, loop);
    this.#rows.push({ items, labels });
    items.forEach((item, index) => {
      if (labels[index] !== undefined) f.end();
      if (item.loop === undefined) this.#block(item.first);
      else {
        this.#loopLabels.set(item.first, f.loop());
        this.#row(item.first, item.last, item.loop, item.loop.entered);
        f.end();
      }
    });
    this.#rows.pop();
  }
  #table(items: readonly Item[], labels: readonly number[], first: number, loop: LoopSpan | undefined): void {
    const f = this.#f;
    if (loop !== undefined) f.get(this.#next).i32(loop.head).op(Op.i32Eq).brIf(labels[0]);
    f.get(this.#next).i32(first).op(Op.i32Sub);
    f.brTable(items.flatMap((item, index) => Array.from({ length: item.last - item.first + 1 }, () => labels[index])), labels[0]);
  }
  /** Goes from one block to another. */
  #go(from: number, to: number): void {
    const f = this.#f;
    if (to <= from) {
      if (this.#loops.get(to)?.entered === true) f.i32(to).set(this.#next);
      f.br(this.#loopLabels.get(to) as number);
      return;
    }
    for (const { items, labels } of [...this.#rows].reverse()) {
      const index = items.findIndex((item) => item.first <= to && to <= item.last);
      if (index < 0) continue;
      if (items[index].loop?.entered === true) f.i32(to).set(this.#next);
      f.br(labels[index] as number);
      return;
    }
  }

  // Blocks

  #block(number: number): void {
    const f = this.#f;
    const { start, instructions } = this.#plan.blocks[number];
    // Too few instructions left for the whole block: the interpreter counts them out.
    f.get(this.#left).i32(this.#recordAt(start + instructions.length)).op(Op.i32Sub).i32(0).op(Op.i32LtS).if();
    this.#leave(start, true);
    f.end();
    this.#registers.known = undefined;
    instructions.forEach((bound, at) => {
      this.#instruction(number, start + at, bound);
      f.releaseTemporaries();
    });
    const { op } = instructions[instructions.length - 1].shape.template.end;
    if (op !== 'jump' && op !== 'jumpIf' && op !== 'jumpTo') this.#behind(number, start + instructions.length);
  }
  #instruction(number: number, index: number, bound: BoundInstruction): void {
    const f = this.#f;
    const { template } = bound.shape;
    const { end } = template;
    const lowering = new TemplateLowering(
      { f, locals: { cpu: this.#cpu, dataTlb: this.#dataTlb }, probe: this.#context.probe, order: this.#context.order, flags: this.#registers },
      template, this.#operands(index, bound),
    );
    if (template.nodes.some((node) => node.op === 'access')) f.i32(this.#recordAt(index) | 1).set(this.#end);
    lowering.emit(endOperands(end));
    switch (end.op) {
      case 'jump':
        this.#take(number, index, jumpTarget(index, bound) as number);
        return;
      case 'jumpIf': {
        const target = jumpTarget(index, bound);
        lowering.value(end.condition);
        f.if();
        // Interpreting the jump counts a visit of its target, which may get hot; where its effects are done already, that is too late.
        if (target === undefined || (!this.#plan.blockAt.has(target) && template.effects.length === 0)) this.#leave(index, true);
        else this.#take(number, index, target);
        f.end();
        this.#retire(index);
        this.#behind(number, index + 1);
        return;
      }
      case 'jumpTo': {
        const address = f.temporary(Type.i64);
        lowering.value(end.address);
        f.get(this.#pageDelta).op(Op.i64Sub).set(address);
        for (const target of this.#plan.returns) {
          f.get(address).i64(BigInt(this.#recordAt(this.#plan.blocks[target].start) >>> 2)).op(Op.i64Eq).if();
          this.#take(number, index, this.#plan.blocks[target].start);
          f.end();
        }
        this.#leave(index, true);
        return;
      }
      default: this.#retire(index);
    }
  }
  #operands(index: number, bound: BoundInstruction): Operands {
    const f = this.#f;
    return {
      slow: this.#exit,
      slot: (slot) => {
        f.get(this.#cpu);
        return slotOf(slot, bound).offset;
      },
      local: (slot) => this.#registers.local(slotOf(slot, bound)),
      int: (hole, width) => {
        const value = bound.values[hole.index] as number;
        if (width === 64) f.i64(BigInt(value));
        else f.i32(value);
      },
      wide: (hole) => { f.i64(bound.values[hole.index] as bigint); },
      pc: () => { this.#pc(index); },
    };
  }

  /** The jump at `index` has executed and goes to `target` in this page. */
  #take(number: number, index: number, target: number): void {
    const f = this.#f;
    this.#retire(index);
    const distance = (target - index - 1) * RECORD.size;
    if (distance !== 0) f.get(this.#left).i32(distance).op(Op.i32Add).set(this.#left);
    this.#behind(number, target);
  }
  /** Goes on at `index`, which is the start of a block or outside the region. */
  #behind(number: number, index: number): void {
    const block = this.#plan.blockAt.get(index);
    if (block === undefined) this.#leave(index, false);
    else this.#go(number, block);
  }
  #leave(index: number, interpret: boolean): void {
    this.#f.i32(this.#recordAt(index) | (interpret ? 1 : 0)).set(this.#end).br(this.#exit);
  }

  /** The instruction is through: counting is implicit, the digest is not. */
  #retire(index: number): void {
    if (!this.#context.digest) return;
    const f = this.#f;
    const left = f.temporary(Type.i32);
    f.get(this.#cpu).get(this.#cpu).memory(Op.i64Load, HEADER.digest);
    this.#pc(index);
    f.op(Op.i64Xor).i64(DIGEST_PRIME).op(Op.i64Mul).memory(Op.i64Store, HEADER.digest);
    f.get(this.#cpu).get(this.#cpu).memory(Op.i32Load, HEADER.digestLeft).i32(1).op(Op.i32Sub).tee(left).memory(Op.i32Store, HEADER.digestLeft);
    f.get(left).op(Op.i32Eqz).if();
    f.get(this.#cpu).call(this.#context.digestBlock).end();
  }
  #pc(index: number): void {
    this.#f.get(this.#pageDelta).i64(BigInt(this.#recordAt(index) >>> 2)).op(Op.i64Add);
  }
  #recordAt(index: number): number {
    return this.#context.records + index * RECORD.size;
  }
}
