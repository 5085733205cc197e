/** Why `Vcpu.run` came back. What only one architecture has is in `arch`, whose type the architecture chooses. */
import type { DebugHit } from '@worldswitch/machine';
import type { ErrnoName } from './error.ts';

/** KVM's exit numbers of the typed exits (`kvm_run.exit_reason`); the others are ours alone. */
export const EXIT_REASON = {
  'hypercall': 3, 'debug': 4, 'mmio': 6, 'shutdown': 8, 'fail-entry': 9, 'interrupted': 10, 'internal-error': 17, 'system-event': 24, 'no-syndrome': 28, 'memory-fault': 39,
} as const;

/** What a guest asked the machine for; numbers as in `kvm_run.system_event.type`. */
export const SYSTEM_EVENT = { shutdown: 1, reset: 2, crash: 3, wakeup: 4, suspend: 5 } as const;
export type SystemEvent = keyof typeof SYSTEM_EVENT;

/** An access outside the memory slots. For a read, the VMM writes `data` before it runs the vCPU again; that completes the access. */
export interface MmioExit {
  readonly kind: 'mmio';
  /** Guest physical. */
  readonly address: bigint;
  readonly length: 1 | 2 | 4 | 8;
  readonly write: boolean;
  /** `length` bytes in the order they would have in memory. */
  readonly data: Uint8Array;
}

/**
 * A call that the VMM asked to see. `results`, which the VMM may change, go to the result registers at the next run; emptied, they leave them
 * to a VMM that writes registers itself.
 */
export interface HypercallExit {
  readonly kind: 'hypercall';
  readonly number: bigint;
  readonly args: readonly bigint[];
  readonly results: bigint[];
  /** `kvm_run.hypercall.flags`; 0 if absent. On arm64 bit 0: by SMC, not by HVC. */
  readonly flags?: bigint;
}

/** Why the hypervisor gave up. A vCPU that left with `dead` does not run again. */
export interface InternalErrorExit {
  readonly kind: 'internal-error';
  readonly reason: string;
  /** What was found, by name. */
  readonly detail: Readonly<Record<string, bigint | number | string>>;
  readonly dead: boolean;
  /** What KVM_RUN returns where this is a refusal to it, and no exit. */
  readonly errno?: ErrnoName;
}

export type Exit<A> =
  /** A debug exception that the VMM asked for. `pc` is where the guest stands. */
  | { readonly kind: 'debug'; readonly pc: bigint; readonly arch: A }
  | MmioExit
  | { readonly kind: 'system-event'; readonly event: SystemEvent; readonly flags: bigint }
  | HypercallExit
  /**
   * The budget is used up, somebody asked (`Vcpu.interrupt`), an output line of the vCPU (see `deviceLines`) changed, or the guest waits for
   * another of its processors (arm64: WFE) while there are some that can run.
   */
  | { readonly kind: 'interrupted'; readonly because: 'budget' | 'request' | 'lines' | 'yield' }
  /**
   * The vCPU is stopped, or waits for an interrupt and the machine has nothing to do until tick `until`; without it, until an input comes, or
   * another vCPU, which can run, has done something.
   */
  | { readonly kind: 'idle'; readonly until?: bigint }
  /** A stop of the debugger's own, inside the guest; running again goes on from there. */
  | { readonly kind: 'stop'; readonly hit: DebugHit }
  | { readonly kind: 'shutdown' }
  /** An access outside the slots of which the processor does not say what it is (arm64: ISV=0), for a VMM that asked to hear of them. `syndrome` is ESR_EL2.ISS. */
  | { readonly kind: 'no-syndrome'; readonly syndrome: bigint; readonly address: bigint }
  /** Memory of a slot that the host cannot give. KVM_RUN returns EFAULT. */
  | { readonly kind: 'memory-fault'; readonly address: bigint; readonly size: bigint }
  /** The processor refused to enter the guest; `reason` in the hardware's terms. `errno` where KVM_RUN refuses besides. */
  | { readonly kind: 'fail-entry'; readonly reason: bigint; readonly cpu: number; readonly errno?: ErrnoName }
  | InternalErrorExit;

export type ExitKind = Exit<unknown>['kind'];
