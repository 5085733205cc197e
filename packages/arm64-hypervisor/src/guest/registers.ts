/** A vCPU's registers by name: in memory between runs, on the processor while the guest is stopped in the middle. */
import { KvmError } from '@worldswitch/hypervisor';
import type { VcpuRegisters } from '@worldswitch/hypervisor';
import { hex } from '@worldswitch/bits';
import { CONTEXT_SYSREGS, DEBUG_REGISTERS_MAX } from '../context/layout.ts';
import { contextPlace } from '../one-reg/storage.ts';
import type { GuestStorage, Place } from '../one-reg/storage.ts';
import type { FaultName } from '../switch/faults.ts';
import type { Guest } from './guest.ts';

const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ...Array.from({ length: 31 }, (_, n): [string, Place] => [`x${n}`, contextPlace(`x${n}`)]),
  ...Array.from({ length: 32 }, (_, n): [string, Place] => [`v${n}`, contextPlace(`v${n}`)]),
  ...['SP_EL0', 'SP_EL1', 'ELR_EL1', 'SPSR_EL1', 'FPSR', 'FPCR', ...CONTEXT_SYSREGS].map((name): [string, Place] => [name, contextPlace(name)]),
  ['pc', contextPlace('PC')], ['pstate', contextPlace('PSTATE')], ['MPIDR_EL1', contextPlace('VMPIDR_EL2')],
  ...(['bcr', 'bvr', 'wcr', 'wvr'] as const).flatMap((bank) =>
    Array.from({ length: DEBUG_REGISTERS_MAX }, (_, n): [string, Place] => [`DBG${bank.toUpperCase()}${n}_EL1`, { kind: 'debug', bank, n }])),
  ['CNTV_CTL_EL0', { kind: 'state', slot: 'cntv-ctl' }], ['CNTV_CVAL_EL0', { kind: 'state', slot: 'cntv-cval' }], ['CNTVOFF_EL2', { kind: 'offset' }],
]);

/** Modes a 64-bit guest at EL1 can be put in: EL0t, EL1t, EL1h (DDI 0487 C5.2.19, M[4:0]). */
const MODES = [0n, 4n, 5n];

/** `sp` is the stack pointer in use, which the processor knows while the guest is on it. */
function stackPointer(guest: Guest): Place {
  return { ...contextPlace((guest.pstate & 5n) === 5n ? 'SP_EL1' : 'SP_EL0'), live: 'sp' };
}

/** Throws `KvmError` EINVAL for a PSTATE of a mode that a 64-bit guest cannot be in. */
export function checkPstate(value: bigint): void {
  if (MODES.includes(value & 0x1fn)) return;
  throw new KvmError('EINVAL', { value: `pstate = ${hex(value)}`, rule: 'M[4:0] is 0 (EL0t), 4 (EL1t) or 5 (EL1h) for this guest', remedy: 'choose one of these modes' });
}

export function vcpuRegisters(storage: GuestStorage, faithful: ReadonlySet<FaultName> = new Set()): VcpuRegisters {
  const unlisted = faithful.has('bcr0-unlisted') ? 'DBGBCR0_EL1' : undefined;
  const names = [...PLACES.keys(), 'sp'].filter((name) => name !== unlisted);
  const place = (name: string): Place | undefined => (name === unlisted ? undefined : name === 'sp' ? stackPointer(storage.guest) : PLACES.get(name));
  return {
    names,
    read(name) {
      const at = place(name);
      return at === undefined ? undefined : storage.read(at);
    },
    write(name, value) {
      if (place(name) === undefined) return false;
      if (name === 'pstate') checkPstate(value);
      storage.settle();
      const at = place(name) as Place;
      storage.write(at, value);
      return true;
    },
  };
}
