import { stateOf, type Plain } from '@worldswitch/machine';
import type { InterruptSource } from './cpu-interface.ts';
import { PriorityControl } from './priority.ts';
import {
  CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, CTLR_MASK, GICH_APR, GICH_EISR0, GICH_ELRSR0, GICH_HCR, GICH_LR, GICH_MISR, GICH_VMCR, GICH_VTR, HCR_EN, HCR_LRENPIE, HCR_MASK, HCR_NPIE,
  HCR_UIE, HCR_VGRP0D, HCR_VGRP0E, HCR_VGRP1D, HCR_VGRP1E, LR_ACTIVE, LR_EOI, LR_GRP1, LR_HW, LR_PENDING,
} from './registers.ts';

/** Bits 22:20 are reserved: a virtual priority has 5 bits. */
const LR_MASK = 0xff8f_ffff;
const EOI_COUNT = 1 << 27;
/** 5 bits of priority, 5 of preemption, 4 list registers (GICH_VTR of `virt`). */
export const LIST_REGISTERS = 4;
const VTR = 0x9000_0000 | (LIST_REGISTERS - 1);
/** VMCR and CTLR share bits 0..4 and 9. */
const VM_CTLR = CTLR_MASK;

/** The GICv2 virtualisation extensions of one processor: GICH (IHI 0048B 5.3), and the interrupts that GICV sees. */
export class ListRegisters implements InterruptSource {
  /** The priority state of the virtual CPU interface; GICH_VMCR and GICH_APR are windows on it. */
  readonly control = new PriorityControl(2);
  readonly #lr = new Uint32Array(LIST_REGISTERS);
  readonly #deactivatePhysical: (intid: number) => void;
  #hcr = 0;

  constructor(deactivatePhysical: (intid: number) => void) {
    this.#deactivatePhysical = deactivatePhysical;
  }

  get forwarding(): boolean {
    return (this.#hcr & HCR_EN) !== 0;
  }

  best(): { intid: number; priority: number; group: number } | undefined {
    let best: { intid: number; priority: number; group: number } | undefined;
    for (const lr of this.#lr) {
      if ((lr & (LR_PENDING | LR_ACTIVE)) !== LR_PENDING) continue;
      const group = lr & LR_GRP1 ? 1 : 0;
      const priority = (lr >>> 20) & 0xf8;
      if (this.control.groupEnabled(group) && (!best || priority < best.priority)) best = { intid: lr & 0x3ff, priority, group };
    }
    return best;
  }

  activate(intid: number): number {
    const index = this.#lr.findIndex((lr) => (lr & 0x3ff) === intid && (lr & (LR_PENDING | LR_ACTIVE)) === LR_PENDING);
    const lr = this.#lr[index];
    this.#lr[index] = (lr & ~LR_PENDING) | LR_ACTIVE;
    // A software SGI carries its source in 12:10 (IHI 0048B 5.3.9), which the guest reads in the same bits of IAR.
    return intid < 16 && (lr & LR_HW) === 0 ? intid | (lr & 0x1c00) : intid;
  }

  #active(intid: number): number {
    return this.#lr.findIndex((lr) => (lr & 0x3ff) === intid && (lr & LR_ACTIVE) !== 0);
  }

  groupOf(intid: number): number {
    const index = this.#active(intid);
    return index >= 0 && this.#lr[index] & LR_GRP1 ? 1 : 0;
  }

  completed(intid: number, dropped: boolean, deactivate: boolean): void {
    if (!deactivate) return;
    if (this.#active(intid) >= 0) this.#finish(intid);
    else if (dropped) this.#countEoi();
  }

  deactivate(intid: number): void {
    if (this.#active(intid) >= 0) this.#finish(intid);
    else this.#countEoi();
  }

  #finish(intid: number): void {
    const index = this.#active(intid);
    const lr = this.#lr[index];
    this.#lr[index] = lr & ~LR_ACTIVE;
    if (lr & LR_HW) this.#deactivatePhysical((lr >>> 10) & 0x3ff);
  }

  /** An end of interrupt for something no longer in a list register; the hypervisor keeps the rest of the list and wants to know. */
  #countEoi(): void {
    this.#hcr = (this.#hcr + EOI_COUNT) | 0;
  }

