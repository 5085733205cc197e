/** eventfd(2): a counter that is read and written as 8 bytes, and wakes whoever waits for it. */
import { readUnsigned, writeUnsigned } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { KvmError } from '../error.ts';

const MOST = (1n << 64n) - 2n;

export class EventFd {
  #count: bigint;
  readonly #listeners = new Set<() => void>();

  constructor(initial: bigint) {
    this.#count = initial;
  }
  get count(): bigint {
    return this.#count;
  }
  get listeners(): number {
    return this.#listeners.size;
  }

  /** The kernel's own signal: saturates, where a write would have to wait. */
  signal(): void {
    if (this.#count < MOST) this.#count++;
    for (const listener of [...this.#listeners]) listener();
  }
  /** Takes what has been counted. */
  take(): bigint {
    const count = this.#count;
    this.#count = 0n;
    return count;
  }
  /** Calls `listener` at each signal and write. Returns what ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }
  /** The last descriptor is closed: nothing signals it any more but the hypervisor. */
  hangUp(): void {
    this.#listeners.clear();
  }

  /** Throws `KvmError` EINVAL for less than 8 bytes, EAGAIN where reading would wait. */
  read(bytes: Uint8Array, order: ByteOrder): number {
    checkLength(bytes);
    if (this.#count === 0n) throw new KvmError('EAGAIN', { value: 'an event count of 0', rule: 'reading waits for an event, and nothing here waits', remedy: 'read when one has come' });
    writeUnsigned(bytes, 0, 8, this.take(), order);
    return 8;
  }
  /** Throws `KvmError` EINVAL for less than 8 bytes or all ones, EAGAIN where the count has no room. */
  write(bytes: Uint8Array, order: ByteOrder): number {
    checkLength(bytes);
    const value = readUnsigned(bytes, 0, 8, order);
    if (value > MOST) throw new KvmError('EINVAL', { value: 'an event count of all ones', rule: 'it is no count', remedy: 'add less' });
    if (this.#count + value > MOST) throw new KvmError('EAGAIN', { value: `${value} more events`, rule: 'the count has no room for them', remedy: 'read first' });
    this.#count += value;
    for (const listener of [...this.#listeners]) listener();
    return 8;
  }
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length < 8) throw new KvmError('EINVAL', { value: `${bytes.length} bytes`, rule: 'an event count has 8', remedy: 'pass 8' });
}
