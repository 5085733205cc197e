import { NO_GUEST_DEBUG } from '@worldswitch/hypervisor';
import type { GuestDebug } from '@worldswitch/hypervisor';
import { ReferenceMemory } from '@worldswitch/machine';
import { describe, expect, it } from 'vitest';
import { clearDebug, setupDebug, writeDebugSet } from './debug.ts';
import { Guest } from './guest.ts';
import { VcpuMemory } from './vcpu-memory.ts';

const BASE = 0x4000_0000n;
// MDCR_EL2 (DDI 0487 D24): TPMCR 5, TPM 6, TDE 8, TDA 9, TDOSA 10, TDRA 11, TPMS 14, TTRF 19.
const ALWAYS = (1n << 5n) | (1n << 6n) | (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 19n);
const TDE = 1n << 8n;
const TDA = 1n << 9n;
const HPMN = 6n;
// MDSCR_EL1: SS 0, KDE 13, MDE 15. PSTATE.SS is bit 21.
const SS = 1n;
const KDE = 1n << 13n;
const MDE = 1n << 15n;
const PSTATE_SS = 1n << 21n;
const HARDWARE = { bcr: [0x1e7n], bvr: [0x1000n], wcr: [], wvr: [] } as const;

function guest(request: GuestDebug = NO_GUEST_DEBUG, mdscr = 0n): Guest {
  const memory = new ReferenceMemory();
  memory.ram(BASE, 0x1000);
  const made = new Guest(new VcpuMemory(0, BASE, memory, 'little'));
  made.reset({ hcr: 0n, mpidr: 0n });
  made.request = request;
  if (request.enable && request.hardware) writeDebugSet(made.memory.externalDebugState, request.hardware);
  made.setSysreg('MDSCR_EL1', mdscr);
  return made;
}
const mdcr = (of: Guest): bigint => of.memory.state.get('mdcr');

/** What the debug notes of the facts say of each case before an entry: section 8, setup. */
const CASES: readonly (readonly [string, GuestDebug, bigint, { readonly mdcr: bigint; readonly mdscr: bigint; readonly dirty: boolean; readonly external: boolean }])[] = [
  ['nobody debugs', NO_GUEST_DEBUG, 0n, { mdcr: TDA, mdscr: 0n, dirty: false, external: false }],
  // The set is clean at the time TDA is computed: the first access traps, or the next entry clears it.
  ['the guest debugs itself', NO_GUEST_DEBUG, MDE, { mdcr: TDA, mdscr: MDE, dirty: true, external: false }],
  ['the guest debugs its kernel', NO_GUEST_DEBUG, KDE, { mdcr: TDA, mdscr: KDE, dirty: true, external: false }],
  ['the VMM only wants its BRKs', { enable: true, softwareBreakpoints: true }, 0n, { mdcr: TDA | TDE, mdscr: 0n, dirty: false, external: false }],
  ['the VMM steps', { enable: true, singleStep: true }, 0n, { mdcr: TDA | TDE, mdscr: SS, dirty: false, external: false }],
  ['the VMM does not step, the guest does', { enable: true }, SS, { mdcr: TDA | TDE, mdscr: 0n, dirty: false, external: false }],
  ['the VMM has breakpoints', { enable: true, hardware: HARDWARE }, 0n, { mdcr: TDA | TDE, mdscr: MDE, dirty: true, external: true }],
  ['both have', { enable: true, hardware: HARDWARE, singleStep: true }, MDE | KDE, { mdcr: TDA | TDE, mdscr: MDE | KDE | SS, dirty: true, external: true }],
];

describe('before an entry', () => {
  it.each(CASES)('%s', (_name, request, mdscr, expected) => {
    const made = guest(request, mdscr);
    setupDebug(made, HPMN);
    expect(mdcr(made)).toBe(HPMN | ALWAYS | expected.mdcr);
    expect(made.sysreg('MDSCR_EL1')).toBe(expected.mdscr);
    expect(made.memory.dirty).toBe(expected.dirty);
    expect(made.memory.debugPtr).toBe(expected.external ? made.memory.externalDebugState : made.memory.vcpuDebugState);
  });
  it('a set that is dirty is the guest\'s to touch: no trap, but for a debugger with a set of its own', () => {
    const own = guest(NO_GUEST_DEBUG, MDE);
    own.memory.markDirty();
    setupDebug(own, 0n);
    expect(mdcr(own)).toBe(ALWAYS);
    const debugged = guest({ enable: true, hardware: HARDWARE }, MDE);
    debugged.memory.markDirty();
    setupDebug(debugged, 0n);
    expect(mdcr(debugged) & TDA).toBe(TDA);
  });
  it('keeps other bits of the flag word', () => {
    const made = guest(NO_GUEST_DEBUG, MDE);
    made.memory.state.set('debug-flags', 0x10n);
    setupDebug(made, 0n);
    expect(made.memory.state.get('debug-flags')).toBe(0x11n);
  });
  it('a locked guest has no monitor, and its accesses trap', () => {
    const made = guest(NO_GUEST_DEBUG, MDE);
    made.setSysreg('OSLSR_EL1', 0xan);
    made.memory.markDirty();
    setupDebug(made, 0n);
    expect([made.sysreg('MDSCR_EL1'), mdcr(made)]).toEqual([0n, ALWAYS | TDA]);
    clearDebug(made);
    expect(made.sysreg('MDSCR_EL1')).toBe(MDE);
  });
});

describe('after a run', () => {
  it.each(CASES)('the guest\'s own controls are back: %s', (_name, request, mdscr) => {
    const made = guest(request, mdscr);
    const { pstate } = made;
    setupDebug(made, HPMN);
    clearDebug(made);
    expect([made.sysreg('MDSCR_EL1'), made.pstate]).toEqual([mdscr, pstate]);
    expect(made.memory.debugPtr).toBe(made.memory.vcpuDebugState);
  });
  it('a step whose instruction is done is not given another', () => {
    const made = guest({ enable: true, singleStep: true });
    setupDebug(made, 0n);
    expect(made.pstate & PSTATE_SS).toBe(PSTATE_SS);
    // The processor clears it when the instruction retires; the exception that should follow comes late.
    made.pstate &= ~PSTATE_SS;
    clearDebug(made);
    expect(made.stepActivePending).toBe(true);
    setupDebug(made, 0n);
    expect(made.pstate & PSTATE_SS).toBe(0n);
  });
  it('what the guest made of its own registers meanwhile stays: MDSCR_EL1 alone is put back', () => {
    const made = guest({ enable: true, hardware: HARDWARE });
    setupDebug(made, 0n);
    made.memory.vcpuDebugState.set('bvr2', 0x77n);
    clearDebug(made);
    expect(made.memory.vcpuDebugState.get('bvr2')).toBe(0x77n);
    expect(made.memory.vcpuDebugState.get('bcr0')).toBe(0n);
  });
});

describe('debug-ptr', () => {
  it('names one of two sets', () => {
    const { memory } = guest();
    memory.state.set('debug-ptr', 0x123n);
    expect(() => memory.debugPtr).toThrow('debug-ptr 0x123: it points to vcpuDebugState or externalDebugState; use the setter');
  });
  it('a debugger\'s set has every unit it does not mention off', () => {
    const { memory } = guest({ enable: true, hardware: HARDWARE });
    writeDebugSet(memory.externalDebugState, { bcr: [], bvr: [], wcr: [5n], wvr: [6n] });
    expect([memory.externalDebugState.get('bcr0'), memory.externalDebugState.get('wcr0'), memory.externalDebugState.get('wvr0')]).toEqual([0n, 5n, 6n]);
  });
});
