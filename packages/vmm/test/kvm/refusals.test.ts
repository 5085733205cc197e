/** Every errno that a call of arm64 is said to return, returned: in bytes, on the arm64 hypervisor. */
import { describe, expect, it } from 'vitest';
import { REFUSALS } from '@worldswitch/hypervisor/abi';
import type { IoctlName } from '@worldswitch/hypervisor/abi';
import { CORE, INIT, RAM, byteGuest, struct } from './byte-program.ts';
import type { ByteGuest } from './byte-program.ts';

const NOWHERE = 0xdead_0000n;
type Case = (guest: ByteGuest) => number | string;

const region = (over: Parameters<ReturnType<typeof struct<'kvm_userspace_memory_region'>>['encode']>[0]): Uint8Array => struct('kvm_userspace_memory_region').encode({ memory_size: 0x1000n, ...over });
const init = (target: number, ...features: readonly number[]): Uint8Array => struct('kvm_vcpu_init').encode({ target, features });
const oneReg = (id: bigint, addr: bigint): Uint8Array => struct('kvm_one_reg').encode({ id, addr });
const attribute = (group: number, attr: bigint, addr = 0n): Uint8Array => struct('kvm_device_attr').encode({ group, attr, addr });
const device = (type: number, flags = 0): Uint8Array => struct('kvm_create_device').encode({ type, flags });
const onVm = (name: IoctlName, argument: bigint | number | Uint8Array): Case => ({ call, vm }) => call(vm, name, argument);
const onVcpu = (name: IoctlName, argument: bigint | number | Uint8Array): Case => ({ call, vcpu }) => call(vcpu, name, argument);
/** On a vCPU that is not initialised. */
const onNew = (name: IoctlName, argument: bigint | number | Uint8Array): Case => ({ call, vm }) => call(Number(call(vm, 'KVM_CREATE_VCPU', 3)), name, argument);
const PMU_FEATURE = 1 << 3;
const withPmu = (...calls: readonly ((addr: bigint) => Uint8Array)[]): Case => ({ call, vm, space }) => {
  const vcpu = Number(call(Number(call(3, 'KVM_CREATE_VM')), 'KVM_CREATE_VCPU', 0));
  expect(vm).toBeGreaterThan(0);
  call(vcpu, 'KVM_ARM_VCPU_INIT', init(5, 4 | PMU_FEATURE));
  const addr = space.place(Uint8Array.of(23, 0, 0, 0));
  return calls.map((make) => call(vcpu, 'KVM_SET_DEVICE_ATTR', make(addr))).at(-1) ?? 0;
};

