/**
 * A vCPU's virtual interrupts: what is pending or active, of which as many as there are list registers are in hardware while the guest
 * runs. Which interrupt may come, and when, is the distributor's business, in the VMM; here each has its properties and an input.
 */
import type { Block } from '../context/block.ts';
import type { Host } from '../host/host.ts';
import { INTID } from '../host/interrupts.ts';
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
  /** The interrupt of the host's that stands behind it, and whether that one is active in the host's controller. */
  readonly physical?: number;
  held: boolean;
}

/**
 * Interrupts of the host's devices that are a guest's: by the guest's number, the host's. While one is on its way to the guest it is active
 * in the host's controller, which signals it no more, however long its level stays; the guest's end of it is the end of the host's too.
 */
export interface Forwarded {
  readonly physical: ReadonlyMap<number, number>;
  setActive(physical: number, active: boolean): void;
}

const DEFAULT_PRIORITY = 0xa0;

const NOTHING_FORWARDED: Forwarded = { physical: new Map(), setActive: () => undefined };

const isPending = ({ edge, line, latch }: Interrupt): boolean => latch || (!edge && line);

/** The guest's virtual timer is the processor's own: its interrupt stands behind the guest's, which has the same number. */
const TIMER: ReadonlyMap<number, number> = new Map([[INTID.virtualTimer, INTID.virtualTimer]]);

/** Those of a vCPU on a host; undefined where its controller has no virtual CPU interface. */
export function virtualInterrupts({ virtualInterface, interrupts, code }: Pick<Host, 'virtualInterface' | 'interrupts' | 'code'>, properties?: (id: number) => InterruptProperties): VirtualInterrupts | undefined {
  return virtualInterface && new VirtualInterrupts(virtualInterface, properties, { physical: TIMER, setActive: (id, active) => { interrupts.setActive(code, id, active); } });
}

export class VirtualInterrupts {
  readonly #hardware: VirtualInterface;
  readonly #properties: (id: number) => InterruptProperties;
  readonly #forwarded: Forwarded;
  readonly #interrupts = new Map<number, Interrupt>();

  constructor(hardware: VirtualInterface, properties: (id: number) => InterruptProperties = () => ({}), forwarded: Forwarded = NOTHING_FORWARDED) {
    this.#hardware = hardware;
    this.#properties = properties;
    this.#forwarded = forwarded;
  }

  reset(state: Block): void {
    this.release();
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

  /** Comes once, whatever its input. Nothing for one with an interrupt of the host's behind it, which alone makes it come. */
  inject(id: number): void {
    const one = this.#interrupt(id);
    one.latch = one.physical === undefined;
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
    // Before the guest's device is back in force: with the guest on its way to serve it, its level is no news to the host.
    for (const one of this.#interrupts.values()) this.#hold(one, one.active || isPending(one));
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
      // It was served to its end, with which the controller has deactivated the one behind it.
      if (!active && !pending) one.held = false;
    }
    state.set('vgic-used', 0n);
  }

  /** The host has acknowledged this interrupt of its own. True: it stands behind one of the guest's, and is to stay active. */
  taken(physical: number): boolean {
    for (const [id, behind] of this.#forwarded.physical) {
      if (behind !== physical) continue;
      this.#interrupt(id).held = true;
      return true;
    }
    return false;
  }

  /** The guest gives up the processor, and with it the devices whose interrupts are its own. */
  release(): void {
    for (const one of this.#interrupts.values()) this.#hold(one, false);
  }

  #hold(one: Interrupt, held: boolean): void {
    if (one.physical === undefined || one.held === held) return;
    one.held = held;
    this.#forwarded.setActive(one.physical, held);
  }

  #interrupt(id: number): Interrupt {
    let one = this.#interrupts.get(id);
    if (!one) {
      const { priority = DEFAULT_PRIORITY, group = this.#hardware.version === 2 ? 0 : 1, edge: wanted = false } = this.#properties(id);
      const physical = this.#forwarded.physical.get(id);
      const edge = wanted && physical === undefined;
      one = { id, priority: priority & 0xf8, group, edge, line: false, latch: false, edgeListed: false, active: false, held: false, ...(physical !== undefined && { physical }) };
      this.#interrupts.set(id, one);
    }
    return one;
  }
}
