/** An interrupt controller in the hypervisor, as a device of the VM's (KVM_CREATE_DEVICE): what it is told before it begins, and what it does from then on. */
import type { Attributes, DeviceBackend } from '@worldswitch/hypervisor';
import { KvmError } from '@worldswitch/hypervisor';
import type { ByteOrder } from '@worldswitch/bits';
import { PRIVATE, SGIS } from '@worldswitch/devices/gic';
import type { Block } from '../context/block.ts';
import type { TimerInterrupts } from '../guest/timer-interrupts.ts';
import type { Controller, Window } from './controller.ts';
import { SPECIAL } from './distribution.ts';
import { GicInterrupts } from './gic-interrupts.ts';
import { GicV2Controller } from './gicv2-controller.ts';
import { GicV3Controller } from './gicv3-controller.ts';
import type { SgiRegister } from './gicv3-controller.ts';
import type { VirtualInterface } from './interface.ts';
import type { InterruptSet } from './interrupts.ts';
import { RedistributorRegions, SinglePlaces } from './places.ts';
import { vgicAttributes } from './attributes.ts';

/** A vCPU as its interrupt controller needs it. */
export interface VgicVcpu {
  readonly id: number;
  readonly affinity: bigint;
  readonly running: boolean;
  /** Where the state of its CPU interface is, while it is not on the processor. */
  readonly state: Block;
  /** From here on its interrupts are these. */
  useInterrupts(set: InterruptSet): void;
  /** Takes it off the processor. */
  settle(): void;
  /** Something may have come for it. */
  interruptsChanged(): void;
}

export interface VgicVm {
  readonly addressBits: number;
  readonly byteOrder: ByteOrder;
  readonly hardware: VirtualInterface;
  readonly timers: TimerInterrupts;
  /** In the order in which they were created. */
  vcpus(): readonly VgicVcpu[];
  /** Gives the guest the host's virtual CPU interface there: GICv2. */
  mapCpuInterface(address: bigint): void;
}

/** Interrupts of a controller whose number nobody has set. */
const DEFAULT_COUNT = 256;
const COUNTS = { least: 64, most: 1024, step: 32 } as const;

