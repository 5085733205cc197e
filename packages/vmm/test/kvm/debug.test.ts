/** A debugger in the VMM (KVM_SET_GUEST_DEBUG): what it changes while the guest runs, what it is told, and how steps count. */
import { NO_GUEST_DEBUG } from '@worldswitch/hypervisor';
import type { GuestDebug } from '@worldswitch/hypervisor';
import { describe, expect } from 'vitest';
import { MMIO, RAM, kvmGuest, runUntil } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestExit } from './guest.ts';
import { sentence } from './sentence.ts';

const PSTATE_SS = 1n << 21n;
/** MDSCR_EL1. */
const SS = 1n;
const KDE = 1n << 13n;
const MDE = 1n << 15n;
/** MDCR_EL2: TPM, TPMS, TTRF, TPMCR, TDRA, TDOSA are always there. */
const ALWAYS = (1n << 6n) | (1n << 14n) | (1n << 19n) | (1n << 5n) | (1n << 11n) | (1n << 10n);
const TDE = 1n << 8n;
const TDA = 1n << 9n;
const HPMN = 0x1fn;
/** Enabled, EL1 and EL0, all four bytes: an address. With LSC and BAS of a doubleword: accesses. */
const BCR = 0x1e7n;
const WCR = (lsc: bigint): bigint => 7n | (lsc << 3n) | (0xffn << 5n);

const STEP: GuestDebug = { enable: true, singleStep: true };
const breakAt = (address: bigint): GuestDebug => ({ enable: true, hardware: { bcr: [BCR], bvr: [address], wcr: [], wvr: [] } });
const watch = (address: bigint, lsc: bigint): GuestDebug => ({ enable: true, hardware: { bcr: [], bvr: [], wcr: [WCR(lsc)], wvr: [address] } });

interface Entry {
  readonly mdcr: bigint;
  readonly mdscr: bigint;
  readonly ss: boolean;
  readonly dirty: boolean;
  readonly external: boolean;
}

/** A guest whose entries are looked at, as the world switch finds them. */
function guest(source: string, debug: GuestDebug = NO_GUEST_DEBUG, options: KvmGuestOptions = {}): KvmGuest & { readonly entries: readonly Entry[]; run(): TestExit } {
  const one = kvmGuest({ source, revision: 'two-hooks', ...options });
  const entries: Entry[] = [];
  const { world } = one.hypervisor;
  const enter = world.enter.bind(world);
  world.enter = (memory) => {
    entries.push({
      mdcr: memory.state.get('mdcr') & ~HPMN, mdscr: one.backend.guest.sysreg('MDSCR_EL1'), ss: (memory.context.get('PSTATE') & PSTATE_SS) !== 0n, dirty: memory.dirty,
      external: memory.debugPtr === memory.externalDebugState,
    });
    return enter(memory);
  };
  one.vcpu.setGuestDebug(debug);
  one.vcpu.setRegister('x1', MMIO);
  return { ...one, entries, run: () => runUntil(one.vcpu) };
}
const pcOf = ({ vcpu }: KvmGuest): bigint => vcpu.getRegister('pc');
const hsrOf = (exit: TestExit): number => (exit.kind === 'debug' ? exit.arch.hsr : NaN);
const SPIN = '1: add x0, x0, #1\n b 1b';

