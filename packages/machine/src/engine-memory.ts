import { hex } from '@worldswitch/bits';
import { PAGE_SIZE, type LinearMemory, type MemoryMappedDevice, type PhysicalMemory as EnginePhysicalMemory, type Region as EngineRegion } from '@worldswitch/engine';
import type { Device, DirectStorage, Initiator, RomDevice, Width } from './device.ts';
import { truncate } from './device.ts';
import { MachineError } from './error.ts';
import type { PhysicalMemory, Region, RegionKind } from './memory.ts';
import { stateOf, type Plain } from './plain.ts';
import { checkRange } from './reference-memory.ts';

/** Engine addresses are JavaScript numbers; no architecture here has more physical bits. */
const LIMIT = 1n << 52n;
const PAGE = BigInt(PAGE_SIZE);

/** A region of the engine that has memory behind it, with the map's own name for it. */
interface Backed {
  readonly region: Region;
  readonly engine: EngineRegion;
}

/**
 * The engine's physical memory as the address map of a machine, so that generated code and the board see the same bytes.
 *
 * It means what `ReferenceMemory` means, with two differences that come from translating whole pages: RAM and ROM lie on page
 * boundaries, and the rest of a page that holds a device smaller than a page reads as zero and ignores writes, where
 * the reference answers nothing. An access across two regions is made byte by byte.
 */
export class EngineMemory implements PhysicalMemory {
  readonly physical: EnginePhysicalMemory;
  readonly #regions: Region[] = [];
  readonly #backed: Backed[] = [];
  /** Pages that hold devices smaller than a page, by base address. */
  readonly #shared = new Map<bigint, SharedPage>();
  /** The engine knows processors and debuggers; who else makes an access is told past it. */
  #initiator: Initiator | undefined;

  /** `physical` is `Engine.memory`, with nothing in it yet. */
  constructor(physical: EnginePhysicalMemory) {
    this.physical = physical;
  }

  get regions(): readonly Region[] {
    return this.#regions;
  }

  ram(base: bigint, size: number, name = 'ram'): Region {
    const region = this.#check('ram', base, size, name, true);
    return this.#back(region, this.physical.addRam(Number(base), size));
  }

  rom(base: bigint, size: number, name = 'rom'): Region {
    const region = this.#check('rom', base, size, name, true);
    // A write to ROM is answered and ignored; without a device the engine would abort it.
    return this.#back(region, this.physical.addRom(Number(base), size, { read: () => 0n, write: () => {} }));
  }

  device(base: bigint, size: number, device: Device, name = 'device'): Region {
    const region = this.#check('device', base, size, name, false);
    const door = this.#door(device);
    if (base % PAGE === 0n && size % PAGE_SIZE === 0) this.physical.addDevice(Number(base), size, door);
    else this.#share(region, door);
    return this.#note(region);
  }

  romDevice(base: bigint, size: number, device: RomDevice, name = 'rom-device'): Region {
    const region = this.#check('rom-device', base, size, name, true);
    const engine = this.physical.addRom(Number(base), size, this.#door(device));
    this.#back(region, engine);
    device.attach(storageOf(region, this.physical, engine.host, (direct) => { engine.setDirect(direct); }));
    return region;
  }

  #check(kind: RegionKind, base: bigint, size: number, name: string, backed: boolean): Region {
    checkRange(this.#regions, name, base, size);
    if (base + BigInt(size) > LIMIT) {
      throw new MachineError('bad-range', `${name} at ${hex(base)}, ${hex(BigInt(size))} bytes: physical addresses have 52 bits; place it below ${hex(LIMIT)}.`);
    }
    if (backed && (base % PAGE !== 0n || size % PAGE_SIZE !== 0)) {
      throw new MachineError('bad-range', `${name} at ${hex(base)}, ${hex(BigInt(size))} bytes: memory lies on boundaries of ${PAGE_SIZE} bytes; round base and size.`);
    }
    return { kind, name, base, size };
  }

  #back(region: Region, engine: EngineRegion): Region {
    this.#backed.push({ region, engine });
    return this.#note(region);
  }

