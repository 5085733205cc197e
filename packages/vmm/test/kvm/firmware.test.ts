/** PSCI and SMCCC, as a guest calls them and as KVM answers. */
import { describe, expect, it } from 'vitest';
import { arm64Vcpu } from '@worldswitch/arm64-hypervisor';
import type { Profile } from '@worldswitch/arm64-hypervisor';
import { CALLS, MINUS, RAM, call, kvmGuest } from './guest.ts';
import type { KvmGuest, KvmGuestOptions } from './guest.ts';
import { errnoOf } from './bench.ts';
import { sentence } from './sentence.ts';

const NOT_SUPPORTED = MINUS(1n);
const INVALID = MINUS(2n);
const ALREADY_ON = MINUS(4n);
const SUSPEND_CAPABILITY = 216;

const guest = (options: KvmGuestOptions = {}): KvmGuest => kvmGuest({ source: CALLS, ...options });
const psci = (value: bigint): readonly bigint[] => [value, 0n, 0n, 0n];
/** KVM_REG_ARM_PSCI_VERSION and the bitmaps. */
const FW = (n: bigint): bigint => 0x6030_0000_0014_0000n | n;
const BITMAP = (n: bigint): bigint => 0x6030_0000_0016_0000n | n;
const [CPU_ON, CPU_ON_64, AFFINITY_INFO, AFFINITY_INFO_64] = [0x8400_0003n, 0xc400_0003n, 0x8400_0004n, 0xc400_0004n];

describe('what a call changes', () => {
  sentence('5.23', () => {
    const one = guest();
    call(one, [0x8400_0000n]);
    // At the store behind the HVC.
    expect(one.vcpu.getRegister('pc')).toBe(RAM + 4n);
  });
  sentence('5.46', () => {
    const one = guest();
    expect(call(one, [0x8400_0000n, 1n, 2n, 3n])).toEqual(psci(0x1_0001n));
    expect(call(one, [0x8400_00ffn, 1n, 2n, 3n])).toEqual(psci(NOT_SUPPORTED));
    expect(call(one, [0x8600_ff01n])).toHaveLength(4);
  });
  sentence('5.37', () => {
    const one = guest({ vcpus: 2 });
    const high = 0xffff_ffff_0000_0000n;
    expect(call(one, [AFFINITY_INFO | high, high | 1n, high])).toEqual(psci(1n));
    expect(call(one, [AFFINITY_INFO_64, high | 1n, 0n])).toEqual(psci(INVALID));
    expect(call(one, [CPU_ON, high | 1n, high | 0x4000_1000n, high | 7n])).toEqual(psci(0n));
    expect(one.vcpus[1].getRegister('pc')).toBe(0x4000_1000n);
    expect(one.vcpus[1].getRegister('x0')).toBe(7n);
  });
  sentence('5.45', () => {
    const one = guest();
    for (const id of [0x8400_00ffn, 0x8000_0002n, 0x9500_0000n, 0n, 0xbeefn]) expect(call(one, [id])).toEqual(psci(NOT_SUPPORTED));
  }, 'unknown');
  sentence('5.45', () => {
    // Each bit hides its calls; SMCCC, PSCI and what other bits are for stay.
    const hidden = (register: bigint, value: bigint): KvmGuest => {
      const one = guest();
      one.vcpu.oneRegisters.set(BITMAP(register), value);
      return one;
    };
    expect(call(hidden(0n, 0n), [0x8400_0050n])).toEqual(psci(NOT_SUPPORTED));
    expect(call(hidden(1n, 0n), [0x8000_0001n, 0xc500_0020n])).toEqual(psci(NOT_SUPPORTED));
    const vendor = hidden(2n, 2n);
    for (const id of [0x8600_ff01n, 0x8600_0000n]) expect(call(vendor, [id])).toEqual(psci(NOT_SUPPORTED));
    expect(call(vendor, [0x8000_0000n])).toEqual(psci(0x1_0001n));
    expect(call(vendor, [0x8400_0000n])).toEqual(psci(0x1_0001n));
    expect(call(vendor, [0x8400_0050n])).toEqual(psci(0x1_0000n));
  }, 'not allowed');
});

