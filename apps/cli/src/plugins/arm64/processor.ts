/** What every arm64 machine shares: instructions, registers and memory as its processor sees them. */
import { A64, type Arm64Model, MODELS } from '@worldswitch/arm64';
import type { DecodedInstruction } from '@worldswitch/debugger';
import type { Cpu } from '@worldswitch/machine';

export const INSTRUCTION_LENGTH = 4;

/** One A64 instruction. */
export function decodeA64(bytes: Uint8Array, address: bigint, symbol: (address: bigint) => string | undefined): DecodedInstruction {
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  // BL, and BLR with its two register fields (DDI 0487 C6.2).
  const call = word >>> 26 === 0b100101 || (word & 0xffff_fc1f) >>> 0 === 0xd63f_0000;
  return { text: A64.disassemble(word, { pc: address, symbol }), length: INSTRUCTION_LENGTH, call };
}

const PAGE = 4096n;

/** Memory through the translation of the processor's present level. */
export function readVirtual(cpu: Cpu, physical: (address: bigint, length: number) => Uint8Array | undefined, address: bigint, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const at = address + BigInt(done);
    const part = Math.min(length - done, Number(PAGE - (at % PAGE)));
    const place = cpu.translate(at, 'read');
    const found = place.kind === 'ok' ? physical(place.physical, part) : undefined;
    if (found === undefined) return undefined;
    bytes.set(found, done);
    done += part;
  }
  return bytes;
}

/** The model of a name that the options' schema has checked. */
export function modelNamed(name: string): Arm64Model {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (model === undefined) throw new RangeError(`no processor model '${name}'`);
  return model;
}

/** Collects what a guest sends byte by byte; handed on after each run. */
export class ConsoleBuffer {
  readonly #send: (bytes: Uint8Array) => void;
  #bytes: number[] = [];
  muted = false;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }
  readonly put = (byte: number): void => {
    if (!this.muted) this.#bytes.push(byte);
  };
  flush(): void {
    if (this.#bytes.length === 0) return;
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes = [];
    this.#send(bytes);
  }
}
