import type { BinaryOp, CompareOp, LaneBits, UnaryOp, VectorOp } from '../ir/types.ts';

/** Integer operations of the IR on unsigned bigints, written to be obviously right. `width` is 32 or 64. */
export function binary(name: BinaryOp, width: 32 | 64, a: bigint, b: bigint): bigint {
  const bits = BigInt(width);
  const amount = b % bits;
  const signed = (value: bigint): bigint => BigInt.asIntN(width, value);
  const wrap = (value: bigint): bigint => BigInt.asUintN(width, value);
  switch (name) {
    case 'add': return wrap(a + b);
    case 'sub': return wrap(a - b);
    case 'mul': return wrap(a * b);
    case 'and': return a & b;
    case 'or': return a | b;
    case 'xor': return a ^ b;
    case 'shl': return wrap(a << amount);
    case 'shrU': return a >> amount;
    case 'shrS': return wrap(signed(a) >> amount);
    case 'rotr': return wrap((a >> amount) | (a << (bits - amount)));
    case 'divU': return b === 0n ? 0n : a / b;
    case 'divS': return b === 0n ? 0n : wrap(signed(a) / signed(b));
    case 'mulHighU': return (a * b) >> 64n;
    case 'mulHighS': return wrap((signed(a) * signed(b)) >> 64n);
  }
}

export function compare(name: CompareOp, width: 32 | 64, a: bigint, b: bigint): boolean {
  const signed = (value: bigint): bigint => BigInt.asIntN(width, value);
  switch (name) {
    case 'eq': return a === b;
    case 'ne': return a !== b;
    case 'ltU': return a < b;
    case 'leU': return a <= b;
    case 'ltS': return signed(a) < signed(b);
    case 'leS': return signed(a) <= signed(b);
  }
}

export function unary(name: UnaryOp, width: 32 | 64, a: bigint): bigint {
  const text = (): string => a.toString(2).padStart(width, '0');
  switch (name) {
    case 'clz': return a === 0n ? BigInt(width) : BigInt(text().indexOf('1'));
    case 'popcnt': return BigInt(text().replaceAll('0', '').length);
    case 'eqz': return a === 0n ? 1n : 0n;
    case 'reverseBits': return BigInt(`0b${[...text()].reverse().join('')}`);
    case 'reverseBytes': return reverseBytes(a, width / 8);
    case 'extend8': return BigInt.asUintN(width, BigInt.asIntN(8, a));
    case 'extend16': return BigInt.asUintN(width, BigInt.asIntN(16, a));
    case 'extend32': return BigInt.asUintN(width, BigInt.asIntN(32, a));
  }
}

function reverseBytes(value: bigint, bytes: number): bigint {
  let out = 0n;
  for (let index = 0; index < bytes; index++) out = (out << 8n) | ((value >> BigInt(8 * index)) & 0xffn);
  return out;
}

export function vector(name: VectorOp, a: bigint, b: bigint): bigint {
  switch (name) {
    case 'vand': return a & b;
    case 'vor': return a | b;
    case 'vxor': return a ^ b;
    case 'vandnot': return a & ~b;
  }
}
export function splat(lane: LaneBits, a: bigint): bigint {
  let out = 0n;
  for (let at = 0; at < 128; at += lane) out |= BigInt.asUintN(lane, a) << BigInt(at);
  return out;
}
export function laneOf(lane: LaneBits, a: bigint, index: number, signed: boolean, width: 32 | 64): bigint {
  const value = BigInt.asUintN(lane, a >> BigInt(lane * index));
  return signed ? BigInt.asUintN(width, BigInt.asIntN(lane, value)) : value;
}
export function withLane(lane: LaneBits, a: bigint, index: number, b: bigint): bigint {
  const at = BigInt(lane * index);
  const mask = ((1n << BigInt(lane)) - 1n) << at;
  return (a & ~mask) | (BigInt.asUintN(lane, b) << at);
}
