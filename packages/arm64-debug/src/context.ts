/** Context comparisons and links between units (DDI 0487 D2.8.3 breakpoint types and linking, D2.8.6 breakpoint context comparisons). */
import { breakpointType, comparesContext, typeImplemented, type BreakpointType, type Comparison } from './breakpoint-types.ts';
import { all, fact, type Condition } from './explain.ts';
import { MANUAL } from './manual.ts';
import { DBGBCR, DBGBVR } from './registers.ts';
import { isContextAware, isInHost, type DebugSetup, type ExceptionLevel } from './state.ts';

const because = MANUAL.breakpoint;

/**
 * One context comparison of unit `n`, as execution at `el` sees it. What concerns the EL1&0 regime (CONTEXTIDR_EL1, the VMID) never
 * matches at EL2 nor in a host's EL0; the plain context ID type follows the regime instead, and has nothing to compare with at EL2
 * when E2H is 0.
 */
function compareContext(comparison: Exclude<Comparison, 'address'>, setup: DebugSetup, n: number, el: ExceptionLevel): Condition {
  const { context, controls, implementation, registers } = setup;
  const bvr = DBGBVR.decode(registers.bvr[n]);
  const host = isInHost(el, controls);
  const guestRegime = el !== 2 && !host;
  const place = { 'PSTATE.EL': el, 'HCR_EL2.E2H': controls.E2H, 'HCR_EL2.TGE': controls.TGE };
  switch (comparison) {
    case 'contextid': {
      const current = host ? context.contextidrEL2 : context.contextidrEL1;
      const name = host ? 'CONTEXTIDR_EL2' : 'CONTEXTIDR_EL1';
      return fact(`DBGBVR${n}_EL1[31:0] is the current ${name}`, (host || guestRegime) && bvr.contextId === current,
        { [`DBGBVR${n}_EL1[31:0]`]: bvr.contextId, [name]: current, ...place }, because);
    }
    case 'contextidrEL1':
      return fact(`DBGBVR${n}_EL1[31:0] is the current CONTEXTIDR_EL1`, guestRegime && bvr.contextId === context.contextidrEL1,
        { [`DBGBVR${n}_EL1[31:0]`]: bvr.contextId, CONTEXTIDR_EL1: context.contextidrEL1, ...place }, because);
    case 'contextidrEL2':
      return fact(`DBGBVR${n}_EL1[63:32] is the current CONTEXTIDR_EL2`, bvr.contextId2 === context.contextidrEL2,
        { [`DBGBVR${n}_EL1[63:32]`]: bvr.contextId2, CONTEXTIDR_EL2: context.contextidrEL2 }, because);
    case 'vmid': {
      const significant = context.vmid16 ? 0xffff : 0xff;
      const wanted = bvr.vmid & significant;
      const current = context.vmid & significant;
      return fact(`DBGBVR${n}_EL1.VMID is the current VMID`, implementation.EL2 && guestRegime && wanted === current,
        { [`DBGBVR${n}_EL1.VMID`]: wanted, 'VTTBR_EL2.VMID': current, 'VTCR_EL2.VS': context.vmid16, ...place }, because);
    }
  }
}

/** The context comparisons of a type, in the table's order; empty for address types. */
export function contextConditions(type: BreakpointType, setup: DebugSetup, n: number, el: ExceptionLevel): readonly Condition[] {
  return type.compares.flatMap((comparison) => (comparison === 'address' ? [] : [compareContext(comparison, setup, n, el)]));
}

/**
 * Unit `n` can do what its type asks: the core implements the type, and a context type sits on a context-aware unit. (A context type
 * on another unit is CONSTRAINED UNPREDICTABLE; we choose that it acts as disabled.)
 */
export function typeUsable(type: BreakpointType, setup: DebugSetup, n: number): Condition {
  const { implementation } = setup;
  return all(`breakpoint ${n} supports its type, ${type.name}`, MANUAL.bcr, [
    fact('the type is defined for AArch64 on this core', typeImplemented(type, implementation),
      { BT: type.BT, EL2: implementation.EL2, FEAT_VHE: implementation.VHE, FEAT_Debugv8p2: implementation.debugv8p2 }, MANUAL.bcr),
    fact('an address type, or the unit is context-aware', !comparesContext(type) || isContextAware(n, implementation),
      { breakpoints: implementation.breakpoints, contextAware: implementation.contextAware }, MANUAL.idDebug),
  ]);
}

/**
 * The context breakpoint `LBN`, to which a breakpoint or watchpoint links, matches at `el`. Its own HMC, SSC, PMC, BAS and LBN are not
 * looked at. A link to something that is not an enabled context breakpoint of a linked type is CONSTRAINED UNPREDICTABLE; we choose
 * that it never matches.
 */
export function explainLink(setup: DebugSetup, LBN: number, el: ExceptionLevel): Condition {
  const { implementation, registers } = setup;
  const aware = fact(`breakpoint ${LBN} is implemented and context-aware`, isContextAware(LBN, implementation),
    { LBN, breakpoints: implementation.breakpoints, contextAware: implementation.contextAware }, because);
  const title = `linked breakpoint ${LBN} matches the context`;
  if (!aware.holds) return all(title, because, [aware]);
  const control = DBGBCR.decode(registers.bcr[LBN]);
  const type = breakpointType(control.BT);
  return all(title, because, [
    aware,
    fact(`breakpoint ${LBN} is enabled`, control.E === 1, { [`DBGBCR${LBN}_EL1.E`]: control.E }, MANUAL.bcr),
    fact(`breakpoint ${LBN} is of a type made to be linked to`, type.role === 'target', { BT: type.BT, type: type.name }, because),
    typeUsable(type, setup, LBN),
    ...contextConditions(type, setup, LBN, el),
  ]);
}
