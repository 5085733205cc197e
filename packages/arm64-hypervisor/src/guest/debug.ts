/** Debugging a guest from outside: which controls a run gets, and how the guest's own come back. */
import { MDCR_EL2, MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import type { GuestDebug } from '@worldswitch/hypervisor';
import type { Block } from '../context/block.ts';
import { DEBUG_REGISTERS_MAX } from '../context/layout.ts';
import { PSTATE } from './guest.ts';
import type { Guest } from './guest.ts';

const MDE = MDSCR_EL1.mask('MDE');
const KDE = MDSCR_EL1.mask('KDE');
const SS = MDSCR_EL1.mask('SS');

/** Always trapped: performance monitors, profiling and trace controls, debug ROM and OS lock registers. */
export const GUEST_TRAPS = MDCR_EL2.mask('TPM') | MDCR_EL2.mask('TPMS') | MDCR_EL2.mask('TTRF') | MDCR_EL2.mask('TPMCR') | MDCR_EL2.mask('TDRA') | MDCR_EL2.mask('TDOSA');
const TDE = MDCR_EL2.mask('TDE');
const TDA = MDCR_EL2.mask('TDA');

/** MDCR_EL2 of a vCPU that nobody debugs and that has not touched its debug registers; `hpmn` as for `setupDebug`. */
export function undebugged(hpmn: bigint): bigint {
  return (hpmn & MDCR_EL2.mask('HPMN')) | GUEST_TRAPS | TDA;
}

/** The debugger's registers, into the set of its own. Units it does not mention are off. */
export function writeDebugSet(set: Block, { bcr, bvr, wcr, wvr }: NonNullable<GuestDebug['hardware']>): void {
  const bank = (name: string, values: readonly bigint[]): void => {
    for (let n = 0; n < DEBUG_REGISTERS_MAX; n++) set.set(`${name}${n}`, values[n] ?? 0n);
  };
  bank('bcr', bcr);
  bank('bvr', bvr);
  bank('wcr', wcr);
  bank('wvr', wvr);
}

/**
 * Before each entry: MDCR_EL2 for the run, and the debugger's PSTATE.SS and MDSCR_EL1 in place of the guest's. Of `hpmn`, the host's
 * MDCR_EL2, its counters are kept. `computed`: the switch itself looks whether the guest has debug events on, as it did until early 2018.
 */
export function setupDebug(guest: Guest, hpmn: bigint, computed = false): void {
  const { memory, request } = guest;
  const locked = guest.osLocked;
  const hardware = request.enable && request.hardware !== undefined;
  let mdcr = (hpmn & MDCR_EL2.mask('HPMN')) | GUEST_TRAPS;
  if (request.enable) mdcr |= TDE;
  let trap = !memory.dirty || locked;
  if (request.enable || locked) {
    const mdscr = guest.sysreg('MDSCR_EL1');
    guest.savedDebug = { mdscr, ss: guest.pstate & PSTATE.SS };
    if (request.enable) controlStep(guest, mdscr);
    if (hardware) {
      guest.setSysreg('MDSCR_EL1', guest.sysreg('MDSCR_EL1') | MDE);
      memory.debugPtr = memory.externalDebugState;
      memory.markDirty();
      trap = true;
    } else if (locked) guest.setSysreg('MDSCR_EL1', guest.sysreg('MDSCR_EL1') & ~MDE);
  }
  if (trap) mdcr |= TDA;
  if (!computed && (guest.sysreg('MDSCR_EL1') & (KDE | MDE)) !== 0n) memory.markDirty();
  if (memory.state.get('mdcr') === mdcr) return;
  memory.state.set('mdcr', mdcr);
  guest.loaded?.mdcrChanged(mdcr);
}

function controlStep(guest: Guest, mdscr: bigint): void {
  if (guest.request.singleStep !== true) {
    // The guest's own stepping would now report to us.
    guest.setSysreg('MDSCR_EL1', mdscr & ~SS);
    return;
  }
  guest.setSysreg('MDSCR_EL1', mdscr | SS);
  // A step whose instruction is done must not be given another.
  guest.pstate = guest.stepActivePending ? guest.pstate & ~PSTATE.SS : guest.pstate | PSTATE.SS;
}

/** After each run: the guest's own controls again. */
export function clearDebug(guest: Guest): void {
  const { savedDebug, memory, request } = guest;
  if (savedDebug === undefined) return;
  guest.savedDebug = undefined;
  if (request.enable && request.singleStep === true && (guest.pstate & PSTATE.SS) === 0n) guest.stepActivePending = true;
  guest.setSysreg('MDSCR_EL1', savedDebug.mdscr);
  guest.pstate = (guest.pstate & ~PSTATE.SS) | savedDebug.ss;
  memory.debugPtr = memory.vcpuDebugState;
}
