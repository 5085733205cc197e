/** /dev/kvm in bytes: objects and common errors, and what only bytes have of the other sections. */
import { describe, expect } from 'vitest';
import { CONSTANTS, STRUCTS } from '@worldswitch/hypervisor/abi';
import type { IoctlName } from '@worldswitch/hypervisor/abi';
import { errorName } from '@worldswitch/hypervisor/ioctl';
import { CORE, INIT, RAM, byteGuest, byteProgram, request, struct } from './byte-program.ts';
import { sentence } from './sentence.ts';

const REASON = CONSTANTS.KVM_EXIT;
const run = struct('kvm_run');
const region = (over: Parameters<ReturnType<typeof regionCodec>['encode']>[0]): Uint8Array => regionCodec().encode({ memory_size: 0x1000n, ...over });
function regionCodec() {
  return struct('kvm_userspace_memory_region');
}
const MMIO = 0x0900_0000n;

describe('objects', () => {
  sentence('1.1', () => {
    const { device, call, system } = byteProgram();
    const vm = Number(call(system, 'KVM_CREATE_VM'));
    const vcpu = Number(call(vm, 'KVM_CREATE_VCPU', 0));
    expect(device.mmap(vcpu, 4096)).toHaveLength(4096);
    expect([device.mmap(vm, 4096), device.mmap(system, 4096)]).toEqual([-19, -19]);
    // A level has its own calls.
    expect([call(system, 'KVM_CREATE_VCPU', 1), call(vm, 'KVM_CREATE_VM'), call(vm, 'KVM_RUN'), call(vcpu, 'KVM_CREATE_VCPU', 1)]).toEqual(Array(4).fill('EINVAL'));
    expect(device.open('/dev/kvm')).toBeGreaterThan(vcpu);
  });
  sentence('1.2', () => {
    const { call, system } = byteProgram();
    expect([call(system, 'KVM_GET_API_VERSION'), call(system, 'KVM_GET_API_VERSION', 1)]).toEqual([12, 'EINVAL']);
  });
  sentence('1.3', () => {
    const { call, system, device } = byteProgram();
    expect([call(system, 'KVM_GET_VCPU_MMAP_SIZE'), call(system, 'KVM_GET_VCPU_MMAP_SIZE', 1)]).toEqual([4096 + 4096, 'EINVAL']);
    const vcpu = Number(call(Number(call(system, 'KVM_CREATE_VM')), 'KVM_CREATE_VCPU', 0));
    expect(device.mmap(vcpu, 4096, 4096 * CONSTANTS.KVM_MMIO.KVM_COALESCED_MMIO_PAGE_OFFSET)).toHaveLength(4096);
    expect(STRUCTS.arm64.kvm_run.size).toBeLessThanOrEqual(4096);
  });
  sentence('1.4', () => {
    const { call, system } = byteProgram();
    const most = Number(call(system, 'KVM_CHECK_EXTENSION', CONSTANTS.KVM_CAP.KVM_CAP_ARM_VM_IPA_SIZE));
    expect([0, 32, most].map((type) => typeof call(system, 'KVM_CREATE_VM', type))).toEqual(['number', 'number', 'number']);
    expect([31, most + 1, 0x100, 0x120, 1n << 63n].map((type) => call(system, 'KVM_CREATE_VM', type))).toEqual(Array(5).fill('EINVAL'));
  });
  sentence('1.5', () => {
    const { call, system } = byteProgram();
    const vm = Number(call(system, 'KVM_CREATE_VM'));
    const most = Number(call(system, 'KVM_CHECK_EXTENSION', CONSTANTS.KVM_CAP.KVM_CAP_MAX_VCPU_ID));
    expect([most, -1].map((id) => call(vm, 'KVM_CREATE_VCPU', id))).toEqual(['EINVAL', 'EINVAL']);
    expect([typeof call(vm, 'KVM_CREATE_VCPU', most - 1), call(vm, 'KVM_CREATE_VCPU', most - 1)]).toEqual(['number', 'EEXIST']);
  }, 'numbers');
  sentence('1.6', () => {
    const { device, vm, vcpu } = byteGuest('b .');
    const child = device.fork();
    const calls: [number, IoctlName][] = [[vm, 'KVM_CHECK_EXTENSION'], [vm, 'KVM_CREATE_VCPU'], [vcpu, 'KVM_RUN'], [vcpu, 'KVM_GET_MP_STATE']];
    expect(calls.map(([fd, name]) => errorName(child.ioctl(fd, request(name), new Uint8Array(64))))).toEqual(Array(4).fill('EIO'));
    child.exit();
    expect(device.ioctl(vm, request('KVM_CREATE_VCPU'), 1)).toBeGreaterThan(0);
  });
  sentence('1.6', () => {
    const { kvm } = byteProgram();
    const vm = kvm.createVm();
    vm.dispose();
    expect(() => vm.createVcpu(0)).toThrow(/EIO/);
  }, 'a dead VM');
  sentence('1.7', () => {
    const { device, vm, vcpu } = byteGuest('b .');
    for (const unknown of [0, 0xaeff, 0x5401, request('KVM_GET_ONE_REG') ^ (1 << 16)]) expect([vm, vcpu].map((fd) => errorName(device.ioctl(fd, unknown)))).toEqual(['EINVAL', 'EINVAL']);
    const others: IoctlName[] = ['KVM_SET_BOOT_CPU_ID', 'KVM_INTERRUPT', 'KVM_DIRTY_TLB', 'KVM_RESET_DIRTY_RINGS', 'KVM_SET_MEMORY_ATTRIBUTES', 'KVM_CREATE_GUEST_MEMFD', 'KVM_PRE_FAULT_MEMORY'];
    for (const name of others) expect([vm, vcpu].map((fd) => errorName(device.ioctl(fd, request(name), new Uint8Array(64)))), name).toEqual(['EINVAL', 'EINVAL']);
  });
  sentence('1.8', () => {
    const { call, vm, vcpu } = byteGuest('b .');
    const nowhere = 0xdead_0000n;
    const onVm: IoctlName[] = ['KVM_SET_USER_MEMORY_REGION', 'KVM_GET_DIRTY_LOG', 'KVM_IRQ_LINE', 'KVM_CREATE_DEVICE', 'KVM_ENABLE_CAP', 'KVM_IRQFD', 'KVM_IOEVENTFD', 'KVM_SET_GSI_ROUTING', 'KVM_SIGNAL_MSI', 'KVM_ARM_PREFERRED_TARGET', 'KVM_HAS_DEVICE_ATTR'];
    const onVcpu: IoctlName[] = ['KVM_ARM_VCPU_INIT', 'KVM_ARM_VCPU_FINALIZE', 'KVM_GET_ONE_REG', 'KVM_SET_ONE_REG', 'KVM_GET_REG_LIST', 'KVM_SET_GUEST_DEBUG', 'KVM_GET_MP_STATE', 'KVM_SET_MP_STATE', 'KVM_GET_VCPU_EVENTS', 'KVM_SET_VCPU_EVENTS', 'KVM_SET_SIGNAL_MASK', 'KVM_SET_DEVICE_ATTR'];
    for (const name of onVm) for (const pointer of [nowhere, new Uint8Array(3)]) expect(call(vm, name, pointer), name).toBe('EFAULT');
    for (const name of onVcpu) for (const pointer of [nowhere, new Uint8Array(3)]) expect(call(vcpu, name, pointer), name).toBe('EFAULT');
    // Of pointers in structures, too.
    for (const name of ['KVM_GET_ONE_REG', 'KVM_SET_ONE_REG'] as const) expect(call(vcpu, name, struct('kvm_one_reg').encode({ id: CORE.pc, addr: nowhere }))).toBe('EFAULT');
  });
  sentence('1.9', () => {
    // One thread: a second call can only come from inside the first.
    const seen: (string | undefined)[] = [];
    const guest = byteGuest('mov x0, #0xc6000000\n hvc #0\n b .', {
      forward: () => {
        seen.push(errorName(guest.device.ioctl(guest.vcpu, request('KVM_GET_MP_STATE'), new Uint8Array(4))));
        return false;
      },
    });
    guest.call(guest.vcpu, 'KVM_RUN');
    expect(new Set(seen)).toEqual(new Set(['EINTR']));
    expect(guest.call(guest.vcpu, 'KVM_GET_MP_STATE', new Uint8Array(4))).toBe(0);
  });
  sentence('1.10', () => {
    const { call, vcpu } = byteGuest('b .');
    for (const name of ['KVM_GET_REGS', 'KVM_SET_REGS', 'KVM_GET_SREGS', 'KVM_SET_SREGS', 'KVM_GET_FPU', 'KVM_SET_FPU', 'KVM_TRANSLATE'] as const) expect(call(vcpu, name, new Uint8Array(1024)), name).toBe('EINVAL');
  });
  sentence('1.11', () => {
    const { call, vcpu } = byteGuest('b .');
    const mask = (len: number): Uint8Array => struct('kvm_signal_mask').encode({ len, sigset: new Uint8Array(len) });
    expect([8, 4, 16, 128].map((len) => call(vcpu, 'KVM_SET_SIGNAL_MASK', mask(len)))).toEqual([0, 'EINVAL', 'EINVAL', 'EINVAL']);
    expect(call(vcpu, 'KVM_SET_SIGNAL_MASK', 0)).toBe(0);
  });
});

