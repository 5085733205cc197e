/** What the parts of a world switch are, for somebody who has not met one. */
import { decodeSyndrome, exceptionClassName, explainEsr } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { LedgerRow } from '@worldswitch/hypervisor';

/** Phases, with a headline and what happens there. The empty name is the host's kernel, between two phases. */
export const PHASE_WORDS: Readonly<Record<string, readonly [title: string, about: string]>> = {
  'exit': ['the guest is left', 'The processor is at EL2, at a vector. Everything in it is still the guest\'s.'],
  'fixup': ['why', 'Notes what the exception says, and looks whether EL2 can deal with it alone.'],
  'save-guest': ['the guest\'s registers are put away', 'From the processor to the vCPU\'s context in memory.'],
  'deactivate-traps': ['what bound the guest is undone', 'Traps, second-stage translation and interrupt routing become the host\'s.'],
  'restore-host': ['the host\'s registers come back', 'From the host\'s context in memory to the processor.'],
  'put': ['the vCPU loses the processor', 'Not with every exit: only when the host goes on to something else.'],
  '': ['the host\'s kernel', 'It answers what the guest wanted. What it does here belongs to no step of the switch.'],
  'load': ['the vCPU is given the processor', 'Not with every entry: only after it had lost it.'],
  'save-host': ['the host\'s registers are put away', 'From the processor to the host\'s context in memory.'],
  'activate-traps': ['what binds the guest is set up', 'Which of its accesses trap, its second-stage translation, where interrupts go.'],
  'restore-guest': ['the guest\'s registers come back', 'From the vCPU\'s context in memory to the processor.'],
  'enter': ['the guest goes on', 'General registers last, because the code needs them itself.'],
  'panic': ['the switch failed', 'Enough of the host comes back to say so.'],
};

const CAUSES: Readonly<Record<string, string>> = {
  HVC64: 'it called the hypervisor (HVC)', SMC64: 'it called the firmware (SMC)', WFX: 'it waits (WFI or WFE)', SYS64: 'it accessed a system register that traps',
  DABT_LOW: 'it accessed an address that its second-stage translation does not map', IABT_LOW: 'it fetched from an address that its second-stage translation does not map',
  FP_ASIMD: 'it used floating point, whose registers are loaded only then', BREAKPT_LOW: 'it met a hardware breakpoint', WATCHPT_LOW: 'it touched a watchpoint',
  SOFTSTP_LOW: 'it has executed one instruction (software step)', BRK64: 'it executed a BRK',
};

/** Why the guest was left, in words: from the exception's row, and the fault address where the switch has read it. */
export function causeOf({ written, after }: LedgerRow, rows: readonly LedgerRow[]): string {
  if (after === undefined) return written === 'irq' ? 'an interrupt came' : `an ${written} came`;
  const name = exceptionClassName(decodeSyndrome(after).ec);
  const cause = CAUSES[name ?? ''] ?? `exception class ${name ?? hex(decodeSyndrome(after).ec)}`;
  if (name === 'SYS64') return `${cause}: ${explainEsr(after).children.at(-1)?.text.replace(/^ISS \S+\s+/, '') ?? ''}`;
  const fault = rows.find(({ operation, reached }) => operation === 'read' && reached === 'FAR_EL2')?.after;
  return fault === undefined ? cause : `${cause}: ${hex(fault)}`;
}
