import { PRIVATE } from '../gic/interrupt-state.ts';
import { readInterrupts, writeInterrupts, type Frame } from './interrupt-registers.ts';
import { CTLR_ARE, CTLR_DS, CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, GICD_CTLR, GICD_IIDR, GICD_IROUTER, GICD_PIDR, GICD_TYPER } from './registers.ts';
import type { Interrupts } from './state.ts';

/** JEP106 code and product of Arm, as QEMU's distributor and redistributors state them. */
export const IIDR = 0x43b;
/** PIDR4-7, 0-3 and CIDR0-3 with the part number's low byte; architecture revision 3 in bits 7:4 of PIDR2. */
export function identity(part: number): readonly number[] {
  return [0x44, 0, 0, 0, part, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1];
}
const ID = identity(0x92);

/** GICD_TYPER (IHI 0069, GICD_TYPER): 16 bits of INTID, Aff3 is used (A3V), 1 of N routing is not there (No1N); no LPIs, no message-based SPIs. */
const TYPER = (15 << 19) | (1 << 24) | (1 << 25);
const GROUPS = CTLR_ENABLE_GRP0 | CTLR_ENABLE_GRP1;
const SHARED: Frame = { kind: 'shared' };

/**
 * GICD registers (IHI 0069 chapter 12) with affinity routing and one Security state: what is banked for a processor in a GICv2 is in the
 * redistributors, and reads as zero here.
 */
export class Distributor {
  readonly #interrupts: Interrupts;
  /** GICD_CTLR.EnableGrp0 and 1: the groups that are forwarded. */
  groups = 0;

  constructor(interrupts: Interrupts) {
    this.#interrupts = interrupts;
  }

  /** A whole word. No register has a read side effect. */
  read(offset: number): number {
    const { state } = this.#interrupts;
    switch (offset) {
      case GICD_CTLR: return this.groups | CTLR_ARE | CTLR_DS;
      // The manual has ITLinesNumber N stand for INTIDs up to 32(N + 1) - 1. QEMU 7.2 counts blocks of SPIs, one fewer, and kernels size their loops by it.
      case GICD_TYPER: return TYPER | Math.max(0, (state.count - PRIVATE) / 32 - 1);
      case GICD_IIDR: return IIDR;
    }
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * state.count) {
      const slot = this.#routed(offset);
      return slot === undefined ? 0 : offset % 8 === 0 ? this.#interrupts.routeLow[slot] : this.#interrupts.routeHigh[slot];
    }
    return offset >= GICD_PIDR ? ID[(offset - GICD_PIDR) >> 2] ?? 0 : readInterrupts(state, SHARED, offset);
  }

  /** The bits of `mask` (-1, or one byte) get `value`. */
  write(offset: number, value: number, mask: number): void {
    const { state } = this.#interrupts;
    if (offset === GICD_CTLR) {
      if (mask === -1) this.groups = value & GROUPS;
    } else if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 8 * state.count) {
      const slot = this.#routed(offset);
      if (slot === undefined || mask !== -1) return;
      if (offset % 8 === 0) this.#interrupts.route(slot, value, this.#interrupts.routeHigh[slot]);
      else this.#interrupts.route(slot, this.#interrupts.routeLow[slot], value);
    } else writeInterrupts(state, SHARED, offset, value, mask);
  }

  #routed(offset: number): number | undefined {
    const intid = (offset - GICD_IROUTER) >> 3;
    return intid >= PRIVATE ? this.#interrupts.state.slot(0, intid) : undefined;
  }
}
