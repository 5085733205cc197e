/**
 * Where the recorded QEMU (7.2) does not do what the architecture asks, or takes another of two permitted choices. Such cases are
 * recorded all the same, and `mismatch` accepts the recorded state and the architecture's.
 */
import type { Form } from './forms.ts';
import { SLOT, type ScalarName, type VectorState } from './state.ts';

/** One departure. */
export interface Departure {
  readonly id: string;
  /** Numbers of the forms it concerns. */
  readonly forms: readonly number[];
  /** The rule and what QEMU does. Arm ARM = DDI 0487, sections as in issue M.a.a. */
  readonly reason: string;
  /** What QEMU may make of a case that ends in `state` by the rule; none if it ends in the same. */
  readonly recorded: (state: VectorState) => readonly VectorState[];
}

const TRAPPED_ACCESS = 0x18n;
const ILLEGAL_STATE = 0x0en;
/** ESR of an instruction abort from the same level, IL set. */
const INSTRUCTION_ABORT = 0x8600_0000n;
/** Translation and permission faults at levels 0 to 3. */
const FETCH_FAULTS = [4n, 5n, 6n, 7n, 0xcn, 0xdn, 0xen, 0xfn];
const exceptionClass = (state: VectorState): bigint => state.get('esr') >> 26n;

function changed(state: VectorState, values: Partial<Record<ScalarName, bigint>>): VectorState {
  const copy = state.clone();
  for (const [name, value] of Object.entries(values)) copy.set(name as ScalarName, value);
  return copy;
}

export const departures: readonly Departure[] = [
  {
    id: 'syndrome of MSR DAIFSet and DAIFClr',
    forms: [83, 84],
    reason: 'trapped at EL0 with SCTLR_EL1.UMA = 0: the ISS of EC 0x18 has op1 in bits 16:14 and op2 in bits 19:17 (Arm ARM D24.2 ESR_EL1, '
      + 'ISS of a trapped MSR, MRS or system instruction); QEMU 7.2 exchanges the two',
    recorded: (state) => {
      if (exceptionClass(state) !== TRAPPED_ACCESS) return [];
      const esr = state.get('esr');
      const [op1, op2] = [(esr >> 14n) & 7n, (esr >> 17n) & 7n];
      return [changed(state, { esr: (esr & ~(0x3fn << 14n)) | (op2 << 14n) | (op1 << 17n) })];
    },
  },
  {
    id: 'illegal return to where nothing can be fetched',
    forms: [47],
    reason: 'an ERET that is illegal sets PSTATE.IL: the Illegal Execution state exception has priority 8 or 11 by choice of the '
      + 'implementation, the Instruction Abort 9 (Arm ARM D1.4.5.6); QEMU fetches first, and the abort is what is recorded',
    recorded: (state) => {
      if (exceptionClass(state) !== ILLEGAL_STATE) return [];
      const far = BigInt.asUintN(64, SLOT + state.get('to'));
      return FETCH_FAULTS.map((status) => changed(state, { esr: INSTRUCTION_ABORT | status, far }));
    },
  },
];

/** The states QEMU may have recorded for a case that ends in `state` by the rule, where that is another. */
export function recordedInstead(form: Form, state: VectorState): readonly VectorState[] {
  return departures.filter(({ forms }) => forms.includes(form.id)).flatMap(({ recorded }) => recorded(state));
}