  get #eisr(): number {
    return this.#collect((lr) => (lr & (LR_PENDING | LR_ACTIVE | LR_HW)) === 0 && (lr & LR_EOI) !== 0);
  }

  get #elrsr(): number {
    return this.#collect((lr) => (lr & (LR_PENDING | LR_ACTIVE)) === 0 && ((lr & LR_HW) !== 0 || (lr & LR_EOI) === 0));
  }

  #collect(test: (lr: number) => boolean): number {
    let bits = 0;
    this.#lr.forEach((lr, index) => { if (test(lr)) bits |= 1 << index; });
    return bits;
  }

  /** GICH_MISR (IHI 0048B 5.3.4). */
  get #misr(): number {
    const hcr = this.#hcr;
    const used = this.#lr.reduce((count, lr) => count + (lr & (LR_PENDING | LR_ACTIVE) ? 1 : 0), 0);
    const pending = this.#lr.some((lr) => (lr & (LR_PENDING | LR_ACTIVE)) === LR_PENDING);
    const group0 = (this.control.ctlr & CTLR_ENABLE_GRP0) !== 0, group1 = (this.control.ctlr & CTLR_ENABLE_GRP1) !== 0;
    const reasons = [
      this.#eisr !== 0, (hcr & HCR_UIE) !== 0 && used < 2, (hcr & HCR_LRENPIE) !== 0 && hcr >>> 27 !== 0, (hcr & HCR_NPIE) !== 0 && !pending,
      (hcr & HCR_VGRP0E) !== 0 && group0, (hcr & HCR_VGRP0D) !== 0 && !group0, (hcr & HCR_VGRP1E) !== 0 && group1, (hcr & HCR_VGRP1D) !== 0 && !group1,
    ];
    return reasons.reduce((bits, reason, index) => bits | (reason ? 1 << index : 0), 0);
  }

  /** Level of the maintenance interrupt. */
  get maintenance(): boolean {
    return this.forwarding && this.#misr !== 0;
  }

  get #vmcr(): number {
    const { ctlr, abpr, bpr, pmr } = this.control;
    return (ctlr & VM_CTLR) | (abpr << 18) | (bpr << 21) | ((pmr >> 3) << 27);
  }

  read(offset: number): number {
    switch (offset) {
      case GICH_HCR: return this.#hcr;
      case GICH_VTR: return VTR;
      case GICH_VMCR: return this.#vmcr;
      case GICH_MISR: return this.#misr;
      case GICH_EISR0: return this.#eisr;
      case GICH_ELRSR0: return this.#elrsr;
      case GICH_APR: return this.control.apr[0];
      default: return this.#lr[(offset - GICH_LR) >> 2] ?? 0;
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case GICH_HCR: this.#hcr = value & HCR_MASK; return;
      case GICH_VMCR:
        this.control.ctlr = value & VM_CTLR;
        this.control.setAbpr(value >>> 18);
        this.control.setBpr(value >>> 21);
        this.control.pmr = (value >>> 24) & 0xf8;
        return;
      case GICH_APR: this.control.apr[0] = value; return;
      default: {
        const index = (offset - GICH_LR) >> 2;
        if (index >= 0 && index < LIST_REGISTERS) this.#lr[index] = value & LR_MASK;
      }
    }
  }

  reset(): void {
    this.control.reset();
    this.#lr.fill(0);
    this.#hcr = 0;
  }

  save(): Plain {
    return { control: this.control.save(), lr: [...this.#lr], hcr: this.#hcr };
  }

  restore(state: Plain): void {
    const s = stateOf<{ control: Plain; lr: readonly number[]; hcr: number }>(state, 'GIC list registers', ['control', 'lr', 'hcr']);
    this.control.restore(s.control);
    this.#lr.set(s.lr);
    this.#hcr = s.hcr;
  }
}
