import {
  CTLR_ACK_CTL, CTLR_EOI_MODE, CTLR_FIQ_EN, CTLR_MASK, GICC_ABPR, GICC_AEOIR, GICC_AHPPIR, GICC_AIAR, GICC_APR, GICC_BPR, GICC_CTLR, GICC_DIR, GICC_EOIR, GICC_HPPIR,
  GICC_IAR, GICC_IIDR, GICC_NSAPR, GICC_PMR, GICC_RPR, GROUP1_PENDING, SPURIOUS,
} from './registers.ts';
import type { PriorityControl } from './priority.ts';

/** GICC_IIDR: GICv2, implementer Arm, as QEMU states it. */
const IIDR = 0x0002_043b;

/** What a CPU interface does with interrupts: the distributor's for the physical interface, the list registers for the virtual one. */
export interface InterruptSource {
  /** The most urgent pending interrupt (of any priority), or undefined. */
  best(): { readonly intid: number; readonly priority: number; readonly group: number } | undefined;
  /** Whether the distributor forwards anything at all (GICD_CTLR), or the hypervisor enabled the virtual interface (GICH_HCR.En). */
  readonly forwarding: boolean;
  /** Makes it active; returns the value for IAR, with the source of an SGI. */
  activate(intid: number): number;
  /** The group of an interrupt that is being completed. */
  groupOf(intid: number): number;
  deactivate(intid: number): void;
  /** End of interrupt in EOImode 0 (deactivates) or 1: `dropped` tells whether a priority was active. */
  completed(intid: number, dropped: boolean, deactivate: boolean): void;
}

/**
 * One CPU interface (IHI 0048B 4.4) as a machine without Security Extensions sees it: group 0 through IAR, EOIR; group 1 too when AckCtl is set.
 * The aliased registers AIAR, AEOIR and AHPPIR always serve group 1.
 */
export class CpuInterface {
  readonly control: PriorityControl;
  readonly #source: InterruptSource;
  readonly #pmrMask: number;

  constructor(control: PriorityControl, source: InterruptSource, pmrMask: number) {
    this.control = control;
    this.#source = source;
    this.#pmrMask = pmrMask;
  }

  /** What would be signalled if nothing were running: enabled somewhere, and above the priority mask. */
  #pending(): { readonly intid: number; readonly priority: number; readonly group: number } | undefined {
    if (!this.#source.forwarding || (this.control.ctlr & 3) === 0) return undefined;
    const best = this.#source.best();
    return best && best.priority < this.control.pmr ? best : undefined;
  }

  #preempts(priority: number, group: number): boolean {
    const running = this.control.running;
    return this.control.groupPriority(priority, group) < running;
  }

  /** Levels of the two outputs (IHI 0048B 2.3.2): group 0 is FIQ when FIQEn says so. */
  outputs(): { readonly irq: boolean; readonly fiq: boolean } {
    const best = this.#pending();
    const signal = best !== undefined && this.control.groupEnabled(best.group) && this.#preempts(best.priority, best.group);
    const fiq = signal && best.group === 0 && (this.control.ctlr & CTLR_FIQ_EN) !== 0;
    return { irq: signal && !fiq, fiq };
  }

  /** HPPIR, and IAR before its effect. `aliased`: the group 1 register. */
  #visible(aliased: boolean): number {
    const best = this.#pending();
    if (!best) return SPURIOUS;
    if (aliased) return best.group === 1 ? best.intid : SPURIOUS;
    return best.group === 1 && (this.control.ctlr & CTLR_ACK_CTL) === 0 ? GROUP1_PENDING : best.intid;
  }

  #acknowledge(aliased: boolean, peek: boolean): number {
    const intid = this.#visible(aliased);
    const best = this.#pending();
    if (intid >= GROUP1_PENDING || !best) return intid;
    if (!this.#preempts(best.priority, best.group)) return SPURIOUS;
    if (peek) return intid;
    this.control.raise(best.priority, best.group);
    return this.#source.activate(intid);
  }

  #complete(intid: number, group: number): void {
    if (intid >= GROUP1_PENDING - 2) return;
    const dropped = this.control.running < 0x100;
    if (dropped) this.control.drop(group);
    this.#source.completed(intid, dropped, (this.control.ctlr & CTLR_EOI_MODE) === 0);
  }

  /** `peek`: the debugger looks; IAR acknowledges nothing. */
  read(offset: number, peek: boolean): number {
    const control = this.control;
    switch (offset) {
      case GICC_CTLR: return control.ctlr;
      case GICC_PMR: return control.pmr;
      case GICC_BPR: return control.bpr;
      case GICC_IAR: return this.#acknowledge(false, peek);
      case GICC_RPR: return Math.min(control.running, 0xff);
      case GICC_HPPIR: return this.#visible(false);
      case GICC_ABPR: return control.abpr;
      case GICC_AIAR: return this.#acknowledge(true, peek);
      case GICC_AHPPIR: return this.#visible(true);
      case GICC_IIDR: return IIDR;
    }
    if (offset >= GICC_APR && offset < GICC_NSAPR) return control.apr[(offset - GICC_APR) >> 2] ?? 0;
    if (offset >= GICC_NSAPR && offset < GICC_NSAPR + 16) return control.nsapr[(offset - GICC_NSAPR) >> 2] ?? 0;
    return 0;
  }

  write(offset: number, value: number): void {
    const control = this.control;
    const intid = value & 0x3ff;
    switch (offset) {
      case GICC_CTLR: control.ctlr = value & CTLR_MASK; return;
      case GICC_PMR: control.pmr = value & this.#pmrMask; return;
      case GICC_BPR: control.setBpr(value); return;
      case GICC_ABPR: control.setAbpr(value); return;
      case GICC_EOIR: this.#complete(intid, this.#source.groupOf(intid)); return;
      case GICC_AEOIR: if (this.#source.groupOf(intid) === 1) this.#complete(intid, 1); return;
      case GICC_DIR:
        // DIR with EOImode 0 is UNPREDICTABLE (IHI 0048B 4.4.14); it is ignored.
        if ((control.ctlr & CTLR_EOI_MODE) !== 0 && intid < GROUP1_PENDING - 2) this.#source.deactivate(intid);
        return;
    }
    const apr = (offset - GICC_APR) >> 2;
    if (offset >= GICC_APR && offset < GICC_NSAPR && apr < control.apr.length) control.apr[apr] = value;
    const nsapr = (offset - GICC_NSAPR) >> 2;
    if (offset >= GICC_NSAPR && offset < GICC_NSAPR + 16 && nsapr < control.nsapr.length) control.nsapr[nsapr] = value;
  }
}
