/** Stage 2 tables of one VM, in the host's memory (VMSAv8-64, 4 KiB granule; DDI 0487 D8). */
import { VTCR_EL2 } from '@worldswitch/arm64-sysreg';
import type { HostMemory } from '../processor.ts';
import { PAGE } from '../host/pages.ts';
import type { PageAllocator } from '../host/pages.ts';

const HOST = 0;
const VALID = 1n;
const TABLE_OR_PAGE = 2n;
const ADDRESS = 0x0000_ffff_ffff_f000n;
/** Device-nGnRE (MemAttr 0b0001), never executed, access flag set. */
const DEVICE = (1n << 2n) | (1n << 10n) | (2n << 53n);
/** Normal memory, write-back cacheable (MemAttr 0b1111), inner shareable, access flag set. */
const NORMAL = (0xfn << 2n) | (3n << 8n) | (1n << 10n);
const S2AP_READ = 1n << 6n;
const S2AP_WRITE = 1n << 7n;

export const BLOCK_SIZE = 2n << 20n;

/** VTCR_EL2 for a start at level 1: `bits` of guest physical address (32 to 40), `ps` the encoded size of physical addresses. */
export function vtcrFor(bits: number, ps: number): bigint {
  const RES1 = 1n << 31n;
  return RES1 | VTCR_EL2.encode({ PS: ps, TG0: 0, SH0: 3, ORGN0: 1, IRGN0: 1, SL0: 1, T0SZ: 64 - bits });
}

/** Bits of a physical address by ID_AA64MMFR0_EL1.PARange (DDI 0487 D24). */
const PHYSICAL_BITS = [32, 36, 40, 42, 44, 48, 52];

/** Bits of guest physical address we offer on a core: its own, at most the 40 KVM gives by default. */
export function guestAddressBits(paRange: number): number {
  return Math.min(40, PHYSICAL_BITS[paRange] ?? 32);
}

export class Stage2Tables {
  readonly bits: number;
  /** Physical address of the first table: one page, or two side by side for more than 39 bits. */
  readonly root: bigint;
  readonly #memory: HostMemory;
  readonly #pages: PageAllocator;
  readonly #tables: bigint[] = [];

