import { expect, it } from 'vitest';
import { FakeKernel } from '../test/fake-kernel.ts';
import { withScratchVcpu } from './scratch.ts';

it('hands out what was asked, and gives the VM back', () => {
  const kernel = new FakeKernel();
  expect(withScratchVcpu(kernel.kvm, (vcpu) => { expect(kernel.living).toBe(1); return vcpu.initialised; })).toBe(false);
  expect(kernel.calls).toEqual(['create-vm', 'create-vcpu']);
  expect(kernel.living).toBe(0);
});

it('gives the VM back when the question fails', () => {
  const kernel = new FakeKernel();
  expect(() => withScratchVcpu(kernel.kvm, () => { throw new RangeError('no'); })).toThrow(RangeError);
  expect(kernel.living).toBe(0);
});

it('gives the VM back when there is no vCPU, and says which call was refused', () => {
  const kernel = new FakeKernel();
  kernel.refusals.set('create-vcpu', 'ENOMEM');
  expect(() => withScratchVcpu(kernel.kvm, () => 1)).toThrow(/^ENOMEM: creating a scratch vCPU/);
  expect(kernel.living).toBe(0);
});

it('says so when there is no VM', () => {
  const kernel = new FakeKernel();
  kernel.refusals.set('create-vm', 'ENOMEM');
  expect(() => withScratchVcpu(kernel.kvm, () => 1)).toThrow(/^ENOMEM: creating a scratch VM/);
  expect(kernel.living).toBe(0);
});
