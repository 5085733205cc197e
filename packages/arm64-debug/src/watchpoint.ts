/** Watchpoints (DDI 0487 D2.9): does unit n fire for an access, why, and what FAR may hold. */
import { hex, mask } from '@worldswitch/bits';
import { ACCESS_KINDS, bytesOf, overlap, recordsOperand, type ByteRange, type DataAccess, type Overlap } from './access.ts';
import { explainLink } from './context.ts';
import { all, any, fact, type Condition } from './explain.ts';
import { coversLevel } from './levels.ts';
import { MANUAL } from './manual.ts';
import { DBGWCR, type WatchpointControl } from './registers.ts';
import { explainEnabledFrom } from './routing.ts';
import { checkUnit, ignoresTopByte, type DebugSetup, type DebugState, type ExceptionLevel } from './state.ts';

const because = MANUAL.watchpoint;

/** MASK 1 and 2 are reserved; we treat them as a disabled watchpoint. */
export function maskDefined(MASK: number): boolean {
  return MASK === 0 || MASK >= 3;
}

/**
 * The bytes a watchpoint watches, as runs in ascending order; empty when BAS selects none or MASK is reserved.
 *
 * With MASK, 2^MASK bytes around the address: BAS and masked address bits, which software must set to ones and zeros, are not looked
 * at. Without, the BAS bytes of the doubleword, or of the word when DBGWVR bit 2 is set (BAS[7:4] unused). Selected bytes should be
 * adjacent; where they are not, each is watched by itself.
 */
export function watchedBytes(wcr: bigint, wvr: bigint): readonly ByteRange[] {
  const { MASK, BAS } = DBGWCR.decode(wcr);
  if (!maskDefined(MASK)) return [];
  const base = wvr & mask(64) & ~3n;
  if (MASK !== 0) return [{ start: base & ~mask(MASK), length: 2 ** MASK }];
  const width = (base & 4n) !== 0n ? 4 : 8;
  const runs: ByteRange[] = [];
  for (let i = 0; i < width; ) {
    let end = i;
    while (end < width && ((BAS >> end) & 1) === 1) end++;
    if (end > i) runs.push({ start: base + BigInt(i), length: end - i });
    i = end + 1;
  }
  return runs;
}

/** The level whose permissions the access has: EL0 for unprivileged ones, else the current level. */
function accessLevel(unprivileged: boolean, el: ExceptionLevel): ExceptionLevel {
  return unprivileged ? 0 : el;
}

/**
 * Conditions that do not depend on the address or direction of the access, nor on PSTATE.D. The level test uses the access's
 * permissions; a link is compared with the context at the current level.
 */
export function standingWatchConditions(setup: DebugSetup, n: number, el: ExceptionLevel, unprivileged: boolean): readonly Condition[] {
  const { implementation, controls, registers } = setup;
  const implemented = fact(`watchpoint ${n} is implemented`, n < implementation.watchpoints,
    { watchpoints: implementation.watchpoints }, MANUAL.idDebug);
  if (!implemented.holds) return [implemented];
  const { E, MASK, HMC, SSC, PAC, WT, LBN } = DBGWCR.decode(registers.wcr[n]);
  const level = accessLevel(unprivileged, el);
  return [
    implemented,
    fact('breakpoints and watchpoints are enabled', controls.MDE, { 'MDSCR_EL1.MDE': controls.MDE }, MANUAL.enableControls),
    fact(`watchpoint ${n} is enabled`, E === 1, { [`DBGWCR${n}_EL1.E`]: E }, MANUAL.wcr),
    fact('MASK is not reserved', maskDefined(MASK), { MASK }, MANUAL.wcr),
    fact(`HMC, SSC and PAC cover EL${level}`, coversLevel(HMC, SSC, PAC, level, implementation),
      { HMC, SSC, PAC, 'PSTATE.EL': el, unprivileged }, because),
    ...(WT === 1 ? [explainLink(setup, LBN, el)] : []),
  ];
}

function directionCondition(control: WatchpointControl, access: DataAccess): Condition {
  const { reads, writes, note } = ACCESS_KINDS[access.kind];
  const values = { LSC: control.LSC, access: note };
  return any('LSC selects the access', MANUAL.wcr, [
    fact('it reads, and loads are watched', reads && (control.LSC & 1) !== 0, values, MANUAL.wcr),
    fact('it writes, and stores are watched', writes && (control.LSC & 2) !== 0, values, MANUAL.wcr),
  ]);
}

function rangeText({ start, length }: ByteRange): string {
  return `${hex(start)}+${length}`;
}

