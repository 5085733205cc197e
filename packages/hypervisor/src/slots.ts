/** Memory slots: which guest physical addresses are memory, and whose. Checks in the kernel's order (KVM_SET_USER_MEMORY_REGION). */
import { hex } from '@worldswitch/bits';
import { KvmError } from './error.ts';

export const PAGE_SIZE = 4096n;

/** One memory region as the VMM asks for it. Addresses and sizes in bytes. */
export interface MemoryRegion {
  readonly slot: number;
  readonly guestAddress: bigint;
  /** 0 deletes the slot. */
  readonly size: bigint;
  /** Physical address of the memory in the host. */
  readonly hostAddress: bigint;
  /** Guest writes leave with an `mmio` exit. */
  readonly readOnly?: boolean;
  /** Pages the guest writes are told by `Vm.takeDirtyLog`. */
  readonly logDirtyPages?: boolean;
}

/** A slot in use. */
export interface MemorySlot {
  readonly slot: number;
  readonly guestAddress: bigint;
  readonly size: bigint;
  readonly hostAddress: bigint;
  readonly readOnly: boolean;
  readonly logDirtyPages: boolean;
}

/** What setting a region changes: an old mapping to undo, a new slot to serve, a slot whose logging begins or ends. All absent: nothing. */
export interface SlotChange {
  readonly remove?: MemorySlot;
  readonly add?: MemorySlot;
  readonly relog?: MemorySlot;
}

export interface SlotLimits {
  readonly slots: number;
  /** Bits of a guest physical address. */
  readonly addressBits: number;
  /** Whether the host has memory in all of a range; unset: it has. */
  readonly hostMemory?: (address: bigint, size: bigint) => boolean;
}

const U64 = (1n << 64n) - 1n;

