/** A VM on a host: stage 2, VMID, vCPUs and what they share. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { narrowCall, psci } from '@worldswitch/arm64/firmware';
import { KvmError } from '@worldswitch/hypervisor';
import type { DeviceBackend, MemorySlot, VmBackend } from '@worldswitch/hypervisor';
import { NO_ATTRIBUTES } from './abi/attributes.ts';
import { extensionOf } from './abi/extensions.ts';
import type { Arm64DebugExit, Outcome } from './exits/context.ts';
import { RESUME } from './exits/context.ts';
import type { Guest } from './guest/guest.ts';
import type { Host } from './host/host.ts';
import { PAGE } from './host/pages.ts';
import { NO_VMID } from './host/vmids.ts';
import { VmRegisters } from './one-reg/vm-registers.ts';
import type { Profile } from './abi/profile.ts';
import { Stage2Tables } from './stage2/tables.ts';
import type { WorldSwitch } from './switch/world.ts';
import { CPU_INTERFACE_SIZE } from './vgic/interface.ts';
import type { InterruptProperties } from './vgic/interrupts.ts';
import { Arm64Vcpu } from './vcpu.ts';

/** What a VM may be given beside memory and vCPUs. */
export interface VmOptions {
  /** Function identifiers whose HVC the VMM answers: true for those it wants as `hypercall` exits. */
  readonly forward?: (number: bigint) => boolean;
  /** Hears of registers that are not emulated, in the form of the row that would do it. */
  readonly report?: (text: string) => void;
  /** Hears of interrupts of the host's devices while a guest runs; acknowledged and completed around the call. */
  readonly hostInterrupt?: (id: number) => void;
  /** Which kernel's ABI it has; Linux 6.12's by default. */
  readonly profile?: Profile;
  /** The virtual counter starts at the physical count less this; 0 by default, so that guests see the machine's count. */
  readonly cntvoff?: bigint;
  /** Gives vCPUs the virtual CPU interface of the host's controller. Without it the VMM has its own controller, and two lines to each vCPU. */
  readonly interruptInterface?: InterruptInterface;
}

/** What one VM is made with. */
export interface VmShape extends VmOptions {
  /** Bits of the guest's physical addresses; the host's by default. */
  readonly addressBits?: number;
}

/** How a VM has its CPU interface in hardware. Inputs are then `intid<n>` of `Vcpu.setLine`, instead of `irq` and `fiq`. */
export interface InterruptInterface {
  /** GICv2: where the guest finds it (GICC), a page address outside its memory. */
  readonly guestAddress?: bigint;
  /** What a distributor knows of an interrupt; asked when it is first used. */
  readonly properties?: (id: number) => InterruptProperties;
}

/** INTERNAL_FAILURE: what a caller of SYSTEM_OFF finds in x0 should somebody let it run on (DEN 0022 5.2.2). */
const INTERNAL_FAILURE = BigInt.asUintN(64, -6n);

/** HCR_EL2 of a 64-bit guest: traps and routing that do not change from run to run (interrupt bits are added per run). */
function guestHcr(mode: Host['mode']): bigint {
  return HCR_EL2.encode({
    RW: 1, VM: 1, SWIO: 1, AMO: 1, FB: 1, BSU: 1, TWI: 1, TWE: 1, TSC: 1, TIDCP: 1, TACR: 1, TSW: 1, TVM: 1, TID2: 1, TID3: 1, E2H: mode === 'vhe' ? 1 : 0,
  });
}

export class Arm64Vm implements VmBackend<Arm64DebugExit> {
  readonly host: Host;
  readonly world: WorldSwitch;
  readonly addressBits: number;
  readonly attributes = NO_ATTRIBUTES;
  readonly stage2: Stage2Tables;
  readonly guestHcr: bigint;
  readonly registers: VmRegisters;
  readonly interruptInterface: InterruptInterface | undefined;
  readonly #options: VmOptions;
  readonly #vcpus = new Map<number, Arm64Vcpu>();
  #vmid = NO_VMID;

