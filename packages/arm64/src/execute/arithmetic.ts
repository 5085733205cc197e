/** Addition and subtraction as the register forms share them. */
import type { Int, SemanticsBuilder, SlotHole } from '@worldswitch/engine';

export function addOrSubtract(s: SemanticsBuilder, kind: 'add' | 'sub', setsFlags: boolean, d: SlotHole, a: Int, b: Int): void {
  s.setInt(d, s.binary(kind, a, b));
  if (!setsFlags) return;
  if (kind === 'add') s.setFlagsAdd(a, b);
  else s.setFlagsSub(a, b);
}
