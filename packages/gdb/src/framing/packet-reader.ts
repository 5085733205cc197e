/** What a stretch of received bytes amounts to. Payloads are unescaped and expanded. */
export type FramingEvent =
  | { readonly kind: 'packet'; readonly payload: Uint8Array }
  | { readonly kind: 'notification'; readonly payload: Uint8Array }
  | { readonly kind: 'ack' }
  | { readonly kind: 'nak' }
  /** 0x03 between packets. */
  | { readonly kind: 'interrupt' }
  /** A packet or notification that cannot be used; `notification` says which (notifications are not asked for again). */
  | { readonly kind: 'damaged'; readonly reason: DamageReason; readonly notification: boolean }
  /** A byte between packets that means nothing. */
  | { readonly kind: 'noise'; readonly byte: number };

/** Why a packet was dropped. */
export type DamageReason =
  | 'checksum' // sum and digits differ
  | 'digits' // the checksum is not two hexadecimal digits
  | 'restarted' // a new packet started before the checksum of this one
  | 'run-length' // a run without a byte to repeat, or with an impossible count
  | 'escape' // the packet ends after an escape character
  | 'too-long'; // longer than the limit

/** How to read: the two directions of the protocol differ. */
export interface ReaderOptions {
  /** Expand runs: true for the client, which reads replies. A `*` in a request is a plain byte. */
  readonly runLength: boolean;
  /** Longest payload accepted, after expansion, in bytes; 1 MiB when left out. */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 1 << 20;

const DOLLAR = 0x24;
const PERCENT = 0x25;
const HASH = 0x23;
const ESCAPE = 0x7d;
const RUN = 0x2a;

type State = 'between' | 'body' | 'run' | 'checksum-high' | 'checksum-low';

/**
 * Cuts a byte stream into packets. A state machine: bytes may arrive in pieces of any size, the events are the same.
 */
export class PacketReader {
  private readonly runLength: boolean;
  private readonly limit: number;
  private state: State = 'between';
  private notification = false;
  private sum = 0;
  private expected = 0;
  private damage: DamageReason | undefined;
  private escaping = false;
  /** The last byte on the line, which a run repeats (before unescaping, as gdb does); -1 at the start. */
  private last = -1;
  private buffer = new Uint8Array(256);
  private length = 0;

  constructor(options: ReaderOptions) {
    this.runLength = options.runLength;
    this.limit = options.limit ?? DEFAULT_LIMIT;
  }

  /** Takes the next bytes of the stream and returns what they complete, in order. */
  receive(bytes: Uint8Array): FramingEvent[] {
    const events: FramingEvent[] = [];
    for (const byte of bytes) {
      const event = this.take(byte);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  private take(byte: number): FramingEvent | undefined {
    switch (this.state) {
      case 'between':
        return this.takeBetween(byte);
      case 'body':
        return this.takeBody(byte);
      case 'run':
        return this.takeRun(byte);
      case 'checksum-high': {
        const digit = hexDigit(byte);
        if (digit === undefined) return this.takeBadDigit(byte);
        this.expected = digit << 4;
        this.state = 'checksum-low';
        return undefined;
      }
      case 'checksum-low': {
        const digit = hexDigit(byte);
        return digit === undefined ? this.takeBadDigit(byte) : this.finish(this.expected | digit);
      }
    }
  }

  private takeBetween(byte: number): FramingEvent | undefined {
    switch (byte) {
      case DOLLAR:
      case PERCENT:
        this.begin(byte === PERCENT);
        return undefined;
      case 0x2b:
        return { kind: 'ack' };
      case 0x2d:
        return { kind: 'nak' };
      case 0x03:
        return { kind: 'interrupt' };
      default:
        return { kind: 'noise', byte };
    }
  }

  private begin(notification: boolean): void {
    this.state = 'body';
    this.notification = notification;
    this.sum = 0;
    this.damage = undefined;
    this.escaping = false;
    this.last = -1;
    this.length = 0;
  }

  private takeBody(byte: number): FramingEvent | undefined {
    // `$` is always escaped inside a packet, so a bare one means that the end of this packet was lost.
    if (byte === DOLLAR) return this.restart();
    if (byte === HASH) {
      if (this.escaping) this.damage ??= 'escape';
      this.state = 'checksum-high';
      return undefined;
    }
    this.sum = (this.sum + byte) & 0xff;
    if (byte === RUN && this.runLength) {
      this.state = 'run';
      return undefined;
    }
    this.last = byte;
    this.append(byte);
    return undefined;
  }

  private takeRun(byte: number): FramingEvent | undefined {
    if (byte === DOLLAR) return this.restart();
    this.state = 'body';
    if (byte === HASH) {
      this.damage ??= 'run-length';
      return this.takeBody(byte);
    }
    this.sum = (this.sum + byte) & 0xff;
    const repeat = byte - 29;
    if (repeat < 3 || repeat > 97 || this.last < 0) this.damage ??= 'run-length';
    else for (let i = 0; i < repeat; i++) this.append(this.last);
    return undefined;
  }

  private restart(): FramingEvent {
    const event: FramingEvent = { kind: 'damaged', reason: 'restarted', notification: this.notification };
    this.begin(false);
    return event;
  }

  private takeBadDigit(byte: number): FramingEvent {
    this.state = 'between';
    const event: FramingEvent = { kind: 'damaged', reason: 'digits', notification: this.notification };
    if (byte === DOLLAR) this.begin(false);
    return event;
  }

  private append(byte: number): void {
    if (byte === ESCAPE && !this.escaping) {
      this.escaping = true;
      return;
    }
    if (this.length === this.limit) {
      this.damage ??= 'too-long';
      return;
    }
    if (this.length === this.buffer.length) {
      const larger = new Uint8Array(Math.min(this.limit, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer[this.length++] = this.escaping ? byte ^ 0x20 : byte;
    this.escaping = false;
  }

  private finish(received: number): FramingEvent {
    this.state = 'between';
    const reason = received !== this.sum ? 'checksum' : this.damage;
    if (reason !== undefined) return { kind: 'damaged', reason, notification: this.notification };
    return { kind: this.notification ? 'notification' : 'packet', payload: this.buffer.slice(0, this.length) };
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
