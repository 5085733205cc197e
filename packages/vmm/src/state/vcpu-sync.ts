/**
 * A vCPU's state on the VMM's side, and its way to the kernel and back: the registers the VMM has by itself, in a fixed order; then the list of
 * the rest; then whether the vCPU runs.
 */
import { ERRNO, KvmError, whileDoing } from '@worldswitch/hypervisor';
import type { MpState, Vcpu } from '@worldswitch/hypervisor';
import { hex } from '@worldswitch/bits';
import type { VmmFaultName } from './faults.ts';
import { RegisterList, refusal } from './register-list.ts';
import type { ListOutcome, RegisterFields, RegisterLevel, RegisterListRules, RegisterValue } from './register-list.ts';

/** What the state of a processor has on every architecture. */
export interface VcpuState {
  mpState: MpState;
  /** Levels of the vCPU's interrupt inputs that the VMM drives; empty where the interrupt controller is in the kernel. */
  readonly inputs: Record<string, boolean>;
  /** Levels of the vCPU's own outputs, as of the last `get`. */
  outputs: Readonly<Record<string, boolean>>;
}

/** A register that the VMM has in a place of its own. */
export interface CoreRegister<S> {
  readonly id: bigint;
  readonly name: string;
  readonly read: (state: S) => bigint;
  /** Also brings up to date what follows from it. */
  readonly write: (state: S, value: bigint) => void;
}

/** What an architecture knows of its processors' state. */
export interface StateKnowledge<S> extends RegisterListRules {
  /** In the order in which they are moved, in either direction. */
  readonly core: readonly CoreRegister<S>[];
  /** Before the first is put: places that were changed under one name are brought up to date under the others. */
  settle(state: S): void;
  /** Fields for registers of the list; asked for once for each state. */
  fields(state: S): RegisterFields;
}

/** What of a vCPU is needed; a `Vcpu` has it. */
export type SyncedVcpu = Pick<Vcpu<unknown>, 'oneRegisters' | 'mpState' | 'setLine' | 'deviceLines'>;

export interface VcpuSyncOptions {
  /** Whether the kernel has KVM_CAP_MP_STATE; without, whether a vCPU runs is not moved. True by default. */
  readonly hasMpState?: boolean;
  /** Faults of the original code to have as well. None by default. */
  readonly faithful?: readonly VmmFaultName[];
}

/** Messages are put together for each call and hardly ever read, so what is long in them is made once. */
interface LabelledRegister<S> extends CoreRegister<S> {
  readonly label: string;
}

export class VcpuSync<S extends VcpuState> {
  readonly vcpu: SyncedVcpu;
  readonly state: S;
  readonly list: RegisterList;
  readonly #knowledge: StateKnowledge<S>;
  readonly #core: readonly LabelledRegister<S>[];
  readonly #fields: RegisterFields;
  readonly #hasMpState: boolean;
  readonly #faithful: ReadonlySet<VmmFaultName>;

  /** After the vCPU has been initialised; see `RegisterList` for what it throws. `state` is filled by `get`. */
  constructor(vcpu: SyncedVcpu, state: S, knowledge: StateKnowledge<S>, { hasMpState = true, faithful = [] }: VcpuSyncOptions = {}) {
    this.vcpu = vcpu;
    this.state = state;
    this.#knowledge = knowledge;
    this.#core = knowledge.core.map((row) => ({ ...row, label: `${row.name} (${hex(row.id)})` }));
    this.#fields = knowledge.fields(state);
    this.#hasMpState = hasMpState;
    this.#faithful = new Set(faithful);
    this.list = new RegisterList(vcpu.oneRegisters, knowledge);
  }

  /**
   * Kernel to state. Returns 0. Throws `KvmError` that names the register: at the first of the VMM's own that is refused, and EINVAL with all of
   * the list's that are, once all were read.
   */
  get(): number {
    const one = this.vcpu.oneRegisters;
    for (const { id, label, write } of this.#core) whileDoing(`getting ${label}`, () => { write(this.state, one.get(id)); });
    const failed = this.#failed('getting', this.list.read());
    if (failed !== 0) return failed;
    // Registers that the VMM has no field for are in the list, and stay there.
    this.list.copyTo(this.#fields);
    if (this.#hasMpState) this.#moveMpState('getting', () => { this.state.mpState = this.vcpu.mpState; });
    this.state.outputs = { ...this.vcpu.deviceLines };
    return 0;
  }

  /**
   * State to kernel, the list by level. Returns 0. Throws as `get`; what came before the refusal has been written. Interrupt inputs are set at
   * `reset` and `full` only: while a guest runs, a device sets them as they change, and a copy of an earlier moment would undo that.
   */
  put(level: RegisterLevel): number {
    const one = this.vcpu.oneRegisters;
    this.#knowledge.settle(this.state);
    for (const { id, label, read } of this.#core) whileDoing(`setting ${label}`, () => { one.set(id, read(this.state)); });
    this.list.copyFrom(this.#fields);
    const failed = this.#failed('setting', this.list.write(level));
    if (failed !== 0) return failed;
    if (this.#hasMpState) this.#moveMpState('setting', () => { this.vcpu.mpState = this.state.mpState; });
    if (level !== 'runtime') for (const [line, on] of Object.entries(this.state.inputs)) this.vcpu.setLine(line, on);
    return 0;
  }

  /** Registers of the list as they are here, for a migration or to compare. */
  snapshot(): readonly RegisterValue[] {
    return this.list.snapshot();
  }

  /** Takes a snapshot's registers, here and in the kernel; the VMM's own are in `state`. Throws as `RegisterList.restore` and `put`. */
  restore(snapshot: readonly RegisterValue[]): number {
    this.list.restore(snapshot);
    this.list.copyTo(this.#fields);
    return this.put('full');
  }

  #failed(doing: string, { ok, refused }: ListOutcome): number {
    if (ok) return 0;
    if (this.#faithful.has('lost-refusals')) return ERRNO.EINVAL;
    throw refusal(`${doing} registers of the list`, refused);
  }

  #moveMpState(doing: string, move: () => void): void {
    try {
      whileDoing(`${doing} the MP state`, move);
    } catch (error) {
      if (!this.#faithful.has('lost-refusals') || !(error instanceof KvmError)) throw error;
    }
  }
}
