import { PRIVATE, SGIS, type InterruptState } from '../gic/interrupt-state.ts';
import {
  CTLR_ENABLE_GRP0, CTLR_ENABLE_GRP1, GICD_CPENDSGIR, GICD_CTLR, GICD_ICACTIVER, GICD_ICENABLER, GICD_ICFGR, GICD_ICPENDR, GICD_IGROUPR, GICD_IIDR, GICD_IPRIORITYR,
  GICD_ISACTIVER, GICD_ISENABLER, GICD_ISPENDR, GICD_ITARGETSR, GICD_PIDR, GICD_SGIR, GICD_SPENDSGIR, GICD_TYPER,
} from './registers.ts';
import type { Interrupts } from './state.ts';

/** What the architecture leaves to a distributor. */
export interface GicV2Implementation {
  /** GICD_IIDR. */
  readonly iidr: number;
  /** GICD_PIDR4-7, 0-3 and CIDR0-3; absent ones read as zero. */
  readonly identity: readonly number[];
  /** Bits of GICD_CTLR. */
  readonly groups: number;
  /** Bits of a priority. */
  readonly priorities: number;
  /** Whether software chooses how PPIs are triggered (IHI 0048B 4.3.13); else they are level-sensitive. */
  readonly choosesPpis: boolean;
  /** Whether SGIs can be disabled (IHI 0048B 4.3.5). */
  readonly disablesSgis: boolean;
  /** Whether a single processor has GICD_ITARGETSR (IHI 0048B 4.3.12 has it read as zero). */
  readonly targetsOfOne: boolean;
}

/** As QEMU's, with the JEP106 code and product of Arm; architecture revision 2 in bits 7:4 of PIDR2 at 0xfe8. */
export const BOARD_GICV2: GicV2Implementation = {
  iidr: 0x43b, identity: [0x04, 0x00, 0x00, 0x00, 0x90, 0xb4, 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1], groups: CTLR_ENABLE_GRP0 | CTLR_ENABLE_GRP1, priorities: 0xff,
  choosesPpis: true, disablesSgis: false, targetsOfOne: false,
};

/** GICD registers (IHI 0048B 4.3) over the interrupt state. Accesses are bytes `lane` of words: software uses byte accesses to priorities and targets. */
export class Distributor {
  readonly #interrupts: Interrupts;
  readonly #state: InterruptState;
  readonly #implementation: GicV2Implementation;
  ctlr = 0;

  constructor(interrupts: Interrupts, implementation: GicV2Implementation = BOARD_GICV2) {
    this.#interrupts = interrupts;
    this.#state = interrupts.state;
    this.#implementation = implementation;
  }