/** By `call errno`. */
const CASES: Readonly<Record<string, Case>> = {
  'KVM_CREATE_VM EINVAL': ({ call, system }) => call(system, 'KVM_CREATE_VM', 31),
  'KVM_CREATE_VCPU EINVAL': onVm('KVM_CREATE_VCPU', 1n << 20n),
  'KVM_CREATE_VCPU EEXIST': onVm('KVM_CREATE_VCPU', 0),
  'KVM_SET_USER_MEMORY_REGION EINVAL': onVm('KVM_SET_USER_MEMORY_REGION', region({ slot: 1, memory_size: 0n })),
  'KVM_SET_USER_MEMORY_REGION EEXIST': ({ call, vm, memory }) => call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, guest_phys_addr: RAM, userspace_addr: memory.base })),
  'KVM_SET_USER_MEMORY_REGION EFAULT': ({ call, vm, memory }) => call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, guest_phys_addr: 1n << 44n, userspace_addr: memory.base })),
  'KVM_ARM_VCPU_INIT EINVAL': onVcpu('KVM_ARM_VCPU_INIT', init(77)),
  'KVM_ARM_VCPU_INIT ENOENT': onVcpu('KVM_ARM_VCPU_INIT', init(5, 0, 1)),
  'KVM_ARM_VCPU_INIT EFAULT': onVcpu('KVM_ARM_VCPU_INIT', NOWHERE),
  'KVM_ARM_VCPU_FINALIZE ENOEXEC': onNew('KVM_ARM_VCPU_FINALIZE', Uint8Array.of(4, 0, 0, 0)),
  'KVM_ARM_VCPU_FINALIZE EINVAL': onVcpu('KVM_ARM_VCPU_FINALIZE', Uint8Array.of(4, 0, 0, 0)),
  'KVM_RUN EINTR': ({ call, vcpu, run }) => {
    run[1] = 1;
    return call(vcpu, 'KVM_RUN');
  },
  'KVM_RUN ENOEXEC': onNew('KVM_RUN', 0),
  'KVM_RUN EINVAL': onVcpu('KVM_RUN', 1),
  'KVM_RUN ENOSYS': (guest) => {
    // A pair: no syndrome.
    guest.load(guest.memory.base, RAM, 'ldp x2, x3, [x1]\n b .');
    guest.setRegister(CORE.x(1), 0x0900_0000n);
    return guest.call(guest.vcpu, 'KVM_RUN');
  },
  'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 ENOEXEC': onNew('KVM_GET_ONE_REG', oneReg(CORE.pc, NOWHERE)),
  'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 ENOENT': onVcpu('KVM_GET_ONE_REG', oneReg(0x6030_0000_00ff_0000n, NOWHERE)),
  'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 EINVAL': onVcpu('KVM_GET_ONE_REG', oneReg(0x1030_0000_0010_0000n, NOWHERE)),
  'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 EFAULT': onVcpu('KVM_SET_ONE_REG', oneReg(CORE.pc, NOWHERE)),
  'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 EBUSY': (guest) => {
    guest.call(guest.vcpu, 'KVM_RUN');
    // KVM_REG_ARM_STD_BMAP, which names the TRNG.
    const id = 0x6030_0000_0016_0000n;
    const addr = guest.space.place(new Uint8Array(8));
    guest.call(guest.vcpu, 'KVM_GET_ONE_REG', oneReg(id, addr));
    const value = guest.space.read(addr, 8) ?? new Uint8Array(8);
    return guest.call(guest.vcpu, 'KVM_SET_ONE_REG', oneReg(id, guest.space.place(value.map((byte, n) => (n === 0 ? byte ^ 1 : byte)))));
  },
  'KVM_GET_REG_LIST ENOEXEC': onNew('KVM_GET_REG_LIST', new Uint8Array(8)),
  'KVM_GET_REG_LIST E2BIG': onVcpu('KVM_GET_REG_LIST', new Uint8Array(8)),
  'KVM_SET_GUEST_DEBUG arm64 EINVAL': onVcpu('KVM_SET_GUEST_DEBUG', struct('kvm_guest_debug').encode({ control: 4 })),
  'KVM_SET_GUEST_DEBUG arm64 EFAULT': onVcpu('KVM_SET_GUEST_DEBUG', NOWHERE),
  'KVM_SET_MP_STATE EINVAL': onVcpu('KVM_SET_MP_STATE', struct('kvm_mp_state').encode({ mp_state: 3 })),
  'KVM_SET_VCPU_EVENTS ENOEXEC': onNew('KVM_SET_VCPU_EVENTS', new Uint8Array(64)),
  'KVM_SET_VCPU_EVENTS EINVAL': onVcpu('KVM_SET_VCPU_EVENTS', struct('kvm_vcpu_events').encode({ reserved: [1] })),
  'KVM_SET/GET/HAS_DEVICE_ATTR vcpu ENXIO': onVcpu('KVM_HAS_DEVICE_ATTR', attribute(99, 0n)),
  'KVM_SET/GET/HAS_DEVICE_ATTR vcpu ENODEV': onVcpu('KVM_HAS_DEVICE_ATTR', attribute(0, 0n)),
  'KVM_SET/GET/HAS_DEVICE_ATTR vcpu EBUSY': withPmu(() => attribute(0, 1n), () => attribute(0, 1n)),
  'KVM_SET/GET/HAS_DEVICE_ATTR vcpu EINVAL': ({ call, vcpu, space }) => call(vcpu, 'KVM_SET_DEVICE_ATTR', attribute(1, 0n, space.place(Uint8Array.of(5, 0, 0, 0)))),
  'KVM_IRQ_LINE ENXIO': onVm('KVM_IRQ_LINE', struct('kvm_irq_level').encode({ irq: 0x0100_0020, level: 1 })),
  'KVM_IRQ_LINE EINVAL': onVm('KVM_IRQ_LINE', struct('kvm_irq_level').encode({ irq: 0x0f00_0000, level: 1 })),
  'KVM_ENABLE_CAP EINVAL': onVm('KVM_ENABLE_CAP', struct('kvm_enable_cap').encode({ cap: 177, flags: 1 })),
  'KVM_GET/SET_REGS,SREGS,FPU,TRANSLATE arm64 EINVAL': onVcpu('KVM_GET_REGS', new Uint8Array(864)),
  'KVM_CREATE_DEVICE ENODEV': onVm('KVM_CREATE_DEVICE', device(99)),
  'KVM_CREATE_DEVICE EEXIST': ({ call, vm }) => {
    call(vm, 'KVM_CREATE_DEVICE', device(5));
    return call(vm, 'KVM_CREATE_DEVICE', device(5));
  },
  'KVM_CREATE_DEVICE EBUSY': ({ call, vm, vcpu }) => {
    call(vcpu, 'KVM_RUN');
    return call(vm, 'KVM_CREATE_DEVICE', device(5));
  },
  'KVM_CREATE_VCPU EBUSY': ({ call, vm, space }) => {
    const made = device(5);
    call(vm, 'KVM_CREATE_DEVICE', made);
    const controller = struct('kvm_create_device').get(made, 'fd');
    for (const [type, address] of [[0n, 0x0800_0000], [1n, 0x0801_0000]] as const) {
      call(controller, 'KVM_SET_DEVICE_ATTR', attribute(0, type, space.place(Uint8Array.of(0, 0, (address >> 16) & 0xff, address >> 24, 0, 0, 0, 0))));
    }
    call(controller, 'KVM_SET_DEVICE_ATTR', attribute(4, 0n));
    return call(vm, 'KVM_CREATE_VCPU', 1);
  },
  'KVM_CREATE_DEVICE EINVAL': onVm('KVM_CREATE_DEVICE', device(5, 2)),
  'any EIO': ({ device: program, vcpu }) => {
    const child = program.fork();
    const result = child.ioctl(vcpu, 0xae80);
    child.exit();
    return result === -5 ? 'EIO' : result;
  },
  'any EFAULT': onVm('KVM_IRQ_LINE', NOWHERE),
};

