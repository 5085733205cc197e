/** KVM_ARM_VCPU_PMU_V3_CTRL, and the monitors that a guest gets by it. */
import { ONE_REGISTER_FACTS } from '@worldswitch/arm64-hypervisor';
import { createPmu } from '@worldswitch/arm64-hypervisor/vmm';
import type { Device } from '@worldswitch/hypervisor';
import { structCodec } from '@worldswitch/hypervisor/abi';
import { describe, expect, it } from 'vitest';
import { controlled, giveController, initialise, load, numberOf } from '../vgic/kernel-guest.ts';
import { errnoOf } from './bench.ts';
import { RAM, kvmGuest, runUntil } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestVcpu } from './guest.ts';
import { RESULTS, bareProcessor, loadProgram } from './pmu-program.ts';
import { sentence } from './sentence.ts';

const PMU = { group: 0, irq: 0n, init: 1n, filter: 2n, set: 3n } as const;
const FEATURES = ['psci-0.2', 'pmu-v3'];
const NOTHING = new Uint8Array(0);
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
const FILTER = structCodec('arm64', 'kvm_pmu_event_filter', 'little');
const filter = (base_event: number, nevents: number, action: number): Uint8Array => FILTER.encode({ base_event, nevents, action });

const set = (vcpu: TestVcpu, attribute: bigint, value: Uint8Array = NOTHING): string => errnoOf(() => { vcpu.setAttribute(PMU.group, attribute, value); });
const run = (vcpu: TestVcpu): string => errnoOf(() => { vcpu.run({ budget: 1 }); });

/** With a PMU that has been started; no controller in the hypervisor. */
function started(options: KvmGuestOptions = {}, filters: readonly Uint8Array[] = []): KvmGuest {
  const one = kvmGuest({ features: FEATURES, ...options });
  for (const each of filters) expect(set(one.vcpu, PMU.filter, each)).toBe('none');
  for (const vcpu of one.vcpus) expect(set(vcpu, PMU.init)).toBe('none');
  return one;
}

describe('a program that counts itself', () => {
  const bare = bareProcessor();
  loadProgram(bare.load);
  for (let n = 0; n < 100 && bare.register('x27') === 0n; n++) bare.run(100);
  const words = (read: (at: bigint) => bigint): bigint[] => Array.from({ length: 110 }, (_, n) => read(RESULTS + 8n * BigInt(n)));
  const expected = words(bare.read);

  it('comes to its end by itself', () => {
    expect(bare.register('x27')).toBe(1n);
    expect(expected.filter((value) => value !== 0n).length).toBeGreaterThan(60);
  });
  it.each([['vhe', 'early'], ['nvhe', 'early'], ['vhe', 'late'], ['nvhe', 'late']] as const)('finds as a guest what it finds by itself: %s, writes to system registers act %s', (mode, sync) => {
    const one = started({ mode, ...(sync === 'late' && { sync }) });
    loadProgram(one.program);
    for (let n = 0; n < 100 && one.vcpu.getRegister('x27') === 0n; n++) one.vcpu.run({ budget: 100 });
    expect(words((at) => one.read(at))).toEqual(expected);
  });
  it.each([1, 7])('in turns of %i instructions too', (budget) => {
    const one = started({ mode: 'vhe' });
    loadProgram(one.program);
    for (let n = 0; n < 3000 && one.read(RESULTS + 8n * 80n) === 0n; n++) one.vcpu.run({ budget });
    runUntilEnd(one);
    expect(words((at) => one.read(at))).toEqual(expected);
  });
});

