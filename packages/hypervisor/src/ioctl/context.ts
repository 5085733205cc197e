/** What the handlers of ioctls work with. */
import type { Abi, Attributes, UserMemory } from '../architecture.ts';
import { attributeOf } from '../attributes.ts';
import { structCodec } from '../abi/index.ts';
import type { IoctlName, StructAbi, StructCodec, StructName } from '../abi/index.ts';
import { KvmError } from '../error.ts';
import type { ErrnoName } from '../error.ts';
import type { Kvm } from '../kvm.ts';
import { readUser, writeUser } from './argument.ts';
import type { Argument } from './argument.ts';
import type { Descriptors, Owner, VmObject } from './files.ts';
import type { EventFd } from './eventfd.ts';
import type { Runner } from './run.ts';
import type { Scheduler } from './scheduler.ts';

/** One program's view of the hypervisor. */
export interface Caller<A> {
  readonly kvm: Kvm<A>;
  readonly abi: Abi<A>;
  readonly memory: UserMemory;
  readonly owner: Owner;
  readonly descriptors: Descriptors<A>;
  readonly scheduler: Scheduler<A>;
  readonly runner: Runner<A>;
  /** All VMs that were made here. */
  readonly vms: Set<VmObject<A>>;
}

/** What a handler does: returns what the ioctl returns, throws `KvmError`. */
export type Handler<A, T> = (caller: Caller<A>, target: T, argument: Argument) => number;
export type Handlers<A, T> = Partial<Record<IoctlName, Handler<A, T>>>;

export function refuse(errno: ErrnoName, value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** The codec of a structure that all architectures have. */
export function codecOf<S extends StructName<StructAbi>>({ structs, byteOrder }: Abi<never>, name: S): StructCodec<StructAbi, S> {
  return structCodec<StructAbi, S>(structs, name, byteOrder);
}

/** The event that a descriptor refers to. Throws `KvmError` EBADF, EINVAL. */
export function eventOf<A>({ descriptors }: Caller<A>, fd: number): EventFd {
  const file = descriptors.get(fd);
  if (!file) return refuse('EBADF', `descriptor ${fd}`, 'it is not open', 'pass one of eventfd()');
  return file.kind === 'eventfd' ? file.event : refuse('EINVAL', `descriptor ${fd}`, `it is a ${file.kind}, not an event`, 'pass one of eventfd()');
}

/** KVM_SET/GET/HAS_DEVICE_ATTR, which VMs, vCPUs and devices have alike. The flags of `kvm_device_attr` mean nothing yet (api.rst 4.80). */
export function attributeHandlers<A, T>(attributesOf: (target: T) => Attributes): Handlers<A, T> {
  const find = ({ abi }: Caller<A>, target: T, argument: Argument): { readonly found: ReturnType<typeof attributeOf>; readonly addr: bigint; readonly name: string } => {
    const codec = codecOf(abi, 'kvm_device_attr');
    const { group, attr, addr } = codec.decode(argument.read(codec.size));
    return { found: attributeOf(attributesOf(target), group, attr), addr, name: `attribute ${attr} of group ${group}` };
  };
  return {
    KVM_HAS_DEVICE_ATTR(caller, target, argument) {
      find(caller, target, argument);
      return 0;
    },
    KVM_GET_DEVICE_ATTR(caller, target, argument) {
      const { found: { get }, addr, name } = find(caller, target, argument);
      if (!get) return refuse('ENXIO', name, 'it can only be written', 'leave the call out');
      const value = get();
      if (value.length > 0) writeUser(caller.memory, addr, value);
      return 0;
    },
    KVM_SET_DEVICE_ATTR(caller, target, argument) {
      const { found: { set, size }, addr, name } = find(caller, target, argument);
      if (!set) return refuse('ENXIO', name, 'it can only be read', 'leave the call out');
      set(size === 0 ? new Uint8Array(0) : readUser(caller.memory, addr, size));
      return 0;
    },
  };
}
