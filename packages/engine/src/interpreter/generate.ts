import type { ByteOrder } from '@worldswitch/bits';
import { DIGEST_PRIME } from '../code/digest.ts';
import { HANDLER, layoutOf, RECORD, type Place } from '../code/record.ts';
import type { Shape } from '../ir/semantics.ts';
import type { Hole, Slot } from '../ir/types.ts';
import { emitProbe, FILL_TYPE, PROBE_TYPE } from '../lowering/memory.ts';
import type { Operands } from '../lowering/operands.ts';
import { endOperands, TemplateLowering } from '../lowering/template.ts';
import { FETCH_ENTRIES, FETCH_ENTRY } from '../memory/tlb.ts';
import { PAGE_BITS, PAGE_SIZE } from '../memory/physical.ts';
import { HEADER } from '../state/header.ts';
import { FunctionWriter, type Local } from '../wasm/function.ts';
import { encodeModule, type FunctionType, type HostFunction } from '../wasm/module.ts';
import { Op, Type } from '../wasm/opcodes.ts';

/** run(cpu, record, remaining) → record where it ended, `remaining` in the header; 0 where the host has taken over. */
const RUN_TYPE: FunctionType = { parameters: [Type.i32, Type.i32, Type.i32], results: [Type.i32] };
/** decode(cpu, record): predecodes one record. */
const DECODE_TYPE: FunctionType = { parameters: [Type.i32, Type.i32], results: [] };
/** outOfLine(cpu, record, remaining) → 1 to go on with the next record, 0 to leave. */
const OUT_OF_LINE_TYPE: FunctionType = { parameters: [Type.i32, Type.i32, Type.i32], results: [Type.i32] };
/** fetch(cpu, remaining), address in the header → record, or 0 to leave. */
const FETCH_TYPE: FunctionType = { parameters: [Type.i32, Type.i32], results: [Type.i32] };
/** hot(cpu, record): a jump target was reached often. */
const HOT_TYPE: FunctionType = DECODE_TYPE;
/** digestBlock(cpu): a block of the digest is full. */
export const DIGEST_TYPE: FunctionType = { parameters: [Type.i32], results: [] };
/** region(cpu, record, remaining) → record | 1 where the next instruction must be interpreted; remaining in the header. */
export const REGION_TYPE: FunctionType = { parameters: [Type.i32, Type.i32, Type.i32], results: [Type.i32] };

const HOST: readonly HostFunction[] = [
  { name: 'decode', type: DECODE_TYPE },
  { name: 'outOfLine', type: OUT_OF_LINE_TYPE },
  { name: 'fetch', type: FETCH_TYPE },
  { name: 'fill', type: FILL_TYPE },
  { name: 'hot', type: HOT_TYPE },
  { name: 'digestBlock', type: DIGEST_TYPE },
];
const IMPORT = { decode: 0, outOfLine: 1, fetch: 2, fill: 3, hot: 4, digestBlock: 5 } as const;

/** Entries of translated regions: 8 bytes {u32 table index; u16 handler of the record; u16 unused}, named by the heat field. */
export const REGION_ENTRY = { size: 8, function: 0, handler: 4 } as const;

export interface InterpreterOptions {
  readonly order: ByteOrder;
  /** Counts and tests every instruction: stops exactly. The other variant tests at jumps. */
  readonly counting: boolean;
  /** Keeps the digest of program counters. */
  readonly digest: boolean;
  /** Address of the region entries; jump targets get hot after `threshold` visits. Absent: no regions. */
  readonly regions?: { readonly entries: number; readonly threshold: number };
}

/** Handler numbers of a shape: jumps have two, for targets inside the page and elsewhere. */
export interface HandlerPair {
  readonly near: number;
  readonly far: number;
}

/** Which handler each shape has, in the interpreter that this list of shapes gives. */
export function handlersOf(shapes: readonly Shape[]): ReadonlyMap<Shape, HandlerPair> {
  const handlers = new Map<Shape, HandlerPair>();
  let next: number = HANDLER.firstShape;
  for (const shape of shapes) {
    const { op } = shape.template.end;
    const near = next++;
    handlers.set(shape, { near, far: op === 'jump' || op === 'jumpIf' ? next++ : near });
  }
  return handlers;
}

/**
 * The interpreter: one function, a loop around a jump table, an arm for each shape. The record's address is the program
 * counter. The fast variant keeps `left = 16 × remaining + record`, which straight lines leave alone; a taken jump adds
 * the distance it covers and stops where `left − record` is not positive.
 */
