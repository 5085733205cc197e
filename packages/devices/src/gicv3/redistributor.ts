import { readInterrupts, writeInterrupts, type Frame } from './interrupt-registers.ts';
import { GICR_CTLR, GICR_FRAME, GICR_IIDR, GICR_PIDR, GICR_TYPER, GICR_WAKER, WAKER_CHILDREN_ASLEEP, WAKER_PROCESSOR_SLEEP } from './registers.ts';
import type { Interrupts } from './state.ts';

/** GICR_TYPER (IHI 0069, GICR_TYPER): the last of its region. */
const TYPER_LAST = 1 << 4;

/** Which one it is. */
export interface RedistributorPlace {
  /** GICR_TYPER.Processor_Number. */
  readonly number: number;
  /** Whether it is the last of those that follow each other in memory. */
  last(): boolean;
}

/** One processor's GICR registers (IHI 0069 chapter 12): frame RD_base, and SGI_base 64 KiB after it. */
export class Redistributor {
  readonly #interrupts: Interrupts;
  readonly #frame: Frame & { readonly kind: 'private' };
  /**
   * GICR_WAKER.ProcessorSleep; ChildrenAsleep follows at once, since nothing is ever under way. Interrupts are offered even while
   * it is set, as QEMU does: software that never wakes its redistributor runs there, against IHI 0069 chapter 11.
   */
  asleep = true;
  readonly #place: RedistributorPlace;

  constructor(interrupts: Interrupts, cpu: number, place: RedistributorPlace = { number: cpu, last: () => cpu === interrupts.affinities.length - 1 }) {
    this.#interrupts = interrupts;
    this.#place = place;
    this.#frame = { kind: 'private', cpu };
  }

  read(offset: number): number {
    if (offset >= GICR_FRAME) return readInterrupts(this.#interrupts.state, this.#frame, offset - GICR_FRAME);
    const { affinities, implementation } = this.#interrupts;
    const affinity = affinities[this.#frame.cpu];
    switch (offset) {
      case GICR_CTLR: return implementation.redistributor.control;
      case GICR_IIDR: return implementation.iidr.redistributor;
      case GICR_TYPER: return (this.#place.number << 8) | implementation.redistributor.typer | (this.#place.last() ? TYPER_LAST : 0);
      case GICR_TYPER + 4: return Number(affinity & 0xff_ffffn) | Number((affinity >> 8n) & 0xff00_0000n);
      case GICR_WAKER: return this.asleep && implementation.sleeps ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
      default: return offset >= GICR_PIDR ? implementation.identity.redistributor[(offset - GICR_PIDR) >> 2] ?? 0 : 0;
    }
  }

  write(offset: number, value: number, mask: number): void {
    if (offset >= GICR_FRAME) writeInterrupts(this.#interrupts.state, this.#interrupts.implementation, this.#frame, offset - GICR_FRAME, value, mask);
    else if (offset === GICR_WAKER && mask === -1) this.asleep = (value & WAKER_PROCESSOR_SLEEP) !== 0;
  }
}
