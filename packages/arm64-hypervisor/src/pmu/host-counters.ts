/**
 * The host's own counters on behalf of a guest's, from entry to exit. EL2 they never count, so that what the hypervisor does is not the guest's;
 * without VHE the host's kernel is at EL1 too, for the few instructions on the way, which retire nothing here (see `Host`).
 */
import { PMCR_EL0 } from '@worldswitch/arm64-sysreg';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { Host } from '../host/host.ts';

/** The interrupt of the processor's monitors, a PPI (Arm Base System Architecture). */
export const PMU_INTID = 23;

/** Number of the cycle counter among the counters: its bit in PMCNTENSET_EL0 and its like. */
export const CYCLES = 31;

export const filterOf = (n: number): RegisterName => (n === CYCLES ? 'PMCCFILTR_EL0' : (`PMEVTYPER${n}_EL0` as RegisterName));
export const counterOf = (n: number): RegisterName => (n === CYCLES ? 'PMCCNTR_EL0' : (`PMEVCNTR${n}_EL0` as RegisterName));
export const bitOf = (n: number): bigint => 1n << BigInt(n);

/** A counter that is to count. */
export interface Counted {
  readonly n: number;
  /** PMEVTYPER<n>_EL0 or PMCCFILTR_EL0. */
  readonly filter: bigint;
  readonly count: bigint;
  /** Whether the guest is to be left at its overflow. */
  readonly interrupts: boolean;
}

/** What they have come to. */
export interface Counts {
  readonly counts: ReadonlyMap<number, bigint>;
  /** A bit for each that has overflown since. */
  readonly overflown: bigint;
}

export class HostCounters {
  readonly #host: Pick<Host, 'code' | 'interrupts'>;
  #counting: readonly Counted[] = [];
  /** PMCR_EL0 of the host. */
  #control = 0n;

  constructor(host: Pick<Host, 'code' | 'interrupts'>) {
    this.#host = host;
  }

  get running(): boolean {
    return this.#counting.length > 0;
  }

  /** Before an entry, which is what makes the writes act. Nothing for none. */
  start(counting: readonly Counted[]): void {
    this.#counting = counting;
    if (counting.length === 0) return;
    const { code, interrupts } = this.#host;
    code.place = { step: 'pmu', phase: '', kind: 'host' };
    this.#control = code.read('PMCR_EL0');
    for (const { n, filter, count } of counting) {
      code.write(filterOf(n), filter, 'guest');
      code.write(counterOf(n), count, 'guest');
    }
    const all = maskOf(counting);
    code.write('PMOVSCLR_EL0', all);
    const armed = maskOf(counting.filter((one) => one.interrupts));
    if (armed !== 0n) {
      interrupts.setEnabled(code, PMU_INTID, true);
      code.write('PMINTENSET_EL1', armed);
    }
    code.write('PMCNTENSET_EL0', all);
    // LC: overflow of the cycle counter is that of 64 bits.
    code.write('PMCR_EL0', PMCR_EL0.mask('E') | PMCR_EL0.mask('LC'));
  }

  /** After an exit. */
  stop(): Counts {
    const counting = this.#counting;
    if (counting.length === 0) return { counts: new Map(), overflown: 0n };
    this.#counting = [];
    const { code, interrupts } = this.#host;
    code.place = { step: 'pmu', phase: '', kind: 'host' };
    const all = maskOf(counting);
    code.write('PMCNTENCLR_EL0', all);
    code.write('PMCR_EL0', this.#control & ~(PMCR_EL0.mask('P') | PMCR_EL0.mask('C')));
    const overflown = code.read('PMOVSSET_EL0', 'guest') & all;
    const counts = new Map(counting.map(({ n }) => [n, code.read(counterOf(n), 'guest')]));
    const armed = maskOf(counting.filter((one) => one.interrupts));
    if (armed !== 0n) {
      code.write('PMINTENCLR_EL1', armed);
      interrupts.setEnabled(code, PMU_INTID, false);
    }
    code.write('PMOVSCLR_EL0', all);
    // Its interrupt goes away before the host could take it: the guest has been left, which was all that it was for.
    if (overflown !== 0n) code.isb();
    return { counts, overflown };
  }
}

function maskOf(counting: readonly Counted[]): bigint {
  return counting.reduce((mask, { n }) => mask | bitOf(n), 0n);
}
