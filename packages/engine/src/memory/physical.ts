import type { ByteOrder } from '@worldswitch/bits';
import type { LinearMemory } from './linear.ts';

export const PAGE_BITS = 12;
export const PAGE_SIZE = 1 << PAGE_BITS;

/** Width of one access, in bytes. */
export type AccessWidth = 1 | 2 | 4 | 8;

/** Who makes an access: a processor by its index, or a debugger, whose reads must have no side effect. */
export type AccessOrigin = number | 'debugger';

/** What answers accesses that are not plain memory. Offsets count from the region's base; values are unsigned. */
export interface MemoryMappedDevice {
  read(offset: number, width: AccessWidth, from: AccessOrigin): bigint;
  write(offset: number, width: AccessWidth, value: bigint, from: AccessOrigin): void;
}

export type RegionKind = 'ram' | 'rom' | 'device' | 'hosted';

export interface Region {
  readonly kind: RegionKind;
  readonly base: number;
  readonly size: number;
  /** Start in linear memory; -1 where nothing backs the region. */
  readonly host: number;
  /** Answers writes to a ROM, and everything of a device. */
  readonly device: MemoryMappedDevice | undefined;
}

/** A mistake of whoever composes a machine: names the value, the rule and the way out. */
export class MemoryMapError extends Error {
  override readonly name = 'MemoryMapError';
}

/** Told when bytes that code may have been read from change, or the map itself. */
export interface MemoryListener {
  /** Bytes were written by anything but generated code. */
  written(physical: number, size: number): void;
  /** The map changed: every cached translation is stale. */
  remapped(): void;
}

/** Contents of the regions with memory behind them, as plain data: their pages that are not all zero, by offset. The map is not part of it. */
export type MemoryState = readonly { readonly base: number; readonly size: number; readonly pages: readonly (readonly [number, Uint8Array])[] }[];

/** Sizes that are written at once. */
const WIDTHS: ReadonlySet<number> = new Set([1, 2, 4, 8, 16]);
const ZEROS = new Uint8Array(PAGE_SIZE);
const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * Physical memory: RAM, ROM, devices and hosted entries at page-aligned places. Addresses are JavaScript numbers
 * (exact below 2^53; architectures have at most 52 bits).
 */
export class PhysicalMemory {
  readonly linear: LinearMemory;
  readonly #regions: Region[] = [];
  #last: Region | undefined;
  #listener: MemoryListener | undefined;

  constructor(linear: LinearMemory) {
    this.linear = linear;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }
  listen(listener: MemoryListener): void {
    this.#listener = listener;
  }

  /** Zeroed RAM. Base and size in bytes, multiples of 4 KiB. */
  addRam(base: number, size: number): Region {
    return this.#add({ kind: 'ram', base, size, host: this.#back(base, size), device: undefined });
  }
  /**
   * Memory that the guest reads and executes but does not write; writes go to the device, or abort where there is none.
   * `setDirect(false)` sends reads to the device too (a flash chip in command mode).
   */
  addRom(base: number, size: number, device?: MemoryMappedDevice): Region & { setDirect(direct: boolean): void } {
    const host = this.#back(base, size);
    const region = { kind: 'rom' as RegionKind, base, size, host, device, setDirect: (direct: boolean): void => {
      const kind = direct ? 'rom' : 'device';
      if (region.kind === kind) return;
      if (!direct && device === undefined) throw new MemoryMapError(`the ROM at ${hex(base)} has no device to answer reads; give it one`);
      region.kind = kind;
      this.#listener?.remapped();
    } };
    this.#add(region);
    return region;
  }
  addDevice(base: number, size: number, device: MemoryMappedDevice): Region {
    return this.#add({ kind: 'device', base, size, host: -1, device });
  }
  /** Addresses whose fetch ends a run: code that lives outside the machine. */
  addHosted(base: number, size: number): Region {
    return this.#add({ kind: 'hosted', base, size, host: -1, device: undefined });
  }

  find(physical: number): Region | undefined {
    const last = this.#last;
    if (last !== undefined && physical >= last.base && physical - last.base < last.size) return last;
    const found = this.#regions.find((region) => physical >= region.base && physical - region.base < region.size);
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** Reads `size` bytes as an unsigned number, or undefined where nothing answers. */
  read(physical: number, size: number, order: ByteOrder, from: AccessOrigin): bigint | undefined {
    const region = this.find(physical);
    if (region === undefined || region.kind === 'hosted') return undefined;
    if (region.kind === 'device') return this.#deviceRead(region, physical, size, order, from);
    if (physical - region.base + size > region.size) return this.#bytewiseRead(physical, size, order, from);
    const at = region.host + (physical - region.base);
    const { view } = this.linear;
    const little = order === 'little';
    switch (size) {
      case 1: return BigInt(view.getUint8(at));
      case 2: return BigInt(view.getUint16(at, little));
      case 4: return BigInt(view.getUint32(at, little));
      case 8: return view.getBigUint64(at, little);
      case 16: return little
        ? view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n)
        : (view.getBigUint64(at, false) << 64n) | view.getBigUint64(at + 8, false);
      default: return this.#bytewiseRead(physical, size, order, from);
    }
  }

