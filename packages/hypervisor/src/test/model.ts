/** An architecture that is nothing but rules, for tests of what is the same for all: registers by identifier, a guest that is a list of exits. */
import { readUnsigned } from '@worldswitch/bits';
import { HYPERVISOR_API_VERSION } from '../architecture.ts';
import type { Abi, ArchitectureCall, Attribute, Attributes, DeviceBackend, HypervisorArchitecture, MpState, VcpuBackend, VmBackend } from '../architecture.ts';
import { KvmError } from '../error.ts';
import type { Exit } from '../exits.ts';
import { GUEST_DEBUG_CONTROL, NO_GUEST_DEBUG } from '../guest-debug.ts';
import type { GuestDebug } from '../guest-debug.ts';
import type { MemorySlot } from '../slots.ts';

export interface ModelDebugExit {
  readonly code: number;
}
type ModelExit = Exit<ModelDebugExit>;

/** What the guest does next, by vCPU number. */
export type Script = (id: number) => ModelExit;

export const REGISTERS: readonly bigint[] = [0x6030_0000_0010_0000n, 0x6020_0000_0010_0042n, 0x6040_0000_0010_0054n];
const refuse = (errno: ConstructorParameters<typeof KvmError>[0], value: string): never => { throw new KvmError(errno, { value, rule: 'the model refuses it', remedy: 'none' }); };

class ModelVcpu implements VcpuBackend<ModelDebugExit> {
  readonly id: number;
  readonly vm: ModelVm;
  readonly values = new Map<bigint, bigint>(REGISTERS.map((id) => [id, 0n]));
  readonly lines: Record<string, boolean> = {};
  /** The answers of the VMM to reads. */
  readonly answers: bigint[] = [];
  #state: MpState = 'runnable';
  features: readonly string[] = [];
  debug: GuestDebug = NO_GUEST_DEBUG;
  pending: { readonly data: Uint8Array } | undefined;
  ready = true;
  irq = 0n;

