import { parseNumber, parseSmallNumber } from '../codec/text.ts';

/** What `Z0` to `Z4` set, in this order. */
export const BREAKPOINT_KINDS = ['software', 'hardware', 'write', 'read', 'access'] as const;
export type BreakpointKind = (typeof BREAKPOINT_KINDS)[number];

/** A breakpoint, or a watchpoint (`write`, `read`, `access`). */
export interface Breakpoint {
  readonly kind: BreakpointKind;
  readonly address: bigint;
  /** Breakpoints: the size of the instruction in bytes (4 on A64 and PowerPC). Watchpoints: the bytes watched. */
  readonly size: number;
}

/** A request to insert or remove one. */
export interface BreakpointRequest extends Breakpoint {
  readonly insert: boolean;
  /** What follows after a semicolon: conditions and commands as agent expressions, kept as text. */
  readonly rest?: string;
}

export function encodeBreakpointRequest(request: BreakpointRequest): string {
  const type = BREAKPOINT_KINDS.indexOf(request.kind);
  const rest = request.rest === undefined ? '' : `;${request.rest}`;
  return `${request.insert ? 'Z' : 'z'}${type},${request.address.toString(16)},${request.size.toString(16)}${rest}`;
}

/** Undefined for another packet, and for a type of breakpoint that does not exist (a server answers both with the empty packet). */
export function parseBreakpointRequest(text: string): BreakpointRequest | undefined {
  const match = /^([Zz])([0-4]),([^,;]*),([^,;]*)(?:;(.*))?$/.exec(text);
  if (match === null) return undefined;
  return {
    insert: match[1] === 'Z',
    kind: BREAKPOINT_KINDS[Number(match[2])],
    address: parseNumber(match[3]),
    size: parseSmallNumber(match[4]),
    ...((match[5] as string | undefined) === undefined ? {} : { rest: match[5] }),
  };
}
