import { hex } from '@worldswitch/bits';

/**
 * Why something holds or does not, as plain data. The trees of `@worldswitch/arm64-debug` have this shape; an architecture that has
 * debug hardware gives them for "why did it not fire?".
 */
export interface Explanation {
  readonly what: string;
  readonly values: Readonly<Record<string, bigint | number | boolean | string>>;
  readonly holds: boolean;
  /** The manual's section. */
  readonly because: string;
  readonly made: 'fact' | 'all' | 'any';
  readonly children: readonly Explanation[];
}

/** A question to a processor's debug hardware: would this access stop, as things stand? */
export interface DebugQuestion {
  readonly address: bigint;
  readonly access: 'read' | 'write' | 'execute';
  /** Bytes of a data access; 1 unless given. */
  readonly length?: number;
}

/** The facts that keep it from holding; none where it holds. */
export function obstaclesOf(explanation: Explanation): readonly Explanation[] {
  if (explanation.holds) return [];
  return explanation.made === 'fact' ? [explanation] : explanation.children.flatMap(obstaclesOf);
}

/** Indented text: `+` holds, `-` does not. Ends without a newline. */
export function renderExplanation({ what, values, holds, because, children }: Explanation, indent = 0): string {
  const shown = Object.entries(values).map(([name, value]) => `${name}=${typeof value === 'bigint' ? hex(value) : String(value)}`).join(' ');
  const line = `${'  '.repeat(indent)}${holds ? '+' : '-'} ${what}${shown === '' ? '' : ` (${shown})`}  [${because}]`;
  return [line, ...children.map((child) => renderExplanation(child, indent + 1))].join('\n');
}