describe('its registers', () => {
  const N = 6;
  const names = [
    ...Array.from({ length: N }, (_, n) => [`PMEVCNTR${n}_EL0`, `PMEVTYPER${n}_EL0`]).flat(),
    'PMCCFILTR_EL0', 'PMCCNTR_EL0', 'PMSELR_EL0', 'PMXEVTYPER_EL0', 'PMXEVCNTR_EL0', 'PMUSERENR_EL0',
    'PMOVSSET_EL0', 'PMOVSCLR_EL0', 'PMINTENSET_EL1', 'PMINTENCLR_EL1', 'PMCNTENSET_EL0', 'PMCNTENCLR_EL0', 'PMCR_EL0',
  ];
  /** Not a guest's: filters for levels that it does not have (NSK, NSU, NSH, M), who made the processor. Counters have 32 bits before FEAT_PMUv3p5. */
  const shown = (name: string): bigint => (/TYPER|FILTR/.test(name) ? 0xc000_ffffn : /CNTR\d_EL0|XEVCNTR/.test(name) ? 0xffff_ffffn : name === 'PMCR_EL0' ? 0xffffn : -1n);
  // LC is set where there is no AArch32 state; E and C would make them count.
  const VALUES = [(1n << 64n) - 1n, 0n, 0x8123_4567_9abc_def0n, 31n, 3n, 0x7fff_ffff_8000_0005n];
  const source = [
    load('x20', RESULTS),
    ...VALUES.flatMap((value) => names.map((name) => `${load('x1', name === 'PMCR_EL0' ? (value & ~1n) | 0x40n : value)}\n movk x1, #${value >> 48n}, lsl #48\n msr ${name}, x1\n isb\n mrs x2, ${name}\n str x2, [x20], #8`)),
    'mov x27, #1\n8: b 8b',
  ].join('\n');
  it('take and give the bits that those of a processor do', () => {
    const bare = bareProcessor();
    bare.load(source, RAM);
    while (bare.register('x27') === 0n) bare.run(1000);
    const one = started({ source });
    runUntilEnd(one);
    const values = (read: (at: bigint) => bigint): string[] => VALUES.flatMap((value, v) => names.map((name, n) => `${name} after ${value}: ${BigInt.asUintN(64, read(RESULTS + 8n * BigInt(v * names.length + n)) & shown(name))}`));
    expect(values((at) => one.read(at))).toEqual(values(bare.read));
  });
  it('are UNDEFINED where there is no such counter, to be written or read', () => {
    const one = started({ source: `${load('x0', RAM + 0x1000n)}\n msr VBAR_EL1, x0\n mrs x1, PMEVCNTR6_EL0\n mrs x1, PMSWINC_EL0\n msr PMCEID0_EL0, x1\n msr PMEVTYPER30_EL0, x1\n mov x27, #1\n8: b 8b` });
    one.program('mrs x2, ESR_EL1\n cmp x2, #0\n add x3, x3, #1\n orr x4, x4, x2\n mrs x2, ELR_EL1\n add x2, x2, #4\n msr ELR_EL1, x2\n eret', RAM + 0x1200n);
    runUntilEnd(one);
    expect([one.vcpu.getRegister('x3'), one.vcpu.getRegister('x4')]).toEqual([4n, 0x200_0000n]);
  });
});

function runUntilEnd({ vcpu }: KvmGuest): void {
  for (let n = 0; n < 100 && vcpu.getRegister('x27') === 0n; n++) vcpu.run({ budget: 100 });
}

