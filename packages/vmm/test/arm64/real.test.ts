/** The same against our own KVM: a guest goes on with what a VMM made of its state. */
import { describe, expect, it } from 'vitest';
import { CORE_REGISTERS, STATE_KNOWLEDGE, createCpuState, hostFeatures, idOfName, initialiseVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import type { Arm64CpuState } from '@worldswitch/arm64-hypervisor/vmm';
import type { Vcpu, Vm } from '@worldswitch/hypervisor';
import { VcpuSync, compareRegisters, withScratchVcpu } from '@worldswitch/vmm';
import { kvmBench } from '../kvm/bench.ts';

const RAM = 0x4000_0000n;
const TIMER_CNT = 0x6030_0000_0013_df1an;

interface Guest { readonly vm: Vm<unknown>; readonly vcpu: Vcpu<unknown>; readonly sync: VcpuSync<Arm64CpuState>; readonly state: Arm64CpuState }

function guest(source: string): Guest {
  const { kvm, memory, load } = kvmBench();
  const vm = kvm.createVm();
  vm.setMemoryRegion({ slot: 0, guestAddress: RAM, size: 0x1_0000n, hostAddress: memory.base });
  load(memory.base, RAM, source);
  const vcpu = vm.createVcpu(0);
  initialiseVcpu(vcpu, { ...withScratchVcpu(kvm, hostFeatures), architecture: 'aarch64' }, { irqchipInKernel: false });
  vcpu.setRegister('pc', RAM);
  const state = createCpuState();
  return { vm, vcpu, state, sync: new VcpuSync(vcpu, state, STATE_KNOWLEDGE) };
}

describe('on our KVM', () => {
  it('the host has a generic target, and gives the second vCPU a number of its own', () => {
    const { kvm } = kvmBench();
    const features = withScratchVcpu(kvm, hostFeatures);
    expect(features).toMatchObject({ target: 5, compatible: 'arm,arm-v8' });
    const vm = kvm.createVm();
    const model = { ...features, architecture: 'aarch64' } as const;
    const [first, second] = [vm.createVcpu(0), vm.createVcpu(1)];
    expect(initialiseVcpu(first, model, { irqchipInKernel: false })).toMatchObject({ vcpuFeatures: ['psci-0.2'], psci: '0.2', affinity: 0n });
    expect(initialiseVcpu(second, { ...model, startPoweredOff: true }, { irqchipInKernel: false })).toMatchObject({ vcpuFeatures: ['power-off', 'psci-0.2'], affinity: 1n });
    expect([first.mpState, second.mpState]).toEqual(['runnable', 'stopped']);
    const sync = new VcpuSync(second, createCpuState(), STATE_KNOWLEDGE);
    sync.get();
    expect(sync.state.mpState).toBe('stopped');
    sync.state.mpState = 'runnable';
    sync.put('runtime');
    expect(second.mpState).toBe('runnable');
  });

  it('a model that the host cannot run is refused by the kernel, or before it is asked', () => {
    const { kvm } = kvmBench();
    const vcpu = kvm.createVm().createVcpu(0);
    const { features } = withScratchVcpu(kvm, hostFeatures);
    expect(() => initialiseVcpu(vcpu, { target: 0, architecture: 'aarch64', features }, { irqchipInKernel: false })).toThrow(/^EINVAL: initialising vCPU 0 as target 0 with psci-0.2/);
    expect(() => initialiseVcpu(vcpu, { target: 5, architecture: 'aarch64', features: new Set() }, { irqchipInKernel: false })).toThrow(/^EINVAL: a processor without AArch64/);
  });

  it('the kernel\'s core registers are those that a VMM moves by hand', () => {
    const { vcpu } = guest('nop');
    const core = vcpu.oneRegisters.list().filter((id) => !STATE_KNOWLEDGE.listed(id));
    expect(new Set(core)).toEqual(new Set(CORE_REGISTERS.map(({ id }) => id)));
  });

  it('a whole state goes out and back in, and nothing changes', () => {
    const { sync } = guest('nop');
    expect(sync.get()).toBe(0);
    const before = { core: CORE_REGISTERS.map(({ read }) => read(sync.state)), list: sync.snapshot() };
    expect(sync.put('full')).toBe(0);
    sync.get();
    expect(CORE_REGISTERS.map(({ read }) => read(sync.state))).toEqual(before.core);
    // Time is what goes on.
    expect(compareRegisters(before.list, sync.snapshot()).filter(({ id }) => !STATE_KNOWLEDGE.nameOf(id).startsWith('CNT') && id !== TIMER_CNT)).toEqual([]);
  });

  it('the guest goes on with registers, stack pointer, vectors and system registers that the VMM changed', () => {
    const { vcpu, sync, state } = guest(`
      mov x1, sp
      mrs x2, TPIDR_EL1
      umov x3, v7.d[1]
      add x0, x0, x30
      b .`);
    sync.get();
    expect([state.pc, state.pstate & 0x3dfn]).toEqual([RAM, 0x3c5n]);
    state.x[0] = 40n;
    state.x[30] = 2n;
    state.sp = 0x4000_8000n;
    state.vectors[15] = 0xfeed_0000_0000_beefn;
    state.system.set('TPIDR_EL1', 0x1234n);
    // Floating point is trapped at EL1 after a reset.
    state.system.set('CPACR_EL1', 3n << 20n);
    sync.put('runtime');
    vcpu.run({ budget: 50 });
    sync.get();
    expect([state.pc, state.x[0], state.x[1], state.x[2], state.x[3]]).toEqual([RAM + 16n, 42n, 0x4000_8000n, 0x1234n, 0xfeed_0000_0000_beefn]);
    expect([state.sp, state.spEl1]).toEqual([0x4000_8000n, 0x4000_8000n]);
  });

  it('the guest\'s clock is not set back by a put while it runs, and is by one of everything', () => {
    const { vcpu, sync } = guest('b .');
    vcpu.run({ budget: 1000 });
    sync.get();
    const read = sync.list.get(TIMER_CNT)!;
    vcpu.run({ budget: 100_000 });
    const later = vcpu.oneRegisters.get(TIMER_CNT);
    expect(later).toBeGreaterThan(read);
    sync.put('runtime');
    expect(vcpu.oneRegisters.get(TIMER_CNT)).toBeGreaterThanOrEqual(later);
    sync.put('full');
    expect(vcpu.oneRegisters.get(TIMER_CNT)).toBe(read);
  });

  it('a guest moves to another VM in the middle', () => {
    const program = `
      mov x0, #1
      mov x1, #2
      add x2, x0, x1
      msr TPIDR_EL0, x2
      cbz x9, .
      mrs x3, TPIDR_EL0
      b .`;
    const one = guest(program);
    one.vcpu.run({ budget: 50 });
    one.sync.get();
    const two = guest(program);
    two.sync.get();
    const { x, pc, pstate, sp } = one.state;
    two.state.x.set(x);
    Object.assign(two.state, { pc, pstate, sp });
    expect(two.sync.restore(one.sync.snapshot())).toBe(0);
    two.state.x[9] = 1n;
    expect(two.sync.put('runtime')).toBe(0);
    two.vcpu.run({ budget: 50 });
    expect(two.vcpu.oneRegisters.get(idOfName('x3'))).toBe(3n);
  });

  it('a value that the kernel does not take is named', () => {
    const { sync } = guest('nop');
    sync.get();
    sync.state.pstate = 0x3c9n;
    expect(() => sync.put('runtime')).toThrow(/^EINVAL: setting PSTATE \(0x6030000000100042\)/);
    sync.state.pstate = 0x3c5n;
    sync.list.set(idOfName('MIDR_EL1'), 0n);
    expect(() => sync.put('runtime')).toThrow(/^EINVAL: setting registers of the list: MIDR_EL1 \(0x603000000013c000\) EINVAL/);
  });
});
