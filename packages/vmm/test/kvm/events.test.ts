/** KVM_SET_VCPU_EVENTS and KVM_GET_VCPU_EVENTS. */
import { getVcpuEvents, setVcpuEvents } from '@worldswitch/arm64-hypervisor';
import { structCodec } from '@worldswitch/hypervisor/abi';
import { describe, expect } from 'vitest';
import { errnoOf } from './bench.ts';
import { MMIO, RAM, kvmGuest, runUntil } from './guest.ts';
import type { KvmGuest } from './guest.ts';
import { sentence } from './sentence.ts';

const EVENTS = structCodec('arm64', 'kvm_vcpu_events', 'little');
const VECTORS = RAM + 0x800n;

function call({ vm, vcpu }: KvmGuest, name: 'KVM_GET_VCPU_EVENTS' | 'KVM_SET_VCPU_EVENTS', argument: Uint8Array): string {
  const found = vm.architecture.abi.calls.find((one) => one.name === name);
  return errnoOf(() => found?.run({ vm: vm.backend, vcpu: vcpu.backend, initialised: vcpu.initialised }, argument));
}

describe('what is set', () => {
  sentence('7.1', () => {
    const one = kvmGuest();
    for (const at of [3, 4, 5, 6, 7, 16, 17, 40, 63]) {
      const argument = new Uint8Array(64);
      argument[0] = 1;
      argument[at] = 1;
      expect(call(one, 'KVM_SET_VCPU_EVENTS', argument), `byte ${at}`).toBe('EINVAL');
    }
    expect(getVcpuEvents(one.vcpu).serrorPending).toBe(false);
  }, 'reserved');
  sentence('7.1', () => {
    // The model has no RAS extension.
    const one = kvmGuest();
    expect(errnoOf(() => { setVcpuEvents(one.vcpu, { serrorPending: true, serrorEsr: 0n }); })).toBe('EINVAL');
    expect(call(one, 'KVM_SET_VCPU_EVENTS', EVENTS.encode({ 'exception.serror_pending': 1, 'exception.serror_has_esr': 1 }))).toBe('EINVAL');
    expect(getVcpuEvents(one.vcpu)).toEqual({ serrorPending: false });
    expect(call(one, 'KVM_SET_VCPU_EVENTS', EVENTS.encode({ 'exception.serror_has_esr': 1 }))).toBe('none');
  }, 'a syndrome without RAS');
  sentence('7.1', () => {
    for (const mode of ['vhe', 'nvhe'] as const) {
      const one = kvmGuest({ mode, source: 'ldr x3, [x20]\n str x3, [x21]' });
      const { vcpu } = one;
      one.program('str x4, [x22]', VECTORS + 0x200n);
      for (const [name, value] of Object.entries({ x3: 5n, x20: MMIO + 8n, x22: MMIO + 0x10n, VBAR_EL1: VECTORS })) vcpu.setRegister(name, value);
      expect(runUntil(vcpu)).toMatchObject({ kind: 'mmio', write: false, address: MMIO + 8n });
      setVcpuEvents(vcpu, { serrorPending: false, dataAbortPending: true });
      expect(runUntil(vcpu)).toMatchObject({ kind: 'mmio', write: true, address: MMIO + 0x10n });
      // A data abort of the same level, EC 0x25, by an external abort that is not of a walk, of a 32-bit instruction.
      expect([vcpu.getRegister('ESR_EL1'), vcpu.getRegister('FAR_EL1'), vcpu.getRegister('ELR_EL1'), vcpu.getRegister('x3')]).toEqual([0x9600_0010n, MMIO + 8n, RAM, 5n]);
      expect(getVcpuEvents(vcpu).serrorPending).toBe(false);
    }
  }, 'a data abort');
  sentence('7.1', () => {
    const one = kvmGuest({ source: 'msr daifclr, #4\n b .' });
    const { vcpu } = one;
    one.program('str x4, [x22]', VECTORS + 0x380n);
    vcpu.setRegister('x22', MMIO);
    vcpu.setRegister('VBAR_EL1', VECTORS);
    setVcpuEvents(vcpu, { serrorPending: true });
    // What is not said to be pending stays as it is.
    setVcpuEvents(vcpu, { serrorPending: false });
    expect(getVcpuEvents(vcpu)).toEqual({ serrorPending: true });
    expect(runUntil(vcpu)).toMatchObject({ kind: 'mmio', address: MMIO });
    expect(getVcpuEvents(vcpu)).toEqual({ serrorPending: false });
  }, 'an SError');
});

describe('what is read', () => {
  sentence('7.2', () => {
    const one = kvmGuest();
    setVcpuEvents(one.vcpu, { serrorPending: true, dataAbortPending: true });
    const argument = new Uint8Array(64).fill(0xff);
    expect(call(one, 'KVM_GET_VCPU_EVENTS', argument)).toBe('none');
    expect(argument).toEqual(EVENTS.encode({ 'exception.serror_pending': 1 }));
  });
});
