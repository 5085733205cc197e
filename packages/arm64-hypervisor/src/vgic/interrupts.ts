/**
 * A vCPU's virtual interrupts: what is pending or active, of which as many as there are list registers are in hardware while the guest
 * runs. Which interrupt may come, and when, is a distributor's business: the VMM's (vmm-interrupts.ts), or the one in here (gic-interrupts.ts).
 */
import type { Block } from '../context/block.ts';
import type { Host } from '../host/host.ts';
import { VGIC_HCR, lrSlot } from './interface.ts';
import type { VirtualInterface } from './interface.ts';

/** One of a vCPU's interrupts, as list registers need it. */
export interface VirtualInterrupt {
  readonly id: number;
  /** Five bits of the eight. */
  readonly priority: number;
  readonly group: 0 | 1;
  readonly edge: boolean;
  readonly line: boolean;
  /** An edge that has come and was not taken. */
  readonly latch: boolean;
  /** That edge is in a list register. */
  edgeListed: boolean;
  active: boolean;
  /** The processor that sent it, while it is active: a GICv2's software interrupt. */
  sender: number;
  /** The interrupt of the host's that stands behind it, and whether that one is active in the host's controller. */
  readonly physical: number | undefined;
  held: boolean;
  /** Whether the guest may be told of another while it serves one: not of a GICv2's software interrupt, which has a sender. */
  readonly again: boolean;
  /** The edge goes into a list register. Returns its sender, 0 for one that has none. */
  take(): number;
  /** The guest has not seen it: it is back. */
  giveBack(sender: number): void;
}

/** Interrupts of a vCPU, and what of them may come to it. */
export interface InterruptSet {
  /** Undefined where there is none of that number. */
  get(id: number): VirtualInterrupt | undefined;
  /** Those that are active here, and those that are pending and may come now. */
  wanted(): VirtualInterrupt[];
  /** Those with an interrupt of the host's behind them. */
  backed(): Iterable<VirtualInterrupt>;
  setInput(id: number, level: boolean): void;
  /** Comes once, whatever its input. */
  inject(id: number): void;
  /** The guest has ended one that is level-sensitive and has no interrupt of the host's behind it. */
  completed(id: number): void;
  reset(): void;
}

export const isPending = ({ edge, line, latch }: VirtualInterrupt): boolean => latch || (!edge && line);

/** Those of a vCPU on a host; undefined where its controller has no virtual CPU interface. */
export function virtualInterrupts({ virtualInterface, interrupts, code }: Pick<Host, 'virtualInterface' | 'interrupts' | 'code'>, set: InterruptSet): VirtualInterrupts | undefined {
  return virtualInterface && new VirtualInterrupts(virtualInterface, set, (id, active) => { interrupts.setActive(code, id, active); });
}

export class VirtualInterrupts {
  readonly #hardware: VirtualInterface;
  readonly #set: InterruptSet;
  readonly #setActive: (physical: number, active: boolean) => void;

  /**
   * `setActive`: of the host's controller. While an interrupt of the host's is on its way to the guest it is active there, and signalled no more,
   * however long its level stays; the guest's end of it is the end of the host's too.
   */
  constructor(hardware: VirtualInterface, set: InterruptSet, setActive: (physical: number, active: boolean) => void) {
    this.#hardware = hardware;
    this.#set = set;
    this.#setActive = setActive;
  }

  reset(state: Block): void {
    this.release();
    this.#set.reset();
    for (const slot of ['vgic-used', 'vgic-vmcr', 'vgic-ap0', 'vgic-ap1']) state.set(slot, 0n);
    state.set('vgic-hcr', VGIC_HCR.EN);
  }

  /** An input. For an edge only the rise matters. */
  setInput(id: number, level: boolean): void {
    this.#set.setInput(id, level);
  }

  /** Comes once, whatever its input. Nothing for one with an interrupt of the host's behind it, which alone makes it come. */
  inject(id: number): void {
    this.#set.inject(id);
  }

  /** Something waits for the guest, whether its CPU interface lets it come or not. */
  get pending(): boolean {
    return this.#set.wanted().some((one) => isPending(one) && !one.active);
  }

  /** Before an entry: the most urgent into list registers, active ones first, for the guest is going to end them. */
  flush(state: Block): void {
    const { listRegisters } = this.#hardware;
    const wanted = this.#set.wanted();
    if (wanted.length > 1) wanted.sort((a, b) => Number(b.active) - Number(a.active) || a.priority - b.priority || a.id - b.id);
    for (const [n, one] of wanted.slice(0, listRegisters).entries()) {
      const takes = one.latch && (!one.active || one.again);
      const sender = takes ? one.take() : one.sender;
      // A level that is being served comes again when it is over, and not before.
      const pending = takes || (one.line && !one.edge && !one.active);
      one.edgeListed = takes;
      const { id, priority, group, active, physical } = one;
      // Of several senders the next one's turn is when this one's is over.
      const tellEnd = !one.edge || one.latch;
      state.set(lrSlot(n), this.#hardware.encode({ id, priority, group, pending, active, tellEnd, sender, ...(physical !== undefined && { physical }) }));
    }
    // Before the guest's device is back in force: with the guest on its way to serve it, its level is no news to the host.
    for (const one of this.#set.backed()) this.#hold(one, one.active || isPending(one));
    state.set('vgic-used', BigInt(Math.min(wanted.length, listRegisters)));
    state.set('vgic-hcr', VGIC_HCR.EN | (wanted.length > listRegisters ? VGIC_HCR.UIE : 0n));
  }

  /** After an exit: what became of them. */
  sync(state: Block): void {
    const used = Number(state.get('vgic-used'));
    for (let n = 0; n < used; n++) {
      const { id, pending, active, sender = 0 } = this.#hardware.decode(state.get(lrSlot(n)));
      const one = this.#set.get(id);
      if (one === undefined) continue;
      one.active = active;
      one.sender = active ? sender : 0;
      if (one.edgeListed && pending) one.giveBack(sender);
      one.edgeListed = false;
      if (active || pending) continue;
      // It was served to its end, with which the controller has deactivated the one behind it.
      one.held = false;
      if (!one.edge && one.physical === undefined) this.#set.completed(id);
    }
    state.set('vgic-used', 0n);
  }

  /** The host has acknowledged this interrupt of its own. True: it stands behind one of the guest's, and is to stay active. */
  taken(physical: number): boolean {
    for (const one of this.#set.backed()) {
      if (one.physical !== physical) continue;
      one.held = true;
      return true;
    }
    return false;
  }

  /** The guest gives up the processor, and with it the devices whose interrupts are its own. */
  release(): void {
    for (const one of this.#set.backed()) this.#hold(one, false);
  }

  #hold(one: VirtualInterrupt, held: boolean): void {
    if (one.physical === undefined || one.held === held) return;
    one.held = held;
    this.#setActive(one.physical, held);
  }
}
