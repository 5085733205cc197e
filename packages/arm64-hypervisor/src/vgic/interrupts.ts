/**
 * A vCPU's virtual interrupts: what is pending or active, of which as many as there are list registers are in hardware while the guest
 * runs. Which interrupt may come, and when, is the distributor's business, in the VMM; here each has its properties and an input.
 */
import type { Block } from '../context/block.ts';
import { VGIC_HCR, lrSlot } from './interface.ts';
import type { VirtualInterface } from './interface.ts';

/** How an interrupt is presented. */
export interface InterruptProperties {
  /** 0 is the most urgent. Five bits of the eight count; 0xa0 by default. */
  readonly priority?: number;
  /** 0 or 1; by default what guests of the version have: 0 for GICv2, 1 for GICv3. */
  readonly group?: 0 | 1;
  /** Edge: each rise counts once. A level (the default) counts for as long as it is high. */
  readonly edge?: boolean;
}

interface Interrupt {
  readonly id: number;
  readonly priority: number;
  readonly group: 0 | 1;
  readonly edge: boolean;
  line: boolean;
  /** An edge that has come and was not taken. */
  latch: boolean;
  /** That edge is in a list register. */
  edgeListed: boolean;
  active: boolean;
}

const DEFAULT_PRIORITY = 0xa0;

const isPending = ({ edge, line, latch }: Interrupt): boolean => latch || (!edge && line);

export class VirtualInterrupts {
  readonly #hardware: VirtualInterface;
  readonly #properties: (id: number) => InterruptProperties;
  readonly #interrupts = new Map<number, Interrupt>();

  constructor(hardware: VirtualInterface, properties: (id: number) => InterruptProperties = () => ({})) {
    this.#hardware = hardware;
    this.#properties = properties;
  }

  reset(state: Block): void {
    this.#interrupts.clear();
    for (const slot of ['vgic-used', 'vgic-vmcr', 'vgic-ap0', 'vgic-ap1']) state.set(slot, 0n);
    state.set('vgic-hcr', VGIC_HCR.EN);
  }

  /** An input. For an edge only the rise matters. */
  setInput(id: number, level: boolean): void {
    const one = this.#interrupt(id);
    if (one.edge && level && !one.line) one.latch = true;
    one.line = level;
  }

  /** Comes once, whatever its input. */
  inject(id: number): void {
    this.#interrupt(id).latch = true;
  }

  /** Something waits for the guest, whether it may come or not. */
  get pending(): boolean {
    return [...this.#interrupts.values()].some((one) => isPending(one) && !one.active);
  }

  /** Before an entry: the most urgent into list registers, active ones first, for the guest is going to end them. */
  flush(state: Block): void {
    const { listRegisters } = this.#hardware;
    const wanted = [...this.#interrupts.values()].filter((one) => one.active || isPending(one))
      .sort((a, b) => Number(b.active) - Number(a.active) || a.priority - b.priority || a.id - b.id);
    for (const [n, one] of wanted.slice(0, listRegisters).entries()) {
      // A level that is being served comes again when it is over, and not before.
      const pending = one.latch || (one.line && !one.edge && !one.active);
      one.edgeListed = one.latch;
      state.set(lrSlot(n), this.#hardware.encode({ ...one, pending, tellEnd: !one.edge }));
      one.latch = false;
    }
    state.set('vgic-used', BigInt(Math.min(wanted.length, listRegisters)));
    state.set('vgic-hcr', VGIC_HCR.EN | (wanted.length > listRegisters ? VGIC_HCR.UIE : 0n));
  }

  /** After an exit: what became of them. */
  sync(state: Block): void {
    const used = Number(state.get('vgic-used'));
    for (let n = 0; n < used; n++) {
      const { id, pending, active } = this.#hardware.decode(state.get(lrSlot(n)));
      const one = this.#interrupt(id);
      one.active = active;
      if (one.edgeListed && pending) one.latch = true;
      one.edgeListed = false;
    }
    state.set('vgic-used', 0n);
  }

  #interrupt(id: number): Interrupt {
    let one = this.#interrupts.get(id);
    if (!one) {
      const { priority = DEFAULT_PRIORITY, group = this.#hardware.version === 2 ? 0 : 1, edge = false } = this.#properties(id);
      one = { id, priority: priority & 0xf8, group, edge, line: false, latch: false, edgeListed: false, active: false };
      this.#interrupts.set(id, one);
    }
    return one;
  }
}
