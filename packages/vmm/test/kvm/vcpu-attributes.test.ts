/** Attributes of vCPUs beside those of the PMU: their timers' interrupts and stolen time; and the offset of the counters. */
import { ONE_REGISTER_FACTS } from '@worldswitch/arm64-hypervisor';
import { runVcpus } from '@worldswitch/hypervisor';
import { structCodec } from '@worldswitch/hypervisor/abi';
import { describe, expect, it } from 'vitest';
import { controlled, doubleword, giveController, initialise, load, numberOf } from '../vgic/kernel-guest.ts';
import { errnoOf } from './bench.ts';
import { CALLS, RAM, call, kvmGuest, runUntil } from './guest.ts';
import type { KvmGuest, KvmGuestOptions, TestVcpu } from './guest.ts';
import { sentence } from './sentence.ts';

const TIMER = { group: 1, virtual: 0n, physical: 1n, hypVirtual: 2n, hypPhysical: 3n } as const;
const TIMERS = [TIMER.virtual, TIMER.physical, TIMER.hypVirtual, TIMER.hypPhysical];
const STOLEN = { group: 2, address: 0n } as const;
const int = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);

const setTimer = (vcpu: TestVcpu, timer: bigint, irq: number): string => errnoOf(() => { vcpu.setAttribute(TIMER.group, timer, int(irq)); });
const timersOf = (vcpu: TestVcpu): number[] => TIMERS.map((timer) => numberOf(vcpu.getAttribute(TIMER.group, timer)));
const setStolen = (vcpu: TestVcpu, address: bigint): string => errnoOf(() => { vcpu.setAttribute(STOLEN.group, STOLEN.address, doubleword(address)); });
const withController = (gic: 2 | 3, options: KvmGuestOptions = {}): KvmGuest => {
  const one = kvmGuest({ gic, vcpus: 2, source: 'b .', ...options });
  initialise(giveController(one.vm, gic));
  return one;
};

describe('interrupts of timers', () => {
  sentence('7.3', () => {
    for (const gic of [2, 3] as const) {
      const one = withController(gic);
      const [first, second] = one.vcpus;
      for (const timer of TIMERS) first.hasAttribute(TIMER.group, timer);
      expect(timersOf(first)).toEqual([27, 30, 28, 26]);
      for (const irq of [-1, 0, 15, 32, 1020]) expect(TIMERS.map((timer) => setTimer(first, timer, irq))).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
      // Those of all vCPUs, and of those to come.
      expect(TIMERS.map((timer, n) => setTimer(second, timer, 16 + n))).toEqual(['none', 'none', 'none', 'none']);
      expect([timersOf(first), timersOf(second)]).toEqual([[16, 17, 18, 19], [16, 17, 18, 19]]);
      expect(setTimer(first, TIMER.virtual, 31)).toBe('none');
      first.run({ budget: 10 });
      expect(TIMERS.map((timer) => setTimer(second, timer, 20))).toEqual(['EBUSY', 'EBUSY', 'EBUSY', 'EBUSY']);
      expect(timersOf(first)).toEqual([31, 17, 18, 19]);
    }
  }, 'TIMER_CTRL');
  sentence('7.3', () => {
    const { vcpu } = kvmGuest();
    expect(timersOf(vcpu)).toEqual([27, 30, 28, 26]);
    expect(TIMERS.map((timer) => setTimer(vcpu, timer, 20))).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    const { vcpu: old } = kvmGuest({ profile: '6.1' });
    expect(TIMERS.map((timer) => errnoOf(() => { old.hasAttribute(TIMER.group, timer); }))).toEqual(['none', 'none', 'ENXIO', 'ENXIO']);
  }, 'TIMER_CTRL without a controller, and before Linux 6.4');
  sentence('5.2', () => {
    for (const gic of [2, 3] as const) {
      const one = withController(gic);
      expect([setTimer(one.vcpu, TIMER.virtual, 20), setTimer(one.vcpu, TIMER.physical, 20)]).toEqual(['none', 'none']);
      expect(one.vcpus.map((vcpu) => errnoOf(() => { vcpu.run({ budget: 1 }); }))).toEqual(['EINVAL', 'EINVAL']);
      // Not too late; and one of EL2, which the guest does not have, may be anything.
      expect([setTimer(one.vcpu, TIMER.physical, 21), setTimer(one.vcpu, TIMER.hypVirtual, 20)]).toEqual(['none', 'none']);
      expect(one.vcpus.map((vcpu) => errnoOf(() => { vcpu.run({ budget: 1 }); }))).toEqual(['none', 'none']);
      const pmu = withController(gic, { features: ['psci-0.2', 'pmu-v3'], vcpus: 1 });
      pmu.vcpu.setAttribute(0, 0n, int(27));
      pmu.vcpu.setAttribute(0, 1n, new Uint8Array(0));
      expect(errnoOf(() => { pmu.vcpu.run({ budget: 1 }); })).toBe('EINVAL');
    }
  }, 'timers');

  it.each([[2, 'vhe'], [2, 'nvhe'], [3, 'vhe'], [3, 'nvhe']] as const)('are what a guest of a GICv%i takes: %s', (gic, mode) => {
    const fire = (timer: 'V' | 'P'): string => `mrs x1, CNT${timer}CT_EL0\n add x1, x1, #300\n msr CNT${timer}_CVAL_EL0, x1\n mov x1, #1\n msr CNT${timer}_CTL_EL0, x1`;
    const one = controlled({ gic, mode, then: () => `${fire('V')}\n ${fire('P')}`, handle: 'mov x26, #2\n msr CNTV_CTL_EL0, x26\n msr CNTP_CTL_EL0, x26' });
    expect([setTimer(one.vcpu, TIMER.virtual, 19), setTimer(one.vcpu, TIMER.physical, 22)]).toEqual(['none', 'none']);
    one.settle();
    // The first one's handler masks both.
    expect([one.counted(27), one.counted(30), one.counted(19) + one.counted(22)]).toEqual([0, 0, 1]);
  });
});

