import { MachineError, stateOf, truncate, type DirectStorage, type Initiator, type Plain, type RomDevice, type Width } from '@worldswitch/machine';

/** Commands of the Intel command set (Intel AP-646, "Common Flash Interface and Command Sets"; 28FxxxJ3 data sheet, table 6). */
export const READ_ARRAY = 0xff, READ_IDENTIFIER = 0x90, READ_QUERY = 0x98, READ_STATUS = 0x70, CLEAR_STATUS = 0x50, WRITE_TO_BUFFER = 0xe8, PROGRAM = 0x40,
  PROGRAM_ALTERNATE = 0x10, BLOCK_ERASE = 0x20, LOCK_SETUP = 0x60, CONFIRM = 0xd0, LOCK = 0x01;
/** The reset command of the AMD command set, which probing software sends first; QEMU takes it for read-array, and so do we. */
const AMD_RESET = 0xf0;

const STATUS_READY = 0x80, STATUS_PROGRAM_ERROR = 0x10;
/** Write buffer of the bank: 2 KiB for each of two chips. */
const PAGE = 0x1000;

/** Geometry and identity of a bank. Defaults are one bank of QEMU's `virt` board: two 16-bit chips of 32 MB side by side. */
export interface CfiFlashConfig {
  readonly manufacturer?: number;
  readonly device?: number;
  /** Bytes of one erase block of the bank (of all chips together), a power of two; default 256 KiB. */
  readonly blockSize?: number;
}

type Cycle = 'command' | 'second' | 'data' | 'confirm';

/**
 * NOR flash with the Common Flash Interface and the Intel command set, a 32-bit bank of two 16-bit chips in parallel.
 *
 * Read-array is direct mode: reads and fetches hit the storage. The first command write switches to command mode, where every read is
 * answered by the state machine and instruction fetch does not work, until read-array comes back. Erase and program are instant.
 * Program stores the datum as it is: bits can go from 0 to 1 without an erase, as on QEMU (a real chip ANDs).
 * The command is the low byte of the written value, whatever its width, since both chips get the same command in practice.
 */
export class CfiFlash implements RomDevice {
  readonly #manufacturer: number;
  readonly #device: number;
  readonly #blockSize: number;
  #storage: DirectStorage | undefined;
  #table: Uint8Array = new Uint8Array(0);
  #cycle: Cycle = 'command';
  /** The command whose answer reads give; 0 in read-array. */
  #command = 0;
  #status = STATUS_READY;
  #counter = 0;
  /** Start of the page in the write buffer, -1 when it is empty, and the page as it will be. */
  #page = -1;
  #data: Uint8Array = new Uint8Array(0);

  constructor(config: CfiFlashConfig = {}) {
    this.#manufacturer = config.manufacturer ?? 0x89;
    this.#device = config.device ?? 0x18;
    this.#blockSize = config.blockSize ?? 0x40000;
  }

  attach(storage: DirectStorage): void {
    const size = storage.size;
    if (Math.log2(size) % 1 !== 0 || size < this.#blockSize) {
      throw new MachineError('bad-range', `CFI flash: a bank of ${size} bytes has no CFI description; the size is a power of two and at least one block (${this.#blockSize} bytes).`);
    }
    this.#storage = storage;
    this.#table = cfiTable(size / 2, this.#blockSize / 2);
  }

  get #memory(): DirectStorage {
    if (!this.#storage) throw new MachineError('no-memory', 'CFI flash is not attached; place it with romDevice(), which gives it its storage.');
    return this.#storage;
  }

