import { CONDITIONS, op, StateLayout, type I64, type Int, type Semantics, type SemanticsBuilder, type Slot, type SlotHole } from '@worldswitch/engine';
import type { TOY_ROWS } from './rows.ts';

export const TOY_STATE = new StateLayout();
export const R = TOY_STATE.ints('r', 16);
export const V = TOY_STATE.vectors('v', 4);

const read = (n: number): Slot => (n === 0 ? TOY_STATE.zero : R[n]);
const write = (n: number): Slot => (n === 0 ? TOY_STATE.sink : R[n]);
const width = (w: number): 32 | 64 => (w === 1 ? 64 : 32);
const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);
const LANES = [8, 16, 32, 64] as const;
const SIZES = [1, 2, 4, 8] as const;
const SHIFTS = ['shl', 'shrU', 'shrS', 'rotr'] as const;
const COUNTS = ['clz', 'popcnt', 'reverseBytes', 'reverseBits', 'extend8', 'extend16', 'extend32', 'eqz'] as const;
const LOGIC = ['vand', 'vor', 'vxor', 'vandnot'] as const;

interface ThreeRegisters { readonly rd: number; readonly rn: number; readonly rm: number }
const three = ({ rd, rn, rm }: ThreeRegisters) => ({ d: write(rd), n: read(rn), m: read(rm) });
const simple = (name: 'add' | 'sub' | 'and' | 'xor' | 'mul') =>
  op(three, (s, { d, n, m }) => { s.setInt(d, s.binary(name, s.int(n, 64), s.int(m, 64))); });
const addressOf = (s: SemanticsBuilder, n: SlotHole, offset: { readonly kind: 'int'; readonly index: number }): I64 => s.add(s.int(n, 64), s.imm(offset, 64));
const low32 = (s: SemanticsBuilder, value: Int): Int => (value.type === 'i64' ? s.wrap(value as I64) : value);