/** Why the others are not returned here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'KVM_CREATE_VM ENOMEM': 'needs a host whose pages are used up', 'KVM_SET_USER_MEMORY_REGION ENOMEM': 'slots take no memory of the host',
  'KVM_ARM_VCPU_FINALIZE EPERM': 'the host has no SVE', 'KVM_RUN EPERM': 'the host has no SVE', 'KVM_GET_ONE_REG/KVM_SET_ONE_REG arm64 EPERM': 'the host has no SVE', 'KVM_GET_REG_LIST EPERM': 'the host has no SVE',
  'KVM_RUN EFAULT': 'memory of slots is always there',
};

describe('refusals', () => {
  const rows = Object.entries(REFUSALS).filter(([call]) => !call.includes(' ppc')).flatMap(([call, errnos]) => Object.keys(errnos).map((errno) => `${call} ${errno}`));
  it('each has its case, or a reason', () => { expect([...Object.keys(CASES), ...Object.keys(ELSEWHERE)].sort()).toEqual([...rows].sort()); });
  it.each(Object.entries(CASES))('%s', (name, run) => { expect(run(byteGuest('b .'))).toBe(name.split(' ').at(-1)); });
  it('a vCPU that is initialised is not refused for that', () => {
    const { call, vcpu } = byteGuest('b .');
    expect(call(vcpu, 'KVM_ARM_VCPU_INIT', INIT)).toBe(0);
  });
});