  read(offset: number, width: Width, from: Initiator): bigint {
    if (width === 8) return this.read(offset, 4, from) | (this.read(offset + 4, 4, from) << 32n);
    switch (this.#command) {
      case 0: return this.#memory.read(offset, width);
      case READ_IDENTIFIER: return truncate(bothChips([this.#manufacturer, this.#device][(offset >> 2) & 0xff] ?? 0), width);
      case READ_QUERY: return truncate(bothChips(this.#table[offset >> 2] ?? 0), width);
      default: return truncate(bothChips(this.#status), width);
    }
  }

  write(offset: number, width: Width, value: bigint, from: Initiator): void {
    if (width === 8) {
      this.write(offset, 4, value & 0xffff_ffffn, from);
      this.write(offset + 4, 4, value >> 32n, from);
      return;
    }
    const command = Number(value & 0xffn);
    switch (this.#cycle) {
      case 'command': this.#first(offset, command); return;
      case 'second': this.#second(offset, width, value, command); return;
      case 'data':
        this.#buffer(offset, width, value);
        this.#status |= STATUS_READY;
        if (this.#counter === 0) this.#cycle = 'confirm';
        this.#counter = (this.#counter - 1) & 0xffff;
        return;
      case 'confirm':
        // A confirm after a program error, or anything else, abandons the buffer (28FxxxJ3 data sheet, "Write to Buffer").
        if (command !== CONFIRM || this.#status & STATUS_PROGRAM_ERROR) { this.#page = -1; this.#readArray(); return; }
        this.#memory.load(this.#page, this.#data);
        this.#page = -1;
        this.#cycle = 'command';
        this.#status |= STATUS_READY;
        return;
    }
  }

  /** A datum outside the page is a program error. The storage changes at the confirmation, not before. */
  #buffer(offset: number, width: Width, value: bigint): void {
    if (offset < this.#page || offset + width > this.#page + PAGE) {
      this.#status |= STATUS_PROGRAM_ERROR;
      return;
    }
    for (let i = 0; i < width; i++) this.#data[offset - this.#page + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }

  #first(offset: number, command: number): void {
    switch (command) {
      case READ_STATUS:
      case READ_IDENTIFIER:
        this.#enter(command, 'command');
        return;
      case BLOCK_ERASE:
        this.#memory.fill(offset - (offset % this.#blockSize), this.#blockSize, 0xff);
        this.#status |= STATUS_READY;
        this.#enter(command, 'second');
        return;
      case WRITE_TO_BUFFER:
        this.#status |= STATUS_READY;
        this.#enter(command, 'second');
        return;
      case PROGRAM:
      case PROGRAM_ALTERNATE:
      case LOCK_SETUP:
      case READ_QUERY:
        this.#enter(command, 'second');
        return;
      case CLEAR_STATUS:
        this.#status = 0;
        this.#readArray();
        return;
      case READ_ARRAY:
      case AMD_RESET:
      default:
        this.#readArray();
    }
  }

  #second(offset: number, width: Width, value: bigint, command: number): void {
    switch (this.#command) {
      case PROGRAM:
      case PROGRAM_ALTERNATE:
        this.#memory.write(offset, width, value);
        this.#status |= STATUS_READY;
        this.#cycle = 'command';
        return;
      case BLOCK_ERASE:
        if (command !== CONFIRM) { this.#readArray(); return; }
        this.#status |= STATUS_READY;
        this.#cycle = 'command';
        return;
      case LOCK_SETUP:
        if (command !== CONFIRM && command !== LOCK) { this.#readArray(); return; }
        this.#status |= STATUS_READY;
        this.#cycle = 'command';
        return;
      case WRITE_TO_BUFFER:
        // The address of the count chooses the page.
        this.#counter = Number(value & 0xffffn);
        this.#page = offset - (offset % PAGE);
        this.#data = this.#memory.bytes(this.#page, PAGE);
        this.#cycle = 'data';
        return;
      default:
        // In query mode only read-array leaves: probing software writes AMD resets and identifier commands here and expects none of them to act.
        if (command === READ_ARRAY) this.#readArray();
    }
  }

  #enter(command: number, cycle: Cycle): void {
    this.#command = command;
    this.#cycle = cycle;
    this.#memory.setDirect(false);
  }

  #readArray(): void {
    this.#command = 0;
    this.#cycle = 'command';
    this.#memory.setDirect(true);
  }

  /** Back to read-array with a clean status. The contents stay: it is flash. */
  reset(): void {
    this.#status = STATUS_READY;
    this.#counter = 0;
    this.#page = -1;
    this.#readArray();
  }

  save(): Plain {
    return { cycle: this.#cycle, command: this.#command, status: this.#status, counter: this.#counter, page: this.#page, data: this.#page < 0 ? new Uint8Array(0) : this.#data.slice() };
  }

  restore(state: Plain): void {
    const s = stateOf<{ cycle: Cycle; command: number; status: number; counter: number; page: number; data: Uint8Array }>(
      state, 'CFI flash', ['cycle', 'command', 'status', 'counter', 'page', 'data']);
    this.#cycle = s.cycle;
    this.#command = s.command;
    this.#status = s.status;
    this.#counter = s.counter;
    this.#page = s.page;
    this.#data = s.data.slice();
    this.#memory.setDirect(s.command === 0);
  }
}

/** The same 16 bits from each of the two chips. */
function bothChips(value: number): bigint {
  return BigInt(((value & 0xffff) * 0x10001) >>> 0);
}

/**
 * The CFI query table of one chip (JESD68.01, and the Intel primary extended table). Only what drivers use is filled in; timing and
 * voltage are those QEMU states.
 */
function cfiTable(chipSize: number, blockSize: number): Uint8Array {
  const table = new Uint8Array(0x52);
  const blocks = chipSize / blockSize - 1;
  table.set([0x51, 0x52, 0x59, 0x01, 0x00, 0x31, 0x00], 0x10); // "QRY", Intel extended command set, address of the extended table
  table.set([0x45, 0x55, 0x00, 0x00, 0x07, 0x07, 0x0a, 0x00, 0x04, 0x04, 0x04, 0x00], 0x1b); // Vcc 4.5..5.5 V, timeouts
  table.set([Math.log2(chipSize), 0x02, 0x00, 0x0b, 0x00, 0x01], 0x27); // size, x8/x16, 2 KiB write buffer, one erase region
  table.set([blocks & 0xff, blocks >> 8, (blockSize >> 8) & 0xff, blockSize >> 16], 0x2d);
  table.set([0x50, 0x52, 0x49, 0x31, 0x30], 0x31); // "PRI", version 1.0
  table[0x3f] = 0x01;
  return table;
}
