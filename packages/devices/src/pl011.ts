import { stateOf, type Device, type Initiator, type InterruptLine, type Plain, type Width } from '@worldswitch/machine';
import { identification, Output, readLanes, writeLanes, type WordRegisters } from './word-registers.ts';

/** Register offsets, DDI 0183 (PL011 TRM) table 3-1. */
export const UARTDR = 0x00, UARTRSR = 0x04, UARTFR = 0x18, UARTILPR = 0x20, UARTIBRD = 0x24, UARTFBRD = 0x28, UARTLCR_H = 0x2c, UARTCR = 0x30,
  UARTIFLS = 0x34, UARTIMSC = 0x38, UARTRIS = 0x3c, UARTMIS = 0x40, UARTICR = 0x44, UARTDMACR = 0x48;

const FR_RXFE = 1 << 4, FR_RXFF = 1 << 6, FR_TXFE = 1 << 7;
const INT_RX = 1 << 4, INT_TX = 1 << 5;
const LCR_H_FEN = 1 << 4;
const DR_BREAK = 1 << 10;
/** UARTPeriphID0-3 and UARTPCellID0-3 of revision 1, whose FIFOs hold 16 characters. */
const ID = [0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1];
const FIFO = 16;

export interface Pl011Config {
  /** UARTINTR, the combined interrupt. */
  readonly irq: InterruptLine;
  /** One transmitted character, 0..255. */
  readonly onTransmit: (byte: number) => void;
  /** Called when a read has made room in the receive FIFO: the host may hand over what it kept back. */
  readonly onRoom?: () => void;
}

/**
 * Arm PL011 UART. Time is not modelled: transmission is instant (TXFE is always set, TXFF and BUSY never) and the receive interrupt comes with
 * the first character whatever UARTIFLS says, as in QEMU, whose guests are the ones we run. The enables of UARTCR are stored, not enforced.
 */
export class Pl011 implements Device, WordRegisters {
  readonly #config: Pl011Config;
  readonly #irq: Output;
  readonly #fifo = new Uint16Array(FIFO);
  #position = 0;
  #count = 0;
  #flags = FR_TXFE | FR_RXFE;
  #rsr = 0;
  #ilpr = 0;
  #ibrd = 0;
  #fbrd = 0;
  #lcr = 0;
  #cr = 0x300;
  #ifls = 0x12;
  #imsc = 0;
  #ris = 0;
  #dmacr = 0;

  constructor(config: Pl011Config) {
    this.#config = config;
    this.#irq = new Output(config.irq);
  }

  /** A character from the line. False, and nothing changed, when the FIFO is full: keep it until `onRoom`. */
  receive(byte: number): boolean {
    return this.#push(byte & 0xff);
  }

  /** A break condition from the line (UARTDR.BE with a zero character). */
  receiveBreak(): boolean {
    return this.#push(DR_BREAK);
  }

