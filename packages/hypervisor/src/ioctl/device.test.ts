import { describe, expect, it } from 'vitest';
import { CONSTANTS, ERRNO } from '../abi/index.ts';
import { INIT, RAM, codecs, named, program, programWithVcpu, region, request } from '../test/program.ts';
import { REGISTERS } from '../test/model.ts';
import { UserSpace } from './index.ts';

const BAD = 0x1234n;

describe('descriptors', () => {
  it('are the lowest free numbers, and gone when closed', () => {
    const { device, call, system } = program();
    const vm = call(system, 'KVM_CREATE_VM') as number;
    const event = device.eventfd();
    expect([system, vm, event]).toEqual([3, 4, 5]);
    expect([device.close(vm), named(device.close(vm)), call(vm, 'KVM_CREATE_VCPU')]).toEqual([0, 'EBADF', 'EBADF']);
    expect(call(system, 'KVM_CREATE_VM')).toBe(vm);
    expect([named(device.open('/dev/null')), device.lastRefusal?.message]).toEqual(['ENOENT', expect.stringContaining('/dev/kvm')]);
  });
  it('keep a VM while it, a vCPU or a device of it is open, or a vCPU mapped', () => {
    const { device, call, system, host } = program();
    const vm = call(system, 'KVM_CREATE_VM') as number;
    const vcpu = call(vm, 'KVM_CREATE_VCPU', 1) as number;
    const argument = codecs.device.encode({ type: 5 });
    expect(call(vm, 'KVM_CREATE_DEVICE', argument)).toBe(0);
    const run = device.mmap(vcpu, 4096) as Uint8Array;
    device.close(vm);
    expect(host.alive).toBe(1);
    expect(call(vcpu, 'KVM_ARM_VCPU_INIT', INIT)).toBe(0);
    device.close(vcpu);
    device.close(codecs.device.get(argument, 'fd'));
    expect(host.alive).toBe(1);
    expect([device.munmap(run), named(device.munmap(run)), host.alive]).toEqual([0, 'EINVAL', 0]);
  });
  it('a closed vCPU stays in its VM', () => {
    const { device, call, vm, vcpu } = programWithVcpu();
    device.close(vcpu);
    expect(call(vm, 'KVM_CREATE_VCPU', 0)).toBe('EEXIST');
  });
  it('are a limited number, and nothing is made where there is none left', () => {
    const { device, call, system, host } = program();
    let made = 0;
    while (device.eventfd() >= 0) made++;
    expect(made).toBe(1020);
    expect([call(system, 'KVM_CREATE_VM'), host.alive]).toEqual(['EMFILE', 0]);
    device.exit();
    expect(device.descriptors).toBe(0);
  });
  it('of another program have VMs that refuse it', () => {
    const { device, call, vm, vcpu, system } = programWithVcpu();
    const child = device.fork();
    expect([vm, vcpu].map((fd) => named(child.ioctl(fd, request('KVM_CHECK_EXTENSION'), 70)))).toEqual(['EIO', 'EIO']);
    expect(child.ioctl(system, request('KVM_GET_API_VERSION'))).toBe(12);
    device.exit();
    expect(named(child.ioctl(vm, request('KVM_CREATE_VCPU'), 2))).toBe('EIO');
    child.exit();
    expect(call(vm, 'KVM_CREATE_VCPU')).toBe('EBADF');
  });
});

describe('system calls', () => {
  it('version, size of the mapping, extensions', () => {
    const { call, system } = program();
    expect([call(system, 'KVM_GET_API_VERSION'), call(system, 'KVM_GET_API_VERSION', 1)]).toEqual([12, 'EINVAL']);
    expect([call(system, 'KVM_GET_VCPU_MMAP_SIZE'), call(system, 'KVM_GET_VCPU_MMAP_SIZE', 1n)]).toEqual([8192, 'EINVAL']);
    const { KVM_CAP_ONE_REG, KVM_CAP_IOEVENTFD, KVM_CAP_COALESCED_MMIO, KVM_CAP_ARM_SVE } = CONSTANTS.KVM_CAP;
    expect([KVM_CAP_ONE_REG, KVM_CAP_IOEVENTFD, KVM_CAP_COALESCED_MMIO, KVM_CAP_ARM_SVE, 1n << 40n].map((one) => call(system, 'KVM_CHECK_EXTENSION', one))).toEqual([1, 1, 1, 0, 0]);
  });
  it('unknown requests: EINVAL, on a device ENOTTY', () => {
    const { device, call, system, vm, vcpu } = programWithVcpu();
    const argument = codecs.device.encode({ type: 5 });
    call(vm, 'KVM_CREATE_DEVICE', argument);
    const fds = [system, vm, vcpu, codecs.device.get(argument, 'fd'), device.eventfd()];
    for (const unknown of [0, 0xae7f, 0x1234_5678, -1, request('KVM_RUN') ^ 0x1_0000]) {
      expect(fds.map((fd) => named(device.ioctl(fd, unknown)))).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'ENOTTY', 'ENOTTY']);
    }
    // A call of another level.
    expect([call(vm, 'KVM_RUN'), call(system, 'KVM_CREATE_VCPU'), call(vcpu, 'KVM_CREATE_VM')]).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
    expect(named(device.ioctl(99, request('KVM_RUN')))).toBe('EBADF');
  });
  it('a type of VM, whatever stands for it', () => {
    const { call, system } = program();
    expect([36, 36n, 0].map((type) => typeof call(system, 'KVM_CREATE_VM', type))).toEqual(['number', 'number', 'number']);
    expect([31, -1, Number.NaN, 1.5, new Uint8Array(8), 1n << 63n].map((type) => call(system, 'KVM_CREATE_VM', type))).toEqual(Array(6).fill('EINVAL'));
  });
});