describe('PSCI', () => {
  sentence('5.24', () => {
    const one = guest();
    expect(call(one, [0x8400_0000n])).toEqual(psci(0x1_0001n));
    for (const version of [2n, 0x1_0000n, 0x1_0001n]) {
      one.vcpu.oneRegisters.set(FW(0n), version);
      expect(call(one, [0x8400_0000n])).toEqual(psci(version));
    }
    expect(call(guest({ profile: '6.14' }), [0x8400_0000n])).toEqual(psci(0x1_0003n));
  });
  sentence('5.25', () => {
    const one = guest();
    for (const id of [0x8400_0001n, 0xc400_0001n]) {
      // Nothing is pending: it waits; what it asked for does not matter.
      expect(call(one, [id, 0xffff_ffffn])).toEqual({ kind: 'idle' });
      one.vcpu.setLine('irq', true);
      expect(one.vcpu.run()).toMatchObject({ kind: 'mmio' });
      expect([0, 1, 2, 3].map((n) => one.vcpu.getRegister(`x${n}`))).toEqual(psci(0n));
      one.vcpu.setLine('irq', false);
    }
  });
  sentence('5.26', () => {
    const one = guest();
    expect(call(one, [0x8400_0002n])).toEqual({ kind: 'idle' });
    expect(one.vcpu.mpState).toBe('stopped');
    expect(one.vcpu.getRegister('x0')).toBe(0n);
  });
  sentence('5.27', () => {
    const one = guest({ vcpus: 3 });
    const [, second, third] = one.vcpus;
    // Outside the affinity fields, no such processor, oneself.
    for (const target of [1n << 24n, 1n << 31n, 1n << 40n, 7n, 0x100n]) expect(call(one, [CPU_ON_64, target, RAM, 0n])).toEqual(psci(INVALID));
    expect(call(one, [CPU_ON_64, 0n, RAM, 0n])).toEqual(psci(ALREADY_ON));
    second.setRegister('x5', 5n);
    expect(call(one, [CPU_ON_64, 1n, RAM + 0x100n, 0x1234_5678_9abc_def0n])).toEqual(psci(0n));
    expect(second.mpState).toBe('runnable');
    expect([second.getRegister('pc'), second.getRegister('x0'), second.getRegister('x5'), second.getRegister('pstate')]).toEqual([RAM + 0x100n, 0x1234_5678_9abc_def0n, 0n, 0x3c5n]);
    expect(second.getRegister('SCTLR_EL1') & (1n << 25n)).toBe(0n);
    expect(call(one, [CPU_ON_64, 1n, RAM, 0n])).toEqual(psci(ALREADY_ON));
    // A big-endian caller's target is big-endian; the bench's core is little-endian for good, so the caller's part is in arm64-hypervisor's vm.test.ts.
    arm64Vcpu(third).start({ entry: RAM, context: 0n, bigEndian: true });
    expect(third.getRegister('SCTLR_EL1') & (1n << 25n)).toBe(1n << 25n);
  });
  sentence('5.27', () => {
    const one = guest({ vcpus: 2, features: [] });
    expect(call(one, [0x95c1_ba60n, 0n, RAM, 0n])).toEqual(psci(INVALID));
  }, '0.1');
  sentence('5.28', () => {
    const one = guest({ vcpus: 3 });
    for (const id of [AFFINITY_INFO, AFFINITY_INFO_64]) {
      expect(call(one, [id, 0n, 0n])).toEqual(psci(0n));
      expect(call(one, [id, 1n, 0n])).toEqual(psci(1n));
      expect(call(one, [id, 9n, 0n])).toEqual(psci(INVALID));
      // A whole cluster, and what is above: one of them is on. Lower fields do not count.
      for (const level of [1n, 2n, 3n]) expect(call(one, [id, 9n, level])).toEqual(psci(0n));
      for (const level of [4n, 5n, 0xffff_ffffn]) expect(call(one, [id, 0n, level])).toEqual(psci(INVALID));
      expect(call(one, [id, 0x100n, 1n])).toEqual(psci(INVALID));
      expect(call(one, [id, 1n << 24n, 0n])).toEqual(psci(INVALID));
    }
  });
  sentence('5.29', () => { expect(call(guest(), [0x8400_0006n])).toEqual(psci(2n)); });
  sentence('5.30', () => { expect(call(guest(), [0x8400_0008n])).toEqual({ kind: 'system-event', event: 'shutdown', flags: 0n }); });
  sentence('5.31', () => { expect(call(guest(), [0x8400_0009n])).toEqual({ kind: 'system-event', event: 'reset', flags: 0n }); });
  sentence('5.32', () => {
    const one = guest();
    const features = (id: bigint): unknown => call(one, [0x8400_000an, id]);
    for (const id of [0n, 1n, 2n, 3n, 4n, 6n, 8n, 9n, 0xan, 0x12n]) expect(features(0x8400_0000n + id), `${id}`).toEqual(psci(0n));
    for (const id of [1n, 3n, 4n, 0x12n]) expect(features(0xc400_0000n + id), `${id}`).toEqual(psci(0n));
    expect(features(0x8000_0000n)).toEqual(psci(0n));
    for (const id of [0x8400_0005n, 0x8400_0007n, 0x8400_000en, 0x8400_0015n, 0x8400_00ffn, 0xc400_0000n, 0x8000_0001n, 0x8400_0050n, 0n]) expect(features(id), `${id}`).toEqual(psci(NOT_SUPPORTED));
    // Not a function of 0.2.
    one.vcpu.oneRegisters.set(FW(0n), 2n);
    expect(features(0x8400_0000n)).toEqual(psci(NOT_SUPPORTED));
  });
  sentence('5.33', () => {
    const one = guest();
    for (const id of [0x8400_000en, 0xc400_000en]) expect(call(one, [id, RAM, 5n])).toEqual(psci(NOT_SUPPORTED));
    one.vm.enableCapability(SUSPEND_CAPABILITY);
    for (const id of [0x8400_000en, 0xc400_000en]) {
      expect(call(one, [id, RAM, 5n])).toEqual({ kind: 'system-event', event: 'suspend', flags: 0n });
      expect(call(one, [0x8400_000an, id])).toEqual(psci(0n));
    }
  });
  sentence('5.22', () => {
    const one = guest({ prepare: (vm) => { vm.enableCapability(SUSPEND_CAPABILITY); } });
    expect(call(one, [0xc400_000en, RAM + 0x40n, 77n, 3n])).toMatchObject({ event: 'suspend' });
    expect([0, 1, 2, 3].map((n) => one.vcpu.getRegister(`x${n}`))).toEqual([0xc400_000en, RAM + 0x40n, 77n, 3n]);
    expect(one.vcpu.getRegister('pc')).toBe(RAM + 4n);
    expect(one.vcpu.mpState).toBe('runnable');
  });
  sentence('5.34', () => {
    for (const id of [0x8400_0012n, 0xc400_0012n]) {
      for (const type of [0n, 0x8000_0000n, 0xffff_ffffn]) expect(call(guest(), [id, type])).toEqual({ kind: 'system-event', event: 'reset', flags: 1n });
      const one = guest();
      for (const type of [1n, 0x7fff_ffffn]) expect(call(one, [id, type])).toEqual(psci(INVALID));
      one.vcpu.oneRegisters.set(FW(0n), 0x1_0000n);
      expect(call(one, [id, 0n])).toEqual(psci(NOT_SUPPORTED));
    }
  });
  sentence('5.35', () => {
    for (const id of [0x8400_0015n, 0xc400_0015n]) {
      expect(call(guest(), [id, 1n, 0n])).toEqual(psci(NOT_SUPPORTED));
      for (const type of [0n, 1n]) expect(call(guest({ profile: '6.14' }), [id, type, 0n])).toEqual({ kind: 'system-event', event: 'shutdown', flags: 1n });
      const one = guest({ profile: '6.14' });
      for (const [type, cookie] of [[2n, 0n], [1n, 1n]]) expect(call(one, [id, type, cookie])).toEqual(psci(INVALID));
      expect(call(one, [0x8400_000an, id])).toEqual(psci(1n));
    }
  });
  sentence('5.36', () => {
    const one = guest();
    for (const id of [5n, 7n, 0xbn, 0xcn, 0xdn, 0xfn, 0x10n, 0x11n, 0x13n, 0x14n, 0x1fn]) expect(call(one, [0x8400_0000n + id]), `${id}`).toEqual(psci(NOT_SUPPORTED));
  });
  sentence('5.39', () => {
    const one = guest({ vcpus: 2, features: [] });
    expect(one.vcpu.oneRegisters.get(FW(0n))).toBe(1n);
    // Arguments are not narrowed by what looks like a 32-bit number.
    expect(call(one, [0x95c1_ba60n, 1n, 0x1_0000_0000n + RAM, 9n])).toEqual(psci(0n));
    expect(one.vcpus[1].getRegister('pc')).toBe(0x1_0000_0000n + RAM);
    for (const id of [0x95c1_ba5en, 0x95c1_ba61n, 0x8400_0000n, 0x8400_0008n]) expect(call(one, [id])).toEqual(psci(NOT_SUPPORTED));
    expect(call(one, [0x95c1_ba5fn])).toEqual({ kind: 'idle' });
    // Where there is 0.2, these are nobody's.
    const later = guest();
    for (const id of [0x95c1_ba5en, 0x95c1_ba5fn, 0x95c1_ba60n]) expect(call(later, [id])).toEqual(psci(NOT_SUPPORTED));
  });
  sentence('5.20', () => {
    const flags = (id: bigint, profile: Profile = '6.12'): unknown => call(guest({ profile }), [id, 0n, 0n]);
    expect(flags(0x8400_0008n)).toMatchObject({ event: 'shutdown', flags: 0n });
    expect(flags(0x8400_0009n)).toMatchObject({ event: 'reset', flags: 0n });
    expect(flags(0x8400_0012n)).toMatchObject({ event: 'reset', flags: 1n });
    expect(flags(0x8400_0015n, '6.14')).toMatchObject({ event: 'shutdown', flags: 1n });
  });
  sentence('5.21', () => {
    for (const id of [0x8400_0008n, 0x8400_0009n, 0x8400_0012n]) {
      const one = guest({ vcpus: 2 });
      call(one, [CPU_ON_64, 1n, RAM, 0n]);
      expect(call(one, [id, 0n])).toMatchObject({ kind: 'system-event' });
      expect(one.vcpus.map(({ mpState }) => mpState)).toEqual(['stopped', 'stopped']);
      expect(one.vcpu.getRegister('x0')).toBe(MINUS(6n));
      // A careless resume: it has to be made runnable first, and then the guest sees it.
      expect(one.vcpu.run()).toEqual({ kind: 'idle' });
      one.vcpu.mpState = 'runnable';
      expect(one.vcpu.run()).toMatchObject({ kind: 'mmio' });
      expect(one.vcpu.getRegister('x0')).toBe(MINUS(6n));
    }
  });
});

