import type { SymbolTable } from './symbols.ts';

/** One instruction as an architecture prints it. */
export interface DecodedInstruction {
  readonly text: string;
  /** Bytes. */
  readonly length: number;
  /** Whether it is a call: it comes back to the instruction behind it. */
  readonly call: boolean;
}

/** A line of a listing. */
export interface ListingLine {
  readonly address: bigint;
  /** The symbol that begins here. */
  readonly label?: string;
  /** As they lie in memory; empty where nothing can be read. */
  readonly bytes: Uint8Array;
  /** The instruction, `??` where nothing can be read. */
  readonly text: string;
}

export interface ListingSource {
  /** Undefined where there is no memory, or no translation. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** The instruction in these bytes, with the names of targets. */
  decode(bytes: Uint8Array, address: bigint, symbol: (address: bigint) => string | undefined): DecodedInstruction;
  /** Bytes of the longest instruction, and of the step over what cannot be read. */
  readonly instructionLength: number;
}

/** Disassembles `count` instructions from an address on; needs no source text. */
export function listing(source: ListingSource, address: bigint, count: number, symbols: SymbolTable): readonly ListingLine[] {
  const lines: ListingLine[] = [];
  for (let at = address; lines.length < count && at < 1n << 64n;) {
    const label = symbols.labelAt(at);
    const named = label === undefined ? {} : { label };
    const bytes = source.read(at, source.instructionLength);
    if (bytes === undefined) {
      lines.push({ address: at, ...named, bytes: new Uint8Array(0), text: '??' });
      at += BigInt(source.instructionLength);
      continue;
    }
    const { text, length } = source.decode(bytes, at, (target) => {
      const place = symbols.placeOf(target);
      return place && symbols.describe(target);
    });
    lines.push({ address: at, ...named, bytes: bytes.subarray(0, length), text });
    at += BigInt(length);
  }
  return lines;
}

/** As text: a label on a line of its own, `>` at the instruction about to be executed. Ends without a newline. */
export function renderListing(lines: readonly ListingLine[], pc?: bigint): string {
  return lines.flatMap(({ address, label, bytes, text }) => {
    const raw = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const line = `${address === pc ? '>' : ' '} ${address.toString(16).padStart(16, '0')}  ${raw.padEnd(11)}  ${text}`;
    return label === undefined ? [line] : [`${label}:`, line];
  }).join('\n');
}