describe('what is asked for', () => {
  sentence('6.3', () => {
    const one = guest('ldr x2, [x1]\n add x0, x0, #1\n b .', STEP);
    expect(one.run().kind).toBe('mmio');
    expect(one.vcpu.run().kind).toBe('debug');
    one.vcpu.setRegister('pc', RAM);
    expect(one.run().kind).toBe('mmio');
    // The load is done, and its step not yet reported: that is forgotten, as is all else that is said besides.
    one.backend.guest.stepActivePending = true;
    one.vcpu.setGuestDebug({ enable: false, singleStep: true, softwareBreakpoints: true, hardware: { bcr: [BCR], bvr: [RAM + 4n], wcr: [], wvr: [] } });
    expect(one.backend.guest.stepActivePending).toBe(false);
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(one.vcpu.guestDebug).toEqual({ enable: false });
    expect(one.vcpu.getRegister('x0')).toBe(1n);
  });
  sentence('6.4', () => {
    const one = guest('mov x0, #1\n mov x0, #2\n mov x0, #3', STEP);
    for (const n of [1n, 2n, 3n]) {
      expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n * n });
      expect(one.vcpu.getRegister('x0')).toBe(n);
    }
  });
  sentence('6.5', () => {
    for (const debug of [{ enable: true }, { enable: true, softwareBreakpoints: true }, STEP, breakAt(0n)]) {
      expect(guest('brk #7', debug).vcpu.run(), JSON.stringify(Object.keys(debug))).toMatchObject({ kind: 'debug', pc: RAM });
    }
    // Without, it is the guest's own.
    const own = guest('brk #7', NO_GUEST_DEBUG);
    own.program('str x1, [x1]', RAM + 0xa00n);
    own.vcpu.setRegister('VBAR_EL1', RAM + 0x800n);
    expect(own.run().kind).toBe('mmio');
    expect(own.vcpu.getRegister('ESR_EL1')).toBe(0xf200_0007n);
  });
  sentence('6.6', () => {
    const one = guest('nop\n nop\n b .', breakAt(RAM + 4n));
    one.vcpu.setRegister('DBGBVR0_EL1', RAM);
    one.vcpu.setRegister('DBGBCR0_EL1', BCR);
    one.vcpu.setRegister('MDSCR_EL1', MDE);
    // Not the guest's, at the first instruction.
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    const { memory } = one.backend.guest;
    expect([memory.externalDebugState.get('bvr0'), memory.vcpuDebugState.get('bvr0')]).toEqual([RAM + 4n, RAM]);
  });
  sentence('6.7', () => {
    const one = guest(SPIN);
    const strange = { bcr: [0xffff_ffffn], bvr: [(1n << 64n) - 1n], wcr: [0xffff_fffen], wvr: [3n] };
    const set = one.backend.guest.memory.externalDebugState;
    one.vcpu.setGuestDebug({ enable: false, hardware: strange });
    one.vcpu.setGuestDebug(STEP);
    expect(set.get('bcr0')).toBe(0n);
    one.vcpu.setGuestDebug({ enable: true, hardware: strange });
    expect([set.get('bcr0'), set.get('bvr0'), set.get('wcr0'), set.get('wvr0')]).toEqual([0xffff_ffffn, (1n << 64n) - 1n, 0xffff_fffen, 3n]);
  });
});

