import { DBGBCR, DBGWCR, explainBreakpoint, explainWatchpoint, type AccessKind, type DebugState } from '@worldswitch/arm64-debug';
import type { Arm64Cpu } from '@worldswitch/arm64';
import type { DebugQuestion, Explanation } from '@worldswitch/debugger';

/** Asks each unit of the processor's debug hardware that is in use whether this access would stop, as things stand. */
export function explainDebug({ processor }: Arm64Cpu, { address, access, length = 1 }: DebugQuestion): readonly Explanation[] {
  const { debug, state } = processor;
  const position: DebugState = { ...debug.setup(), el: state.pstate.el, D: state.pstate.D };
  const { registers, implementation } = position;
  if (access === 'execute') {
    return unitsInUse(implementation.breakpoints, registers.bcr, (bcr) => DBGBCR.decode(bcr).E === 1).map((n) => explainBreakpoint(position, n, address));
  }
  const kind: AccessKind = access === 'read' ? 'load' : 'store';
  return unitsInUse(implementation.watchpoints, registers.wcr, (wcr) => DBGWCR.decode(wcr).E === 1)
    .map((n) => explainWatchpoint(position, n, { kind, address, size: length }));
}

function unitsInUse(count: number, controls: readonly bigint[], enabled: (control: bigint) => boolean): readonly number[] {
  const all = Array.from({ length: count }, (_, n) => n);
  const used = all.filter((n) => enabled(controls[n] ?? 0n));
  // With none enabled the answer is about the first: it is not enabled.
  return used.length > 0 ? used : all.slice(0, 1);
}
