import { describe, expect } from 'vitest';
import { KVM_API_VERSION } from '@worldswitch/hypervisor';
import { errnoOf, kvmBench } from './bench.ts';
import { sentence } from './sentence.ts';

describe('objects', () => {
  sentence('1.2', () => { expect(KVM_API_VERSION).toBe(12); }, 'typed');
  sentence('1.4', () => {
    const { kvm } = kvmBench();
    for (const type of [0n, 32n, 36n, 40n]) expect(errnoOf(() => kvm.createVm(type)), `${type}`).toBe('none');
    for (const type of [1n, 31n, 53n, 0x100n, 0x128n, 1n << 40n]) expect(errnoOf(() => kvm.createVm(type)), `${type}`).toBe('EINVAL');
  }, 'typed');
});
