import { stateOf, type Device, type Initiator, type InterruptLine, type Plain, type Width } from '@worldswitch/machine';
import { identification, Output, readLanes, writeLanes, type WordRegisters } from './word-registers.ts';

/** Register offsets, DDI 0190 (PL061 TRM) table 3-1. GPIODATA is a window of 0x400 bytes whose address bits 9:2 are the mask. */
export const GPIODATA = 0x000, GPIODIR = 0x400, GPIOIS = 0x404, GPIOIBE = 0x408, GPIOIEV = 0x40c, GPIOIE = 0x410, GPIORIS = 0x414, GPIOMIS = 0x418,
  GPIOIC = 0x41c, GPIOAFSEL = 0x420;

const ID = [0x00, 0x00, 0x00, 0x00, 0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

export interface Pl061Config {
  readonly irq: InterruptLine;
  /** The eight pins as driven by the device: bits of `levels` are valid where `driven` is set. */
  readonly onOutput?: (levels: number, driven: number) => void;
}

/** Arm PL061 general-purpose I/O: eight lines, each input or output, with edge and level interrupts. */
export class Pl061 implements Device, WordRegisters {
  readonly #config: Pl061Config;
  readonly #irq: Output;
  #data = 0;
  /** The data the edge detection has seen. */
  #seen = 0;
  #dir = 0;
  #is = 0;
  #ibe = 0;
  #iev = 0;
  #ie = 0;
  #ris = 0;
  #afsel = 0;

  constructor(config: Pl061Config) {
    this.#config = config;
    this.#irq = new Output(config.irq);
  }

  /** Pin `line` (0..7) from outside. A pin that is an output ignores it. */
  input(line: number): InterruptLine {
    const mask = 1 << line;
    return {
      set: (level) => {
        if (this.#dir & mask) return;
        this.#data = level ? this.#data | mask : this.#data & ~mask;
        this.#update();
      },
    };
  }

  #update(): void {
    const changed = (this.#seen ^ this.#data) & ~this.#dir;
    const atEvent = ~(this.#data ^ this.#iev);
    this.#ris |= changed & ~this.#is & (this.#ibe | atEvent);
    this.#ris |= atEvent & this.#is;
    this.#ris &= 0xff;
    // Not for outputs alone: a pin that changed while it was an output shows its edge when it becomes an input, as on QEMU.
    if (changed !== 0) this.#seen = this.#data;
    this.#irq.set((this.#ris & this.#ie) !== 0);
  }

  read(offset: number, width: Width, from: Initiator): bigint {
    return readLanes(this, offset, width, from);
  }

  write(offset: number, width: Width, value: bigint, from: Initiator): void {
    writeLanes(this, offset, width, value, from);
  }

  readWord(offset: number): number {
    if (offset < GPIODIR) return this.#data & (offset >> 2);
    switch (offset) {
      case GPIODIR: return this.#dir;
      case GPIOIS: return this.#is;
      case GPIOIBE: return this.#ibe;
      case GPIOIEV: return this.#iev;
      case GPIOIE: return this.#ie;
      case GPIORIS: return this.#ris;
      case GPIOMIS: return this.#ris & this.#ie;
      case GPIOAFSEL: return this.#afsel;
      default: return identification(ID, offset, 0xfd0) ?? 0;
    }
  }

  writeWord(offset: number, value: number): void {
    const byte = value & 0xff;
    if (offset < GPIODIR) {
      const mask = (offset >> 2) & this.#dir;
      this.#data = (this.#data & ~mask) | (byte & mask);
      this.#drive();
    } else {
      switch (offset) {
        case GPIODIR: this.#dir = byte; this.#drive(); break;
        case GPIOIS: this.#is = byte; break;
        case GPIOIBE: this.#ibe = byte; break;
        case GPIOIEV: this.#iev = byte; break;
        case GPIOIE: this.#ie = byte; break;
        case GPIOIC: this.#ris &= ~byte; break;
        case GPIOAFSEL: this.#afsel = byte; break;
        default: return;
      }
    }
    this.#update();
  }

  #drive(): void {
    this.#config.onOutput?.(this.#data & this.#dir, this.#dir);
  }

  reset(): void {
    this.#data = 0;
    this.#seen = 0;
    this.#dir = 0;
    this.#is = 0;
    this.#ibe = 0;
    this.#iev = 0;
    this.#ie = 0;
    this.#ris = 0;
    this.#afsel = 0;
    this.#irq.set(false);
  }

  save(): Plain {
    return {
      data: this.#data, seen: this.#seen, dir: this.#dir, is: this.#is, ibe: this.#ibe, iev: this.#iev, ie: this.#ie, ris: this.#ris, afsel: this.#afsel, irq: this.#irq.level,
    };
  }

  restore(state: Plain): void {
    const s = stateOf<{ data: number; seen: number; dir: number; is: number; ibe: number; iev: number; ie: number; ris: number; afsel: number; irq: boolean }>(
      state, 'pl061', ['data', 'seen', 'dir', 'is', 'ibe', 'iev', 'ie', 'ris', 'afsel', 'irq']);
    this.#data = s.data;
    this.#seen = s.seen;
    this.#dir = s.dir;
    this.#is = s.is;
    this.#ibe = s.ibe;
    this.#iev = s.iev;
    this.#ie = s.ie;
    this.#ris = s.ris;
    this.#afsel = s.afsel;
    this.#irq.level = s.irq;
  }
}
