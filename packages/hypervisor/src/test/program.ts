/** A program on the model, for tests of the byte layer. */
import { ReferenceMemory } from '@worldswitch/machine';
import { requestOf, structCodec } from '../abi/index.ts';
import type { IoctlName } from '../abi/index.ts';
import { KvmDevice, UserSpace, errorName } from '../ioctl/index.ts';
import type { HostTime, IoctlArgument } from '../ioctl/index.ts';
import { Kvm } from '../kvm.ts';
import { ModelHypervisor } from './model.ts';
import type { ModelDebugExit } from './model.ts';

export const RAM = 0x8000_0000n;
const RAM_SIZE = 0x100_0000;
const GENERIC = { encoding: 'generic', structs: 'arm64' } as const;
export const request = (name: IoctlName): number => requestOf(name, GENERIC) ?? 0;

export interface Program {
  readonly host: ModelHypervisor;
  readonly device: KvmDevice<ModelDebugExit>;
  readonly memory: UserSpace;
  readonly system: number;
  /** A call by name: its result, or the name of its error. */
  call(fd: number, name: IoctlName, argument?: IoctlArgument): number | string;
}

/** What a call's result is called. */
export const named = (result: number): number | string => errorName(result) ?? result;

export function program(options: { readonly time?: HostTime } = {}): Program {
  const host = new ModelHypervisor();
  const ram = new ReferenceMemory();
  ram.ram(RAM, RAM_SIZE);
  const memory = new UserSpace({ ram: { base: RAM, size: BigInt(RAM_SIZE), memory: ram } });
  const device = new KvmDevice(new Kvm(host), { memory, ...options });
  const system = device.open('/dev/kvm');
  return { host, device, memory, system, call: (fd, name, argument = 0) => named(device.ioctl(fd, request(name), argument)) };
}

/** With a VM that has a megabyte at 1 GiB, and an initialised vCPU whose `kvm_run` is mapped. */
export function programWithVcpu(options: { readonly time?: HostTime } = {}): Program & { readonly vm: number; readonly vcpu: number; readonly run: Uint8Array } {
  const made = program(options);
  const vm = made.call(made.system, 'KVM_CREATE_VM') as number;
  made.call(vm, 'KVM_SET_USER_MEMORY_REGION', region({ guest_phys_addr: 0x4000_0000n }));
  const vcpu = made.call(vm, 'KVM_CREATE_VCPU', 0) as number;
  made.call(vcpu, 'KVM_ARM_VCPU_INIT', INIT);
  return { ...made, vm, vcpu, run: made.device.mmap(vcpu, 8192) as Uint8Array };
}

export const codecs = {
  region: structCodec('arm64', 'kvm_userspace_memory_region', 'little'), oneReg: structCodec('arm64', 'kvm_one_reg', 'little'),
  run: structCodec('arm64', 'kvm_run', 'little'), attr: structCodec('arm64', 'kvm_device_attr', 'little'), list: structCodec('arm64', 'kvm_reg_list', 'little'),
  ioeventfd: structCodec('arm64', 'kvm_ioeventfd', 'little'), irqfd: structCodec('arm64', 'kvm_irqfd', 'little'), device: structCodec('arm64', 'kvm_create_device', 'little'),
  init: structCodec('arm64', 'kvm_vcpu_init', 'little'), cap: structCodec('arm64', 'kvm_enable_cap', 'little'), log: structCodec('arm64', 'kvm_dirty_log', 'little'),
  routing: structCodec('arm64', 'kvm_irq_routing', 'little'), entry: structCodec('arm64', 'kvm_irq_routing_entry', 'little'), msi: structCodec('arm64', 'kvm_msi', 'little'),
  zone: structCodec('arm64', 'kvm_coalesced_mmio_zone', 'little'), mmio: structCodec('arm64', 'kvm_coalesced_mmio', 'little'), irq: structCodec('arm64', 'kvm_irq_level', 'little'),
  mask: structCodec('arm64', 'kvm_signal_mask', 'little'), state: structCodec('arm64', 'kvm_mp_state', 'little'), debug: structCodec('arm64', 'kvm_guest_debug', 'little'),
} as const;

export const INIT = codecs.init.encode({ target: 5 });
export const region = (over: Parameters<typeof codecs.region.encode>[0] = {}): Uint8Array => codecs.region.encode({ memory_size: 0x10_0000n, userspace_addr: RAM, ...over });