function refuse(errno: 'EINVAL' | 'EEXIST' | 'EFAULT' | 'ENOENT', value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

const range = (address: bigint, size: bigint): string => `[${hex(address)}, ${hex(address + size)})`;

/** The slots of one VM. `plan` decides and throws; `commit` cannot fail. */
export class MemorySlots {
  readonly #limits: SlotLimits;
  readonly #slots = new Map<number, MemorySlot>();

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** In the order of their guest addresses. */
  list(): readonly MemorySlot[] {
    return [...this.#slots.values()].sort((a, b) => (a.guestAddress < b.guestAddress ? -1 : 1));
  }

  /** The slot that holds a guest physical address. */
  at(address: bigint): MemorySlot | undefined {
    for (const slot of this.#slots.values()) if (address >= slot.guestAddress && address < slot.guestAddress + slot.size) return slot;
    return undefined;
  }

  /** What a call would change. Throws `KvmError` (EINVAL, EEXIST, EFAULT) and changes nothing. */
  plan(region: MemoryRegion): SlotChange {
    this.#checkShape(region);
    const old = this.#slots.get(region.slot);
    if (region.size === 0n) {
      return old ? { remove: old }
        : refuse('EINVAL', `slot ${region.slot}`, 'size 0 deletes a slot, and this one does not exist', 'leave the call out');
    }
    const slot: MemorySlot = {
      slot: region.slot, guestAddress: region.guestAddress, size: region.size, hostAddress: region.hostAddress,
      readOnly: region.readOnly === true, logDirtyPages: region.logDirtyPages === true,
    };
    if (old) return this.#planChange(old, slot);
    this.#checkOverlap(slot);
    return { add: slot };
  }

  commit({ remove, add, relog }: SlotChange): void {
    if (remove) this.#slots.delete(remove.slot);
    if (add) this.#slots.set(add.slot, add);
    if (relog) this.#slots.set(relog.slot, relog);
  }

  /** A slot that is logged. Throws `KvmError` EINVAL for a number out of range, ENOENT for one that is absent or not logged. */
  logged(number: number): MemorySlot {
    this.#checkNumber(number);
    const slot = this.#slots.get(number);
    return slot?.logDirtyPages === true ? slot
      : refuse('ENOENT', `slot ${number}`, slot ? 'its pages are not logged' : 'it does not exist', 'set the region with logging first');
  }

  /** A slot that is logged, of which `pages` from `first` are to be made clean. Throws `KvmError` as `logged`, EINVAL for the range. */
  cleared(number: number, first: number, pages: number): MemorySlot {
    this.#checkNumber(number);
    const words = `pages ${first} to ${first + pages} of slot ${number}`;
    if (first % 64 !== 0) refuse('EINVAL', words, 'a range begins at a multiple of 64', 'begin earlier');
    const slot = this.logged(number);
    const all = Number(slot.size / PAGE_SIZE);
    if (first < 0 || pages < 0 || first + pages > all) refuse('EINVAL', words, `the slot has ${all}`, 'end earlier');
    if (first + pages < all && pages % 64 !== 0) refuse('EINVAL', words, 'a range has a multiple of 64 pages, except at the slot\'s end', 'end at one');
    return slot;
  }

  #checkNumber(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#limits.slots) {
      refuse('EINVAL', `slot ${slot}`, `slots are numbered 0 to ${this.#limits.slots - 1}`, 'use a free number in that range');
    }
  }

  #checkShape(region: MemoryRegion): void {
    const { slot, guestAddress, size, hostAddress } = region;
    if (size < 0n || size > U64 || size % PAGE_SIZE !== 0n) {
      refuse('EINVAL', `size ${hex(size)}`, `a slot is a whole number of ${PAGE_SIZE}-byte pages`, `use ${hex((size / PAGE_SIZE + 1n) * PAGE_SIZE)}`);
    }
    if (guestAddress < 0n || guestAddress > U64 || guestAddress % PAGE_SIZE !== 0n) {
      refuse('EINVAL', `guest address ${hex(guestAddress)}`, 'a slot begins at a page', `use ${hex(guestAddress & ~(PAGE_SIZE - 1n))}`);
    }
    if (hostAddress < 0n || hostAddress % PAGE_SIZE !== 0n) {
      refuse('EINVAL', `host address ${hex(hostAddress)}`, 'the memory of a slot begins at a page', `use ${hex(hostAddress & ~(PAGE_SIZE - 1n))}`);
    }
    if (size > 0n && this.#limits.hostMemory?.(hostAddress, size) === false) {
      refuse('EINVAL', `host memory ${range(hostAddress, size)}`, 'a slot is backed by memory of the host', 'give a range inside the host\'s RAM');
    }
    this.#checkNumber(slot);
    if (guestAddress + size > U64) refuse('EINVAL', range(guestAddress, size), 'a slot does not wrap around the address space', 'move it down or make it smaller');
    const end = 1n << BigInt(this.#limits.addressBits);
    if (size > 0n && guestAddress + size > end) {
      refuse('EFAULT', range(guestAddress, size), `guest physical addresses have ${this.#limits.addressBits} bits`, `keep the slot below ${hex(end)}`);
    }
  }

  #planChange(old: MemorySlot, slot: MemorySlot): SlotChange {
    if (old.size !== slot.size || old.hostAddress !== slot.hostAddress || old.readOnly !== slot.readOnly) {
      const what = old.size !== slot.size ? 'size' : old.hostAddress !== slot.hostAddress ? 'host address' : 'read-only flag';
      refuse('EINVAL', `slot ${slot.slot} with another ${what}`, 'size, host memory and the read-only flag of a slot are fixed', 'delete the slot (size 0) and make it anew');
    }
    if (old.guestAddress === slot.guestAddress) return old.logDirtyPages === slot.logDirtyPages ? {} : { relog: slot };
    this.#checkOverlap(slot);
    return { remove: old, add: slot };
  }

  #checkOverlap(slot: MemorySlot): void {
    for (const other of this.#slots.values()) {
      if (other.slot === slot.slot || slot.guestAddress >= other.guestAddress + other.size || other.guestAddress >= slot.guestAddress + slot.size) continue;
      refuse('EEXIST', `slot ${slot.slot} at ${range(slot.guestAddress, slot.size)}`,
        `slots do not overlap, and slot ${other.slot} has ${range(other.guestAddress, other.size)}`, 'choose another guest address or delete the other slot');
    }
  }
}