  #note(region: Region): Region {
    const at = this.#regions.findIndex((other) => other.base > region.base);
    this.#regions.splice(at < 0 ? this.#regions.length : at, 0, region);
    return region;
  }

  #door(device: Device): MemoryMappedDevice {
    return {
      read: (offset, width, from) => device.read(offset, width, this.#initiator ?? from),
      write: (offset, width, value, from) => { device.write(offset, width, value, this.#initiator ?? from); },
    };
  }

  #share(region: Region, door: MemoryMappedDevice): void {
    const end = region.base + BigInt(region.size);
    for (let base = region.base - (region.base % PAGE); base < end; base += PAGE) {
      let page = this.#shared.get(base);
      if (!page) {
        page = new SharedPage();
        this.physical.addDevice(Number(base), PAGE_SIZE, page);
        this.#shared.set(base, page);
      }
      page.add(Number(region.base - base), region.size, door);
    }
  }

  read(address: bigint, width: Width, from: Initiator): bigint | undefined {
    if (address < 0n || address >= LIMIT) return undefined;
    return this.#as(from, (origin) => this.physical.read(Number(address), width, 'little', origin));
  }

  write(address: bigint, width: Width, value: bigint, from: Initiator): boolean {
    if (address < 0n || address >= LIMIT) return false;
    return this.#as(from, (origin) => this.physical.write(Number(address), width, truncate(value, width), 'little', origin));
  }

  #as<T>(from: Initiator, access: (origin: number | 'debugger') => T): T {
    if (from !== 'dma') return access(from);
    const outer = this.#initiator;
    this.#initiator = from;
    try {
      return access(0);
    } finally {
      this.#initiator = outer;
    }
  }

  readBytes(address: bigint, length: number): Uint8Array | undefined {
    return this.#covered(address, length, () => true) ? this.physical.copy(Number(address), length) : undefined;
  }

  writeBytes(address: bigint, bytes: Uint8Array): boolean {
    return this.#store(address, bytes, (kind) => kind === 'ram');
  }

  loadBytes(address: bigint, bytes: Uint8Array): boolean {
    return this.#store(address, bytes, () => true);
  }

  #store(address: bigint, bytes: Uint8Array, may: (kind: RegionKind) => boolean): boolean {
    if (!this.#covered(address, bytes.length, may)) return false;
    this.physical.load(Number(address), bytes);
    return true;
  }

  /** Whether all of a range is memory of the kinds allowed. */
  #covered(address: bigint, length: number, may: (kind: RegionKind) => boolean): boolean {
    const end = address + BigInt(length);
    for (let at = address; at < end;) {
      const home = this.#backed.find(({ region }) => at >= region.base && at < region.base + BigInt(region.size));
      if (!home || !may(home.region.kind)) return false;
      at = home.region.base + BigInt(home.region.size);
    }
    return true;
  }

  save(): Plain {
    return this.#backed.map(({ region, engine }) => ({ name: region.name, base: region.base, pages: savePages(this.physical.linear, engine) }));
  }

  restore(state: Plain): void {
    const saved = new Map((state as readonly Plain[]).map((entry) => {
      const fields = stateOf<{ base: bigint; pages: readonly (readonly [number, Uint8Array])[] }>(entry, 'memory', ['base', 'pages']);
      return [fields.base, fields.pages] as const;
    }));
    const missing = this.#backed.find(({ region }) => !saved.has(region.base));
    if (missing) throw new MachineError('bad-state', `the saved state has no memory at ${hex(missing.region.base)} (${missing.region.name}); restore it on the same board.`);
    for (const { region, engine } of this.#backed) {
      const pages = new Map(saved.get(region.base));
      // Only pages that differ are written: every write makes the engine look for code that it has predecoded there.
      for (let page = 0; page < region.size / PAGE_SIZE; page++) {
        const bytes = pages.get(page);
        if (bytes) this.physical.load(engine.base + page * PAGE_SIZE, bytes);
        else if (!isZero(this.physical.linear, engine.host + page * PAGE_SIZE)) this.physical.load(engine.base + page * PAGE_SIZE, ZERO_PAGE);
      }
    }
  }
}

const ZERO_PAGE = new Uint8Array(PAGE_SIZE);

function isZero(linear: LinearMemory, at: number): boolean {
  const words = linear.u32;
  for (let word = at / 4; word < (at + PAGE_SIZE) / 4; word++) if (words[word] !== 0) return false;
  return true;
}

function savePages(linear: LinearMemory, { host, size }: EngineRegion): Plain {
  const pages: [number, Uint8Array][] = [];
  for (let page = 0; page < size / PAGE_SIZE; page++) {
    const at = host + page * PAGE_SIZE;
    if (!isZero(linear, at)) pages.push([page, linear.u8.slice(at, at + PAGE_SIZE)]);
  }
  return pages;
}

/** A page of the engine with several devices in it. Offsets count from the page. */
class SharedPage implements MemoryMappedDevice {
  readonly #parts: { readonly start: number; readonly end: number; readonly door: MemoryMappedDevice }[] = [];

  /** `start` is negative where the device begins in an earlier page. */
  add(start: number, size: number, door: MemoryMappedDevice): void {
    this.#parts.push({ start, end: start + size, door });
  }

  read(offset: number, width: Width, from: number | 'debugger'): bigint {
    const part = this.#at(offset, width);
    return part ? part.door.read(offset - part.start, width, from) : 0n;
  }

  write(offset: number, width: Width, value: bigint, from: number | 'debugger'): void {
    const part = this.#at(offset, width);
    part?.door.write(offset - part.start, width, value, from);
  }

  #at(offset: number, width: number): { readonly start: number; readonly door: MemoryMappedDevice } | undefined {
    return this.#parts.find(({ start, end }) => offset >= start && offset + width <= end);
  }
}

function storageOf(region: Region, physical: EnginePhysicalMemory, host: number, setDirect: (direct: boolean) => void): DirectStorage {
  const base = Number(region.base);
  const clip = (offset: number, length: number): number => Math.max(0, Math.min(length, region.size - offset));
  const copy = (offset: number, length: number): Uint8Array => physical.linear.u8.slice(host + offset, host + offset + clip(offset, length));
  return {
    size: region.size,
    read(offset, width) {
      return copy(offset, width).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    },
    write(offset, width, value) {
      const bytes = Uint8Array.from({ length: clip(offset, width) }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
      if (bytes.length > 0) physical.load(base + offset, bytes);
    },
    bytes: copy,
    load(offset, source) {
      if (offset < 0 || offset + source.length > region.size) {
        throw new MachineError('bad-range', `${region.name}: ${source.length} bytes at offset ${hex(BigInt(offset))} do not fit into ${hex(BigInt(region.size))} bytes; use a smaller image.`);
      }
      physical.load(base + offset, source);
    },
    fill(offset, length, byte) { physical.load(base + offset, new Uint8Array(clip(offset, length)).fill(byte)); },
    setDirect,
  };
}