describe('buffers', () => {
  it('that are short, nowhere or unaligned', () => {
    const { call, vm, vcpu, memory } = programWithVcpu();
    expect([call(vm, 'KVM_SET_USER_MEMORY_REGION', region().subarray(0, 31)), call(vm, 'KVM_SET_USER_MEMORY_REGION', BAD), call(vcpu, 'KVM_ARM_VCPU_INIT', new Uint8Array(31))])
      .toEqual(['EFAULT', 'EFAULT', 'EFAULT']);
    expect([call(vm, 'KVM_ARM_PREFERRED_TARGET', new Uint8Array(8)), call(vcpu, 'KVM_GET_MP_STATE', 0)]).toEqual(['EFAULT', 'EFAULT']);
    // Copying does not mind alignment.
    const address = memory.allocate(64) + 3n;
    memory.write(address, INIT);
    expect(call(vcpu, 'KVM_ARM_VCPU_INIT', address)).toBe(0);
    const odd = new Uint8Array(40).subarray(7);
    odd.set(INIT);
    expect(call(vcpu, 'KVM_ARM_VCPU_INIT', odd)).toBe(0);
    // Into a register's value over the identifier itself: it was copied before.
    const id = REGISTERS[0];
    const self = memory.allocate(16);
    memory.write(self, codecs.oneReg.encode({ id, addr: self }));
    expect(call(vcpu, 'KVM_GET_ONE_REG', self)).toBe(0);
    expect(codecs.oneReg.get(memory.read(self, 16)!, 'id')).toBe(0n);
  });
  it('of a device that cannot be told its descriptor make none', () => {
    const { call, vm, host, device } = programWithVcpu();
    const before = device.descriptors;
    expect(call(vm, 'KVM_CREATE_DEVICE', BAD)).toBe('EFAULT');
    expect([device.descriptors, host.vms[0].interruptController]).toEqual([before, 'absent']);
  });
});

describe('registers by identifier', () => {
  it('go through a pointer, in their size', () => {
    const { call, vcpu, memory } = programWithVcpu();
    for (const [n, id] of REGISTERS.entries()) {
      const size = [8, 4, 16][n];
      const addr = memory.allocate(size);
      const value = Uint8Array.from({ length: size }, (_, i) => i + 1);
      memory.write(addr, value);
      expect(call(vcpu, 'KVM_SET_ONE_REG', codecs.oneReg.encode({ id, addr }))).toBe(0);
      const back = memory.allocate(size);
      expect(call(vcpu, 'KVM_GET_ONE_REG', codecs.oneReg.encode({ id, addr: back }))).toBe(0);
      expect(memory.read(back, size)).toEqual(value);
      const short = memory.allocate(size - 1);
      for (const name of ['KVM_GET_ONE_REG', 'KVM_SET_ONE_REG'] as const) expect(call(vcpu, name, codecs.oneReg.encode({ id, addr: short }))).toBe('EFAULT');
    }
    for (const name of ['KVM_GET_ONE_REG', 'KVM_SET_ONE_REG'] as const) expect(call(vcpu, name, codecs.oneReg.encode({ id: 1n, addr: BAD }))).toBe('ENOENT');
  });
  it('have a list that says how much room it wants', () => {
    const { call, vm, vcpu } = programWithVcpu();
    const argument = codecs.list.encode({ n: 1n, reg: [0n] });
    expect(call(vcpu, 'KVM_GET_REG_LIST', argument)).toBe('E2BIG');
    expect(codecs.list.get(argument, 'n')).toBe(3n);
    const roomy = codecs.list.encode({ n: 9n, reg: Array<bigint>(9).fill(7n) });
    expect(call(vcpu, 'KVM_GET_REG_LIST', roomy)).toBe(0);
    expect(codecs.list.decode(roomy)).toEqual({ n: 3n, reg: [...REGISTERS, ...Array<bigint>(6).fill(7n)] });
    expect(call(vcpu, 'KVM_GET_REG_LIST', codecs.list.encode({ n: 3n }))).toBe('EFAULT');
    const raw = call(vm, 'KVM_CREATE_VCPU', 1) as number;
    for (const name of ['KVM_GET_REG_LIST', 'KVM_GET_ONE_REG', 'KVM_SET_ONE_REG', 'KVM_RUN'] as const) expect(call(raw, name, name === 'KVM_RUN' ? 0 : roomy), name).toBe('ENOEXEC');
  });
});

