import type { Condition, FlagsEffect } from '../ir/types.ts';
import { CONDITIONS } from '../ir/types.ts';
import { HEADER } from '../state/header.ts';
import { conditionHolds, FLAGS_KIND } from '../state/flags.ts';
import type { FunctionWriter, Local } from '../wasm/function.ts';
import { Op, Type } from '../wasm/opcodes.ts';

/** Flag operands of an effect, already in locals of the effect's width. */
export interface FlagOperands {
  readonly a: Local;
  readonly b: Local;
  readonly carry: Local;
}

/** Emits code for the lazily kept condition flags: the header of the state block at local `cpu`. */
export class FlagsLowering {
  readonly #f: FunctionWriter;
  readonly #cpu: Local;

  constructor(f: FunctionWriter, cpu: Local) {
    this.#f = f;
    this.#cpu = cpu;
  }

  /** Pushes 0 or 1. */
  condition(condition: Condition): void {
    const f = this.#f;
    const index = CONDITIONS.indexOf(condition);
    if (condition === 'al' || condition === 'nv') {
      f.i32(1);
      return;
    }
    this.#kind().i32(FLAGS_KIND.sub).op(Op.i32Eq).if(Type.i32);
    this.#subCondition(condition);
    f.else();
    let holds = 0;
    for (let flags = 0; flags < 16; flags++) if (conditionHolds(index, flags)) holds |= 1 << flags;
    f.i32(holds);
    this.#packedUnlessSub();
    f.op(Op.i32ShrU).i32(1).op(Op.i32And);
    f.end();
  }

  /** Pushes N 8, Z 4, C 2, V 1. */
  packed(): void {
    const f = this.#f;
    this.#kind().i32(FLAGS_KIND.sub).op(Op.i32Eq).if(Type.i32);
    this.#subCondition('mi');
    f.i32(3).op(Op.i32Shl);
    this.#subCondition('eq');
    f.i32(2).op(Op.i32Shl).op(Op.i32Or);
    this.#subCondition('cs');
    f.i32(1).op(Op.i32Shl).op(Op.i32Or);
    this.#subCondition('vs');
    f.op(Op.i32Or).else();
    this.#packedUnlessSub();
    f.end();
  }

  /** Writes the header from operands in locals. */
  set(effect: FlagsEffect, { a, b, carry }: FlagOperands): void {
    switch (effect.kind) {
      case 'sub':
        this.#store('flagsA', () => { this.#high(effect.width, a); });
        this.#store('flagsB', () => { this.#high(effect.width, b); });
        this.#setKind(FLAGS_KIND.sub);
        break;
      case 'logic':
        this.#store('flagsA', () => { this.#high(effect.width, a); });
        this.#setKind(FLAGS_KIND.logic);
        break;
      case 'packed':
        this.#store('flagsA', () => this.#f.get(a).op(Op.i64ExtendI32U));
        this.#setKind(FLAGS_KIND.packed);
        break;
      case 'add':
      case 'adc':
        this.#setAdd(effect.width, a, b, effect.kind === 'adc' ? carry : undefined);
        this.#setKind(FLAGS_KIND.packed);
    }
  }
  setPacked(flags: number): void {
    this.#store('flagsA', () => this.#f.i64(BigInt(flags)));
    this.#setKind(FLAGS_KIND.packed);
  }

  // Carry and overflow of a sum come from the top bits of operands and result; 32-bit operands are moved to the top first.
  #setAdd(width: 32 | 64, a: Local, b: Local, carry: Local | undefined): void {
    const f = this.#f;
    const [x, y, r] = [f.temporary(Type.i64), f.temporary(Type.i64), f.temporary(Type.i64)];
    this.#high(width, a);
    f.set(x);
    this.#high(width, b);
    f.tee(y).get(x).op(Op.i64Add);
    if (carry !== undefined) {
      f.get(carry).op(Op.i64ExtendI32U);
      if (width === 32) f.i64(32n).op(Op.i64Shl);
      f.op(Op.i64Add);
    }
    f.set(r);
    this.#store('flagsA', () => {
      f.get(r).i64(63n).op(Op.i64ShrU).i64(3n).op(Op.i64Shl);
      f.get(r).op(Op.i64Eqz).op(Op.i64ExtendI32U).i64(2n).op(Op.i64Shl).op(Op.i64Or);
      f.get(x).get(y).op(Op.i64And).get(x).get(y).op(Op.i64Or).get(r).i64(-1n).op(Op.i64Xor).op(Op.i64And).op(Op.i64Or);
      f.i64(63n).op(Op.i64ShrU).i64(1n).op(Op.i64Shl).op(Op.i64Or);
      f.get(x).get(r).op(Op.i64Xor).get(y).get(r).op(Op.i64Xor).op(Op.i64And).i64(63n).op(Op.i64ShrU).op(Op.i64Or);
    });
  }

  #subCondition(condition: Condition): void {
    const f = this.#f;
    const compare = { eq: Op.i64Eq, ne: Op.i64Ne, cs: Op.i64GeU, cc: Op.i64LtU, hi: Op.i64GtU, ls: Op.i64LeU, ge: Op.i64GeS, lt: Op.i64LtS, gt: Op.i64GtS, le: Op.i64LeS };
    if (condition in compare) {
      this.#load('flagsA');
      this.#load('flagsB');
      f.op(compare[condition as keyof typeof compare]);
      return;
    }
    this.#load('flagsA');
    this.#load('flagsB');
    f.op(Op.i64Sub);
    if (condition === 'vs' || condition === 'vc') {
      this.#load('flagsA');
      f.op(Op.i64Xor);
      this.#load('flagsA');
      this.#load('flagsB');
      f.op(Op.i64Xor).op(Op.i64And);
    }
    f.i64(0n).op(condition === 'mi' || condition === 'vs' ? Op.i64LtS : Op.i64GeS);
  }
  #packedUnlessSub(): void {
    const f = this.#f;
    this.#kind().if(Type.i32);
    this.#load('flagsA');
    f.i64(63n).op(Op.i64ShrU).op(Op.i32WrapI64).i32(3).op(Op.i32Shl);
    this.#load('flagsA');
    f.op(Op.i64Eqz).i32(2).op(Op.i32Shl).op(Op.i32Or);
    f.else();
    this.#load('flagsA');
    f.op(Op.i32WrapI64).end();
  }
  #high(width: 32 | 64, local: Local): void {
    this.#f.get(local);
    if (width === 32) this.#f.op(Op.i64ExtendI32U).i64(32n).op(Op.i64Shl);
  }
  #kind(): FunctionWriter {
    return this.#f.get(this.#cpu).memory(Op.i32Load, HEADER.flagsKind);
  }
  #setKind(kind: number): void {
    this.#f.get(this.#cpu).i32(kind).memory(Op.i32Store, HEADER.flagsKind);
  }
  #load(word: 'flagsA' | 'flagsB'): void {
    this.#f.get(this.#cpu).memory(Op.i64Load, HEADER[word]);
  }
  #store(word: 'flagsA' | 'flagsB', value: () => void): void {
    this.#f.get(this.#cpu);
    value();
    this.#f.memory(Op.i64Store, HEADER[word]);
  }
}
