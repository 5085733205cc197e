/** Virtual interrupts through list registers: a guest acknowledges and ends them at its own CPU interface, and the list knows. */
import { PAIRS, REVISIONS } from '@worldswitch/arm64-hypervisor';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { Ledger } from '@worldswitch/hypervisor';
import type { Exit } from '@worldswitch/hypervisor';
import { describe, expect, it } from 'vitest';
import { RAM, bareHost } from '../../src/test/bare-guest.ts';
import type { BareHost, BareVm } from '../../src/test/bare-guest.ts';

/** A call that the VMM wants to see: x21 is the interrupt that was acknowledged. */
const CALL = 0xc600_0001n;
const GICC = 0x0801_0000n;

/** Where the interface is, and its three accesses. */
const INTERFACE = {
  2: { start: 'mov x20, #0x08010000\n mov w0, #0xf0\n str w0, [x20, #4]\n mov w0, #1\n str w0, [x20]', acknowledge: 'ldr w21, [x20, #0xc]', end: 'str w21, [x20, #0x10]' },
  3: { start: 'mov x0, #0xf0\n msr ICC_PMR_EL1, x0\n mov x0, #1\n msr ICC_IGRPEN1_EL1, x0\n isb', acknowledge: 'mrs x21, ICC_IAR1_EL1', end: 'msr ICC_EOIR1_EL1, x21' },
} as const;
const CALL_VMM = 'mov w0, #1\n movk w0, #0xc600, lsl #16\n hvc #0';

interface Made extends BareVm {
  readonly on: BareHost;
  /** Runs until the guest has acknowledged an interrupt; undefined when it waits for one. */
  next(): number | undefined;
  /** State of the list registers that were used, as the exit left them. */
  lists(): readonly { readonly id: number; readonly pending: boolean; readonly active: boolean; readonly physical?: number }[];
}

function guest({ gic, mode, revision, sync, edge = () => false, priority = () => 0xa0, then = '' }: {
  readonly gic: 2 | 3; readonly mode: AccessorMode; readonly revision: string; readonly sync?: 'late'; readonly edge?: (id: number) => boolean; readonly priority?: (id: number) => number;
  /** What it does before it waits. */
  readonly then?: string;
}): Made {
  const on = bareHost({
    gic, mode, revision, ...(sync && { sync }), forward: (number) => number === CALL,
    interruptInterface: { ...(gic === 2 && { guestAddress: GICC }), properties: (id) => ({ edge: edge(id), priority: priority(id) }) },
  });
  const made = on.vm();
  const { start, acknowledge, end } = INTERFACE[gic];
  made.load(RAM, `mov x19, #0\n mov x1, #0x40000000\n add x1, x1, #0x1000\n msr VBAR_EL1, x1\n ${start}\n isb\n msr DAIFClr, #2\n ${then}\n1: wfi\n b 1b`);
  made.load(RAM + 0x1280n, `${acknowledge}\n ${CALL_VMM}\n ${end}\n add x19, x19, #1\n eret`);
  const { vcpu, backend } = made;
  const hardware = on.hypervisor.host.virtualInterface;
  return {
    ...made, on,
    next: () => {
      let exit: Exit<unknown>;
      do { exit = vcpu.run({ budget: 10_000 }); } while (exit.kind === 'interrupted' && exit.because !== 'budget');
      if (exit.kind === 'hypercall') return Number(vcpu.getRegister('x21'));
      expect(exit.kind).toBe('idle');
      return undefined;
    },
    lists: () => Array.from({ length: hardware?.listRegisters ?? 0 }, (_, n) => hardware?.decode(backend.guest.memory.state.get(`vgic-lr${n}`)) as never),
  };
}

const CASES = [
  ...PAIRS.flatMap(({ revision, mode }) => ([2, 3] as const).map((gic) => ({ revision, mode, gic }))),
  // And where no write acts before it must.
  ...PAIRS.filter(({ revision }) => revision === 'load-put' || revision === 'owner').map(({ revision, mode }) => ({ revision, mode, gic: 3, sync: 'late' }) as const),
];

