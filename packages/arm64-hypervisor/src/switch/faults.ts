/**
 * Faults of the code that the revisions follow, by name: what a user can see of each, and since when it is gone. All are corrected unless
 * a host is made `faithful` to them; the numbers are those of the notes in docs/faults.md.
 */
import { KvmError } from '@worldswitch/hypervisor';

export interface Fault {
  readonly note: number;
  /** The revisions whose code has it. */
  readonly revisions: readonly string[];
  /** What it does, as somebody who is hit by it sees it. */
  readonly effect: string;
  /** What became of it. */
  readonly fate: string;
}

export const FAULTS = {
  'one-reg-copy': {
    note: 1, revisions: ['debug-ptr'],
    effect: 'setting a breakpoint or watchpoint register by SET_ONE_REG fails with EFAULT and overwrites the caller\'s buffer',
    fate: 'the merged series gives each array a get and a set of its own, with the operands the right way round',
  },
  'bcr0-unlisted': {
    note: 2, revisions: ['debug-ptr'],
    effect: 'DBGBCR0_EL1 is missing from the register list and from one-reg access: its offset, 0, is taken for "not saved"',
    fate: 'the merged series keeps an index, and asks whether there is a get or set to know that a register exists',
  },
  'aarch32-halves': {
    note: 3, revisions: ['debug-ptr'],
    effect: 'on a big-endian host an AArch32 guest\'s DBGBCR and DBGWCR go to the upper half of their slot',
    fate: 'the merged series masks the access instead of pointing into the slot',
  },
  'late-drain': {
    note: 6, revisions: ['two-hooks'],
    effect: 'without VHE the host\'s profiling buffer is drained when it is EL2\'s already and EL1 is the guest\'s: samples are written through EL2\'s translation, or lost',
    fate: 'Linux 5.12 stops profiling in a hook of its own, before anything of the guest is loaded',
  },
  'stale-far': {
    note: 7, revisions: ['two-hooks'],
    effect: 'the address of a watchpoint exit is that of an earlier abort',
    fate: 'since 2022 a watchpoint counts as a memory fault when the exit is recorded',
  },
  'profiled-guest': {
    note: 9, revisions: ['two-hooks'],
    effect: 'with VHE the host\'s profiling goes on while the guest runs, and samples it where PMSCR_EL1 was left so',
    fate: 'MDCR_EL2.E2PB and PMSCR_EL1 are set up for the guest by those who profile',
  },
  'timer-bits': {
    note: 21, revisions: ['vhe'],
    effect: 'with VHE the timer permissions are set where E2H has others: a guest that reads CNTPCT_EL0 traps with class 0x18',
    fate: 'since early 2017 the bits are shifted by 10, then set once at boot',
  },
  'unshared-mdscr': {
    note: 26, revisions: ['vhe'],
    effect: 'with VHE the guest\'s MDE, KDE and SS stay in force in the host, whose instructions may hit the guest\'s breakpoints',
    fate: 'every later tree switches MDSCR_EL1 with the registers that both worlds share',
  },
  'unmasked-switch': {
    note: 27, revisions: ['vhe', 'two-hooks'],
    effect: 'with VHE a debug exception or an SError can be taken in the middle of the switch',
    fate: 'masked around the run since early 2018',
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** The faults of a revision. */
export function faultsOf(revision: string): readonly FaultName[] {
  return (Object.keys(FAULTS) as FaultName[]).filter((name) => (FAULTS[name] as Fault).revisions.includes(revision));
}

/** What a host is asked to be faithful to. `all`: whatever its revision had. Throws `KvmError` EINVAL for a name that the revision does not have. */
export function faithfulTo(revision: string, wanted: 'all' | readonly string[] | undefined): ReadonlySet<FaultName> {
  const possible = faultsOf(revision);
  if (wanted === undefined) return new Set();
  if (wanted === 'all') return new Set(possible);
  const unknown = wanted.find((name) => !(possible as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new KvmError('EINVAL', {
      value: `faithful '${unknown}'`, rule: `${revision} has ${possible.length === 0 ? 'no known fault' : `the faults ${possible.join(', ')}`}`,
      remedy: possible.length === 0 ? 'leave it out' : 'choose from these, or say all',
    });
  }
  return new Set(wanted as readonly FaultName[]);
}
