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

/** Where generated code keeps the lazy flags between instructions. */
export interface FlagsHome {
  /** The kind, where it is known when the code is made; kept up to date by `FlagsLowering`. */
  known: number | undefined;
  pushKind(): void;
  setKind(kind: number): void;
  push(word: 'flagsA' | 'flagsB'): void;
  /** Stores what `value` pushes. */
  store(word: 'flagsA' | 'flagsB', value: () => void): void;
}

/** The flags in the header of the state block at local `cpu`; nothing is known about them. */
function headerFlags(f: FunctionWriter, cpu: Local): FlagsHome {
  return {
    known: undefined,
    pushKind: () => { f.get(cpu).memory(Op.i32Load, HEADER.flagsKind); },
    setKind: (kind) => { f.get(cpu).i32(kind).memory(Op.i32Store, HEADER.flagsKind); },
    push: (word) => { f.get(cpu).memory(Op.i64Load, HEADER[word]); },
    store: (word, value) => {
      f.get(cpu);
      value();
      f.memory(Op.i64Store, HEADER[word]);
    },
  };
}

/** Emits code for the lazily kept condition flags. */
export class FlagsLowering {
  readonly #f: FunctionWriter;
  readonly #home: FlagsHome;

  constructor(f: FunctionWriter, cpu: Local, home: FlagsHome = headerFlags(f, cpu)) {
    this.#f = f;
    this.#home = home;
  }

  /** Pushes 0 or 1. */
  condition(condition: Condition): void {
    const f = this.#f;
    const index = CONDITIONS.indexOf(condition);
    if (condition === 'al' || condition === 'nv') {
      f.i32(1);
      return;
    }
    const { known } = this.#home;
    if (known === FLAGS_KIND.sub) this.#subCondition(condition);
    else if (known !== undefined) this.#otherCondition(condition, index);
    else {
      this.#isSub().if(Type.i32);
      this.#subCondition(condition);
      f.else();
      this.#otherCondition(condition, index);
      f.end();
    }
  }

  /** Pushes N 8, Z 4, C 2, V 1. */
  packed(): void {
    const f = this.#f;
    this.#isSub().if(Type.i32);
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

  /** After code that one of several paths has run: what they agree on is not looked for. */
  merge(): void {
    this.#home.known = undefined;
  }
  /** Sets the flags from operands in locals. */
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
  #otherCondition(condition: Condition, index: number): void {
    const f = this.#f;
    if (this.#home.known === FLAGS_KIND.logic && (condition === 'eq' || condition === 'ne')) {
      this.#load('flagsA');
      f.op(Op.i64Eqz);
      if (condition === 'ne') f.op(Op.i32Eqz);
      return;
    }
    let holds = 0;
    for (let flags = 0; flags < 16; flags++) if (conditionHolds(index, flags)) holds |= 1 << flags;
    f.i32(holds);
    this.#packedUnlessSub();
    f.op(Op.i32ShrU).i32(1).op(Op.i32And);
  }
  #packedUnlessSub(): void {
    const f = this.#f;
    this.#home.pushKind();
    f.if(Type.i32);
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
  #isSub(): FunctionWriter {
    this.#home.pushKind();
    return this.#f.i32(FLAGS_KIND.sub).op(Op.i32Eq);
  }
  #setKind(kind: number): void {
    this.#home.setKind(kind);
    this.#home.known = kind;
  }
  #load(word: 'flagsA' | 'flagsB'): void {
    this.#home.push(word);
  }
  #store(word: 'flagsA' | 'flagsB', value: () => void): void {
    this.#home.store(word, value);
  }
}
