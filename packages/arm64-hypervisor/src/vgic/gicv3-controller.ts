/** A guest's GICv3: distributor and redistributors. The CPU interface is the processor's virtual one, in system registers (IHI 0069 chapter 6). */
import { GICV3, GicV3Distributor, GicV3Interrupts, GicV3Redistributor } from '@worldswitch/devices/gic';
import type { InterruptState, RedistributorPlace } from '@worldswitch/devices/gic';
import { KvmError } from '@worldswitch/hypervisor';
import { describes, windowOf } from './controller.ts';
import type { Controller, UserRegisters, Window } from './controller.ts';
import { Distribution } from './distribution.ts';
import { revisionOf } from './gicv2-controller.ts';
import { IIDR_REVISION, KVM_GICV3, distributorIidr } from './implementation.ts';

const {
  GICD_IIDR, GICD_IROUTER, GICD_PIDR, GICR_FRAME, GICR_TYPER, GIC_ICFGR, GIC_ICPENDR, GIC_IGROUPR, GIC_IGRPMODR, GIC_IPRIORITYR, GIC_ISPENDR, GIC_ITARGETSR,
} = GICV3;
const GICD_TYPER2 = 0x0c;
const GICD_STATUSR = 0x10;
const GICR_WAKER = 0x14;
const GICR_PROPBASER = 0x70;
const GICR_PENDBASER_END = 0x80;
const GICR_NSACR = 0xe00;
const END_OF_FRAME = 0x1_0000;
/** Software interrupts' and PPIs' part of the registers with a part for each interrupt. */
const PRIVATE_PRIORITIES_END = GIC_IPRIORITYR + 0x20;
const WORD = -1;
const within = (offset: number, start: number, end: number): boolean => offset >= start && offset < end;

/** Which of ICC_SGI1R_EL1, ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 was written. */
export type SgiRegister = 'SGI1R' | 'SGI0R' | 'ASGI1R';

export class GicV3Controller implements Controller {
  readonly version = 3;
  readonly distribution: Distribution;
  readonly affinities: readonly bigint[];
  readonly #interrupts: GicV3Interrupts;
  readonly #registers: GicV3Distributor;
  readonly #redistributors: readonly GicV3Redistributor[];
  #revision: number = IIDR_REVISION.newest;

  /** `cpus`: in the order of vCPUs, each with its affinity and what GICR_TYPER says of its place; `count`: number of INTIDs, a multiple of 32. */
  constructor(cpus: readonly { readonly affinity: bigint; readonly place: RedistributorPlace }[], count: number) {
    this.affinities = cpus.map(({ affinity }) => affinity);
    const interrupts = new GicV3Interrupts(this.affinities, count, KVM_GICV3);
    const registers = new GicV3Distributor(interrupts);
    this.#interrupts = interrupts;
    this.#registers = registers;
    this.#redistributors = cpus.map(({ place }, cpu) => new GicV3Redistributor(interrupts, cpu, place));
    this.distribution = new Distribution({
      state: interrupts.state, get forwarding() { return registers.groups !== 0; }, targetOf: (slot) => interrupts.processorOf(slot),
    });
  }

