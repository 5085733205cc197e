/** Sample records as they lie in the profiling buffer (DDI 0487 D15, Statistical Profiling Extension Sample Record Specification). */
import { RECORD_BYTES } from './model.ts';

/** Bits of the Events packet that occur here: there are no caches, and nothing is predicted. */
export const EVENT = { exception: 1, retired: 2, notTaken: 0x40 } as const;

/** An instruction's or a branch target's address, with the level it belongs to. Bits 63 to 56 of the address are not recorded. */
export interface CodeAddress {
  readonly address: bigint;
  readonly el: number;
}

export interface SampleRecord {
  readonly pc: CodeAddress;
  readonly operation: { readonly class: 'other' | 'load-store' | 'branch'; readonly subclass: number };
  readonly events: number;
  /** Cycles, saturated at 4095. */
  readonly totalLatency: number;
  readonly issueLatency: number;
  readonly translationLatency?: number;
  /** CONTEXTIDR_EL1 and CONTEXTIDR_EL2, 32 bits. */
  readonly context1?: number;
  readonly context2?: number;
  readonly branchTarget?: CodeAddress;
  readonly dataVirtual?: bigint;
  readonly dataPhysical?: bigint;
  readonly timestamp?: bigint;
}

const CLASSES = ['other', 'load-store', 'branch'] as const;
const HEADER = { padding: 0x00, end: 0x01, timestamp: 0x71, events: 0x52, context1: 0x64, context2: 0x65, operation: 0x48, counter: 0x98, address: 0xb0 } as const;
const ADDRESS = { pc: 0, branchTarget: 1, dataVirtual: 2, dataPhysical: 3 } as const;
const COUNTER = { total: 0, issue: 1, translation: 2 } as const;
const COUNTER_MAX = 0xfff;
/** NS: there is no Secure state here. */
const NON_SECURE = 1n << 63n;
const EL_SHIFT = 61n;
const ADDRESS_BITS = 56;

/** One record, padded with zeros to its aligned size. Packets in the order of the manual's example, SPEConstructRecord. */
export function encodeRecord(sample: SampleRecord): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  let at = 0;
  const packet = (header: number, size: number, payload: bigint): void => {
    bytes[at++] = header;
    for (let n = 0; n < size; n++) bytes[at++] = Number((payload >> BigInt(8 * n)) & 0xffn);
  };
  const address = (index: number, payload: bigint | undefined): void => {
    if (payload !== undefined) packet(HEADER.address + index, 8, payload);
  };
  const counter = (index: number, cycles: number | undefined): void => {
    if (cycles !== undefined) packet(HEADER.counter + index, 2, BigInt(Math.min(cycles, COUNTER_MAX)));
  };
  if (sample.context1 !== undefined) packet(HEADER.context1, 4, BigInt(sample.context1));
  if (sample.context2 !== undefined) packet(HEADER.context2, 4, BigInt(sample.context2));
  counter(COUNTER.total, sample.totalLatency);
  counter(COUNTER.issue, sample.issueLatency);
  counter(COUNTER.translation, sample.translationLatency);
  address(ADDRESS.pc, codeAddress(sample.pc));
  address(ADDRESS.branchTarget, sample.branchTarget && codeAddress(sample.branchTarget));
  address(ADDRESS.dataVirtual, sample.dataVirtual);
  address(ADDRESS.dataPhysical, sample.dataPhysical === undefined ? undefined : NON_SECURE | BigInt.asUintN(ADDRESS_BITS, sample.dataPhysical));
  packet(HEADER.operation + CLASSES.indexOf(sample.operation.class), 1, BigInt(sample.operation.subclass));
  packet(HEADER.events, 2, BigInt(sample.events));
  if (sample.timestamp === undefined) bytes[at] = HEADER.end;
  else packet(HEADER.timestamp, 8, sample.timestamp);
  return bytes;
}
const codeAddress = ({ address, el }: CodeAddress): bigint => NON_SECURE | (BigInt(el) << EL_SHIFT) | BigInt.asUintN(ADDRESS_BITS, address);

/**
 * The records of a buffer, or of a part of one that begins with a record. Throws `RangeError` for bytes that are none of this package's
 * packets, naming where.
 */
export function decodeRecords(bytes: Uint8Array): readonly SampleRecord[] {
  const records: SampleRecord[] = [];
  let at = 0;
  const payload = (size: number): bigint => {
    if (at + size > bytes.length) throw new RangeError(`the packet that ends at byte ${at + size} does: the buffer has ${bytes.length}; give whole records`);
    let value = 0n;
    for (let n = 0; n < size; n++) value |= BigInt(bytes[at++]) << BigInt(8 * n);
    return value;
  };
  while (at < bytes.length) {
    if (bytes[at] === HEADER.padding) at++;
    else records.push(decodeRecord());
  }
  return records;

  function decodeRecord(): SampleRecord {
    const found: { -readonly [K in keyof SampleRecord]?: SampleRecord[K] } = {};
    for (;;) {
      const from = at;
      const header = Number(payload(1));
      if (header === HEADER.end) return complete(found, from);
      if (header === HEADER.timestamp) {
        found.timestamp = payload(8);
        return complete(found, from);
      }
      if (!packetInto(found, header)) throw new RangeError(`byte ${from} is 0x${header.toString(16)}, which begins no packet of a sample record; give memory that holds records alone`);
    }
  }
  function packetInto(found: { -readonly [K in keyof SampleRecord]?: SampleRecord[K] }, header: number): boolean {
    switch (header) {
      case HEADER.context1: found.context1 = Number(payload(4)); return true;
      case HEADER.context2: found.context2 = Number(payload(4)); return true;
      case HEADER.events: found.events = Number(payload(2)); return true;
      case HEADER.counter + COUNTER.total: found.totalLatency = Number(payload(2)); return true;
      case HEADER.counter + COUNTER.issue: found.issueLatency = Number(payload(2)); return true;
      case HEADER.counter + COUNTER.translation: found.translationLatency = Number(payload(2)); return true;
      case HEADER.address + ADDRESS.pc: found.pc = asCode(payload(8)); return true;
      case HEADER.address + ADDRESS.branchTarget: found.branchTarget = asCode(payload(8)); return true;
      case HEADER.address + ADDRESS.dataVirtual: found.dataVirtual = payload(8); return true;
      case HEADER.address + ADDRESS.dataPhysical: found.dataPhysical = BigInt.asUintN(ADDRESS_BITS, payload(8)); return true;
      default: {
        const kind = CLASSES[header - HEADER.operation];
        if (kind === undefined) return false;
        found.operation = { class: kind, subclass: Number(payload(1)) };
        return true;
      }
    }
  }
}
/** The address as software uses it: bits 63 to 56 are copies of bit 55, as the records leave them out. */
const asCode = (payload: bigint): CodeAddress => ({
  address: BigInt.asUintN(64, BigInt.asIntN(ADDRESS_BITS, payload)), el: Number((payload >> EL_SHIFT) & 3n),
});
function complete(found: Partial<SampleRecord>, at: number): SampleRecord {
  const { pc, operation, events, totalLatency, issueLatency } = found;
  if (pc === undefined || operation === undefined || events === undefined || totalLatency === undefined || issueLatency === undefined) {
    throw new RangeError(`the record that ends at byte ${at} lacks its address, type, events or latencies; give memory that begins with a record`);
  }
  return { ...found, pc, operation, events, totalLatency, issueLatency };
}
