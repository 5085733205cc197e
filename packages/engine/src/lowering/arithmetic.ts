import type { BinaryOp, CompareOp, LaneBits, UnaryOp, VectorOp } from '../ir/types.ts';
import type { FunctionWriter } from '../wasm/function.ts';
import { Op, Type, type Opcode } from '../wasm/opcodes.ts';

type IntType = 'i32' | 'i64';

const BINARY: Readonly<Partial<Record<BinaryOp, Readonly<Record<IntType, Opcode>>>>> = {
  add: { i32: Op.i32Add, i64: Op.i64Add }, sub: { i32: Op.i32Sub, i64: Op.i64Sub }, mul: { i32: Op.i32Mul, i64: Op.i64Mul },
  and: { i32: Op.i32And, i64: Op.i64And }, or: { i32: Op.i32Or, i64: Op.i64Or }, xor: { i32: Op.i32Xor, i64: Op.i64Xor },
  shl: { i32: Op.i32Shl, i64: Op.i64Shl }, shrU: { i32: Op.i32ShrU, i64: Op.i64ShrU }, shrS: { i32: Op.i32ShrS, i64: Op.i64ShrS },
  rotr: { i32: Op.i32Rotr, i64: Op.i64Rotr },
};
const COMPARE: Readonly<Record<CompareOp, Readonly<Record<IntType, Opcode>>>> = {
  eq: { i32: Op.i32Eq, i64: Op.i64Eq }, ne: { i32: Op.i32Ne, i64: Op.i64Ne },
  ltU: { i32: Op.i32LtU, i64: Op.i64LtU }, ltS: { i32: Op.i32LtS, i64: Op.i64LtS },
  leU: { i32: Op.i32LeU, i64: Op.i64LeU }, leS: { i32: Op.i32LeS, i64: Op.i64LeS },
};
const VECTOR: Readonly<Record<VectorOp, Opcode>> = { vand: Op.v128And, vor: Op.v128Or, vxor: Op.v128Xor, vandnot: Op.v128Andnot };

const constant = (f: FunctionWriter, type: IntType, value: bigint): FunctionWriter => (type === 'i64' ? f.i64(value) : f.i32(Number(BigInt.asIntN(32, value))));
const pick = (type: IntType, i32: Opcode, i64: Opcode): Opcode => (type === 'i64' ? i64 : i32);

/** Operands are on the stack, in order; the result replaces them. */
export function emitCompare(f: FunctionWriter, name: CompareOp, type: IntType): void {
  f.op(COMPARE[name][type]);
}

export function emitBinary(f: FunctionWriter, name: BinaryOp, type: IntType): void {
  const simple = BINARY[name];
  if (simple !== undefined) f.op(simple[type]);
  else if (name === 'divU' || name === 'divS') emitDivide(f, name === 'divS', type);
  else emitMultiplyHigh(f, name === 'mulHighS');
}

export function emitUnary(f: FunctionWriter, name: UnaryOp, type: IntType): void {
  switch (name) {
    case 'clz': f.op(pick(type, Op.i32Clz, Op.i64Clz)); break;
    case 'popcnt': f.op(pick(type, Op.i32Popcnt, Op.i64Popcnt)); break;
    case 'eqz':
      f.op(pick(type, Op.i32Eqz, Op.i64Eqz));
      if (type === 'i64') f.op(Op.i64ExtendI32U);
      break;
    case 'extend8': f.op(pick(type, Op.i32Extend8S, Op.i64Extend8S)); break;
    case 'extend16': f.op(pick(type, Op.i32Extend16S, Op.i64Extend16S)); break;
    case 'extend32': if (type === 'i64') f.op(Op.i64Extend32S); break;
    case 'reverseBytes': emitReverseBytes(f, type, type === 'i64' ? 8 : 4); break;
    case 'reverseBits':
      for (const step of [1, 2, 4]) emitSwapNeighbours(f, type, step);
      emitReverseBytes(f, type, type === 'i64' ? 8 : 4);
  }
}

