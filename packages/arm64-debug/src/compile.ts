/**
 * The matchers in the form a processor wants: everything that holds still is worked out once, and the places an engine has to guard
 * are listed. Built from the same conditions as the plain matchers; a property test holds the two together.
 *
 * Compile again when the setup changes: comparator registers, MDSCR, MDCR, HCR, the locks, CONTEXTIDR, the VMID, TCR tagging bits.
 * PSTATE.EL and PSTATE.D may change freely.
 */
import { bit, mask } from '@worldswitch/bits';
import { ACCESS_KINDS, bytesOf, overlap, type ByteRange, type DataAccess } from './access.ts';
import { basSelects, comparedAddress, standingConditions, typeOf } from './breakpoint.ts';
import { DBGBCR, DBGWCR } from './registers.ts';
import { debugEnabledFrom } from './routing.ts';
import { EXCEPTION_LEVELS, ignoresTopByte, type DebugSetup, type ExceptionLevel } from './state.ts';
import { describeHit, standingWatchConditions, watchedBytes, type WatchpointHit } from './watchpoint.ts';

/** Compiled breakpoints. */
export interface CompiledBreakpoints {
  /**
   * Word-aligned addresses at which some address breakpoint may fire at some level, ascending and without duplicates. In canonical form
   * (bits 63:56 copies of bit 55), as every pc that has been fetched from: a fetch with other top bits faults first.
   */
  readonly addresses: readonly bigint[];
  /** Levels at which a context breakpoint fires at every instruction as long as the setup stays as it is. */
  readonly contextual: readonly ExceptionLevel[];
  /** The lowest numbered breakpoint that fires, or undefined; equal to `breakpointHit` of the setup at this level and mask. */
  readonly check: (pc: bigint, el: ExceptionLevel, D: boolean) => number | undefined;
}

/** Compiled watchpoints. */
export interface CompiledWatchpoints {
  /** Byte ranges some enabled watchpoint may fire in at some level, in canonical form; may overlap. Empty: no access needs a check. */
  readonly ranges: readonly ByteRange[];
  /** The lowest numbered watchpoint that fires, or undefined; equal to `watchpointHit` of the setup at this level and mask. */
  readonly check: (access: DataAccess, el: ExceptionLevel, D: boolean) => WatchpointHit | undefined;
}

/** Bits 63:56 made copies of bit 55. */
function canonical(address: bigint): bigint {
  return (address & bit(55)) !== 0n ? address | (mask(64) & ~mask(56)) : address & mask(56);
}

/** For each level, whether debug exceptions are taken with PSTATE.D = 0 (index 0) and 1 (index 1). */
function enables(setup: DebugSetup): readonly (readonly [boolean, boolean])[] {
  return EXCEPTION_LEVELS.map((el) => [debugEnabledFrom(setup, el, false), debugEnabledFrom(setup, el, true)] as const);
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}

interface AddressEntry {
  readonly n: number;
  /** Undefined for a context breakpoint: every pc matches. */
  readonly address?: { readonly exact: bigint; readonly untagged: bigint; readonly selects: readonly boolean[] };
}

const NO_BREAKPOINTS: CompiledBreakpoints = { addresses: [], contextual: [], check: () => undefined };
const NO_WATCHPOINTS: CompiledWatchpoints = { ranges: [], check: () => undefined };

/** Whether no unit can fire anywhere, told without looking further: the usual case, and a world switch compiles often. */
function allOff(setup: DebugSetup, controls: readonly bigint[], count: number): boolean {
  if (!setup.controls.MDE || setup.controls.OSLK || setup.controls.doubleLock) return true;
  for (let n = 0; n < count; n++) if ((controls[n] & 1n) !== 0n) return false;
  return true;
}

