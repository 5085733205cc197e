import { hex } from '@worldswitch/bits';
import { renderListing, type ListingLine } from '@worldswitch/debugger';
import type { Position, RunEnd } from '@worldswitch/session';
import { count } from '../text.ts';

/** One line: why a run ended, and where. */
export function describeEnd(end: RunEnd, { pc, where, retired }: Position): string {
  const place = where === hex(pc) ? hex(pc) : `${where} (${hex(pc)})`;
  const after = `after ${count(retired)} instructions`;
  switch (end.kind) {
    case 'budget': return `the limit is reached at ${place}, ${after}`;
    case 'idle': return `the guest waits at ${place} for an interrupt that nothing will raise, ${after}`;
    case 'paused': return `stopped at ${place}, ${after}`;
    case 'halted': return `${end.why}${end.code === undefined ? '' : ` with code ${end.code}`}, ${after}`;
    case 'failed': return `${end.why}; at ${place}, ${after}`;
    case 'debug': {
      const number = end.stop === undefined ? '' : ` ${end.stop.kind} ${end.stop.id}, hit ${end.stop.hits}:`;
      return `${number} ${end.why} at ${place}, ${after}`.trimStart();
    }
  }
}

/** Details that an end carries beyond its line: a syndrome, a difference. */
export function detailLines(end: RunEnd): readonly string[] {
  const details = end.kind === 'debug' ? end.report : end.kind === 'failed' ? end.detail : undefined;
  return Object.entries(details ?? {}).map(([name, value]) => `  ${name.padEnd(18)} ${typeof value === 'bigint' ? hex(value) : value}`);
}

/** General registers in four columns, those that hold 0 left out. */
export function registerLines(values: Readonly<Record<string, bigint>>): readonly string[] {
  const shown = Object.entries(values).filter(([, value]) => value !== 0n).map(([name, value]) => `${name.padEnd(6)} ${value.toString(16).padStart(16, '0')}`);
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += 4) lines.push(`  ${shown.slice(at, at + 4).join('  ')}`);
  return lines;
}

/** The instructions from the program counter on. */
export function codeLines(lines: readonly ListingLine[], pc: bigint): readonly string[] {
  return renderListing(lines, pc).split('\n');
}
