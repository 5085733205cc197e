import { PRIVATE } from '../gic/interrupt-state.ts';
import { readInterrupts, writeInterrupts, type Frame } from './interrupt-registers.ts';
import { CTLR_ARE, CTLR_DS, CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, GICD_CTLR, GICD_IIDR, GICD_IROUTER, GICD_PIDR, GICD_TYPER } from './registers.ts';
import type { Interrupts } from './state.ts';

/** What the architecture leaves to a distributor and its redistributors. */
export interface GicV3Implementation {
  /** GICD_IIDR and GICR_IIDR. */
  readonly iidr: { readonly distributor: number; readonly redistributor: number };
  /** PIDR4-7, 0-3 and CIDR0-3 of either. */
  readonly identity: { readonly distributor: readonly number[]; readonly redistributor: readonly number[] };
  /** GICD_TYPER, of so many INTIDs. */
  typer(count: number): number;
  /** Bits of GICD_CTLR that enable groups. */
  readonly groups: number;
  /** Bits of a priority. */
  readonly priorities: number;
  /** Whether software chooses how PPIs are triggered; else they are level-sensitive. */
  readonly choosesPpis: boolean;
  /** Whether GICD_IROUTER has Aff3. */
  readonly aff3: boolean;
  /** GICR_CTLR, and of GICR_TYPER what is the same for all (17:0 without the processor's number). */
  readonly redistributor: { readonly control: number; readonly typer: number };
  /** Whether GICR_WAKER is there; else it reads as zero, awake. */
  readonly sleeps: boolean;
  /** After a reset: which group interrupts are in, and whether SGIs are enabled. */
  readonly reset: { readonly group: 0 | 1; readonly sgis: 0 | 1 };
}

/** PIDR4-7, 0-3 and CIDR0-3 with the part number's low byte; architecture revision 3 in bits 7:4 of PIDR2. */
export function identity(part: number): readonly number[] {
  return [0x44, 0, 0, 0, part, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1];
}

/** GICD_TYPER (IHI 0069, GICD_TYPER): 16 bits of INTID, Aff3 is used (A3V), 1 of N routing is not there (No1N); no LPIs, no message-based SPIs. */
const TYPER = (15 << 19) | (1 << 24) | (1 << 25);
/** GICR_TYPER (IHI 0069, GICR_TYPER): redistributors that share Aff3 share LPI tables, of which there are none. */
const COMMON_LPI_AFFINITY = 1 << 24;

/** As QEMU's, with the JEP106 code and product of Arm. */
export const BOARD_GICV3: GicV3Implementation = {
  iidr: { distributor: 0x43b, redistributor: 0x43b }, identity: { distributor: identity(0x92), redistributor: identity(0x93) },
  // The manual has ITLinesNumber N stand for INTIDs up to 32(N + 1) - 1. QEMU 7.2 counts blocks of SPIs, one fewer, and kernels size their loops by it.
  typer: (count) => TYPER | Math.max(0, (count - PRIVATE) / 32 - 1),
  groups: CTLR_ENABLE_GRP0 | CTLR_ENABLE_GRP1, priorities: 0xff, choosesPpis: true, aff3: true,
  redistributor: { control: 0, typer: COMMON_LPI_AFFINITY }, sleeps: true, reset: { group: 0, sgis: 0 },
};

const SHARED: Frame = { kind: 'shared' };

/**
 * GICD registers (IHI 0069 chapter 12) with affinity routing and one Security state: what is banked for a processor in a GICv2 is in the
 * redistributors, and reads as zero here.
 */
export class Distributor {
  readonly #interrupts: Interrupts;
  readonly #implementation: GicV3Implementation;
  /** GICD_CTLR.EnableGrp0 and 1: the groups that are forwarded. */
  groups = 0;

  constructor(interrupts: Interrupts) {
    this.#interrupts = interrupts;
    this.#implementation = interrupts.implementation;
  }

  /** A whole word. No register has a read side effect. */
  read(offset: number): number {
    const { state } = this.#interrupts;
    switch (offset) {
      case GICD_CTLR: return this.groups | CTLR_ARE | CTLR_DS;
      case GICD_TYPER: return this.#implementation.typer(state.count);
      case GICD_IIDR: return this.#implementation.iidr.distributor;
    }
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * state.count) {
      const slot = this.#routed(offset);
      return slot === undefined ? 0 : offset % 8 === 0 ? this.#interrupts.routeLow[slot] : this.#interrupts.routeHigh[slot];
    }
    return offset >= GICD_PIDR ? this.#implementation.identity.distributor[(offset - GICD_PIDR) >> 2] ?? 0 : readInterrupts(state, SHARED, offset);
  }

  /** The bits of `mask` (-1, or one byte) get `value`. */
  write(offset: number, value: number, mask: number): void {
    const { state } = this.#interrupts;
    if (offset === GICD_CTLR) {
      if (mask === -1) this.groups = value & this.#implementation.groups;
    } else if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * state.count) {
      const slot = this.#routed(offset);
      if (slot === undefined || mask !== -1) return;
      if (offset % 8 === 0) this.#interrupts.route(slot, value, this.#interrupts.routeHigh[slot]);
      else this.#interrupts.route(slot, this.#interrupts.routeLow[slot], value);
    } else writeInterrupts(state, this.#implementation, SHARED, offset, value, mask);
  }

  #routed(offset: number): number | undefined {
    const intid = (offset - GICD_IROUTER) >> 3;
    return intid >= PRIVATE ? this.#interrupts.state.slot(0, intid) : undefined;
  }
}
