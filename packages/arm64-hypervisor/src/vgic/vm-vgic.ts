/** A VM's interrupt controller in the hypervisor, or that it has none. */
import { KvmError } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { PRIVATE } from '@worldswitch/devices/gic';
import type { TimerInterrupts } from '../guest/timer-interrupts.ts';
import type { Host } from '../host/host.ts';
import type { Identification } from '../one-reg/identification.ts';
import type { Window } from './controller.ts';
import type { SgiRegister } from './gicv3-controller.ts';
import type { VirtualInterface } from './interface.ts';
import { Vgic } from './vgic.ts';
import type { VgicVcpu } from './vgic.ts';

const { KVM_DEV_TYPE_ARM_VGIC_V2, KVM_DEV_TYPE_ARM_VGIC_V3 } = CONSTANTS.KVM_DEV_TYPE;
const VERSIONS: ReadonlyMap<number, 2 | 3> = new Map([[KVM_DEV_TYPE_ARM_VGIC_V2, 2], [KVM_DEV_TYPE_ARM_VGIC_V3, 3]]);
/** CPU interfaces of a GICv2 (IHI 0048B 2.2.1). */
const GICV2_PROCESSORS = 8;

/** What it needs of the VM. */
export interface VmVgicSetup {
  readonly addressBits: number;
  readonly host: Pick<Host, 'virtualInterface' | 'byteOrder'>;
  readonly timers: TimerInterrupts;
  readonly registers: { readonly ranOnce: boolean; readonly identification: Pick<Identification, 'gicv3'> };
  /** Whether the virtual CPU interface goes with a distributor of the VMM's. */
  readonly interfaceTaken: boolean;
  vcpus(): readonly VgicVcpu[];
  mapCpuInterface(address: bigint): void;
}

function refuse(errno: 'ENODEV' | 'EEXIST' | 'EBUSY' | 'EINVAL' | 'ENXIO' | 'E2BIG', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

export class VmVgic {
  readonly #setup: VmVgicSetup;
  readonly #listeners: ((gsi: number) => void)[] = [];
  #vgic: Vgic | undefined;

  constructor(setup: VmVgicSetup) {
    this.#setup = setup;
  }

  get device(): Vgic | undefined {
    return this.#vgic;
  }
  get present(): boolean {
    return this.#vgic !== undefined;
  }
  get progress(): 'absent' | 'created' | 'ready' {
    return this.#vgic === undefined ? 'absent' : this.#vgic.initialised ? 'ready' : 'created';
  }

  /** What the host can do is what its own controller is: one of the same version. Throws `KvmError` ENODEV. */
  test(type: number): { readonly version: 2 | 3; readonly hardware: VirtualInterface } {
    const { host: { virtualInterface }, interfaceTaken } = this.#setup;
    const version = VERSIONS.get(type);
    const value = `device type ${type}`;
    if (version === undefined) return refuse('ENODEV', value, `there are ${[...VERSIONS.keys()].join(' and ')}, a GICv2 and a GICv3`, 'leave the device to the VMM');
    if (interfaceTaken) return refuse('ENODEV', value, 'the virtual CPU interface goes with a distributor of the VMM\'s', 'leave out interruptInterface');
    if (virtualInterface?.version !== version) {
      return refuse('ENODEV', value, virtualInterface === undefined ? 'the host\'s interrupt controller was given without virtualisation extensions' : `the host's interrupt controller is a GICv${virtualInterface.version}, and none of another version can be made of it`, 'make the other one, or leave interrupts to the VMM');
    }
    return { version, hardware: virtualInterface };
  }

  /** Throws `KvmError` ENODEV, EEXIST, EBUSY, E2BIG (more vCPUs than it can serve). */
  create(type: number): Vgic {
    const { version, hardware } = this.test(type);
    const { registers, addressBits, host, timers } = this.#setup;
    if (this.#vgic) refuse('EEXIST', `device type ${type}`, 'the VM has an interrupt controller', 'use the one that exists');
    if (registers.ranOnce) refuse('EBUSY', `device type ${type}`, 'a vCPU has run without it', 'make it before the first run');
    if (version === 2 && this.#setup.vcpus().length > GICV2_PROCESSORS) refuse('E2BIG', `${this.#setup.vcpus().length} vCPUs`, `a GICv2 serves ${GICV2_PROCESSORS}`, 'use a GICv3');
    const vgic = new Vgic(version, {
      addressBits, byteOrder: host.byteOrder, hardware, timers, vcpus: () => this.#setup.vcpus(), mapCpuInterface: (address) => { this.#setup.mapCpuInterface(address); },
    });
    this.#vgic = vgic;
    this.#setup.registers.identification.gicv3 = version === 3;
    vgic.whenCompleted((gsi) => { for (const listener of this.#listeners) listener(gsi); });
    return vgic;
  }

  /** Throws `KvmError` EBUSY when the controller counts on the vCPUs there are, EINVAL for one that it cannot serve. */
  checkNewVcpu(id: number): void {
    if (this.#vgic?.initialised === true) refuse('EBUSY', `vCPU ${id}`, 'the interrupt controller is initialised, for the vCPUs there were', 'create all of them before');
    if (this.#vgic?.version === 2 && id >= GICV2_PROCESSORS) refuse('EINVAL', `vCPU ${id}`, `a GICv2 serves vCPUs 0 to ${GICV2_PROCESSORS - 1}`, 'use a GICv3');
  }

  /** Before a run. Throws `KvmError`, see `Vgic.map`. */
  map(): void {
    this.#vgic?.map();
  }
  at(address: bigint, vcpu: number): { readonly window: Window; readonly offset: number } | undefined {
    return this.#vgic?.at(address, vcpu);
  }
  send(vcpu: number, value: bigint, register: SgiRegister): boolean {
    return this.#vgic?.send(vcpu, value, register) ?? false;
  }

  /** KVM_IRQ_LINE. Throws `KvmError` ENXIO, EINVAL, EBUSY. */
  setInput(intid: number, level: boolean, vcpu: number): void {
    if (this.#vgic === undefined) return refuse('ENXIO', `interrupt ${intid}`, 'there is no interrupt controller in the hypervisor', 'make one with createDevice');
    this.#vgic.setInput(intid, level, vcpu);
  }
  /** Input n is the shared interrupt 32 + n. Throws as `setInput`. */
  gsi(number: number, level: boolean): void {
    this.setInput(number + PRIVATE, level, 0);
  }
  whenCompleted(listener: (gsi: number) => void): void {
    this.#listeners.push(listener);
  }
}