describe('memory regions', () => {
  sentence('2.1', () => {
    const { call, vm, memory } = byteGuest('b .');
    const flags = (value: number): number | string => call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, flags: value, userspace_addr: memory.base }));
    expect([4, 8, 0x8000_0000].map(flags)).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    const { KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY } = CONSTANTS.KVM_MEM;
    expect([KVM_MEM_READONLY, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES].map(flags)).toEqual([0, 0]);
    // What is refused first: the flag, though nothing else is right either.
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 0xffff, flags: 8, guest_phys_addr: 1n, memory_size: 1n, userspace_addr: 1n }))).toBe('EINVAL');
  }, 'flags in bytes');
  sentence('2.4', () => {
    const { call, vm, memory } = byteGuest('b .');
    expect([memory.base + 1n, 0n, memory.base + memory.size].map((userspace_addr) => call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, userspace_addr })))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
  }, 'in bytes');
});

describe('KVM_RUN', () => {
  sentence('5.1', () => {
    const { call, vcpu } = byteGuest('b .');
    expect([1, -1, 1n << 40n].map((argument) => call(vcpu, 'KVM_RUN', argument))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
  });
  sentence('5.2', () => {
    const { call, vm } = byteGuest('b .');
    const second = Number(call(vm, 'KVM_CREATE_VCPU', 1));
    expect([call(second, 'KVM_RUN'), call(second, 'KVM_ARM_VCPU_INIT', INIT)]).toEqual(['ENOEXEC', 0]);
    expect(call(second, 'KVM_RUN')).not.toBe('ENOEXEC');
  }, 'in bytes');
  sentence('5.3', () => {
    const guest = byteGuest('ldr x0, [x1]\n b .');
    const { call, vcpu, run: page } = guest;
    guest.setRegister(CORE.x(1), MMIO);
    run.set(page, 'immediate_exit', 1);
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason'), guest.register(CORE.pc)]).toEqual(['EINTR', 0, RAM]);
    run.set(page, 'immediate_exit', 0);
    call(vcpu, 'KVM_RUN');
    run.set(page, 'immediate_exit', 1);
    run.set(page, 'mmio.data', Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason')]).toEqual(['EINTR', REASON.KVM_EXIT_MMIO]);
    // Committed, and only once.
    expect([guest.register(CORE.x(0)), guest.register(CORE.pc)]).toEqual([0x1234_5678n, RAM + 4n]);
  });
  sentence('5.5', () => {
    // The end of a time slice is a signal.
    const { call, vcpu, run: page } = byteGuest('b .');
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason')]).toEqual(['EINTR', REASON.KVM_EXIT_INTR]);
  });
  sentence('5.7', () => {
    const guest = byteGuest('brk #5\n b .');
    const { call, vcpu, run: page } = guest;
    call(vcpu, 'KVM_SET_GUEST_DEBUG', struct('kvm_guest_debug').encode({ control: 0x1_0001 }));
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason'), run.get(page, 'flags')]).toEqual([0, REASON.KVM_EXIT_DEBUG, CONSTANTS.misc.KVM_DEBUG_ARCH_HSR_HIGH_VALID]);
    guest.setRegister(CORE.pc, RAM + 4n);
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'flags')]).toEqual(['EINTR', 0]);
  });
  sentence('5.8', () => {
    // The virtual timer fires at once: its level is in kvm_run, and the run ends.
    const { call, vcpu, run: page } = byteGuest('msr cntv_cval_el0, xzr\n mov x0, #1\n msr cntv_ctl_el0, x0\n isb\n b .');
    expect([call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason')]).toEqual(['EINTR', REASON.KVM_EXIT_INTR]);
    expect(struct('kvm_sync_regs').decode(page.subarray(304)).device_irq_level).toBe(BigInt(CONSTANTS.KVM_DEV_ARM.KVM_ARM_DEV_EL1_VTIMER));
  }, 'in bytes');
  sentence('5.9', () => {
    for (const [source, length] of [['strb w0, [x1]', 1], ['strh w0, [x1]', 2], ['str w0, [x1]', 4], ['str x0, [x1]', 8]] as const) {
      const guest = byteGuest(`${source}\n b .`);
      guest.setRegister(CORE.x(1), MMIO);
      guest.setRegister(CORE.x(0), 0x8877_6655_4433_2211n);
      expect(guest.call(guest.vcpu, 'KVM_RUN')).toBe(0);
      const data = Uint8Array.of(0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88).fill(0, length);
      expect(run.member(guest.run, 'mmio')).toEqual({ phys_addr: MMIO, data, len: length, is_write: 1 });
    }
  }, 'in bytes');
  sentence('5.17', () => {
    const { call, vcpu } = byteGuest('b .');
    const state = struct('kvm_mp_state');
    for (const mp_state of [5, 10, 0]) {
      const out = new Uint8Array(4);
      expect([call(vcpu, 'KVM_SET_MP_STATE', state.encode({ mp_state })), call(vcpu, 'KVM_GET_MP_STATE', out), state.get(out, 'mp_state')]).toEqual([0, 0, mp_state]);
    }
    for (const mp_state of [1, 2, 3, 4, 6, 7, 8, 9, 11]) expect(call(vcpu, 'KVM_SET_MP_STATE', state.encode({ mp_state }))).toBe('EINVAL');
  }, 'in bytes');
  sentence('5.20', () => {
    for (const [call, type] of [[0x8400_0008, CONSTANTS.KVM_SYSTEM_EVENT.KVM_SYSTEM_EVENT_SHUTDOWN], [0x8400_0009, CONSTANTS.KVM_SYSTEM_EVENT.KVM_SYSTEM_EVENT_RESET]] as const) {
      const guest = byteGuest(`mov x0, #${call & 0xffff}\n movk x0, #0x8400, lsl #16\n hvc #0\n b .`);
      expect([guest.call(guest.vcpu, 'KVM_RUN'), run.get(guest.run, 'exit_reason')]).toEqual([0, REASON.KVM_EXIT_SYSTEM_EVENT]);
      expect(run.member(guest.run, 'system_event')).toMatchObject({ type, ndata: 1, flags: 0n });
    }
  }, 'in bytes');
});

describe('guest debug', () => {
  const debug = struct('kvm_guest_debug');
  const HW = 0x2_0001;
  sentence('6.1', () => {
    expect([debug.size, struct('kvm_guest_debug_arch').size]).toEqual([520, 512]);
    expect(debug.encode({ control: 1, arch: { dbg_bcr: [], dbg_bvr: [], dbg_wcr: [], dbg_wvr: [0x1122n] } }).subarray(8 + 384, 8 + 386)).toEqual(Uint8Array.of(0x22, 0x11));
    const { call, vcpu } = byteGuest('b .');
    expect([call(vcpu, 'KVM_SET_GUEST_DEBUG', new Uint8Array(520)), call(vcpu, 'KVM_SET_GUEST_DEBUG', new Uint8Array(519))]).toEqual([0, 'EFAULT']);
  });
  sentence('6.2', () => {
    const { call, vcpu, run: page } = byteGuest('brk #1\n b .');
    expect(call(vcpu, 'KVM_SET_GUEST_DEBUG', debug.encode({ control: 1 }))).toBe(0);
    for (let bit = 0; bit < 32; bit++) expect(call(vcpu, 'KVM_SET_GUEST_DEBUG', debug.encode({ control: (1 << bit) >>> 0 })), `bit ${bit}`).toBe([0, 1, 16, 17].includes(bit) ? 0 : 'EINVAL');
    call(vcpu, 'KVM_SET_GUEST_DEBUG', debug.encode({ control: 1 }));
    // What was refused has not ended what was asked for.
    expect([call(vcpu, 'KVM_SET_GUEST_DEBUG', debug.encode({ control: 4 })), call(vcpu, 'KVM_RUN'), run.get(page, 'exit_reason')]).toEqual(['EINVAL', 0, REASON.KVM_EXIT_DEBUG]);
  });
  /** Runs to a debug exit: its payload, and where the guest stands. */
  const exitOf = (source: string, control: number, arch: Parameters<typeof debug.encode>[0]['arch'] | undefined, prepare: (guest: ReturnType<typeof byteGuest>) => void = () => undefined): readonly [number, bigint, bigint] => {
    const guest = byteGuest(source);
    prepare(guest);
    expect(guest.call(guest.vcpu, 'KVM_SET_GUEST_DEBUG', debug.encode({ control, ...(arch && { arch }) }))).toBe(0);
    expect([guest.call(guest.vcpu, 'KVM_RUN'), run.get(guest.run, 'exit_reason')]).toEqual([0, REASON.KVM_EXIT_DEBUG]);
    const { hsr, hsr_high, far } = run.get(guest.run, 'debug.arch');
    expect(hsr_high).toBe(0);
    return [hsr, far, guest.register(CORE.pc)];
  };
  const bank = (...values: readonly bigint[]): readonly bigint[] => values;
  sentence('6.26', () => { expect(exitOf('nop\n brk #0x1234\n b .', 1, undefined)).toEqual([0xf200_1234, 0n, RAM + 4n]); }, 'in bytes');
  sentence('6.27', () => { 
    // ISV: what was stepped is known. EX: it was a load-exclusive.
    expect(exitOf('nop\n nop\n b .', 3, undefined)).toEqual([0xcb00_0022, 0n, RAM + 4n]);
    expect(exitOf('ldxr x0, [x1]\n nop\n b .', 3, undefined, (guest) => { guest.setRegister(CORE.x(1), RAM + 0x1000n); })).toEqual([0xcb00_0062, 0n, RAM + 4n]);
  }, 'in bytes');
  sentence('6.28', () => {
    // BCR: E, PMC EL1 and EL0, BAS of a whole instruction.
    expect(exitOf('nop\n nop\n nop\n b .', HW, { dbg_bcr: bank(0x1e7n), dbg_bvr: bank(RAM + 8n), dbg_wcr: bank(), dbg_wvr: bank() })).toEqual([0xc200_0022, 0n, RAM + 8n]);
  }, 'in bytes');
  sentence('6.29', () => {
    const watch = { dbg_bcr: bank(), dbg_bvr: bank(), dbg_wcr: bank(0x1fffn), dbg_wvr: bank(RAM + 0x1000n) };
    const at = (guest: ReturnType<typeof byteGuest>): void => { guest.setRegister(CORE.x(1), RAM + 0x1000n); };
    expect(exitOf('nop\n ldr x0, [x1]\n b .', HW, watch, at)).toEqual([0xd200_0022, RAM + 0x1000n, RAM + 4n]);
    expect(exitOf('nop\n str x0, [x1]\n b .', HW, watch, at)).toEqual([0xd200_0062, RAM + 0x1000n, RAM + 4n]);
  }, 'in bytes');
  sentence('6.24', () => {
    const { kvm_debug_exit_arch: layout } = STRUCTS.arm64;
    expect(Object.entries(layout.fields).map(([name, { offset, size }]) => [name, offset, size])).toEqual([['hsr', 0, 4], ['hsr_high', 4, 4], ['far', 8, 8]]);
    expect(exitOf('brk #0', 1, undefined)).toEqual([0xf200_0000, 0n, RAM]);
  });
});
