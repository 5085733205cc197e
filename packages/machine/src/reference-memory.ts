import { hex } from '@worldswitch/bits';
import { truncate, type Device, type DirectStorage, type Initiator, type RomDevice, type Width } from './device.ts';
import { MachineError } from './error.ts';
import { regionEnd, type PhysicalMemory, type Region, type RegionKind } from './memory.ts';
import { stateOf, type Plain } from './plain.ts';

interface Mapped extends Region {
  readonly bytes: Uint8Array | undefined;
  readonly view: DataView | undefined;
  readonly device: Device | undefined;
  direct: boolean;
}

const PAGE = 4096;
/** What one array may hold on every engine we run on. */
const LARGEST = 2 ** 32 - PAGE;

/** Physical memory in plain arrays: for device tests, for tools, and as the meaning that the engine's memory must have. */
export class ReferenceMemory implements PhysicalMemory {
  readonly #regions: Mapped[] = [];
  #last: Mapped | undefined;

  get regions(): readonly Region[] {
    return this.#regions;
  }

  ram(base: bigint, size: number, name = 'ram'): Region {
    return this.#add('ram', base, size, name, true);
  }

  rom(base: bigint, size: number, name = 'rom'): Region {
    return this.#add('rom', base, size, name, true);
  }

  device(base: bigint, size: number, device: Device, name = 'device'): Region {
    return this.#add('device', base, size, name, false, device);
  }

  romDevice(base: bigint, size: number, device: RomDevice, name = 'rom-device'): Region {
    const region = this.#add('rom-device', base, size, name, true, device);
    device.attach(storageOf(region));
    return region;
  }

  #add(kind: RegionKind, base: bigint, size: number, name: string, backed: boolean, device?: Device): Mapped {
    checkRange(this.#regions, name, base, size);
    if (backed && size > LARGEST) {
      throw new MachineError('bad-range', `${name}: ${hex(BigInt(size))} bytes of memory asked for, at most ${hex(BigInt(LARGEST))} are possible in one region.`);
    }
    const bytes = backed ? new Uint8Array(size) : undefined;
    const region: Mapped = { kind, name, base, size, bytes, view: bytes && new DataView(bytes.buffer), device, direct: true };
    const at = this.#regions.findIndex((other) => other.base > base);
    this.#regions.splice(at < 0 ? this.#regions.length : at, 0, region);
    return region;
  }

  #find(address: bigint): Mapped | undefined {
    const last = this.#last;
    if (last && address >= last.base && address < regionEnd(last)) return last;
    const found = this.#regions.find((region) => address >= region.base && address < regionEnd(region));
    if (found) this.#last = found;
    return found;
  }

  read(address: bigint, width: Width, from: Initiator): bigint | undefined {
    const region = this.#find(address);
    if (!region) return undefined;
    const offset = Number(address - region.base);
    if (offset + width > region.size) return undefined;
    if (region.device && !(region.bytes && region.direct)) return region.device.read(offset, width, from);
    return readLane(region.view as DataView, offset, width);
  }

  write(address: bigint, width: Width, value: bigint, from: Initiator): boolean {
    const region = this.#find(address);
    if (!region) return false;
    const offset = Number(address - region.base);
    if (offset + width > region.size) return false;
    if (region.device) region.device.write(offset, width, truncate(value, width), from);
    else if (region.kind === 'ram') writeLane(region.view as DataView, offset, width, value);
    return true;
  }

  readBytes(address: bigint, length: number): Uint8Array | undefined {
    const result = new Uint8Array(length);
    const whole = this.#pieces(address, length, (region) => region.bytes !== undefined, (bytes, from) => result.set(bytes, from));
    return whole ? result : undefined;
  }

  writeBytes(address: bigint, bytes: Uint8Array): boolean {
    return this.#store(address, bytes, (region) => region.kind === 'ram');
  }

  loadBytes(address: bigint, bytes: Uint8Array): boolean {
    return this.#store(address, bytes, (region) => region.bytes !== undefined);
  }

  #store(address: bigint, source: Uint8Array, may: (region: Mapped) => boolean): boolean {
    return this.#pieces(address, source.length, may) && this.#pieces(address, source.length, may, (bytes, from) => bytes.set(source.subarray(from, from + bytes.length)));
  }

  /** Walks the regions under a range; `visit` gets the part of the backing array and where it lies in the range. */
  #pieces(address: bigint, length: number, may: (region: Mapped) => boolean, visit?: (bytes: Uint8Array, from: number) => void): boolean {
    for (let done = 0; done < length;) {
      const region = this.#find(address + BigInt(done));
      if (!region?.bytes || !may(region)) return false;
      const offset = Number(address + BigInt(done) - region.base);
      const size = Math.min(length - done, region.size - offset);
      visit?.(region.bytes.subarray(offset, offset + size), done);
      done += size;
    }
    return true;
  }

  save(): Plain {
    return this.#regions.filter((region) => region.bytes).map((region) => ({ name: region.name, base: region.base, pages: savePages(region.bytes as Uint8Array) }));
  }

  restore(state: Plain): void {
    const saved = new Map((state as readonly Plain[]).map((entry) => {
      const fields = stateOf<{ base: bigint; pages: readonly (readonly [number, Uint8Array])[] }>(entry, 'memory', ['base', 'pages']);
      return [fields.base, fields.pages] as const;
    }));
    for (const region of this.#regions) {
      if (!region.bytes) continue;
      const pages = saved.get(region.base);
      if (!pages) throw new MachineError('bad-state', `the saved state has no memory at ${hex(region.base)} (${region.name}); restore it on the same board.`);
      region.bytes.fill(0);
      for (const [page, bytes] of pages) region.bytes.set(bytes, page * PAGE);
    }
  }
}