  constructor(bits: number, memory: HostMemory, pages: PageAllocator) {
    this.bits = bits;
    this.#memory = memory;
    this.#pages = pages;
    this.root = pages.allocate(this.#rootPages());
  }

  /** Maps a page, or a 2 MiB block where both addresses allow and `block` says so. Addresses aligned to what is mapped. */
  map(guest: bigint, host: bigint, { readOnly, block = false }: { readonly readOnly: boolean; readonly block?: boolean }): void {
    const attributes = NORMAL | S2AP_READ | (readOnly ? 0n : S2AP_WRITE);
    if (block) {
      this.#write(this.#entry(guest, 2, true) as bigint, (host & ADDRESS) | attributes | VALID);
      return;
    }
    this.#write(this.#entry(guest, 3, true) as bigint, (host & ADDRESS) | attributes | TABLE_OR_PAGE | VALID);
  }

  /** Maps pages of a device of the host's. Addresses and size aligned to pages. */
  mapDevice(guest: bigint, host: bigint, size: bigint): void {
    for (let offset = 0n; offset < size; offset += PAGE) {
      this.#write(this.#entry(guest + offset, 3, true) as bigint, ((host + offset) & ADDRESS) | DEVICE | S2AP_READ | S2AP_WRITE | TABLE_OR_PAGE | VALID);
    }
  }

  /** What a guest address is mapped to, and how; undefined when it is not. */
  lookup(guest: bigint): { readonly host: bigint; readonly readOnly: boolean; readonly size: bigint } | undefined {
    for (const level of [2, 3] as const) {
      const at = this.#entry(guest, level, false);
      const entry = at === undefined ? 0n : this.#read(at);
      if ((entry & VALID) === 0n) continue;
      const size = level === 2 ? BLOCK_SIZE : PAGE;
      if (level === 2 && (entry & TABLE_OR_PAGE) !== 0n) continue;
      return { host: (entry & ADDRESS & ~(size - 1n)) | (guest & (size - 1n)), readOnly: (entry & S2AP_WRITE) === 0n, size };
    }
    return undefined;
  }

  /** Whether nothing at all is mapped in the 2 MiB around an address, so that a block can be put there. */
  blockFree(guest: bigint): boolean {
    const at = this.#entry(guest, 2, false);
    return at === undefined || this.#read(at) === 0n;
  }

  /** Removes every mapping in a range. The caller invalidates the TLB. */
  unmap(guest: bigint, size: bigint): void {
    for (let address = guest; address < guest + size;) {
      // Slots are large and come and go often (flash that leaves and enters its read mode), and little of them is mapped.
      if (this.blockFree(address)) {
        address = (address & ~(BLOCK_SIZE - 1n)) + BLOCK_SIZE;
        continue;
      }
      const found = this.lookup(address);
      if (!found) {
        address = (address & ~(PAGE - 1n)) + PAGE;
        continue;
      }
      const at = this.#entry(address, found.size === PAGE ? 3 : 2, false);
      if (at !== undefined) this.#write(at, 0n);
      address = (address & ~(found.size - 1n)) + found.size;
    }
  }

  /** Takes the permission to write from all that is mapped in a range; blocks that are not all in it are broken up. The caller invalidates the TLB. */
  protect(guest: bigint, size: bigint): void {
    const end = guest + size;
    for (let address = guest; address < end;) {
      const found = this.blockFree(address) ? { size: BLOCK_SIZE } : this.lookup(address) ?? { size: PAGE };
      const start = address & ~(found.size - 1n);
      if ('host' in found && !found.readOnly) {
        const whole = start >= guest && start + found.size <= end;
        const at = this.#entry(address, whole && found.size === BLOCK_SIZE ? 2 : 3, true) as bigint;
        this.#write(at, this.#read(at) & ~S2AP_WRITE);
        address = whole ? start + found.size : (address & ~(PAGE - 1n)) + PAGE;
      } else address = start + found.size;
    }
  }

  /** Gives every page back. The caller has invalidated the TLB. */
  dispose(): void {
    for (const table of this.#tables) this.#pages.free(table);
    this.#tables.length = 0;
    this.#pages.free(this.root, this.#rootPages());
  }

  #rootPages(): number {
    return this.bits > 39 ? 1 << (this.bits - 39) : 1;
  }

  /** Address of the entry of `guest` at a level. With `create`, tables on the way are made, and a block in the way is broken up. */
  #entry(guest: bigint, level: 2 | 3, create: boolean): bigint | undefined {
    let table = this.root;
    let at = table + 8n * (guest >> 30n);
    for (let shift = 21n; ; shift -= 9n) {
      const entry = this.#read(at);
      if ((entry & 3n) === 3n) table = entry & ADDRESS;
      else if (!create) return undefined;
      else {
        table = this.#pages.allocate();
        this.#tables.push(table);
        if ((entry & VALID) !== 0n) this.#split(entry, table);
        this.#write(at, table | TABLE_OR_PAGE | VALID);
      }
      at = table + 8n * ((guest >> shift) & 0x1ffn);
      if (level === 2 || shift === 12n) return at;
    }
  }

  #split(block: bigint, table: bigint): void {
    for (let n = 0n; n < 512n; n++) this.#write(table + 8n * n, (block + n * PAGE) | TABLE_OR_PAGE);
  }

  // Tables are little-endian: SCTLR_EL2.EE = 0 at boot (DDI 0487 D8.2, endianness of walks).
  #read(at: bigint): bigint {
    return this.#memory.read(at, 8, HOST) ?? 0n;
  }

  #write(at: bigint, entry: bigint): void {
    this.#memory.write(at, 8, entry, HOST);
  }
}