function refuse(errno: 'EBUSY' | 'EINVAL' | 'ENXIO', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

export class Vgic implements DeviceBackend {
  readonly version: 2 | 3;
  readonly attributes: Attributes;
  readonly places: SinglePlaces<'gicv2Distributor' | 'gicv2CpuInterface' | 'gicv3Distributor'>;
  readonly redistributors: RedistributorRegions;
  readonly #vm: VgicVm;
  #wantedCount: number | undefined;
  #controller: Controller | undefined;
  #cpus: readonly VgicVcpu[] = [];
  #mapped = false;
  readonly #listeners: ((gsi: number) => void)[] = [];

  constructor(version: 2 | 3, vm: VgicVm) {
    this.version = version;
    this.#vm = vm;
    this.places = new SinglePlaces(vm.addressBits);
    this.redistributors = new RedistributorRegions(vm.addressBits, () => vm.vcpus().length);
    this.attributes = vgicAttributes(this, vm);
  }

  get initialised(): boolean {
    return this.#controller !== undefined;
  }
  get controller(): Controller | undefined {
    return this.#controller;
  }
  /** vCPUs by the controller's number of them, from `initialise` on. */
  get cpus(): readonly VgicVcpu[] {
    return this.#cpus;
  }

  /** Number of INTIDs; those of each vCPU alone until it is known. */
  get count(): number {
    return this.#controller?.distribution.state.count ?? this.#wantedCount ?? PRIVATE;
  }
  /** Throws `KvmError` EINVAL, and EBUSY for a number that is known. */
  set count(count: number) {
    if (count < COUNTS.least || count > COUNTS.most || count % COUNTS.step !== 0) refuse('EINVAL', `${count} interrupts`, `there are ${COUNTS.least} to ${COUNTS.most}, a multiple of ${COUNTS.step}`, 'choose such a number');
    if (this.#controller !== undefined || this.#wantedCount !== undefined) refuse('EBUSY', `${count} interrupts`, `there are ${this.count}, and it stays so`, 'set it once, before the controller is initialised');
    this.#wantedCount = count;
  }

  /** From here on there are as many vCPUs as there are now. Nothing the second time. */
  initialise(): void {
    if (this.#controller !== undefined) return;
    const vcpus = this.#vm.vcpus();
    const count = this.#wantedCount ?? DEFAULT_COUNT;
    // A GICv2 knows processors by their number; a GICv3 has redistributors in the order of their creation.
    this.#cpus = this.version === 2 ? [...vcpus].sort((a, b) => a.id - b.id) : vcpus;
    const controller: Controller = this.version === 2
      ? new GicV2Controller(Math.max(this.#cpus.length, 1), count)
      : new GicV3Controller(this.#cpus.map(({ id, affinity }, n) => ({ affinity, place: { number: id, last: () => this.redistributors.isLast(n) } })), count);
    this.#controller = controller;
    controller.distribution.whenCompleted((intid) => { for (const listener of this.#listeners) listener(intid - PRIVATE); });
    this.#cpus.forEach((vcpu, cpu) => {
      vcpu.settle();
      vcpu.useInterrupts(new GicInterrupts(controller.distribution, cpu, this.#vm.timers));
    });
  }

  /** Before the first run of a vCPU. Throws `KvmError` ENXIO for a place that is not known, EINVAL for two at one place, EBUSY for a GICv3 that was not initialised. */
  map(): void {
    if (this.#mapped) return;
    if (this.version === 2) this.#mapV2();
    else this.#mapV3();
    this.#mapped = true;
  }
  #mapV2(): void {
    const cpuInterface = this.places.get('gicv2CpuInterface');
    if (cpuInterface === undefined || this.places.get('gicv2Distributor') === undefined) return refuse('ENXIO', 'the interrupt controller', 'the guest has a distributor and a CPU interface at some address', 'set both addresses before a vCPU runs');
    this.#refuseClash();
    this.initialise();
    this.#vm.mapCpuInterface(cpuInterface);
  }
  #mapV3(): void {
    const homeless = this.#vm.vcpus().findIndex((_, n) => this.redistributors.placeOf(n) === undefined);
    if (homeless >= 0) refuse('ENXIO', `vCPU ${this.#vm.vcpus()[homeless].id}`, 'each has a redistributor at some address', 'set a place with room for all before a vCPU runs');
    if (this.places.get('gicv3Distributor') === undefined) refuse('ENXIO', 'the distributor', 'the guest has it at some address', 'set the address before a vCPU runs');
    this.#refuseClash();
    if (!this.initialised) refuse('EBUSY', 'the interrupt controller', 'a GICv3 is initialised by the VMM', 'set KVM_DEV_ARM_VGIC_CTRL_INIT first');
  }
  #refuseClash(): void {
    const distributor = this.places.get('gicv3Distributor');
    const clash = this.places.clash || (distributor !== undefined && this.redistributors.overlap(distributor, 0x1_0000n));
    if (clash) refuse('EINVAL', 'the interrupt controller', 'its parts do not overlap', 'choose other addresses');
  }

  /** What a guest finds at an address: its registers, as the vCPU with this number has them. */
  at(address: bigint, id: number): { readonly window: Window; readonly offset: number } | undefined {
    const controller = this.#controller;
    const own = this.places.at(address);
    if (controller === undefined || own?.which === 'gicv2CpuInterface') return undefined;
    if (own !== undefined) return { window: controller.distributor(this.#cpuOf(id)), offset: own.offset };
    const found = controller.redistributors && this.redistributors.at(address);
    return found && { window: controller.redistributors.window(found.cpu), offset: found.offset };
  }

  /** A software interrupt by a system register. False where there are no such registers. */
  send(id: number, value: bigint, register: SgiRegister): boolean {
    if (!(this.#controller instanceof GicV3Controller)) return false;
    this.#controller.send(this.#cpuOf(id), value, register);
    return true;
  }

  #cpuOf(id: number): number {
    return this.#cpus.findIndex((vcpu) => vcpu.id === id);
  }

  /** An input. A GICv2 is initialised by the first one. Throws `KvmError` EBUSY for a GICv3 that was not, EINVAL for no input. */
  setInput(intid: number, level: boolean, vcpu = 0): void {
    // A GICv3 is ready, or refuses; a GICv2 is not initialised by what is no input.
    if (this.version === 3) this.ready();
    const count = Math.min(this.#controller === undefined ? this.#wantedCount ?? DEFAULT_COUNT : this.count, SPECIAL);
    if (intid < PRIVATE && !this.#vm.vcpus().some(({ id }) => id === vcpu)) refuse('EINVAL', `vCPU ${vcpu}`, 'the VM does not have it', 'create it first');
    if (intid < SGIS || intid >= count) refuse('EINVAL', `interrupt ${intid}`, `inputs are ${SGIS} to ${count - 1}`, 'choose one of them');
    const controller = this.ready();
    const cpu = intid < PRIVATE ? this.#cpuOf(vcpu) : 0;
    // Those are the vCPU's own.
    const { virtual, physical } = this.#vm.timers;
    if (intid === virtual || intid === physical) return;
    controller.distribution.setInput(cpu, intid, level);
    this.changed();
  }

  /** The controller. A GICv2 is initialised by whoever needs it first, for VMMs that are older than the call for it. Throws `KvmError` EBUSY for a GICv3 that was not. */
  ready(): Controller {
    if (this.version === 2) this.initialise();
    return this.#controller ?? refuse('EBUSY', 'the interrupt controller', 'it is initialised first', 'set KVM_DEV_ARM_VGIC_CTRL_INIT');
  }

  /** Tells vCPUs that something may have come for them. */
  changed(): void {
    for (const vcpu of this.#cpus) vcpu.interruptsChanged();
  }

  /** Hears of inputs, from 0 for the first shared one, whose level-sensitive interrupt the guest has ended. */
  whenCompleted(listener: (gsi: number) => void): void {
    this.#listeners.push(listener);
  }
}