describe('while the guest runs, with debug_ptr', () => {
  sentence('6.8', () => {
    const one = guest('mrs x2, CLIDR_EL1\n mrs x2, CLIDR_EL1\n mrs x2, CLIDR_EL1\n str x2, [x1]', { enable: true });
    one.run();
    expect(one.entries.length).toBeGreaterThanOrEqual(4);
    expect(one.entries.every(({ mdcr }) => (mdcr & TDE) !== 0n)).toBe(true);
  });
  sentence('6.8', () => {
    const first = (debug: GuestDebug, registers: Readonly<Record<string, bigint>> = {}, dirty = false): bigint => {
      const one = guest('str x2, [x1]', debug);
      for (const [name, value] of Object.entries(registers)) one.vcpu.setRegister(name, value);
      if (dirty) one.backend.guest.memory.markDirty();
      one.run();
      return one.entries[0].mdcr;
    };
    expect(first(NO_GUEST_DEBUG)).toBe(ALWAYS | TDA);
    expect(first(NO_GUEST_DEBUG, {}, true)).toBe(ALWAYS);
    expect(first({ enable: true }, {}, true)).toBe(ALWAYS | TDE);
    expect(first(breakAt(0n), {}, true)).toBe(ALWAYS | TDE | TDA);
    // The OS lock.
    expect(first(NO_GUEST_DEBUG, { OSLSR_EL1: 10n }, true)).toBe(ALWAYS | TDA);
  });
  sentence('6.9', () => {
    const one = guest(SPIN, STEP);
    one.vcpu.setRegister('MDSCR_EL1', MDE | KDE);
    one.vcpu.setRegister('pstate', 0x3c5n);
    one.vcpu.run();
    expect(one.entries[0]).toMatchObject({ mdscr: MDE | KDE | SS, ss: true });
    expect([one.vcpu.getRegister('MDSCR_EL1'), one.vcpu.getRegister('pstate') & PSTATE_SS]).toEqual([MDE | KDE, 0n]);
    // Nobody debugs and no lock: nothing to save, so what the guest has is in force.
    const own = guest('str x2, [x1]');
    own.vcpu.setRegister('MDSCR_EL1', SS);
    own.run();
    expect(own.entries[0].mdscr).toBe(SS);
  });
  sentence('6.10', () => {
    const one = guest('ldr x2, [x1]\n b .', STEP);
    expect(one.run().kind).toBe('mmio');
    expect(one.entries.every(({ ss, mdscr }) => ss && (mdscr & SS) !== 0n)).toBe(true);
    const before = one.entries.length;
    one.backend.guest.stepActivePending = true;
    expect(one.vcpu.run().kind).toBe('debug');
    expect(one.entries[before]).toMatchObject({ ss: false, mdscr: SS });
  });
  sentence('6.11', () => {
    const one = guest('str x2, [x1]', { enable: true });
    one.vcpu.setRegister('MDSCR_EL1', SS);
    one.run();
    expect(one.entries[0].mdscr).toBe(0n);
    expect(one.vcpu.getRegister('MDSCR_EL1')).toBe(SS);
  });
  sentence('6.12', () => {
    const one = guest('str x2, [x1]', breakAt(0n));
    one.run();
    expect(one.entries[0]).toMatchObject({ mdscr: MDE, external: true, dirty: true });
  });
  sentence('6.13', () => {
    const one = guest('str x2, [x1]');
    one.vcpu.setRegister('MDSCR_EL1', MDE | KDE);
    one.vcpu.setRegister('OSLSR_EL1', 10n);
    one.run();
    expect(one.entries[0]).toMatchObject({ mdscr: KDE, external: false });
    expect(one.vcpu.getRegister('MDSCR_EL1')).toBe(MDE | KDE);
  });
  sentence('6.14', () => {
    for (const [mdscr, dirty] of [[0n, false], [SS, false], [MDE, true], [KDE, true]] as const) {
      const one = guest('str x2, [x1]');
      one.vcpu.setRegister('MDSCR_EL1', mdscr);
      one.run();
      expect(one.entries[one.entries.length - 1].dirty).toBe(dirty);
    }
  });
  sentence('6.15', () => {
    // An emulated instruction: the step is done when the guest has left; it is reported at the next entry.
    const one = guest('mrs x2, CLIDR_EL1\n b .', STEP);
    const flags: boolean[] = [];
    const { world } = one.hypervisor;
    const leave = world.leave.bind(world);
    world.leave = (...of) => {
      const left = leave(...of);
      flags.push(one.backend.guest.stepActivePending);
      return left;
    };
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    expect(one.entries.map(({ ss }) => ss).slice(-2)).toEqual([true, false]);
    expect(one.backend.guest.memory.debugPtr).toBe(one.backend.guest.memory.vcpuDebugState);
    expect(flags.length).toBeGreaterThan(1);
  });
  sentence('6.16', () => {
    const one = guest('mrs x2, CLIDR_EL1\n nop\n b .', STEP);
    expect(one.vcpu.run().kind).toBe('debug');
    expect(one.backend.guest.stepActivePending).toBe(false);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 8n });
  });
  sentence('6.17', () => {
    const one = guest(SPIN, { enable: true, hardware: { bcr: [BCR, BCR], bvr: [0x5000n, 0x6000n], wcr: [WCR(1n)], wvr: [0x7000n] } });
    const { debugger: door } = one.hypervisor.host.processor;
    const names = ['DBGBCR0_EL1', 'DBGBVR0_EL1', 'DBGBVR1_EL1', 'DBGWCR0_EL1', 'DBGWVR0_EL1'];
    const now = (): unknown[] => names.map((name) => door.read(name));
    // Once there and back: what is reserved in the host's is then as the core has it.
    one.vcpu.run({ budget: 20 });
    one.backend.settle();
    const host = now();
    expect(host).not.toContain(0x5000n);
    expect(one.vcpu.run({ budget: 20 }).kind).toBe('interrupted');
    expect(now()).toEqual([BCR, 0x5000n, 0x6000n, WCR(1n), 0x7000n]);
    one.backend.settle();
    expect(now()).toEqual(host);
    expect(one.backend.guest.memory.dirty).toBe(false);
    // Not debugged and not dirty: not loaded.
    one.vcpu.setGuestDebug(NO_GUEST_DEBUG);
    one.vcpu.setRegister('DBGBVR0_EL1', 0x8000n);
    one.vcpu.run({ budget: 20 });
    expect(now()).toEqual(host);
  });
  sentence('6.18', () => {
    const one = guest(SPIN, { ...STEP, hardware: { bcr: [BCR], bvr: [0x5000n], wcr: [WCR(3n)], wvr: [0x7000n] } });
    one.vcpu.setRegister('DBGBVR0_EL1', 0x1000n);
    const shown = (): unknown[] => ['MDSCR_EL1', 'pstate', 'DBGBCR0_EL1', 'DBGBVR0_EL1', 'DBGWCR0_EL1', 'DBGWVR0_EL1'].map((name) => one.vcpu.getRegister(name));
    const own = shown();
    one.vcpu.run();
    expect(shown()).toEqual(own);
    one.vcpu.setGuestDebug({ enable: true, hardware: { bcr: [BCR], bvr: [0x5000n], wcr: [], wvr: [] } });
    // Also while the guest stands on the processor.
    expect(one.vcpu.run({ budget: 20 }).kind).toBe('interrupted');
    expect(shown()).toEqual(own);
  });
  sentence('6.19', () => {
    const one = guest('mov x2, #0x1234\n lsl x2, x2, #4\n msr DBGBVR1_EL1, x2\n mrs x3, DBGBVR1_EL1\n str x3, [x1]', { enable: true, hardware: { bcr: [], bvr: [0n, 0x5000n], wcr: [], wvr: [] } });
    expect(one.run().kind).toBe('mmio');
    expect(one.vcpu.getRegister('x3')).toBe(0x1_2340n);
    expect(one.vcpu.getRegister('DBGBVR1_EL1')).toBe(0x1_2340n);
    expect(one.backend.guest.memory.externalDebugState.get('bvr1')).toBe(0x5000n);
  });
});

