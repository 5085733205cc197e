import { stateOf, type Plain } from '@worldswitch/machine';

/** The receiving side of a UART, as much of it as the queue needs. */
export interface SerialSink {
  /** False when there is no room. */
  receive(byte: number): boolean;
}

/**
 * What the host has typed and the UART has no room for yet. It belongs between an input channel and a UART: connect `push` to the channel and
 * `drain` to the UART's `onRoom`. It is state of the machine: register it as a device without a place, or save it with its owner.
 */
export class SerialQueue {
  readonly #sink: () => SerialSink;
  #waiting: number[] = [];
  #draining = false;

  /** `sink` is asked for late, since the UART wants the queue's `drain` first. */
  constructor(sink: () => SerialSink) {
    this.#sink = sink;
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(...bytes);
    this.drain();
  }

  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#waiting.length > 0 && this.#sink().receive(this.#waiting[0])) this.#waiting.shift();
    this.#draining = false;
  }

  /** Bytes kept back. */
  get length(): number {
    return this.#waiting.length;
  }

  read(): bigint { return 0n; }
  write(): void {}
  reset(): void { this.#waiting = []; }
  save(): Plain { return { waiting: Uint8Array.from(this.#waiting) }; }
  restore(state: Plain): void { this.#waiting = [...stateOf<{ waiting: Uint8Array }>(state, 'serial queue', ['waiting']).waiting]; }
}
