/** KVM_ARM_VCPU_PMU_V3_CTRL: how a VMM sets up the monitors of a vCPU before it runs (Documentation/virt/kvm/devices/vcpu.rst 1). */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attribute } from '@worldswitch/hypervisor';
import { CONSTANTS, structCodec } from '@worldswitch/hypervisor/abi';
import { EVENT_FILTER_ACTIONS, EventFilter } from './events.ts';

const { KVM_ARM_VCPU_PMU_V3_IRQ, KVM_ARM_VCPU_PMU_V3_INIT, KVM_ARM_VCPU_PMU_V3_FILTER, KVM_ARM_VCPU_PMU_V3_SET_PMU } = CONSTANTS.KVM_ARM_VCPU_attrs;

/** What a host's kernel calls its one PMU (`type` in /sys/bus/event_source/devices): the first number after those that are always taken. */
export const HOST_PMU = 8;

const FIRST_PPI = 16;
const FIRST_SPI = 32;
const FIRST_SPECIAL = 1020;
const INT = 4;

/** What the set-up depends on beside the vCPU. */
export interface PmuSurroundings {
  /** The feature `pmu-v3`. */
  readonly feature: () => boolean;
  /** ID_AA64DFR0_EL1.PMUVer of the VM's guests. */
  readonly version: () => number;
  /** Interrupt controller in the hypervisor. */
  readonly controller: () => 'absent' | 'created' | 'ready';
  /** How many interrupts it has. */
  readonly interrupts: () => number;
  readonly ranOnce: () => boolean;
  readonly byteOrder: ByteOrder;
}

/** What the monitors of all vCPUs have in common. */
export class VmPmus {
  readonly events = new EventFilter();
  readonly #surroundings: PmuSurroundings;
  readonly #all: PmuControl[] = [];

  constructor(surroundings: PmuSurroundings) {
    this.#surroundings = surroundings;
  }

