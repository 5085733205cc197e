/** Random conversations with /dev/kvm: mostly sensible arguments, some of them not, on descriptors that mostly exist. */
import fc from 'fast-check';
import { hashPlain } from '@worldswitch/machine';
import { ERRNO, IOCTLS, ioctlNamed, requestOf, structLayout } from '../abi/index.ts';
import type { IoctlName } from '../abi/index.ts';
import type { KvmDevice, UserSpace } from '../ioctl/index.ts';
import { codecs } from './program.ts';

const NAMES = Object.keys(IOCTLS) as IoctlName[];
const GENERIC = { encoding: 'generic', structs: 'arm64' } as const;

/** The calls of a program. */
type Calls = Pick<KvmDevice<unknown>, 'open' | 'eventfd' | 'read' | 'write' | 'ioctl' | 'mmap' | 'munmap' | 'close'>;

/** What conversations are made on. */
export interface RandomBench<D> {
  readonly device: D;
  readonly memory: UserSpace;
  /** Room in the program's memory. */
  readonly room: bigint;
  readonly roomSize: number;
}
/** What is the same in all conversations on a kind of bench. */
export interface RandomWorld {
  /** Addresses of guests' memory in the program's. */
  readonly ram: bigint;
  readonly room: bigint;
  readonly registers: readonly bigint[];
  readonly deviceTypes: readonly number[];
}

export type Step =
  | { readonly do: 'ioctl'; readonly fd: number; readonly request: number; readonly name?: IoctlName; readonly argument: bigint | Uint8Array; readonly byAddress: boolean }
  | { readonly do: 'close' | 'eventfd' | 'open' | 'munmap' | 'read' | 'write'; readonly fd: number }
  | { readonly do: 'mmap'; readonly fd: number; readonly length: number; readonly offset: number };

/** Numbers that the opening gives to a descriptor of each kind. */
const OPENED = { system: 3, vm: 4, vcpu: 5, device: 6 } as const;
const fdOf = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 3, max: 9 }) }, { weight: 1, arbitrary: fc.integer({ min: -1, max: 20 }) });

/** Well-formed arguments of the calls that take structures. */
function templates({ ram, room, registers, deviceTypes }: RandomWorld): Partial<Record<IoctlName, fc.Arbitrary<Uint8Array>>> {
  const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
  const pointer = pick(room, room + 8n, room + 16n, room + 0xff8n, room + 0xffcn, 0n, ram);
  const regions = fc.record({ slot: pick(0, 1, 2), flags: pick(0, 0, 1, 2, 3, 4), guest_phys_addr: pick(0x4000_0000n, 0x4010_0000n, 0x0n, 0x4000_0800n), memory_size: pick(0x10_0000n, 0x1000n, 0n, 0x800n), userspace_addr: pick(ram, ram + 0x10_0000n, ram + 1n, room) });
  const attribute = fc.record({ group: fc.nat(9), attr: pick(0n, 1n, 2n, 3n, 4n, 0x100n, 1n << 32n), addr: pointer }).map((one) => codecs.attr.encode(one));
  const oneReg = fc.record({ id: pick(...registers, 0n, 0x6030_0000_0010_0001n, 0x1030_0000_0010_0000n), addr: pointer }).map((one) => codecs.oneReg.encode(one));
  const small = fc.nat(64);
  return {
    KVM_SET_USER_MEMORY_REGION: regions.map((one) => codecs.region.encode(one)),
    KVM_GET_ONE_REG: oneReg, KVM_SET_ONE_REG: oneReg, KVM_SET_DEVICE_ATTR: attribute, KVM_GET_DEVICE_ATTR: attribute, KVM_HAS_DEVICE_ATTR: attribute,
    KVM_ARM_VCPU_INIT: fc.record({ target: pick(5, 5, 5, 0, 9), features: fc.tuple(pick(0, 4, 5, 12, 4, 16, 0x100), pick(0, 0, 1)) }).map((one) => codecs.init.encode(one)),
    KVM_SET_MP_STATE: pick(0, 5, 10, 1).map((mp_state) => codecs.state.encode({ mp_state })),
    KVM_CREATE_DEVICE: fc.record({ type: pick(...deviceTypes), flags: pick(0, 0, 1, 2) }).map((one) => codecs.device.encode(one)),
    KVM_GET_DIRTY_LOG: fc.record({ slot: fc.nat(3), dirty_bitmap: pointer }).map((one) => codecs.log.encode(one)),
    KVM_ENABLE_CAP: fc.record({ cap: pick(177, 216, 205, 168, 1, 228), flags: pick(0, 0, 1), args: fc.tuple(pick(0n, 1n, 4096n)) }).map((one) => codecs.cap.encode(one)),
    KVM_IRQ_LINE: fc.record({ irq: fc.oneof(small, pick(0, 1, 0x0100_0020, 0x0200_001b, 0x0300_0000)), level: pick(0, 1) }).map((one) => codecs.irq.encode(one)),
    KVM_IOEVENTFD: fc.record({ addr: pick(0x900_0000n, 0x900_0004n), len: pick(0, 1, 2, 4, 8, 3), fd: fdOf, flags: fc.nat(8), datamatch: pick(0n, 1n) }).map((one) => codecs.ioeventfd.encode(one)),
    KVM_IRQFD: fc.record({ fd: fc.integer({ min: 3, max: 9 }), gsi: small, flags: fc.nat(4), resamplefd: fc.integer({ min: 3, max: 9 }) }).map((one) => codecs.irqfd.encode(one)),
    KVM_SET_GSI_ROUTING: fc.record({ nr: fc.nat(2), gsi: small, type: fc.nat(3), pin: small }).map(({ nr, gsi, type, pin }) => {
      const entry = codecs.entry.encode({ gsi, type, 'u.irqchip.pin': pin, ...(type === 1 && { 'u.irqchip.irqchip': 0 }) });
      return Uint8Array.from([...codecs.routing.encode({ nr }), ...entry, ...entry]);
    }),
    KVM_GET_REG_LIST: fc.nat(400).map((n) => codecs.list.encode({ n: BigInt(n), reg: Array<bigint>(n).fill(0n) })),
    KVM_SET_GUEST_DEBUG: pick(0, 1, 3, 0x2_0001, 0x3_0003, 4).map((control) => codecs.debug.encode({ control })),
    KVM_SET_SIGNAL_MASK: pick(8, 128).map((len) => codecs.mask.encode({ len, sigset: new Uint8Array(8) })),
  };
}

