/**
 * A KVM in memory that runs nothing: it keeps registers, attributes and states, records the calls made to it, and refuses what it is told to. For
 * the paths of a VMM that a kernel which works never takes.
 */
import { HYPERVISOR_API_VERSION, Kvm, KvmError, NO_GUEST_DEBUG } from '@worldswitch/hypervisor';
import type { ArchitectureCall, Attribute, Attributes, ErrnoName, HypervisorArchitecture, MpState, OneRegisters, Vcpu, VcpuBackend, Vm, VmBackend } from '@worldswitch/hypervisor';
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';

/** Which calls to refuse, by the text under which they are recorded, or a beginning of it that ends at a space. */
export type Refusals = Map<string, ErrnoName>;

export interface FakeKernelOptions {
  readonly byteOrder?: 'little' | 'big';
  /** KVM_CHECK_EXTENSION by number. */
  readonly capabilities?: Readonly<Record<number, number>>;
  /** KVM_ARM_PREFERRED_TARGET; undefined: the kernel does not have the call. */
  readonly preferredTarget?: number | undefined;
  /** Targets that KVM_ARM_VCPU_INIT takes. */
  readonly targets?: readonly number[];
  /** GET_REG_LIST, in the kernel's order. */
  readonly list?: readonly bigint[];
  /** Registers after VCPU_INIT. Those of the list that are not named here are 0. */
  readonly registers?: ReadonlyMap<bigint, bigint>;
  /** Registers that only take the value they have. */
  readonly invariant?: ReadonlySet<bigint>;
  /** Attributes of a vCPU that exist: group and number. */
  readonly attributes?: readonly (readonly [group: number, attribute: bigint, size: number])[];
}

const refuse = (errno: ErrnoName, value: string): KvmError => new KvmError(errno, { value, rule: 'the kernel of this test refuses it', remedy: 'expect it' });

/** A kernel, one VM's worth of state in it. */
export class FakeKernel {
  readonly kvm: Kvm<unknown>;
  /** Calls in the order in which they were made: `set 0x6030…`, `get 0x…`, `init 5 psci-0.2`, `mp-state stopped`, `has 0 0`, `attribute 0 0 17000000`. */
  readonly calls: string[] = [];
  readonly refusals: Refusals = new Map();
  readonly registers = new Map<bigint, bigint>();
  readonly lines = new Map<string, boolean>();
  deviceLines: Record<string, boolean> = {};
  mpState: MpState = 'runnable';
  /** VMs that have not been disposed. */
  living = 0;
  readonly #options: FakeKernelOptions;

  constructor(options: FakeKernelOptions = {}) {
    this.#options = options;
    this.kvm = new Kvm(this.#architecture());
  }

  /** A VM with an initialised vCPU. */
  vcpu(): { readonly vm: Vm<unknown>; readonly vcpu: Vcpu<unknown> } {
    const vm = this.kvm.createVm();
    const vcpu = vm.createVcpu(0);
    vcpu.initialise();
    this.calls.length = 0;
    return { vm, vcpu };
  }

  #record(call: string): void {
    this.calls.push(call);
    for (const [text, errno] of this.refusals) if (call === text || call.startsWith(`${text} `)) throw refuse(errno, call);
  }

