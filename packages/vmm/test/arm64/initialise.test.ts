/** How arm64 vCPUs are asked for: what a host has, what a model gets, who a vCPU is, its PMU. */
import { describe, expect, it } from 'vitest';
import { createPmu, hostFeatures, idOfName, initialiseVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import type { CpuFeature, CpuModel, HostFeatures, InitialisedVcpu } from '@worldswitch/arm64-hypervisor/vmm';
import { KvmError } from '@worldswitch/hypervisor';
import { withScratchVcpu } from '@worldswitch/vmm';
import { FakeKernel } from '../../src/test/fake-kernel.ts';
import type { FakeKernelOptions } from '../../src/test/fake-kernel.ts';

/** From the kernel's headers. */
const CAP = { EL1_32BIT: 93, PSCI_0_2: 102, PMU_V3: 126 };
const ALL = { [CAP.EL1_32BIT]: 1, [CAP.PSCI_0_2]: 1, [CAP.PMU_V3]: 1 };
const MPIDR = idOfName('MPIDR_EL1');

describe('host features', () => {
  const ask = (kernel: FakeKernel): HostFeatures => withScratchVcpu(kernel.kvm, hostFeatures);
  const inits = (kernel: FakeKernel): string[] => kernel.calls.filter((call) => call.startsWith('init'));

  it('are of the target that the kernel prefers', () => {
    const kernel = new FakeKernel({ preferredTarget: 5, targets: [5] });
    const { target, compatible, features } = ask(kernel);
    expect({ target, compatible, features: [...features].sort() }).toEqual({ target: 5, compatible: 'arm,arm-v8', features: ['aarch64', 'neon', 'pmu', 'v8', 'vfp4'] });
    expect(kernel.calls).toEqual(['create-vm', 'create-vcpu', 'preferred', 'init 5']);
    expect(kernel.living).toBe(0);
  });

  it.each([[0, ['init 0']], [1, ['init 0', 'init 1']], [2, ['init 0', 'init 1', 'init 2']]] as const)('fall back to target %s where the kernel has no such call', (target, tried) => {
    const kernel = new FakeKernel({ targets: [target] });
    expect(ask(kernel).target).toBe(target);
    expect(inits(kernel)).toEqual(tried);
    expect(kernel.living).toBe(0);
  });

  it('fall back as well where the kernel refuses the call', () => {
    const kernel = new FakeKernel({ preferredTarget: 5, targets: [2] });
    kernel.refusals.set('preferred', 'ENODEV');
    expect(ask(kernel).target).toBe(2);
  });

  it('are on a big-endian host the same', () => {
    expect(ask(new FakeKernel({ preferredTarget: 5, targets: [5], byteOrder: 'big' })).target).toBe(5);
  });

  it('say which targets were tried, and give the VM back', () => {
    const kernel = new FakeKernel({ targets: [4] });
    expect(() => ask(kernel)).toThrow(/^EINVAL: targets AEM_V8 \(EINVAL\), FOUNDATION_V8 \(EINVAL\), CORTEX_A57 \(EINVAL\)/);
    expect(kernel.living).toBe(0);
  });

  it('do not fall back from a preferred target that is refused', () => {
    const kernel = new FakeKernel({ preferredTarget: 5, targets: [0] });
    expect(() => ask(kernel)).toThrow(/^EINVAL: initialising vCPU 0 with the preferred target 5/);
    expect(inits(kernel)).toEqual(['init 5']);
    expect(kernel.living).toBe(0);
  });
});

describe('a vCPU', () => {
  const model = (change: Partial<CpuModel> = {}): CpuModel => ({ target: 5, architecture: 'aarch64', features: new Set<CpuFeature>(['v8', 'aarch64', 'pmu']), ...change });
  interface Made { readonly kernel: FakeKernel; readonly made: InitialisedVcpu }
  function make(change: Partial<CpuModel> = {}, options: FakeKernelOptions = {}, irqchipInKernel = true): Made {
    const kernel = new FakeKernel({ capabilities: ALL, registers: new Map([[MPIDR, 0x1_8100_0203n]]), ...options });
    const vcpu = kernel.kvm.createVm().createVcpu(0);
    kernel.calls.length = 0;
    return { kernel, made: initialiseVcpu(vcpu, model(change), { irqchipInKernel }) };
  }
  const without = (...features: CpuFeature[]): Partial<CpuModel> => ({ features: new Set<CpuFeature>((['v8', 'aarch64', 'pmu'] as const).filter((one) => !features.includes(one))) });
  const lacking = (number: number): FakeKernelOptions => ({ capabilities: { ...ALL, [number]: 0 } });

  it('gets what its model and the kernel have, and says who it is', () => {
    const { kernel, made } = make();
    expect(kernel.calls).toEqual(['init 5 psci-0.2 pmu-v3', `get 0x${MPIDR.toString(16)}`]);
    // Bit 31 is RES1, bit 24 MT: no affinity.
    expect(made).toMatchObject({ vcpuFeatures: ['psci-0.2', 'pmu-v3'], psci: '0.2', affinity: 0x1_0000_0203n });
    expect([...made.features].sort()).toEqual(['aarch64', 'pmu', 'v8']);
  });

  it.each([
    ['a secondary processor', { startPoweredOff: true }, {}, true, 'init 5 power-off psci-0.2 pmu-v3'],
    ['a kernel with PSCI 0.1 alone', {}, lacking(CAP.PSCI_0_2), true, 'init 5 pmu-v3'],
    ['one that starts in AArch32', without('aarch64'), {}, true, 'init 5 el1-32bit psci-0.2 pmu-v3'],
    ['a model without a PMU', without('pmu'), {}, true, 'init 5 psci-0.2'],
    ['a kernel without a PMU for guests', {}, lacking(CAP.PMU_V3), true, 'init 5 psci-0.2'],
    ['an interrupt controller of the VMM\'s', {}, {}, false, 'init 5 psci-0.2'],
    ['another target', { target: 2 }, { targets: [2] }, true, 'init 2 psci-0.2 pmu-v3'],
  ] as const)('%s', (_, change, options, inKernel, init) => {
    const { kernel, made } = make(change, options, inKernel);
    expect(kernel.calls[0]).toBe(init);
    expect(made.features.has('pmu')).toBe(init.includes('pmu-v3'));
    expect(made.psci).toBe(init.includes('psci-0.2') ? '0.2' : '0.1');
  });

  it.each([
    ['a model without a target', { target: undefined }, {}, /^EINVAL: an aarch64 processor without a target/],
    ['a 32-bit processor', { architecture: 'arm' }, {}, /^EINVAL: an arm processor of target 5/],
    ['AArch32 where the host has none', without('aarch64'), lacking(CAP.EL1_32BIT), /^EINVAL: a processor without AArch64.*KVM_CAP_ARM_EL1_32BIT/],
  ] as const)('is refused without a call: %s', (_, change, options, message) => {
    const kernel = new FakeKernel({ capabilities: ALL, ...options });
    const vcpu = kernel.kvm.createVm().createVcpu(0);
    kernel.calls.length = 0;
    expect(() => initialiseVcpu(vcpu, model(change as Partial<CpuModel>), { irqchipInKernel: true })).toThrow(message);
    expect(kernel.calls).toEqual([]);
  });

  it.each([['init', 'ENOENT', /^ENOENT: initialising vCPU 0 as target 5 with psci-0.2, pmu-v3/], [`get 0x${MPIDR.toString(16)}`, 'EPERM', /^EPERM: getting MPIDR_EL1 \(0x603000000013c005\) of vCPU 0/]] as const)('names the call that is refused: %s', (call, errno, message) => {
    const kernel = new FakeKernel({ capabilities: ALL });
    const vcpu = kernel.kvm.createVm().createVcpu(0);
    kernel.refusals.set(call, errno);
    expect(() => initialiseVcpu(vcpu, model(), { irqchipInKernel: true })).toThrow(message);
  });
});

describe('a PMU', () => {
  const PMU: FakeKernelOptions = { attributes: [[0, 0n, 4], [0, 1n, 0]] };
  function make(options: FakeKernelOptions): { readonly kernel: FakeKernel; readonly create: () => boolean } {
    const kernel = new FakeKernel(options);
    const { vcpu } = kernel.vcpu();
    return { kernel, create: () => createPmu(vcpu, 23) };
  }

  it.each([['little', '17000000'], ['big', '00000017']] as const)('gets its interrupt first, in the order of a %s-endian host, then begins', (byteOrder, bytes) => {
    const { kernel, create } = make({ ...PMU, byteOrder });
    expect(create()).toBe(true);
    expect(kernel.calls.filter((call) => call.startsWith('attribute'))).toEqual([`attribute 0 0 ${bytes}`, 'attribute 0 1']);
  });

  it('that the kernel does not have is no error', () => {
    const { kernel, create } = make({});
    expect(create()).toBe(false);
    expect(kernel.calls).toEqual(['has 0 0']);
  });

  it('that the vCPU does not have is none either', () => {
    const { kernel, create } = make(PMU);
    kernel.refusals.set('has', 'ENODEV');
    expect(create()).toBe(false);
  });

  it.each([['attribute 0 0', 'EBUSY', 'EBUSY: setting the PMU interrupt of vCPU 0 to 23'], ['attribute 0 1', 'ENXIO', 'ENXIO: starting the PMU of vCPU 0']] as const)('that is refused at %s is fatal, and says what failed', (call, errno, message) => {
    const { kernel, create } = make(PMU);
    kernel.refusals.set(call, errno);
    expect(create).toThrow(message);
    expect(create).toThrow(KvmError);
  });
});
