/** A guest's GICv2: its distributor. The CPU interface is the host's virtual one, which the guest finds in its own memory (IHI 0048B chapter 5). */
import { GICV2, GicV2Distributor, GicV2Interrupts, SGIS } from '@worldswitch/devices/gic';
import { KvmError } from '@worldswitch/hypervisor';
import { describes, windowOf } from './controller.ts';
import type { Controller, UserRegisters, Window } from './controller.ts';
import { Distribution } from './distribution.ts';
import { IIDR_REVISION, KVM_GICV2, distributorIidr } from './implementation.ts';

const { GICD_CPENDSGIR, GICD_ICFGR, GICD_ICPENDR, GICD_IGROUPR, GICD_IIDR, GICD_IPRIORITYR, GICD_ISPENDR, GICD_ITARGETSR, GICD_SGIR, GICD_SPENDSGIR } = GICV2;
const WORD = -1;
const within = (offset: number, start: number, end: number): boolean => offset >= start && offset < end;

export class GicV2Controller implements Controller {
  readonly version = 2;
  readonly distribution: Distribution;
  readonly #interrupts: GicV2Interrupts;
  readonly #registers: GicV2Distributor;
  #revision: number = IIDR_REVISION.newest;
  /** A VMM that has written GICD_IIDR knows what groups are; one that has not was given a controller that had one, and may write nonsense. */
  #groupsWritable = false;

  /** `cpus`: 1 to 8; `count`: number of INTIDs, a multiple of 32. */
  constructor(cpus: number, count: number) {
    const interrupts = new GicV2Interrupts(cpus, count, KVM_GICV2.targetsOfOne);
    const registers = new GicV2Distributor(interrupts, KVM_GICV2);
    this.#interrupts = interrupts;
    this.#registers = registers;
    this.distribution = new Distribution({
      state: interrupts.state, senders: interrupts.sources,
      get forwarding() { return registers.ctlr !== 0; },
      targetOf: (slot) => 31 - Math.clz32(interrupts.target[slot] & -interrupts.target[slot]),
    });
  }

  distributor(cpu: number): Window {
    const bytes = (offset: number): boolean => within(offset, GICD_IPRIORITYR, GICD_ICFGR) || within(offset, GICD_CPENDSGIR, GICD_SPENDSGIR + SGIS);
    return windowOf({ read: (offset) => this.#read(offset, cpu), write: (offset, value, mask) => { this.#registers.write(offset, value, mask, cpu); } }, { bytes });
  }

  #read(offset: number, cpu: number): number {
    return offset === GICD_IIDR ? distributorIidr(this.#revision) : this.#registers.read(offset, cpu);
  }

  userDistributor(cpu: number): UserRegisters {
    const { state } = this.#interrupts;
    return {
      has: (offset) => offset % 4 === 0 && (offset <= GICD_IIDR || offset === GICD_SGIR || within(offset, GICD_CPENDSGIR, GICD_SPENDSGIR + SGIS) || describesAny(offset, state.count)),
      read: (offset) => this.#read(offset, cpu),
      write: (offset, value) => { this.#userWrite(offset, value, cpu); },
    };
  }

  #userWrite(offset: number, value: number, cpu: number): void {
    if (offset === GICD_IIDR) {
      this.#revision = revisionOf(value, distributorIidr(this.#revision));
      this.#groupsWritable = true;
      return;
    }
    if (within(offset, GICD_IGROUPR, GICV2.GICD_ISENABLER) && !this.#groupsWritable) return;
    // Pending software interrupts are restored as their own: older VMMs know no senders.
    if (offset === GICD_ISPENDR || offset === GICD_ICPENDR) this.#pendSoftware(value, cpu, offset === GICD_ISPENDR);
    this.#registers.write(offset, value, WORD, cpu);
  }

  #pendSoftware(value: number, cpu: number, pending: boolean): void {
    const { sources, state } = this.#interrupts;
    for (let intid = 0; intid < SGIS; intid++) {
      if (((value >>> intid) & 1) === 0) continue;
      const at = cpu * SGIS + intid;
      sources[at] = pending ? sources[at] | (1 << cpu) : sources[at] & ~(1 << cpu);
      state.latch[state.slot(cpu, intid)] = sources[at] === 0 ? 0 : 1;
    }
  }
}

/** Of registers with a part for each interrupt. */
function describesAny(offset: number, count: number): boolean {
  if (within(offset, GICD_IGROUPR, GICD_IPRIORITYR)) return describes(offset, offset & ~0x7f, 1, count);
  if (within(offset, GICD_IPRIORITYR, GICD_ITARGETSR)) return describes(offset, GICD_IPRIORITYR, 8, count);
  if (within(offset, GICD_ITARGETSR, GICD_ICFGR)) return describes(offset, GICD_ITARGETSR, 8, count);
  return within(offset, GICD_ICFGR, GICD_ICFGR + 0x100) && describes(offset, GICD_ICFGR, 2, count);
}

/** The revision that a VMM's GICD_IIDR names. Throws `KvmError` EINVAL for another controller's, and one that there is not. */
export function revisionOf(value: number, present: number): number {
  const { mask, shift, oldest, newest } = IIDR_REVISION;
  const revision = (value & mask) >>> shift;
  if (((value ^ present) & ~mask) !== 0 || revision < oldest || revision > newest) {
    throw new KvmError('EINVAL', { value: `GICD_IIDR = 0x${(value >>> 0).toString(16)}`, rule: `it is 0x${(present >>> 0).toString(16)}, with a revision from ${oldest} to ${newest} in bits 15:12`, remedy: 'write what was read from such a controller' });
  }
  return revision;
}

