/** Accesses that no run on this machine can miss, and the fact that asks for them all the same. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import type { Access } from './bench.ts';

export interface Explanation {
  /** The steps it holds for; in all when absent. */
  readonly steps?: RegExp;
  /** The access, as the report writes it. */
  readonly access: RegExp;
  readonly modes?: readonly AccessorMode[];
  readonly why: string;
  readonly source: string;
}

export const EXPLANATIONS: readonly Explanation[] = [];

export function explanationOf({ step, text }: Access, mode: AccessorMode): Explanation | undefined {
  return EXPLANATIONS.find(({ steps, access, modes }) => (steps?.test(step) ?? true) && access.test(text) && (modes?.includes(mode) ?? true));
}
