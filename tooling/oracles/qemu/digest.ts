/**
 * The digest of program counters by which two runs are compared.
 *
 * Start: 0xcbf29ce484222325 before the first instruction after reset. Each instruction: `digest = (digest XOR pc) × 0x100000001b3`
 * modulo 2⁶⁴, with the virtual address of the instruction as one 64-bit number. An instruction counts if it completes, if it causes
 * SVC/HVC/BRK/an undefined exception, and if its load or store aborts (once for each attempt); a fetch that aborts and the taking of
 * an interrupt do not count. This class works on two 32-bit halves: no bigint per instruction.
 */

/** Incremental digest; `every` 65,536 instructions a block of {@link Block} is the usual grain. */
export class PcDigest {
  #high = 0xcbf29ce4;
  #low = 0x84222325;

  /** Takes in one program counter, given as its upper and lower 32 bits (any sign). */
  add(pcHigh: number, pcLow: number): void {
    const high = this.#high ^ pcHigh;
    const low = (this.#low ^ pcLow) >>> 0;
    // The multiplier is 2⁴⁰ + 0x1b3, so the upper half gets low × 2⁸ on top of the carry; low × 0x1b3 stays below 2⁵³.
    const product = low * 0x1b3;
    this.#low = product >>> 0;
    this.#high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
  }

  /** The digest so far as 16 hexadecimal digits. */
  toString(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0');
  }

  /** The two halves, for a snapshot or to continue in wasm. */
  get halves(): { readonly high: number; readonly low: number } {
    return { high: this.#high, low: this.#low };
  }
}

/** The state of the digest after a block of instructions. */
export interface Block {
  /** Counted from 1. */
  readonly block: number;
  /** 16 hexadecimal digits; covers everything from the start, not only this block. */
  readonly digest: string;
  /** Program counter of the block's last instruction. */
  readonly lastPc: bigint;
}

/** One executed instruction of a trace. */
export interface TraceRow {
  /** Counted from 0. */
  readonly index: number;
  readonly pc: bigint;
  readonly word: number;
}

/** Collects {@link Block}s from a stream of program counters: the emulator's side of a comparison. */
export class BlockRecorder {
  readonly blocks: Block[] = [];
  readonly #every: number;
  readonly #digest = new PcDigest();
  #count = 0;

  constructor(every = 65536) {
    if (!Number.isInteger(every) || every < 1) throw new RangeError(`block size ${every}: it must be a whole number of at least 1`);
    this.#every = every;
  }

  add(pcHigh: number, pcLow: number): void {
    this.#digest.add(pcHigh, pcLow);
    if (++this.#count % this.#every !== 0) return;
    const lastPc = (BigInt(pcHigh >>> 0) << 32n) | BigInt(pcLow >>> 0);
    this.blocks.push({ block: this.#count / this.#every, digest: this.#digest.toString(), lastPc });
  }
}

/** What {@link firstDifference} found: up to where the runs agree and the two blocks behind it. */
export interface Difference {
  /** Block number, from 1. To see the instructions, trace `[(block - 1) × every, block × every)` on both sides. */
  readonly block: number;
  readonly expected: Block;
  readonly actual: Block;
}

/** The first block in which two runs differ; undefined if they agree as far as the shorter one goes. */
export function firstDifference(expected: readonly Block[], actual: readonly Block[]): Difference | undefined {
  for (const [index, one] of expected.entries()) {
    const other = actual[index];
    if (other === undefined) return undefined;
    if (one.digest !== other.digest || one.lastPc !== other.lastPc) return { block: one.block, expected: one, actual: other };
  }
  return undefined;
}

/** A sentence for a test's failure message. */
export function explainDifference(difference: Difference, every = 65536): string {
  const show = (block: Block): string => `${block.digest}, last pc ${block.lastPc.toString(16)}`;
  const from = (difference.block - 1) * every;
  return `block ${difference.block} differs (instructions ${from} to ${from + every - 1}): expected ${show(difference.expected)}; ` +
    `got ${show(difference.actual)}`;
}

/** Reads the lines that the plugin writes: "<block> <digest> <pc>". */
export function parseBlocks(text: string): Block[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const [block, digest, pc] = line.split(' ');
    return { block: Number(block), digest, lastPc: BigInt(`0x${pc}`) };
  });
}

/** Reads a trace of the plugin: "<n> <pc> <word>". */
export function parseTrace(text: string): TraceRow[] {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const [index, pc, word] = line.split(' ');
    return { index: Number(index), pc: BigInt(`0x${pc}`), word: Number.parseInt(word, 16) };
  });
}
