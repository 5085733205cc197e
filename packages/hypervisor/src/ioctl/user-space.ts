/** The memory of a program that uses KVM: areas of its own, and RAM of the host machine that it gives to guests. */
import type { UserMemory } from '../architecture.ts';

/** RAM of the host that the program has mapped: what `userspace_addr` of a memory region may name, at its physical address. */
export interface MappedRam {
  readonly base: bigint;
  readonly size: bigint;
  readonly memory: {
    readBytes(address: bigint, length: number): Uint8Array | undefined;
    loadBytes(address: bigint, bytes: Uint8Array): void;
  };
}

export interface UserSpaceOptions {
  readonly ram?: MappedRam;
  /** Where areas begin; below 4 GiB for programs with 32-bit pointers. */
  readonly base?: bigint;
}

interface Area {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Behind each area, so that running over its end is noticed as on a host. */
const GUARD = 64n;
const DEFAULT_BASE = 0x7f00_0000_0000n;

/** An address space: `allocate` for structures and buffers, guests' RAM at its physical address. */
export class UserSpace implements UserMemory {
  readonly #ram: MappedRam | undefined;
  readonly #areas: Area[] = [];
  #next: bigint;

  constructor({ ram, base = DEFAULT_BASE }: UserSpaceOptions = {}) {
    this.#ram = ram;
    this.#next = base;
  }

  /** The address of a new area, zero, at a multiple of 16. */
  allocate(length: number): bigint {
    const address = this.#next;
    this.#areas.push({ address, bytes: new Uint8Array(length) });
    this.#next = (address + BigInt(length) + GUARD + 15n) & ~15n;
    return address;
  }

  /** The address of a new area with these bytes. */
  place(bytes: Uint8Array): bigint {
    const address = this.allocate(bytes.length);
    this.write(address, bytes);
    return address;
  }

  /** Gives an area back; later accesses to it fail. Nothing for an address that `allocate` did not give. */
  free(address: bigint): void {
    const n = this.#areas.findIndex((area) => area.address === address);
    if (n >= 0) this.#areas.splice(n, 1);
  }

  /** An area's own bytes, live; undefined outside one. */
  view(address: bigint, length: number): Uint8Array | undefined {
    const area = this.#areaAt(address);
    const offset = area && Number(address - area.address);
    return area && offset !== undefined && length >= 0 && offset + length <= area.bytes.length ? area.bytes.subarray(offset, offset + length) : undefined;
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const view = this.view(address, length);
    if (view) return view.slice();
    return this.#inRam(address, length) ? this.#ram?.memory.readBytes(address, length) : undefined;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const view = this.view(address, bytes.length);
    if (view) view.set(bytes);
    else if (!this.#inRam(address, bytes.length)) return false;
    else this.#ram?.memory.loadBytes(address, bytes);
    return true;
  }

  #inRam(address: bigint, length: number): boolean {
    return this.#ram !== undefined && address >= this.#ram.base && address + BigInt(length) <= this.#ram.base + this.#ram.size;
  }

  /** The last area that begins at or below an address. */
  #areaAt(address: bigint): Area | undefined {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#areas[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    return this.#areas[low - 1];
  }
}
