import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { harm, registerClasses, snapshot, without, TWO_HOOKS } from '@worldswitch/arm64-hypervisor';
import { isRegisterName } from '@worldswitch/arm64-sysreg';
import type { Exit } from '@worldswitch/hypervisor';
import { KvmError, Ledger, deadSaves, redundantRestores, summarise } from '@worldswitch/hypervisor';
import { guestMachine, program } from './test/guest-machine.ts';
import type { GuestMachine } from './test/guest-machine.ts';

const MODES = ['nvhe', 'vhe'] as const;
const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0\n';
const PSCI_VERSION = 'mov w0, #0\n movk w0, #0x8400, lsl #16\n hvc #0\n';
const RAM = 0x4000_0000n;

/** Registers of the host with values of its own, its breakpoints among them: whatever the switch forgets shows. */
function fillHost({ hostCpu, hypervisor }: GuestMachine): void {
  const { debugger: door } = hostCpu.registers;
  let value = 0x1234_5678_9abc_def0n;
  const own = ['TPIDR_EL0', 'TPIDRRO_EL0', 'TPIDR_EL1', 'SP_EL0', 'MDCCINT_EL1', ...(hypervisor.host.mode === 'nvhe'
    ? ['SP_EL1', 'ELR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'FAR_EL1', 'CONTEXTIDR_EL1', 'AFSR0_EL1', 'MAIR_EL1', 'PAR_EL1', 'CSSELR_EL1'] : [])];
  for (let n = 0; n < 6; n++) own.push(`DBGBVR${n}_EL1`);
  for (let n = 0; n < 4; n++) own.push(`DBGWVR${n}_EL1`);
  for (const name of own) door.write(name, (value = BigInt.asUintN(64, value * 6364136223846793005n + 1442695040888963407n)) & ~3n);
  for (let n = 0; n < 6; n++) door.write(`DBGBCR${n}_EL1`, 0x1e5n);
}

const look = ({ hostCpu }: GuestMachine): ReturnType<typeof snapshot> => snapshot((name) => hostCpu.registers.debugger.read(name));
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
    // The first round makes reserved bits of the host's registers what they read as.
    machine.run(1);
    machine.vcpu.getRegister('MDSCR_EL1');
    const before = look(machine);
    for (let round = 0; round < 20; round++) {
      machine.run(1);
      machine.vcpu.getRegister('MDSCR_EL1');
      expect(harm(mode, machine.hypervisor.host.constants, before, look(machine))).toEqual([]);
    }
    expect(machine.vcpu.getRegister('MDSCR_EL1')).toBe(0x8000n);
  });

  it('does not hang on a guest that jumps nowhere', () => {
    const machine = guestMachine({ mode, image: program('mov x0, #0x7f000000\n br x0') });
    expect(['halted', 'budget']).toContain(machine.run(100_000).kind);
  });
});

describe('what each step is for', () => {
  // Steps whose absence this short program cannot show, each with the reason.
  const UNSEEN: Readonly<Record<string, string>> = {
    'mask-exceptions': 'needs an exception in the middle of the switch', 'unmask-exceptions': 'needs an exception in the host',
    'serror-window': 'needs an SError of the guest', 'spe-off': 'needs SPE', 'spe-on': 'needs SPE', 'fp-lazy': 'needs floating point', 'fp-live': 'needs floating point',
    'fp-to-host': 'needs floating point', 'vtimer-load': 'needs a timer', 'vtimer-put': 'needs a timer', 'vtimer-offset-on': 'the offset is 0', 'vtimer-offset-off': 'the offset is 0',
    'vgic-on': 'needs an interrupt', 'vgic-off': 'HCR_EL2 is replaced whole right after', 'timer-traps-on': 'needs the physical timer', 'timer-traps-off': 'needs the host\'s timer',
    'panic-report': 'needs a panic', 'panic-restore': 'needs a panic', 'panic-return': 'needs a panic',
  };
  const run = (mode: 'vhe' | 'nvhe', revision: typeof TWO_HOOKS): string => {
    const machine = guestMachine({ mode, revision, image: program(`mov x9, #0x8000\n msr MDSCR_EL1, x9\n msr DBGBVR1_EL1, x9\n msr TPIDR_EL0, x9\n mov x8, #0x4f000000\n ldr x7, [x8]\n ${OFF}`) });
    fillHost(machine);
    const { host } = machine.hypervisor;
    const before = look(machine);
    const stop = machine.run(2000);
    return JSON.stringify([stop, ['TPIDR_EL0', 'pc', 'x8'].map((name) => machine.vcpu.getRegister(name)), harm(mode, host.constants, before, look(machine)).map(({ register }) => register)], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  };
  it.each(MODES)('removing one shows, %s', (mode) => {
    const whole = run(mode, TWO_HOOKS);
    const silent = TWO_HOOKS.steps.filter(({ id, modes }) => !(id in UNSEEN) && (modes?.includes(mode) ?? true)).filter(({ id }) => {
      try {
        return run(mode, without(TWO_HOOKS, id)) === whole;
      } catch {
        return false;
      }
    });
    expect(silent.map(({ id }) => id)).toEqual([]);
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
