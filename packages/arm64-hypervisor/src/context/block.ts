/** A structure in the host's memory, reached by the names of its slots. */
import type { PortPlace } from '@worldswitch/arm64-sysreg';
import { reverseBytes } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import type { LedgerOwner } from '@worldswitch/hypervisor';
import type { Width } from '@worldswitch/machine';
import type { HostMemory } from '../processor.ts';
import type { Layout, Slot } from './layout.ts';

/** Who the host's own kernel is, for the memory: its first processor. */
const HOST = 0;

/** A place for one part of a slot, as the switch's loads and stores name it. */
export type SlotPlace = Extract<PortPlace, { readonly kind: 'slot' }>;

/** A slot in memory: its first byte, its bytes, and its parts: one, or two doublewords of a 16-byte slot. */
export interface PlacedSlot {
  readonly address: bigint;
  readonly size: Slot['size'];
  readonly low: SlotPlace;
  readonly high: SlotPlace | undefined;
}

export class Block {
  /** Names the structure in the ledger. */
  readonly name: string;
  readonly layout: Layout;
  readonly address: bigint;
  /** Whose values it holds. */
  readonly owner: LedgerOwner;
  readonly #memory: HostMemory;
  readonly #order: ByteOrder;
  readonly #slots = new Map<string, PlacedSlot>();

  constructor(name: string, layout: Layout, address: bigint, { memory, order, owner }: { readonly memory: HostMemory; readonly order: ByteOrder; readonly owner: LedgerOwner }) {
    this.name = name;
    this.owner = owner;
    this.layout = layout;
    this.address = address;
    this.#memory = memory;
    this.#order = order;
  }

  /** Where a slot is. Throws RangeError for an unknown name. */
  place(slot: string): PlacedSlot {
    return this.#slots.get(slot) ?? this.#placed(slot);
  }

  #placed(slot: string): PlacedSlot {
    const { offset, size } = this.layout.slot(slot);
    const at = (extra: number, name: string): SlotPlace => ({ kind: 'slot', context: this.name, slot: name, address: this.address + BigInt(offset + extra) });
    const [low, high] = this.#order === 'little' ? [0, 8] : [8, 0];
    const placed: PlacedSlot = size === 16
      ? { address: this.address + BigInt(offset), size, low: at(low, `${slot}.low`), high: at(high, `${slot}.high`) }
      : { address: this.address + BigInt(offset), size, low: at(0, slot), high: undefined };
    this.#slots.set(slot, placed);
    return placed;
  }

  /** A slot of up to 8 bytes, as the host's kernel reads it: no instruction of the switch. */
  get(slot: string): bigint {
    const { address, size, low, high } = this.place(slot);
    if (high !== undefined) return this.#doubleword(low.address) | (this.#doubleword(high.address) << 64n);
    return this.#read(address, size as Width);
  }

  set(slot: string, value: bigint): void {
    const { address, size, low, high } = this.place(slot);
    if (high !== undefined) {
      this.#write(low.address, 8, BigInt.asUintN(64, value));
      this.#write(high.address, 8, BigInt.asUintN(64, value >> 64n));
      return;
    }
    this.#write(address, size as Width, BigInt.asUintN(size * 8, value));
  }

  #doubleword(address: bigint): bigint {
    return this.#read(address, 8);
  }

  #read(address: bigint, width: Width): bigint {
    const lanes = this.#memory.read(address, width, HOST);
    if (lanes === undefined) throw new RangeError(`${this.name}: no memory at 0x${address.toString(16)}; give the hypervisor pages of the host's RAM`);
    return this.#order === 'little' ? lanes : reverseBytes(lanes, width * 8);
  }

  #write(address: bigint, width: Width, value: bigint): void {
    const lanes = this.#order === 'little' ? value : reverseBytes(value, width * 8);
    if (!this.#memory.write(address, width, lanes, HOST)) {
      throw new RangeError(`${this.name}: no memory at 0x${address.toString(16)}; give the hypervisor pages of the host's RAM`);
    }
  }
}
