/** The assembly of 2015 on the whole processor: what a user sees of its faults, faithful and corrected, and how it panics. */
import { DEBUG_PTR, TWO_HOOKS, VECTOR, VHE_ALTERNATIVES, placed, type Revision, type Step } from '@worldswitch/arm64-hypervisor';
import { EC, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import { Ledger, type Exit } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '@worldswitch/arm64-hypervisor';
import { describe, expect, it } from 'vitest';
import { guestMachine, program, type GuestMachine, type GuestMachineOptions } from '../../src/test/guest-machine.ts';

const RAM = 0x4000_0000n;
const SYSTEM_OFF = 'movz x0, #0x8, lsl #0\n movk x0, #0x8400, lsl #16\n hvc #0\n';
const OFF = { kind: 'halted', why: 'system-off', cpu: 0 };
const KDE = 1n << 13n;
const MDE = 1n << 15n;

type Pair = Pick<GuestMachineOptions, 'mode' | 'revision' | 'faithful'>;

const host = ({ hostCpu }: GuestMachine, register: string): bigint | undefined => hostCpu.registers.debugger.read(register);

/** Vectors of a guest at EL1: whatever comes ends it with its class in x19. */
const VECTORS = RAM + 0x800n;
const withVectors = (source: string): ReturnType<typeof program> => program(`${source}\n.balign 2048\n.space 0x200\n mrs x19, ESR_EL1\n ${SYSTEM_OFF}`);

describe('timer-bits', () => {
  const readCounter = (pair: Pair): { readonly traps: number; readonly reports: readonly string[]; readonly ec: number; readonly cnthctl: bigint | undefined } => {
    const reports: string[] = [];
    const machine = guestMachine({ ...pair, image: withVectors(`mrs x20, CNTPCT_EL0\n ${SYSTEM_OFF}`), report: (text) => reports.push(text) });
    machine.vcpu.setRegister('VBAR_EL1', VECTORS);
    const ledger = new Ledger();
    machine.hypervisor.host.code.ledger = ledger;
    expect(machine.run(10_000)).toEqual(OFF);
    const traps = ledger.rows.filter(({ operation, written }) => operation === 'exception' && written === 'SYS64').length;
    return { traps, reports, ec: Number(machine.vcpu.getRegister('x19') >> 26n), cnthctl: host(machine, 'CNTHCTL_EL2') };
  };
  it('faithful: a guest that reads the physical counter traps with class 0x18, and finds the register UNDEFINED', () => {
    const seen = readCounter({ revision: 'vhe', mode: 'vhe', faithful: ['timer-bits'] });
    expect(seen).toMatchObject({ traps: 1, ec: 0, reports: [expect.stringMatching(/^add\('CNTPCT_EL0'/)] });
    // What was meant for the guest's EL1 became the host's EL0: EL0PCTEN and EL0VCTEN.
    expect(seen.cnthctl).toBe(0b11n);
  });
  it.each<Pair>([{ revision: 'vhe', mode: 'vhe' }, { revision: 'vhe', mode: 'nvhe', faithful: ['timer-bits'] }, { revision: 'debug-ptr', mode: 'nvhe' }])(
    'corrected, or without VHE: it reads it (%o)', (pair) => {
      expect(readCounter(pair)).toMatchObject({ traps: 0, reports: [], ec: 0, cnthctl: pair.mode === 'vhe' ? 0xc00n : 0b11n });
    });
});

describe('unshared-mdscr', () => {
  const afterwards = (pair: Pair): bigint | undefined => {
    const machine = guestMachine({ ...pair, image: program(SYSTEM_OFF) });
    machine.vcpu.setRegister('MDSCR_EL1', MDE | KDE);
    expect(machine.run(10_000)).toEqual(OFF);
    machine.vcpu.getRegister('CNTVOFF_EL2');
    return host(machine, 'MDSCR_EL1');
  };
  it('faithful: the guest\'s debug events stay enabled in the host', () => {
    expect(afterwards({ revision: 'vhe', mode: 'vhe', faithful: ['unshared-mdscr'] })).toBe(MDE | KDE);
  });
  it('corrected, or without VHE: the host has its own MDSCR_EL1', () => {
    expect(afterwards({ revision: 'vhe', mode: 'vhe' })).toBe(0n);
    expect(afterwards({ revision: 'vhe', mode: 'nvhe', faithful: ['unshared-mdscr'] })).toBe(0n);
  });
});

/** `revision` with a step of one's own behind the one with `id`. */
function withStep(revision: Revision, id: string, run: Step['run'], el: 1 | 2 = 2): Revision {
  const at = revision.steps.findIndex((step) => step.id === id);
  const own: Step = { id: 'own', phase: revision.steps[at].phase, el, kind: 'trap-control', because: 'asked for by a test', run };
  return { ...revision, steps: [...revision.steps.slice(0, at + 1), own, ...revision.steps.slice(at + 1)] };
}

describe('unmasked-switch', () => {
  /** An SError comes when the guest's traps are in place and its registers are not. The processor is asked what it does then. */
  const serrorInside = (faithful: readonly string[], base = VHE_ALTERNATIVES): { readonly exit: Exit<Arm64DebugExit> | undefined; readonly vectors: readonly bigint[] } => {
    const codes: bigint[] = [];
    let raised = false;
    const revision = withStep(base, 'stage2-on', () => {
      const { hostCpu, hypervisor: { host: { entries }, host: us } } = machine;
      if (raised) return;
      raised = true;
      hostCpu.inputs.serror.set(true);
      // Somewhere in the hosted range, as code in memory would be somewhere.
      hostCpu.registers.debugger.write('pc', entries.kernel);
      us.arrive(entries.kernel);
    });
    const machine = guestMachine({ mode: 'vhe', revision, faithful, image: program(SYSTEM_OFF) });
    const { hostCpu, hypervisor: { world } } = machine;
    const leave = world.leave.bind(world);
    world.leave = (vcpu, at) => {
      codes.push(at - machine.hypervisor.host.entries.hypVectors);
      hostCpu.inputs.serror.set(false);
      return leave(vcpu, at);
    };
    machine.run(10_000);
    return { exit: machine.cpu.lastExit, vectors: codes };
  };
  it('faithful: an SError is taken in the middle of the switch, by the vectors that are meant for guests', () => {
    expect(serrorInside(['unmasked-switch']).exit).toMatchObject({
      kind: 'internal-error', reason: 'hypervisor-panic', detail: { step: 'own', why: expect.stringMatching(/entered at 0xb000380/) as string },
    });
  });
  it('corrected: it waits until the guest runs, and is dealt with then as any of a guest\'s', () => {
    const { exit, vectors } = serrorInside([], TWO_HOOKS);
    expect(exit).toMatchObject({ kind: 'system-event' });
    expect(vectors).toContain(VECTOR.lowerSerror);
    // For which the vectors of the assembly had no handler yet.
    const assembly = serrorInside([]);
    expect(assembly.exit).toMatchObject({ kind: 'internal-error', reason: 'hypervisor-panic' });
    expect(assembly.vectors).toEqual([VECTOR.lowerSerror]);
  });

  /** A guest that has debug events of its own kernel enabled is stepped. EL2 returns to it with them enabled at EL2 too. */
  const stepped = (pair: Pair): readonly bigint[] => {
    const machine = guestMachine({ ...pair, image: program(`nop\n nop\n nop\n ${SYSTEM_OFF}`) });
    machine.vcpu.setRegister('MDSCR_EL1', KDE);
    machine.breakpoints.stepping = true;
    return Array.from({ length: 3 }, () => {
      machine.run(10_000);
      return (machine.cpu.lastExit as { readonly pc: bigint }).pc - RAM;
    });
  };
  it('faithful: stepping a guest whose MDSCR_EL1.KDE is set never gets beyond its first instruction', () => {
    expect(stepped({ revision: 'vhe', mode: 'vhe', faithful: ['unmasked-switch'] })).toEqual([0n, 0n, 0n]);
    expect(stepped({ revision: 'two-hooks', mode: 'vhe', faithful: ['unmasked-switch'] })).toEqual([0n, 0n, 0n]);
  });
  it('corrected, or without VHE: one instruction for each step', () => {
    for (const pair of [{ revision: 'vhe', mode: 'vhe' }, { revision: 'vhe', mode: 'nvhe', faithful: ['unmasked-switch'] }, { revision: 'two-hooks', mode: 'vhe' }] as const) {
      expect(stepped(pair)).toEqual([4n, 8n, 12n]);
    }
  });
});

describe('a panic', () => {
  const run = (revision: Revision, mode: 'nvhe' | 'vhe', prepare: (machine: GuestMachine) => void = () => undefined): GuestMachine => {
    const machine = guestMachine({ mode, revision, image: program(SYSTEM_OFF) });
    prepare(machine);
    machine.run(10_000);
    return machine;
  };

  const reported = ({ cpu: { lastExit } }: GuestMachine, what: 'esr' | 'far'): bigint => (lastExit?.kind === 'internal-error' ? lastExit.detail[what] as bigint : -1n);

  it('comes of a pointer of the kernel that EL2 follows without converting it, in the step that does', () => {
    const unconverted: Revision = {
      ...DEBUG_PTR,
      steps: DEBUG_PTR.steps.map((step): Step => (step.id !== 'guest-set-restore' ? step : {
        ...placed(step, 'host-set-save'),
        run: ({ code, vcpu }) => { code.restore('DBGBCR0_EL1', vcpu.debugSet(code.load(vcpu.state, 'debug-ptr')), 'bcr0'); },
      })),
    };
    const machine = run(unconverted, 'nvhe', ({ vcpu }) => { vcpu.setRegister('MDSCR_EL1', MDE); });
    expect(machine.cpu.lastExit).toMatchObject({ kind: 'internal-error', reason: 'hypervisor-panic', detail: { step: 'guest-set-restore', why: expect.stringMatching(/ldr .* is trap/) as string } });
    expect(decodeSyndrome(reported(machine, 'esr')).ec).toBe(EC.DABT_CUR);
    expect(reported(machine, 'far') >> 38n).toBe(0x3ff_ffffn);
    // The same with the conversion.
    expect(run(DEBUG_PTR, 'nvhe', ({ vcpu }) => { vcpu.setRegister('MDSCR_EL1', MDE); }).cpu.lastExit).toMatchObject({ kind: 'system-event' });
  });

  it.each([['debug-ptr', 'nvhe'], ['vhe', 'nvhe'], ['vhe', 'vhe']] as const)('of an UNDEFINED access in the middle of %s on %s says so, with the host\'s world back', (name, mode) => {
    const revision = withStep(name === 'vhe' ? VHE_ALTERNATIVES : DEBUG_PTR, name === 'vhe' ? 'guest-all-restore' : 'guest-array-restore', ({ code }) => { code.write('MIDR_EL1', 0n); });
    const own: Record<string, bigint> = {};
    const machine = run(revision, mode, (made) => {
      const { code } = made.hypervisor.host;
      code.write('TPIDR_EL0', 0x77n);
      if (mode === 'nvhe') code.write('TTBR0_EL1', 0x7000n);
      made.vcpu.setRegister('TPIDR_EL0', 0x99n);
      made.vcpu.setRegister('TTBR0_EL1', 0x9000n);
      own['TPIDR_EL0'] = 0x77n;
      if (mode === 'nvhe') own['TTBR0_EL1'] = 0x7000n;
    });
    expect(machine.cpu.lastExit).toMatchObject({ kind: 'internal-error', reason: 'hypervisor-panic', dead: true, detail: { step: 'own', why: expect.stringMatching(/msr MIDR_EL1 is undefined/) as string } });
    expect(decodeSyndrome(reported(machine, 'esr')).ec).toBe(EC.UNKNOWN);
    for (const [register, value] of Object.entries(own)) expect(host(machine, register), register).toBe(value);
    expect(host(machine, 'VTTBR_EL2')).toBe(0n);
    expect(host(machine, 'HCR_EL2')).toBe(machine.hypervisor.host.constants.hcr);
    // Without VHE the kernel that reports is at EL1.
    expect(((host(machine, 'pstate') ?? 0n) >> 2n) & 3n).toBe(mode === 'vhe' ? 2n : 1n);
  });
});
