import { MachineError, stateOf, truncate, type Device, type DmaPort, type Initiator, type Plain, type Width } from '@worldswitch/machine';

/** Register offsets of the memory-mapped interface (QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device"). */
export const FW_CFG_DATA = 0x00, FW_CFG_SELECTOR = 0x08, FW_CFG_DMA = 0x10;

/** Selector keys. Files are numbered from `FILE_FIRST` in the order of the directory. */
export const FW_CFG_KEY = {
  SIGNATURE: 0x00, ID: 0x01, UUID: 0x02, RAM_SIZE: 0x03, NOGRAPHIC: 0x04, NB_CPUS: 0x05, KERNEL_ADDR: 0x07, KERNEL_SIZE: 0x08, INITRD_ADDR: 0x0a, INITRD_SIZE: 0x0b,
  BOOT_MENU: 0x0e, MAX_CPUS: 0x0f, KERNEL_DATA: 0x11, INITRD_DATA: 0x12, CMDLINE_SIZE: 0x14, CMDLINE_DATA: 0x15, SETUP_SIZE: 0x17, SETUP_DATA: 0x18, FILE_DIR: 0x19,
  FILE_FIRST: 0x20,
} as const;

const DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16;
/** Bit 14 of a key asks for the (abolished) write channel and selects nothing else. */
const KEY_MASK = ~0x4000;
/** "QEMU CFG", big-endian. */
const DMA_SIGNATURE = 0x51454d55_20434647n;

export interface FwCfgFile {
  readonly name: string;
  readonly data: Uint8Array;
}

export interface FwCfgConfig {
  readonly dma: DmaPort;
  /** Items by key, besides signature, id and the directory, which the device makes. */
  readonly items?: ReadonlyMap<number, Uint8Array>;
  /** Named items, in the order of the directory (QEMU sorts by name). */
  readonly files?: readonly FwCfgFile[];
}

/** A number as an item: little-endian, `bytes` long. */
export function fwCfgNumber(value: number, bytes: 2 | 4 | 8): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}

/** QEMU's firmware configuration device with the DMA interface. Items are read-only; the port remembers a key and an offset. */
export class FwCfg implements Device {
  readonly #dma: DmaPort;
  readonly #items: Map<number, Uint8Array>;
  #key = 0;
  #offset = 0;
  #dmaHigh = 0;

  constructor(config: FwCfgConfig) {
    this.#dma = config.dma;
    const files = config.files ?? [];
    this.#items = new Map([...(config.items ?? []), [FW_CFG_KEY.SIGNATURE, Uint8Array.of(0x51, 0x45, 0x4d, 0x55)], [FW_CFG_KEY.ID, fwCfgNumber(3, 4)], [FW_CFG_KEY.FILE_DIR, directory(files)]]);
    files.forEach((file, index) => this.#items.set(FW_CFG_KEY.FILE_FIRST + index, file.data));
  }

  #select(key: number): void {
    this.#key = key & KEY_MASK;
    this.#offset = 0;
  }

  read(offset: number, width: Width, from: Initiator): bigint {
    if (offset >= FW_CFG_DATA && offset + width <= FW_CFG_SELECTOR) return this.#take(width, from === 'debugger');
    const at = offset - FW_CFG_DMA;
    if (at < 0 || at + width > 8) return 0n;
    return reverse(truncate(DMA_SIGNATURE >> BigInt(8 * (8 - at - width)), width), width);
  }

  #take(width: Width, peek: boolean): bigint {
    const item = this.#items.get(this.#key);
    let value = 0n;
    for (let i = 0; i < width; i++) value |= BigInt(item?.[this.#offset + i] ?? 0) << BigInt(8 * i);
    if (!peek && item) this.#offset = Math.min(this.#offset + width, item.length);
    return value;
  }

  write(offset: number, width: Width, value: bigint, _from: Initiator): void {
    const big = reverse(value, width);
    if (offset === FW_CFG_SELECTOR && width === 2) this.#select(Number(big));
    else if (offset === FW_CFG_DMA && width === 4) this.#dmaHigh = Number(big);
    else if (offset === FW_CFG_DMA + 4 && width === 4) this.#transfer((BigInt(this.#dmaHigh) << 32n) | big);
    else if (offset === FW_CFG_DMA && width === 8) this.#transfer(big);
  }

  /** The descriptor is 16 bytes, big-endian: control, length, address. Its control word is written back: 0, or the error bit. */
  #transfer(descriptor: bigint): void {
    this.#dmaHigh = 0;
    const bytes = this.#dma.read(descriptor, 16);
    const control = bytes ? this.#run(new DataView(bytes.buffer, bytes.byteOffset)) : DMA_ERROR;
    this.#dma.write(descriptor, Uint8Array.of(0, 0, 0, control));
  }

  #run(view: DataView): number {
    const control = view.getUint32(0);
    if (control & DMA_SELECT) this.#select(control >>> 16);
    const length = view.getUint32(4);
    const address = view.getBigUint64(8);
    if (control & DMA_READ) return this.#copyOut(address, length);
    const item = this.#items.get(this.#key);
    if (control & (DMA_WRITE | DMA_SKIP) && item) this.#offset = Math.min(this.#offset + length, item.length);
    // Every item is read-only; a refused write moves the offset all the same.
    return control & DMA_WRITE && length > 0 ? DMA_ERROR : 0;
  }

  /** In pieces: a guest may ask for 4 GiB of zeros, which must not become one array. */
  #copyOut(address: bigint, length: number): number {
    const item = this.#items.get(this.#key) ?? new Uint8Array(0);
    for (let done = 0; done < length;) {
      const size = Math.min(length - done, 0x10000);
      const piece = new Uint8Array(size);
      piece.set(item.subarray(this.#offset, this.#offset + size));
      if (!this.#dma.write(BigInt.asUintN(64, address + BigInt(done)), piece)) return DMA_ERROR;
      this.#offset = Math.min(this.#offset + size, item.length);
      done += size;
    }
    return 0;
  }

  reset(): void {
    this.#select(0);
    this.#dmaHigh = 0;
  }

  save(): Plain {
    return { key: this.#key, offset: this.#offset, dmaHigh: this.#dmaHigh };
  }

  restore(state: Plain): void {
    const s = stateOf<{ key: number; offset: number; dmaHigh: number }>(state, 'fw_cfg', ['key', 'offset', 'dmaHigh']);
    this.#key = s.key;
    this.#offset = s.offset;
    this.#dmaHigh = s.dmaHigh;
  }
}

function reverse(value: bigint, width: Width): bigint {
  let result = 0n;
  for (let i = 0; i < width; i++) result = (result << 8n) | ((value >> BigInt(8 * i)) & 0xffn);
  return result;
}

/** Big-endian count, then per file: size, key, reserved, name of 56 bytes with its terminator. */
function directory(files: readonly FwCfgFile[]): Uint8Array {
  const bytes = new Uint8Array(4 + 64 * files.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, files.length);
  files.forEach((file, index) => {
    const at = 4 + 64 * index;
    const name = new TextEncoder().encode(file.name);
    if (name.length > 55) throw new MachineError('bad-range', `fw_cfg: the file name '${file.name}' has ${name.length} bytes; the directory holds 55.`);
    view.setUint32(at, file.data.length);
    view.setUint16(at + 4, FW_CFG_KEY.FILE_FIRST + index);
    bytes.set(name, at + 8);
  });
  return bytes;
}
