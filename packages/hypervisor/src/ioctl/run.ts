/** KVM_RUN: `struct kvm_run` in, a run of the typed vCPU, `struct kvm_run` out. */
import type { Abi, HypervisorArchitecture } from '../architecture.ts';
import { CONSTANTS, structCodec } from '../abi/index.ts';
import type { StructAbi, StructCodec } from '../abi/index.ts';
import { KvmError } from '../error.ts';
import type { ErrnoName } from '../error.ts';
import { EXIT_REASON, SYSTEM_EVENT } from '../exits.ts';
import type { Exit } from '../exits.ts';
import type { VcpuObject } from './files.ts';
import type { Scheduler } from './scheduler.ts';

type RunCodec = StructCodec<StructAbi, 'kvm_run'>;

/** Writes that became events, and passages of time, in one run; after as many it ends as by a signal, so that no guest keeps it for ever. */
const TURNS = 1000;

/** Offset of `mmio.data`. */
const MMIO_DATA = 40;
/** Offset of the union of exits. */
const UNION = 32;
const UNION_SIZE = 256;
/** Offset of `s.regs`. */
const SYNC_REGISTERS = 304;

export class Runner<A> {
  readonly #abi: Abi<A>;
  readonly #codec: RunCodec;
  readonly #scheduler: Scheduler<A>;
  readonly #slice: number;

  /** `slice`: instructions after which a run ends as by the signal of a timer. */
  constructor({ abi }: HypervisorArchitecture<A>, scheduler: Scheduler<A>, slice: number) {
    this.#abi = abi;
    this.#codec = structCodec<StructAbi, 'kvm_run'>(abi.structs, 'kvm_run', abi.byteOrder);
    this.#scheduler = scheduler;
    this.#slice = slice;
  }

  /** 0, or throws `KvmError`: EINTR, or what kept the guest from running. */
  run(target: VcpuObject<A>): number {
    const { vcpu, pages } = target;
    const { pending } = target;
    if (pending) pending.data.set(pages.subarray(MMIO_DATA, MMIO_DATA + pending.length));
    if (this.#codec.get(pages, 'immediate_exit') !== 0) {
      vcpu.run({ immediateExit: true });
      target.pending = undefined;
      return interrupted('immediate_exit is set');
    }
    target.idle = undefined;
    target.passedOver = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const exit = vcpu.run({ budget: this.#slice });
      target.pending = undefined;
      if (exit.kind === 'mmio' && exit.write && target.vm.events.write(exit)) continue;
      if (exit.kind === 'idle' && this.#scheduler.pass(target, exit.until)) continue;
      return this.#leave(target, exit);
    }
    return this.#leave(target, { kind: 'interrupted', because: 'budget' });
  }

  #begin({ pages, vcpu }: VcpuObject<A>): void {
    this.#codec.assign(pages, { exit_reason: CONSTANTS.KVM_EXIT.KVM_EXIT_UNKNOWN, flags: 0 });
    pages.set(this.#abi.syncRegisters(vcpu.backend), SYNC_REGISTERS);
  }

  #leave(target: VcpuObject<A>, exit: Exit<A>): number {
    const { pages } = target;
    this.#begin(target);
    const reason = (kind: keyof typeof EXIT_REASON): void => { this.#codec.set(pages, 'exit_reason', EXIT_REASON[kind]); };
    // What the last exit left in the union is none of this one's.
    const clear = (): void => { pages.fill(0, UNION, UNION + UNION_SIZE); };
    switch (exit.kind) {
      case 'interrupted':
      case 'idle':
      case 'stop':
        reason('interrupted');
        return interrupted(exit.kind === 'interrupted' ? exit.because : exit.kind);
      case 'debug':
        clear();
        this.#codec.set(pages, 'flags', this.#abi.debugExitFlags ?? 0);
        pages.set(this.#abi.debugExit(exit.arch, exit.pc), UNION);
        break;
      case 'mmio':
        clear();
        this.#codec.assign(pages, { 'mmio.phys_addr': exit.address, 'mmio.len': exit.length, 'mmio.is_write': exit.write ? 1 : 0, 'mmio.data': exit.data });
        if (!exit.write) target.pending = exit;
        break;
      case 'system-event':
        clear();
        this.#codec.assign(pages, { 'system_event.type': SYSTEM_EVENT[exit.event], 'system_event.ndata': 1, 'system_event.data': [exit.flags] });
        break;
      case 'hypercall':
        clear();
        this.#codec.assign(pages, { 'hypercall.nr': exit.number, 'hypercall.flags': exit.flags ?? 0n });
        // Here the program reads and writes the registers itself (api.rst 5, KVM_EXIT_HYPERCALL): nothing is put into them at the next run.
        exit.results.length = 0;
        break;
      case 'no-syndrome':
        clear();
        this.#codec.assign(pages, { 'arm_nisv.esr_iss': exit.syndrome, 'arm_nisv.fault_ipa': exit.address });
        break;
      case 'memory-fault':
        clear();
        this.#codec.assign(pages, { 'memory_fault.flags': 0n, 'memory_fault.gpa': exit.address, 'memory_fault.size': exit.size });
        reason(exit.kind);
        throw new KvmError('EFAULT', { value: `guest memory at 0x${exit.address.toString(16)}`, rule: 'the host cannot give it', remedy: 'see kvm_run.memory_fault' });
      case 'fail-entry':
        clear();
        this.#codec.assign(pages, { 'fail_entry.hardware_entry_failure_reason': exit.reason, 'fail_entry.cpu': exit.cpu });
        break;
      case 'internal-error':
        if (exit.errno) throw refusal(exit.errno, exit.reason);
        clear();
        this.#codec.assign(pages, { 'internal.suberror': CONSTANTS.KVM_INTERNAL_ERROR.KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON, 'internal.ndata': 0 });
        break;
      case 'shutdown':
        break;
    }
    reason(exit.kind);
    if (exit.kind === 'fail-entry' && exit.errno) throw refusal(exit.errno, `entry failed with 0x${exit.reason.toString(16)}`);
    return 0;
  }
}

const refusal = (errno: ErrnoName, why: string): KvmError => new KvmError(errno, { value: 'KVM_RUN', rule: `the guest could not go on: ${why}`, remedy: 'see the guest\'s registers' });

function interrupted(why: string): never {
  throw new KvmError('EINTR', { value: 'KVM_RUN', rule: `it was interrupted: ${why}`, remedy: 'run again' });
}
