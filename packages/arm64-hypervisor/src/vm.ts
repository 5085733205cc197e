/** A VM on a host: stage 2, VMID, vCPUs and what they share. */
import { HCR_EL2 } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attributes, DeviceBackend, MemorySlot, VmBackend } from '@worldswitch/hypervisor';
import { enableCapability } from './abi/enable.ts';
import { extensionOf, extensionSource } from './abi/extensions.ts';
import { irqLineOf } from './abi/irq-line.ts';
import type { TimerSurroundings } from './abi/timer-control.ts';
import type { Arm64DebugExit } from './exits/context.ts';
import { VmFirmware } from './firmware/index.ts';
import type { VmFirmwareOptions } from './firmware/index.ts';
import type { Guest } from './guest/guest.ts';
import { TimerInterrupts } from './guest/timer-interrupts.ts';
import type { Host } from './host/host.ts';
import { PAGE } from './host/pages.ts';
import { NO_VMID } from './host/vmids.ts';
import { VmRegisters } from './one-reg/vm-registers.ts';
import { VmPmus } from './pmu/control.ts';
import { pmuVersion } from './pmu/vcpu-pmu.ts';
import type { Profile } from './abi/profile.ts';
import { MappedSlots } from './stage2/mapped-slots.ts';
import { Stage2Tables } from './stage2/tables.ts';
import type { WorldSwitch } from './switch/world.ts';
import type { SgiRegister } from './vgic/gicv3-controller.ts';
import { CPU_INTERFACE_SIZE } from './vgic/interface.ts';
import { VmVgic } from './vgic/vm-vgic.ts';
import type { InterruptProperties } from './vgic/vmm-interrupts.ts';
import { Arm64Vcpu } from './vcpu.ts';