describe('the other calls of a vCPU', () => {
  it('states', () => {
    const { call, vcpu } = programWithVcpu();
    for (const state of [5, 10, 0]) {
      expect(call(vcpu, 'KVM_SET_MP_STATE', codecs.state.encode({ mp_state: state }))).toBe(0);
      const out = new Uint8Array(4);
      call(vcpu, 'KVM_GET_MP_STATE', out);
      expect(out[0]).toBe(state);
    }
    for (const state of [1, 2, 3, 9, 0xffff_ffff]) expect(call(vcpu, 'KVM_SET_MP_STATE', codecs.state.encode({ mp_state: state }))).toBe('EINVAL');
  });
  it('guest debug: only what the core has counts', () => {
    const { call, vcpu, host } = programWithVcpu();
    expect(call(vcpu, 'KVM_SET_GUEST_DEBUG', codecs.debug.encode({ control: 0x2_0001 }))).toBe(0);
    expect(host.vms[0].vcpus[0].debug.hardware?.bcr).toEqual([1n, 1n]);
    expect(call(vcpu, 'KVM_SET_GUEST_DEBUG', codecs.debug.encode({ control: 0x4 }))).toBe('EINVAL');
    expect(call(vcpu, 'KVM_SET_GUEST_DEBUG', new Uint8Array(519))).toBe('EFAULT');
    expect(host.vms[0].vcpus[0].debug.enable).toBe(true);
  });
  it('attributes through a pointer', () => {
    const { call, vcpu, vm, memory } = programWithVcpu();
    const addr = memory.place(Uint8Array.of(27, 0, 0, 0));
    const attr = (attribute: bigint, pointer = addr, group = 0): Uint8Array => codecs.attr.encode({ group, attr: attribute, addr: pointer });
    expect([call(vcpu, 'KVM_HAS_DEVICE_ATTR', attr(0n)), call(vcpu, 'KVM_HAS_DEVICE_ATTR', attr(9n)), call(vcpu, 'KVM_HAS_DEVICE_ATTR', attr(0n, addr, 7))]).toEqual([0, 'ENXIO', 'ENXIO']);
    expect(call(vcpu, 'KVM_SET_DEVICE_ATTR', attr(1n, 0n))).toBe('ENXIO');
    expect([call(vcpu, 'KVM_SET_DEVICE_ATTR', attr(0n, BAD)), call(vcpu, 'KVM_SET_DEVICE_ATTR', attr(0n))]).toEqual(['EFAULT', 0]);
    const out = memory.allocate(4);
    expect([call(vcpu, 'KVM_GET_DEVICE_ATTR', attr(0n, out)), memory.read(out, 1)?.[0]]).toEqual([0, 27]);
    expect([call(vcpu, 'KVM_GET_DEVICE_ATTR', attr(0n, BAD)), call(vcpu, 'KVM_GET_DEVICE_ATTR', attr(1n, out)), call(vcpu, 'KVM_SET_DEVICE_ATTR', attr(1n, 0n))]).toEqual(['EFAULT', 'ENXIO', 0]);
    expect(call(vm, 'KVM_HAS_DEVICE_ATTR', attr(0n))).toBe('ENXIO');
  });
  it('signal masks have 8 bytes', () => {
    const { call, vcpu } = programWithVcpu();
    expect(call(vcpu, 'KVM_SET_SIGNAL_MASK', codecs.mask.encode({ len: 8, sigset: new Uint8Array(8) }))).toBe(0);
    expect(call(vcpu, 'KVM_SET_SIGNAL_MASK', codecs.mask.encode({ len: 128, sigset: new Uint8Array(128) }))).toBe('EINVAL');
    expect([call(vcpu, 'KVM_SET_SIGNAL_MASK', codecs.mask.encode({ len: 8 })), call(vcpu, 'KVM_SET_SIGNAL_MASK', 0)]).toEqual(['EFAULT', 0]);
  });
  it('that arm64 does not have: EINVAL', () => {
    const { call, vcpu } = programWithVcpu();
    const names = ['KVM_GET_REGS', 'KVM_SET_REGS', 'KVM_GET_SREGS', 'KVM_SET_SREGS', 'KVM_GET_FPU', 'KVM_SET_FPU', 'KVM_TRANSLATE', 'KVM_INTERRUPT', 'KVM_GET_STATS_FD', 'KVM_DIRTY_TLB'] as const;
    for (const name of names) for (const argument of [0n, new Uint8Array(1024)]) expect(call(vcpu, name, argument), name).toBe('EINVAL');
  });
});

