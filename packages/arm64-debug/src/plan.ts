/** From what a debugger's user wants to register values: or to a refusal that says what to do instead. */
import { hex, mask } from '@worldswitch/bits';
import type { ByteRange } from './access.ts';
import { LEVEL_TABLE, rowForLevels, type LevelRow } from './levels.ts';
import { DBGBCR, DBGWCR } from './registers.ts';
import type { DebugImplementation, ExceptionLevel } from './state.ts';

/** Why a plan is refused. */
export type PlanErrorCode =
  | 'address-not-canonical'
  | 'address-unaligned'
  | 'length-invalid'
  | 'length-not-power-of-two'
  | 'length-too-long'
  | 'range-unaligned'
  | 'crosses-doubleword'
  | 'levels-not-expressible'
  | 'link-not-context-aware';

/** A refusal: the value, the rule it breaks and the way out, in words and, where pieces would do, as data. */
export interface PlanError {
  readonly code: PlanErrorCode;
  readonly value: string;
  readonly rule: string;
  readonly wayOut: string;
  /** `value: rule; way out`, ready to print. */
  readonly message: string;
  /** Ranges that can be planned one by one and together cover the request. */
  readonly pieces?: readonly ByteRange[];
}

/** A plan or a refusal. */
export type Plan<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: PlanError };

/** Register values of a breakpoint, enabled. */
export interface BreakpointPlan {
  readonly bcr: bigint;
  readonly bvr: bigint;
}

/** Register values of a watchpoint, enabled. */
export interface WatchpointPlan {
  readonly wcr: bigint;
  readonly wvr: bigint;
}

/** What both kinds of plan may be told. */
export interface PlanOptions {
  /** The levels to stop at; default EL0 and EL1, a whole guest. */
  readonly levels?: readonly ExceptionLevel[];
  /** Number of the context breakpoint to link to (DBGBCR.LBN); needs `implementation` to be checked. */
  readonly link?: number;
  /** The core. Default: one with EL2 whose breakpoints are all context-aware, so that only architectural limits count. */
  readonly implementation?: Pick<DebugImplementation, 'EL2' | 'breakpoints' | 'contextAware'>;
  /** Addresses have 52 bits instead of 48 (FEAT_LVA). */
  readonly largeVA?: boolean;
}

/** What a watchpoint looks for, in the words of the GDB remote protocol. */
export type WatchKind = 'write' | 'read' | 'access';

const LSC: Readonly<Record<WatchKind, number>> = { read: 1, write: 2, access: 3 };
const LARGEST = 2 ** 31;

type Refusal = { readonly ok: false; readonly error: PlanError };

function refusal(code: PlanErrorCode, value: string, rule: string, wayOut: string, pieces?: readonly ByteRange[]): Refusal {
  return { ok: false, error: { code, value, rule, wayOut, message: `${value}: ${rule}; ${wayOut}`, ...(pieces === undefined ? {} : { pieces }) } };
}

function checkCanonical(address: bigint, largeVA: boolean): Refusal | undefined {
  const bits = largeVA ? 52 : 48;
  const top = BigInt.asUintN(64, address) >> BigInt(bits);
  if (address >= 0n && address <= mask(64) && (top === 0n || top === mask(64 - bits))) return undefined;
  return refusal('address-not-canonical', `address ${hex(address)}`,
    `a virtual address has ${bits} bits and copies of one bit above them`,
    `strip the tag: ${hex(mask(bits) & address)} in the lower half, ${hex(address | (mask(64) & ~mask(bits)))} in the upper`);
}

function chooseLevels(options: PlanOptions): { readonly ok: true; readonly row: LevelRow } | Refusal {
  const implementation = options.implementation ?? { EL2: true };
  const wanted = options.levels ?? [0, 1];
  const row = rowForLevels(wanted, implementation);
  if (row !== undefined) return { ok: true, row };
  const names = (levels: readonly ExceptionLevel[]): string => `{${levels.map((el) => `EL${el}`).join(', ')}}`;
  const possible = LEVEL_TABLE.filter((candidate) => implementation.EL2 || !candidate.needsEL2)
    .map((candidate) => names(candidate.levels)).join(' ');
  return refusal('levels-not-expressible', `levels ${names(wanted)}`, 'HMC, SSC and PMC cannot select this set on this core',
    `use one of ${possible}, or two units`);
}

function checkLink(options: PlanOptions): Refusal | undefined {
  if (options.link === undefined) return undefined;
  const core = options.implementation ?? { breakpoints: 16, contextAware: 16 };
  const first = core.breakpoints - core.contextAware;
  if (Number.isInteger(options.link) && options.link >= first && options.link < core.breakpoints) return undefined;
  return refusal('link-not-context-aware', `link to breakpoint ${options.link}`, 'only a context-aware breakpoint can be linked to',
    `use one of numbers ${first} to ${core.breakpoints - 1}`);
}