  #architecture(): HypervisorArchitecture<unknown> {
    const { byteOrder = 'little', capabilities = {}, preferredTarget } = this.#options;
    return {
      name: 'fake', apiVersion: HYPERVISOR_API_VERSION, revisions: [],
      capabilities: { maxVcpus: 4, memorySlots: 4, addressBits: 40, breakpoints: 0, watchpoints: 0 },
      abi: {
        encoding: 'generic', structs: 'arm64', byteOrder, calls: [...(preferredTarget === undefined ? [] : [this.#preferred(preferredTarget, byteOrder)]), this.#init(byteOrder)],
        debugExit: () => new Uint8Array(16), guestDebug: () => NO_GUEST_DEBUG, syncRegisters: () => new Uint8Array(0),
      },
      hostMemory: () => true,
      extension: (number) => capabilities[number] ?? 0,
      createVm: () => this.#vm(),
    };
  }

  /** Bytes of `kvm_vcpu_init`: the target, then features. */
  #preferred(target: number, order: 'little' | 'big'): ArchitectureCall<unknown> {
    return {
      name: 'KVM_ARM_PREFERRED_TARGET',
      run: (_, argument) => {
        this.#record('preferred');
        argument.fill(0);
        writeUnsigned(argument, 0, 4, BigInt(target), order);
        return 0;
      },
    };
  }

  #init(order: 'little' | 'big'): ArchitectureCall<unknown> {
    return {
      name: 'KVM_ARM_VCPU_INIT',
      run: ({ initialise }, argument) => {
        const target = Number(readUnsigned(argument, 0, 4, order));
        const bits = Number(readUnsigned(argument, 4, 4, order));
        const features = ['power-off', 'el1-32bit', 'psci-0.2', 'pmu-v3'].filter((_, bit) => ((bits >> bit) & 1) === 1);
        this.#record(['init', target, ...features].join(' '));
        if (this.#options.targets?.includes(target) === false) throw refuse('EINVAL', `target ${target}`);
        initialise?.(features);
        return 0;
      },
    };
  }

  #vm(): VmBackend<unknown> {
    this.#record('create-vm');
    this.living++;
    const never = (): never => { throw refuse('EINVAL', 'a call that this kernel does not have'); };
    return {
      addressBits: 40, attributes: { find: () => undefined },
      slotAdded: () => undefined, slotRemoved: () => undefined, slotLogging: () => undefined, takeDirtyPages: () => new Uint8Array(0),
      createVcpu: () => this.#vcpu(), createDevice: never, testDevice: never, extension: (number) => this.#options.capabilities?.[number] ?? 0,
      enableCapability: never, irqLine: never, gsi: never, dispose: () => { this.living--; },
    };
  }

  #vcpu(): VcpuBackend<unknown> {
    this.#record('create-vcpu');
    const mpStateOf = (): MpState => { this.#record('get-mp-state'); return this.mpState; };
    const setMpState = (state: MpState): void => { this.#record(`mp-state ${state}`); this.mpState = state; };
    const linesOf = (): Record<string, boolean> => this.deviceLines;
    return {
      initialise: () => { this.#reset(); },
      finalise: () => undefined, prepare: () => undefined, complete: () => undefined, interrupt: () => undefined, setGuestDebug: () => undefined,
      run: () => ({ kind: 'interrupted', because: 'request' }),
      setLine: (line, level) => { this.#record(`line ${line} ${level}`); this.lines.set(line, level); return true; },
      get deviceLines() { return linesOf(); },
      registers: { names: [], read: () => undefined, write: () => false },
      oneRegisters: this.#oneRegisters(), attributes: this.#attributes(),
      get mpState() { return mpStateOf(); },
      set mpState(state: MpState) { setMpState(state); },
    };
  }

  #reset(): void {
    this.registers.clear();
    for (const id of this.#options.list ?? []) this.registers.set(id, 0n);
    for (const [id, value] of this.#options.registers ?? []) this.registers.set(id, value);
  }

  #oneRegisters(): OneRegisters {
    const find = (id: bigint): bigint => {
      const value = this.registers.get(id);
      if (value === undefined) throw refuse('ENOENT', `0x${id.toString(16)}`);
      return value;
    };
    return {
      list: () => { this.#record('list'); return this.#options.list ?? [...this.registers.keys()]; },
      get: (id) => { this.#record(`get 0x${id.toString(16)}`); return find(id); },
      set: (id, value) => {
        this.#record(`set 0x${id.toString(16)}`);
        if (find(id) !== value && this.#options.invariant?.has(id) === true) throw refuse('EINVAL', `0x${id.toString(16)} = ${value}`);
        this.registers.set(id, value);
      },
    };
  }

  #attributes(): Attributes {
    return {
      find: (group, attribute): Attribute | undefined => {
        this.#record(`has ${group} ${attribute}`);
        const found = this.#options.attributes?.find(([g, a]) => g === group && a === attribute);
        return found && { size: found[2], set: (value) => { this.#record(`attribute ${group} ${attribute} ${[...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`.trimEnd()); } };
      },
    };
  }
}