  get #depth(): number {
    return this.#lcr & LCR_H_FEN ? FIFO : 1;
  }

  #push(character: number): boolean {
    if (this.#count >= this.#depth) return false;
    this.#fifo[(this.#position + this.#count) % this.#depth] = character;
    this.#count++;
    this.#flags &= ~FR_RXFE;
    if (this.#count === this.#depth) this.#flags |= FR_RXFF;
    if (this.#count === 1) this.#ris |= INT_RX;
    this.#update();
    return true;
  }

  #pop(): number {
    const character = this.#fifo[this.#position];
    if (this.#count > 0) {
      this.#count--;
      this.#position = (this.#position + 1) % this.#depth;
    }
    this.#flags &= ~FR_RXFF;
    if (this.#count === 0) {
      this.#flags |= FR_RXFE;
      this.#ris &= ~INT_RX;
    }
    this.#rsr = character >> 8;
    this.#update();
    this.#config.onRoom?.();
    return character;
  }

  #update(): void {
    this.#irq.set((this.#ris & this.#imsc) !== 0);
  }

  read(offset: number, width: Width, from: Initiator): bigint {
    return readLanes(this, offset, width, from);
  }

  write(offset: number, width: Width, value: bigint, from: Initiator): void {
    writeLanes(this, offset, width, value, from);
  }

  readWord(offset: number, from: Initiator): number {
    switch (offset) {
      case UARTDR: return from === 'debugger' ? this.#fifo[this.#position] : this.#pop();
      case UARTRSR: return this.#rsr;
      case UARTFR: return this.#flags;
      case UARTILPR: return this.#ilpr;
      case UARTIBRD: return this.#ibrd;
      case UARTFBRD: return this.#fbrd;
      case UARTLCR_H: return this.#lcr;
      case UARTCR: return this.#cr;
      case UARTIFLS: return this.#ifls;
      case UARTIMSC: return this.#imsc;
      case UARTRIS: return this.#ris;
      case UARTMIS: return this.#ris & this.#imsc;
      case UARTDMACR: return this.#dmacr;
      default: return identification(ID, offset, 0xfe0) ?? 0;
    }
  }

  writeWord(offset: number, value: number): void {
    switch (offset) {
      case UARTDR:
        this.#config.onTransmit(value & 0xff);
        this.#ris |= INT_TX;
        break;
      case UARTRSR: this.#rsr = 0; break;
      case UARTILPR: this.#ilpr = value; break;
      case UARTIBRD: this.#ibrd = value & 0xffff; break;
      case UARTFBRD: this.#fbrd = value & 0x3f; break;
      case UARTLCR_H: {
        const toggled = ((this.#lcr ^ value) & LCR_H_FEN) !== 0;
        this.#lcr = value;
        // DDI 0183 3.3.7: FEN switches between the FIFO and a one-character register; what was held is lost.
        if (toggled) this.#empty();
        break;
      }
      case UARTCR: this.#cr = value; break;
      case UARTIFLS: this.#ifls = value; break;
      case UARTIMSC: this.#imsc = value; break;
      case UARTICR: this.#ris &= ~value; break;
      case UARTDMACR: this.#dmacr = value; break;
      default: return;
    }
    this.#update();
  }

  #empty(): void {
    this.#count = 0;
    this.#position = 0;
    this.#flags = (this.#flags & ~FR_RXFF) | FR_RXFE;
  }

  reset(): void {
    this.#fifo.fill(0);
    this.#empty();
    this.#rsr = 0;
    this.#ilpr = 0;
    this.#ibrd = 0;
    this.#fbrd = 0;
    this.#lcr = 0;
    this.#cr = 0x300;
    this.#ifls = 0x12;
    this.#imsc = 0;
    this.#ris = 0;
    this.#dmacr = 0;
    this.#update();
  }

  save(): Plain {
    return {
      fifo: [...this.#fifo], position: this.#position, count: this.#count, flags: this.#flags, rsr: this.#rsr, ilpr: this.#ilpr, ibrd: this.#ibrd, fbrd: this.#fbrd,
      lcr: this.#lcr, cr: this.#cr, ifls: this.#ifls, imsc: this.#imsc, ris: this.#ris, dmacr: this.#dmacr, irq: this.#irq.level,
    };
  }

  restore(state: Plain): void {
    const s = stateOf<Pl011State>(state, 'pl011', ['fifo', 'position', 'count', 'flags', 'ris', 'imsc', 'irq']);
    this.#fifo.set(s.fifo);
    this.#position = s.position;
    this.#count = s.count;
    this.#flags = s.flags;
    this.#rsr = s.rsr;
    this.#ilpr = s.ilpr;
    this.#ibrd = s.ibrd;
    this.#fbrd = s.fbrd;
    this.#lcr = s.lcr;
    this.#cr = s.cr;
    this.#ifls = s.ifls;
    this.#imsc = s.imsc;
    this.#ris = s.ris;
    this.#dmacr = s.dmacr;
    this.#irq.level = s.irq;
  }
}

type Pl011State = {
  fifo: readonly number[]; position: number; count: number; flags: number; rsr: number; ilpr: number; ibrd: number; fbrd: number;
  lcr: number; cr: number; ifls: number; imsc: number; ris: number; dmacr: number; irq: boolean;
};