describe('while the guest runs, with owners (6.14)', () => {
  const OWNER = { revision: 'owner', profile: '6.14' } as const;
  sentence('6.20', () => {
    const stopped = (one: KvmGuest): string => {
      one.vcpu.run({ budget: 20 });
      return `${one.backend.guest.memory.state.get('debug-owner')}`;
    };
    const free = stopped(guest(SPIN, NO_GUEST_DEBUG, OWNER));
    const host = stopped(guest(SPIN, breakAt(0n), OWNER));
    const own = guest(SPIN, NO_GUEST_DEBUG, OWNER);
    own.vcpu.setRegister('MDSCR_EL1', MDE);
    const guests = stopped(own);
    expect(new Set([free, host, guests]).size).toBe(3);
    const locked = guest(SPIN, NO_GUEST_DEBUG, OWNER);
    locked.vcpu.setRegister('OSLSR_EL1', 10n);
    expect(stopped(locked)).toBe(host);
    // A trapped access makes free the guest's.
    expect(stopped(guest(`mrs x2, DBGBVR0_EL1\n${SPIN}`, NO_GUEST_DEBUG, OWNER))).toBe(guests);
  });
  sentence('6.21', () => {
    const external = (debug: GuestDebug, mdscr: bigint): bigint => {
      const one = guest(SPIN, debug, OWNER);
      one.vcpu.setRegister('MDSCR_EL1', mdscr);
      one.vcpu.run({ budget: 20 });
      return one.backend.guest.memory.state.get('external-mdscr');
    };
    const TDCC = 1n << 12n;
    expect(external({ enable: true }, SS | MDE | KDE | TDCC)).toBe(TDCC);
    expect(external(STEP, MDE | TDCC)).toBe(SS | TDCC);
    expect(external(breakAt(0n), TDCC)).toBe(MDE | KDE | TDCC);
  });
  sentence('6.22', () => {
    // The host's step over an emulated instruction is pending, and the guest's own SS is what it was.
    const one = guest('ldr x2, [x1]\n nop\n b .', STEP, OWNER);
    expect(one.run().kind).toBe('mmio');
    expect(one.vcpu.getRegister('pstate') & PSTATE_SS).toBe(0n);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 8n });
    expect(one.vcpu.getRegister('pstate') & PSTATE_SS).toBe(0n);
  });
  sentence('6.23', () => {
    const program = 'mov x0, #1\n ldr x2, [x1]\n mrs x3, CLIDR_EL1\n brk #9\n';
    const story = (options: KvmGuestOptions): unknown => {
      const one = guest(program, STEP, options);
      return Array.from({ length: 6 }, () => {
        const exit = one.vcpu.run();
        return [exit.kind, exit.kind === 'debug' ? exit : 0, pcOf(one), one.vcpu.getRegister('MDSCR_EL1'), one.vcpu.getRegister('pstate')];
      });
    };
    expect(story(OWNER)).toEqual(story({}));
  }, 'typed');
});