export function emitVector(f: FunctionWriter, name: VectorOp): void {
  f.op(VECTOR[name]);
}
export function emitSplat(f: FunctionWriter, lane: LaneBits): void {
  f.op({ 8: Op.i8x16Splat, 16: Op.i16x8Splat, 32: Op.i32x4Splat, 64: Op.i64x2Splat }[lane]);
}
export function emitLane(f: FunctionWriter, lane: LaneBits, index: number, signed: boolean): void {
  const opcode = { 8: signed ? Op.i8x16ExtractLaneS : Op.i8x16ExtractLaneU, 16: signed ? Op.i16x8ExtractLaneS : Op.i16x8ExtractLaneU, 32: Op.i32x4ExtractLane, 64: Op.i64x2ExtractLane }[lane];
  f.lane(opcode, index);
}
export function emitWithLane(f: FunctionWriter, lane: LaneBits, index: number): void {
  f.lane({ 8: Op.i8x16ReplaceLane, 16: Op.i16x8ReplaceLane, 32: Op.i32x4ReplaceLane, 64: Op.i64x2ReplaceLane }[lane], index);
}

/** Reverses the low `size` bytes; the bytes above are zero before and after. */
export function emitReverseBytes(f: FunctionWriter, type: IntType, size: 1 | 2 | 4 | 8): void {
  if (size === 1) return;
  emitSwapNeighbours(f, type, 8);
  if (size === 2) return;
  emitSwapNeighbours(f, type, 16);
  if (size === 4) return;
  f.i64(32n).op(Op.i64Rotl);
}

/** Swaps each group of `step` bits with its neighbour. */
function emitSwapNeighbours(f: FunctionWriter, type: IntType, step: number): void {
  const width = type === 'i64' ? 64 : 32;
  let mask = 0n;
  for (let at = 0; at < width; at += 2 * step) mask |= ((1n << BigInt(step)) - 1n) << BigInt(at);
  const x = f.temporary(Type[type]);
  f.tee(x);
  constant(f, type, BigInt(step)).op(pick(type, Op.i32ShrU, Op.i64ShrU));
  constant(f, type, mask).op(pick(type, Op.i32And, Op.i64And)).get(x);
  constant(f, type, mask).op(pick(type, Op.i32And, Op.i64And));
  constant(f, type, BigInt(step)).op(pick(type, Op.i32Shl, Op.i64Shl)).op(pick(type, Op.i32Or, Op.i64Or));
}

// WebAssembly traps on division by zero and on the one signed overflow; ours is total.
function emitDivide(f: FunctionWriter, signed: boolean, type: IntType): void {
  const a = f.temporary(Type[type]);
  const b = f.temporary(Type[type]);
  f.set(b).set(a).get(b).op(pick(type, Op.i32Eqz, Op.i64Eqz)).if(Type[type]);
  constant(f, type, 0n).else();
  if (signed) {
    f.get(b);
    constant(f, type, -1n).op(pick(type, Op.i32Eq, Op.i64Eq)).if(Type[type]);
    constant(f, type, 0n).get(a).op(pick(type, Op.i32Sub, Op.i64Sub)).else();
  }
  f.get(a).get(b).op(signed ? pick(type, Op.i32DivS, Op.i64DivS) : pick(type, Op.i32DivU, Op.i64DivU)).end();
  if (signed) f.end();
}

// Schoolbook product of 32-bit halves; the signed form subtracts what the unsigned reading added.
function emitMultiplyHigh(f: FunctionWriter, signed: boolean): void {
  const [a, b, middle, low] = [f.temporary(Type.i64), f.temporary(Type.i64), f.temporary(Type.i64), f.temporary(Type.i64)];
  const lowHalf = (local: number): FunctionWriter => f.get(local).i64(0xffff_ffffn).op(Op.i64And);
  const highHalf = (local: number): FunctionWriter => f.get(local).i64(32n).op(Op.i64ShrU);
  f.set(b).set(a);
  lowHalf(a);
  lowHalf(b).op(Op.i64Mul).i64(32n).op(Op.i64ShrU).set(low);
  highHalf(a);
  lowHalf(b).op(Op.i64Mul).get(low).op(Op.i64Add).set(middle);
  lowHalf(a);
  highHalf(b).op(Op.i64Mul);
  lowHalf(middle).op(Op.i64Add).set(low);
  highHalf(a);
  highHalf(b).op(Op.i64Mul);
  highHalf(middle).op(Op.i64Add);
  highHalf(low).op(Op.i64Add);
  if (!signed) return;
  f.get(a).i64(63n).op(Op.i64ShrS).get(b).op(Op.i64And).op(Op.i64Sub);
  f.get(b).i64(63n).op(Op.i64ShrS).get(a).op(Op.i64And).op(Op.i64Sub);
}
