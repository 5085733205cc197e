/**
 * Register reads and writes of one round trip as they can be counted from the published code by hand, and why execution gives others where
 * it does. Without the interface of the interrupt controller, floating point, debug registers and what the host's kernel does.
 */

export interface Difference {
  readonly reads: number;
  readonly writes: number;
  /** Whose number is wrong, or describes something else. */
  readonly side: 'counted' | 'executed' | 'neither';
  readonly because: string;
}

export interface Published {
  readonly revision: string;
  readonly mode: 'nvhe' | 'vhe';
  readonly reads: number;
  readonly writes: number;
  readonly differences: readonly Difference[];
}

const ESR: Difference = {
  reads: -1, writes: 0, side: 'executed',
  because: 'ESR_EL2 is read in the vector and again behind the exit, and the code reads it a third time to note it; the step here notes what the vector has read',
};
const ALL_TRAPS: Difference = {
  reads: 2, writes: 0, side: 'counted', because: 'FAR_EL2 and HPFAR_EL2 are read for every trap, whatever its class; they were counted for aborts alone',
};
const TWICE: Difference = {
  reads: 1, writes: 0, side: 'counted', because: 'whether the guest is AArch32 is asked of HCR_EL2 on the way in and on the way out; it was counted once',
};
const EAGER: Difference = {
  reads: -1, writes: 0, side: 'neither', because: 'the question whether floating point is live came with 4.4; this state moves it every time',
};

export const PUBLISHED: readonly Published[] = [
  { revision: '2015-base', mode: 'nvhe', reads: 68, writes: 76, differences: [ALL_TRAPS, TWICE, EAGER] },
  {
    revision: 'vhe', mode: 'vhe', reads: 46, writes: 54, differences: [
      ALL_TRAPS, TWICE,
      { reads: 1, writes: 1, side: 'neither', because: 'MDSCR_EL1, which the first posting left out, is switched for the host too (fault 26 corrected)' },
      { reads: -1, writes: 0, side: 'neither', because: 'MDCR_EL2 is computed by the host\'s kernel, as since the debug series that the alternatives are put on here; alone they read it first' },
    ],
  },
  { revision: 'two-hooks', mode: 'nvhe', reads: 68, writes: 73, differences: [ESR] },
  { revision: 'two-hooks', mode: 'vhe', reads: 47, writes: 53, differences: [ESR] },
  { revision: 'load-put', mode: 'nvhe', reads: 61, writes: 72, differences: [] },
  { revision: 'load-put', mode: 'vhe', reads: 12, writes: 14, differences: [] },
];