export function generateInterpreter(shapes: readonly Shape[], options: InterpreterOptions): Uint8Array<ArrayBuffer> {
  const generator = new Generator(options);
  return encodeModule({
    imports: HOST,
    indirectTypes: [REGION_TYPE],
    functions: [
      { type: PROBE_TYPE, body: emitProbe(IMPORT.fill) },
      { type: RUN_TYPE, body: generator.run(shapes), exportAs: 'run' },
    ],
  });
}

class Generator {
  readonly #options: InterpreterOptions;
  readonly #f = new FunctionWriter(3);
  readonly #cpu: Local = 0;
  readonly #record: Local = 1;
  /** Counting: instructions left. Otherwise 16 × remaining + record. */
  readonly #left: Local = 2;
  readonly #dataTlb: Local;
  readonly #handler: Local;
  #dispatch = 0;
  #again = 0;
  #slow = 0;

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.#dataTlb = this.#f.variable(Type.i32);
    this.#handler = this.#f.variable(Type.i32);
  }

  run(shapes: readonly Shape[]): Uint8Array {
    const f = this.#f;
    const { counting, digest } = this.#options;
    f.get(this.#cpu).memory(Op.i32Load, HEADER.dataTlb).set(this.#dataTlb);
    if (!counting) f.get(this.#left).i32(RECORD.sizeBits).op(Op.i32Shl).get(this.#record).op(Op.i32Add).set(this.#left);
    this.#dispatch = f.loop();
    f.get(this.#record).memory(Op.i32Load16U, RECORD.handler).set(this.#handler);
    this.#again = f.loop();
    if (counting || digest) this.#beforeInstruction();
    const arms = shapes.flatMap((shape) => {
      const { op } = shape.template.end;
      return op === 'jump' || op === 'jumpIf' ? [{ shape, near: true }, { shape, near: false }] : [{ shape, near: true }];
    });
    this.#slow = f.block();
    const labels = Array.from({ length: HANDLER.firstShape + arms.length }, () => f.block());
    // The block opened last ends first: handler n belongs to the n-th block from the inside.
    const order = [...labels].reverse();
    order[HANDLER.outOfLine] = this.#slow;
    f.get(this.#handler).brTable(order, this.#slow);
    const special = [() => { this.#decode(); }, () => { this.#leave(); }, () => { this.#nextPage(); }, () => { this.#region(); }, () => f.br(this.#slow)];
    for (const emit of special) {
      f.end();
      emit();
    }
    for (const arm of arms) {
      f.end();
      this.#arm(arm.shape, arm.near);
      f.releaseTemporaries();
    }
    f.end();
    this.#outOfLine();
    f.end().op(Op.unreachable).end().op(Op.unreachable);
    return f.body();
  }

  /** Counting and digests come before the dispatch, for everything that is an instruction. */
  #beforeInstruction(): void {
    const f = this.#f;
    const { counting, digest } = this.#options;
    f.get(this.#handler).i32(HANDLER.outOfLine).op(Op.i32GeU).if();
    if (counting) {
      f.get(this.#left).op(Op.i32Eqz).if();
      this.#leave();
      f.end();
    }
    if (digest) {
      f.get(this.#cpu).get(this.#cpu).memory(Op.i64Load, HEADER.digest);
      this.#pc();
      f.op(Op.i64Xor).i64(DIGEST_PRIME).op(Op.i64Mul).memory(Op.i64Store, HEADER.digest);
      const left = f.temporary(Type.i32);
      f.get(this.#cpu).get(this.#cpu).memory(Op.i32Load, HEADER.digestLeft).i32(1).op(Op.i32Sub).tee(left).memory(Op.i32Store, HEADER.digestLeft);
      f.get(left).op(Op.i32Eqz).if();
      f.get(this.#cpu).call(IMPORT.digestBlock).end();
      f.releaseTemporaries();
    }
    f.end();
  }

  #arm(shape: Shape, near: boolean): void {
    const f = this.#f;
    const { end } = shape.template;
    const places = layoutOf(shape.template);
    if (places === undefined || !shape.template.inline) {
      f.br(this.#slow);
      return;
    }
    const lowering = new TemplateLowering(
      { f, locals: { cpu: this.#cpu, dataTlb: this.#dataTlb }, probe: HOST.length, order: this.#options.order },
      shape.template, this.#operands(places),
    );
    lowering.emit(endOperands(end));
    switch (end.op) {
      case 'jump':
        this.#take(near);
        return;
      case 'jumpIf':
        lowering.value(end.condition);
        f.if();
        this.#take(near);
        f.end();
        this.#next();
        return;
      case 'jumpTo': {
        const target = f.temporary(Type.i64);
        lowering.value(end.address);
        f.set(target);
        this.#count();
        this.#jumpTo(target, true);
        return;
      }
      default:
        this.#next();
    }
  }

  #operands(places: readonly Place[]): Operands {
    const f = this.#f;
    const field = (place: Place): void => {
      if (place.in === 'field') f.get(this.#record).memory(Op.i32Load16U, place.offset);
      else if (place.in === 'immediate') f.get(this.#record).memory(Op.i32Load, RECORD.immediate);
      else throw new Error('a 64-bit value where a number is wanted');
    };
    return {
      slow: this.#slow,
      slot: (slot: Hole<'slot'> | Slot): number => {
        f.get(this.#cpu);
        if ('offset' in slot) return slot.offset;
        field(places[slot.index]);
        f.op(Op.i32Add);
        return 0;
      },
      int: (hole, width) => {
        field(places[hole.index]);
        if (width === 64) f.op(Op.i64ExtendI32S);
      },
      wide: (hole) => {
        const place = places[hole.index];
        if (place.in !== 'pool') throw new Error('a 64-bit value outside the pool');
        f.get(this.#record).memory(Op.i32Load, RECORD.immediate).memory(Op.i64Load, place.offset);
      },
      pc: () => { this.#pc(); },
    };
  }

  #pc(): void {
    this.#f.get(this.#cpu).memory(Op.i64Load, HEADER.pageDelta).get(this.#record).i32(2).op(Op.i32ShrU).op(Op.i64ExtendI32U).op(Op.i64Add);
  }

  /** The instruction has retired; go on behind it. */
  #next(): void {
    const f = this.#f;
    this.#count();
    f.get(this.#record).i32(RECORD.size).op(Op.i32Add).set(this.#record).br(this.#dispatch);
  }
  #count(): void {
    if (this.#options.counting) this.#f.get(this.#left).i32(1).op(Op.i32Sub).set(this.#left);
  }

  /** Takes the jump whose distance is in the record: in records where it stays in the page, in instructions elsewhere. */
  #take(near: boolean): void {
    const f = this.#f;
    this.#count();
    if (!near) {
      const target = f.temporary(Type.i64);
      this.#pc();
      f.get(this.#record).memory(Op.i32Load, RECORD.immediate).op(Op.i64ExtendI32S).op(Op.i64Add).set(target);
      this.#jumpTo(target, true);
      return;
    }
    const distance = f.temporary(Type.i32);
    f.get(this.#record).memory(Op.i32Load, RECORD.immediate).tee(distance).get(this.#record).op(Op.i32Add).set(this.#record);
    if (!this.#options.counting) f.get(this.#left).get(distance).op(Op.i32Add).i32(RECORD.size).op(Op.i32Sub).set(this.#left);
    this.#arrived();
  }

  /** To the address in `target`; `retired`: an instruction ends here (otherwise it is the step to the next page). */
  #jumpTo(target: Local, retired: boolean): void {
    const f = this.#f;
    const entry = f.temporary(Type.i32);
    const record = f.temporary(Type.i32);
    f.get(target).op(Op.i32WrapI64).i32(PAGE_BITS - FETCH_ENTRY.sizeBits).op(Op.i32ShrU).i32((FETCH_ENTRIES - 1) << FETCH_ENTRY.sizeBits).op(Op.i32And);
    f.get(this.#cpu).memory(Op.i32Load, HEADER.fetchTlb).op(Op.i32Add).tee(entry).memory(Op.i64Load, FETCH_ENTRY.tag);
    f.get(target).op(Op.i64Xor).i64(2n).op(Op.i64Rotr).i64(BigInt(PAGE_SIZE / 4)).op(Op.i64GeU).if();
    f.get(this.#cpu).get(target).memory(Op.i64Store, HEADER.nextPc);
    f.get(this.#cpu);
    this.#remaining();
    if (!this.#options.counting && retired) f.i32(1).op(Op.i32Sub);
    f.call(IMPORT.fetch).tee(record).op(Op.i32Eqz).if();
    f.i32(0).op(Op.return).end();
    f.else();
    f.get(target).op(Op.i32WrapI64).i32(PAGE_SIZE - 1).op(Op.i32And).i32(2).op(Op.i32Shl);
    f.get(entry).memory(Op.i32Load, FETCH_ENTRY.records).op(Op.i32Add).set(record);
    f.get(this.#cpu).get(target).get(record).i32(2).op(Op.i32ShrU).op(Op.i64ExtendI32U).op(Op.i64Sub).memory(Op.i64Store, HEADER.pageDelta);
    f.end();
    if (!this.#options.counting) {
      f.get(this.#left).get(record).op(Op.i32Add).get(this.#record).op(Op.i32Sub);
      if (retired) f.i32(RECORD.size).op(Op.i32Sub);
      f.set(this.#left);
    }
    f.get(record).set(this.#record);
    this.#arrived();
  }

  /** At the target of a jump: is the budget used up, is the target hot? */
  #arrived(): void {
    const f = this.#f;
    const { counting, regions } = this.#options;
    if (!counting) {
      f.get(this.#left).get(this.#record).op(Op.i32Sub).i32(0).op(Op.i32LeS).if();
      this.#leave();
      f.end();
    }
    if (regions !== undefined && !counting) {
      // A region's record keeps its entry number in the heat field; everything else counts visits there.
      const heat = f.temporary(Type.i32);
      f.get(this.#record).memory(Op.i32Load16U, RECORD.handler).tee(this.#handler).i32(HANDLER.region).op(Op.i32Ne).if();
      f.get(this.#record).get(this.#record).memory(Op.i32Load16U, RECORD.heat).i32(1).op(Op.i32Add).tee(heat).memory(Op.i32Store16, RECORD.heat);
      f.get(heat).i32(regions.threshold).op(Op.i32Eq).if();
      f.get(this.#cpu).get(this.#record).call(IMPORT.hot).end();
      f.end();
    }
    f.br(this.#dispatch);
  }

  /** Pushes how many instructions are left at this record. */
  #remaining(): void {
    const f = this.#f;
    f.get(this.#left);
    if (!this.#options.counting) f.get(this.#record).op(Op.i32Sub).i32(RECORD.sizeBits).op(Op.i32ShrS);
  }
  /** Returns to the host at this record. */
  #leave(): void {
    const f = this.#f;
    f.get(this.#cpu);
    this.#remaining();
    f.memory(Op.i32Store, HEADER.remaining).get(this.#record).op(Op.return);
  }

  #decode(): void {
    this.#f.get(this.#cpu).get(this.#record).call(IMPORT.decode).br(this.#dispatch);
  }
  #nextPage(): void {
    const f = this.#f;
    const target = f.temporary(Type.i64);
    this.#pc();
    f.set(target);
    this.#jumpTo(target, false);
    f.releaseTemporaries();
  }
  #region(): void {
    const f = this.#f;
    const { regions, counting } = this.#options;
    if (regions === undefined) {
      f.op(Op.unreachable);
      return;
    }
    const entry = f.temporary(Type.i32);
    f.get(this.#record).memory(Op.i32Load16U, RECORD.heat).i32(3).op(Op.i32Shl).set(entry);
    if (counting) {
      f.get(entry).memory(Op.i32Load16U, regions.entries + REGION_ENTRY.handler).set(this.#handler).br(this.#again);
      f.releaseTemporaries();
      return;
    }
    f.get(this.#cpu).get(this.#record);
    this.#remaining();
    f.get(entry).memory(Op.i32Load, regions.entries + REGION_ENTRY.function).callIndirect(0).set(this.#record);
    const interpret = f.temporary(Type.i32);
    f.get(this.#record).i32(1).op(Op.i32And).set(interpret);
    f.get(this.#record).i32(~1).op(Op.i32And).set(this.#record);
    f.get(this.#cpu).memory(Op.i32Load, HEADER.remaining).i32(RECORD.sizeBits).op(Op.i32Shl).get(this.#record).op(Op.i32Add).set(this.#left);
    f.get(interpret).op(Op.i32Eqz).brIf(this.#dispatch);
    // The region gave up before this instruction: the record's own handler must execute it.
    f.get(this.#record).memory(Op.i32Load16U, RECORD.handler).tee(this.#handler).i32(HANDLER.region).op(Op.i32Eq).if();
    f.get(this.#record).memory(Op.i32Load16U, RECORD.heat).i32(3).op(Op.i32Shl).memory(Op.i32Load16U, regions.entries + REGION_ENTRY.handler).set(this.#handler);
    f.end().br(this.#again);
    f.releaseTemporaries();
  }
  #outOfLine(): void {
    const f = this.#f;
    f.get(this.#cpu).get(this.#record);
    this.#remaining();
    f.call(IMPORT.outOfLine).op(Op.i32Eqz).if();
    f.i32(0).op(Op.return).end();
    this.#next();
  }
}
