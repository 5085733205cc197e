import type { Payload } from '../codec/text.ts';
import { GdbError } from '../error.ts';
import type { DamageReason } from './packet-reader.ts';
import { PacketReader } from './packet-reader.ts';
import { frameNotification, framePacket } from './packet-writer.ts';

/** What a link hands on, after acknowledgements are dealt with. */
export type LinkEvent =
  | { readonly kind: 'packet'; readonly payload: Uint8Array }
  | { readonly kind: 'notification'; readonly payload: Uint8Array }
  | { readonly kind: 'interrupt' }
  /** A packet that was dropped; with acknowledgements on it was asked for again. */
  | { readonly kind: 'damaged'; readonly reason: DamageReason };

/** Which end this is, and where its bytes go. */
export interface LinkOptions {
  /** The client (gdb's side) expands runs; the server may send them. */
  readonly role: 'client' | 'server';
  readonly send: (bytes: Uint8Array) => void;
  /** Longest payload accepted, in bytes; see {@link PacketReader}. */
  readonly limit?: number;
  /** How often one packet is sent again before the link is given up; 8 when left out. */
  readonly retries?: number;
}

/**
 * Packets in, packets out: framing, acknowledgement and retransmission of one end of a connection. It does no I/O: bytes leave by
 * the `send` handed in and arrive by {@link receive}.
 */
export class PacketLink {
  private readonly options: LinkOptions;
  private readonly reader: PacketReader;
  /** Frames not acknowledged yet; the first is on the line. */
  private readonly waiting: Uint8Array[] = [];
  private acknowledging = true;
  private attempts = 0;

  constructor(options: LinkOptions) {
    this.options = options;
    this.reader = new PacketReader({ runLength: options.role === 'client', ...(options.limit === undefined ? {} : { limit: options.limit }) });
  }

  /** Sends a packet; with acknowledgements on, after the ones before it have been acknowledged. */
  sendPacket(payload: Payload): void {
    const frame = framePacket(payload, { runLength: this.options.role === 'server' });
    if (!this.acknowledging) {
      this.options.send(frame);
      return;
    }
    this.waiting.push(frame);
    if (this.waiting.length === 1) this.options.send(frame);
  }

  /** Sends a notification, at once and unacknowledged. */
  sendNotification(payload: Payload): void {
    this.options.send(frameNotification(payload));
  }

  /** Sends the interrupt byte, at once. */
  sendInterrupt(): void {
    this.options.send(Uint8Array.of(0x03));
  }

  /** From now on neither side acknowledges; called when QStartNoAckMode has been answered with OK. */
  stopAcknowledging(): void {
    this.acknowledging = false;
    // What was queued behind an unacknowledged packet can go now; the first one is on the line already.
    for (const frame of this.waiting.splice(0).slice(1)) this.options.send(frame);
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @throws GdbError `protocol` when the other side has refused the same packet too often.
   */
  receive(bytes: Uint8Array): LinkEvent[] {
    const events: LinkEvent[] = [];
    for (const event of this.reader.receive(bytes)) {
      switch (event.kind) {
        case 'packet':
          if (this.acknowledging) this.options.send(Uint8Array.of(0x2b));
          events.push(event);
          break;
        case 'damaged':
          if (this.acknowledging && !event.notification) this.options.send(Uint8Array.of(0x2d));
          events.push({ kind: 'damaged', reason: event.reason });
          break;
        case 'ack':
          this.acknowledged();
          break;
        case 'nak':
          this.refused();
          break;
        case 'notification':
        case 'interrupt':
          events.push(event);
          break;
        case 'noise': // gdb and every stub skip such bytes, for instance a boot loader's output on a shared serial line
          break;
      }
    }
    return events;
  }

  private acknowledged(): void {
    if (!this.acknowledging || this.waiting.length === 0) return;
    this.waiting.shift();
    this.attempts = 0;
    if (this.waiting.length > 0) this.options.send(this.waiting[0]);
  }

  private refused(): void {
    if (!this.acknowledging || this.waiting.length === 0) return;
    this.attempts += 1;
    const retries = this.options.retries ?? 8;
    if (this.attempts > retries) {
      throw new GdbError('protocol', `the other side refused a packet ${this.attempts} times: the line damages bytes. Check the transport`);
    }
    this.options.send(this.waiting[0]);
  }
}
