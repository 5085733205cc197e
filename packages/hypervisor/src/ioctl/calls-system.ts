/** ioctls of /dev/kvm. */
import { CONSTANTS } from '../abi/index.ts';
import { KVM_API_VERSION } from '../kvm.ts';
import { MAX_IRQ_ROUTES, VmEvents } from './events.ts';
import { codecOf, refuse } from './context.ts';
import type { Caller, Handlers } from './context.ts';
import { Counted } from './files.ts';
import type { VmObject } from './files.ts';

/** `struct kvm_run`'s page, and the page of coalesced MMIO behind it. */
export const MAPPING_SIZE = 8192;

const { KVM_CAP } = CONSTANTS;
/** What this layer adds, whatever the architecture (virt/kvm/kvm_main.c: kvm_vm_ioctl_check_extension_generic). */
const OWN_EXTENSIONS: ReadonlyMap<number, number> = new Map<number, number>([
  ...[
    KVM_CAP.KVM_CAP_IOEVENTFD, KVM_CAP.KVM_CAP_IOEVENTFD_NO_LENGTH, KVM_CAP.KVM_CAP_IOEVENTFD_ANY_LENGTH, KVM_CAP.KVM_CAP_IRQFD, KVM_CAP.KVM_CAP_IRQFD_RESAMPLE,
    KVM_CAP.KVM_CAP_SIGNAL_MSI,
  ].map((capability): [number, number] => [capability, 1]),
  [KVM_CAP.KVM_CAP_COALESCED_MMIO, CONSTANTS.KVM_MMIO.KVM_COALESCED_MMIO_PAGE_OFFSET], [KVM_CAP.KVM_CAP_IRQ_ROUTING, MAX_IRQ_ROUTES],
]);

/** KVM_CHECK_EXTENSION: what the architecture says, and what this layer has beside it. */
export function extension(capability: bigint, architecture: (capability: number) => number): number {
  if (capability > 0xffff_ffffn) return 0;
  const number = Number(capability);
  return architecture(number) || (OWN_EXTENSIONS.get(number) ?? 0);
}

/** KVM_SIGNAL_MSI, from the guest's devices or from an event (api.rst 4.71). Throws `KvmError` EINVAL without an interrupt controller, ENODEV without a receiver of messages. */
export function signalMessage<A>({ abi, memory }: Caller<A>, { vm }: VmObject<A>, message: Uint8Array): number {
  const { flags } = codecOf(abi, 'kvm_msi').decode(message);
  if ((vm.backend.interruptController ?? 'absent') === 'absent' || (flags & ~CONSTANTS.KVM_MSI.KVM_MSI_VALID_DEVID) !== 0) {
    return refuse('EINVAL', 'a message-signalled interrupt', 'there is no interrupt controller in the hypervisor, or a flag is unknown', 'make a controller, and pass KVM_MSI_VALID_DEVID at most');
  }
  if (!abi.calls.some(({ name }) => name === 'KVM_SIGNAL_MSI')) return refuse('ENODEV', 'a message-signalled interrupt', 'nothing here takes messages', 'raise an input instead');
  return vm.call('KVM_SIGNAL_MSI', message, memory);
}

function createVm<A>(caller: Caller<A>, type: bigint): number {
  const { kvm, abi, descriptors, scheduler, vms, owner } = caller;
  descriptors.free();
  const vm = kvm.createVm(type);
  const events = new VmEvents({
    order: abi.byteOrder, gsi: (pin, level) => { vm.backend.gsi(pin, level); }, message: (message) => { signalMessage(caller, object, message); },
  });
  vm.backend.whenCompleted?.((gsi) => { events.completed(gsi); });
  const object: VmObject<A> = {
    vm, owner, events,
    counted: new Counted(() => {
      events.dispose();
      vms.delete(object);
      for (const vcpu of vm.vcpus) scheduler.forget(vcpu);
      vm.dispose();
    }),
  };
  vms.add(object);
  return descriptors.add({ kind: 'vm', vm: object, counted: new Counted(() => { object.counted.drop(); }) });
}

export function systemHandlers<A>(): Handlers<A, undefined> {
  const none = (argument: { readonly value: bigint }, what: string): void => {
    if (argument.value !== 0n) refuse('EINVAL', `argument ${argument.value}`, `${what} takes none`, 'pass 0');
  };
  return {
    KVM_GET_API_VERSION(_caller, _target, argument) {
      none(argument, 'KVM_GET_API_VERSION');
      return KVM_API_VERSION;
    },
    KVM_GET_VCPU_MMAP_SIZE(_caller, _target, argument) {
      none(argument, 'KVM_GET_VCPU_MMAP_SIZE');
      return MAPPING_SIZE;
    },
    KVM_CHECK_EXTENSION: ({ kvm }, _target, { value }) => extension(value, (capability) => kvm.checkExtension(capability)),
    KVM_CREATE_VM: (caller, _target, { value }) => createVm(caller, value),
  };
}
