/**
 * What hosted code can do to a processor: execute one instruction at the present exception level, at a program counter of its own, and
 * see what came of it. There is no other door: a wrong accessor reads the wrong register here as it would on hardware. Types only.
 */
import type { RegisterName } from './registers.ts';

/** Where a load or store goes: a named slot of a context in memory (which is what makes dead saves visible), or an address. */
export type PortPlace =
  | { readonly kind: 'slot'; readonly context: string; readonly slot: string; readonly address: bigint }
  | { readonly kind: 'address'; readonly address: bigint };

export type AccessSize = 1 | 2 | 4 | 8;

/** The domain a barrier covers. */
export type BarrierDomain = 'sy' | 'ish' | 'osh' | 'nsh';

/** One instruction. `encoding` is a packed encoding, see `packEncoding`. */
export type PortInstruction =
  | { readonly op: 'mrs'; readonly encoding: number }
  | { readonly op: 'msr'; readonly encoding: number; readonly value: bigint }
  | { readonly op: 'isb' }
  | { readonly op: 'dsb'; readonly domain: BarrierDomain; readonly types?: 'all' | 'loads' | 'stores' }
  /** PSB CSYNC: profiling data has been formatted and translated; a DSB then waits for its writes. A NOP without FEAT_SPE. */
  | { readonly op: 'psb' }
  /** Address translation; the result is in PAR_EL1. */
  | { readonly op: 'at'; readonly encoding: number; readonly address: bigint }
  | { readonly op: 'tlbi'; readonly encoding: number; readonly operand?: bigint }
  | { readonly op: 'dc'; readonly encoding: number; readonly address: bigint }
  | { readonly op: 'ic'; readonly encoding: number; readonly address?: bigint }
  | { readonly op: 'hvc'; readonly immediate: number }
  | { readonly op: 'smc'; readonly immediate: number }
  | { readonly op: 'eret' }
  | { readonly op: 'ldr'; readonly place: PortPlace; readonly size: AccessSize }
  | { readonly op: 'str'; readonly place: PortPlace; readonly size: AccessSize; readonly value: bigint }
  /** A move between V register `register` (0 to 31) and the port: 128 bits. FPCR and FPSR go by mrs and msr. */
  | { readonly op: 'fp'; readonly transfer: 'read'; readonly register: number }
  | { readonly op: 'fp'; readonly transfer: 'write'; readonly register: number; readonly value: bigint }
  /** MSR DAIFSet or DAIFClr; `mask` has D in bit 3, A 2, I 1, F 0. */
  | { readonly op: 'daif'; readonly action: 'set' | 'clear'; readonly mask: number }
  | { readonly op: 'wfi' }
  /**
   * A branch to `address`, and the one instruction there, fetched from memory by the present translation. The verdict is its: what it does
   * besides raising an exception is seen in the registers, and where it leads by running on. Counts no time, as all hosted code.
   */
  | { readonly op: 'execute'; readonly address: bigint };

/** What one instruction came to. */
export type Verdict =
  /** It executed. `value` is the result of mrs, ldr and an fp read. */
  | { readonly kind: 'ok'; readonly value?: bigint }
  /** It executed and control is elsewhere now: after eret, hvc, smc, or a wfi that waits. The port goes on when a hosted entry is reached. */
  | { readonly kind: 'departed' }
  /** The instruction is UNDEFINED; the exception (EC 0) has been taken to that level. */
  | { readonly kind: 'undefined'; readonly to: 1 | 2 }
  /** It trapped or faulted; the exception has been taken, with this class and ISS. */
  | { readonly kind: 'trap'; readonly to: 1 | 2; readonly ec: number; readonly iss: number };

/** The instructions that yield a value. */
export type ReadingInstruction = Extract<PortInstruction, { readonly op: 'mrs' | 'ldr' } | { readonly op: 'fp'; readonly transfer: 'read' }>;

/** Hosted code's only access to a processor. Never throws for what the instruction does. */
export interface HostPort {
  execute(instruction: PortInstruction): Verdict;
}

/** Where a processor was when something happened: before it, for an exception. */
type Happened = {
  /** Instructions the processor had retired. */
  readonly retired: bigint;
  readonly pc: bigint;
  readonly el: number;
};

/** MRS or MSR (register), hosted or fetched. Values are null where the register was not reached or cannot be read. */
export type RegisterAccess = Happened & {
  readonly kind: 'system-register';
  readonly direction: 'read' | 'write';
  /** The packed encoding in the instruction. */
  readonly encoding: number;
  /** The name of that encoding: the accessor as the code has it. */
  readonly written: string;
  /** The register behind it, after redirection; null for an access that was refused. */
  readonly reached: RegisterName | null;
  readonly verdict: 'ok' | 'undefined' | 'trap';
  readonly before: bigint | null;
  readonly after: bigint | null;
};

/**
 * Barriers, and instructions that steer. `encoding`: of a SYS instruction; CRm of a DSB; op1:op2 of an MSR (immediate), whose CRm is the
 * `operand`.
 */
export type SteeringEvent = Happened & {
  readonly kind: 'barrier'; readonly name: 'isb' | 'dsb' | 'eret' | 'sys' | 'pstate' | 'wfi' | 'psb'; readonly encoding: number; readonly operand: bigint;
};

/** An exception was taken. `el` is the level it came from. */
export type ExceptionEvent = Happened & {
  readonly kind: 'exception'; readonly vector: 'synchronous' | 'irq' | 'fiq' | 'serror'; readonly to: number; readonly syndrome: bigint; readonly returnTo: bigint;
};

/** Hosted code loaded or stored: a physical address, a size in bytes. */
export type HostedAccess = Happened & { readonly kind: 'hosted'; readonly move: 'load' | 'store'; readonly address: bigint; readonly size: number; readonly value: bigint };

/** Hosted code moved a V register by number, 128 bits. */
export type HostedVectorMove = Happened & { readonly kind: 'hosted'; readonly move: 'read' | 'write'; readonly register: number; readonly before: bigint; readonly after: bigint };

/** What a processor that is observed reports, whether hosted code or code in memory did it. */
export type ProcessorEvent = RegisterAccess | SteeringEvent | ExceptionEvent | HostedAccess | HostedVectorMove;

/** A running observation of a processor: events in their order. Disposing ends it. */
export interface ProcessorEvents extends Disposable {
  /** Takes everything since the last call. */
  drain(): readonly ProcessorEvent[];
  /** Events overwritten before they were taken. */
  readonly lost: number;
  /** Present where events can be kept as they were written until somebody looks at them, which costs a fraction. */
  readonly deferred?: DeferredEvents;
}

/** Events that are made when they are iterated. */
export type EventBatch = Iterable<ProcessorEvent> & { readonly length: number };

export interface DeferredEvents {
  /** Events so far, those taken and those lost included: a place in their order. */
  readonly count: number;
  /** Takes everything since the last call of this or `drain`: the last `length` of `count`. */
  take(): EventBatch;
}
