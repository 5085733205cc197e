/**
 * As much of a PL011 as firmware needs that asks for characters (DDI 0183): data and flags. It holds one character, which is gone when the flags were
 * read once: U-Boot's `go` waits for a transmitter that is full.
 */
const [DR, FR] = [0x00, 0x18];
const FLAG = { receiveEmpty: 1 << 4, transmitFull: 1 << 5, transmitEmpty: 1 << 7 } as const;

export class Uart {
  readonly #typed: number[] = [];
  readonly #transmit: (character: string) => void;
  #sending = false;

  constructor(transmit: (character: string) => void) {
    this.#transmit = transmit;
  }

  type(text: string): void {
    this.#typed.push(...Array.from(text, (character) => character.charCodeAt(0)));
  }
  read(offset: number): number {
    if (offset === DR) return this.#typed.shift() ?? 0;
    if (offset !== FR) return 0;
    const sending = this.#sending;
    this.#sending = false;
    return (sending ? FLAG.transmitFull : FLAG.transmitEmpty) | (this.#typed.length === 0 ? FLAG.receiveEmpty : 0);
  }
  write(offset: number, value: number): void {
    if (offset !== DR) return;
    this.#sending = true;
    this.#transmit(String.fromCharCode(value));
  }
}