/** One step. Arguments are well formed, or any words, or too short. */
export function stepOf(world: RandomWorld): fc.Arbitrary<Step> {
  const wellFormed = templates(world);
  const word = fc.oneof(fc.bigInt(0n, 64n), fc.constantFrom(world.room, world.ram, 0x4000_0000n, 0x1000n, (1n << 64n) - 1n, ...world.registers.slice(0, 4)), fc.bigInt(0n, (1n << 64n) - 1n));
  const words = (size: number): fc.Arbitrary<Uint8Array> => fc.array(word, { minLength: Math.ceil(size / 8), maxLength: Math.ceil(size / 8) + 1 }).map((all) => {
    const bytes = new Uint8Array(all.length * 8);
    all.forEach((one, n) => { new DataView(bytes.buffer).setBigUint64(8 * n, one, true); });
    return bytes;
  });
  const sizeOf = (name: IoctlName): number | undefined => {
    const { argument, size } = ioctlNamed(name);
    return argument === undefined ? undefined : size?.arm64 ?? structLayout('arm64', argument).size;
  };
  const argument = (name: IoctlName): fc.Arbitrary<bigint | Uint8Array> => {
    const size = sizeOf(name);
    const number = fc.oneof({ weight: 4, arbitrary: fc.bigInt(0n, 4n) }, { weight: 1, arbitrary: word });
    if (size === undefined) return name === 'KVM_RUN' ? fc.constantFrom(0n, 0n, 0n, 0n, 1n) : number;
    const structure: fc.Arbitrary<Uint8Array> = wellFormed[name] ? fc.oneof({ weight: 4, arbitrary: wellFormed[name] }, { weight: 1, arbitrary: words(size) }) : words(size);
    return fc.oneof({ weight: 12, arbitrary: structure }, { weight: 1, arbitrary: structure.chain((bytes) => fc.nat(bytes.length).map((length) => bytes.slice(0, length))) }, { weight: 1, arbitrary: number });
  };
  const fdFor = (name: IoctlName): fc.Arbitrary<number> =>
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...ioctlNamed(name).levels.map((level) => OPENED[level])) }, { weight: 1, arbitrary: fdOf });
  const named = (name: IoctlName): fc.Arbitrary<Step> => fc.record({ fd: fdFor(name), argument: argument(name), byAddress: fc.boolean() })
    .map((one) => ({ do: 'ioctl', request: requestOf(name, GENERIC) ?? 0, name, ...one }));
  const frequent: readonly IoctlName[] = ['KVM_CREATE_VM', 'KVM_CREATE_VCPU', 'KVM_ARM_VCPU_INIT', 'KVM_RUN', 'KVM_RUN', 'KVM_SET_USER_MEMORY_REGION', 'KVM_SET_ONE_REG'];
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...NAMES.filter((name) => requestOf(name, GENERIC) !== undefined), ...frequent, ...frequent).chain(named) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('ioctl' as const), fd: fdOf, request: fc.integer(), argument: fc.oneof(word, words(64)), byAddress: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('close', 'eventfd', 'open', 'munmap', 'read', 'write'), fd: fdOf }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('mmap' as const), fd: fdOf, length: fc.constantFrom(4096, 8192, 0, 1, 12288), offset: fc.constantFrom(0, 4096, 1) }) },
  );
}

