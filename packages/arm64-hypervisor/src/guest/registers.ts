/** A vCPU's registers by name: in memory between runs, on the processor while the guest is stopped in the middle. */
import { KvmError } from '@worldswitch/hypervisor';
import type { VcpuRegisters } from '@worldswitch/hypervisor';
import { hex } from '@worldswitch/bits';
import { CONTEXT_SYSREGS, DEBUG_REGISTERS_MAX } from '../context/layout.ts';
import type { HostProcessor } from '../processor.ts';
import type { FaultName } from '../switch/faults.ts';
import type { Guest } from './guest.ts';
import { setDebugRegister } from './one-reg.ts';
import type { DebugBank } from './vcpu-memory.ts';

const CONTEXT_SLOT: ReadonlyMap<string, string> = new Map<string, string>([
  ...Array.from({ length: 31 }, (_, n): [string, string] => [`x${n}`, `x${n}`]),
  ...Array.from({ length: 32 }, (_, n): [string, string] => [`v${n}`, `v${n}`]),
  ...['SP_EL0', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'FPSR', 'FPCR', ...CONTEXT_SYSREGS].map((name): [string, string] => [name, name]),
  ['pc', 'PC'], ['pstate', 'PSTATE'],
]);

const DEBUG_SLOT: ReadonlyMap<string, readonly [DebugBank, number]> = new Map((['bcr', 'bvr', 'wcr', 'wvr'] as const).flatMap((bank) =>
  Array.from({ length: DEBUG_REGISTERS_MAX }, (_, n): [string, readonly [DebugBank, number]] => [`DBG${bank.toUpperCase()}${n}_EL1`, [bank, n]])));

const TIMER_SLOT: ReadonlyMap<string, string> = new Map([['CNTV_CTL_EL0', 'cntv-ctl'], ['CNTV_CVAL_EL0', 'cntv-cval'], ['CNTVOFF_EL2', 'cntvoff']]);

/** Modes a 64-bit guest at EL1 can be put in: EL0t, EL1t, EL1h (DDI 0487 C5.2.19, M[4:0]). */
const MODES = [0n, 4n, 5n];

/** What the processor calls it: the guest's `MPIDR_EL1` is in VMPIDR_EL2, everything else has its own name. */
const SYNONYMS: Readonly<Record<string, string>> = { MPIDR_EL1: 'VMPIDR_EL2' };

/** `sp` is the stack pointer in use. */
function stackPointer(guest: Guest): string {
  return (guest.pstate & 5n) === 5n ? 'SP_EL1' : 'SP_EL0';
}

export interface LiveState {
  readonly guest: Guest;
  readonly processor: HostProcessor;
  /** Whether the guest stands on the processor. */
  readonly live: () => boolean;
  /** Before a guest that stands on the processor is changed: takes it off. */
  readonly settle: () => void;
  readonly faithful?: ReadonlySet<FaultName>;
}

export function vcpuRegisters({ guest, processor, live, settle, faithful = new Set() }: LiveState): VcpuRegisters {
  const unlisted = faithful.has('bcr0-unlisted') ? 'DBGBCR0_EL1' : undefined;
  const names = [...CONTEXT_SLOT.keys(), 'sp', 'MPIDR_EL1', ...DEBUG_SLOT.keys(), ...TIMER_SLOT.keys()].filter((name) => name !== unlisted);
  const setDebug = (bank: DebugBank, n: number, value: bigint): void => { setDebugRegister({ memory: guest.memory, faithful }, bank, n, value); };
  const known = new Set(names);
  const context = (name: string): string | undefined => (name === 'sp' ? stackPointer(guest) : CONTEXT_SLOT.get(SYNONYMS[name] ?? name));
  return {
    names,
    read(name) {
      if (!known.has(name)) return undefined;
      const slot = context(name);
      // The debugger's controls are on the processor too; they are never shown.
      if (live() && slot !== undefined && !OVERRIDDEN.has(name)) return processor.debugger.read(SYNONYMS[name] ?? name);
      if (live()) settle();
      if (slot !== undefined) return guest.memory.context.get(slot);
      const debug = DEBUG_SLOT.get(name);
      if (debug !== undefined) return guest.memory.debugRegister(...debug);
      return guest.memory.state.get(TIMER_SLOT.get(name) as string);
    },
    write(name, value) {
      if (!known.has(name)) return false;
      if (name === 'pstate' && !MODES.includes(value & 0x1fn)) {
        throw new KvmError('EINVAL', { value: `pstate = ${hex(value)}`, rule: 'M[4:0] is 0 (EL0t), 4 (EL1t) or 5 (EL1h) for this guest', remedy: 'choose one of these modes' });
      }
      if (live()) settle();
      const slot = context(name);
      const debug = DEBUG_SLOT.get(name);
      if (slot !== undefined) guest.memory.context.set(slot, value);
      else if (debug !== undefined) setDebug(...debug, value);
      else guest.memory.state.set(TIMER_SLOT.get(name) as string, value);
      return true;
    },
  };
}

/** Not to be taken from the processor: what the debugger may have changed there, what is never there, and V registers, which may be the host's still. */
const OVERRIDDEN: ReadonlySet<string> = new Set([
  'MDSCR_EL1', 'pstate', 'OSLSR_EL1', 'DISR_EL1', 'MDCCINT_EL1', 'FPSR', 'FPCR', ...Array.from({ length: 32 }, (_, n) => `v${n}`),
]);