/** Refuses an empty or negative range, one beyond 64 bits, and an overlap. Other address maps use it too, for the same messages. */
export function checkRange(regions: readonly Region[], name: string, base: bigint, size: number): void {
  if (!Number.isSafeInteger(size) || size <= 0 || base < 0n || base + BigInt(Number.isSafeInteger(size) ? size : 0) > 1n << 64n) {
    throw new MachineError('bad-range', `${name}: base ${hex(base)}, size ${size} is not a range of the 64-bit physical address space; the size is a positive whole number of bytes.`);
  }
  const end = base + BigInt(size);
  const other = regions.find((region) => region.base < end && base < regionEnd(region));
  if (other) {
    throw new MachineError('overlap',
      `${name} at ${hex(base)}..${hex(end - 1n)} overlaps ${other.name} at ${hex(other.base)}..${hex(regionEnd(other) - 1n)}; move or shrink one of them.`);
  }
}

function savePages(bytes: Uint8Array): Plain {
  const pages: [number, Uint8Array][] = [];
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  for (let at = 0; at < bytes.length; at += PAGE) {
    const end = Math.min(at + PAGE, bytes.length);
    let word = at >> 2;
    while (word < end >> 2 && words[word] === 0) word++;
    if (word < end >> 2 || bytes.subarray((end >> 2) << 2, end).some((byte) => byte !== 0)) pages.push([at / PAGE, bytes.slice(at, end)]);
  }
  return pages;
}

function readLane(view: DataView, offset: number, width: Width): bigint {
  switch (width) {
    case 1: return BigInt(view.getUint8(offset));
    case 2: return BigInt(view.getUint16(offset, true));
    case 4: return BigInt(view.getUint32(offset, true));
    case 8: return view.getBigUint64(offset, true);
  }
}

function writeLane(view: DataView, offset: number, width: Width, value: bigint): void {
  switch (width) {
    case 1: view.setUint8(offset, Number(value & 0xffn)); return;
    case 2: view.setUint16(offset, Number(value & 0xffffn), true); return;
    case 4: view.setUint32(offset, Number(value & 0xffff_ffffn), true); return;
    case 8: view.setBigUint64(offset, BigInt.asUintN(64, value), true); return;
  }
}

function storageOf(region: Mapped): DirectStorage {
  const bytes = region.bytes as Uint8Array;
  return {
    size: region.size,
    read(offset, width) {
      if (offset + width <= region.size) return readLane(region.view as DataView, offset, width);
      let value = 0n;
      for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[offset + i] ?? 0);
      return value;
    },
    write(offset, width, value) {
      for (let i = 0; i < width && offset + i < region.size; i++) bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    },
    bytes: (offset, length) => bytes.slice(offset, offset + length),
    load(offset, source) {
      if (offset < 0 || offset + source.length > region.size) {
        throw new MachineError('bad-range', `${region.name}: ${source.length} bytes at offset ${hex(BigInt(offset))} do not fit into ${hex(BigInt(region.size))} bytes; use a smaller image.`);
      }
      bytes.set(source, offset);
    },
    fill(offset, length, byte) { bytes.fill(byte, offset, offset + length); },
    setDirect(direct) { region.direct = direct; },
  };
}