describe.each(CASES)('a guest at its virtual CPU interface: GICv$gic, $revision, $mode, $sync', (setup) => {
  it('takes a level once while it is up and served, again when it stays, and not when it has gone', () => {
    const one = guest(setup);
    expect(one.next()).toBeUndefined();
    one.vcpu.setLine('intid40', true);
    expect(one.next()).toBe(40);
    expect(one.lists()[0]).toEqual({ id: 40, pending: false, active: true });
    // Still up at the end: once more.
    expect(one.next()).toBe(40);
    expect(one.vcpu.getRegister('x19')).toBe(1n);
    one.vcpu.setLine('intid40', false);
    expect(one.next()).toBeUndefined();
    expect(one.vcpu.getRegister('x19')).toBe(2n);
    expect(one.lists()[0]).toMatchObject({ pending: false, active: false });
  });

  it('takes more than there are list registers, the most urgent first', () => {
    const one = guest({ ...setup, edge: () => true, priority: (id) => 0x80 - 8 * (id - 40) });
    const ids = [43, 40, 46, 42, 41, 45, 44];
    expect(one.next()).toBeUndefined();
    for (const id of ids) one.vcpu.setLine(`intid${id}`, true);
    expect(ids.map(() => one.next())).toEqual([46, 45, 44, 43, 42, 41, 40]);
    expect(one.next()).toBeUndefined();
    expect(one.vcpu.getRegister('x19')).toBe(7n);
  });

  it('keeps its priority mask and what it has acknowledged from run to run', () => {
    const one = guest({ ...setup, edge: () => true });
    expect(one.next()).toBeUndefined();
    one.vcpu.setLine('intid40', true);
    expect(one.next()).toBe(40);
    // Between the acknowledgement and the end: no more urgent one, so nothing comes before the end.
    one.vcpu.setLine('intid41', true);
    expect(one.next()).toBe(41);
    expect(one.vcpu.getRegister('x19')).toBe(1n);
    expect(one.next()).toBeUndefined();
  });
});

describe.each(CASES.filter(({ revision }) => revision !== 'debug-ptr'))('a guest\'s own interrupts: GICv$gic, $revision, $mode, $sync', (setup) => {
  it('are its timers\', without the VMM', () => {
    const one = guest({ ...setup, then: 'mrs x2, CNTVCT_EL0\n add x2, x2, #100\n msr CNTV_CVAL_EL0, x2\n mov x2, #1\n msr CNTV_CTL_EL0, x2\n isb' });
    expect(one.next()).toBe(27);
    expect(one.lists()[0]).toEqual({ id: 27, pending: false, active: true, physical: 27 });
    one.vcpu.setRegister('x2', 0n);
    // The handler ends it while the timer is still up: it comes again, until the timer is off.
    expect(one.next()).toBe(27);
    one.load(RAM + 0x1280n, `msr CNTV_CTL_EL0, x2\n ${INTERFACE[setup.gic].end}\n add x19, x19, #1\n eret`);
    one.vcpu.setRegister('pc', RAM + 0x1280n);
    expect(one.next()).toBeUndefined();
    expect(one.vcpu.deviceLines).toMatchObject({ vtimer: false });
  });
});

/** Its virtual timer, which goes off at once; the handler acknowledges, turns it off and ends it before anybody hears of it. */
const FIRE = 'mrs x2, CNTVCT_EL0\n msr CNTV_CVAL_EL0, x2\n mov x2, #1\n msr CNTV_CTL_EL0, x2\n isb';
const IN_HANDLER = RAM + 0x1280n;
const VTIMER = 1n << 27n;