  get #hasTargets(): boolean {
    return this.#state.cpus > 1 || this.#implementation.targetsOfOne;
  }

  /** A whole word as processor `cpu` sees it. No register of the distributor has a read side effect. */
  read(offset: number, cpu: number): number {
    const state = this.#state;
    switch (offset) {
      case GICD_CTLR: return this.ctlr;
      case GICD_TYPER: return (state.count / 32 - 1) | ((state.cpus - 1) << 5);
      case GICD_IIDR: return this.#implementation.iidr;
    }
    if (offset < GICD_IGROUPR) return 0;
    if (offset < GICD_IPRIORITYR) {
      const intid = (offset & 0x7f) * 8;
      switch (offset & ~0x7f) {
        case GICD_IGROUPR: return this.#bits(cpu, intid, (slot) => state.group[slot] !== 0);
        case GICD_ISENABLER: case GICD_ICENABLER: return this.#bits(cpu, intid, (slot) => state.enabled[slot] !== 0);
        case GICD_ISPENDR: case GICD_ICPENDR: return this.#bits(cpu, intid, (slot) => state.pending(slot));
        default: return this.#bits(cpu, intid, (slot) => state.active[slot] !== 0);
      }
    }
    if (offset < GICD_ITARGETSR) return this.#fields(cpu, offset - GICD_IPRIORITYR, (slot) => state.priority[slot]);
    if (offset < GICD_ICFGR) {
      if (!this.#hasTargets) return 0;
      return this.#fields(cpu, offset - GICD_ITARGETSR, (slot, intid) => (intid < PRIVATE ? 1 << cpu : this.#interrupts.target[slot]));
    }
    if (offset < GICD_SGIR) return this.#edges(cpu, (offset - GICD_ICFGR) * 4);
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + SGIS) {
      const first = (offset - GICD_CPENDSGIR) % SGIS;
      return this.#fields(cpu, first, (_slot, intid) => this.#interrupts.sources[cpu * SGIS + intid]);
    }
    return offset >= GICD_PIDR ? this.#implementation.identity[(offset - GICD_PIDR) >> 2] ?? 0 : 0;
  }

  /** The bits of `mask` (whole byte lanes of the word) get `value`. */
  write(offset: number, value: number, mask: number, cpu: number): void {
    const state = this.#state;
    if (offset === GICD_CTLR) this.ctlr = ((this.ctlr & ~mask) | (value & mask)) & this.#implementation.groups;
    else if (offset === GICD_SGIR) {
      if (mask === -1) this.#generate(value, cpu);
    } else if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR) this.#writeBits(offset & ~0x7f, (offset & 0x7f) * 8, value, mask, cpu);
    else if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
      this.#writeFields(cpu, offset - GICD_IPRIORITYR, value, mask, (slot, _intid, byte) => { state.priority[slot] = byte & this.#implementation.priorities; });
    } else if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR) {
      const implemented = (1 << state.cpus) - 1;
      this.#writeFields(cpu, offset - GICD_ITARGETSR, value, mask, (slot, intid, byte) => { if (intid >= PRIVATE && this.#hasTargets) this.#interrupts.target[slot] = byte & implemented; });
    } else if (offset >= GICD_ICFGR && offset < GICD_SGIR) this.#writeEdges(cpu, (offset - GICD_ICFGR) * 4, value, mask);
    else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + SGIS) this.#writeSources(cpu, offset, value, mask);
  }

  #bits(cpu: number, first: number, test: (slot: number) => boolean): number {
    let word = 0;
    for (let i = 0; i < 32 && first + i < this.#state.count; i++) if (test(this.#state.slot(cpu, first + i))) word |= 1 << i;
    return word;
  }

  #writeBits(register: number, first: number, value: number, mask: number, cpu: number): void {
    const state = this.#state;
    for (let i = 0; i < 32 && first + i < state.count; i++) {
      if ((mask & (1 << i)) === 0) continue;
      const intid = first + i;
      const slot = state.slot(cpu, intid);
      const set = (value & (1 << i)) !== 0;
      if (register === GICD_IGROUPR) { state.group[slot] = set ? 1 : 0; continue; }
      if (!set) continue;
      switch (register) {
        case GICD_ISENABLER: state.enabled[slot] = 1; break;
        case GICD_ICENABLER: if (intid >= SGIS || this.#implementation.disablesSgis) state.enabled[slot] = 0; break;
        // Pending SGIs have their own registers, by source (IHI 0048B 4.3.7).
        case GICD_ISPENDR: if (intid >= SGIS) state.latch[slot] = 1; break;
        case GICD_ICPENDR: if (intid >= SGIS) state.latch[slot] = 0; break;
        case GICD_ISACTIVER: state.active[slot] = 1; break;
        case GICD_ICACTIVER: state.active[slot] = 0; break;
      }
    }
  }

  #fields(cpu: number, first: number, field: (slot: number, intid: number) => number): number {
    let word = 0;
    for (let i = 0; i < 4 && first + i < this.#state.count; i++) word |= field(this.#state.slot(cpu, first + i), first + i) << (8 * i);
    return word;
  }

  #writeFields(cpu: number, first: number, value: number, mask: number, store: (slot: number, intid: number, byte: number) => void): void {
    for (let i = 0; i < 4 && first + i < this.#state.count; i++) {
      if ((mask >>> (8 * i)) & 0xff) store(this.#state.slot(cpu, first + i), first + i, (value >>> (8 * i)) & 0xff);
    }
  }

  #edges(cpu: number, first: number): number {
    let word = 0;
    for (let i = 0; i < 16 && first + i < this.#state.count; i++) if (this.#state.edge[this.#state.slot(cpu, first + i)]) word |= 2 << (2 * i);
    return word;
  }

  #writeEdges(cpu: number, first: number, value: number, mask: number): void {
    const chosen = this.#implementation.choosesPpis ? SGIS : PRIVATE;
    for (let i = 0; i < 16 && first + i < this.#state.count; i++) {
      const bit = 2 << (2 * i);
      if (first + i >= chosen && (mask & bit) !== 0) this.#state.edge[this.#state.slot(cpu, first + i)] = value & bit ? 1 : 0;
    }
  }

  #writeSources(cpu: number, offset: number, value: number, mask: number): void {
    const { state, sources } = this.#interrupts;
    const implemented = (1 << state.cpus) - 1;
    const set = offset >= GICD_SPENDSGIR;
    this.#writeFields(cpu, (offset - GICD_CPENDSGIR) % SGIS, value, mask, (slot, intid, byte) => {
      const at = cpu * SGIS + intid;
      sources[at] = set ? sources[at] | (byte & implemented) : sources[at] & ~byte;
      state.latch[slot] = sources[at] === 0 ? 0 : 1;
    });
  }

  /** GICD_SGIR (IHI 0048B 4.3.15): to a list, to all others, or to oneself. */
  #generate(value: number, cpu: number): void {
    const all = (1 << this.#state.cpus) - 1;
    const targets = [(value >>> 16) & all, all & ~(1 << cpu), 1 << cpu, 0][(value >>> 24) & 3];
    for (let to = 0; to < this.#state.cpus; to++) if (targets & (1 << to)) this.#interrupts.sendSgi(cpu, to, value & 0xf);
  }
}
