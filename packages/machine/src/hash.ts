import type { Plain } from './plain.ts';

/**
 * 64-bit hash of a state, the same in every JavaScript engine: two XXH32 lanes (xxHash specification, XXH32 algorithm)
 * with different seeds over one canonical byte stream. XXH32 because 32-bit multiplies are exact with `Math.imul`;
 * a 64-bit multiply would need bigint for every word of guest memory.
 */
export function hashPlain(value: Plain): bigint {
  const stream = new CanonicalStream();
  stream.plain(value);
  return stream.digest();
}

/** Sixteen hex digits, the way hashes are printed everywhere in the project. */
export function formatHash(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}

const P1 = 0x9e3779b1 | 0, P2 = 0x85ebca77 | 0, P3 = 0xc2b2ae3d | 0, P4 = 0x27d4eb2f | 0, P5 = 0x165667b1 | 0;

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n));

/** One XXH32 computation over bytes fed in pieces. */
export class XxHash32 {
  readonly #seed: number;
  readonly #tail = new Uint8Array(16);
  #lanes: [number, number, number, number];
  #held = 0;
  #length = 0;

  constructor(seed = 0) {
    this.#seed = seed | 0;
    this.#lanes = [(seed + P1 + P2) | 0, (seed + P2) | 0, seed | 0, (seed - P1) | 0];
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#held > 0) {
      const take = Math.min(16 - this.#held, bytes.length);
      this.#tail.set(bytes.subarray(0, take), this.#held);
      this.#held += take;
      at = take;
      if (this.#held < 16) return;
      this.#stripes(this.#tail, 0, 16);
      this.#held = 0;
    }
    const whole = at + ((bytes.length - at) & ~15);
    this.#stripes(bytes, at, whole);
    this.#tail.set(bytes.subarray(whole));
    this.#held = bytes.length - whole;
  }

  #stripes(bytes: Uint8Array, from: number, to: number): void {
    let [a, b, c, d] = this.#lanes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = from; at < to; at += 16) {
      a = Math.imul(rotl((a + Math.imul(view.getInt32(at, true), P2)) | 0, 13), P1);
      b = Math.imul(rotl((b + Math.imul(view.getInt32(at + 4, true), P2)) | 0, 13), P1);
      c = Math.imul(rotl((c + Math.imul(view.getInt32(at + 8, true), P2)) | 0, 13), P1);
      d = Math.imul(rotl((d + Math.imul(view.getInt32(at + 12, true), P2)) | 0, 13), P1);
    }
    this.#lanes = [a, b, c, d];
  }

  /** The hash of everything fed so far, as an unsigned 32-bit number. */
  digest(): number {
    const [a, b, c, d] = this.#lanes;
    let h = this.#length >= 16 ? (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0 : (this.#seed + P5) | 0;
    h = (h + this.#length) | 0;
    const view = new DataView(this.#tail.buffer);
    let at = 0;
    for (; at + 4 <= this.#held; at += 4) h = Math.imul(rotl((h + Math.imul(view.getInt32(at, true), P3)) | 0, 17), P4);
    for (; at < this.#held; at++) h = Math.imul(rotl((h + Math.imul(this.#tail[at], P5)) | 0, 11), P1);
    h = Math.imul(h ^ (h >>> 15), P2);
    h = Math.imul(h ^ (h >>> 13), P3);
    return (h ^ (h >>> 16)) >>> 0;
  }
}

/** Each value becomes a tag byte, its length where it has one, and its bytes; object keys in code-unit order. */
class CanonicalStream {
  readonly #low = new XxHash32(0);
  readonly #high = new XxHash32(0x9747b28c);
  readonly #buffer = new Uint8Array(4096);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;

  plain(value: Plain): void {
    if (typeof value === 'boolean') { this.#tag(value ? 1 : 2); return; }
    if (typeof value === 'number') { this.#tag(3); this.#room(8); this.#view.setFloat64(this.#used, value === 0 ? 0 : value, true); this.#used += 8; return; }
    if (typeof value === 'bigint') { this.#tag(4); this.#text(value.toString(16)); return; }
    if (typeof value === 'string') { this.#tag(5); this.#text(value); return; }
    if (value === null) { this.#tag(0); return; }
    if (value instanceof Uint8Array) { this.#tag(6); this.#count(value.length); this.#bytes(value); return; }
    if (Array.isArray(value)) {
      this.#tag(7);
      this.#count(value.length);
      for (const item of value as readonly Plain[]) this.plain(item);
      return;
    }
    const fields = value as { readonly [key: string]: Plain };
    const keys = Object.keys(fields).sort();
    this.#tag(8);
    this.#count(keys.length);
    for (const key of keys) { this.#text(key); this.plain(fields[key]); }
  }

  digest(): bigint {
    this.#flush();
    return (BigInt(this.#high.digest()) << 32n) | BigInt(this.#low.digest());
  }

  #tag(tag: number): void { this.#room(1); this.#buffer[this.#used++] = tag; }

  #count(count: number): void { this.#room(4); this.#view.setUint32(this.#used, count, true); this.#used += 4; }

  #text(text: string): void {
    this.#count(text.length);
    for (let i = 0; i < text.length; i++) { this.#room(2); this.#view.setUint16(this.#used, text.charCodeAt(i), true); this.#used += 2; }
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length <= 1024) { this.#room(bytes.length); this.#buffer.set(bytes, this.#used); this.#used += bytes.length; return; }
    this.#flush();
    this.#low.update(bytes);
    this.#high.update(bytes);
  }

  #room(bytes: number): void { if (this.#used + bytes > this.#buffer.length) this.#flush(); }

  #flush(): void {
    const filled = this.#buffer.subarray(0, this.#used);
    this.#low.update(filled);
    this.#high.update(filled);
    this.#used = 0;
  }
}
