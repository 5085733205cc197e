import { ID_AA64PFR0_EL1 } from '@worldswitch/arm64-sysreg';
import { structCodec } from '@worldswitch/hypervisor/abi';
import { describe, expect, it } from 'vitest';
import { Arm64Hypervisor } from '../architecture.ts';
import { getVcpuEvents, setVcpuEvents } from '../abi/events.ts';
import { SYSTEM_OFF } from '../test/lab.ts';
import { MODEL_LAYOUT, MODEL_RAM, ModelProcessor, NO_INTERRUPTS } from '../test/model-processor.ts';
import { Kvm } from '@worldswitch/hypervisor';
import type { Vcpu, Vm } from '@worldswitch/hypervisor';
import type { Arm64DebugExit } from '../exits/context.ts';

/** A vCPU on a host with the RAS extension. */
function withRas(mode: 'nvhe' | 'vhe' = 'nvhe', byteOrder: 'little' | 'big' = 'little'): { readonly processor: ModelProcessor; readonly vm: Vm<Arm64DebugExit>; readonly vcpu: Vcpu<Arm64DebugExit> } {
  const processor = new ModelProcessor();
  processor.dataOrder = byteOrder;
  processor.registers.set('ID_AA64PFR0_EL1', ID_AA64PFR0_EL1.encode({ EL0: 1, EL1: 1, EL2: 1, RAS: 1 }));
  const vm = new Kvm(new Arm64Hypervisor(processor, { mode, layout: MODEL_LAYOUT, interrupts: NO_INTERRUPTS, byteOrder })).createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: 0x4000_0000n, size: 0x1000n, hostAddress: MODEL_RAM + 0x40_0000n });
  const vcpu = vm.createVcpu(0);
  vcpu.initialise(['psci-0.2']);
  return { processor, vm, vcpu };
}

describe('an SError with the RAS extension', () => {
  it.each(['nvhe', 'vhe'] as const)('has the syndrome that was given, in VSESR_EL2 while the guest runs: %s', (mode) => {
    const { processor, vcpu } = withRas(mode);
    setVcpuEvents(vcpu, { serrorPending: true, serrorEsr: 0x1ab_cdefn });
    expect(getVcpuEvents(vcpu)).toEqual({ serrorPending: true, serrorEsr: 0x1ab_cdefn });
    let inside = 0n;
    processor.guest = (p) => {
      inside = p.get('VSESR_EL2');
      return SYSTEM_OFF(p);
    };
    vcpu.run({ budget: 100 });
    expect(inside).toBe(0x1ab_cdefn);
  });
  it('has one of the implementation\'s own where none is given, and zero while none is pending', () => {
    const { vcpu } = withRas();
    expect(getVcpuEvents(vcpu)).toEqual({ serrorPending: false, serrorEsr: 0n });
    setVcpuEvents(vcpu, { serrorPending: true });
    // ISV of an SError, bit 24.
    expect(getVcpuEvents(vcpu)).toEqual({ serrorPending: true, serrorEsr: 1n << 24n });
  });
  it.each([1n << 25n, 1n << 26n, 1n << 63n, -1n])('refuses a syndrome beyond bits 24:0: %s', (serrorEsr) => {
    const { vcpu } = withRas();
    expect(() => { setVcpuEvents(vcpu, { serrorPending: true, serrorEsr, dataAbortPending: true }); }).toThrow('EINVAL: an SError\'s syndrome');
    expect(getVcpuEvents(vcpu).serrorPending).toBe(false);
    const before = vcpu.getRegister('pc');
    vcpu.run({ immediateExit: true });
    expect(vcpu.getRegister('pc')).toBe(before);
  });
  it.each(['little', 'big'] as const)('is the same in bytes of a host that is %s-endian', (byteOrder) => {
    const { vm, vcpu } = withRas('nvhe', byteOrder);
    const codec = structCodec('arm64', 'kvm_vcpu_events', byteOrder);
    const call = (name: string, argument: Uint8Array): void => {
      vm.architecture.abi.calls.find((one) => one.name === name)?.run({ vm: vm.backend, vcpu: vcpu.backend, initialised: true }, argument);
    };
    const events = { 'exception.serror_pending': 1, 'exception.serror_has_esr': 1, 'exception.serror_esr': 0x123n } as const;
    call('KVM_SET_VCPU_EVENTS', codec.encode(events));
    const argument = new Uint8Array(64).fill(0xaa);
    call('KVM_GET_VCPU_EVENTS', argument);
    expect(argument).toEqual(codec.encode(events));
  });
});