describe('stolen time', () => {
  const AT = RAM + 0x8040n;
  sentence('7.3', () => {
    const one = kvmGuest({ vcpus: 2 });
    const [first, second] = one.vcpus;
    first.hasAttribute(STOLEN.group, STOLEN.address);
    expect(first.getAttribute(STOLEN.group, STOLEN.address)).toEqual(doubleword((1n << 64n) - 1n));
    expect([AT + 1n, AT + 32n, 0n, RAM + 0x10_0000n, (1n << 64n) - 64n].map((address) => setStolen(first, address))).toEqual(Array<string>(5).fill('EINVAL'));
    expect([setStolen(first, AT), setStolen(first, AT), setStolen(first, AT + 1n)]).toEqual(['none', 'EEXIST', 'EINVAL']);
    expect(first.getAttribute(STOLEN.group, STOLEN.address)).toEqual(doubleword(AT));
    expect(setStolen(second, AT + 64n)).toBe('none');
  }, 'PVTIME_CTRL');
  sentence('7.4', () => {
    const { vcpu } = kvmGuest();
    for (const [group, attribute] of [[TIMER.group, 4n], [TIMER.group, 1n << 63n], [STOLEN.group, 1n], [4, 0n]] as const) {
      expect(errnoOf(() => { vcpu.hasAttribute(group, attribute); })).toBe('ENXIO');
      expect(errnoOf(() => { vcpu.getAttribute(group, attribute); })).toBe('ENXIO');
      expect(errnoOf(() => { vcpu.setAttribute(group, attribute, int(0)); })).toBe('ENXIO');
    }
  }, 'timers and stolen time');

  it('is found by a call, and nowhere before the VMM has placed it', () => {
    // PV_TIME_FEATURES of PV_TIME_ST, and PV_TIME_ST (DEN 0057 3.2).
    const [features, st] = [0xc500_0020n, 0xc500_0021n];
    const one = kvmGuest({ source: CALLS, logDirtyPages: true });
    const minus = (1n << 64n) - 1n;
    expect([call(one, [features, st]), call(one, [st])]).toEqual([[minus, 0n, 0n, 0n], [minus, 0n, 0n, 0n]]);
    setStolen(one.vcpu, AT);
    for (let at = AT; at < AT + 64n; at += 8n) one.write(at, minus);
    one.vm.takeDirtyLog(0);
    expect([call(one, [features, st]), call(one, [st])]).toEqual([[0n, 0n, 0n, 0n], [AT, 0n, 0n, 0n]]);
    for (let at = AT; at < AT + 64n; at += 8n) expect(one.read(at)).toBe(0n);
    expect(one.vm.takeDirtyLog(0)[1] & 1).toBe(1);
  });
  it('is what others ran, in nanoseconds, and nothing else', () => {
    const one = kvmGuest({ vcpus: 2, source: '1: add x9, x9, #1\n b 1b' });
    const [first, second] = one.vcpus;
    second.mpState = 'runnable';
    second.setRegister('pc', RAM);
    const stolen = (n: bigint): bigint => one.read(AT + 64n * n + 8n);
    [first, second].forEach((vcpu, n) => setStolen(vcpu, AT + 64n * BigInt(n)));
    const nanoseconds = 1_000_000_000n / (one.hypervisor.host.processor.debugger.read('CNTFRQ_EL0') ?? 1n);
    first.run({ budget: 1000 });
    first.run({ budget: 1000 });
    expect(stolen(0n)).toBe(0n);
    second.run({ budget: 3000 });
    first.run({ budget: 10 });
    expect([stolen(0n), stolen(1n)]).toEqual([3000n * nanoseconds, 0n]);
    second.run({ budget: 10 });
    expect(stolen(1n)).toBe(10n * nanoseconds);
    // One that waits misses nothing.
    const waiting = kvmGuest({ vcpus: 2, source: 'wfi\n str xzr, [x0]' });
    setStolen(waiting.vcpu, AT);
    waiting.vcpus[1].mpState = 'runnable';
    waiting.vcpus[1].setRegister('pc', RAM + 0x100n);
    waiting.program('mov x3, #100\n1: subs x3, x3, #1\n b.ne 1b\n wfi', RAM + 0x100n);
    runVcpus(waiting.vcpus, { turns: 20, slice: 50, onExit: () => false });
    waiting.vcpu.setLine('irq', true);
    waiting.vcpu.run({ budget: 2 });
    expect(waiting.read(AT + 8n)).toBe(0n);
  });
});