/** What a VM may be given beside memory and vCPUs. */
export interface VmOptions extends VmFirmwareOptions {
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
  readonly attributes: Attributes;
  readonly firmware: VmFirmware;
  readonly stage2: Stage2Tables;
  readonly slots: MappedSlots;
  /** KVM_CAP_ARM_NISV_TO_USER was enabled. */
  tellsWithoutSyndrome = false;
  /** KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE. */
  splitChunk = 0;
  readonly guestHcr: bigint;
  readonly registers: VmRegisters;
  readonly interruptInterface: InterruptInterface | undefined;
  /** The interrupt controller in the hypervisor. */
  readonly vgic: VmVgic;
  readonly timerInterrupts = new TimerInterrupts();
  /** What the performance monitors of its vCPUs have in common. */
  readonly pmus: VmPmus;
  readonly timerSurroundings: TimerSurroundings;
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
    this.slots = new MappedSlots(this.stage2, { addressBits: this.addressBits, invalidate: (ipa) => { this.#invalidate(ipa); } });
    this.firmware = new VmFirmware({
      ...options, state: this.registers.firmware, cpus: () => [...this.#vcpus.values()].filter(({ initialised }) => initialised), counts: () => this.#counts(),
    });
    this.attributes = this.firmware.attributes(() => this.registers.ranOnce, host.byteOrder);
    this.interruptInterface = options.interruptInterface && this.#interface(options.interruptInterface);
    const ranOnce = (): boolean => this.registers.ranOnce;
    this.pmus = new VmPmus({
      feature: () => this.registers.features.has('pmu-v3'), version: () => pmuVersion(this.registers), controller: () => this.vgic.progress, interrupts: () => this.vgic.device?.count ?? 0,
      ranOnce, byteOrder: host.byteOrder,
    });
    this.timerSurroundings = { timers: this.timerInterrupts, profile: this.registers.profile, controller: () => this.vgic.present, ranOnce, byteOrder: host.byteOrder };
    this.vgic = new VmVgic({
      addressBits: this.addressBits, host, timers: this.timerInterrupts, registers: this.registers, interfaceTaken: this.interruptInterface !== undefined, vcpus: () => [...this.#vcpus.values()],
      mapCpuInterface: (address) => { this.#mapCpuInterface(address); },
    });
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
    this.registers.identification.gicv3 = version === 3;
    if (guestAddress !== undefined) this.#mapCpuInterface(guestAddress);
    return wanted;
  }

  /** The guest finds the host's virtual CPU interface there: GICv2. */
  #mapCpuInterface(guestAddress: bigint): void {
    const { cpuInterface } = this.host.virtualInterface ?? {};
    if (cpuInterface !== undefined) this.stage2.mapDevice(guestAddress, cpuInterface, CPU_INTERFACE_SIZE);
  }

  /** VTTBR_EL2 of a vCPU that is about to run. */
  claimVttbr(): bigint {
    this.#vmid = this.host.vmids.claim(this.#vmid);
    return this.#vttbr;
  }
  get #vttbr(): bigint {
    return (BigInt(this.#vmid.vmid) << 48n) | this.stage2.root;
  }
  /** Of one guest page, or all. Nothing is left of a VMID of another generation. */
  #invalidate(ipa?: bigint): void {
    if (this.host.vmids.current(this.#vmid)) this.host.invalidate(this.#vttbr, ipa);
  }

  // Memory

  #settle(): void {
    for (const vcpu of this.#vcpus.values()) vcpu.settle();
  }
  slotAdded(slot: MemorySlot): void {
    this.slots.added(slot);
  }
  slotRemoved(slot: MemorySlot, moved: boolean): void {
    this.#settle();
    this.slots.removed(slot, moved);
  }
  slotLogging(slot: MemorySlot): void {
    this.#settle();
    this.slots.logging(slot);
  }
  takeDirtyPages(slot: MemorySlot): Uint8Array {
    this.#settle();
    return this.slots.take(slot);
  }
  clearDirtyPages(slot: MemorySlot, first: number, bitmap: Uint8Array): void {
    this.#settle();
    this.slots.clear(slot, first, bitmap);
  }

  // vCPUs together

  /** Before a vCPU runs: what the first run of any fixes. */
  prepare(): void {
    this.vgic.map();
    this.registers.ranOnce = true;
  }
  /** Whether one that has nothing to do should let others run first. */
  lettingOthers(vcpu: Arm64Vcpu): boolean {
    return this.#others(vcpu).filter((other) => other.letFirst()).length > 0;
  }
  /** The physical count by which one of the others has something to do. */
  deadlineOfOthers(vcpu: Arm64Vcpu): bigint | undefined {
    const deadlines = this.#others(vcpu).map(({ deadline }) => deadline).filter((deadline) => deadline !== undefined);
    return deadlines.length === 0 ? undefined : deadlines.reduce((a, b) => (a < b ? a : b));
  }
  #others(vcpu: Arm64Vcpu): readonly Arm64Vcpu[] {
    return [...this.#vcpus.values()].filter((other) => other !== vcpu);
  }
  #counts(): { readonly physical: bigint; readonly virtual: bigint } {
    const { code } = this.host;
    code.place = { step: 'emulation', phase: '', kind: 'host' };
    const physical = code.read('CNTPCT_EL0');
    const { counters } = this.registers;
    return { physical: BigInt.asUintN(64, physical - counters.physical), virtual: BigInt.asUintN(64, physical - counters.virtual) };
  }

  extension(capability: number): number {
    return extensionOf(capability, { ...extensionSource(this.host, this.world.revision, this.registers.profile), splitChunk: this.splitChunk });
  }
  enableCapability(capability: number, args: readonly bigint[]): void {
    enableCapability(this, capability, args);
  }
  createDevice(type: number): DeviceBackend {
    return this.vgic.create(type);
  }
  testDevice(type: number): void {
    this.vgic.test(type);
  }
  irqLine(irq: number, level: boolean): void {
    const input = irqLineOf(irq, this.vgic.present);
    if (input.kind !== 'cpu') {
      this.vgic.setInput(input.intid, level, input.kind === 'ppi' ? input.vcpu : 0);
      return;
    }
    const vcpu = this.#vcpus.get(input.vcpu);
    if (vcpu === undefined) throw new KvmError('EINVAL', { value: `vCPU ${input.vcpu}`, rule: 'the VM does not have it', remedy: 'create it first' });
    vcpu.setLine(input.line, level);
  }
  gsi(number: number, level: boolean): void {
    this.vgic.gsi(number, level);
  }
  get interruptController(): 'absent' | 'created' | 'ready' {
    return this.vgic.progress;
  }
  whenCompleted(listener: (gsi: number) => void): void {
    this.vgic.whenCompleted(listener);
  }

  createVcpu(id: number, slotAt: (address: bigint) => MemorySlot | undefined): Arm64Vcpu {
    this.vgic.checkNewVcpu(id);
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
  sendSgi({ id: from, guest: sender }: Arm64Vcpu, value: bigint, register: SgiRegister): boolean {
    if (this.vgic.present) return this.vgic.send(from, value, register);
    if (this.interruptInterface === undefined || register !== 'SGI1R') return false;
    const others = ((value >> 40n) & 1n) !== 0n;
    for (const [id, vcpu] of this.#vcpus) {
      if (others ? vcpu.guest !== sender : ((value >> BigInt(id)) & 1n) !== 0n && id < 16) vcpu.inject(Number((value >> 24n) & 15n));
    }
    return true;
  }

  /** How far behind the host's count a guest's are, into its state. */
  giveCounters({ memory: { state } }: Guest): void {
    state.set('cntvoff', this.registers.counters.virtual);
    state.set('cntpoff', this.registers.counters.physical);
  }
  /** KVM_ARM_SET_COUNTER_OFFSET. Throws `KvmError` EBUSY while a vCPU runs. */
  setCounterOffset(offset: bigint): void {
    const running = [...this.#vcpus.values()].find((vcpu) => vcpu.running);
    if (running) throw new KvmError('EBUSY', { value: `vCPU ${running.id}`, rule: 'counters do not jump while a vCPU runs', remedy: 'wait until it has come back' });
    this.registers.counters.fix(offset);
  }
  #countersChanged(): void {
    for (const vcpu of this.#vcpus.values()) {
      vcpu.settle();
      this.giveCounters(vcpu.guest);
    }
  }

  /** Affinity of a vCPU, its number in groups of 16 as software interrupts reach them, with RES1 and no uniprocessor bit (DDI 0487 MPIDR_EL1). */
  mpidr(id: number): bigint {
    return 0x8000_0000n | BigInt((id & 0xf) | (((id >> 4) & 0xff) << 8) | (((id >> 12) & 0xff) << 16));
  }

  report(text: string): void {
    this.#options.report?.(text);
  }
  hostInterrupt(id: number): void {
    this.#options.hostInterrupt?.(id);
  }
}
