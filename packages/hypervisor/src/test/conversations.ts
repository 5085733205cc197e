/** Conversations to make again and to print: one of each layer, with most that can be said. */
import type { Conversation } from '../conversation/index.ts';
import { RecordedKvmDevice, recordKvm } from '../conversation/index.ts';
import { KvmError } from '../error.ts';
import { Kvm } from '../kvm.ts';
import { ModelHypervisor, REGISTERS } from './model.ts';
import type { ModelDebugExit, Script } from './model.ts';
import { INIT, RAM, codecs, program, region, request } from './program.ts';

/** A guest that writes, reads and ends. */
export function guest(): Script {
  const exits: ReturnType<Script>[] = [
    { kind: 'mmio', address: 0x900_0000n, length: 4, write: true, data: Uint8Array.of(1, 2, 3, 4) }, { kind: 'mmio', address: 0x900_0018n, length: 2, write: false, data: new Uint8Array(2) },
    { kind: 'system-event', event: 'shutdown', flags: 0n },
  ];
  return () => exits.shift() ?? { kind: 'interrupted', because: 'budget' };
}

/** In bytes, with pointers, events and refusals. */
export function byteConversation(): Conversation {
  const { host, memory } = program();
  host.script = guest();
  const device = new RecordedKvmDevice(new Kvm(host), { memory });
  const kvm = device.open('/dev/kvm');
  const call = (fd: number, name: Parameters<typeof request>[0], argument: bigint | number | Uint8Array = 0): number => device.ioctl(fd, request(name), argument);
  const vm = call(kvm, 'KVM_CREATE_VM');
  device.open('/dev/none');
  device.memory.write(RAM, Uint8Array.of(0xc0, 0x03, 0x5f, 0xd6));
  call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ guest_phys_addr: 0x4000_0000n }));
  call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ slot: 1, guest_phys_addr: 0x4000_0000n }));
  const vcpu = call(vm, 'KVM_CREATE_VCPU', 0);
  const run = device.mmap(vcpu, 8192) as Uint8Array;
  call(vm, 'KVM_ARM_PREFERRED_TARGET', new Uint8Array(32));
  call(vcpu, 'KVM_ARM_VCPU_INIT', memory.place(INIT));
  const value = memory.place(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
  call(vcpu, 'KVM_SET_ONE_REG', codecs.oneReg.encode({ id: REGISTERS[0], addr: value }));
  call(vcpu, 'KVM_GET_ONE_REG', codecs.oneReg.encode({ id: REGISTERS[0], addr: memory.allocate(8) }));
  call(vcpu, 'KVM_GET_ONE_REG', codecs.oneReg.encode({ id: 1n, addr: value }));
  call(vcpu, 'KVM_GET_REG_LIST', codecs.list.encode({ n: 3n, reg: [0n, 0n, 0n] }));
  call(vm, 'KVM_CREATE_DEVICE', codecs.device.encode({ type: 5 }));
  const event = device.eventfd(1);
  call(vm, 'KVM_IOEVENTFD', codecs.ioeventfd.encode({ addr: 0x900_0000n, len: 4, fd: event }));
  device.write(event, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0));
  call(vcpu, 'KVM_RUN');
  run.set([0x34, 0x12], 40);
  run[1] = 1;
  call(vcpu, 'KVM_RUN');
  run[1] = 0;
  call(vcpu, 'KVM_RUN');
  device.read(event, new Uint8Array(8));
  call(vcpu, 'KVM_RUN', 1);
  device.ioctl(vcpu, 0x1234, 5);
  device.munmap(run);
  for (const fd of [event, vcpu, vm, kvm, 77]) device.close(fd);
  return device.conversation;
}

/** With objects. */
export function typedConversation(): Conversation {
  const host = new ModelHypervisor();
  host.script = guest();
  const { kvm, conversation } = recordKvm<ModelDebugExit>(new Kvm(host));
  const refused = (call: () => unknown): void => {
    try {
      call();
    } catch (error) {
      if (!(error instanceof KvmError)) throw error;
    }
  };
  kvm.checkExtension(70);
  const vm = kvm.createVm(36n);
  vm.setMemoryRegion({ slot: 0, guestAddress: 0x4000_0000n, size: 0x1000n, hostAddress: RAM, logDirtyPages: true });
  refused(() => { vm.setMemoryRegion({ slot: 9, guestAddress: 0n, size: 0x1000n, hostAddress: RAM }); });
  vm.enableCapability(177);
  vm.call('KVM_ARM_PREFERRED_TARGET', new Uint8Array(32));
  const vcpu = vm.createVcpu(1);
  refused(() => vcpu.run());
  vcpu.initialise(['psci-0.2']);
  vcpu.mpState = 'stopped';
  vcpu.mpState = 'runnable';
  if (vcpu.mpState !== 'runnable') throw new Error('the model has states');
  vcpu.oneRegisters.set(REGISTERS[1], 0x1234n);
  vcpu.oneRegisters.get(REGISTERS[1]);
  refused(() => vcpu.oneRegisters.get(1n));
  refused(() => vcpu.getRegister('x0'));
  vcpu.setGuestDebug({ enable: true, hardware: { bcr: [5n], bvr: [0x40n], wcr: [], wvr: [] } });
  vcpu.setAttribute(0, 0n, Uint8Array.of(27, 0, 0, 0));
  vcpu.getAttribute(0, 0n);
  vm.testDevice(5);
  vm.createDevice(5).setAttribute(4, 0n, new Uint8Array(0));
  vm.irqLine(33, true);
  vm.takeDirtyLog(0);
  vcpu.run();
  const exit = vcpu.run();
  if (exit.kind === 'mmio') exit.data.set([0x34, 0x12]);
  vcpu.run();
  vm.dispose();
  return conversation();
}