/** Steps, most of them after an opening that makes a VM with memory, an initialised vCPU, a device and an event. `open` has given descriptor 3. */
export function conversationOf(world: RandomWorld, most: number): fc.Arbitrary<readonly Step[]> {
  const call = (fd: number, name: IoctlName, argument: bigint | Uint8Array): Step => ({ do: 'ioctl', fd, name, request: requestOf(name, GENERIC) ?? 0, argument, byAddress: false });
  const opening: readonly Step[] = [
    call(3, 'KVM_CREATE_VM', 0n), call(4, 'KVM_CREATE_VCPU', 0n), call(4, 'KVM_CREATE_DEVICE', codecs.device.encode({ type: world.deviceTypes[0] })), { do: 'eventfd', fd: 0 },
    // From 0 up, where a vCPU begins and has its vectors.
    call(4, 'KVM_SET_USER_MEMORY_REGION', codecs.region.encode({ guest_phys_addr: 0n, memory_size: 0x10_0000n, userspace_addr: world.ram, flags: 1 })),
    call(5, 'KVM_ARM_VCPU_INIT', codecs.init.encode({ target: 5 })), { do: 'mmap', fd: 5, length: 8192, offset: 0 },
  ];
  const begun = fc.oneof({ weight: 4, arbitrary: fc.constant(opening.length) }, { weight: 1, arbitrary: fc.nat(opening.length) });
  return fc.tuple(begun, fc.array(stepOf(world), { minLength: 1, maxLength: most })).map(([length, steps]) => [...opening.slice(0, length), ...steps]);
}

const ownArgument = (step: Step): Step => (step.do === 'ioctl' && step.argument instanceof Uint8Array ? { ...step, argument: step.argument.slice() } : step);

/** Makes one step: its result, and the argument's bytes after it. */
export function perform({ device, memory, room, roomSize }: RandomBench<Calls>, step: Step, mappings: Uint8Array[]): { readonly result: number; readonly kept: boolean } {
  switch (step.do) {
    case 'ioctl': {
      const { fd, request, argument, byAddress } = step;
      if (typeof argument === 'bigint') return { result: device.ioctl(fd, request, argument), kept: true };
      const before = argument.slice();
      if (!byAddress) return { result: device.ioctl(fd, request, argument), kept: before.every((byte, n) => byte === argument[n]) };
      const address = room + BigInt(roomSize - argument.length);
      memory.write(address, argument);
      const result = device.ioctl(fd, request, address);
      const after = memory.read(address, argument.length);
      return { result, kept: after !== undefined && before.every((byte, n) => byte === after[n]) };
    }
    case 'open': return { result: device.open('/dev/kvm'), kept: true };
    case 'eventfd': return { result: device.eventfd(), kept: true };
    case 'close': return { result: device.close(step.fd), kept: true };
    case 'read': return { result: device.read(step.fd, new Uint8Array(8)), kept: true };
    case 'write': return { result: device.write(step.fd, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)), kept: true };
    case 'munmap': return { result: device.munmap(mappings.pop() ?? new Uint8Array(1)), kept: true };
    case 'mmap': {
      const mapping = device.mmap(step.fd, step.length, step.offset);
      if (typeof mapping === 'number') return { result: mapping, kept: true };
      mappings.push(mapping);
      return { result: 0, kept: true };
    }
  }
}

const CODES = new Set<number>(Object.values(ERRNO));
/** These two may change something though they refuse: what the guest did until then, and the count that was asked for. */
const MAY_CHANGE = new Set<IoctlName | undefined>(['KVM_RUN', 'KVM_GET_REG_LIST']);

/**
 * Makes a conversation and ends the program. Throws where a result is no result; with `hash`, also where a refused call has changed something.
 * Returns the results.
 */
export function converse<A>(bench: RandomBench<KvmDevice<A>>, steps: readonly Step[], { hash = false }: { readonly hash?: boolean } = {}): readonly number[] {
  const { device } = bench;
  const mappings: Uint8Array[] = [];
  let before = hash ? hashPlain(device.state()) : 0n;
  const results = steps.map((step, n) => {
    // Arguments are written in place; a conversation that is made again begins with what it began with.
    const { result, kept } = perform(bench, ownArgument(step), mappings);
    if (!Number.isInteger(result) || (result < 0 && !CODES.has(-result))) throw new Error(`step ${n} gives ${result}`);
    if (hash) {
      const after = hashPlain(device.state());
      const name = step.do === 'ioctl' ? step.name : undefined;
      if (result < 0 && !MAY_CHANGE.has(name) && (after !== before || !kept)) throw new Error(`step ${n}, ${name ?? step.do}, was refused with ${result} and changed ${kept ? 'the state' : 'its argument'}`);
      before = after;
    }
    return result;
  });
  device.exit();
  if (device.descriptors !== 0) throw new Error(`${device.descriptors} descriptors are left`);
  return results;
}
