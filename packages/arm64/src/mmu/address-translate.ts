/** AT instructions and PAR_EL1 (DDI 0487 C5.2, D19.2.104). */
import type { MemoryType } from './attributes.ts';
import type { TranslationKind } from './types.ts';
import type { WalkFault } from './walk.ts';

export interface AtOperation {
  readonly kind: TranslationKind;
  /** Whose rights count. */
  readonly el: 0 | 1 | 2;
  /** Both stages. */
  readonly both: boolean;
  /** PSTATE.PAN counts (FEAT_PAN2). */
  readonly pan: boolean;
}

/** Takes `AT S1E1R` or `S1E1R` apart; the forms are few and regular. */
export function atOperation(name: string): AtOperation {
  const parts = /^(?:AT )?S1(2?)E([012])([RW])(P?)$/.exec(name);
  if (!parts) throw new RangeError(`${name} is no operation of EL1 or EL2: it should have been UNDEFINED`);
  return { kind: parts[3] === 'R' ? 'read' : 'write', el: Number(parts[2]) as 0 | 1 | 2, both: parts[1] === '2', pan: parts[4] === 'P' };
}

const RES1 = 1n << 11n;
/** NS is UNKNOWN in the regimes that exist here; it reads as 1, as QEMU has it. */
const NS = 1n << 9n;

/** PAR_EL1 of a translation that succeeded. */
export function parOf(physical: number, { attr, shareability }: MemoryType): bigint {
  return (BigInt(attr) << 56n) | (BigInt(physical) & 0xffff_ffff_f000n) | RES1 | NS | (BigInt(shareability) << 7n);
}

/** PAR_EL1 of a translation that failed: FST, PTW and S. */
export function parOfFault({ stage, status, s1ptw }: WalkFault): bigint {
  return 1n | (BigInt(status) << 1n) | (s1ptw ? 1n << 8n : 0n) | (stage === 2 ? 1n << 9n : 0n) | RES1;
}