/**
 * A breakpoint on the A64 instruction at `address`. With `link`, of the linked address type; the context breakpoint it links to has to
 * be set up by the caller.
 */
export function planBreakpoint(address: bigint, options: PlanOptions = {}): Plan<BreakpointPlan> {
  const bad = checkCanonical(address, options.largeVA ?? false);
  if (bad !== undefined) return bad;
  if ((address & 3n) !== 0n) {
    return refusal('address-unaligned', `address ${hex(address)}`, 'A64 instructions are aligned to 4 bytes', `use ${hex(address & ~3n)}`);
  }
  const levels = chooseLevels(options);
  if (!levels.ok) return levels;
  const badLink = checkLink(options);
  if (badLink !== undefined) return badLink;
  const { HMC, SSC, PxC } = levels.row;
  return {
    ok: true,
    bcr: DBGBCR.encode({ E: 1, PMC: PxC, BAS: 0xf, HMC, SSC, BT: options.link === undefined ? 0 : 1, LBN: options.link ?? 0 }),
    bvr: address,
  };
}

/** Whether one watchpoint can watch exactly `length` bytes at `address`: inside a doubleword, or an aligned power of two to 2 GiB. */
function fits(address: bigint, length: number): boolean {
  if (Number(address & 7n) + length <= 8) return true;
  return length <= LARGEST && Number.isInteger(Math.log2(length)) && address % BigInt(length) === 0n;
}

/**
 * The fewest ranges a greedy walk needs to cover `length` bytes at `address` exactly, each of which one watchpoint can watch: up to the
 * next doubleword, then the largest aligned powers of two, then the rest. Throws RangeError unless 1 <= length <= 2^53 - 1.
 */
export function splitWatchRange(address: bigint, length: number): readonly ByteRange[] {
  if (!Number.isSafeInteger(length) || length < 1) throw new RangeError(`length ${length}: a range has at least one byte and a whole number of them`);
  const pieces: ByteRange[] = [];
  let start = address;
  let left = length;
  while (left > 0) {
    let piece = Math.min(left, 8 - Number(start & 7n));
    for (let size = 16; size <= LARGEST && size <= left && start % BigInt(size) === 0n; size *= 2) piece = size;
    pieces.push({ start, length: piece });
    start += BigInt(piece);
    left -= piece;
  }
  return pieces;
}

function describePieces(pieces: readonly ByteRange[]): string {
  const shown = pieces.slice(0, 4).map(({ start, length }) => `${length} at ${hex(start)}`).join(', ');
  return `use ${pieces.length} watchpoints (${shown}${pieces.length > 4 ? ', …' : ''})`;
}

function refuseRange(address: bigint, length: number): Refusal {
  const value = `${length} bytes at ${hex(address)}`;
  const pieces = splitWatchRange(address, length);
  const wayOut = describePieces(pieces);
  if (length <= 8) return refusal('crosses-doubleword', value, 'up to 8 bytes must lie inside one aligned doubleword', wayOut, pieces);
  if (length > LARGEST) return refusal('length-too-long', value, 'one watchpoint covers at most 2 GiB (MASK = 31)', wayOut, pieces);
  if (!Number.isInteger(Math.log2(length))) {
    return refusal('length-not-power-of-two', value, 'a range of more than 8 bytes is a power of two', wayOut, pieces);
  }
  return refusal('range-unaligned', value, 'a range of more than 8 bytes starts at a multiple of its length', wayOut, pieces);
}

/**
 * A watchpoint on exactly `length` bytes at `address`. Nothing is rounded: what cannot be watched exactly is refused, with the pieces
 * that can.
 */
export function planWatchpoint(address: bigint, length: number, kind: WatchKind, options: PlanOptions = {}): Plan<WatchpointPlan> {
  if (!Number.isSafeInteger(length) || length < 1) {
    return refusal('length-invalid', `length ${length}`, 'a watchpoint covers at least one byte and a whole number of them', 'use 1 or more');
  }
  const last = address + BigInt(length) - 1n;
  const bad = checkCanonical(address, options.largeVA ?? false) ?? checkCanonical(last, options.largeVA ?? false);
  if (bad !== undefined) return bad;
  if (!fits(address, length)) return refuseRange(address, length);
  const levels = chooseLevels(options);
  if (!levels.ok) return levels;
  const badLink = checkLink(options);
  if (badLink !== undefined) return badLink;
  const { HMC, SSC, PxC } = levels.row;
  const common = { E: 1, PAC: PxC, LSC: LSC[kind], HMC, SSC, WT: options.link === undefined ? 0 : 1, LBN: options.link ?? 0 };
  return length <= 8
    ? { ok: true, wcr: DBGWCR.encode({ ...common, BAS: ((1 << length) - 1) << Number(address & 7n) }), wvr: address & ~7n }
    : { ok: true, wcr: DBGWCR.encode({ ...common, BAS: 0xff, MASK: Math.log2(length) }), wvr: address };
}
