/**
 * What hosted code can do to a processor: execute one instruction at the present exception level, at a program counter of its own, and
 * see what came of it. There is no other door: a wrong accessor reads the wrong register here as it would on hardware. Types only.
 */

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
  | { readonly op: 'wfi' };

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