describe('exits', () => {
  sentence('6.24', () => {
    expect(guest('brk #3', { enable: true }).run()).toEqual({ kind: 'debug', pc: RAM, arch: { hsr: 0xf200_0003, far: 0n } });
    const watched = guest('nop\n str x3, [x3]', watch(RAM + 0x8008n, 2n));
    watched.vcpu.setRegister('x3', RAM + 0x8008n);
    expect(watched.run()).toEqual({ kind: 'debug', pc: RAM + 4n, arch: { hsr: 0xd200_0062, far: RAM + 0x8008n } });
  }, 'typed');
  sentence('6.25', () => {
    const ec = (exit: TestExit): number => hsrOf(exit) >>> 26;
    expect(ec(guest('brk #3', { enable: true }).run())).toBe(0x3c);
    expect(ec(guest('nop', STEP).run())).toBe(0x32);
    expect(ec(guest('nop\n nop', breakAt(RAM + 4n)).run())).toBe(0x30);
    expect(ec(guest('mov x3, #0x40000000\n ldr x2, [x3]', watch(RAM, 1n)).run())).toBe(0x34);
  }, 'typed');
  sentence('6.26', () => { for (const imm of [0, 1, 0xffff]) expect(guest(`nop\n brk #${imm}`, { enable: true }).run()).toMatchObject({ pc: RAM + 4n, arch: { hsr: 0xf200_0000 + imm } }); }, 'typed');
  sentence('6.27', () => {
    const one = guest('nop\n ldxr x2, [x3]\n nop', STEP);
    one.vcpu.setRegister('x3', RAM + 0x8000n);
    // ISV is set where the step was taken from this processor's own: then EX tells of a load-exclusive.
    const seen = Array.from({ length: 3 }, () => one.vcpu.run()).map((exit) => [exit.kind === 'debug' && exit.pc - RAM, hsrOf(exit) & ~(1 << 24)]);
    expect(seen.map(([pc]) => pc)).toEqual([4n, 8n, 12n]);
    expect(seen.map(([, hsr]) => Number(hsr) >>> 0)).toEqual([0xca00_0022, 0xca00_0062, 0xca00_0022]);
  }, 'typed');
  sentence('6.28', () => {
    const one = guest('mov x0, #1\n mov x0, #2', breakAt(RAM + 4n));
    expect(one.run()).toMatchObject({ pc: RAM + 4n, arch: { hsr: 0xc200_0022 } });
    expect(one.vcpu.getRegister('x0')).toBe(1n);
  }, 'typed');
  sentence('6.29', () => {
    const [data, value] = [RAM + 0x8000n, 0x55n];
    for (const [source, lsc, hsr] of [['ldr x0, [x3]', 1n, 0xd200_0022], ['str x0, [x3]', 2n, 0xd200_0062]] as const) {
      const one = guest(source, watch(data, lsc));
      one.vcpu.setRegister('x3', data);
      one.vcpu.setRegister('x0', value);
      expect(one.run()).toMatchObject({ pc: RAM, arch: { hsr, far: data } });
      expect([one.vcpu.getRegister('x0'), one.read(data)]).toEqual([value, 0n]);
    }
  }, 'typed');
  sentence('6.30', () => {
    const one = guest('brk #3', { enable: true });
    one.vcpu.setRegister('VBAR_EL1', RAM + 0x800n);
    for (let n = 0; n < 3; n++) expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM });
    expect(one.vcpu.getRegister('ESR_EL1')).toBe(0n);
    // The VMM makes it the guest's.
    const registers = { ESR_EL1: 0xf200_0003n, ELR_EL1: RAM, SPSR_EL1: one.vcpu.getRegister('pstate'), pstate: 0x3c5n, pc: RAM + 0xa00n };
    for (const [name, value] of Object.entries(registers)) one.vcpu.setRegister(name, value);
    one.program('str x1, [x1]', RAM + 0xa00n);
    expect(one.run().kind).toBe('mmio');
  });
  sentence('6.31', () => {
    const one = guest('nop\n mov x0, #2\n str x1, [x1]', breakAt(RAM + 4n));
    for (let n = 0; n < 3; n++) expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    one.vcpu.setGuestDebug(STEP);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 8n });
    one.vcpu.setGuestDebug(breakAt(RAM + 4n));
    expect(one.run().kind).toBe('mmio');
  });
});

