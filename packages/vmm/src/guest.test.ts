import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { harm, registerClasses } from '@worldswitch/arm64-hypervisor';
import { isRegisterName } from '@worldswitch/arm64-sysreg';
import type { Exit } from '@worldswitch/hypervisor';
import { KvmError, Ledger, deadSaves, redundantRestores, summarise } from '@worldswitch/hypervisor';
import { guestMachine, program } from './test/guest-machine.ts';
import type { GuestMachine } from './test/guest-machine.ts';
import { fillHost, look } from './test/host-state.ts';

const MODES = ['nvhe', 'vhe'] as const;
const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0\n';
const PSCI_VERSION = 'mov w0, #0\n movk w0, #0x8400, lsl #16\n hvc #0\n';
const RAM = 0x4000_0000n;

const debugExit = (machine: GuestMachine): Extract<Exit<{ hsr: number; far: bigint }>, { kind: 'debug' }> => {
  expect(machine.run(10_000)).toMatchObject({ kind: 'debug' });
  return machine.cpu.lastExit as never;
};

describe.each(MODES)('a guest, %s', (mode) => {
  it('computes, and turns itself off by HVC', () => {
    const machine = guestMachine({ mode, image: program(`mov x19, #5\n add x19, x19, #7\n ${OFF}`) });
    expect(machine.run(1000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    expect(machine.vcpu.getRegister('x19')).toBe(12n);
  });

  it('prints by MMIO', () => {
    const elf = new Uint8Array(readFileSync(new URL('../../../guests/arm64/hello/hello.elf', import.meta.url)));
    const machine = guestMachine({ mode, image: { kind: 'elf', elf } });
    expect(machine.run(100_000)).toEqual({ kind: 'halted', why: 'system-off', cpu: 0 });
    expect(machine.console).toBe('hello\r\n');
  });

  it('moves 28 registers four times without VHE, 28 and 8 with it; a dirty debug bank of 6 and 4 adds 84', () => {
    const machine = guestMachine({ mode, image: program(`mrs x1, ID_AA64PFR0_EL1\n ${PSCI_VERSION} b .`) });
    const round = (): { readonly rounds: number; readonly moves: (kind: string) => number } => {
      const ledger = new Ledger();
      machine.hypervisor.host.code.ledger = ledger;
      machine.vcpu.setRegister('pc', RAM);
      machine.run(1);
      // Takes the guest off the processor, so that every entry has its exit.
      machine.vcpu.getRegister('MDSCR_EL1');
      machine.hypervisor.host.code.ledger = undefined;
      const summary = summarise(ledger.rows);
      const rounds = ledger.rows.filter(({ step, operation }) => step === 'running-vcpu' && operation === 'store').length;
      return { rounds, moves: (kind) => (summary.byKind.get(kind)?.reads ?? 0) + (summary.byKind.get(kind)?.writes ?? 0) };
    };
    round();
    const clean = round();
    expect(clean.moves('context')).toBe(clean.rounds * (mode === 'vhe' ? 72 : 112));
    expect(clean.moves('debug')).toBe(0);
    machine.vcpu.setGuestDebug({ enable: true, hardware: { bcr: [], bvr: [], wcr: [], wvr: [] } });
    const dirty = round();
    expect(dirty.moves('context')).toBe(dirty.rounds * (mode === 'vhe' ? 72 : 112));
    expect(dirty.moves('debug')).toBe(dirty.rounds * 84);
    expect(dirty.moves('id')).toBe(dirty.rounds * 4);
  });

  it('has rows in the ledger with what was written and reached', () => {
    const machine = guestMachine({ mode, image: program(`${PSCI_VERSION} b .`) });
    fillHost(machine);
    const ledger = new Ledger();
    machine.hypervisor.host.code.ledger = ledger;
    machine.run(50);
    expect(ledger.rows.find(({ step, reached }) => step === 'guest-sysregs-restore' && reached === 'TTBR0_EL1')).toMatchObject({
      written: mode === 'vhe' ? 'TTBR0_EL12' : 'TTBR0_EL1', phase: 'restore-guest', operation: 'write', after: 0n, el: 2, verdict: 'ok',
    });
    expect(redundantRestores(ledger.rows).length).toBeGreaterThan(0);
    expect(deadSaves(ledger.rows).every(({ operation }) => operation === 'store')).toBe(true);
  });

  it('has in the ledger what the processor did for the host, not what the guest did in its own world', () => {
    const machine = guestMachine({ mode, image: program(`msr TPIDR_EL0, x1\n mrs x2, TPIDR_EL0\n isb\n ${PSCI_VERSION} b .`) });
    const { host } = machine.hypervisor;
    const ledger = new Ledger();
    host.code.ledger = ledger;
    machine.run(50);
    host.code.ledger = undefined;
    const { rows } = ledger;
    expect(rows.filter(({ step, operation }) => step === 'guest' && operation !== 'exception')).toEqual([]);
    const exits = rows.filter(({ step }) => step === 'guest');
    expect(exits.find(({ written }) => written === 'HVC64')).toMatchObject({ el: 1, reached: 'EL2', after: 0x5a00_0000n, verdict: 'departed' });
    // Without VHE the host calls by an HVC of its own, which is in its memory.
    const calls = rows.filter(({ step, operation }) => step === 'host-call' && operation === 'exception');
    if (mode === 'vhe') expect(calls).toEqual([]);
    else {
      expect(calls.length).toBeGreaterThanOrEqual(exits.length);
      for (const { el, written, pc = 0n } of calls) {
        expect({ el, written }).toEqual({ el: 1, written: 'HVC64' });
        expect(host.processor.memory.read(pc, 4, 0)).toBe(0xd400_0002n);
      }
    }
    machine.run(1);
    expect(ledger.rows.length).toBe(rows.length);
  });

  it('stops at a breakpoint, at a watchpoint, after a step and at a BRK, with what KVM reports', () => {
    const machine = guestMachine({ mode, image: program('adr x1, 1f\n mov x2, #3\n str x2, [x1]\n nop\n brk #7\n nop\n b .\n .balign 8\n1: .quad 0') });
    fillHost(machine);
    const { breakpoints } = machine;
    const id = breakpoints.breakpoint(RAM + 4n);
    expect(debugExit(machine)).toEqual({ kind: 'debug', pc: RAM + 4n, arch: { hsr: 0xc200_0022, far: 0n } });
    expect(machine.vcpu.getRegister('x2')).toBe(0n);
    breakpoints.remove(id);
    const watched = RAM + 0x20n;
    breakpoints.watchpoint(watched, 8, 'write');
    expect(debugExit(machine)).toMatchObject({ pc: RAM + 8n, arch: { hsr: 0xd200_0062, far: watched } });
    breakpoints.clear();
    breakpoints.stepping = true;
    expect(debugExit(machine)).toMatchObject({ pc: RAM + 12n, arch: { hsr: 0xcb00_0022 } });
    expect(debugExit(machine)).toMatchObject({ pc: RAM + 16n, arch: { hsr: 0xcb00_0022 } });
    breakpoints.stepping = false;
    breakpoints.software = true;
    expect(debugExit(machine)).toMatchObject({ pc: RAM + 16n, arch: { hsr: 0xf200_0007 } });
    // The guest never sees the debugger's controls.
    expect(machine.vcpu.getRegister('MDSCR_EL1')).toBe(0n);
    expect(() => { for (let n = 0n; n < 7n; n++) breakpoints.breakpoint(RAM + 4n * n); }).toThrow(KvmError);
  });

  it('steps over trapped registers, WFI and MMIO one at a time', () => {
    const machine = guestMachine({ mode, image: program('mrs x1, ID_AA64PFR0_EL1\n mov x2, #0x9000000\n ldr w3, [x2, #0x18]\n mrs x4, CurrentEL\n nop\n b .') });
    machine.breakpoints.stepping = true;
    for (let n = 1n; n <= 5n; n++) expect(debugExit(machine).pc).toBe(RAM + 4n * n);
    expect(machine.vcpu.getRegister('x3')).toBe(0x90n);
  });

  it('leaves the host as it was, with clean and dirty debug registers', () => {
    const machine = guestMachine({ mode, image: program(`msr TPIDR_EL0, x0\n msr TPIDR_EL1, x0\n msr CONTEXTIDR_EL1, x0\n mov sp, x0\n msr SP_EL0, x0\n msr DBGBVR1_EL1, x0\n mov x9, #0x8000\n msr MDSCR_EL1, x9\n isb\n msr DBGBVR2_EL1, x0\n ${PSCI_VERSION} mrs x1, MIDR_EL1\n b .`) });
    fillHost(machine);
    const before = look(machine);
    for (let round = 0; round < 20; round++) {
      machine.run(1);
      machine.vcpu.getRegister('MDSCR_EL1');
      expect(harm(mode, machine.hypervisor.host.constants, before, look(machine))).toEqual([]);
    }
    expect(machine.vcpu.getRegister('MDSCR_EL1')).toBe(0x8000n);
  });

  it('finds the host\'s registers after the first round as they were after its boot', () => {
    const machine = guestMachine({ mode, image: program(`${PSCI_VERSION} b .`) });
    const before = look(machine);
    machine.run(1);
    machine.vcpu.getRegister('MDSCR_EL1');
    expect(harm(mode, machine.hypervisor.host.constants, before, look(machine))).toEqual([]);
    if (mode === 'nvhe') expect(before.get('SCTLR_EL1')).not.toBe(0n);
  });

  it('does not hang on a guest that jumps nowhere', () => {
    const machine = guestMachine({ mode, image: program('mov x0, #0x7f000000\n br x0') });
    expect(['halted', 'budget']).toContain(machine.run(100_000).kind);
  });
});

describe('register classes', () => {
  it.each(MODES)('cover all registers, %s', (mode) => {
    const classes = registerClasses(mode);
    expect(classes.size).toBe(465);
    expect([...classes.keys()].every(isRegisterName)).toBe(true);
    expect(classes.get('SCTLR_EL1')).toBe(mode === 'vhe' ? 'scratch' : 'preserved');
    expect(classes.get('DBGBCR0_EL1')).toBe('preserved');
  });
});
