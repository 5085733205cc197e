import { describe, expect, it } from 'vitest';
import { A64 } from '../instructions.ts';
import { transferOf } from './transfer.ts';

function word(text: string): number {
  const result = A64.assembleInstruction(text);
  if (!result.ok) throw new Error(`${text}: expected ${result.expected.join(' or ')}`);
  return result.word;
}

describe('transferOf', () => {
  it.each([
    ['ldr x3, [x1, #8]', { size: 8, signExtend: false, register: 3, wide: true, acquireRelease: false }],
    ['str wzr, [x1, x2, lsl #2]', { size: 4, signExtend: false, register: 31, wide: false, acquireRelease: false }],
    ['ldrsb w4, [x1]', { size: 1, signExtend: true, register: 4, wide: false, acquireRelease: false }],
    ['ldursh x5, [x1, #-2]', { size: 2, signExtend: true, register: 5, wide: true, acquireRelease: false }],
    ['ldrsw x6, [x1]', { size: 4, signExtend: true, register: 6, wide: true, acquireRelease: false }],
    ['ldtrb w7, [x1]', { size: 1, signExtend: false, register: 7, wide: false, acquireRelease: false }],
    ['stlr x8, [x1]', { size: 8, signExtend: false, register: 8, wide: true, acquireRelease: true }],
    ['ldaprh w9, [x1]', { size: 2, signExtend: false, register: 9, wide: false, acquireRelease: true }],
  ] as const)('%s', (text, transfer) => {
    expect(transferOf(word(text))).toEqual(transfer);
  });

  it.each([
    'ldr x3, [x1], #8', 'strb w3, [x1, #1]!', 'ldp x0, x1, [x2]', 'ldxr x0, [x1]', 'swp x0, x1, [x2]', 'ldr q0, [x1]', 'dc zva, x0',
    'prfm pldl1keep, [x0]',
  ])('%s has none', (text) => {
    expect(transferOf(word(text))).toBeUndefined();
  });
});