describe('the filter', () => {
  /** struct kvm_smccc_filter. */
  const filter = (base: number, functions: number, action: number, padding = 0): Uint8Array => {
    const bytes = new Uint8Array(24);
    new DataView(bytes.buffer).setUint32(0, base, true);
    new DataView(bytes.buffer).setUint32(4, functions, true);
    bytes[8] = action;
    bytes[23] = padding;
    return bytes;
  };
  const set = (one: KvmGuest, ...values: Parameters<typeof filter>): string => errnoOf(() => { one.vm.setAttribute(0, 0n, filter(...values)); });

  it('hands calls to the VMM, by HVC and SMC, refuses them, and leaves the others', () => {
    const one = guest();
    expect([set(one, 0x8400_0000, 2, 2), set(one, 0x8600_0000, 0x1_0000, 1), set(one, 0xc600_0000, 1, 2)]).toEqual(['none', 'none', 'none']);
    expect(call(one, [0x8400_0000n, 1n, 2n, 3n])).toMatchObject({ kind: 'hypercall', number: 0x8400_0000n });
    expect(one.vcpu.getRegister('pc')).toBe(RAM + 4n);
    expect(call(one, [0xc600_0000n], 'smc')).toMatchObject({ kind: 'hypercall', number: 0xc600_0000n, flags: 1n });
    expect(one.vcpu.getRegister('pc')).toBe(RAM + 12n);
    expect(call(one, [0x8600_ff01n])).toEqual(psci(NOT_SUPPORTED));
    expect(call(one, [0x8400_0002n])).toEqual({ kind: 'idle' });
  });
  it('is refused where it makes no sense, twice, and after a run', () => {
    const one = guest();
    expect([set(one, 0x8400_0000, 0, 1), set(one, 0xffff_ffff, 2, 1), set(one, 0x8400_0000, 1, 3), set(one, 0x8400_0000, 1, 1, 1)]).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    expect(set(one, 0x8400_0010, 16, 1)).toBe('none');
    expect([set(one, 0x8400_0000, 17, 1), set(one, 0x8400_001f, 1, 0), set(one, 0x8000_ffff, 2, 2), set(one, 0xbfff_ffff, 2, 2)]).toEqual(['EEXIST', 'EEXIST', 'EEXIST', 'EEXIST']);
    expect(set(one, 0x8400_0000, 16, 0)).toBe('none');
    call(one, [0x8400_0000n]);
    expect(set(one, 0x8600_0000, 1, 1)).toBe('EBUSY');
    expect(errnoOf(() => { one.vm.getAttribute(0, 0n); })).toBe('ENXIO');
    expect(errnoOf(() => { one.vm.hasAttribute(0, 1n); })).toBe('ENXIO');
    expect(errnoOf(() => { guest({ profile: '6.1' }).vm.hasAttribute(0, 0n); })).toBe('ENXIO');
  });
  it('by SMC with another number than 0, and in 6.1 with any: nothing is there', () => {
    const one = guest();
    expect((call(one, [0x8400_0000n, 1n, 2n, 3n], 'smc #1') as readonly bigint[])).toEqual([NOT_SUPPORTED, 1n, 2n, 3n]);
    expect(call(one, [0x8400_0000n], 'smc')).toEqual(psci(0x1_0001n));
    expect((call(guest({ profile: '6.1' }), [0x8400_0000n], 'smc') as readonly bigint[])[0]).toBe(NOT_SUPPORTED);
  });
});

