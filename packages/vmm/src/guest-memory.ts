/**
 * The guest physical address space of a VM as a board composes it: RAM and flash become memory slots over the host's memory, devices
 * become what the VMM answers. So the same board description serves a machine and a guest.
 */
import { hex } from '@worldswitch/bits';
import type { Vm } from '@worldswitch/hypervisor';
import { MachineError, checkRange, stateOf, truncate } from '@worldswitch/machine';
import type { Device, DirectStorage, Initiator, PhysicalMemory, Plain, Region, RegionKind, RomDevice, Width } from '@worldswitch/machine';

/** Host RAM that guests' memory comes from. */
export interface HostRam {
  /** First physical address and size; both multiples of 2 MiB let the hypervisor map large blocks. */
  readonly base: bigint;
  readonly size: bigint;
  readonly memory: Pick<PhysicalMemory, 'read' | 'write' | 'readBytes' | 'loadBytes'>;
}

interface Backing {
  readonly region: Region;
  readonly slot: number;
  readonly host: bigint;
  /** Reads hit the memory. */
  direct: boolean;
}

const PAGE = 4096n;
const BLOCK = 2n << 20n;
const roundUp = (value: bigint, to: bigint): bigint => ((value + to - 1n) / to) * to;

export class GuestMemory implements PhysicalMemory {
  readonly #vm: Pick<Vm<unknown>, 'setMemoryRegion'>;
  readonly #ram: HostRam;
  readonly #regions: Region[] = [];
  readonly #devices: { readonly region: Region; readonly device: Device }[] = [];
  readonly #backings: Backing[] = [];
  #next: bigint;

  constructor(vm: Pick<Vm<unknown>, 'setMemoryRegion'>, ram: HostRam) {
    this.#vm = vm;
    this.#ram = ram;
    this.#next = ram.base;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  ram(base: bigint, size: number, name = 'ram'): Region {
    const region = this.#note('ram', base, size, name);
    this.#back(region, false);
    return region;
  }

  rom(base: bigint, size: number, name = 'rom'): Region {
    const region = this.#note('rom', base, size, name);
    this.#back(region, true);
    return region;
  }

  device(base: bigint, size: number, device: Device, name = 'device'): Region {
    const region = this.#note('device', base, size, name);
    this.#devices.push({ region, device });
    return region;
  }

  romDevice(base: bigint, size: number, device: RomDevice, name = 'rom-device'): Region {
    const region = this.#note('rom-device', base, size, name);
    this.#devices.push({ region, device });
    const backing = this.#back(region, true);
    device.attach(this.#storage(backing));
    return region;
  }

  #note(kind: RegionKind, base: bigint, size: number, name: string): Region {
    checkRange(this.#regions, name, base, size);
    const region: Region = { kind, name, base, size };
    this.#regions.push(region);
    this.#regions.sort((a, b) => (a.base < b.base ? -1 : 1));
    return region;
  }

  #back(region: Region, readOnly: boolean): Backing {
    const size = BigInt(region.size);
    // The same offset within a large block on both sides, where there is room for it.
    const host = roundUp(this.#next, size >= BLOCK && region.base % BLOCK === 0n ? BLOCK : PAGE);
    if (region.base % PAGE !== 0n || size % PAGE !== 0n) {
      throw new MachineError('bad-range', `${region.name} at ${hex(region.base)}, ${hex(size)} bytes: a guest's memory is whole pages of ${PAGE} bytes; round base and size.`);
    }
    if (host + size > this.#ram.base + this.#ram.size) {
      throw new MachineError('no-memory', `${region.name} of ${hex(size)} bytes: the host has ${hex(this.#ram.base + this.#ram.size - host)} bytes left for guests; give it more RAM or the guest less.`);
    }
    const slot = this.#backings.length;
    this.#vm.setMemoryRegion({ slot, guestAddress: region.base, size, hostAddress: host, readOnly });
    this.#next = host + size;
    const backing: Backing = { region, slot, host, direct: true };
    this.#backings.push(backing);
    return backing;
  }

  #storage(backing: Backing): DirectStorage {
    const { memory } = this.#ram;
    const { region, host, slot } = backing;
    const inside = (offset: number, length: number): boolean => offset >= 0 && offset + length <= region.size;
    return {
      size: region.size,
      read: (offset, width) => (inside(offset, width) ? memory.read(host + BigInt(offset), width, 'debugger') ?? 0n : 0n),
      write: (offset, width, value) => { if (inside(offset, width)) memory.loadBytes(host + BigInt(offset), lanes(value, width)); },
      bytes: (offset, length) => memory.readBytes(host + BigInt(offset), length) ?? new Uint8Array(length),
      load: (offset, bytes) => { memory.loadBytes(host + BigInt(offset), bytes); },
      fill: (offset, length, byte) => { memory.loadBytes(host + BigInt(offset), new Uint8Array(length).fill(byte)); },
      setDirect: (direct) => {
        if (direct === backing.direct) return;
        backing.direct = direct;
        this.#vm.setMemoryRegion({ slot, guestAddress: region.base, size: direct ? BigInt(region.size) : 0n, hostAddress: host, readOnly: true });
      },
    };
  }

