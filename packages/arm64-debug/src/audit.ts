/**
 * Register contents the architecture reserves or leaves CONSTRAINED UNPREDICTABLE, and what this model makes of each. A debugger shows
 * them as warnings; a comparison with another implementation uses them to set such cases aside.
 */
import { hex, mask } from '@worldswitch/bits';
import { breakpointType, comparesContext, typeImplemented } from './breakpoint-types.ts';
import { levelRow } from './levels.ts';
import { MANUAL } from './manual.ts';
import { DBGBCR, DBGWCR, extendAddress } from './registers.ts';
import { isContextAware, type DebugImplementation } from './state.ts';

/** One irregular setting. */
export interface Irregularity {
  readonly id:
    | 'levels-reserved' | 'type-reserved' | 'type-needs-context-aware' | 'bas-reserved' | 'address-not-extended'
    | 'mask-reserved' | 'mask-bas' | 'mask-address' | 'bas-not-adjacent' | 'bas-high-half' | 'word-aligned-form' | 'link-not-context-aware';
  /** The fields and their values. */
  readonly value: string;
  /** What the manual asks for. */
  readonly rule: string;
  /** What this model does with it. */
  readonly treatment: string;
  readonly source: string;
}

function bits(value: number, width: number): string {
  return `0b${value.toString(2).padStart(width, '0')}`;
}

function levelsIrregular(
  HMC: number, SSC: number, PxC: number, field: 'PMC' | 'PAC', implementation: DebugImplementation, source: string,
): Irregularity[] {
  if (levelRow(HMC, SSC, PxC, implementation) !== undefined) return [];
  const value = `HMC=${HMC} SSC=${bits(SSC, 2)} ${field}=${bits(PxC, 2)}`;
  return [{ id: 'levels-reserved', value, rule: 'use a combination of the level table', treatment: 'acts as disabled', source }];
}

function extensionIrregular(register: string, address: bigint, source: string): Irregularity[] {
  const lower = address & ~3n & mask(64);
  if (extendAddress(lower) === lower || extendAddress(lower, true) === lower) return [];
  return [{
    id: 'address-not-extended',
    value: `${register} ${hex(address)}`,
    rule: 'bits above the address must copy its top bit',
    treatment: 'compared as stored, unless the top byte is a tag',
    source,
  }];
}

function linkIrregular(LBN: number, implementation: DebugImplementation, source: string): Irregularity[] {
  if (isContextAware(LBN, implementation)) return [];
  const value = `LBN=${LBN}`;
  return [{ id: 'link-not-context-aware', value, rule: 'link to a context-aware breakpoint', treatment: 'never fires', source }];
}

/** What is irregular about a breakpoint's registers; empty when all is regular. Looks at the setting whether or not it is enabled. */
export function auditBreakpoint(n: number, bcr: bigint, bvr: bigint, implementation: DebugImplementation): readonly Irregularity[] {
  const { HMC, SSC, PMC, BAS, BT, LBN } = DBGBCR.decode(bcr);
  const type = breakpointType(BT);
  const found: Irregularity[] = [];
  const add = (id: Irregularity['id'], value: string, rule: string, treatment: string): void => {
    found.push({ id, value, rule, treatment, source: MANUAL.bcr });
  };
  if (!typeImplemented(type, implementation)) {
    add('type-reserved', `BT=${bits(BT, 4)} (${type.name})`, 'use a type this core defines for AArch64', 'acts as disabled');
  } else if (comparesContext(type) && !isContextAware(n, implementation)) {
    const first = implementation.breakpoints - implementation.contextAware;
    add('type-needs-context-aware', `BT=${bits(BT, 4)} on breakpoint ${n}`,
      `context types need one of breakpoints ${first} to ${implementation.breakpoints - 1}`, 'acts as disabled');
  }
  // The level fields of a link target are ignored, so nothing can be wrong with them.
  if (type.role !== 'target') found.push(...levelsIrregular(HMC, SSC, PMC, 'PMC', implementation, MANUAL.bcr));
  if (type.compares.includes('address')) {
    if (implementation.aarch32 && ![0b0011, 0b1100, 0b1111].includes(BAS)) {
      add('bas-reserved', `BAS=${bits(BAS, 4)}`, 'use 0b0011, 0b1100 or 0b1111', 'selects no instruction');
    }
    found.push(...extensionIrregular(`DBGBVR${n}_EL1`, bvr, MANUAL.bvr));
  }
  if (type.role === 'linked') found.push(...linkIrregular(LBN, implementation, MANUAL.bcr));
  return found;
}

/** Whether the ones of a byte selection are next to each other; none at all counts as such. */
function adjacent(BAS: number): boolean {
  const lowest = BAS & -BAS;
  return ((BAS + lowest) & BAS) === 0;
}

/** What is irregular about a watchpoint's registers; empty when all is regular. Looks at the setting whether or not it is enabled. */
export function auditWatchpoint(n: number, wcr: bigint, wvr: bigint, implementation: DebugImplementation): readonly Irregularity[] {
  const { HMC, SSC, PAC, BAS, MASK, WT, LBN } = DBGWCR.decode(wcr);
  const found = levelsIrregular(HMC, SSC, PAC, 'PAC', implementation, MANUAL.wcr);
  const add = (id: Irregularity['id'], value: string, rule: string, treatment: string): void => {
    found.push({ id, value, rule, treatment, source: MANUAL.watchpoint });
  };
  if (MASK === 1 || MASK === 2) add('mask-reserved', `MASK=${MASK}`, 'use 0, or 3 to 31', 'acts as disabled');
  if (MASK >= 3) {
    if (BAS !== 0xff) add('mask-bas', `MASK=${MASK} BAS=${bits(BAS, 8)}`, 'BAS must be all ones with MASK', 'BAS is not looked at');
    if ((wvr & mask(MASK) & ~3n) !== 0n) {
      add('mask-address', `MASK=${MASK} DBGWVR${n}_EL1 ${hex(wvr)}`, 'masked address bits must be 0', 'they are taken as 0');
    }
  }
  if (MASK === 0 && (wvr & 4n) !== 0n) {
    add('word-aligned-form', `DBGWVR${n}_EL1 ${hex(wvr)}`,
      'setting bit 2 is deprecated; select bytes of the doubleword instead', 'BAS[3:0] select bytes of the word');
    if (BAS > 0xf) add('bas-high-half', `BAS=${bits(BAS, 8)}`, 'BAS[7:4] must be 0 when DBGWVR bit 2 is 1', 'BAS[7:4] are not looked at');
  }
  const used = (wvr & 4n) !== 0n ? BAS & 0xf : BAS;
  if (MASK === 0 && !adjacent(used)) {
    add('bas-not-adjacent', `BAS=${bits(BAS, 8)}`, 'selected bytes must be adjacent', 'each selected byte is watched by itself');
  }
  found.push(...extensionIrregular(`DBGWVR${n}_EL1`, wvr, MANUAL.wvr));
  if (WT === 1) found.push(...linkIrregular(LBN, implementation, MANUAL.wcr));
  return found;
}
