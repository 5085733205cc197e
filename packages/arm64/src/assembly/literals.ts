import type { LiteralLoad } from '@worldswitch/isa';

const LOAD = /^\s*ldr(?:(sw)\s+x|\s+([xwds]))(?:[0-9]+|zr)\s*,\s*=/i;

/** Loads of a constant that the assembler places: `ldr x0, =label`, also to w, d and s registers. */
export function literalLoad(text: string): LiteralLoad | undefined {
  const match = LOAD.exec(text);
  if (!match) return undefined;
  return { at: match[0].length - 1, size: match[1] === undefined && /[xd]/i.test(match[2]) ? 8 : 4 };
}