describe('the calls of a VM', () => {
  it('regions: flags, and what the slots refuse', () => {
    const { call, vm, host } = programWithVcpu();
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, flags: 8 }))).toBe('EINVAL');
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, flags: 4 }))).toBe('EINVAL');
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, guest_phys_addr: 0x4000_0000n }))).toBe('EEXIST');
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, guest_phys_addr: 1n << 40n }))).toBe('EFAULT');
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, userspace_addr: 0n }))).toBe('EINVAL');
    expect(call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 0x1_0000 }))).toBe('EINVAL');
    const larger = new Uint8Array(160);
    larger.set(region({ slot: 1, flags: 3 }));
    expect([call(vm, 'KVM_SET_USER_MEMORY_REGION2', larger), host.vms[0].slots]).toEqual([0, 2]);
  });
  it('a dirty log that cannot be taken down is not taken', () => {
    const { call, vm, memory, host } = programWithVcpu();
    call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ guest_phys_addr: 0x4000_0000n, flags: 1 }));
    host.dirty.push(0, 0xa5);
    const bitmap = memory.allocate(32);
    const log = (over: Parameters<typeof codecs.log.encode>[0]): Uint8Array => codecs.log.encode({ dirty_bitmap: bitmap, ...over });
    expect([call(vm, 'KVM_GET_DIRTY_LOG', log({ dirty_bitmap: bitmap + 1n })), call(vm, 'KVM_GET_DIRTY_LOG', log({ slot: 1 })), call(vm, 'KVM_GET_DIRTY_LOG', log({ slot: 99 }))]).toEqual(['EFAULT', 'ENOENT', 'EINVAL']);
    expect([call(vm, 'KVM_GET_DIRTY_LOG', log({})), memory.read(bitmap, 32)]).toEqual([0, new Uint8Array(32).fill(0xa5)]);
  });
  it('capabilities, lines, devices', () => {
    const { call, vm, host } = programWithVcpu();
    expect([call(vm, 'KVM_ENABLE_CAP', codecs.cap.encode({ cap: 177 })), call(vm, 'KVM_ENABLE_CAP', codecs.cap.encode({ cap: 177, flags: 1 })), call(vm, 'KVM_ENABLE_CAP', codecs.cap.encode({ cap: 1 }))]).toEqual([0, 'EINVAL', 'EINVAL']);
    expect([call(vm, 'KVM_IRQ_LINE', codecs.irq.encode({ irq: 40, level: 2 })), call(vm, 'KVM_IRQ_LINE', codecs.irq.encode({ irq: 64 })), host.vms[0].inputs]).toEqual([0, 'EINVAL', [[40, true]]]);
    const make = (over: Parameters<typeof codecs.device.encode>[0]): number | string => call(vm, 'KVM_CREATE_DEVICE', codecs.device.encode(over));
    expect([make({ type: 5, flags: 1 }), make({ type: 6, flags: 1 }), make({ type: 5, flags: 2 }), make({ type: 6 }), make({ type: 5 }), make({ type: 5 })])
      .toEqual([0, 'ENODEV', 'EINVAL', 'ENODEV', 0, 'EEXIST']);
  });
  it('create vCPUs with the numbers there are', () => {
    const { call, vm } = programWithVcpu();
    expect([0, 4, -1, 1n << 32n, new Uint8Array(4)].map((id) => call(vm, 'KVM_CREATE_VCPU', id))).toEqual(['EEXIST', 'EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
  });
});

describe('user memory', () => {
  it('is what was allocated, and RAM', () => {
    const space = new UserSpace({ base: 0x1000n });
    const [a, b] = [space.allocate(16), space.place(Uint8Array.of(1, 2, 3))];
    expect([space.read(b, 3), space.read(b, 4), space.read(a + 8n, 8)?.length, space.read(a + 8n, 9), space.read(0n, 1), space.write(b + 2n, Uint8Array.of(9, 9))])
      .toEqual([Uint8Array.of(1, 2, 3), undefined, 8, undefined, undefined, false]);
    space.free(b);
    expect([space.read(b, 1), space.view(a, 16)?.length]).toEqual([undefined, 16]);
    const { memory } = program();
    expect([memory.write(RAM, Uint8Array.of(7)), memory.read(RAM, 1), memory.write(RAM - 1n, Uint8Array.of(7, 7))]).toEqual([true, Uint8Array.of(7), false]);
  });
  it('errors have the kernel\'s numbers', () => { expect(program().device.ioctl(99, 0)).toBe(-ERRNO.EBADF); });
});