  constructor(host: Host, world: WorldSwitch, options: VmShape) {
    this.addressBits = options.addressBits ?? host.addressBits;
    this.host = host;
    this.world = world;
    this.stage2 = new Stage2Tables(host.addressBits, host.processor.memory, host.pages);
    this.guestHcr = guestHcr(host.mode);
    this.registers = new VmRegisters({ ...options, host, countersChanged: () => { this.#countersChanged(); } });
    this.#options = options;
    this.interruptInterface = options.interruptInterface && this.#interface(options.interruptInterface);
  }

  /** Throws `KvmError` ENODEV where the host has none, EINVAL for an address that is missing, in vain or not a page's. */
  #interface(wanted: InterruptInterface): InterruptInterface {
    const { virtualInterface } = this.host;
    if (virtualInterface === undefined) {
      throw new KvmError('ENODEV', { value: 'interruptInterface', rule: 'the host\'s interrupt controller was given without virtualisation extensions', remedy: 'name GICH and GICV, or use a GICv3' });
    }
    const { guestAddress } = wanted;
    const { cpuInterface, version } = virtualInterface;
    if ((cpuInterface === undefined) !== (guestAddress === undefined) || (guestAddress ?? 0n) % PAGE !== 0n) {
      throw new KvmError('EINVAL', { value: `guestAddress ${guestAddress === undefined ? 'absent' : hex(guestAddress)}`, rule: `the interface of a GICv${version} is ${version === 2 ? 'at a page of the guest\'s' : 'in system registers'}`, remedy: version === 2 ? 'say where' : 'leave it out' });
    }
    if (cpuInterface !== undefined && guestAddress !== undefined) this.stage2.mapDevice(guestAddress, cpuInterface, CPU_INTERFACE_SIZE);
    return wanted;
  }

  /** VTTBR_EL2 of a vCPU that is about to run. */
  claimVttbr(): bigint {
    this.#vmid = this.host.vmids.claim(this.#vmid);
    return this.#vttbr;
  }
  get #vttbr(): bigint {
    return (BigInt(this.#vmid.vmid) << 48n) | this.stage2.root;
  }
  /** Nothing is left of a VMID of another generation. */
  #invalidate(): void {
    if (this.host.vmids.current(this.#vmid)) this.host.invalidate(this.#vttbr);
  }

  slotAdded(): void {
    // Mapped when touched.
  }

  slotRemoved(slot: MemorySlot): void {
    for (const vcpu of this.#vcpus.values()) vcpu.settle();
    this.stage2.unmap(slot.guestAddress, slot.size);
    this.#invalidate();
  }

  slotLogging(): void {
    // Pages are logged as they are mapped for writing.
  }
  takeDirtyPages({ size }: MemorySlot): Uint8Array {
    return new Uint8Array(Math.ceil(Number(size / PAGE) / 64) * 8);
  }

  extension(capability: number): number {
    return extensionOf(capability, { capabilities: { ...this.host.features, maxVcpus: 8, memorySlots: 512, addressBits: this.addressBits } });
  }
  enableCapability(capability: number): void {
    throw new KvmError('EINVAL', { value: `capability ${capability}`, rule: 'it cannot be enabled', remedy: 'ask with checkExtension first' });
  }
  createDevice(type: number): DeviceBackend {
    return this.testDevice(type);
  }
  testDevice(type: number): never {
    throw new KvmError('ENODEV', { value: `device type ${type}`, rule: 'there is none of it', remedy: 'leave the device to the VMM' });
  }
  irqLine(irq: number): void {
    throw new KvmError('ENXIO', { value: `irq 0x${irq.toString(16)}`, rule: 'there is no interrupt controller in the hypervisor', remedy: 'make one with createDevice' });
  }
  gsi(number: number): void {
    this.irqLine(number);
  }

  createVcpu(id: number, slotAt: (address: bigint) => MemorySlot | undefined): Arm64Vcpu {
    const vcpu = new Arm64Vcpu(id, this, slotAt);
    this.#vcpus.set(id, vcpu);
    return vcpu;
  }

  dispose(): void {
    for (const vcpu of this.#vcpus.values()) {
      vcpu.settle();
      this.host.vacate(vcpu);
      this.host.pages.free(vcpu.guest.memory.address);
    }
    this.#invalidate();
    this.stage2.dispose();
  }

  /** An SGI that a vCPU sends by ICC_SGI1R_EL1: to those it names by Aff0, or to all others (IHI 0069 12.2.26). False without the interface. */
  sendSgi(sender: Guest, value: bigint): boolean {
    if (this.interruptInterface === undefined) return false;
    const others = ((value >> 40n) & 1n) !== 0n;
    for (const [id, vcpu] of this.#vcpus) {
      if (others ? vcpu.guest !== sender : ((value >> BigInt(id)) & 1n) !== 0n && id < 16) vcpu.inject(Number((value >> 24n) & 15n));
    }
    return true;
  }

  get cntvoff(): bigint {
    return this.registers.counters.virtual;
  }
  #countersChanged(): void {
    for (const vcpu of this.#vcpus.values()) {
      vcpu.settle();
      vcpu.guest.memory.state.set('cntvoff', this.cntvoff);
    }
  }

  /** Affinity of a vCPU: its number, with RES1 and no uniprocessor bit (DDI 0487 MPIDR_EL1). */
  mpidr(id: number): bigint {
    return 0x8000_0000n | BigInt(id);
  }

  forwards(number: bigint): boolean {
    return this.#options.forward?.(number) ?? false;
  }
  report(text: string): void {
    this.#options.report?.(text);
  }
  hostInterrupt(id: number): void {
    this.#options.hostInterrupt?.(id);
  }

  psci(caller: Guest, call: { readonly function: bigint; readonly arguments: readonly [bigint, bigint, bigint] }): Outcome {
    const find = (mpidr: bigint): Guest | undefined => this.#vcpus.get(Number(mpidr & 0xffff_ffffn))?.guest;
    const outcome = psci(narrowCall({ ...call, caller: { el: 1, aarch64: true } }), {
      cpuState: (mpidr) => find(mpidr)?.power,
      on: (mpidr, entry, context) => {
        const target = find(mpidr);
        if (!target) return;
        target.reset({ hcr: this.guestHcr, mpidr: this.mpidr(target.memory.id) });
        target.memory.state.set('cntvoff', this.cntvoff);
        target.pc = entry;
        target.setX(0, context);
      },
    });
    for (const n of [1, 2, 3]) caller.setX(n, 0n);
    switch (outcome.effect) {
      case 'none':
        caller.setX(0, outcome.result);
        return RESUME;
      case 'suspend':
        caller.setX(0, outcome.result);
        return { kind: 'wait' };
      case 'off':
        caller.power = 'off';
        return { kind: 'interrupted', because: 'request' };
      case 'system-off':
      case 'system-reset':
        caller.setX(0, INTERNAL_FAILURE);
        for (const vcpu of this.#vcpus.values()) vcpu.guest.power = 'off';
        return { kind: 'system-event', event: outcome.effect === 'system-off' ? 'shutdown' : 'reset', flags: 0n };
    }
  }
}
