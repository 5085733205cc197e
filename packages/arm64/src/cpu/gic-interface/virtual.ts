import { ICH_HCR_EL2, ICH_LR0_EL2, ICH_VTR_EL2, type RegisterName } from '@worldswitch/arm64-sysreg';
import type { InterfaceFace } from './physical.ts';
import { isSpecial, SPURIOUS, type GicPort, type GicGroup, type RegisterStore } from './port.ts';
import { Priorities, VIRTUAL_FIELDS } from './priorities.ts';

const LR = {
  pending: 1n << 62n, active: 1n << 63n, state: ICH_LR0_EL2.mask('State'), hardware: ICH_LR0_EL2.mask('HW'), group1: ICH_LR0_EL2.mask('Group'),
  /** With HW = 0: the end of this interrupt is to raise a maintenance interrupt. */
  eoi: 1n << 41n,
} as const;
/** Bits that are there: 5 bits of priority, 24 of vINTID, all of pINTID, and neither NMI nor the reserved ones. */
const LR_BITS = LR.state | LR.hardware | LR.group1 | (0xf8n << 48n) | ICH_LR0_EL2.mask('pINTID') | 0xff_ffffn;
const EN = ICH_HCR_EL2.mask('En');
const EOI_COUNT = ICH_HCR_EL2.mask('EOIcount');
const EOI_COUNT_ONE = 1n << 27n;
/** Neither GICv4 (DVIM, vSGIEOICount) nor locally generated SErrors (TSEI) are there. */
const HCR_BITS = EN | EOI_COUNT | (['UIE', 'LRENPIE', 'NPIE', 'VGrp0EIE', 'VGrp0DIE', 'VGrp1EIE', 'VGrp1DIE', 'TC', 'TALL0', 'TALL1', 'TDIR'] as const)
  .reduce((all, name) => all | ICH_HCR_EL2.mask(name), 0n);
/** VFIQEn is RES1 and VAckCtl RES0 without the memory-mapped interface (IHI 0069, ICH_VMCR_EL2). */
const VMCR_BITS = 0xff_fc_02_13n;
const VMCR_ONES = 1n << 3n;
/** LPIs have no state for EOIcount, and no separate deactivation (IHI 0069 chapter 5). */
const FIRST_LPI = 8192;

/** LR<n> as data. */
interface ListEntry {
  readonly index: number;
  readonly bits: bigint;
  readonly intid: number;
  readonly priority: number;
  readonly group: GicGroup;
}

/** Names of the list registers, ICH_LR0_EL2 to ICH_LR15_EL2. */
export const LIST_REGISTERS: readonly RegisterName[] = Array.from({ length: 16 }, (_, n) => `ICH_LR${n}_EL2` as RegisterName);

/**
 * The virtual CPU interface and its control by the hypervisor (IHI 0069 chapter 6). Its interrupts are those in the list registers; a
 * move of the guest changes their state there, and the hypervisor's registers are read live.
 */
export class VirtualInterface implements InterfaceFace {
  readonly priorities: Priorities;
  readonly #store: RegisterStore;
  readonly #port: Pick<GicPort, 'deactivate' | 'exists'>;
  readonly #count: number;

  /** The number of list registers is what ICH_VTR_EL2 says. */
  constructor(store: RegisterStore, port: Pick<GicPort, 'deactivate' | 'exists'>) {
    this.priorities = new Priorities(store, VIRTUAL_FIELDS);
    this.#store = store;
    this.#port = port;
    this.#count = Number(ICH_VTR_EL2.get(store.get('ICH_VTR_EL2'), 'ListRegs')) + 1;
  }

