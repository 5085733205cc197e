/**
 * What of a VM's slots stage 2 maps. Pages come when the guest touches them, in blocks of 2 MiB where slot and alignment allow; where writes are
 * logged, one by one, and writable only once they were written since the log was last cleared.
 */
import type { MemorySlot } from '@worldswitch/hypervisor';
import { PAGE } from '../host/pages.ts';
import { DirtyPages } from './dirty-pages.ts';
import { BLOCK_SIZE } from './tables.ts';
import type { Stage2Tables } from './tables.ts';

/** How a VM's log is cleared (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2). */
export interface DirtyLogRule {
  /** Taking the log leaves it as it is: it is cleared by the VMM, page by page. */
  manual: boolean;
  /** All pages are dirty when logging begins, and protected when they are first cleared. */
  initiallySet: boolean;
}

export class MappedSlots {
  readonly rule: DirtyLogRule = { manual: false, initiallySet: false };
  readonly #stage2: Stage2Tables;
  readonly #end: bigint;
  readonly #invalidate: (ipa?: bigint) => void;
  readonly #logs = new Map<number, DirtyPages>();
  readonly #slots = new Map<number, MemorySlot>();
  #moving: { readonly slot: number; readonly log: DirtyPages } | undefined;

  /** `addressBits`: of the VM. `invalidate`: translations of the VM, of one guest page or of all. */
  constructor(stage2: Stage2Tables, { addressBits, invalidate }: { readonly addressBits: number; readonly invalidate: (ipa?: bigint) => void }) {
    this.#stage2 = stage2;
    this.#end = 1n << BigInt(addressBits);
    this.#invalidate = invalidate;
  }

  /** Maps what the guest touched. A write only where the slot is not read-only. */
  faultIn(slot: MemorySlot, ipa: bigint, write: boolean): void {
    const page = ipa & ~(PAGE - 1n);
    const offset = slot.hostAddress - slot.guestAddress;
    const present = this.#stage2.lookup(ipa) !== undefined;
    const log = slot.logDirtyPages ? this.#logs.get(slot.slot) : undefined;
    if (log) {
      this.#stage2.map(page, page + offset, { readOnly: slot.readOnly || !write });
      if (write) log.mark(Number((page - slot.guestAddress) / PAGE));
    } else {
      const block = ipa & ~(BLOCK_SIZE - 1n);
      const whole = block >= slot.guestAddress && block + BLOCK_SIZE <= slot.guestAddress + slot.size && (block + offset) % BLOCK_SIZE === 0n;
      if (whole && this.#stage2.blockFree(ipa)) this.#stage2.map(block, block + offset, { readOnly: slot.readOnly, block: true });
      else this.#stage2.map(page, page + offset, { readOnly: slot.readOnly });
    }
    // It was there with less permission, and may be cached so.
    if (present) this.#invalidate(page);
  }

  /** Whether an address has more bits than the VM's have: nothing answers there, not even the VMM. */
  beyond(ipa: bigint): boolean {
    return ipa >= this.#end;
  }

  /** Whether there is no slot. */
  get empty(): boolean {
    return this.#slots.size === 0;
  }

  added(slot: MemorySlot): void {
    this.#slots.set(slot.slot, slot);
    const moved = this.#moving?.slot === slot.slot ? this.#moving.log : undefined;
    this.#moving = undefined;
    if (slot.logDirtyPages) this.#logs.set(slot.slot, moved ?? this.#newLog(slot));
  }

  /** `moved`: the slot comes back elsewhere, and keeps its log. */
  removed(slot: MemorySlot, moved: boolean): void {
    this.#slots.delete(slot.slot);
    const log = this.#logs.get(slot.slot);
    this.#moving = moved && log ? { slot: slot.slot, log } : undefined;
    this.#logs.delete(slot.slot);
    this.unmap(slot);
  }

  /** Logging has begun or ended. */
  logging(slot: MemorySlot): void {
    if (!slot.logDirtyPages) {
      this.#logs.delete(slot.slot);
      // So that blocks may come again.
      this.unmap(slot);
      return;
    }
    this.#logs.set(slot.slot, this.#newLog(slot));
    if (this.rule.manual && this.rule.initiallySet) return;
    this.#stage2.protect(slot.guestAddress, slot.size);
    this.#invalidate();
  }

  /** The slot's log; clean after it, and its pages protected again, where the VMM does not do that itself. */
  take(slot: MemorySlot): Uint8Array {
    const bitmap = this.#logs.get(slot.slot)?.bitmap ?? new Uint8Array(0);
    if (!this.rule.manual) this.clear(slot, 0, bitmap);
    return bitmap;
  }

  clear(slot: MemorySlot, first: number, bitmap: Uint8Array): void {
    let any = false;
    this.#logs.get(slot.slot)?.clear(first, bitmap, (page) => {
      this.#stage2.protect(slot.guestAddress + BigInt(page) * PAGE, PAGE);
      any = true;
    });
    if (any) this.#invalidate();
  }

  /** The hypervisor has itself written to a page of the guest's. */
  written(slot: MemorySlot, ipa: bigint): void {
    this.#logs.get(slot.slot)?.mark(Number((ipa - slot.guestAddress) / PAGE));
  }

  /** Nothing of a slot stays mapped or cached. */
  unmap({ guestAddress, size }: MemorySlot): void {
    this.#stage2.unmap(guestAddress, size);
    this.#invalidate();
  }

  /** Nothing of any slot does: a guest that begins anew finds its memory page by page. */
  unmapAll(): void {
    for (const { guestAddress, size } of this.#slots.values()) this.#stage2.unmap(guestAddress, size);
    this.#invalidate();
  }

  #newLog({ size }: MemorySlot): DirtyPages {
    return new DirtyPages(Number(size / PAGE), this.rule.manual && this.rule.initiallySet);
  }
}