  /** For a new vCPU. */
  create(): PmuControl {
    const control = new PmuControl(this.#surroundings, this.events, this.#all);
    this.#all.push(control);
    return control;
  }
}

type Errno = 'EINVAL' | 'EBUSY' | 'ENXIO' | 'ENODEV';

function refuse(errno: Errno, value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

export class PmuControl {
  /** Where the overflow interrupt goes: a PPI or an SPI of the controller in the hypervisor. */
  irq: number | undefined;
  /** Whether the VMM has started them. */
  created = false;
  readonly #surroundings: PmuSurroundings;
  readonly #events: EventFilter;
  readonly #all: readonly PmuControl[];
  readonly #attributes: ReadonlyMap<bigint, Attribute>;

  constructor(surroundings: PmuSurroundings, events: EventFilter, all: readonly PmuControl[]) {
    this.#surroundings = surroundings;
    this.#events = events;
    this.#all = all;
    const filter = structCodec('arm64', 'kvm_pmu_event_filter', surroundings.byteOrder);
    this.#attributes = new Map<bigint, Attribute>([
      [BigInt(KVM_ARM_VCPU_PMU_V3_IRQ), {
        size: INT,
        get: () => this.#irqBytes(),
        set: (value) => { this.#setIrq(this.#int(value)); },
      }],
      [BigInt(KVM_ARM_VCPU_PMU_V3_INIT), { size: 0, set: () => { this.#start(); } }],
      [BigInt(KVM_ARM_VCPU_PMU_V3_FILTER), {
        size: filter.size,
        set: (value) => {
          const { base_event, nevents, action } = filter.decode(value);
          this.#addFilter(base_event, nevents, action);
        },
      }],
      [BigInt(KVM_ARM_VCPU_PMU_V3_SET_PMU), { size: INT, set: (value) => { this.#choose(this.#int(value)); } }],
    ]);
  }

  /** Undefined for one that does not exist. Throws `KvmError` ENODEV without the feature. */
  find(attribute: bigint): Attribute | undefined {
    const found = this.#attributes.get(attribute);
    if (found !== undefined && !this.#surroundings.feature()) refuse('ENODEV', 'the PMU', 'the vCPU was not given one', 'initialise it with the feature pmu-v3');
    return found;
  }

  /** Before a run. Throws `KvmError` EINVAL for a PMU that was not started, or whose interrupt does not go with the controller. */
  check(): void {
    const { feature, controller, interrupts } = this.#surroundings;
    if (!feature()) return;
    if (!this.created) refuse('EINVAL', 'a run', 'the PMU that the vCPU has was not started', 'set KVM_ARM_VCPU_PMU_V3_INIT first');
    if ((controller() === 'absent') !== (this.irq === undefined)) {
      refuse('EINVAL', 'a run', 'the PMU has an interrupt if there is a controller in the hypervisor for it', 'set KVM_ARM_VCPU_PMU_V3_IRQ after making the controller');
    }
    if (this.irq !== undefined && this.irq >= interrupts()) refuse('EINVAL', 'a run', `the controller has no interrupt ${this.irq}, that of the PMU`, `choose one below ${interrupts()}`);
  }

  #int(value: Uint8Array): number {
    return Number(BigInt.asIntN(32, readUnsigned(value, 0, INT, this.#surroundings.byteOrder)));
  }

  #irqBytes(): Uint8Array {
    if (this.#surroundings.controller() === 'absent') refuse('EINVAL', 'the PMU\'s interrupt', 'there is no controller in the hypervisor for it', 'make one with createDevice');
    if (this.irq === undefined) return refuse('ENXIO', 'the PMU\'s interrupt', 'it was not set', 'set it first');
    const bytes = new Uint8Array(INT);
    writeUnsigned(bytes, 0, INT, BigInt(this.irq), this.#surroundings.byteOrder);
    return bytes;
  }

  /** Of what is set up, nothing changes any more. */
  #checkOpen(): void {
    if (this.created) refuse('EBUSY', 'the PMU', 'it was started', 'set it up before');
  }

  #setIrq(irq: number): void {
    this.#checkOpen();
    const value = `PMU interrupt ${irq}`;
    if (this.#surroundings.controller() === 'absent') refuse('EINVAL', value, 'there is no controller in the hypervisor for it', 'leave it out: the line is the vCPU\'s');
    if (irq < FIRST_PPI || irq >= FIRST_SPECIAL) refuse('EINVAL', value, `it is a PPI (${FIRST_PPI} to ${FIRST_SPI - 1}) or an SPI (${FIRST_SPI} to ${FIRST_SPECIAL - 1})`, 'choose one of these');
    const others = this.#all.map((one) => one.irq).filter((one) => one !== undefined);
    if (irq < FIRST_SPI ? others.some((one) => one !== irq) : others.includes(irq)) {
      refuse('EINVAL', value, 'a PPI is the same for all vCPUs, an SPI another for each', 'choose it so');
    }
    if (this.irq !== undefined) refuse('EBUSY', value, `it is ${this.irq}`, 'set it once');
    this.irq = irq;
  }

  #addFilter(first: number, count: number, action: number): void {
    this.#checkOpen();
    const chosen = EVENT_FILTER_ACTIONS[action];
    if (chosen === undefined) return refuse('EINVAL', `action ${action}`, 'actions are 0 (allow) and 1 (deny)', 'choose one of them');
    this.#events.check(first, count, this.#surroundings.version());
    if (this.#surroundings.ranOnce()) refuse('EBUSY', 'the event filter', 'it is fixed once a vCPU has run', 'set it before');
    this.#events.add(first, count, chosen);
  }

  #choose(pmu: number): void {
    this.#checkOpen();
    if (pmu !== HOST_PMU) refuse('ENXIO', `PMU ${pmu}`, `the host's is ${HOST_PMU}`, 'choose that, or leave it out');
    if (this.#surroundings.ranOnce()) refuse('EBUSY', 'the choice of a PMU', 'it is fixed once a vCPU has run', 'choose before');
  }

  #start(): void {
    this.#checkOpen();
    const state = this.#surroundings.controller();
    if (state !== 'absent') {
      if (state !== 'ready') refuse('ENODEV', 'the PMU', 'the interrupt controller is not initialised', 'set KVM_DEV_ARM_VGIC_CTRL_INIT of the controller first');
      if (this.irq === undefined) refuse('ENXIO', 'the PMU', 'its interrupt was not set', 'set KVM_ARM_VCPU_PMU_V3_IRQ first');
    }
    this.created = true;
  }
}
