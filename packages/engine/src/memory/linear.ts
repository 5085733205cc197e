const WASM_PAGE = 65_536;
/** wasm32 addresses; one page is kept back so that no end address is 2^32. */
const LIMIT = 2 ** 32 - WASM_PAGE;

/**
 * The one WebAssembly memory that holds processor state, translation caches, predecoded records and guest RAM.
 * It grows by allocation and never shrinks; the typed views are fresh after each growth, so read them off this object
 * each time. Fresh memory is zero.
 */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array;
  u16!: Uint16Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  u64!: BigUint64Array;
  view!: DataView;
  #end = 1024;

  /** `reserve`: bytes that are going to be allocated, as far as known. Growing later works, but each growth costs a collection of garbage. */
  constructor(reserve = 0) {
    this.memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(Math.min(reserve, LIMIT) / WASM_PAGE)) });
    this.#refresh();
  }

  /** Reserves zeroed bytes. Throws `RangeError` where the 4 GiB of a wasm memory, or the host's memory, do not suffice. */
  allocate(bytes: number, alignment = 16): number {
    const start = Math.ceil(this.#end / alignment) * alignment;
    const end = start + bytes;
    if (end > LIMIT) {
      throw new RangeError(`${bytes} bytes do not fit: an engine has 4 GiB for RAM and its tables, ${LIMIT - this.#end} bytes are left; use less RAM`);
    }
    const missing = end - this.u8.length;
    if (missing > 0) {
      this.memory.grow(Math.ceil(missing / WASM_PAGE));
      this.#refresh();
    }
    this.#end = end;
    return start;
  }

  #refresh(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.view = new DataView(buffer);
  }
}