describe('KVM_ARM_SET_COUNTER_OFFSET', () => {
  const OFFSET = structCodec('arm64', 'kvm_arm_counter_offset', 'little');
  const id = (name: string): bigint => (ONE_REGISTER_FACTS as readonly { readonly name: string; readonly id: bigint }[]).find((fact) => fact.name === name)?.id as bigint;
  it.each(['vhe', 'nvhe'] as const)('is what both counters of all vCPUs are behind, for good: %s', (mode) => {
    const one = kvmGuest({ mode, vcpus: 2, source: `mrs x1, CNTVCT_EL0\n mrs x2, CNTPCT_EL0\n ${load('x9', 0x0900_0000n)}\n str xzr, [x9]` });
    const offset = (counter_offset: bigint, reserved = 0n): string => errnoOf(() => one.vm.call('KVM_ARM_SET_COUNTER_OFFSET', OFFSET.encode({ counter_offset, reserved })));
    expect([offset(5n, 1n), offset(1n << 40n)]).toEqual(['EINVAL', 'none']);
    one.vcpu.oneRegisters.set(id('TIMER_CNT'), 7n);
    one.vcpu.oneRegisters.set(id('PTIMER_CNT'), 7n);
    for (const vcpu of one.vcpus) {
      vcpu.mpState = 'runnable';
      vcpu.setRegister('pc', RAM);
      const before = BigInt.asUintN(64, one.machine.clock.now() - (1n << 40n));
      expect(runUntil(vcpu).kind).toBe('mmio');
      const counts = ['x1', 'x2'].map((name) => BigInt.asIntN(64, vcpu.getRegister(name) - before));
      for (const count of counts) expect(count >= 0n && count < 100n).toBe(true);
    }
    expect(offset(0n)).toBe('none');
  });
  it('is refused while a vCPU runs', () => {
    const found: string[] = [];
    const one: KvmGuest = kvmGuest({
      source: CALLS,
      forward: () => {
        found.push(errnoOf(() => one.vm.call('KVM_ARM_SET_COUNTER_OFFSET', OFFSET.encode({ counter_offset: 1n }))));
        return false;
      },
    });
    call(one, [0x8400_0000n]);
    expect(found).toEqual(['EBUSY']);
  });
});
