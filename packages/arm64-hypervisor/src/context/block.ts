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

export class Block {
  /** Names the structure in the ledger. */
  readonly name: string;
  readonly layout: Layout;
  readonly address: bigint;
  /** Whose values it holds. */
  readonly owner: LedgerOwner;
  readonly #memory: HostMemory;
  readonly #order: ByteOrder;
  readonly #places = new Map<string, readonly SlotPlace[]>();

  constructor(name: string, layout: Layout, address: bigint, { memory, order, owner }: { readonly memory: HostMemory; readonly order: ByteOrder; readonly owner: LedgerOwner }) {
    this.name = name;
    this.owner = owner;
    this.layout = layout;
    this.address = address;
    this.#memory = memory;
    this.#order = order;
  }

  /** One place, or two of 8 bytes for a 16-byte slot, low doubleword first. */
  places(slot: string): readonly SlotPlace[] {
    let places = this.#places.get(slot);
    if (!places) {
      const { offset, size } = this.layout.slot(slot);
      const at = (extra: number, name: string): SlotPlace => ({ kind: 'slot', context: this.name, slot: name, address: this.address + BigInt(offset + extra) });
      const [low, high] = this.#order === 'little' ? [0, 8] : [8, 0];
      places = size === 16 ? [at(low, `${slot}.low`), at(high, `${slot}.high`)] : [at(0, slot)];
      this.#places.set(slot, places);
    }
    return places;
  }

  size(slot: string): Slot['size'] {
    return this.layout.slot(slot).size;
  }

  /** A slot of up to 8 bytes, as the host's kernel reads it: no instruction of the switch. */
  get(slot: string): bigint {
    const { offset, size } = this.layout.slot(slot);
    if (size === 16) return this.#doubleword(this.places(slot)[0].address) | (this.#doubleword(this.places(slot)[1].address) << 64n);
    return this.#read(this.address + BigInt(offset), size);
  }

  set(slot: string, value: bigint): void {
    const { offset, size } = this.layout.slot(slot);
    if (size === 16) {
      const [low, high] = this.places(slot);
      this.#write(low.address, 8, BigInt.asUintN(64, value));
      this.#write(high.address, 8, BigInt.asUintN(64, value >> 64n));
      return;
    }
    this.#write(this.address + BigInt(offset), size, BigInt.asUintN(size * 8, value));
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