describe.each(CASES)('the virtual timer\'s interrupt of the host behind the guest\'s: GICv$gic, $revision, $mode, $sync', (setup) => {
  const { acknowledge, end } = INTERFACE[setup.gic];
  /** What the controller has active, and what the host has made active or inactive by itself. */
  const watch = ({ on }: Made): { readonly active: () => bigint; readonly made: string[] } => {
    const made: string[] = [];
    const { interrupts } = on.hypervisor.host;
    const setActive = interrupts.setActive.bind(interrupts);
    interrupts.setActive = (code, id, active) => {
      made.push(`${id} ${active ? 'active' : 'inactive'}`);
      setActive(code, id, active);
    };
    const register = setup.gic === 2 ? 0x0800_0300n : 0x080b_0300n;
    return { active: () => (on.host.machine.memory.read(register, 4, 'debugger') ?? 0n) & VTIMER, made };
  };

  it('is active while the guest serves it, and ended by the guest\'s end, without the host', () => {
    const one = guest({ ...setup, then: FIRE });
    const { active, made } = watch(one);
    one.load(IN_HANDLER, `${acknowledge}\n msr CNTV_CTL_EL0, xzr\n isb\n ${end}\n add x19, x19, #1\n ${CALL_VMM}\n eret`);
    expect(one.next()).toBe(27);
    expect(one.lists()[0]).toEqual({ id: 27, pending: false, active: false, physical: 27 });
    expect(made.at(-1)).toBe('27 active');
    expect(made).not.toContain('27 inactive');
    expect(active()).toBe(0n);
    expect(one.next()).toBeUndefined();
    expect(one.vcpu.getRegister('x19')).toBe(1n);
    expect(made).not.toContain('27 inactive');
  });

  it('does not take the guest out while its level is up and the guest has not ended it', () => {
    const one = guest({ ...setup, then: FIRE });
    const { active } = watch(one);
    // A long handler, the timer up all the time.
    one.load(IN_HANDLER, `${acknowledge}\n mov x3, #500\n1: sub x3, x3, #1\n cbnz x3, 1b\n 2: b 2b`);
    const left: string[] = [];
    const { world } = one.on.hypervisor;
    const leave = world.leave.bind(world);
    world.leave = (vcpu, at) => {
      left.push(vcpu.context.get('PC').toString(16));
      return leave(vcpu, at);
    };
    for (let slice = 0; slice < 20 && one.vcpu.getRegister('x21') !== 27n; slice++) one.vcpu.run({ budget: 20 });
    expect(one.vcpu.getRegister('x21')).toBe(27n);
    left.length = 0;
    expect(one.vcpu.run({ budget: 1000 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(left).toEqual([]);
    expect(active()).toBe(VTIMER);
    // Off the processor nobody's timer is in hardware, and nothing of it is left in the controller.
    one.vcpu.getRegister('CNTVOFF_EL2');
    expect(active()).toBe(0n);
    expect(one.lists()[0]).toEqual({ id: 27, pending: false, active: true, physical: 27 });
  });
});

/** GICH_LR of the measured sequences (HW, pending, priority 0x80, physical 30, 27), and the same for ICH_LR<n>_EL2 by its fields, group 1. */
describe.each([[2, 0x9800_781bn, 0xa800_781bn], [3, 0x7080_001e_0000_001bn, 0xb080_001e_0000_001bn]] as const)('a list register of a GICv%i with an interrupt of the host\'s behind it', (gic, pending, active) => {
  const hardware = bareHost({ gic, mode: 'vhe' }).hypervisor.host.virtualInterface;
  const listed = { id: 27, priority: 0x80, group: gic === 2 ? 0 : 1, tellEnd: true, physical: 30 } as const;
  it('has the fields of the manual', () => {
    expect(hardware?.encode({ ...listed, pending: true, active: false })).toBe(pending);
    expect(hardware?.encode({ ...listed, pending: false, active: true })).toBe(active);
    expect(hardware?.decode(active)).toEqual({ id: 27, pending: false, active: true, physical: 30 });
  });
});

describe.each(['nvhe', 'vhe'] as const)('software interrupts of a GICv3 guest, %s', (mode) => {
  it('reach the vCPUs they name, once', () => {
    const one = guest({ gic: 3, mode, revision: 'owner', then: 'mov x2, #1\n movk x2, #0x500, lsl #16\n msr ICC_SGI1R_EL1, x2' });
    expect(one.next()).toBe(5);
    expect(one.next()).toBeUndefined();
    expect(one.vcpu.getRegister('x19')).toBe(1n);
  });
});

describe.each(['nvhe', 'vhe'] as const)('ID_AA64PFR0_EL1.GIC of a guest, %s', (mode) => {
  const OFF = 'mov w0, #0x0008\n movk w0, #0x8400, lsl #16\n hvc #0';
  const seen = (options: Parameters<typeof bareHost>[0]): bigint => {
    const one = bareHost(options).vm();
    one.load(RAM, `mrs x21, ID_AA64PFR0_EL1\n ${OFF}`);
    expect(one.vcpu.run({ budget: 1000 })).toMatchObject({ kind: 'system-event' });
    return (one.vcpu.getRegister('x21') >> 24n) & 15n;
  };
  it('is 1 for the one whose CPU interface is system registers', () => {
    expect(seen({ mode, gic: 3, interruptInterface: {} })).toBe(1n);
  });
  it('is 0 for the one that has a GICv2\'s, and on a host with a GICv3 for the one that has none', () => {
    expect(seen({ mode, gic: 2, interruptInterface: { guestAddress: GICC } })).toBe(0n);
    expect(seen({ mode, gic: 3 })).toBe(0n);
    expect(seen({ mode, gic: 2 })).toBe(0n);
  });
});

describe('a VM with a virtual CPU interface', () => {
  it('has no lines of the other kind, and one without has no such inputs', () => {
    const { vcpu } = guest({ gic: 2, mode: 'vhe', revision: 'load-put' });
    expect(() => { vcpu.setLine('irq', true); }).toThrow(/interrupt line 'irq'/);
    const plain = bareHost({ mode: 'vhe' }).vm();
    expect(() => { plain.vcpu.setLine('intid40', true); }).toThrow(/interrupt line 'intid40'/);
  });
  it('says where it is, or not, as the controller asks', () => {
    expect(() => bareHost({ mode: 'vhe', interruptInterface: {} }).vm()).toThrow(/the interface of a GICv2 is at a page of the guest's/);
    expect(() => bareHost({ mode: 'vhe', gic: 3, interruptInterface: { guestAddress: GICC } }).vm()).toThrow(/is in system registers/);
  });
});

/** Register moves of kind vgic of one round trip, with one list register used, as counted from the original code by hand. */
describe.each([['two-hooks', 'nvhe'], ['two-hooks', 'vhe'], ['load-put', 'nvhe'], ['load-put', 'vhe'], ['owner', 'nvhe'], ['owner', 'vhe']] as const)('the interface of a GICv3 in %s, %s', (revision, mode) => {
  it('is moved as its generation moves it', () => {
    expect(REVISIONS.map(({ name }) => name)).toContain(revision);
    const one = guest({ gic: 3, mode, revision });
    expect(one.next()).toBeUndefined();
    one.vcpu.setLine('intid40', true);
    const ledger = new Ledger();
    one.on.hypervisor.host.code.ledger = ledger;
    expect(one.next()).toBe(40);
    one.on.hypervisor.host.code.ledger = undefined;
    const rows = ledger.rows.filter(({ kind, step }) => kind === 'vgic' && step !== 'vgic-on' && step !== 'vgic-off');
    const counts = (...phases: readonly string[]): readonly [number, number] => {
      const of = rows.filter(({ phase }) => phases.includes(phase));
      return [of.filter(({ operation }) => operation === 'read').length, of.filter(({ operation }) => operation === 'write').length];
    };
    // u = 1 list register, p = 1 register of active priorities for each of two groups.
    const [u, p] = [1, 1];
    const late = revision !== 'two-hooks';
    const rounds = ledger.rows.filter(({ step, operation }) => step === 'guest-enter' && operation === 'control').length;
    const times = (...[reads, writes]: readonly [number, number]): readonly [number, number] => [reads * rounds, writes * rounds];
    if (!late) {
      expect(counts('activate-traps')).toEqual(times(1, 2 + 2 * p + u));
      expect(counts('deactivate-traps')).toEqual(times(2 + 2 * p + u, 2 + u));
    } else if (mode === 'nvhe') {
      expect(counts('activate-traps')).toEqual(times(1, 2 + u));
      expect(counts('deactivate-traps')).toEqual(times(2 + u, 2 + u));
    } else {
      expect(counts('save-host')).toEqual(times(0, 1 + u));
      expect(counts('restore-host')).toEqual(times(1 + u, 1 + u));
    }
  });
});
