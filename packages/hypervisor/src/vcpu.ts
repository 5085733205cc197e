/** A virtual processor: the calls on it, their order and their refusals. What a call does to a processor is the architecture's. */
import { attributeOf, readAttribute, writeAttribute } from './attributes.ts';
import { architectureCall } from './calls.ts';
import type { MpState, OneRegisters, UserMemory, VcpuBackend, VcpuRegisters } from './architecture.ts';
import { KvmError } from './error.ts';
import type { Exit } from './exits.ts';
import { NO_GUEST_DEBUG, checkGuestDebug } from './guest-debug.ts';
import type { GuestDebug } from './guest-debug.ts';
import type { Vm } from './vm.ts';

/** What `Vcpu.run` may be told. */
export interface RunOptions {
  /** Instructions of the machine; the largest safe number by default, which is no limit in practice. */
  readonly budget?: number;
  /** `kvm_run.immediate_exit`: what the VMM answered is completed, and no instruction is executed. */
  readonly immediateExit?: boolean;
}

/** A virtual processor. */
export class Vcpu<A> {
  readonly id: number;
  readonly vm: Vm<A>;
  /** For calls of one architecture (`Abi.calls`). */
  readonly backend: VcpuBackend<A>;
  #initialised = false;
  #dead: string | undefined;
  #guestDebug: GuestDebug = NO_GUEST_DEBUG;

  constructor(id: number, vm: Vm<A>, backend: VcpuBackend<A>) {
    this.id = id;
    this.vm = vm;
    this.backend = backend;
  }

  /** Reset, and the choice of features, before anything else. May be repeated: a reset. */
  initialise(features: readonly string[] = []): void {
    this.backend.initialise(features);
    this.#initialised = true;
    this.#dead = undefined;
  }

  /** KVM_ARM_VCPU_FINALIZE. Throws `KvmError` ENOEXEC, EINVAL (a feature that has nothing to finalise), EPERM (done already). */
  finalise(feature: string): void {
    this.#check();
    this.backend.finalise(feature);
  }

  get initialised(): boolean {
    return this.#initialised;
  }

  /** Runs the guest until something concerns the VMM. Throws `KvmError` ENOEXEC before `initialise`, EPERM before `finalise`, EINVAL for a budget, EIO on a dead vCPU. */
  run({ budget = Number.MAX_SAFE_INTEGER, immediateExit = false }: RunOptions = {}): Exit<A> {
    this.#check();
    if (!Number.isSafeInteger(budget) || budget < 1) {
      throw new KvmError('EINVAL', { value: `budget ${budget}`, rule: 'a budget is a whole number of instructions from 1 up', remedy: 'leave it out for no limit' });
    }
    if (this.#dead !== undefined) {
      throw new KvmError('EIO', { value: `vCPU ${this.id}`, rule: `it died of ${this.#dead}`, remedy: 'initialise it again' });
    }
    this.backend.prepare();
    if (immediateExit) {
      this.backend.complete();
      return { kind: 'interrupted', because: 'request' };
    }
    const exit = this.backend.run(budget);
    if (exit.kind === 'internal-error' && exit.dead) this.#dead = exit.reason;
    return exit;
  }

  /** Makes the present run (called from a device), or the next, end with `interrupted`. */
  interrupt(): void {
    this.backend.interrupt();
  }

  /** Replaces the whole request. Throws `KvmError` EINVAL, ENOBUFS; then the old one stays in force. */
  setGuestDebug(debug: GuestDebug): void {
    checkGuestDebug(debug, this.vm.architecture.capabilities);
    this.#guestDebug = debug.enable ? debug : NO_GUEST_DEBUG;
    this.backend.setGuestDebug(this.#guestDebug);
  }

  get guestDebug(): GuestDebug {
    return this.#guestDebug;
  }

  /** Sets an interrupt input of the vCPU by the architecture's name (`irq`, `fiq`). Throws `KvmError` EINVAL. */
  setLine(line: string, level: boolean): void {
    if (this.backend.setLine(line, level)) return;
    throw new KvmError('EINVAL', { value: `interrupt line '${line}'`, rule: `vCPUs of ${this.vm.architecture.name} do not have it`, remedy: 'see the architecture\'s documentation for their names' });
  }

  /** Levels of the vCPU's own outputs, for a VMM's interrupt controller. A change ends a run with `interrupted`. */
  get deviceLines(): Readonly<Record<string, boolean>> {
    return this.backend.deviceLines;
  }

  get registers(): VcpuRegisters {
    return this.backend.registers;
  }

  /** A register. Throws `KvmError` ENOEXEC before `initialise`, ENOENT for an unknown name. */
  getRegister(name: string): bigint {
    this.#check();
    return this.backend.registers.read(name) ?? this.#unknown(name);
  }

  /** Throws `KvmError` ENOEXEC, ENOENT, EINVAL. */
  setRegister(name: string, value: bigint): void {
    this.#check();
    if (value < 0n || value >= 1n << 128n) {
      throw new KvmError('EINVAL', { value: `${name} = ${value}`, rule: 'register values are unsigned', remedy: 'use BigInt.asUintN' });
    }
    if (!this.backend.registers.write(name, value)) this.#unknown(name);
  }

  /** By the kernel's identifiers (KVM_GET_ONE_REG, SET_ONE_REG, GET_REG_LIST). Throws `KvmError` ENOEXEC. */
  get oneRegisters(): OneRegisters {
    this.#check();
    return this.backend.oneRegisters;
  }

  /** KVM_GET_MP_STATE, SET_MP_STATE; also before `initialise`. Throws `KvmError` EINVAL for a state the architecture does not have. */
  get mpState(): MpState {
    return this.backend.mpState;
  }
  set mpState(state: MpState) {
    this.backend.mpState = state;
  }

  /** Throws `KvmError` ENXIO, ENODEV where it is not there. */
  hasAttribute(group: number, attribute: bigint): void {
    attributeOf(this.backend.attributes, group, attribute);
  }
  getAttribute(group: number, attribute: bigint): Uint8Array {
    return readAttribute(this.backend.attributes, group, attribute);
  }
  setAttribute(group: number, attribute: bigint, value: Uint8Array): void {
    writeAttribute(this.backend.attributes, group, attribute, value);
  }

  /**
   * A call on a vCPU that only the architecture has (`Abi.calls`), by the kernel's name for it: `KVM_ARM_VCPU_INIT`. `argument` is the structure's
   * bytes, in and out; pointers in it point into `memory`. Returns what the ioctl returns. Throws `KvmError` as the call does; EINVAL for one that does not exist.
   */
  call(name: string, argument: Uint8Array, memory?: UserMemory): number {
    const { backend, initialised } = this;
    return architectureCall(this.vm.architecture, name).run({
      vm: this.vm.backend, vcpu: backend, initialised, initialise: (features) => { this.initialise(features); }, ...(memory && { memory }),
    }, argument);
  }

  #unknown(name: string): never {
    throw new KvmError('ENOENT', { value: `register ${name}`, rule: 'the vCPU does not have it', remedy: 'see registers.names' });
  }

  #check(): void {
    if (!this.#initialised) throw new KvmError('ENOEXEC', { value: `vCPU ${this.id}`, rule: 'a vCPU is initialised before it is used', remedy: 'call initialise() first' });
  }
}
