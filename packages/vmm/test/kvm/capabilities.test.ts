/** KVM_CHECK_EXTENSION, KVM_ENABLE_CAP, and KVM_IRQ_LINE without an interrupt controller in the hypervisor. */
import { CONSTANTS } from '@worldswitch/hypervisor/abi';
import { describe, expect, it } from 'vitest';
import { errnoOf, kvmBench } from './bench.ts';
import { MMIO, RAM, kvmGuest, runAt, runUntil } from './guest.ts';
import { sentence } from './sentence.ts';

const { KVM_CAP } = CONSTANTS;
const [CPU, SPI, PPI] = [0, 1, 2];
const irq = (type: number, number: number, vcpu = 0): number => ((vcpu >> 8) << 28) | (type << 24) | ((vcpu & 0xff) << 16) | number;

describe('extensions', () => {
  it('are those of Linux 6.12 on this host', () => {
    const { kvm } = kvmBench({ gic: 3 });
    const values: Readonly<Record<string, number>> = Object.fromEntries(Object.entries(KVM_CAP).map(([name, number]): [string, number] => [name, kvm.checkExtension(number)]).filter(([, value]) => value !== 0));
    expect(values).toEqual({
      KVM_CAP_IRQCHIP: 1, KVM_CAP_USER_MEMORY: 1, KVM_CAP_NR_VCPUS: 1, KVM_CAP_NR_MEMSLOTS: 32_767, KVM_CAP_MP_STATE: 1, KVM_CAP_SYNC_MMU: 1, KVM_CAP_DESTROY_MEMORY_REGION_WORKS: 1,
      KVM_CAP_SET_GUEST_DEBUG: 1, KVM_CAP_JOIN_MEMORY_REGIONS_WORKS: 1, KVM_CAP_INTERNAL_ERROR_DATA: 1, KVM_CAP_VCPU_EVENTS: 1, KVM_CAP_MAX_VCPUS: 512, KVM_CAP_ONE_REG: 1,
      KVM_CAP_READONLY_MEM: 1, KVM_CAP_ARM_PSCI: 1, KVM_CAP_ARM_SET_DEVICE_ADDR: 1, KVM_CAP_DEVICE_CTRL: 1, KVM_CAP_ENABLE_CAP_VM: 1, KVM_CAP_VM_ATTRIBUTES: 1, KVM_CAP_ARM_PSCI_0_2: 1,
      KVM_CAP_CHECK_EXTENSION_VM: 1, KVM_CAP_GUEST_DEBUG_HW_BPS: 6, KVM_CAP_GUEST_DEBUG_HW_WPS: 4, KVM_CAP_ARM_PMU_V3: 1, KVM_CAP_VCPU_ATTRIBUTES: 1, KVM_CAP_MAX_VCPU_ID: 512,
      KVM_CAP_IMMEDIATE_EXIT: 1, KVM_CAP_ARM_USER_IRQ: 1, KVM_CAP_ARM_VM_IPA_SIZE: 40, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: 3, KVM_CAP_ARM_IRQ_LINE_LAYOUT_2: 1, KVM_CAP_ARM_NISV_TO_USER: 1,
      KVM_CAP_ARM_INJECT_EXT_DABT: 1, KVM_CAP_HALT_POLL: 1, KVM_CAP_STEAL_TIME: 1, KVM_CAP_SET_GUEST_DEBUG2: 0x3_0003, KVM_CAP_SYSTEM_EVENT_DATA: 1, KVM_CAP_ARM_SYSTEM_SUSPEND: 1,
      KVM_CAP_COUNTER_OFFSET: 1, KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES: 0x20_1000, KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES: 1, KVM_CAP_USER_MEMORY2: 1, KVM_CAP_MEMORY_FAULT_INFO: 1,
    });
    // Nobody has these numbers.
    for (const number of [-1, 5, 9999, 0xffff_ffff]) expect(kvm.checkExtension(number)).toBe(0);
  });
  it('depend on the interrupt controller, the revision of the switch and the profile', () => {
    const gicv2 = kvmBench({ gic: 2 }).kvm;
    expect([KVM_CAP.KVM_CAP_IRQCHIP, KVM_CAP.KVM_CAP_MAX_VCPUS, KVM_CAP.KVM_CAP_MAX_VCPU_ID].map((number) => gicv2.checkExtension(number))).toEqual([1, 8, 8]);
    const old = kvmBench({ revision: '2015-base', mode: 'nvhe' }).kvm;
    expect([KVM_CAP.KVM_CAP_SET_GUEST_DEBUG, KVM_CAP.KVM_CAP_GUEST_DEBUG_HW_BPS].map((number) => old.checkExtension(number))).toEqual([0, 0]);
    const before = kvmBench({ profile: '6.1' }).kvm;
    expect([KVM_CAP.KVM_CAP_COUNTER_OFFSET, KVM_CAP.KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES, KVM_CAP.KVM_CAP_USER_MEMORY2, KVM_CAP.KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES].map((number) => before.checkExtension(number))).toEqual([0, 0, 0, 0]);
    const { kvm } = kvmBench();
    expect(kvm.createVm(36n).checkExtension(KVM_CAP.KVM_CAP_ARM_VM_IPA_SIZE)).toBe(40);
  });
});