describe('SMCCC', () => {
  sentence('5.40', () => { expect(call(guest(), [0x8000_0000n])).toEqual(psci(0x1_0001n)); });
  sentence('5.41', () => {
    const one = guest();
    const features = (id: bigint): unknown => call(one, [0x8000_0001n, id]);
    // The model of a processor does nothing ahead of time: unaffected. Of the second workaround that is said by -2 (NOT_REQUIRED).
    expect([0x8000_8000n, 0x8000_3fffn].map(features)).toEqual([psci(1n), psci(1n)]);
    expect(features(0x8000_7fffn)).toEqual(psci(MINUS(2n)));
    expect(features(0xc500_0020n)).toEqual(psci(0n));
    for (const id of [0x8000_0000n, 0x8000_0002n, 0x8400_0000n, 0x8600_ff01n]) expect(features(id)).toEqual(psci(NOT_SUPPORTED));
  });
  sentence('5.42', () => { expect(call(guest(), [0x8600_ff01n])).toEqual([0xb66f_b428n, 0xe911_c52en, 0x564b_caa9n, 0x743a_004dn]); });
  sentence('5.43', () => {
    const one = guest();
    expect(call(one, [0x8600_0000n])).toEqual(psci(3n));
    one.vm.dispose();
    const less = guest();
    less.vcpu.oneRegisters.set(BITMAP(2n), 1n);
    expect(call(less, [0x8600_0000n])).toEqual(psci(1n));
  });
  sentence('5.43', () => {
    // PTP: nanoseconds and the count of the same moment in halves, the virtual one for 0, the physical one for 1.
    const one = guest({ timeOfDay: () => 0x1234_5678_9abc_def0n, cntvoff: 0x1000n });
    const [high, low, ...virtual] = call(one, [0x8600_0001n, 0n]) as readonly bigint[];
    expect([high, low]).toEqual([0x1234_5678n, 0x9abc_def0n]);
    const [, , ...physical] = call(one, [0x8600_0001n, 1n]) as readonly bigint[];
    const count = ([a, b]: readonly bigint[]): bigint => (a << 32n) | b;
    const between = BigInt.asIntN(64, count(physical) - count(virtual) - 0x1000n);
    expect(between >= 0n && between < 100n).toBe(true);
    expect(call(one, [0x8600_0001n, 2n])).toEqual(psci(NOT_SUPPORTED));
    expect(call(guest(), [0x8600_0001n, 0n])).toEqual(psci(NOT_SUPPORTED));
  }, 'PTP');
  sentence('5.44', () => {
    const one = guest({ random: (() => { let n = 0n; return () => (++n << 60n) | 0x0123_4567_89ab_cdefn; })() });
    expect(call(one, [0x8400_0050n])).toEqual(psci(0x1_0000n));
    for (const id of [0x8400_0050n, 0x8400_0051n, 0x8400_0052n, 0x8400_0053n, 0xc400_0053n]) expect(call(one, [0x8400_0051n, id])).toEqual(psci(0n));
    for (const id of [0x8400_0054n, 0xc400_0050n]) expect(call(one, [0x8400_0051n, id])).toEqual(psci(NOT_SUPPORTED));
    // 0d21e000-4384-11eb-8070-5244554e5a4c in little-endian words.
    expect(call(one, [0x8400_0052n])).toEqual([0x00e0_210dn, 0xeb11_8443n, 0x4452_7080n, 0x4c5a_4e55n]);
    // The lowest bits in x3; what was not asked for is zero; more than three registers are refused.
    expect(call(one, [0x8400_0053n, 40n])).toEqual([0n, 0n, 0x67n, 0x89ab_cdefn]);
    expect(call(one, [0xc400_0053n, 128n])).toEqual([0n, 0n, 0x3123_4567_89ab_cdefn, 0x2123_4567_89ab_cdefn]);
    expect(call(one, [0xc400_0053n, 0n])).toEqual([0n, 0n, 0n, 0n]);
    for (const [id, most] of [[0x8400_0053n, 96n], [0xc400_0053n, 192n]] as const) {
      expect((call(one, [id, most]) as readonly bigint[])[0]).toBe(0n);
      expect(call(one, [id, most + 1n])).toEqual(psci(INVALID));
    }
    // Of itself the same in every run.
    expect(call(guest(), [0xc400_0053n, 192n])).toEqual(call(guest(), [0xc400_0053n, 192n]));
  });
});