describe('how it is set up', () => {
  const VERSIONS = [2, 3] as const;
  const withController = (gic: 2 | 3, vcpus = 2): KvmGuest & { readonly device: Device } => {
    const one = kvmGuest({ features: FEATURES, gic, vcpus, source: 'b .' });
    return { ...one, device: giveController(one.vm, gic) };
  };

  sentence('3.12', () => {
    const one = kvmGuest();
    for (const vcpu of [one.vcpu, one.vm.createVcpu(1), kvmGuest({ features: FEATURES }).kvm.createVm().createVcpu(0)]) {
      for (const attribute of [0n, 1n, 2n, 3n]) {
        expect(errnoOf(() => { vcpu.hasAttribute(PMU.group, attribute); })).toBe('ENODEV');
        expect(errnoOf(() => { vcpu.getAttribute(PMU.group, attribute); })).toBe('ENODEV');
      }
      expect([set(vcpu, PMU.irq, int(23)), set(vcpu, PMU.init), set(vcpu, PMU.filter, filter(0, 1, 0)), set(vcpu, PMU.set, int(8))]).toEqual(['ENODEV', 'ENODEV', 'ENODEV', 'ENODEV']);
    }
  }, 'the PMU');

  sentence('5.2', () => {
    const one = kvmGuest({ features: FEATURES, vcpus: 2, source: 'b .' });
    const [first, second] = one.vcpus;
    expect([run(first), errnoOf(() => first.run({ immediateExit: true }))]).toEqual(['EINVAL', 'EINVAL']);
    expect(one.vmBackend.registers.ranOnce).toBe(false);
    expect([set(first, PMU.init), run(first), run(second), set(second, PMU.init), run(second)]).toEqual(['none', 'none', 'EINVAL', 'none', 'none']);
  }, 'the PMU');
  sentence('5.2', () => {
    for (const gic of VERSIONS) {
      // Started before there was a controller, and so without an interrupt.
      const late = kvmGuest({ features: FEATURES, gic, source: 'b .' });
      expect(set(late.vcpu, PMU.init)).toBe('none');
      initialise(giveController(late.vm, gic));
      expect(run(late.vcpu)).toBe('EINVAL');
      // An SPI that the controller does not have.
      const beyond = withController(gic, 1);
      initialise(beyond.device);
      expect([set(beyond.vcpu, PMU.irq, int(1000)), set(beyond.vcpu, PMU.init), run(beyond.vcpu)]).toEqual(['none', 'none', 'EINVAL']);
    }
  }, 'the PMU and a controller');

  sentence('7.5', () => {
    for (const gic of VERSIONS) {
      const { vcpus: [first, second], device } = withController(gic);
      expect([-1, 0, 15, 1020, 1023, 4096].map((irq) => set(first, PMU.irq, int(irq)))).toEqual(Array<string>(6).fill('EINVAL'));
      expect(set(first, PMU.irq, int(23))).toBe('none');
      expect([22, 40].map((irq) => set(second, PMU.irq, int(irq)))).toEqual(['EINVAL', 'none']);
      expect([set(first, PMU.irq, int(23)), set(second, PMU.irq, int(23))]).toEqual(['EINVAL', 'EINVAL']);
      expect([first, second].map((vcpu) => numberOf(vcpu.getAttribute(PMU.group, PMU.irq)))).toEqual([23, 40]);
      // The controller comes first.
      expect(set(first, PMU.init)).toBe('ENODEV');
      initialise(device);
      expect([set(first, PMU.init), set(first, PMU.init), set(first, PMU.irq, int(23)), set(first, PMU.filter, filter(0, 1, 0))]).toEqual(['none', 'EBUSY', 'EBUSY', 'EBUSY']);
    }
  }, 'the interrupt');
  sentence('7.5', () => {
    const { vcpus: [first, second], device } = withController(3);
    expect(errnoOf(() => { first.getAttribute(PMU.group, PMU.irq); })).toBe('ENXIO');
    initialise(device);
    expect(set(first, PMU.init)).toBe('ENXIO');
    expect([set(first, PMU.irq, int(23)), set(first, PMU.irq, int(23)), set(second, PMU.irq, int(23))]).toEqual(['none', 'EBUSY', 'none']);
    expect([set(first, PMU.init), set(second, PMU.init)]).toEqual(['none', 'none']);
    // SPIs are one vCPU's.
    const other = withController(3);
    expect(other.vcpus.map((vcpu) => set(vcpu, PMU.irq, int(40)))).toEqual(['none', 'EINVAL']);
  }, 'starting it');
  sentence('7.5', () => {
    const { vcpu } = kvmGuest({ features: FEATURES });
    expect([set(vcpu, PMU.irq, int(23)), errnoOf(() => { vcpu.getAttribute(PMU.group, PMU.irq); })]).toEqual(['EINVAL', 'EINVAL']);
    expect([set(vcpu, PMU.init), set(vcpu, PMU.init)]).toEqual(['none', 'EBUSY']);
  }, 'without a controller');
  sentence('7.3', () => {
    // Events of PMUv3 for Armv8.1 have 16 bits.
    const one = kvmGuest({ features: FEATURES, vcpus: 2, source: 'b .' });
    const [first, second] = one.vcpus;
    expect([filter(0xffff, 2, 0), filter(0, 1, 2), filter(0xffff, 0xffff, 1)].map((value) => set(first, PMU.filter, value))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    expect([filter(0xffff, 1, 0), filter(0, 0, 1)].map((value) => set(first, PMU.filter, value))).toEqual(['none', 'none']);
    expect([set(first, PMU.set, int(0)), set(first, PMU.set, int(8))]).toEqual(['ENXIO', 'none']);
    expect([set(first, PMU.init), run(first)]).toEqual(['none', 'none']);
    expect([set(second, PMU.filter, filter(0, 1, 0)), set(second, PMU.filter, filter(0, 1, 2)), set(second, PMU.set, int(8))]).toEqual(['EBUSY', 'EINVAL', 'EBUSY']);
    expect([1n, 2n, 3n].map((attribute) => errnoOf(() => { first.getAttribute(PMU.group, attribute); }))).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    for (const attribute of [0n, 1n, 2n, 3n]) first.hasAttribute(PMU.group, attribute);
  }, 'PMU_V3_CTRL: filter and choice');
  it('is what a VMM\'s half does, where there is a controller and the feature', () => {
    const one = withController(2, 1);
    initialise(one.device);
    expect([createPmu(one.vcpu, 23), run(one.vcpu), createPmu(kvmGuest().vcpu, 23)]).toEqual([true, 'none', false]);
    expect(() => createPmu(one.vcpu, 23)).toThrow(/^EBUSY: setting the PMU interrupt of vCPU 0 to 23/);
  });
  sentence('7.4', () => {
    const { vcpu } = kvmGuest({ features: FEATURES });
    for (const [group, attribute] of [[PMU.group, 4n], [PMU.group, 1n << 32n], [3, 0n], [0xffff_ffff, 0n]] as const) {
      expect(errnoOf(() => { vcpu.hasAttribute(group, attribute); })).toBe('ENXIO');
      expect(errnoOf(() => { vcpu.getAttribute(group, attribute); })).toBe('ENXIO');
      expect(errnoOf(() => { vcpu.setAttribute(group, attribute, NOTHING); })).toBe('ENXIO');
    }
  }, 'the PMU');
});

/** Counter 0 with an event from a value on, then code; ends with x27 = 1. */
const counting = (event: number, start: bigint, code: string): string => `
  mov x0, #${event}
  msr PMEVTYPER0_EL0, x0
  ${load('x0', start)}
  msr PMEVCNTR0_EL0, x0
  mov x0, #1
  msr PMINTENSET_EL1, x0
  ${load('x0', 0x8000_003fn)}
  msr PMCNTENSET_EL0, x0
  mov x0, #0x41
  msr PMCR_EL0, x0
  isb
  ${code}
  mov x27, #1
8: b 8b`;
const LOOP = 'mov x3, #200\n7: subs x3, x3, #1\n b.ne 7b';
const id = (name: string): bigint => (ONE_REGISTER_FACTS as readonly { readonly name: string; readonly id: bigint }[]).find((fact) => fact.name === name)?.id as bigint;
const of = ({ vcpu }: KvmGuest, name: string): bigint => vcpu.oneRegisters.get(id(name));

describe('an overflow', () => {
  it.each(['vhe', 'nvhe'] as const)('comes at the instruction that makes it, to a VMM that has the controller: %s', (mode) => {
    const source = counting(0x08, 0xffff_ffffn - 99n, LOOP);
    const bare = bareProcessor();
    bare.load(source, RAM);
    while (bare.register('PMOVSSET_EL0') === 0n) bare.run(1);
    const one = started({ mode, source });
    expect(one.vcpu.run({ budget: 5000 })).toEqual({ kind: 'interrupted', because: 'lines' });
    expect(['pc', 'x3'].map((name) => one.vcpu.getRegister(name))).toEqual(['pc', 'x3'].map((name) => bare.register(name)));
    expect(one.vcpu.deviceLines).toEqual({ vtimer: false, ptimer: false, pmu: true });
    expect(one.vm.architecture.abi.syncRegisters(one.vcpu.backend)[0]).toBe(4);
    expect([of(one, 'PMOVSSET_EL0'), of(one, 'PMEVCNTR0_EL0')]).toEqual([1n, 0n]);
    // It stays up, and counting goes on; the VMM can take it away as the guest could.
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect(of(one, 'PMEVCNTR0_EL0')).toBe(10n);
    one.vcpu.oneRegisters.set(id('PMOVSSET_EL0'), 0n);
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'interrupted', because: 'lines' });
    expect(one.vcpu.deviceLines['pmu']).toBe(false);
  });
  it.each([[2, 'vhe', 23], [2, 'nvhe', 40], [3, 'vhe', 40], [3, 'nvhe', 23]] as const)('is an interrupt of a GICv%i in the hypervisor: %s, number %i', (gic, mode, irq) => {
    const one = controlled({ gic, mode, features: FEATURES, then: () => counting(0x08, 0xffff_ffffn - 99n, LOOP).replace('8: b 8b', ''), handle: 'mov x26, #1\n msr PMOVSCLR_EL0, x26\n add x28, x28, x3' });
    expect([set(one.vcpu, PMU.irq, int(irq)), set(one.vcpu, PMU.init)]).toEqual(['none', 'none']);
    one.settle();
    expect([one.counted(irq), one.vcpu.getRegister('x27')]).toEqual([1, 1n]);
    // In the middle of the loop: 100 instructions after ISB began, of two each turn.
    expect(Number(one.vcpu.getRegister('x28'))).toBeGreaterThan(140);
    expect(one.vcpu.deviceLines['pmu']).toBe(false);
  });
  it('is interrupt 23 where the VMM has a distributor and the host\'s virtual CPU interface', () => {
    const [vectors, handler] = [RAM + 0x1000n, 'mrs x21, ICC_IAR1_EL1\n mov x26, #1\n msr PMOVSCLR_EL0, x26\n msr ICC_EOIR1_EL1, x21\n add x28, x28, #1\n eret'];
    const open = `${load('x0', vectors)}\n msr VBAR_EL1, x0\n mov x0, #0xf0\n msr ICC_PMR_EL1, x0\n mov x0, #1\n msr ICC_IGRPEN1_EL1, x0\n isb\n msr DAIFClr, #2\n`;
    const one = started({ gic: 3, interruptInterface: {}, source: `${open} ${counting(0x08, 0xffff_ffffn - 99n, LOOP)}` });
    one.program(handler, vectors + 0x280n);
    runUntilEnd(one);
    expect(['x21', 'x28', 'x27'].map((name) => one.vcpu.getRegister(name))).toEqual([23n, 1n, 1n]);
  });
  it('is counted by the counter that is chained to it, without an interrupt of its own', () => {
    const START = 0xffff_ff00n;
    const code = `mov x5, #2\n6: ${LOOP}\n sub x5, x5, #1\n cbnz x5, 6b`;
    const source = (start: bigint, event: number): string => `mov x0, #${event}\n msr PMEVTYPER1_EL0, x0\n ${counting(0x08, start, code).replace('mov x0, #1\n  msr PMINTENSET_EL1', 'mov x0, #0\n  msr PMINTENSET_EL1')}\n`;
    const [plain, chained] = [started({ source: source(0n, 0) }), started({ source: source(START, 0x1e) })];
    for (const one of [plain, chained]) while (one.vcpu.getRegister('x27') === 0n) expect(one.vcpu.run({ budget: 50 })).toEqual({ kind: 'interrupted', because: 'budget' });
    expect([of(chained, 'PMEVCNTR1_EL0'), of(chained, 'PMOVSSET_EL0')]).toEqual([1n, 1n]);
    expect((of(chained, 'PMEVCNTR1_EL0') << 32n) + of(chained, 'PMEVCNTR0_EL0') - START).toBe(of(plain, 'PMEVCNTR0_EL0'));
    expect(of(plain, 'PMEVCNTR0_EL0')).toBeGreaterThan(800n);
  });
});

