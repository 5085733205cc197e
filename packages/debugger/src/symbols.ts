import { hex, parseInteger } from '@worldswitch/bits';
import { DebuggerError } from './error.ts';
import { nearest } from './nearest.ts';

/** A symbol as an ELF file has it: `elfSymbols` of `@worldswitch/image` gives these and more. */
export interface SymbolLike {
  readonly name: string;
  readonly value: bigint;
  readonly size: bigint;
  readonly kind: string;
  readonly binding?: string;
  /** st_shndx: 0 is an undefined symbol, which has no place. */
  readonly section?: number;
}

/** Where an address lies: in or behind a symbol. */
export interface Place {
  readonly name: string;
  readonly offset: bigint;
}

interface Entry {
  readonly name: string;
  readonly start: bigint;
  /** Exclusive; equal to `start` where the file gives no size. */
  readonly end: bigint;
  readonly rank: number;
}

/** AArch64's mapping symbols (`$x`, `$d.4`) mark code and data and name nothing (ELF for the Arm 64-bit Architecture, 5.5.5). */
const MAPPING = /^\$[a-z](\.|$)/;
const KINDS_WITHOUT_PLACE = new Set(['section', 'file', 'tls']);

/** Names of addresses and addresses of names. Immutable. */
export class SymbolTable {
  readonly #byAddress: readonly Entry[];
  readonly #byName = new Map<string, bigint>();

  /** Undefined symbols, section and file names, thread-local ones and mapping symbols are left out. */
  constructor(symbols: Iterable<SymbolLike> = []) {
    const entries: Entry[] = [];
    for (const { name, value, size, kind, binding, section } of symbols) {
      if (name === '' || MAPPING.test(name) || KINDS_WITHOUT_PLACE.has(kind) || section === 0) continue;
      entries.push({ name, start: value, end: value + size, rank: (kind === 'function' ? 0 : 2) + (binding === 'local' ? 1 : 0) });
    }
    // Of several names for one address the first is shown: functions before data, global before local.
    entries.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.rank - b.rank || (a.name < b.name ? -1 : 1)));
    this.#byAddress = entries;
    for (const { name, start } of [...entries].sort((a, b) => a.rank - b.rank)) if (!this.#byName.has(name)) this.#byName.set(name, start);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The name that begins at an address. */
  labelAt(address: bigint): string | undefined {
    const index = this.#lastAtOrBefore(address);
    return index >= 0 && this.#byAddress[index].start === address ? this.#first(index).name : undefined;
  }

  /** The symbol that an address lies in; behind a symbol without a size, up to the next one. */
  placeOf(address: bigint): Place | undefined {
    const index = this.#lastAtOrBefore(address);
    if (index < 0) return undefined;
    const { name, start, end } = this.#first(index);
    if (end !== start && address >= end) return undefined;
    return { name, offset: address - start };
  }

  /** `main`, `main+0x10`, or the bare address. */
  describe(address: bigint): string {
    const place = this.placeOf(address);
    if (place === undefined) return hex(address);
    return place.offset === 0n ? place.name : `${place.name}+${hex(place.offset)}`;
  }

  /**
   * The address that a text means: a number (`0x4020_0000`, decimal), a symbol, or either plus or minus a number (`main+0x10`).
   *
   * @throws DebuggerError `bad-address` for anything else, `unknown-symbol` with names that are close.
   */
  resolve(text: string): bigint {
    const match = /^\s*([^+\s-][^+\s]*?)\s*(?:([+-])\s*(\S+))?\s*$/.exec(text);
    const [, base, sign, offset] = match ?? [];
    const bad = (): never => {
      throw new DebuggerError({
        code: 'bad-address', value: `address '${text}'`, rule: 'an address is a number, a symbol, or one of them plus or minus a number, in 64 bits',
        remedy: 'write 0x40200000, main or main+0x10',
      });
    };
    if (base === undefined) return bad();
    const start = /^[0-9]/.test(base) ? parseInteger(base) ?? bad() : this.#addressOf(base);
    const distance = offset === undefined ? 0n : parseInteger(offset) ?? bad();
    const address = sign === '-' ? start - distance : start + distance;
    return address >= 0n && address < 1n << 64n ? address : bad();
  }

  #addressOf(name: string): bigint {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const close = nearest(name, this.#byName.keys(), 3);
    throw new DebuggerError({
      code: 'unknown-symbol', value: `symbol '${name}'`,
      rule: this.#byName.size === 0 ? 'the image has no symbols' : `none of the image's ${this.#byName.size} symbols has this name`,
      remedy: close.length > 0 ? `did you mean ${close.join(', ')}?` : 'give the address as a number',
    });
  }

  #lastAtOrBefore(address: bigint): number {
    let [low, high] = [0, this.#byAddress.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#byAddress[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
  #first(index: number): Entry {
    let at = index;
    while (at > 0 && this.#byAddress[at - 1].start === this.#byAddress[index].start) at--;
    return this.#byAddress[at];
  }
}