  get #hcr(): bigint {
    return this.#store.get('ICH_HCR_EL2');
  }
  #entries(): ListEntry[] {
    return LIST_REGISTERS.slice(0, this.#count).map((name, index) => entryOf(this.#store.get(name), index));
  }
  #put(index: number, bits: bigint): void {
    this.#store.set(LIST_REGISTERS[index], bits);
  }

  /** The most urgent one that is pending and not active, of an enabled group; of equals the first list register. */
  #next(): ListEntry | undefined {
    const enabled = [this.priorities.enabled(0), this.priorities.enabled(1)];
    if (!enabled[0] && !enabled[1]) return undefined;
    return this.#entries().reduce<ListEntry | undefined>((best, entry) => {
      if ((entry.bits & LR.state) !== LR.pending || !enabled[entry.group]) return best;
      return best === undefined || entry.priority < best.priority ? entry : best;
    }, undefined);
  }
  #signalledEntry(): ListEntry | undefined {
    if ((this.#hcr & EN) === 0n) return undefined;
    const next = this.#next();
    return next !== undefined && this.priorities.admits(next.priority, next.group) ? next : undefined;
  }

  signalled(): GicGroup | undefined {
    return this.#signalledEntry()?.group;
  }
  highest(group: GicGroup): number {
    const next = this.#next();
    return next?.group === group ? next.intid : SPURIOUS;
  }
  acknowledgeable(group: GicGroup): number {
    const next = this.#signalledEntry();
    return next?.group === group ? next.intid : SPURIOUS;
  }
  acknowledge(group: GicGroup): number {
    const next = this.#signalledEntry();
    if (next?.group !== group) return SPURIOUS;
    // A special INTID in a list register is returned, and never becomes active.
    if (isSpecial(next.intid)) this.#put(next.index, next.bits & ~LR.state);
    else {
      this.priorities.raise(next.priority, group);
      this.#put(next.index, (next.bits & ~LR.state) | LR.active);
    }
    return next.intid;
  }
  /**
   * The priority that is dropped is the most urgent one, whichever group it is of. EOIcount counts ends that should have deactivated
   * something and found nothing in the list registers (IHI 0069, ICH_HCR_EL2.EOIcount), so none with VEOIM = 1.
   */
  complete(group: GicGroup, intid: number): void {
    if (isSpecial(intid)) return;
    const dropped = this.priorities.drop();
    if (dropped === undefined) return;
    const lpi = intid >= FIRST_LPI;
    if (this.priorities.get('eoiMode') !== 0 && !lpi) return;
    const entry = this.#active(intid);
    if (entry === undefined) {
      if (!lpi) this.#countEnd();
    } else if (entry.group === group && this.priorities.groupPriority(entry.priority, group) === dropped) this.#finish(entry);
  }
  deactivate(intid: number): void {
    if (this.priorities.get('eoiMode') === 0 || intid >= FIRST_LPI || isSpecial(intid)) return;
    const entry = this.#active(intid);
    if (entry === undefined) this.#countEnd();
    else this.#finish(entry);
  }

  #active(intid: number): ListEntry | undefined {
    return this.#entries().find((entry) => (entry.bits & LR.active) !== 0n && entry.intid === intid);
  }
  /** Pending and active becomes pending, active becomes free; the physical interrupt behind it is deactivated with it. */
  #finish({ index, bits }: ListEntry): void {
    this.#put(index, bits & ~LR.active);
    if ((bits & LR.hardware) === 0n) return;
    const physical = Number(ICH_LR0_EL2.get(bits, 'pINTID'));
    if (this.#port.exists(physical)) this.#port.deactivate(physical);
  }
  #countEnd(): void {
    const hcr = this.#hcr;
    this.#store.set('ICH_HCR_EL2', (hcr & ~EOI_COUNT) | ((hcr + EOI_COUNT_ONE) & EOI_COUNT));
  }

  // The hypervisor's registers.

  /** Level of the maintenance interrupt. */
  get maintenance(): boolean {
    return (this.#hcr & EN) !== 0n && this.misr !== 0n;
  }
  /** ICH_EISR_EL2: free list registers whose interrupt's end was to be reported. */
  get eisr(): bigint {
    return this.#collect((bits) => (bits & (LR.state | LR.hardware)) === 0n && (bits & LR.eoi) !== 0n);
  }
  /** ICH_ELRSR_EL2: list registers that are free for use. */
  get elrsr(): bigint {
    return this.#collect((bits) => (bits & LR.state) === 0n && ((bits & LR.hardware) !== 0n || (bits & LR.eoi) === 0n));
  }
  #collect(test: (bits: bigint) => boolean): bigint {
    return this.#entries().reduce((all, { bits, index }) => (test(bits) ? all | (1n << BigInt(index)) : all), 0n);
  }
  /** ICH_MISR_EL2 (IHI 0069, ICH_MISR_EL2). */
  get misr(): bigint {
    const hcr = this.#hcr;
    const asked = (name: 'UIE' | 'LRENPIE' | 'NPIE' | 'VGrp0EIE' | 'VGrp0DIE' | 'VGrp1EIE' | 'VGrp1DIE'): boolean => (hcr & ICH_HCR_EL2.mask(name)) !== 0n;
    const entries = this.#entries();
    const group0 = this.priorities.enabled(0);
    const group1 = this.priorities.enabled(1);
    const reasons = [
      this.eisr !== 0n,
      asked('UIE') && entries.filter(({ bits }) => (bits & LR.state) !== 0n).length < 2,
      asked('LRENPIE') && (hcr & EOI_COUNT) !== 0n,
      asked('NPIE') && !entries.some(({ bits }) => (bits & LR.state) === LR.pending),
      asked('VGrp0EIE') && group0, asked('VGrp0DIE') && !group0, asked('VGrp1EIE') && group1, asked('VGrp1DIE') && !group1,
    ];
    return reasons.reduce((bits, reason, index) => (reason ? bits | (1n << BigInt(index)) : bits), 0n);
  }
  /** A write to ICH_HCR_EL2, ICH_VMCR_EL2, ICH_LR<n>_EL2 or ICH_AP<g>R0_EL2. */
  write(name: RegisterName, value: bigint): void {
    if (name === 'ICH_HCR_EL2') this.#store.set(name, value & HCR_BITS);
    else if (name === 'ICH_VMCR_EL2') {
      this.#store.set(name, (value & VMCR_BITS) | VMCR_ONES);
      for (const field of ['pmr', 'bpr0', 'bpr1'] as const) this.priorities.set(field, this.priorities.get(field));
    } else this.#store.set(name, value & (name.startsWith('ICH_LR') ? LR_BITS : 0xffff_ffffn));
  }
}

function entryOf(bits: bigint, index: number): ListEntry {
  return { index, bits, intid: Number(bits & 0xff_ffffn), priority: Number((bits >> 48n) & 0xf8n), group: (bits & LR.group1) === 0n ? 0 : 1 };
}
