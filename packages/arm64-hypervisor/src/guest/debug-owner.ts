/**
 * Guest debug by owner: who has the breakpoint and watchpoint registers while the vCPU is loaded. Decided at load, and again when a guest
 * that nobody debugs first touches them; nothing is dirty, and nothing of the guest's own is put aside but PSTATE.SS.
 */
import { MDCR_EL2, MDSCR_EL1 } from '@worldswitch/arm64-sysreg';
import type { Block } from '../context/block.ts';
import { GUEST_TRAPS } from './debug.ts';
import { PSTATE } from './guest.ts';
import type { Guest } from './guest.ts';
import type { VcpuMemory } from './vcpu-memory.ts';

/** Values of `debug-owner`. */
export const DEBUG_OWNER = { free: 0n, guest: 1n, host: 2n } as const;

const MDE = MDSCR_EL1.mask('MDE');
const KDE = MDSCR_EL1.mask('KDE');
const SS = MDSCR_EL1.mask('SS');
const TDE = MDCR_EL2.mask('TDE');
const TDA = MDCR_EL2.mask('TDA');

/** The set that is loaded for an owner; undefined for a vCPU whose debug registers are free. */
export function ownedSet({ vcpuDebugState, externalDebugState }: VcpuMemory, owner: bigint): Block | undefined {
  if (owner === DEBUG_OWNER.free) return undefined;
  return owner === DEBUG_OWNER.host ? externalDebugState : vcpuDebugState;
}

function setControls({ memory, request, loaded }: Guest, hpmn: bigint): void {
  const mdcr = (hpmn & MDCR_EL2.mask('HPMN')) | GUEST_TRAPS | (request.enable ? TDE : 0n) | (memory.state.get('debug-owner') === DEBUG_OWNER.guest ? 0n : TDA);
  memory.state.set('mdcr', mdcr);
  loaded?.mdcrChanged(mdcr);
}

/** MDSCR_EL1 of a run whose debug registers are the host's: the guest's without what would debug it, and with what the VMM asked for. */
function externalMdscr({ request }: Guest, mdscr: bigint): bigint {
  const own = mdscr & ~(SS | MDE | KDE);
  return own | (request.enable && request.singleStep === true ? SS : 0n) | (request.enable && request.hardware !== undefined ? MDE | KDE : 0n);
}

/** Before the vCPU is loaded. `hpmn` is what the host keeps of MDCR_EL2. */
export function loadDebug(guest: Guest, hpmn: bigint): void {
  const { memory: { state }, request } = guest;
  const mdscr = guest.sysreg('MDSCR_EL1');
  if (request.enable || guest.osLocked) {
    state.set('debug-owner', DEBUG_OWNER.host);
    state.set('external-mdscr', externalMdscr(guest, mdscr));
    if (request.enable && request.singleStep === true) {
      guest.savedDebug = { mdscr, ss: guest.pstate & PSTATE.SS };
      guest.pstate = guest.stepActivePending ? guest.pstate & ~PSTATE.SS : guest.pstate | PSTATE.SS;
    }
  } else state.set('debug-owner', (mdscr & (MDE | KDE)) === 0n ? DEBUG_OWNER.free : DEBUG_OWNER.guest);
  setControls(guest, hpmn);
}

/** After the vCPU was put: the guest's own PSTATE.SS again. */
export function putDebug(guest: Guest): void {
  const { savedDebug } = guest;
  if (savedDebug === undefined) return;
  guest.savedDebug = undefined;
  // Clear: the instruction of the step is done and its exception not yet taken.
  guest.stepActivePending = (guest.pstate & PSTATE.SS) === 0n;
  guest.pstate = (guest.pstate & ~PSTATE.SS) | savedDebug.ss;
}

/** The guest has touched a debug register that traps: from now on they are its own, unless the host has them. */
export function claimDebug(guest: Guest, hpmn: bigint): void {
  const { state } = guest.memory;
  if (state.get('debug-owner') !== DEBUG_OWNER.free) return;
  state.set('debug-owner', DEBUG_OWNER.guest);
  setControls(guest, hpmn);
}
