/** Where a guest finds its interrupt controller, as the VMM says (KVM_DEV_ARM_VGIC_GRP_ADDR). */
import { KvmError } from '@worldswitch/hypervisor';
import type { ErrnoName } from '@worldswitch/hypervisor';

/** A part of a controller in the guest's memory. */
export interface Place {
  readonly name: string;
  readonly size: bigint;
  /** What addresses are multiples of. */
  readonly alignment: bigint;
}

const K = 1024n;
export const PLACES = {
  gicv2Distributor: { name: 'the distributor', size: 4n * K, alignment: 4n * K },
  gicv2CpuInterface: { name: 'the CPU interface', size: 8n * K, alignment: 4n * K },
  gicv3Distributor: { name: 'the distributor', size: 64n * K, alignment: 64n * K },
} as const satisfies Readonly<Record<string, Place>>;

/** Two frames. */
export const REDISTRIBUTOR_SIZE = 128n * K;
const REDISTRIBUTOR_ALIGNMENT = 64n * K;

export function refusePlace(errno: ErrnoName, value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** Throws `KvmError` EINVAL (alignment, end of 64 bits), E2BIG (beyond the guest's addresses). */
export function checkRange(name: string, address: bigint, size: bigint, { alignment, addressBits }: { readonly alignment: bigint; readonly addressBits: number }): void {
  const end = address + size;
  if (address % alignment !== 0n) refusePlace('EINVAL', `${name} at ${hex(address)}`, `its address is a multiple of ${hex(alignment)}`, 'align it');
  if (end > 1n << 64n) refusePlace('EINVAL', `${name} at ${hex(address)}`, `its ${hex(size)} bytes go past the end of 64 bits`, 'choose a lower address');
  if (end > 1n << BigInt(addressBits)) refusePlace('E2BIG', `${name} at ${hex(address)}`, `guest addresses have ${addressBits} bits`, 'choose a lower address');
}

const overlap = (a: bigint, aSize: bigint, b: bigint, bSize: bigint): boolean => a < b + bSize && b < a + aSize;

/** Places that each have one address. */
export class SinglePlaces<N extends keyof typeof PLACES> {
  readonly #addressBits: number;
  readonly #addresses = new Map<N, bigint>();

  constructor(addressBits: number) {
    this.#addressBits = addressBits;
  }

  get(which: N): bigint | undefined {
    return this.#addresses.get(which);
  }
  /** Throws `KvmError` EEXIST, EINVAL, E2BIG. */
  set(which: N, address: bigint): void {
    const { name, size, alignment } = PLACES[which];
    const present = this.#addresses.get(which);
    if (present !== undefined) refusePlace('EEXIST', `${name} at ${hex(address)}`, `it is at ${hex(present)}, and stays there`, 'set it once');
    checkRange(name, address, size, { alignment, addressBits: this.#addressBits });
    this.#addresses.set(which, address);
  }
  /** Where `address` is, with its offset. */
  at(address: bigint): { readonly which: N; readonly offset: number } | undefined {
    for (const [which, base] of this.#addresses) if (address >= base && address < base + PLACES[which].size) return { which, offset: Number(address - base) };
    return undefined;
  }
  overlap(address: bigint, size: bigint): boolean {
    return [...this.#addresses].some(([which, base]) => overlap(base, PLACES[which].size, address, size));
  }
  /** Whether two of them share an address. */
  get clash(): boolean {
    return [...this.#addresses].some(([which, base], n, all) => all.slice(n + 1).some(([other, at]) => overlap(base, PLACES[which].size, at, PLACES[other].size)));
  }
}

/** Redistributors that follow each other in memory. */
export interface RedistributorRegion {
  readonly base: bigint;
  /** How many have room there; 0 for as many as there are vCPUs (KVM_VGIC_V3_ADDR_TYPE_REDIST). */
  readonly count: number;
}

/** Bits of KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION: count 63:52, base 51:16, flags 15:12, index 11:0. */
export function regionOf(value: bigint): RedistributorRegion & { readonly flags: number; readonly index: number } {
  return { count: Number(value >> 52n), base: value & 0x000f_ffff_ffff_0000n, flags: Number((value >> 12n) & 15n), index: Number(value & 0xfffn) };
}

export class RedistributorRegions {
  readonly #addressBits: number;
  readonly #vcpus: () => number;
  readonly #regions: RedistributorRegion[] = [];

  constructor(addressBits: number, vcpus: () => number) {
    this.#addressBits = addressBits;
    this.#vcpus = vcpus;
  }

  get regions(): readonly RedistributorRegion[] {
    return this.#regions;
  }

  /** `taken`: whether another part of the controller is in a range. Throws `KvmError` EEXIST, EINVAL, E2BIG. */
  add(index: number, { base, count }: RedistributorRegion, taken: (address: bigint, size: bigint) => boolean): void {
    const last = this.#regions.at(-1);
    const name = count === 0 ? 'the redistributors' : `region ${index} of redistributors`;
    if (last && (last.count === 0) !== (count === 0)) refusePlace('EINVAL', name, 'there are either regions, or one place for all', 'keep to one way of saying it');
    if (count === 0 && last) refusePlace('EEXIST', `${name} at ${hex(base)}`, `they are at ${hex(last.base)}, and stay there`, 'set it once');
    if (index !== this.#regions.length) refusePlace('EINVAL', name, `regions are numbered in the order in which they come, the next is ${this.#regions.length}`, 'set them in order');
    const size = this.#size({ base, count });
    checkRange(name, base, size, { alignment: REDISTRIBUTOR_ALIGNMENT, addressBits: this.#addressBits });
    if (taken(base, size) || this.overlap(base, size)) refusePlace('EINVAL', `${name} at ${hex(base)}`, 'another part of the controller is there', 'choose another place');
    this.#regions.push({ base, count });
  }

  #size({ count }: RedistributorRegion): bigint {
    return BigInt(count === 0 ? this.#vcpus() : count) * REDISTRIBUTOR_SIZE;
  }
  overlap(address: bigint, size: bigint): boolean {
    return this.#regions.some((region) => overlap(region.base, this.#size(region), address, size));
  }

  /** Where the redistributor of the n-th vCPU is; undefined where there is no room for it. */
  placeOf(n: number): bigint | undefined {
    let left = n;
    for (const { base, count } of this.#regions) {
      if (count === 0 || left < count) return base + BigInt(left) * REDISTRIBUTOR_SIZE;
      left -= count;
    }
    return undefined;
  }
  /** Whether no other follows it in memory. */
  isLast(n: number): boolean {
    const [here, next] = [this.placeOf(n), n + 1 < this.#vcpus() ? this.placeOf(n + 1) : undefined];
    return here === undefined || next !== here + REDISTRIBUTOR_SIZE;
  }
  /** Which vCPU's redistributor `address` is in, with the offset. */
  at(address: bigint): { readonly cpu: number; readonly offset: number } | undefined {
    for (let cpu = 0; cpu < this.#vcpus(); cpu++) {
      const base = this.placeOf(cpu);
      if (base !== undefined && address >= base && address < base + REDISTRIBUTOR_SIZE) return { cpu, offset: Number(address - base) };
    }
    return undefined;
  }
}