  constructor(id: number, vm: ModelVm) {
    this.id = id;
    this.vm = vm;
  }
  get deviceLines(): Readonly<Record<string, boolean>> { return { vtimer: true }; }
  readonly registers = { names: [], read: () => undefined, write: () => false };
  readonly oneRegisters = {
    list: () => REGISTERS,
    get: (id: bigint): bigint => this.values.get(id) ?? refuse('ENOENT', `${id}`),
    set: (id: bigint, value: bigint): void => {
      if (!this.values.has(id)) refuse('ENOENT', `${id}`);
      this.values.set(id, value);
    },
  };
  readonly attributes: Attributes = {
    find: (group, attribute): Attribute | undefined => {
      if (group !== 0) return undefined;
      if (attribute === 0n) return { size: 4, get: () => Uint8Array.of(Number(this.irq), 0, 0, 0), set: (value) => { this.irq = readUnsigned(value, 0, 4, 'little') & 0xffn; } };
      if (attribute === 1n) return { size: 0, set: () => { if (this.irq === 0n) refuse('ENXIO', 'no irq'); } };
      return undefined;
    },
  };
  get mpState(): MpState { return this.#state; }
  set mpState(state: MpState) { this.#state = state; }
  initialise(features: readonly string[]): void {
    this.features = features;
    this.ready = true;
    for (const id of REGISTERS) this.values.set(id, 0n);
  }
  finalise(feature: string): void { refuse('EINVAL', feature); }
  prepare(): void { if (this.features.includes('sve')) refuse('EPERM', 'not finalised'); }
  complete(): void {
    if (this.pending) this.answers.push(readUnsigned(this.pending.data, 0, this.pending.data.length as 4, 'little'));
    this.pending = undefined;
  }
  run(): ModelExit {
    this.complete();
    const exit = this.#state === 'stopped' ? { kind: 'idle' } as const : this.vm.host.script(this.id);
    if (exit.kind === 'mmio' && !exit.write) this.pending = exit;
    this.ready = exit.kind !== 'idle';
    return exit;
  }
  interrupt(): void { /* never inside */ }
  setGuestDebug(debug: GuestDebug): void { this.debug = debug; }
  setLine(line: string, level: boolean): boolean {
    this.lines[line] = level;
    return true;
  }
}

class ModelVm implements VmBackend<ModelDebugExit> {
  readonly host: ModelHypervisor;
  readonly addressBits: number;
  readonly vcpus: ModelVcpu[] = [];
  readonly inputs: [number, boolean][] = [];
  readonly capabilities: number[] = [];
  interruptController: 'absent' | 'created' | 'ready' = 'absent';
  completed: ((gsi: number) => void) | undefined;
  slots = 0;
  readonly attributes: Attributes = { find: () => undefined };
  readonly whenCompleted = (listener: (gsi: number) => void): void => { this.completed = listener; };

  constructor(host: ModelHypervisor, addressBits: number) {
    this.host = host;
    this.addressBits = addressBits;
  }
  slotAdded(): void { this.slots++; }
  slotRemoved(): void { this.slots--; }
  slotLogging(): void { /* nothing is mapped */ }
  takeDirtyPages({ size }: MemorySlot): Uint8Array {
    return new Uint8Array(Math.ceil(Number(size / 4096n) / 64) * 8).fill(this.host.dirty.pop() ?? 0);
  }
  createVcpu(id: number): ModelVcpu {
    const vcpu = new ModelVcpu(id, this);
    this.vcpus.push(vcpu);
    return vcpu;
  }
  createDevice(type: number): DeviceBackend {
    this.testDevice(type);
    if (this.interruptController !== 'absent') refuse('EEXIST', 'another');
    this.interruptController = 'created';
    const init: Attribute = { size: 0, set: () => { this.interruptController = 'ready'; } };
    return { attributes: { find: (group, attribute) => (group === 4 && attribute === 0n ? init : undefined) } };
  }
  testDevice(type: number): void { if (type !== 5) refuse('ENODEV', `type ${type}`); }
  extension(capability: number): number { return this.host.extension(capability); }
  enableCapability(capability: number): void {
    if (capability !== 177) refuse('EINVAL', `capability ${capability}`);
    this.capabilities.push(capability);
  }
  irqLine(irq: number, level: boolean): void {
    if (irq >= 64) refuse('EINVAL', `irq ${irq}`);
    this.inputs.push([irq, level]);
  }
  gsi(number: number, level: boolean): void {
    if (this.interruptController !== 'ready') refuse('ENXIO', 'no controller');
    this.inputs.push([number, level]);
  }
  dispose(): void { this.host.alive--; }
}

const init: ArchitectureCall<ModelDebugExit> = {
  name: 'KVM_ARM_VCPU_INIT',
  run({ initialise }, argument) {
    if (readUnsigned(argument, 0, 4, 'little') !== 5n) refuse('EINVAL', 'target');
    initialise?.(argument[4] & 16 ? ['sve'] : []);
    return 0;
  },
};
const preferred: ArchitectureCall<ModelDebugExit> = {
  name: 'KVM_ARM_PREFERRED_TARGET',
  run(_target, argument) {
    argument.fill(0);
    argument[0] = 5;
    return 0;
  },
};

export class ModelHypervisor implements HypervisorArchitecture<ModelDebugExit> {
  readonly name = 'model';
  readonly apiVersion = HYPERVISOR_API_VERSION;
  readonly capabilities = { maxVcpus: 4, memorySlots: 8, addressBits: 40, breakpoints: 2, watchpoints: 2 };
  readonly revisions = [];
  readonly vms: ModelVm[] = [];
  /** VMs that are not disposed of. */
  alive = 0;
  /** What fills the next dirty bitmaps, the last first. */
  readonly dirty: number[] = [];
  script: Script = () => ({ kind: 'interrupted', because: 'budget' });
  readonly abi: Abi<ModelDebugExit> = {
    encoding: 'generic', structs: 'arm64', byteOrder: 'little', calls: [init, preferred], debugExitFlags: 1,
    debugExit: ({ code }) => Uint8Array.of(code, 0, 0, 0),
    guestDebug: (argument) => {
      const control = Number(readUnsigned(argument, 0, 4, 'little'));
      if ((control & ~0x3_0003) !== 0) refuse('EINVAL', `control ${control}`);
      const bank = Array.from({ length: 16 }, () => 1n);
      return (control & 1) === 0 ? NO_GUEST_DEBUG : { enable: true, ...((control & GUEST_DEBUG_CONTROL.hardware) === 0 ? {} : { hardware: { bcr: bank, bvr: bank, wcr: bank, wvr: bank } }) };
    },
    syncRegisters: ({ deviceLines }) => Uint8Array.of(deviceLines['vtimer'] ? 1 : 0, 0, 0, 0, 0, 0, 0, 0),
  };
  hostMemory(address: bigint, size: bigint): boolean { return address >= 0x8000_0000n && address + size <= 0x8100_0000n; }
  extension(capability: number): number { return capability === 70 ? 1 : 0; }
  createVm(type: bigint): ModelVm {
    if (type !== 0n && (type < 32n || type > 40n)) refuse('EINVAL', `type ${type}`);
    const vm = new ModelVm(this, type === 0n ? 40 : Number(type));
    this.alive++;
    this.vms.push(vm);
    return vm;
  }
}
