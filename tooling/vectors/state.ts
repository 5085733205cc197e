/**
 * The state a vector starts from and ends in, as bytes: the harness reads and writes exactly this layout (harness.S has the same
 * offsets), the digest is taken over it, and tests fill one from their processor. All numbers are little endian.
 */

/** Bytes of a state. */
export const STATE_BYTES = 1536;

/** Virtual address of the 2 MiB window that holds word, buffer and end markers; read, write, execute at every level. */
export const WINDOW = 0x10_0000_0000n;
/** The tested word. It runs at this address. */
export const SLOT: bigint = WINDOW + 0x10_0000n;
/** 512 bytes of data, {@link VectorState.data}. */
export const BUFFER: bigint = SLOT + 0x1_0000n;
/** From the window to its view without write permission and without execution. */
export const READ_ONLY = 0x40_0000n;
/** From the window to its not executable view that belongs to EL0 at EL1 and to EL1 at EL0; at EL2 plain. */
export const OTHER_LEVEL = 0x80_0000n;
/** Where the vectors are: VBAR_EL2 and VBAR_EL1. */
export const VBAR_EL2 = 0x4030_0000n;
export const VBAR_EL1 = 0x4030_0800n;
/** What stands around the slot and ends a case: HVC #0xffff at EL2 and EL1, BRK #0xffff where the case may end at EL0. */
export const END_BY_HVC = 0xd41fffe2;
export const END_BY_BRK = 0xd43fffe0;

/** Offsets of the 64-bit scalars. `to` is the offset from the slot to where the word led: 4 if it just ran. */
const scalars = {
  sp_el2: 256, pstate: 264, fpcr: 272, fpsr: 280, esr: 288, far: 296, to: 304, vector: 312, hcr: 320,
  tpidr_el0: 328, tpidrro_el0: 336, tpidr_el1: 344, par_el1: 352, sp_el0: 360, sp_el1: 368, elr_el1: 376, spsr_el1: 384,
  contextidr_el1: 392, dbgbvr0_el1: 400, dbgwvr0_el1: 408, marker: 416,
} as const;

/** Name of a 64-bit part of a state that is not in a bank. */
export type ScalarName = keyof typeof scalars;

/** All scalars in layout order. */
export const scalarNames = Object.keys(scalars) as readonly ScalarName[];

/** Inputs of a case that are no result: they do not enter the digest. */
const inputOnly: readonly ScalarName[] = ['hcr', 'marker'];

/** A state of the processor and the 512 bytes that instructions may reach; see the fields of {@link scalarNames}. */
export class VectorState {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array = new Uint8Array(STATE_BYTES)) {
    if (bytes.length !== STATE_BYTES) throw new RangeError(`a state has ${STATE_BYTES} bytes, not ${bytes.length}`);
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  clone(): VectorState {
    return new VectorState(this.bytes.slice());
  }

  /** X0…X30 as unsigned 64 bits. */
  x(index: number): bigint {
    return this.#view.getBigUint64(offsetOf(index, 31, 8, 8), true);
  }

  setX(index: number, value: bigint): void {
    this.#view.setBigUint64(offsetOf(index, 31, 8, 8), value, true);
  }

  /** Q0…Q31 as unsigned 128 bits. */
  q(index: number): bigint {
    const offset = offsetOf(index, 32, 512, 16);
    return this.#view.getBigUint64(offset, true) | (this.#view.getBigUint64(offset + 8, true) << 64n);
  }

  setQ(index: number, value: bigint): void {
    const offset = offsetOf(index, 32, 512, 16);
    this.#view.setBigUint64(offset, value, true);
    this.#view.setBigUint64(offset + 8, value >> 64n, true);
  }

  /** A scalar as unsigned 64 bits. */
  get(name: ScalarName): bigint {
    return this.#view.getBigUint64(scalars[name], true);
  }

  set(name: ScalarName, value: bigint): void {
    this.#view.setBigUint64(scalars[name], value, true);
  }

  /** The tested word and the word before it, 0 for none: inputs, not part of the digest. */
  setWords(word: number, prelude: number): void {
    this.#view.setUint32(0, word, true);
    this.#view.setUint32(4, prelude, true);
  }

  /** The buffer; a view, not a copy. */
  get data(): Uint8Array {
    return this.bytes.subarray(1024);
  }
}

function offsetOf(index: number, count: number, start: number, size: number): number {
  if (!(index >= 0 && index < count)) throw new RangeError(`register ${index}: there are 0 to ${count - 1}`);
  return start + index * size;
}

/** Offsets of the 32-bit words that enter a digest. */
const digested: readonly number[] = (() => {
  const skipped = new Set<number>(inputOnly.map((name) => scalars[name]));
  return Array.from({ length: STATE_BYTES / 4 - 2 }, (_, index) => 8 + index * 4).filter((offset) => !skipped.has(offset & ~7));
})();

/**
 * 64-bit digest of what a word leads to, as 16 hexadecimal digits: two 32-bit lanes over the state's words, inputs left out.
 * Each lane is a bijection of its value at every step, so a single word that differs always shows.
 */
export function digestOf(state: VectorState): string {
  const view = new DataView(state.bytes.buffer, state.bytes.byteOffset, STATE_BYTES);
  let one = 0x9e3779b9;
  let two = 0x85ebca6b;
  for (const offset of digested) {
    const word = view.getUint32(offset, true);
    one = Math.imul(one ^ word, 0xcc9e2d51);
    one ^= one >>> 15;
    two = Math.imul(((two << 13) | (two >>> 19)) ^ word, 0x1b873593);
    two ^= two >>> 16;
  }
  const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');
  return hex(one) + hex(two);
}

/** Names and values in which two states differ: `x3`, `q0`, `pstate`, `data+16` (eight bytes), as hexadecimal numbers. */
export function changes(from: VectorState, to: VectorState): Record<string, string> {
  const changed: Record<string, string> = {};
  const note = (name: string, before: bigint, after: bigint): void => {
    if (before !== after) changed[name] = after.toString(16);
  };
  for (let index = 0; index < 31; index++) note(`x${index}`, from.x(index), to.x(index));
  for (const name of scalarNames) if (!inputOnly.includes(name)) note(name, from.get(name), to.get(name));
  for (let index = 0; index < 32; index++) note(`q${index}`, from.q(index), to.q(index));
  const eight = ({ bytes }: VectorState, at: number): bigint => new DataView(bytes.buffer, bytes.byteOffset + 1024).getBigUint64(at, true);
  for (let at = 0; at < 512; at += 8) note(`data+${at}`, eight(from, at), eight(to, at));
  return changed;
}

/** The state after, from {@link changes} put over the state before. @throws RangeError for a name that is no part of a state. */
export function applyChanges(from: VectorState, changed: Readonly<Record<string, string>>): VectorState {
  const state = from.clone();
  for (const [name, text] of Object.entries(changed)) {
    const value = BigInt(`0x${text}`);
    const [, bank, index] = /^(x|q|data\+)(\d+)$/.exec(name) ?? [];
    if (bank === 'x') state.setX(Number(index), value);
    else if (bank === 'q') state.setQ(Number(index), value);
    else if (bank === 'data+') new DataView(state.bytes.buffer, state.bytes.byteOffset + 1024).setBigUint64(Number(index), value, true);
    else if (scalarNames.includes(name as ScalarName)) state.set(name as ScalarName, value);
    else throw new RangeError(`${name} is no part of a state: x0, q0, data+0 or one of ${scalarNames.join(', ')}`);
  }
  return state;
}
