import type { RegisterName } from '@worldswitch/arm64-sysreg';

/**
 * Writes to system registers that have not acted yet. The architecture lets a direct write act on what follows any time up to the next
 * context synchronization event (DDI 0487 D24.1.2.2); a machine with `sync: 'late'` waits that long, so that a missing ISB is found. A
 * direct read sees the written value all the same.
 */
export class LateWrites {
  readonly #pending = new Map<RegisterName, bigint>();

  set(name: RegisterName, value: bigint): void {
    this.#pending.delete(name);
    this.#pending.set(name, value);
  }
  /** The value that waits, if any. */
  get(name: RegisterName): bigint | undefined {
    return this.#pending.get(name);
  }
  /** Takes all of them, in the order of their writes. */
  drain(): readonly (readonly [RegisterName, bigint])[] {
    if (this.#pending.size === 0) return [];
    const writes = [...this.#pending];
    this.#pending.clear();
    return writes;
  }

  save(): readonly (readonly [string, string])[] {
    return [...this.#pending].map(([name, value]) => [name, value.toString(16)]);
  }
  restore(saved: ReturnType<LateWrites['save']>): void {
    this.#pending.clear();
    for (const [name, value] of saved) this.#pending.set(name as RegisterName, BigInt(`0x${value}`));
  }
}