  #backingAt(address: bigint): Backing | undefined {
    return this.#backings.find(({ region }) => address >= region.base && address < region.base + BigInt(region.size));
  }
  #deviceAt(address: bigint, width: number): { readonly region: Region; readonly device: Device } | undefined {
    return this.#devices.find(({ region }) => address >= region.base && address + BigInt(width) <= region.base + BigInt(region.size));
  }

  read(address: bigint, width: Width, from: Initiator): bigint | undefined {
    const backing = this.#backingAt(address);
    if (backing?.direct === true) return this.#ram.memory.read(backing.host + (address - backing.region.base), width, from);
    const found = this.#deviceAt(address, width);
    return found?.device.read(Number(address - found.region.base), width, from);
  }

  write(address: bigint, width: Width, value: bigint, from: Initiator): boolean {
    const backing = this.#backingAt(address);
    if (backing?.region.kind === 'ram') return this.#ram.memory.write(backing.host + (address - backing.region.base), width, value, from);
    if (backing?.region.kind === 'rom') return true;
    const found = this.#deviceAt(address, width);
    found?.device.write(Number(address - found.region.base), width, truncate(value, width), from);
    return found !== undefined;
  }

  readBytes(address: bigint, length: number): Uint8Array | undefined {
    const at = this.#span(address, length);
    return at === undefined ? undefined : this.#ram.memory.readBytes(at.host, length);
  }
  writeBytes(address: bigint, bytes: Uint8Array): boolean {
    const at = this.#span(address, bytes.length);
    return at?.kind === 'ram' && this.#ram.memory.loadBytes(at.host, bytes);
  }
  loadBytes(address: bigint, bytes: Uint8Array): boolean {
    const at = this.#span(address, bytes.length);
    return at !== undefined && this.#ram.memory.loadBytes(at.host, bytes);
  }
  #span(address: bigint, length: number): { readonly host: bigint; readonly kind: RegionKind } | undefined {
    const backing = this.#backingAt(address);
    if (!backing || address + BigInt(length) > backing.region.base + BigInt(backing.region.size)) return undefined;
    return { host: backing.host + (address - backing.region.base), kind: backing.region.kind };
  }

  /** Contents are the host's memory's to save; here is what a device may have changed: which slots are in force. */
  save(): Plain {
    return { direct: this.#backings.map(({ direct }) => direct) };
  }
  restore(state: Plain): void {
    const { direct } = stateOf<{ direct: readonly boolean[] }>(state, 'guest memory', ['direct']);
    for (const [index, backing] of this.#backings.entries()) {
      const wanted = direct[index] ?? true;
      if (backing.direct === wanted) continue;
      backing.direct = wanted;
      this.#vm.setMemoryRegion({
        slot: backing.slot, guestAddress: backing.region.base, size: wanted ? BigInt(backing.region.size) : 0n, hostAddress: backing.host, readOnly: true,
      });
    }
  }
}

function lanes(value: bigint, width: Width): Uint8Array {
  return Uint8Array.from({ length: width }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
}
