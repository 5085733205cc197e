/**
 * The time that others had the processor while this vCPU could have run, which its guest finds in its memory (DEN 0057 3.3): a structure of 64
 * bytes, little-endian whatever the guest is; revision and attributes, both 0, then the nanoseconds.
 */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '@worldswitch/hypervisor';
import type { Attribute, MemorySlot } from '@worldswitch/hypervisor';
import type { StolenTime } from '../firmware/firmware.ts';
import type { HostMemory } from '../processor.ts';
import type { MappedSlots } from '../stage2/mapped-slots.ts';

const SIZE = 64;
const NANOSECONDS = 8n;
const ALIGNMENT = 64n;
/** `INVALID_GPA`: what the attribute reads as before it is set. */
const NOWHERE = (1n << 64n) - 1n;
const SECOND = 1_000_000_000n;

export interface StolenTimeSetup {
  readonly memory: Pick<HostMemory, 'loadBytes'>;
  readonly slots: Pick<MappedSlots, 'written'>;
  readonly slotAt: (address: bigint) => MemorySlot | undefined;
  /** Ticks of the system counter, and how many there are in a second. */
  readonly now: () => bigint;
  readonly frequency: () => bigint;
}

export class StolenTimeRecord implements StolenTime {
  readonly #setup: StolenTimeSetup;
  #base: bigint | undefined;
  /** Ticks in all. */
  #stolen = 0n;
  #since: bigint | undefined;

  constructor(setup: StolenTimeSetup) {
    this.#setup = setup;
  }

  get base(): bigint | undefined {
    return this.#base;
  }

  start(): void {
    this.#stolen = 0n;
    this.#write(0n, new Uint8Array(SIZE));
  }

  /** It does not run any more, though it could. */
  preempted(): void {
    if (this.#base !== undefined) this.#since = this.#setup.now();
  }
  /** It runs again. */
  resumed(): void {
    if (this.#since === undefined) return;
    this.#stolen += this.#setup.now() - this.#since;
    this.#since = undefined;
    const bytes = new Uint8Array(8);
    writeUnsigned(bytes, 0, 8, BigInt.asUintN(64, (this.#stolen * SECOND) / this.#setup.frequency()), 'little');
    this.#write(NANOSECONDS, bytes);
  }

  /** KVM_ARM_VCPU_PVTIME_IPA (Documentation/virt/kvm/devices/vcpu.rst 3). */
  attribute(byteOrder: ByteOrder): Attribute {
    return {
      size: 8,
      get: () => {
        const bytes = new Uint8Array(8);
        writeUnsigned(bytes, 0, 8, this.#base ?? NOWHERE, byteOrder);
        return bytes;
      },
      set: (bytes) => { this.#place(readUnsigned(bytes, 0, 8, byteOrder)); },
    };
  }

  #place(base: bigint): void {
    const refuse = (errno: 'EINVAL' | 'EEXIST', rule: string, remedy: string): never => {
      throw new KvmError(errno, { value: `stolen time at 0x${base.toString(16)}`, rule, remedy });
    };
    if (base % ALIGNMENT !== 0n) refuse('EINVAL', `its address is a multiple of ${ALIGNMENT}`, 'choose such an address');
    if (this.#base !== undefined) refuse('EEXIST', `it is at 0x${this.#base.toString(16)}`, 'choose once');
    if (this.#setup.slotAt(base) === undefined) refuse('EINVAL', 'it is in the guest\'s memory', 'make the slot first');
    this.#base = base;
  }

  /** Nothing where the slot has gone meanwhile, or is read-only. */
  #write(offset: bigint, bytes: Uint8Array): void {
    if (this.#base === undefined) return;
    const at = this.#base + offset;
    const slot = this.#setup.slotAt(at);
    if (slot === undefined || slot.readOnly) return;
    this.#setup.memory.loadBytes(slot.hostAddress + (at - slot.guestAddress), bytes);
    this.#setup.slots.written(slot, at & ~0xfffn);
  }
}
