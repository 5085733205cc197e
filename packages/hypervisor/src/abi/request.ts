/** Numbers of requests: direction, size of the argument, KVM's letter and the number, as `_IOC` puts them together. */
import { IOCTLS } from '../facts/ioctls.ts';

export type IoctlName = keyof typeof IOCTLS;
/** What a descriptor is: requests mean different things to each. */
export type IoctlLevel = 'system' | 'vm' | 'vcpu' | 'device';
/** As seen from the caller: `write` passes an argument in, `read` gets it out. */
export type IoctlDirection = 'none' | 'read' | 'write' | 'both';
/** How a host puts the number together: PowerPC (and others that are not here) has its own layout. */
export type RequestEncoding = 'generic' | 'powerpc';
/** Which set of structures: pointers and alignment differ. */
export type StructAbi = 'arm64' | 'ppc32';

/** One row of `IOCTLS`, its literals widened. */
export interface Ioctl {
  readonly direction: IoctlDirection;
  readonly number: number;
  readonly levels: readonly IoctlLevel[];
  /** The argument's type in C, without `struct`; absent where the argument is a number or nothing. */
  readonly argument?: string;
  readonly size?: Readonly<Partial<Record<StructAbi, number>>>;
}

export interface Request {
  readonly direction: IoctlDirection;
  /** Bytes of the argument. */
  readonly size: number;
  /** `_IOC_TYPE`: 0xae for KVM. */
  readonly type: number;
  readonly number: number;
}

export const KVM_REQUEST_TYPE = 0xae;

/** include/uapi/asm-generic/ioctl.h, arch/powerpc/include/uapi/asm/ioctl.h: where the direction begins, and its values. */
const LAYOUTS = {
  generic: { sizeBits: 14, directionShift: 30, directions: { none: 0, write: 1, read: 2, both: 3 } },
  powerpc: { sizeBits: 13, directionShift: 29, directions: { none: 1, read: 2, write: 4, both: 6 } },
} as const;
const DIRECTIONS: readonly IoctlDirection[] = ['none', 'read', 'write', 'both'];

/** The 32-bit number. Throws RangeError for a size that has no room in it. */
export function encodeRequest({ direction, size, type, number }: Request, encoding: RequestEncoding): number {
  const { sizeBits, directionShift, directions } = LAYOUTS[encoding];
  if (!Number.isInteger(size) || size < 0 || size >= 1 << sizeBits) throw new RangeError(`argument of ${size} bytes: a request has ${sizeBits} bits for it; pass a pointer instead`);
  return ((directions[direction] << directionShift) | (size << 16) | (type << 8) | number) >>> 0;
}

/** The parts of a number; `direction` is undefined for bits that mean none of the four. */
export function decodeRequest(request: number, encoding: RequestEncoding): Omit<Request, 'direction'> & { readonly direction: IoctlDirection | undefined } {
  const { sizeBits, directionShift, directions } = LAYOUTS[encoding];
  const value = request >>> directionShift;
  return {
    direction: DIRECTIONS.find((direction) => directions[direction] === value), size: (request >>> 16) & ((1 << sizeBits) - 1), type: (request >>> 8) & 0xff, number: request & 0xff,
  };
}

/** The row of a name. */
export const ioctlNamed = (name: IoctlName): Ioctl => IOCTLS[name];

/** The number of a request by name; undefined where the architecture does not have it. */
export function requestOf(name: IoctlName, { encoding, structs }: { readonly encoding: RequestEncoding; readonly structs: StructAbi }): number | undefined {
  const { direction, number, argument, size } = ioctlNamed(name);
  const bytes = argument === undefined ? 0 : size?.[structs];
  return bytes === undefined ? undefined : encodeRequest({ direction, size: bytes, type: KVM_REQUEST_TYPE, number }, encoding);
}

/** All requests of an architecture by number and level: the same number may mean another call on another descriptor. */
export function requestTable(abi: { readonly encoding: RequestEncoding; readonly structs: StructAbi }): Readonly<Record<IoctlLevel, ReadonlyMap<number, IoctlName>>> {
  const table = { system: new Map<number, IoctlName>(), vm: new Map<number, IoctlName>(), vcpu: new Map<number, IoctlName>(), device: new Map<number, IoctlName>() };
  for (const name of Object.keys(IOCTLS) as IoctlName[]) {
    const request = requestOf(name, abi);
    if (request !== undefined) for (const level of ioctlNamed(name).levels) table[level].set(request, name);
  }
  return table;
}