describe('what is counted', () => {
  it('is the guest\'s time alone, also between runs, and when others run', () => {
    const one = started({ vcpus: 2, source: counting(0x11, 0n, '1: add x9, x9, #1\n b 1b') });
    const [first, second] = one.vcpus;
    second.mpState = 'runnable';
    second.setRegister('pc', RAM);
    first.run({ budget: 1000 });
    const alone = of(one, 'PMEVCNTR0_EL0');
    second.run({ budget: 777 });
    expect(of(one, 'PMEVCNTR0_EL0')).toBe(alone);
    first.run({ budget: 500 });
    expect(of(one, 'PMEVCNTR0_EL0')).toBe(alone + 500n);
    expect(second.oneRegisters.get(id('PMEVCNTR0_EL0'))).toBe(alone - 223n);
    // The host's own are as they were.
    const host = (name: string): bigint => one.hypervisor.host.processor.debugger.read(name) ?? -1n;
    expect([host('PMCNTENSET_EL0'), host('PMINTENSET_EL1'), host('PMOVSSET_EL0'), host('PMCR_EL0') & 1n]).toEqual([0n, 0n, 0n, 0n]);
  });
  it('goes on from what the VMM has set', () => {
    const one = started({ source: counting(0x11, 0n, '1: add x9, x9, #1\n b 1b') });
    one.vcpu.run({ budget: 100 });
    one.vcpu.oneRegisters.set(id('PMEVCNTR0_EL0'), 0xffff_fff0n);
    one.vcpu.run({ budget: 15 });
    expect([of(one, 'PMEVCNTR0_EL0'), of(one, 'PMOVSSET_EL0')]).toEqual([0xffff_ffffn, 0n]);
    expect(one.vcpu.run({ budget: 5 })).toEqual({ kind: 'interrupted', because: 'lines' });
  });
  it('includes accesses that the VMM completes, once each', () => {
    const one = started({ source: counting(0x08, 0n, 'mov x9, #0x9000000\n mrs x10, PMEVCNTR0_EL0\n str x3, [x9]\n ldr x4, [x9]\n mrs x11, PMEVCNTR0_EL0') });
    for (const write of [true, false]) expect(runUntil(one.vcpu)).toMatchObject({ kind: 'mmio', write });
    runUntilEnd(one);
    expect(one.vcpu.getRegister('x11') - one.vcpu.getRegister('x10')).toBe(3n);
  });
  const shown = counting(0x08, 0n, `${LOOP}\n mrs x10, PMEVCNTR0_EL0\n mrs x11, PMCCNTR_EL0\n mrs x12, PMCEID0_EL0\n mrs x13, ID_AA64DFR0_EL1`);
  it.each([
    ['everything without a filter', [], true, true],
    ['all but what is denied', [filter(0x08, 1, 1)], false, true],
    ['nothing but what is allowed', [filter(0x11, 1, 0)], false, true],
    ['what was said last', [filter(0x11, 1, 1), filter(0x08, 16, 1), filter(0x08, 1, 0)], true, false],
    ['software increments and chains, whatever is denied', [filter(0, 0x100, 1)], false, false],
  ] as const)('is %s', (_, filters, instructions, cycles) => {
    const one = started({ source: shown }, filters);
    runUntilEnd(one);
    expect([one.vcpu.getRegister('x10') > 0n, one.vcpu.getRegister('x11') > 0n]).toEqual([instructions, cycles]);
    expect(one.vcpu.getRegister('x12')).toBe(0x4000_0001n | (instructions ? 1n << 8n : 0n) | (cycles ? 1n << 0x11n : 0n));
    expect((one.vcpu.getRegister('x13') >> 8n) & 15n).toBe(4n);
  });
});
