import { PMBSR_EL1 } from '@worldswitch/arm64-sysreg';
import type { MmuResult } from '../../mmu/index.ts';
import type { SystemRegisters } from '../registers.ts';
import { RECORD_BYTES } from './model.ts';

/** What writing records takes. */
export interface BufferPort {
  readonly registers: SystemRegisters;
  enabled(): boolean;
  /** For a write by the buffer's owner, through the owner's regime as it stands now. */
  translate(address: bigint): MmuResult;
  /** Whether records can lie at a physical address: in RAM alone. */
  isMemory(physical: number): boolean;
  /** Eight bytes of memory, little endian. */
  store(physical: number, value: bigint): void;
  /** PMBSR_EL1 has changed. */
  stopped(): void;
}

/** Records that wait in the processor. The manual leaves it open when they are written; here, as late as it allows: when no more fit, and at PSB CSYNC. */
const CAPACITY = 4;
const EC = { other: 0n, stage1: 0x24n, stage2: 0x25n } as const;
const BUFFER_FULL = 1n;
const FAULT = { alignment: 0x21n, external: 0x10n } as const;
const EC_SHIFT = 26n;
const STOPPED = PMBSR_EL1.mask('S');
const EXTERNAL = PMBSR_EL1.mask('EA');
const LIMIT = ~0xfffn;
const SIZE = BigInt(RECORD_BYTES);

/** A record with a place in memory that no DSB has waited for yet. */
interface Written {
  readonly physical: number;
  readonly bytes: Uint8Array;
}

/**
 * The way of finished records to memory (DDI 0487 D14, Profiling Buffer; J1 SPEWriteToBuffer): a record is translated when it is
 * written, not when it is taken, and by whoever owns the buffer then. Its bytes are in memory after the DSB that follows.
 */
export class ProfilingBuffer {
  readonly #port: BufferPort;
  #waiting: Uint8Array[] = [];
  #written: Written[] = [];

  constructor(port: BufferPort) {
    this.#port = port;
  }

  add(record: Uint8Array): void {
    this.#waiting.push(record);
    if (this.#waiting.length >= CAPACITY) {
      this.translate();
      this.complete();
    }
  }
  /** PSB CSYNC: everything that waits is translated, and its writes begun. */
  translate(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    // Without an owner who wants them, or after an event, they are lost.
    for (const record of waiting) if (this.#port.enabled()) this.#write(record);
  }
  /** DSB: the writes that have begun are complete. */
  complete(): void {
    if (this.#written.length === 0) return;
    for (const { physical, bytes } of this.#written.splice(0)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let offset = 0; offset < bytes.length; offset += 8) this.#port.store(physical + offset, view.getBigUint64(offset, true));
    }
  }
  clear(): void {
    this.#waiting = [];
    this.#written = [];
  }

  #write(record: Uint8Array): void {
    const { registers } = this.#port;
    const pointer = registers.get('PMBPTR_EL1');
    if (this.#full(pointer)) {
      this.#stop(EC.other, BUFFER_FULL);
      return;
    }
    if (pointer % SIZE !== 0n) {
      this.#stop(EC.stage1, FAULT.alignment);
      return;
    }
    const at = this.#port.translate(pointer);
    if (!at.ok) {
      const { stage, status, external } = at.fault;
      this.#stop(stage === 2 ? EC.stage2 : EC.stage1, BigInt(status), external);
      return;
    }
    if (!this.#port.isMemory(at.physical)) {
      this.#stop(EC.stage1, FAULT.external, true);
      return;
    }
    this.#written.push({ physical: at.physical, bytes: record });
    const next = BigInt.asUintN(64, pointer + SIZE);
    registers.set('PMBPTR_EL1', next);
    if (this.#full(next)) this.#stop(EC.other, BUFFER_FULL);
  }
  /** `SPEBufferIsFull`: another record of the largest size does not fit. */
  #full(pointer: bigint): boolean {
    return pointer > (this.#port.registers.get('PMBLIMITR_EL1') & LIMIT) - SIZE;
  }
  /** A buffer management event: profiling stops and the interrupt is asserted. The pointer is behind the last whole record, hence DL 0. */
  #stop(ec: bigint, status: bigint, external = false): void {
    const { registers } = this.#port;
    const collided = registers.get('PMBSR_EL1') & PMBSR_EL1.mask('COLL');
    registers.set('PMBSR_EL1', collided | (ec << EC_SHIFT) | STOPPED | (external ? EXTERNAL : 0n) | status);
    this.#port.stopped();
  }

  save(): { readonly waiting: readonly string[]; readonly written: readonly { readonly physical: number; readonly bytes: string }[] } {
    return { waiting: this.#waiting.map(hexOf), written: this.#written.map(({ physical, bytes }) => ({ physical, bytes: hexOf(bytes) })) };
  }
  restore({ waiting, written }: ReturnType<ProfilingBuffer['save']>): void {
    this.#waiting = waiting.map(bytesOf);
    this.#written = written.map(({ physical, bytes }) => ({ physical, bytes: bytesOf(bytes) }));
  }
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (hex: string): Uint8Array => Uint8Array.from({ length: hex.length / 2 }, (_, n) => parseInt(hex.slice(2 * n, 2 * n + 2), 16));
