/**
 * Events of a VM: writes of the guest that count up an event descriptor instead of leaving to the VMM (KVM_IOEVENTFD), event descriptors that
 * raise an interrupt (KVM_IRQFD), where interrupt numbers lead (KVM_SET_GSI_ROUTING), and writes that are gathered in a ring (coalesced MMIO).
 * Documentation/virt/kvm/api.rst 4.59, 4.75, 4.52, 4.116.
 */
import { readUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import type { Plain } from '@worldswitch/machine';
import { CONSTANTS, structCodec } from '../abi/index.ts';
import { KvmError } from '../error.ts';
import type { ErrnoName } from '../error.ts';
import type { MmioExit } from '../exits.ts';
import type { EventFd } from './eventfd.ts';

/** include/linux/kvm_host.h. */
export const MAX_IRQ_ROUTES = 4096;

function refuse(errno: ErrnoName, value: string, rule: string, remedy: string): never {
  throw new KvmError(errno, { value, rule, remedy });
}

/** `kvm_ioeventfd` in words. */
export interface IoEvent {
  readonly event: EventFd;
  /** Other buses than memory exist in the ABI; no guest here reaches them. */
  readonly bus: 'mmio' | 'pio' | 'ccw';
  readonly address: bigint;
  /** 0 for any. */
  readonly length: number;
  /** Undefined for any. */
  readonly match: bigint | undefined;
}

interface IrqEvent {
  readonly event: EventFd;
  readonly gsi: number;
  readonly resample: EventFd | undefined;
  readonly end: () => void;
}

/** Where an interrupt number leads. */
export type Route =
  | { readonly kind: 'input'; readonly pin: number }
  /** `kvm_msi`'s bytes. */
  | { readonly kind: 'message'; readonly message: Uint8Array };

export interface Zone {
  readonly address: bigint;
  readonly size: bigint;
}

/** What raises interrupts. */
export interface EventSinks {
  readonly order: ByteOrder;
  /** An input of the interrupt controller. Throws `KvmError`. */
  gsi(pin: number, level: boolean): void;
  message(message: Uint8Array): void;
}

/** include/linux/kvm_host.h: NR_IOBUS_DEVS. */
const BUS_DEVICES = 1000;

const ring = { header: 8, entry: 24 };
const PAGE = 4096;
const RING_ENTRIES = Math.trunc((PAGE - ring.header) / ring.entry);

export class VmEvents {
  readonly #sinks: EventSinks;
  readonly #ioEvents: IoEvent[] = [];
  readonly #irqEvents: IrqEvent[] = [];
  /** Undefined: each number is the input of the same number. */
  #routes: ReadonlyMap<number, readonly Route[]> | undefined;
  readonly #zones: Zone[] = [];
  /** The ring's pages: one page of the VM, in the mapping of each vCPU. */
  readonly #pages: Uint8Array[] = [];
  #first = 0;
  #last = 0;

  constructor(sinks: EventSinks) {
    this.#sinks = sinks;
  }

  // Writes that are events

  /** Throws `KvmError` EEXIST where a write would be two events. */
  assign(wanted: IoEvent): void {
    const clash = this.#ioEvents.some((other) => other.bus === wanted.bus && other.address === wanted.address
      && (other.length === 0 || wanted.length === 0 || (other.length === wanted.length && (other.match === undefined || wanted.match === undefined || other.match === wanted.match))));
    if (clash) refuse('EEXIST', `ioeventfd at 0x${wanted.address.toString(16)}`, 'a write is one event', 'deassign the other first');
    this.#ioEvents.push(wanted);
  }
  /** Throws `KvmError` ENOENT. */
  deassign(wanted: IoEvent): void {
    const n = this.#ioEvents.findIndex((other) => other.event === wanted.event && other.bus === wanted.bus && other.address === wanted.address
      && other.length === wanted.length && other.match === wanted.match);
    if (n < 0) refuse('ENOENT', `ioeventfd at 0x${wanted.address.toString(16)}`, 'there is none with this address, length, match and descriptor', 'pass what it was assigned with');
    this.#ioEvents.splice(n, 1);
  }

  /** Takes a write of the guest. False: it is the VMM's. */
  write({ address, length, data }: MmioExit): boolean {
    const value = readUnsigned(data, 0, length, this.#sinks.order);
    const event = this.#ioEvents.find((one) => one.bus === 'mmio' && one.address === address && (one.length === 0 || one.length === length)
      && (one.match === undefined || BigInt.asUintN(length * 8, one.match) === value));
    if (event) event.event.signal();
    return event !== undefined || this.#gather(address, length, data);
  }

  // Events that are interrupts

  /** Throws `KvmError` EBUSY for an event that raises one already. */
  bind(event: EventFd, gsi: number, resample?: EventFd): void {
    if (this.#irqEvents.some((other) => other.event === event)) refuse('EBUSY', `an event descriptor for gsi ${gsi}`, 'it raises an interrupt already', 'deassign it first, or make another');
    const raise = (): void => {
      event.take();
      this.#set(gsi, true);
      // Without resampling it is a pulse.
      if (!resample) this.#set(gsi, false);
    };
    this.#irqEvents.push({ event, gsi, resample, end: event.listen(raise) });
    if (event.count > 0n) raise();
  }
  /** Nothing where it was not bound, as in the kernel. */
  unbind(event: EventFd, gsi: number): void {
    for (const one of this.#irqEvents.filter((other) => other.event === event && other.gsi === gsi)) this.#endIrqEvent(one);
  }
  /** The descriptor is closed for good. */
  forget(event: EventFd): void {
    for (const one of this.#irqEvents.filter((other) => other.event === event)) this.#endIrqEvent(one);
  }
  #endIrqEvent(one: IrqEvent): void {
    one.end();
    this.#irqEvents.splice(this.#irqEvents.indexOf(one), 1);
  }
  /** The guest has completed an interrupt: lines that are resampled fall, and their owners hear of it. */
  completed(pin: number): void {
    for (const { gsi, resample } of this.#irqEvents) {
      if (!resample || !this.#routesOf(gsi).some((route) => route.kind === 'input' && route.pin === pin)) continue;
      this.#set(gsi, false);
      resample.signal();
    }
  }
  /** All of it as plain data; events are their counts. */
  state(): Plain {
    return {
      writes: this.#ioEvents.map(({ event, bus, address, length, match }): Plain => [event.count, bus, address, length, match ?? null]),
      interrupts: this.#irqEvents.map(({ event, gsi, resample }): Plain => [event.count, gsi, resample?.count ?? null]),
      routes: this.#routes ? [...this.#routes].map(([gsi, routes]): Plain => [gsi, ...routes.map((route) => (route.kind === 'input' ? route.pin : route.message.slice()))]) : null,
      zones: this.#zones.map(({ address, size }): Plain => [address, size]), ring: [this.#first, this.#last],
    };
  }
  /** The VM is gone. */
  dispose(): void {
    for (const { end } of this.#irqEvents.splice(0)) end();
    this.#ioEvents.length = 0;
  }

  // Routing

  set routes(routes: ReadonlyMap<number, readonly Route[]>) {
    this.#routes = routes;
  }
  #routesOf(gsi: number): readonly Route[] {
    return this.#routes ? this.#routes.get(gsi) ?? [] : [{ kind: 'input', pin: gsi }];
  }
  /** An interrupt that nobody can take is lost, as it is in the kernel: whoever signals an event does not wait for an answer. */
  #set(gsi: number, level: boolean): void {
    for (const route of this.#routesOf(gsi)) {
      try {
        if (route.kind === 'input') this.#sinks.gsi(route.pin, level);
        else if (level) this.#sinks.message(route.message);
      } catch (error) {
        if (!(error instanceof KvmError)) throw error;
      }
    }
  }

  // Coalesced MMIO

  /** Throws `KvmError` ENOSPC. */
  addZone(zone: Zone): void {
    if (this.#zones.length >= BUS_DEVICES) refuse('ENOSPC', `${this.#zones.length} zones`, 'a VM has no more', 'unregister some');
    this.#zones.push(zone);
  }
  /** All that the range reaches into. */
  removeZones({ address, size }: Zone): void {
    for (const one of this.#zones.filter((other) => address >= other.address && address + size <= other.address + other.size)) this.#zones.splice(this.#zones.indexOf(one), 1);
  }
  /** The second page of a vCPU's mapping. All vCPUs have the same page; here each has a copy, kept equal. */
  mapRing(page: Uint8Array): void {
    this.#pages.push(page);
    for (const other of this.#pages.slice(0, 1)) page.set(other);
  }

  #gather(address: bigint, length: number, data: Uint8Array): boolean {
    if (!this.#zones.some((zone) => address >= zone.address && address + BigInt(length) <= zone.address + zone.size)) return false;
    const view = (page: Uint8Array): DataView => new DataView(page.buffer, page.byteOffset, page.length);
    const little = this.#sinks.order === 'little';
    // The program takes entries from the mapping it likes; where `first` differs from what was written, it did.
    for (const page of this.#pages) {
      const first = view(page).getUint32(0, little) % RING_ENTRIES;
      if (first !== this.#first) {
        this.#first = first;
        break;
      }
    }
    if ((this.#last + 1) % RING_ENTRIES === this.#first) return false;
    const codec = structCodec('arm64', 'kvm_coalesced_mmio', this.#sinks.order);
    const entry = codec.encode({ phys_addr: address, len: length, data });
    const at = ring.header + this.#last * ring.entry;
    this.#last = (this.#last + 1) % RING_ENTRIES;
    for (const page of this.#pages) {
      page.set(entry, at);
      view(page).setUint32(0, this.#first, little);
      view(page).setUint32(4, this.#last, little);
    }
    return true;
  }
}

const IOEVENTFD = CONSTANTS.KVM_IOEVENTFD;
/** include/uapi/linux/kvm.h: all bits below `kvm_ioeventfd_flag_nr_max`. */
export const IOEVENTFD_FLAGS = Object.values(IOEVENTFD).reduce((all, bit) => all | bit, 0);
