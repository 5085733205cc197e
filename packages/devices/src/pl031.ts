import { stateOf, type Clock, type ClockEvent, type Device, type Initiator, type InterruptLine, type Plain, type Width } from '@worldswitch/machine';
import { identification, Output, readLanes, writeLanes, type WordRegisters } from './word-registers.ts';

/** Register offsets, DDI 0224 (PL031 TRM) table 3-1. */
export const RTCDR = 0x00, RTCMR = 0x04, RTCLR = 0x08, RTCCR = 0x0c, RTCIMSC = 0x10, RTCRIS = 0x14, RTCMIS = 0x18, RTCICR = 0x1c;

const ID = [0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1];

export interface Pl031Config {
  readonly irq: InterruptLine;
  readonly clock: Clock;
  /** RTCDR at tick 0, in seconds since 1970. A constant of the board, so that runs repeat; never the host's time. */
  readonly epoch: number;
  /** Name of the match event, unique in the machine; default `pl031.match`. */
  readonly event?: string;
}

/** Arm PL031 real-time clock: counts seconds of virtual time. */
export class Pl031 implements Device, WordRegisters {
  readonly #clock: Clock;
  readonly #epoch: number;
  readonly #irq: Output;
  readonly #match: ClockEvent;
  /** Added to the seconds since tick 0, modulo 2^32. */
  #offset: number;
  #mr = 0;
  #lr = 0;
  #imsc = 0;
  #ris = 0;

  constructor(config: Pl031Config) {
    this.#clock = config.clock;
    this.#epoch = config.epoch >>> 0;
    this.#offset = this.#epoch;
    this.#irq = new Output(config.irq);
    this.#match = config.clock.event(config.event ?? 'pl031.match', () => {
      this.#ris = 1;
      this.#update();
    });
  }

  get #counter(): number {
    return (Number((this.#clock.now() / BigInt(this.#clock.ticksPerSecond)) & 0xffff_ffffn) + this.#offset) >>> 0;
  }

  /** A match happens when the counter becomes equal to RTCMR, at once if it is (DDI 0224 2.2.2). */
  #arm(): void {
    const seconds = (this.#mr - this.#counter) >>> 0;
    if (seconds === 0) {
      this.#match.cancel();
      this.#ris = 1;
      this.#update();
      return;
    }
    const second = BigInt(this.#clock.ticksPerSecond);
    this.#match.schedule((this.#clock.now() / second + BigInt(seconds)) * second);
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

  readWord(offset: number): number {
    switch (offset) {
      case RTCDR: return this.#counter;
      case RTCMR: return this.#mr;
      case RTCLR: return this.#lr;
      case RTCCR: return 1;
      case RTCIMSC: return this.#imsc;
      case RTCRIS: return this.#ris;
      case RTCMIS: return this.#ris & this.#imsc;
      default: return identification(ID, offset, 0xfe0) ?? 0;
    }
  }

  writeWord(offset: number, value: number): void {
    switch (offset) {
      case RTCLR:
        this.#offset = (this.#offset + value - this.#counter) >>> 0;
        this.#lr = value;
        this.#arm();
        break;
      case RTCMR:
        this.#mr = value;
        this.#arm();
        break;
      case RTCIMSC: this.#imsc = value & 1; this.#update(); break;
      case RTCICR: this.#ris &= ~value; this.#update(); break;
    }
  }

  reset(): void {
    this.#match.cancel();
    this.#offset = this.#epoch;
    this.#mr = 0;
    this.#lr = 0;
    this.#imsc = 0;
    this.#ris = 0;
    this.#update();
  }

  save(): Plain {
    return { offset: this.#offset, mr: this.#mr, lr: this.#lr, imsc: this.#imsc, ris: this.#ris, irq: this.#irq.level };
  }

  restore(state: Plain): void {
    const s = stateOf<{ offset: number; mr: number; lr: number; imsc: number; ris: number; irq: boolean }>(state, 'pl031', ['offset', 'mr', 'lr', 'imsc', 'ris', 'irq']);
    this.#offset = s.offset;
    this.#mr = s.mr;
    this.#lr = s.lr;
    this.#imsc = s.imsc;
    this.#ris = s.ris;
    this.#irq.level = s.irq;
  }
}
