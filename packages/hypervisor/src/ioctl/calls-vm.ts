/** ioctls of a VM that all architectures have. */
import { CONSTANTS } from '../abi/index.ts';
import type { Vcpu } from '../vcpu.ts';
import { PAGE_SIZE } from '../slots.ts';
import { badPointer, writeUser } from './argument.ts';
import type { Argument } from './argument.ts';
import { extension, MAPPING_SIZE, signalMessage } from './calls-system.ts';
import { eventHandlers } from './calls-events.ts';
import { attributeHandlers, codecOf, refuse } from './context.ts';
import type { Caller, Handlers } from './context.ts';
import { Counted } from './files.ts';
import type { VcpuObject, VmObject } from './files.ts';

const { KVM_MEM } = CONSTANTS;

/** A descriptor of a vCPU. It keeps the VM; the vCPU itself stays in its VM when the descriptor is closed. */
function openVcpu<A>({ descriptors, scheduler }: Caller<A>, vm: VmObject<A>, vcpu: Vcpu<A>): number {
  const pages = new Uint8Array(MAPPING_SIZE);
  vm.counted.take();
  const counted = new Counted(() => {
    vm.counted.drop();
  });
  const object: VcpuObject<A> = { vcpu, vm, pages, counted, pending: undefined, running: false, idle: undefined, passedOver: 0, signalMask: undefined };
  vm.events.mapRing(pages.subarray(MAPPING_SIZE / 2));
  scheduler.add(object);
  return descriptors.add({ kind: 'vcpu', vcpu: object, counted });
}

function setRegion<A>({ abi, memory }: Caller<A>, { vm }: VmObject<A>, argument: Argument, name: 'kvm_userspace_memory_region' | 'kvm_userspace_memory_region2'): number {
  const codec = codecOf(abi, name);
  const { slot, flags, guest_phys_addr: guestAddress, memory_size: size, userspace_addr: hostAddress } = codec.decode(argument.read(codec.size));
  const known = KVM_MEM.KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM.KVM_MEM_READONLY;
  if ((flags & ~known) !== 0) refuse('EINVAL', `flags 0x${flags.toString(16)}`, `a region has 0x${known.toString(16)}`, 'clear the others');
  // Whose memory it is, is known here only; that the host has it is the slots' to say.
  const last = hostAddress + size - 1n;
  if (size > 0n && !(memory.read(hostAddress, 1) && memory.read(last, 1))) {
    refuse('EINVAL', `userspace_addr 0x${hostAddress.toString(16)}`, 'guests get memory of the program', 'pass an address in it');
  }
  vm.setMemoryRegion({ slot, guestAddress, size, hostAddress, readOnly: (flags & KVM_MEM.KVM_MEM_READONLY) !== 0, logDirtyPages: (flags & KVM_MEM.KVM_MEM_LOG_DIRTY_PAGES) !== 0 });
  return 0;
}

function getDirtyLog<A>({ abi, memory }: Caller<A>, { vm }: VmObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_dirty_log');
  const { slot, dirty_bitmap: pointer } = codec.decode(argument.read(codec.size));
  const address = BigInt(pointer);
  // Taking the log cleans the pages: first it must be certain that it arrives.
  const wanted = vm.slots.find((one) => one.slot === slot);
  if (wanted?.logDirtyPages === true) {
    const bytes = Math.ceil(Number(wanted.size / PAGE_SIZE) / 64) * 8;
    if (memory.read(address, bytes) === undefined) badPointer(address, bytes);
  }
  writeUser(memory, address, vm.takeDirtyLog(slot));
  return 0;
}

function clearDirtyLog<A>({ abi, memory }: Caller<A>, { vm }: VmObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_clear_dirty_log');
  const { slot, num_pages: pages, first_page, dirty_bitmap: pointer } = codec.decode(argument.read(codec.size));
  const address = BigInt(pointer);
  const bytes = Math.ceil(pages / 64) * 8;
  // The range is looked at before the pointer, and a range that is too long is not even read.
  const first = Number(first_page);
  const wanted = vm.slots.find((one) => one.slot === slot);
  const inside = wanted !== undefined && BigInt(pages) + first_page <= wanted.size / PAGE_SIZE;
  const bitmap = inside ? memory.read(address, bytes) : undefined;
  vm.clearDirtyLog(slot, { first, pages, bitmap: bitmap ?? new Uint8Array(inside ? bytes : 0) });
  return bitmap ? 0 : badPointer(address, bytes);
}

function createDevice<A>({ abi, descriptors }: Caller<A>, object: VmObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_create_device');
  const bytes = argument.read(codec.size);
  const { type, flags } = codec.decode(bytes);
  const test = CONSTANTS.KVM_CREATE_DEVICE.KVM_CREATE_DEVICE_TEST;
  if ((flags & ~test) !== 0) refuse('EINVAL', `flags 0x${flags.toString(16)}`, `there is KVM_CREATE_DEVICE_TEST (${test})`, 'clear the others');
  if ((flags & test) !== 0) {
    object.vm.testDevice(type);
    return 0;
  }
  argument.write(bytes);
  const fd = descriptors.free();
  const device = object.vm.createDevice(type);
  object.counted.take();
  descriptors.add({ kind: 'device', device, vm: object, counted: new Counted(() => { object.counted.drop(); }) });
  codec.set(bytes, 'fd', fd);
  argument.write(bytes);
  return 0;
}

function irqLine<A>({ abi }: Caller<A>, { vm }: VmObject<A>, argument: Argument): number {
  const codec = codecOf(abi, 'kvm_irq_level');
  const { irq, level } = codec.decode(argument.read(codec.size));
  vm.irqLine(irq, level !== 0);
  return 0;
}

export function vmHandlers<A>(): Handlers<A, VmObject<A>> {
  return {
    ...attributeHandlers<A, VmObject<A>>(({ vm }) => vm.backend.attributes),
    ...eventHandlers<A>(),
    KVM_CHECK_EXTENSION: (_caller, { vm }, { value }) => extension(value, (capability) => vm.checkExtension(capability)),
    KVM_CREATE_VCPU(caller, object, { value }) {
      caller.descriptors.free();
      return openVcpu(caller, object, object.vm.createVcpu(value > 0xffff_ffffn ? 0xffff_ffff : Number(value)));
    },
    KVM_SET_USER_MEMORY_REGION: (caller, object, argument) => setRegion(caller, object, argument, 'kvm_userspace_memory_region'),
    KVM_SET_USER_MEMORY_REGION2: (caller, object, argument) => setRegion(caller, object, argument, 'kvm_userspace_memory_region2'),
    KVM_GET_DIRTY_LOG: getDirtyLog,
    KVM_CLEAR_DIRTY_LOG: clearDirtyLog,
    KVM_CREATE_DEVICE: createDevice,
    KVM_IRQ_LINE: irqLine,
    // No status is known on arm64: what was passed stays.
    KVM_IRQ_LINE_STATUS: irqLine,
    KVM_ENABLE_CAP({ abi }, { vm }, argument) {
      const codec = codecOf(abi, 'kvm_enable_cap');
      const { cap, flags, args } = codec.decode(argument.read(codec.size));
      vm.enableCapability(cap, { flags, args });
      return 0;
    },
    KVM_SIGNAL_MSI: (caller, object, argument) => signalMessage(caller, object, argument.read(codecOf(caller.abi, 'kvm_msi').size)),
  };
}