/** Compiles the breakpoints of a setup. */
export function compileBreakpoints(setup: DebugSetup): CompiledBreakpoints {
  if (allOff(setup, setup.registers.bcr, setup.implementation.breakpoints)) return NO_BREAKPOINTS;
  const { implementation, registers, context } = setup;
  const enabled = enables(setup);
  const entryOf = (n: number): AddressEntry => {
    if (!typeOf(setup, n).compares.includes('address')) return { n };
    const { BAS } = DBGBCR.decode(registers.bcr[n]);
    return {
      n,
      address: {
        exact: comparedAddress(registers.bvr[n], false),
        untagged: comparedAddress(registers.bvr[n], true),
        selects: [0n, 1n, 2n, 3n].map((low) => basSelects(BAS, low, implementation.aarch32)),
      },
    };
  };
  const entries = EXCEPTION_LEVELS.map((el) => enabled[el].includes(true)
    ? numbers(implementation.breakpoints).filter((n) => standingConditions(setup, n, el).every((condition) => condition.holds)).map(entryOf)
    : []);

  const addresses = new Set<bigint>();
  for (const el of EXCEPTION_LEVELS) {
    for (const { address } of entries[el]) {
      if (address === undefined || !address.selects.includes(true)) continue;
      const reachable = canonical(address.exact << 2n);
      if (ignoresTopByte(context.instructionTags[el], reachable) || reachable === address.exact << 2n) addresses.add(reachable);
    }
  }

  return {
    addresses: [...addresses].sort((a, b) => (a < b ? -1 : 1)),
    contextual: EXCEPTION_LEVELS.filter((el) => entries[el].some((entry) => entry.address === undefined)),
    check(pc, el, D) {
      if (!enabled[el][D ? 1 : 0]) return undefined;
      for (const { n, address } of entries[el]) {
        if (address === undefined) return n;
        const ignore = ignoresTopByte(context.instructionTags[el], pc);
        if (comparedAddress(pc, ignore) === (ignore ? address.untagged : address.exact) && address.selects[Number(pc & 3n)]) return n;
      }
      return undefined;
    },
  };
}

interface WatchEntry {
  readonly n: number;
  readonly LSC: number;
  readonly runs: readonly ByteRange[];
}

/** Compiles the watchpoints of a setup. */
export function compileWatchpoints(setup: DebugSetup): CompiledWatchpoints {
  if (allOff(setup, setup.registers.wcr, setup.implementation.watchpoints)) return NO_WATCHPOINTS;
  const { implementation, registers, context } = setup;
  const enabled = enables(setup);
  const entriesFor = (el: ExceptionLevel, unprivileged: boolean): readonly WatchEntry[] => enabled[el].includes(true)
    ? numbers(implementation.watchpoints)
      .filter((n) => standingWatchConditions(setup, n, el, unprivileged).every((condition) => condition.holds))
      .map((n) => ({ n, LSC: DBGWCR.decode(registers.wcr[n]).LSC, runs: watchedBytes(registers.wcr[n], registers.wvr[n]) }))
      .filter(({ LSC, runs }) => LSC !== 0 && runs.length !== 0)
    : [];
  const entries = EXCEPTION_LEVELS.map((el) => [entriesFor(el, false), entriesFor(el, true)] as const);

  const ranges = new Map<string, ByteRange>();
  for (const el of EXCEPTION_LEVELS) {
    for (const unprivileged of [false, true]) {
      for (const { start, length } of entries[el][unprivileged ? 1 : 0].flatMap((entry) => entry.runs)) {
        const reachable = canonical(start);
        const level = unprivileged ? 0 : el;
        if (!ignoresTopByte(context.dataTags[level], reachable) && reachable !== start) continue;
        ranges.set(`${reachable}+${length}`, { start: reachable, length });
      }
    }
  }

  return {
    ranges: [...ranges.values()],
    check(access, el, D) {
      const unprivileged = access.unprivileged ?? false;
      const candidates = entries[el][unprivileged ? 1 : 0];
      if (candidates.length === 0 || !enabled[el][D ? 1 : 0]) return undefined;
      const { reads, writes } = ACCESS_KINDS[access.kind];
      const wanted = (reads ? 1 : 0) | (writes ? 2 : 0);
      const bytes = bytesOf(access, implementation);
      const ignore = ignoresTopByte(context.dataTags[unprivileged ? 0 : el], access.address);
      for (const { n, LSC, runs } of candidates) {
        if ((LSC & wanted) === 0 || !runs.some((run) => overlap(bytes, run, ignore) !== undefined)) continue;
        return describeHit({ ...setup, el, D }, n, access);
      }
      return undefined;
    },
  };
}
