/**
 * The engine's own words at the start of each processor's state block. Generated code reads and writes them with the
 * block's address as base.
 */
export const HEADER = {
  /** i64: virtual address of the executing page minus a quarter of its records' address; pc = delta + (record >> 2). */
  pageDelta: 0,
  /** i64: a program counter that generated code hands to the host. */
  nextPc: 8,
  /** i64: a data address that generated code hands to the host. */
  address: 16,
  /** i32: instructions left, when generated code returns. */
  remaining: 24,
  /** i32: addresses of this context's data and fetch caches. */
  dataTlb: 28,
  fetchTlb: 32,
  /** Condition flags, lazily: i32 kind (see flags.ts), i64 operands. */
  flagsKind: 36,
  flagsA: 40,
  flagsB: 48,
  /** i64 running digest of program counters, i32 instructions left in the digest's block. */
  digest: 56,
  digestLeft: 64,
  /** i32 index of the processor, for host functions. */
  index: 68,
} as const;