describe('capabilities that are enabled', () => {
  sentence('7.9', () => {
    const { kvm } = kvmBench();
    const vm = kvm.createVm();
    const enable = (capability: number, args: readonly bigint[] = [], flags = 0): string => errnoOf(() => { vm.enableCapability(capability, { args, flags }); });
    for (const known of [177, 216]) {
      expect(enable(known, [], 1)).toBe('EINVAL');
      expect(enable(known)).toBe('none');
    }
    // No processor here has tags, before vCPUs or after.
    expect(enable(205)).toBe('EINVAL');
    vm.createVcpu(0);
    expect(enable(205)).toBe('EINVAL');
    for (const unknown of [0, 3, 81, 102, 9999]) expect(enable(unknown), `${unknown}`).toBe('EINVAL');
  });
  it('have options, which are checked', () => {
    const { kvm, memory } = kvmBench();
    const vm = kvm.createVm();
    const enable = (capability: number, ...args: readonly bigint[]): string => errnoOf(() => { vm.enableCapability(capability, { args }); });
    expect([0n, 1n, 3n].map((option) => enable(KVM_CAP.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, option))).toEqual(['none', 'none', 'none']);
    expect([2n, 4n, 5n].map((option) => enable(KVM_CAP.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, option))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    expect([1n << 32n, 1000n].map((time) => enable(KVM_CAP.KVM_CAP_HALT_POLL, time))).toEqual(['EINVAL', 'none']);
    expect([0x1000n, 0x20_0000n, 0n, 0x3000n, 1n << 30n].map((size) => enable(KVM_CAP.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, size))).toEqual(['none', 'none', 'none', 'EINVAL', 'EINVAL']);
    enable(KVM_CAP.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0x1000n);
    expect(vm.checkExtension(KVM_CAP.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE)).toBe(0x1000);
    vm.setMemoryRegion({ slot: 0, guestAddress: 0n, size: 0x1000n, hostAddress: memory.base });
    expect(enable(KVM_CAP.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0n)).toBe('EINVAL');
  });
});

describe('KVM_IRQ_LINE', () => {
  sentence('7.6', () => {
    const one = kvmGuest({ source: 'msr DAIFClr, #3\n1: add x0, x0, #1\n b 1b', vcpus: 2 });
    for (const offset of [0xa80n, 0xb00n]) one.program(`mov x9, #${offset}\n str x9, [x1]`, RAM + offset);
    for (const [line, vector] of [[0, 0xa80n], [1, 0xb00n]] as const) {
      one.vm.irqLine(irq(CPU, line), true);
      expect(runAt(one.vcpu, RAM, { x1: MMIO, VBAR_EL1: RAM + 0x800n, pstate: 0x3c5n })).toMatchObject({ kind: 'mmio', write: true });
      expect(one.vcpu.getRegister('x9')).toBe(vector);
      one.vm.irqLine(irq(CPU, line), false);
    }
    // Another vCPU's is its own: it ends its wait.
    one.program('wfi\n str xzr, [x1]', RAM + 0x100n);
    const [, second] = one.vcpus;
    second.mpState = 'runnable';
    expect(runAt(second, RAM + 0x100n, { x1: MMIO })).toEqual({ kind: 'idle' });
    one.vm.irqLine(irq(CPU, 0, 1), true);
    expect(runUntil(second).kind).toBe('mmio');
    for (const wrong of [irq(CPU, 2), irq(CPU, 0, 2), irq(CPU, 0, 0x101), irq(3, 0), irq(15, 40)]) expect(errnoOf(() => { one.vm.irqLine(wrong, true); }), `0x${wrong.toString(16)}`).toBe('EINVAL');
  });
  sentence('7.7', () => {
    const { vm } = kvmGuest();
    for (const line of [irq(PPI, 16), irq(PPI, 31), irq(PPI, 15), irq(SPI, 32), irq(SPI, 31), irq(SPI, 40)]) expect(errnoOf(() => { vm.irqLine(line, true); })).toBe('ENXIO');
  }, 'without one');
});