describe('steps', () => {
  sentence('6.32', () => {
    const one = guest('mrs x2, CLIDR_EL1\n mov x0, #1\n b .', STEP);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    expect(one.vcpu.getRegister('x0')).toBe(0n);
    expect(one.entries.at(-1)).toMatchObject({ ss: false });
  });
  sentence('6.33', () => {
    for (const source of ['ldr x2, [x1]', 'str x2, [x1]']) {
      const one = guest(`${source}\n mov x0, #1\n b .`, STEP);
      expect(one.vcpu.run()).toMatchObject({ kind: 'mmio' });
      expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
      expect(one.vcpu.getRegister('x0')).toBe(0n);
    }
  });
  sentence('6.34', () => {
    for (const ss of [0n, PSTATE_SS]) {
      const one = guest('svc #0\n b .', STEP);
      one.vcpu.setRegister('VBAR_EL1', RAM + 0x800n);
      one.vcpu.setRegister('pstate', 0x3c5n | ss);
      expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 0xa00n });
      expect(one.vcpu.getRegister('ELR_EL1')).toBe(RAM + 4n);
    }
  });
  sentence('6.35', () => {
    const one = guest('mov x0, #1\n b .', STEP);
    one.vcpu.setRegister('VBAR_EL1', RAM + 0x800n);
    one.vcpu.setRegister('pstate', 5n);
    one.vcpu.setLine('irq', true);
    const exit = one.vcpu.run();
    expect(exit.kind).toBe('debug');
    // At the vector, before its first instruction or behind it, and never in the interrupted program.
    if (exit.kind === 'debug') expect([RAM + 0xa80n, RAM + 0xa84n]).toContain(exit.pc);
    expect([one.vcpu.getRegister('x0'), one.vcpu.getRegister('ELR_EL1')]).toEqual([0n, RAM]);
  });
  sentence('6.36', () => {
    const one = guest('1: ldxr x2, [x3]\n add x2, x2, #1\n stxr w4, x2, [x3]\n cbnz w4, 1b\n b .', STEP);
    one.vcpu.setRegister('x3', RAM + 0x8000n);
    for (let n = 0; n < 40; n++) expect(one.vcpu.run().kind).toBe('debug');
    expect(pcOf(one)).toBe(RAM);
    expect(one.read(RAM + 0x8000n)).toBe(0n);
  });
  sentence('6.37', () => {
    const one = guest('wfe\n wfi\n b .', STEP);
    one.vcpu.setLine('irq', true);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 8n });
    // It waits, and is done as one step all the same.
    const waits = guest('wfi\n b .', STEP);
    expect(waits.vcpu.run()).toEqual({ kind: 'idle' });
    waits.vcpu.setLine('irq', true);
    expect(waits.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 4n });
  });
  sentence('6.38', () => {
    const one = guest('eret\n b .', STEP);
    one.program('mov x0, #1\n mov x0, #2', RAM + 0x100n);
    one.vcpu.setRegister('ELR_EL1', RAM + 0x100n);
    one.vcpu.setRegister('SPSR_EL1', 0x3c0n);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 0x100n });
    expect(one.vcpu.getRegister('pstate') & 0xfn).toBe(0n);
    expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc: RAM + 0x104n });
    expect(one.vcpu.getRegister('x0')).toBe(1n);
  });
  sentence('6.39', () => {
    for (const locked of [8n, 10n]) {
      for (const [debug, pc] of [[STEP, RAM + 4n], [breakAt(RAM + 4n), RAM + 4n]] as const) {
        const one = guest('nop\n nop\n b .', debug);
        // PSTATE.D is set after a reset.
        expect(one.vcpu.getRegister('pstate') & (1n << 9n)).not.toBe(0n);
        one.vcpu.setRegister('OSLSR_EL1', locked);
        expect(one.vcpu.run()).toMatchObject({ kind: 'debug', pc });
      }
    }
  });
});