/** The touched part of an access: from the first to the last of its bytes that is watched. */
function touched(state: DebugState, n: number, access: DataAccess): Overlap | undefined {
  const bytes = bytesOf(access, state.implementation);
  const ignore = ignoresTopByte(state.context.dataTags[accessLevel(access.unprivileged ?? false, state.el)], access.address);
  let result: Overlap | undefined;
  for (const run of watchedBytes(state.registers.wcr[n], state.registers.wvr[n])) {
    const part = overlap(bytes, run, ignore);
    if (part === undefined) continue;
    result = result === undefined ? part : { first: Math.min(result.first, part.first), last: Math.max(result.last, part.last) };
  }
  return result;
}

function accessConditions(state: DebugState, n: number, access: DataAccess): readonly Condition[] {
  const { implementation, registers } = state;
  const bytes = bytesOf(access, implementation);
  if (n >= implementation.watchpoints) return [];
  const watched = watchedBytes(registers.wcr[n], registers.wvr[n]);
  return [
    directionCondition(DBGWCR.decode(registers.wcr[n]), access),
    fact('a byte of the access is watched', touched(state, n, access) !== undefined,
      { access: rangeText(bytes), watched: watched.length === 0 ? 'nothing' : watched.map(rangeText).join(', ') }, because),
  ];
}

/**
 * Every condition for watchpoint `n` to generate a Watchpoint exception for `access` in `state`; the root holds exactly when it does.
 * The access must already have passed its MMU checks (see `priority.ts`). Throws RangeError for a unit number that is negative or
 * fractional, and for an impossible access.
 */
export function explainWatchpoint(state: DebugState, n: number, access: DataAccess): Condition {
  checkUnit('watchpoint', n);
  return all(`watchpoint ${n} fires`, because, [
    ...standingWatchConditions(state, n, state.el, access.unprivileged ?? false),
    explainEnabledFrom(state, state.el, state.D),
    ...accessConditions(state, n, access),
  ], { kind: access.kind, address: access.address });
}

/** Whether watchpoint `n` fires for `access`. */
export function watchpointFires(state: DebugState, n: number, access: DataAccess): boolean {
  return explainWatchpoint(state, n, access).holds;
}

/** A watchpoint that fired, with what the exception reports. */
export interface WatchpointHit {
  readonly n: number;
  /** What we write to FAR_ELx. */
  readonly far: bigint;
  /** The addresses the architecture allows FAR to hold, both inclusive. A debugger must accept all of them. */
  readonly allowedFar: { readonly low: bigint; readonly high: bigint };
  /** The lowest byte of the access that is watched; inside `allowedFar`, and what some other implementations report. */
  readonly firstWatched: bigint;
  readonly WnR: 0 | 1;
  readonly CM: 0 | 1;
}

/**
 * What a firing watchpoint reports. FAR may be any address from the lowest byte of the access to the highest watched byte it touched,
 * as long as it lies in the same naturally aligned block (of DC ZVA's size) as a watched byte: so it may be *below* the watched
 * range. We report the lowest address allowed, which is the access's own address unless that lies in an earlier block. DC ZVA and DC
 * IVAC record their operand, which may be anywhere in their block.
 *
 * WnR of an atomic is 0 when a plain read of the location would have fired.
 */
export function describeHit(state: DebugState, n: number, access: DataAccess): WatchpointHit {
  const part = touched(state, n, access);
  if (part === undefined) {
    throw new RangeError(`watchpoint ${n}, ${access.kind} at ${hex(access.address)}: the access touches no watched byte; ask watchpointFires first`);
  }
  const { reads, writes, maintains } = ACCESS_KINDS[access.kind];
  const bytes = bytesOf(access, state.implementation);
  const at = (offset: number): bigint => BigInt.asUintN(64, bytes.start + BigInt(offset));
  const watchesLoads = (DBGWCR.decode(state.registers.wcr[n]).LSC & 1) !== 0;
  const report = { n, firstWatched: at(part.first), WnR: writes && !(reads && watchesLoads) ? 1 : 0, CM: maintains ? 1 : 0 } as const;
  if (recordsOperand(access.kind)) {
    return { ...report, far: access.address, allowedFar: { low: bytes.start, high: at(bytes.length - 1) } };
  }
  const intoBlock = Number(at(part.first) & BigInt(state.implementation.zvaBytes - 1));
  const low = at(Math.max(0, part.first - intoBlock));
  return { ...report, far: low, allowedFar: { low, high: at(part.last) } };
}

/** The lowest numbered watchpoint that fires for `access`, or undefined. With several, the architecture leaves open which is reported. */
export function watchpointHit(state: DebugState, access: DataAccess): WatchpointHit | undefined {
  for (let n = 0; n < state.implementation.watchpoints; n++) if (watchpointFires(state, n, access)) return describeHit(state, n, access);
  return undefined;
}
