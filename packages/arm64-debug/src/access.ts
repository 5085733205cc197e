/** Data accesses as watchpoints see them (DDI 0487 D2.9.5 data address comparisons, D2.9.6 behaviour for certain instruction classes). */
import { hex } from '@worldswitch/bits';
import { MANUAL } from './manual.ts';
import { checkAddress, type DebugImplementation } from './state.ts';

/** What one kind of operation means to a watchpoint. `maintains`: reported with ISS.CM = 1. */
export interface AccessKindRow {
  readonly reads: boolean;
  readonly writes: boolean;
  readonly maintains: boolean;
  readonly note: string;
  readonly source: string;
}

const source = MANUAL.watchpoint;

/** Kinds of operation. A pair or a multiple-register access counts as one access over all its bytes. */
export const ACCESS_KINDS = {
  load: { reads: true, writes: false, maintains: false, note: 'any load, exclusive ones included', source },
  store: { reads: false, writes: true, maintains: false, note: 'any store; a store-exclusive that passes its monitor', source },
  atomic: { reads: true, writes: true, maintains: false, note: 'atomic read-modify-write: a load and a store', source },
  'dc-zva': { reads: false, writes: true, maintains: false, note: 'DC ZVA: a store of the whole block', source },
  'dc-ivac': { reads: false, writes: true, maintains: true, note: 'DC IVAC: a store, since it may lose data', source },
  'failed-store-exclusive': {
    reads: false, writes: false, maintains: false, note: 'the monitor refused it; whether it hits is left open, here it does not', source,
  },
  maintenance: { reads: false, writes: false, maintains: false, note: 'any other DC or IC operation', source },
  translation: { reads: false, writes: false, maintains: false, note: 'AT and TLBI', source },
  prefetch: { reads: false, writes: false, maintains: false, note: 'PRFM', source },
} as const satisfies Readonly<Record<string, AccessKindRow>>;

/** A name of `ACCESS_KINDS`. */
export type AccessKind = keyof typeof ACCESS_KINDS;

/** One access. */
export interface DataAccess {
  readonly kind: AccessKind;
  /** The address as the instruction gave it, tag included; need not be aligned. For DC operations the operand. */
  readonly address: bigint;
  /** Bytes, 1 to 2048; for a pair both registers. DC ZVA and DC IVAC take their size from the implementation and ignore it. */
  readonly size?: number;
  /** Made with EL0's permissions: LDTR, STTR and their kin where they have that effect. Default false. */
  readonly unprivileged?: boolean;
}

/** Consecutive byte addresses, modulo 2^64. */
export interface ByteRange {
  readonly start: bigint;
  /** Bytes, at least 1; at most 2^31. */
  readonly length: number;
}

/** Whether FAR follows the block rule of DC operations: their operand, anywhere in the block, is what is recorded. */
export function recordsOperand(kind: AccessKind): boolean {
  return kind === 'dc-zva' || kind === 'dc-ivac';
}

/** The bytes an access touches. Throws RangeError for a size or an address no instruction makes. */
export function bytesOf(access: DataAccess, implementation: Pick<DebugImplementation, 'zvaBytes' | 'invalidateBytes'>): ByteRange {
  checkAddress(access.address);
  if (recordsOperand(access.kind)) {
    const block = access.kind === 'dc-zva' ? implementation.zvaBytes : implementation.invalidateBytes;
    return { start: access.address & ~BigInt(block - 1), length: block };
  }
  const size = access.size ?? 0;
  if (!Number.isInteger(size) || size < 1 || size > 2048) {
    throw new RangeError(
      `${access.kind} of ${access.size} bytes at ${hex(access.address)}: an access covers 1 to 2048 bytes; pass the size of the whole access`,
    );
  }
  return { start: access.address, length: size };
}

/** Where two ranges meet, as offsets into the first. */
export interface Overlap {
  readonly first: number;
  readonly last: number;
}

/**
 * The bytes of `access` that lie in `watched`, from the first to the last, or undefined. Addresses are compared in 64 bits, or in 56
 * where the top byte is a tag; both spaces are circular.
 */
export function overlap(access: ByteRange, watched: ByteRange, topByteIgnored: boolean): Overlap | undefined {
  const width = topByteIgnored ? 56 : 64;
  const ahead = BigInt.asUintN(width, watched.start - access.start);
  if (ahead < BigInt(access.length)) {
    return { first: Number(ahead), last: Math.min(Number(ahead) + watched.length, access.length) - 1 };
  }
  const behind = BigInt.asUintN(width, access.start - watched.start);
  if (behind < BigInt(watched.length)) return { first: 0, last: Math.min(watched.length - Number(behind), access.length) - 1 };
  return undefined;
}