  /** Writes `size` bytes; false where nothing answers. */
  write(physical: number, size: number, value: bigint, order: ByteOrder, from: AccessOrigin): boolean {
    const region = this.find(physical);
    if (region === undefined || region.kind === 'hosted') return false;
    if (region.kind !== 'ram') {
      if (region.device === undefined) return false;
      this.#deviceWrite(region.device, physical - region.base, size, value, order, from);
      return true;
    }
    if (physical - region.base + size > region.size || !WIDTHS.has(size)) return this.#bytewiseWrite(physical, size, value, order, from);
    this.#poke(region.host + (physical - region.base), size, value, order);
    this.#listener?.written(physical, size);
    return true;
  }

  /** Copies bytes into RAM or ROM, as a loader or a debugger does. Throws where part of them has no memory behind it. */
  load(physical: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const region = this.find(physical + done);
      if (region === undefined || region.host < 0) {
        throw new MemoryMapError(`${bytes.length} bytes at ${hex(physical)}: no memory at ${hex(physical + done)}; load within RAM or ROM (${this.#describe()})`);
      }
      const offset = physical + done - region.base;
      const part = Math.min(bytes.length - done, region.size - offset);
      this.linear.u8.set(bytes.subarray(done, done + part), region.host + offset);
      this.#listener?.written(physical + done, part);
      done += part;
    }
  }

  /** Copies bytes out of RAM or ROM; undefined where part of them has no memory behind it. */
  copy(physical: number, size: number): Uint8Array | undefined {
    const out = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const region = this.find(physical + done);
      if (region === undefined || region.host < 0) return undefined;
      const offset = physical + done - region.base;
      const part = Math.min(size - done, region.size - offset);
      out.set(this.linear.u8.subarray(region.host + offset, region.host + offset + part), done);
      done += part;
    }
    return out;
  }

  /** A copy of the contents of RAM and ROM. */
  save(): MemoryState {
    return this.#backed().map(({ base, size, host }) => ({ base, size, pages: this.#pages(host, size) }));
  }
  /** Takes contents that a memory with the same map saved. Throws where the maps differ, before anything changes. */
  restore(saved: MemoryState): void {
    const backed = this.#backed();
    const odd = backed.find(({ base, size }, index) => saved[index]?.base !== base || saved[index].size !== size) ?? saved[backed.length];
    if (odd !== undefined) throw new MemoryMapError(`the saved memory differs at ${hex(odd.base)} from this map (${this.#describe()}); restore it on the map that saved it`);
    backed.forEach((region, index) => { this.#restorePages(region, saved[index].pages); });
  }

  #backed(): readonly Region[] {
    return this.#regions.filter((region) => region.host >= 0);
  }
  #pages(host: number, size: number): readonly (readonly [number, Uint8Array])[] {
    const { u8 } = this.linear;
    const pages: (readonly [number, Uint8Array])[] = [];
    for (let offset = 0; offset < size; offset += PAGE_SIZE) {
      const at = host + offset;
      if (!this.#isZero(at)) pages.push([offset, u8.slice(at, at + PAGE_SIZE)]);
    }
    return pages;
  }
  #isZero(at: number): boolean {
    const { u32 } = this.linear;
    const end = (at + PAGE_SIZE) >>> 2;
    let word = at >>> 2;
    while (word < end && u32[word] === 0) word++;
    return word === end;
  }
  // Pages that hold the saved bytes already are left alone, and with them the code predecoded from them.
  #restorePages({ base, size, host }: Region, pages: readonly (readonly [number, Uint8Array])[]): void {
    const { u8 } = this.linear;
    const byOffset = new Map(pages);
    for (let offset = 0; offset < size; offset += PAGE_SIZE) {
      const at = host + offset;
      const bytes = byOffset.get(offset);
      if (bytes === undefined ? this.#isZero(at) : bytes.every((byte, index) => u8[at + index] === byte)) continue;
      u8.set(bytes ?? ZEROS, at);
      this.#listener?.written(base + offset, PAGE_SIZE);
    }
  }
  #back(base: number, size: number): number {
    this.#check(base, size);
    return this.linear.allocate(size, PAGE_SIZE);
  }
  #add<R extends Region>(region: R): R {
    this.#check(region.base, region.size);
    this.#regions.push(region);
    this.#regions.sort((a, b) => a.base - b.base);
    this.#listener?.remapped();
    return region;
  }
  #check(base: number, size: number): void {
    if (!Number.isSafeInteger(base) || !Number.isSafeInteger(size) || base < 0 || size <= 0 || base % PAGE_SIZE !== 0 || size % PAGE_SIZE !== 0) {
      throw new MemoryMapError(`a region at ${hex(base)} of ${hex(size)} bytes: base and size must be multiples of 4 KiB below 2^53`);
    }
    const other = this.#regions.find((region) => base < region.base + region.size && region.base < base + size);
    if (other !== undefined) {
      throw new MemoryMapError(`a region at ${hex(base)}..${hex(base + size - 1)} overlaps the ${other.kind} at ${hex(other.base)}..${hex(other.base + other.size - 1)}; move one of them`);
    }
  }
  #describe(): string {
    const memory = this.#regions.filter((region) => region.host >= 0).map((region) => `${region.kind} ${hex(region.base)}..${hex(region.base + region.size - 1)}`);
    return memory.length === 0 ? 'there is none yet' : memory.join(', ');
  }

  #poke(at: number, size: number, value: bigint, order: ByteOrder): void {
    const { view } = this.linear;
    const little = order === 'little';
    switch (size) {
      case 1: view.setUint8(at, Number(value & 0xffn)); break;
      case 2: view.setUint16(at, Number(value & 0xffffn), little); break;
      case 4: view.setUint32(at, Number(value & 0xffff_ffffn), little); break;
      case 8: view.setBigUint64(at, value, little); break;
      default:
        view.setBigUint64(little ? at : at + 8, value & 0xffff_ffff_ffff_ffffn, little);
        view.setBigUint64(little ? at + 8 : at, value >> 64n, little);
    }
  }

  // Devices answer naturally aligned accesses of at most 8 bytes; anything else is split into bytes.
  #deviceRead(region: Region, physical: number, size: number, order: ByteOrder, from: AccessOrigin): bigint | undefined {
    const offset = physical - region.base;
    if (size > 8 || physical % size !== 0 || region.device === undefined) return this.#splitRead(physical, size, order, from);
    const value = BigInt.asUintN(size * 8, region.device.read(offset, size as AccessWidth, from));
    return order === 'little' ? value : swap(value, size);
  }
  #deviceWrite(device: MemoryMappedDevice, offset: number, size: number, value: bigint, order: ByteOrder, from: AccessOrigin): void {
    const unit = size > 8 ? 8 : offset % size === 0 ? size : 1;
    for (let done = 0; done < size; done += unit) {
      const at = BigInt((order === 'little' ? done : size - unit - done) * 8);
      const part = BigInt.asUintN(unit * 8, value >> at);
      device.write(offset + done, unit as AccessWidth, order === 'little' ? part : swap(part, unit), from);
    }
  }
  #splitRead(physical: number, size: number, order: ByteOrder, from: AccessOrigin): bigint | undefined {
    return size > 8 && physical % 8 === 0 ? this.#partsRead(physical, size, 8, order, from) : this.#bytewiseRead(physical, size, order, from);
  }
  #bytewiseRead(physical: number, size: number, order: ByteOrder, from: AccessOrigin): bigint | undefined {
    return this.#partsRead(physical, size, 1, order, from);
  }
  #partsRead(physical: number, size: number, unit: number, order: ByteOrder, from: AccessOrigin): bigint | undefined {
    let value = 0n;
    for (let done = 0; done < size; done += unit) {
      const part = this.read(physical + done, unit, order, from);
      if (part === undefined) return undefined;
      value |= part << BigInt((order === 'little' ? done : size - unit - done) * 8);
    }
    return value;
  }
  #bytewiseWrite(physical: number, size: number, value: bigint, order: ByteOrder, from: AccessOrigin): boolean {
    for (let done = 0; done < size; done++) {
      const at = BigInt((order === 'little' ? done : size - 1 - done) * 8);
      if (!this.write(physical + done, 1, (value >> at) & 0xffn, order, from)) return false;
    }
    return true;
  }
}

/** Devices are little-endian; a big-endian processor sees their registers byte-swapped. */
function swap(value: bigint, size: number): bigint {
  let out = 0n;
  for (let done = 0; done < size; done++) out |= ((value >> BigInt(8 * done)) & 0xffn) << BigInt(8 * (size - 1 - done));
  return out;
}
