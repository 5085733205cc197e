import fc from 'fast-check';
import { KvmError } from '@worldswitch/hypervisor';
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { describe, expect, it } from 'vitest';
import { VCPU_FEATURES, VmFeatures, featuresOf } from './features.ts';
import { lab } from './test/lab.ts';

const errno = (call: () => unknown): string => {
  try {
    call();
    return 'none';
  } catch (error) {
    if (error instanceof KvmError) return error.errno;
    throw error;
  }
};

describe('features', () => {
  it('have the kernel\'s bits', () => {
    const names = Object.keys(CONSTANTS.KVM_ARM_VCPU_features).map((name) => name.replace('KVM_ARM_VCPU_', '').toLowerCase().replaceAll('_', '-').replace('psci-0-2', 'psci-0.2'));
    expect(Object.keys(VCPU_FEATURES)).toEqual(names);
    expect(Object.values(VCPU_FEATURES).map(({ bit }) => bit)).toEqual(Object.values(CONSTANTS.KVM_ARM_VCPU_features));
  });
  it('come from a set of bits, each by itself', () => {
    expect(featuresOf([0b1101, 0, 0, 0, 0, 0, 0])).toEqual(['power-off', 'psci-0.2', 'pmu-v3']);
    fc.assert(fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 31 }), (word, bit) => {
      const words = Array.from({ length: 7 }, (_, n) => (n === word ? (1 << bit) >>> 0 : 0));
      expect(errno(() => featuresOf(words))).toBe(word === 0 && bit < 8 ? 'none' : 'ENOENT');
    }));
  });
  it('depend on the host', () => {
    expect(new VmFeatures({ pmu: true }).offered).toEqual(['power-off', 'psci-0.2', 'pmu-v3']);
    const without = new VmFeatures({ pmu: false });
    expect(without.offered).toEqual(['power-off', 'psci-0.2']);
    expect(errno(() => { without.choose(['pmu-v3']); })).toBe('EINVAL');
  });
  it('are none before the first vCPU is initialised, and stay after a refusal', () => {
    const features = new VmFeatures({ pmu: true });
    expect(features.chosen).toEqual([]);
    expect(errno(() => { features.choose(['sve']); })).toBe('EINVAL');
    expect(features.chosen).toEqual([]);
    features.choose(['pmu-v3', 'power-off']);
    expect([features.has('pmu-v3'), features.has('power-off'), features.has('psci-0.2')]).toEqual([true, false, false]);
    expect(errno(() => { features.choose([]); })).toBe('EINVAL');
    expect(features.chosen).toEqual(['pmu-v3']);
  });
  it('refuse half of pointer authentication before all else that is wrong with the set', () => {
    const features = new VmFeatures({ pmu: true });
    expect(() => { features.choose(['ptrauth-address']); }).toThrow(/EINVAL: feature 'ptrauth-address': the host lacks it/);
  });
});

describe('a vCPU with monitors', () => {
  it('tells its guest of them, one without does not', () => {
    // ID_AA64DFR0_EL1.PMUVer, 11:8.
    const pmu = (features: readonly string[]): bigint => (lab('nvhe', {}, features).vcpu.oneRegisters.get(0x6030_0000_0013_c028n) >> 8n) & 0xfn;
    expect([pmu(['psci-0.2']), pmu(['psci-0.2', 'pmu-v3'])]).toEqual([0n, 4n]);
  });
});