  distributor(): Window {
    const routes = (offset: number): boolean => within(offset, GICD_IROUTER, GICD_IROUTER + 8 * this.#interrupts.state.count);
    return windowOf({ read: (offset) => this.#read(offset), write: (offset, value, mask) => { this.#registers.write(offset, value, mask); } }, { bytes: isPriority, wide: routes });
  }
  readonly redistributors = { window: (cpu: number): Window => this.#window(cpu), user: (cpu: number): UserRegisters => this.#userRedistributor(cpu) };
  #window(cpu: number): Window {
    return windowOf(this.#redistributors[cpu], { bytes: (offset) => isPriority(offset - GICR_FRAME), wide: (offset) => offset === GICR_TYPER });
  }

  #read(offset: number): number {
    return offset === GICD_IIDR ? distributorIidr(this.#revision) : this.#registers.read(offset);
  }

  /**
   * A write of ICC_SGI<n>R_EL1: to those named by Aff3.Aff2.Aff1 and a bit for Aff0, or to all others (IHI 0069, ICC_SGI1R_EL1). As in KVM what is
   * sent for group 1 reaches receivers whatever group they have it in, what is sent for group 0 those alone that have it there.
   */
  send(from: number, value: bigint, register: SgiRegister): void {
    const { state } = this.#interrupts;
    const intid = Number((value >> 24n) & 15n);
    const others = ((value >> 40n) & 1n) !== 0n;
    const cluster = (((value >> 48n) & 0xffn) << 32n) | (((value >> 32n) & 0xffn) << 16n) | (((value >> 16n) & 0xffn) << 8n);
    this.affinities.forEach((affinity, cpu) => {
      const aff0 = affinity & 0xffn;
      const named = (affinity & ~0xffn) === cluster && aff0 < 16n && ((value >> aff0) & 1n) !== 0n;
      const slot = state.slot(cpu, intid);
      if ((others ? cpu !== from : named) && (register === 'SGI1R' || state.group[slot] === 0)) state.latch[slot] = 1;
    });
  }

  userDistributor(): UserRegisters {
    const { state } = this.#interrupts;
    const shared = Array.from({ length: state.count - 32 }, (_, n) => 32 + n);
    return {
      has: (offset) => offset % 4 === 0 && hasDistributor(offset, state.count),
      read: (offset) => readLatches(state, shared, offset, (intid) => state.slot(0, intid)) ?? this.#read(offset),
      write: (offset, value) => {
        if (offset === GICD_IIDR) this.#revision = revisionOf(value, distributorIidr(this.#revision));
        else if (offset === GICD_TYPER2) refuseOther(value, 0);
        else if (!writeLatches(state, shared, offset, value, (intid) => state.slot(0, intid))) this.#registers.write(offset, value, WORD);
      },
    };
  }
  #userRedistributor(cpu: number): UserRegisters {
    const { state } = this.#interrupts;
    const own = Array.from({ length: 32 }, (_, n) => n);
    const registers = this.#redistributors[cpu];
    return {
      has: (offset) => offset % 4 === 0 && hasRedistributor(offset),
      read: (offset) => readLatches(state, own, offset - GICR_FRAME, (intid) => state.slot(cpu, intid)) ?? registers.read(offset),
      write: (offset, value) => {
        if (!writeLatches(state, own, offset - GICR_FRAME, value, (intid) => state.slot(cpu, intid))) registers.write(offset, value, WORD);
      },
    };
  }
}

const isPriority = (offset: number): boolean => within(offset, GIC_IPRIORITYR, GIC_ITARGETSR);

function hasDistributor(offset: number, count: number): boolean {
  if (offset <= GICD_STATUSR) return true;
  if (within(offset, GIC_IGROUPR, GIC_IPRIORITYR)) return describes(offset, offset & ~0x7f, 1, count);
  if (isPriority(offset)) return describes(offset, GIC_IPRIORITYR, 8, count);
  if (within(offset, GIC_ITARGETSR, GIC_ICFGR)) return describes(offset, GIC_ITARGETSR, 8, count);
  if (within(offset, GIC_ICFGR, GIC_IGRPMODR)) return describes(offset, GIC_ICFGR, 2, count);
  if (within(offset, GIC_IGRPMODR, GIC_IGRPMODR + 0x80)) return describes(offset, GIC_IGRPMODR, 1, count);
  return within(offset, GICD_IROUTER, GICD_IROUTER + 8 * count) || within(offset, GICD_PIDR, END_OF_FRAME);
}

function hasRedistributor(offset: number): boolean {
  if (offset < GICR_FRAME) return offset <= GICR_WAKER || within(offset, GICR_PROPBASER, GICR_PENDBASER_END) || offset >= GICD_PIDR;
  const at = offset - GICR_FRAME;
  if (within(at, GIC_IGROUPR, GIC_IPRIORITYR)) return at % 0x80 === 0;
  return within(at, GIC_IPRIORITYR, PRIVATE_PRIORITIES_END) || at === GIC_ICFGR || at === GIC_ICFGR + 4 || at === GIC_IGRPMODR || at === GICR_NSACR;
}

/**
 * What a VMM means by ISPENDR is the latch alone, set or not: levels have an attribute of their own, so that one that has fallen since is not
 * taken for an interrupt (arm-vgic-v3.rst). ICPENDR then says nothing more. Undefined or false: it is another register.
 */
function readLatches(state: InterruptState, intids: readonly number[], offset: number, slotOf: (intid: number) => number): number | undefined {
  if (within(offset, GIC_ICPENDR, GIC_ICPENDR + 0x80)) return 0;
  if (!within(offset, GIC_ISPENDR, GIC_ICPENDR)) return undefined;
  return inWord(intids, offset - GIC_ISPENDR).reduce((word, intid) => word | (state.latch[slotOf(intid)] << (intid & 31)), 0);
}
function writeLatches(state: InterruptState, intids: readonly number[], offset: number, value: number, slotOf: (intid: number) => number): boolean {
  if (within(offset, GIC_ISPENDR, GIC_ICPENDR)) for (const intid of inWord(intids, offset - GIC_ISPENDR)) state.latch[slotOf(intid)] = (value >>> (intid & 31)) & 1;
  return within(offset, GIC_ISPENDR, GIC_ICPENDR + 0x80);
}
const inWord = (intids: readonly number[], offset: number): readonly number[] => intids.filter((intid) => intid >> 5 === offset >> 2);

function refuseOther(value: number, present: number): void {
  if (value !== present) throw new KvmError('EINVAL', { value: `0x${(value >>> 0).toString(16)}`, rule: `the register is 0x${present.toString(16)}, and stays so`, remedy: 'write what was read' });
}
