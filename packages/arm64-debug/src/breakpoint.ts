/** Hardware breakpoints (DDI 0487 D2.8): does unit n fire for the instruction at pc, and why. */
import { extract } from '@worldswitch/bits';
import { breakpointType, type BreakpointType } from './breakpoint-types.ts';
import { contextConditions, explainLink, typeUsable } from './context.ts';
import { all, fact, type Condition } from './explain.ts';
import { coversLevel } from './levels.ts';
import { MANUAL } from './manual.ts';
import { DBGBCR } from './registers.ts';
import { explainEnabledFrom } from './routing.ts';
import { checkAddress, checkUnit, ignoresTopByte, type DebugSetup, type DebugState, type ExceptionLevel } from './state.ts';

/** The values of BAS an AArch32-capable core defines: first halfword, second halfword, whole word. */
const DEFINED_BAS: readonly number[] = [0b0011, 0b1100, 0b1111];

/**
 * Whether BAS selects the instruction at `pc`. Without AArch32 the field reads as ones and is not looked at. With AArch32 the bit of
 * the byte `pc[1:0]` decides, so an A64 instruction needs 0b0011 or 0b1111; other values are reserved and select nothing here.
 */
export function basSelects(BAS: number, pc: bigint, aarch32: boolean): boolean {
  return !aarch32 || (DEFINED_BAS.includes(BAS) && ((BAS >> Number(pc & 3n)) & 1) === 1);
}

/** Bits of an address that take part in a comparison: 63:2, or 55:2 where the top byte is a tag. */
export function comparedAddress(address: bigint, topByteIgnored: boolean): bigint {
  return extract(address, topByteIgnored ? 55 : 63, 2);
}

/** Conditions that do not depend on the pc, nor on PSTATE.D: what can be worked out once for a level. */
export function standingConditions(setup: DebugSetup, n: number, el: ExceptionLevel): readonly Condition[] {
  const { implementation, controls, registers } = setup;
  const implemented = fact(`breakpoint ${n} is implemented`, n < implementation.breakpoints,
    { breakpoints: implementation.breakpoints }, MANUAL.idDebug);
  if (!implemented.holds) return [implemented];
  const control = DBGBCR.decode(registers.bcr[n]);
  const { HMC, SSC, PMC, LBN } = control;
  const type = breakpointType(control.BT);
  return [
    implemented,
    fact('breakpoints and watchpoints are enabled', controls.MDE, { 'MDSCR_EL1.MDE': controls.MDE }, MANUAL.enableControls),
    fact(`breakpoint ${n} is enabled`, control.E === 1, { [`DBGBCR${n}_EL1.E`]: control.E }, MANUAL.bcr),
    fact('its type may fire by itself', type.role === 'alone' || type.role === 'linked', { BT: type.BT, type: type.name }, MANUAL.breakpoint),
    typeUsable(type, setup, n),
    fact(`HMC, SSC and PMC cover EL${el}`, coversLevel(HMC, SSC, PMC, el, implementation), { HMC, SSC, PMC, 'PSTATE.EL': el }, MANUAL.breakpoint),
    ...contextConditions(type, setup, n, el),
    ...(type.role === 'linked' ? [explainLink(setup, LBN, el)] : []),
  ];
}

/** The type of an implemented unit. */
export function typeOf(setup: DebugSetup, n: number): BreakpointType {
  return breakpointType(DBGBCR.decode(setup.registers.bcr[n]).BT);
}

function addressConditions(state: DebugState, n: number, pc: bigint): readonly Condition[] {
  const { implementation, registers, context, el } = state;
  if (n >= implementation.breakpoints || !typeOf(state, n).compares.includes('address')) return [];
  const { BAS } = DBGBCR.decode(registers.bcr[n]);
  const ignore = ignoresTopByte(context.instructionTags[el], pc);
  return [
    fact(`the pc is the address in DBGBVR${n}_EL1`, comparedAddress(pc, ignore) === comparedAddress(registers.bvr[n], ignore),
      { pc, [`DBGBVR${n}_EL1`]: registers.bvr[n], compared: ignore ? 'bits 55:2' : 'bits 63:2' }, MANUAL.breakpoint),
    fact('BAS selects the instruction', basSelects(BAS, pc, implementation.aarch32), { BAS, pc, AArch32: implementation.aarch32 }, MANUAL.bcr),
  ];
}

/**
 * Every condition for breakpoint `n` to generate a Breakpoint exception for the instruction at `pc` in `state`; the root holds exactly
 * when it does. Priorities come on top: see `priority.ts`. An unimplemented `n` is answered; throws RangeError for a negative or
 * fractional one and for an address beyond 64 bits.
 */
export function explainBreakpoint(state: DebugState, n: number, pc: bigint): Condition {
  checkUnit('breakpoint', n);
  checkAddress(pc);
  return all(`breakpoint ${n} fires`, MANUAL.breakpoint, [
    ...standingConditions(state, n, state.el),
    explainEnabledFrom(state, state.el, state.D),
    ...addressConditions(state, n, pc),
  ], { pc });
}

/** Whether breakpoint `n` fires at `pc`. */
export function breakpointFires(state: DebugState, n: number, pc: bigint): boolean {
  return explainBreakpoint(state, n, pc).holds;
}

/** The lowest numbered breakpoint that fires at `pc`, or undefined. The syndrome does not tell which one it was. */
export function breakpointHit(state: DebugState, pc: bigint): number | undefined {
  for (let n = 0; n < state.implementation.breakpoints; n++) if (breakpointFires(state, n, pc)) return n;
  return undefined;
}
