/** What a stage 2 data abort tells the hypervisor about the load or store (DDI 0487 D17.2.37, ISS encoding for a Data Abort, ISV). */
import type { TransferSyndrome } from '@worldswitch/arm64-sysreg';
import { A64 } from '../instructions.ts';

/** Loads and stores of one general-purpose register, without writeback and not exclusive: the rows for which ISV is 1. */
const SINGLE = /^(LD|ST)(R|UR|TR|AR|APR|APUR|LR|LUR|LLR|LAR)(SB|SH|SW|B|H)?(?:_unsigned|_reg|_lit)?$/;
/** Those among them that acquire or release. */
const ORDERED = /^(AR|APR|APUR|LR|LUR|LLR|LAR)$/;

const SIZES: Readonly<Record<string, 1 | 2 | 4>> = { B: 1, SB: 1, H: 2, SH: 2, SW: 4 };

/** The transfer of a word, or undefined where its abort has ISV 0: pairs, exclusives, atomics, writeback, SIMD&FP, DC ZVA… */
export function transferOf(word: number): TransferSyndrome | undefined {
  const found = A64.decoder.decode(word);
  const match = found && SINGLE.exec(found.id);
  if (!match) return undefined;
  const [, , form, suffix] = match;
  const operands: Readonly<Record<string, number>> = found.operands;
  const size = suffix === undefined ? (operands['sz'] === 1 ? 8 : 4) : SIZES[suffix];
  const signExtend = suffix?.startsWith('S') ?? false;
  const wide = signExtend ? suffix === 'SW' || operands['w'] === 0 : size === 8;
  return { size, signExtend, register: operands['rt'], wide, acquireRelease: ORDERED.test(form) };
}