export const TOY_SEMANTICS: Semantics<typeof TOY_ROWS> = {
  addi: op(({ rd, rn, imm }) => ({ d: write(rd), n: read(rn), imm: signed(imm, 16) }), (s, { d, n, imm }) => { s.setInt(d, s.add(s.int(n, 64), s.imm(imm, 64))); }),
  lui: op(({ rd, shift, imm }) => ({ d: write(rd), n: read(rd), value: BigInt.asUintN(64, BigInt(imm) << BigInt(4 * shift)) }), (s, { d, n, value }) => {
    s.setInt(d, s.xor(s.int(n, 64), s.imm(value, 64)));
  }),
  add: simple('add'),
  sub: simple('sub'),
  and: simple('and'),
  xor: simple('xor'),
  mul: simple('mul'),
  shift: op(({ w, kind, ...r }) => ({ shape: { w, kind }, ...three(r) }), (s, { shape: { w, kind }, d, n, m }) => {
    s.setInt(d, s.binary(SHIFTS[kind], s.int(n, width(w)), s.int(m, width(w))));
  }),
  mulh: op(({ s: sign, ...r }) => ({ shape: { sign }, ...three(r) }), (s, { shape: { sign }, d, n, m }) => {
    s.setInt(d, s.binary(sign === 1 ? 'mulHighS' : 'mulHighU', s.int(n, 64), s.int(m, 64)));
  }),
  div: op(({ w, s: sign, ...r }) => ({ shape: { w, sign }, ...three(r) }), (s, { shape: { w, sign }, d, n, m }) => {
    s.setInt(d, s.binary(sign === 1 ? 'divS' : 'divU', s.int(n, width(w)), s.int(m, width(w))));
  }),
  count: op(({ w, kind, rd, rn }) => ({ shape: { w, kind }, d: write(rd), n: read(rn) }), (s, { shape: { w, kind }, d, n }) => {
    s.setInt(d, s.unary(COUNTS[kind], s.int(n, width(w))));
  }),
  cmp: op(({ w, kind, rn, rm }) => ({ shape: { w, kind }, n: read(rn), m: read(rm) }), (s, { shape: { w, kind }, n, m }) => {
    const [a, b] = [s.int(n, width(w)), s.int(m, width(w))];
    if (kind === 0) s.setFlagsSub(a, b);
    else if (kind === 1) s.setFlagsAdd(a, b);
    else if (kind === 2) s.setFlagsLogic(s.and(a, b));
    else s.setFlagsAdc(a, s.not(b), s.condition('cs'));
  }),
  adc: op(({ w, ...r }) => ({ shape: { w }, ...three(r) }), (s, { shape: { w }, d, n, m }) => {
    const [a, b, carry] = [s.int(n, width(w)), s.int(m, width(w)), s.condition('cs')];
    s.setFlagsAdc(a, b, carry);
    s.setInt(d, s.add(s.add(a, b), w === 1 ? s.extendU(carry) : carry));
  }),
  select: op(({ cond, ...r }) => ({ shape: { cond }, ...three(r) }), (s, { shape: { cond }, d, n, m }) => {
    s.setInt(d, s.select(s.condition(CONDITIONS[cond]), s.int(n, 64), s.int(m, 64)));
  }),
  ccmp: op(({ w, cond, rn, rm, flags }) => ({ shape: { w, cond, flags }, n: read(rn), m: read(rm) }), (s, { shape: { w, cond, flags }, n, m }) => {
    s.setFlagsIf(s.condition(CONDITIONS[cond]), 'sub', s.int(n, width(w)), s.int(m, width(w)), flags);
  }),
  getf: op(({ rd }) => ({ d: write(rd) }), (s, { d }) => { s.setInt(d, s.flags()); }),
  setf: op(({ rn }) => ({ n: read(rn) }), (s, { n }) => { s.setFlagsPacked(s.and(s.int(n, 32), s.literal(15, 32))); }),
  b: op(({ link, offset }) => ({ shape: { link }, offset: signed(offset, 24) * 4 }), (s, { shape: { link }, offset }) => {
    if (link === 1) s.setInt(R[15], s.add(s.pc(), s.literal(4, 64)));
    s.jump(offset);
  }),
  bc: op(({ cond, offset }) => ({ shape: { cond }, offset: signed(offset, 20) * 4 }), (s, { shape: { cond }, offset }) => {
    s.jumpIf(s.condition(CONDITIONS[cond]), offset);
  }),
  bz: op(({ nz, rn, offset }) => ({ shape: { nz }, n: read(rn), offset: signed(offset, 20) * 4 }), (s, { shape: { nz }, n, offset }) => {
    const zero = s.isZero(s.int(n, 64));
    s.jumpIf(nz === 1 ? s.unary('eqz', zero) : zero, offset);
  }),
  bit: op(({ rn, bitno, offset }) => ({ n: read(rn), bitno, offset: signed(offset, 14) * 4 }), (s, { n, bitno, offset }) => {
    s.jumpIf(s.and(s.wrap(s.shrU(s.int(n, 64), s.imm(bitno, 64))), s.literal(1, 32)), offset);
  }),
  br: op(({ link, rn }) => ({ shape: { link }, n: read(rn) }), (s, { shape: { link }, n }) => {
    const target = s.int(n, 64);
    if (link === 1) s.setInt(R[15], s.add(s.pc(), s.literal(4, 64)));
    s.jumpTo(target, link === 1 ? 'call' : 'plain');
  }),
  ld: op(({ size, s: sign, w, rd, rn, imm }) => ({ shape: { size, sign, w }, d: write(rd), n: read(rn), imm: signed(imm, 16) }),
    (s, { shape: { size, sign, w }, d, n, imm }) => { s.setInt(d, s.load(addressOf(s, n, imm), SIZES[size], width(w), { signed: sign === 1 })); }),
  st: op(({ size, rd, rn, imm }) => ({ shape: { size }, d: read(rd), n: read(rn), imm: signed(imm, 16) }), (s, { shape: { size }, d, n, imm }) => {
    s.store(addressOf(s, n, imm), SIZES[size], size === 3 ? s.int(d, 64) : low32(s, s.int(d, 64)));
  }),
  ldu: op(({ rd, rn, imm }) => ({ d: write(rd), n: read(rn), w: write(rn), imm: signed(imm, 16) }), (s, { d, n, w, imm }) => {
    const address = addressOf(s, n, imm);
    const value = s.load(address, 8, 64);
    s.setInt(w, address);
    s.setInt(d, value);
  }),
  stp: op(({ imm, ...r }) => ({ d: read(r.rd), n: read(r.rn), m: read(r.rm), imm: signed(imm, 12) * 8 }), (s, { d, n, m, imm }) => {
    const access = s.access('write', addressOf(s, n, imm), 16, { element: 8 });
    s.storeTo(access, 0, 8, s.int(d, 64));
    s.storeTo(access, 8, 8, s.int(m, 64));
  }),
  ldp: op(({ imm, ...r }) => ({ d: write(r.rd), n: read(r.rn), m: write(r.rm), imm: signed(imm, 12) * 8 }), (s, { d, n, m, imm }) => {
    const access = s.access('read', addressOf(s, n, imm), 16, { element: 8 });
    const [first, second] = [s.loadFrom(access, 0, 8, 64), s.loadFrom(access, 8, 8, 64)];
    s.setInt(d, first);
    s.setInt(m, second);
  }),
  swap: op(({ rd, rn, rm }) => ({ d: write(rd), n: read(rn), m: read(rm) }), (s, { d, n, m }) => {
    const access = s.access('update', s.int(n, 64), 8, { alignment: 'strict' });
    const old = s.loadFrom(access, 0, 8, 64);
    s.storeTo(access, 0, 8, s.int(m, 64));
    s.setInt(d, old);
  }),
  vdup: op(({ vd, rn, lane }) => ({ shape: { lane }, d: V[vd], n: read(rn) }), (s, { shape: { lane }, d, n }) => {
    s.setVector(d, s.splat(LANES[lane], lane === 3 ? s.int(n, 64) : s.int(n, 32)));
  }),
  vins: op(({ vd, rn, lane, index }) => ({ shape: { lane, index }, d: V[vd], n: read(rn) }), (s, { shape: { lane, index }, d, n }) => {
    s.setVector(d, s.withLane(LANES[lane], s.vector(d), index, lane === 3 ? s.int(n, 64) : s.int(n, 32)));
  }),
  vget: op(({ rd, vn, lane, s: sign, index }) => ({ shape: { lane, sign, index }, d: write(rd), n: V[vn] }), (s, { shape: { lane, sign, index }, d, n }) => {
    s.setInt(d, s.lane(LANES[lane], s.vector(n), index, sign === 1));
  }),
  vlogic: op(({ vd, vn, vm, kind }) => ({ shape: { kind }, d: V[vd], n: V[vn], m: V[vm] }), (s, { shape: { kind }, d, n, m }) => {
    s.setVector(d, s.vectorOp(LOGIC[kind], s.vector(n), s.vector(m)));
  }),
  syscall: op(({ code }) => ({ code }), (s, { code }) => { s.raise('syscall', s.imm(code, 64)); }),
  iret: op(() => ({}), (s) => {
    s.helper('iret');
    s.helperJump();
  }),
  wait: op(() => ({}), (s) => { s.helper('wait'); }),
  halt: op(() => ({}), (s) => { s.helper('halt'); }),
  getc: op(({ rd, reg }) => ({ d: write(rd), reg }), (s, { d, reg }) => { s.setInt(d, s.helper('getc', s.imm(reg, 64))); }),
  setc: op(({ rn, reg }) => ({ n: read(rn), reg }), (s, { n, reg }) => { s.helper('setc', s.imm(reg, 64), s.int(n, 64)); }),
  nop: op(() => ({}), () => undefined),
};
