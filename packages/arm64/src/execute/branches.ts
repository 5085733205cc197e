import { CONDITIONS, op } from '@worldswitch/engine';
import type { Condition, Operation, Semantics } from '@worldswitch/engine';
import type { BRANCHES } from '../facts/encodings/branches.ts';
import { X30, xOrZero } from '../state.ts';
import { signed, width } from './common.ts';

/** The condition a field means; 15 is always, as 14 (DDI 0487 C1.2.4). */
export function conditionOf(field: number): Condition {
  return field === 15 ? 'al' : CONDITIONS[field];
}

function compareBranch(onZero: boolean): Operation<{ readonly sf: number; readonly imm19: number; readonly rt: number }> {
  return op(
    ({ sf, imm19, rt }) => ({ shape: { width: width(sf) }, t: xOrZero(rt), offset: signed(imm19, 19) * 4 }),
    (s, { shape, t, offset }) => {
      const value = s.int(t, shape.width);
      s.jumpIf(s.compare(onZero ? 'eq' : 'ne', value, s.literal(0, shape.width)), offset);
    },
  );
}

function testBranch(onZero: boolean): Operation<{ readonly b5: number; readonly b40: number; readonly imm14: number; readonly rt: number }> {
  return op(
    // Bits 0 to 31 are tested in 32 bits.
    ({ b5, b40, imm14, rt }) => ({ shape: { width: width(b5) }, t: xOrZero(rt), offset: signed(imm14, 14) * 4, bit: b5 * 32 + b40 }),
    (s, { shape: { width: size }, t, offset, bit }) => {
      const tested = s.and(s.shrU(s.int(t, size), s.imm(bit, size)), s.literal(1, size));
      s.jumpIf(s.compare(onZero ? 'eq' : 'ne', tested, s.literal(0, size)), offset);
    },
  );
}

export const branches: Semantics<typeof BRANCHES> = {
  B: op(({ imm26 }) => ({ offset: signed(imm26, 26) * 4 }), (s, { offset }) => s.jump(offset)),
  BL: op(
    ({ imm26 }) => ({ offset: signed(imm26, 26) * 4 }),
    (s, { offset }) => {
      s.setInt(X30, s.add(s.pc(), s.literal(4, 64)));
      s.jump(offset);
    },
  ),
  B_cond: op(
    ({ imm19, cond }) => ({ shape: { condition: conditionOf(cond) }, offset: signed(imm19, 19) * 4 }),
    (s, { shape, offset }) => (shape.condition === 'al' ? s.jump(offset) : s.jumpIf(s.condition(shape.condition), offset)),
  ),
  CBZ: compareBranch(true),
  CBNZ: compareBranch(false),
  TBZ: testBranch(true),
  TBNZ: testBranch(false),
  BR: op(({ rn }) => ({ n: xOrZero(rn) }), (s, { n }) => s.jumpTo(s.int(n, 64), 'plain')),
  BLR: op(
    ({ rn }) => ({ n: xOrZero(rn) }),
    (s, { n }) => {
      const target = s.int(n, 64);
      s.setInt(X30, s.add(s.pc(), s.literal(4, 64)));
      s.jumpTo(target, 'call');
    },
  ),
  RET: op(({ rn }) => ({ n: xOrZero(rn) }), (s, { n }) => s.jumpTo(s.int(n, 64), 'return')),
};
