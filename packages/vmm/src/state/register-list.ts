/**
 * The registers that a VMM moves without knowing them: a list of identifiers and values as the kernel gave it, kept sorted, written back by
 * level. What of it the VMM does know is copied to and from fields of its own processor.
 */
import { hex } from '@worldswitch/bits';
import { KvmError, whileDoing } from '@worldswitch/hypervisor';
import type { OneRegisters } from '@worldswitch/hypervisor';

/**
 * On which occasions a register is written: `runtime` whenever the vCPU goes on, `reset` also after a reset, `full` only when a whole state
 * is put in place (start, migration, snapshot). A register is written on its own occasion and the rarer ones.
 */
export type RegisterLevel = 'runtime' | 'reset' | 'full';

const RANK: Readonly<Record<RegisterLevel, number>> = { runtime: 1, reset: 2, full: 3 };

/** What the architecture says of identifiers. */
export interface RegisterListRules {
  /** Whether the list keeps it: false for what is moved by hand. */
  listed(id: bigint): boolean;
  level(id: bigint): RegisterLevel;
  /** For people. */
  nameOf(id: bigint): string;
}

/** A register that could not be moved. Without `error` it is one that the VMM's processor does not take or does not have. */
export interface RefusedRegister {
  readonly id: bigint;
  readonly name: string;
  readonly error?: KvmError;
}

/** How moving the list went: all was tried, also after a refusal. */
export interface ListOutcome {
  readonly ok: boolean;
  readonly refused: readonly RefusedRegister[];
}

/** A field of the VMM's own processor. A write that does not take (a constant) reads back as it was. */
export interface RegisterField {
  read(): bigint;
  write(value: bigint): void;
}

/** Fields by the kernel's identifiers. */
export interface RegisterFields {
  /** Undefined for a register that the VMM has no field for. */
  find(id: bigint): RegisterField | undefined;
}

/** One entry of a snapshot. */
export interface RegisterValue {
  readonly id: bigint;
  readonly value: bigint;
}

/** What differs between two snapshots; a side is undefined where it lacks the register. */
export interface RegisterDifference {
  readonly id: bigint;
  readonly left: bigint | undefined;
  readonly right: bigint | undefined;
}

/** Bytes in a register's value: `id[55:52]` is their logarithm, on every architecture. */
export function registerSize(id: bigint): number {
  return 1 << Number((id >> 52n) & 15n);
}

export class RegisterList {
  readonly #one: OneRegisters;
  readonly #rules: RegisterListRules;
  readonly #ids: readonly bigint[];
  readonly #values = new Map<bigint, bigint>();
  /** What the VMM's fields took of the list, as it was then. */
  readonly #taken = new Map<bigint, bigint>();

  /**
   * Asks the kernel for its list and for all values. Throws `KvmError` EINVAL for a register that is not 4 or 8 bytes wide, for one that is
   * listed twice, and where the kernel refuses one that it listed; and whatever the list itself is refused with.
   */
  constructor(one: OneRegisters, rules: RegisterListRules) {
    this.#one = one;
    this.#rules = rules;
    this.#ids = whileDoing('asking for the list of registers', () => one.list()).filter((id) => rules.listed(id)).sort((a, b) => (a < b ? -1 : Number(a > b)));
    for (const [index, id] of this.#ids.entries()) this.#check(id, this.#ids[index - 1]);
    for (const id of this.#ids) this.#values.set(id, 0n);
    const { ok, refused } = this.read();
    if (!ok) throw refusal('reading what the kernel listed', refused);
  }

  #check(id: bigint, before: bigint | undefined): void {
    if (id === before) {
      throw new KvmError('EINVAL', { value: this.#nameOf(id), rule: 'a kernel lists a register once', remedy: 'report the kernel; a list with duplicates cannot be written back in a defined order' });
    }
    const size = registerSize(id);
    if (size === 4 || size === 8) return;
    throw new KvmError('EINVAL', {
      value: `${this.#nameOf(id)}, ${size} bytes`, rule: 'the list holds registers of 4 and 8 bytes',
      remedy: 'move wider ones by hand (RegisterListRules.listed), or create the vCPU without the feature that brings them',
    });
  }

  #nameOf(id: bigint): string {
    return `${this.#rules.nameOf(id)} (${hex(id)})`;
  }

  /** Ascending. */
  get ids(): readonly bigint[] {
    return this.#ids;
  }

  /** Undefined for a register that is not in the list. */
  get(id: bigint): bigint | undefined {
    return this.#values.get(id);
  }

  /** For the next `write`. Throws `KvmError` ENOENT, EINVAL for a value that does not fit. */
  set(id: bigint, value: bigint): void {
    if (!this.#values.has(id)) throw new KvmError('ENOENT', { value: this.#nameOf(id), rule: 'it is not in the list', remedy: 'see `ids`' });
    const bits = registerSize(id) * 8;
    if (BigInt.asUintN(bits, value) !== value) {
      throw new KvmError('EINVAL', { value: `${hex(value)} for ${this.#nameOf(id)}`, rule: `values are unsigned, of ${bits} bits`, remedy: 'use BigInt.asUintN' });
    }
    this.#values.set(id, value);
  }

  /** Kernel to list. A register that is refused keeps its value here. */
  read(): ListOutcome {
    return this.#each((id) => { this.#values.set(id, this.#one.get(id)); });
  }

  /**
   * List to kernel: every register of this level or a more frequent one, also those nobody here knows. A refusal (a register the kernel does not
   * have, a constant with another value) does not keep the rest from being written.
   */
  write(level: RegisterLevel): ListOutcome {
    return this.#each((id) => {
      if (RANK[this.#rules.level(id)] <= RANK[level]) this.#one.set(id, this.#values.get(id) ?? 0n);
    });
  }

  #each(move: (id: bigint) => void): ListOutcome {
    const refused: RefusedRegister[] = [];
    for (const id of this.#ids) {
      try {
        move(id);
      } catch (error) {
        if (!(error instanceof KvmError)) throw error;
        refused.push({ id, name: this.#rules.nameOf(id), error });
      }
    }
    return { ok: refused.length === 0, refused };
  }

  /** List to the VMM's fields. Each is read back: refused are those without a field, and constants that differ. */
  copyTo(fields: RegisterFields): ListOutcome {
    const refused: RefusedRegister[] = [];
    this.#taken.clear();
    for (const [id, value] of this.#values) {
      const field = fields.find(id);
      field?.write(value);
      if (field !== undefined && field.read() === value) this.#taken.set(id, value);
      else refused.push({ id, name: this.#rules.nameOf(id) });
    }
    return { ok: refused.length === 0, refused };
  }

  /**
   * The VMM's fields to the list: what has changed there since `copyTo`, and nothing else. A constant that the two sides disagree about was not
   * taken then, so the VMM's idea of it never reaches the guest. Throws `KvmError` EINVAL for a value that does not fit.
   */
  copyFrom(fields: RegisterFields): void {
    for (const [id, taken] of this.#taken) {
      const value = fields.find(id)?.read() ?? taken;
      if (value === taken) continue;
      this.set(id, value);
      this.#taken.set(id, value);
    }
  }

  /** All values, ascending by identifier: a migration's stream. */
  snapshot(): readonly RegisterValue[] {
    return this.#ids.map((id) => ({ id, value: this.#values.get(id) ?? 0n }));
  }

  /**
   * Takes values of another list for the next `write`. Registers that the snapshot lacks keep theirs (an older kernel's snapshot). Throws `KvmError`
   * EINVAL for one that this list lacks, since it would be lost, and for values that do not fit; then nothing has changed.
   */
  restore(snapshot: readonly RegisterValue[]): void {
    const lost = snapshot.filter(({ id }) => !this.#values.has(id));
    if (lost.length > 0) {
      throw new KvmError('EINVAL', {
        value: lost.map(({ id }) => this.#nameOf(id)).join(', '), rule: 'a snapshot\'s registers must exist here, or their values would be lost',
        remedy: 'restore it on a host and with vCPU features that have them',
      });
    }
    const before = new Map(this.#values);
    try {
      for (const { id, value } of snapshot) this.set(id, value);
    } catch (error) {
      for (const [id, value] of before) this.#values.set(id, value);
      throw error;
    }
  }
}

/** What differs, ascending by identifier. */
export function compareRegisters(left: readonly RegisterValue[], right: readonly RegisterValue[]): readonly RegisterDifference[] {
  const sides = [new Map(left.map(({ id, value }) => [id, value])), new Map(right.map(({ id, value }) => [id, value]))] as const;
  const ids = [...new Set([...sides[0].keys(), ...sides[1].keys()])].sort((a, b) => (a < b ? -1 : 1));
  return ids.map((id) => ({ id, left: sides[0].get(id), right: sides[1].get(id) })).filter(({ left: l, right: r }) => l !== r);
}

/** The refusal of a whole list: EINVAL, whatever each was refused with; all are named. */
export function refusal(doing: string, refused: readonly RefusedRegister[]): KvmError {
  const each = refused.map(({ id, name, error }) => `${name} (${hex(id)})${error === undefined ? '' : ` ${error.errno}`}`).join(', ');
  const error = new KvmError('EINVAL', {
    value: `${doing}: ${each}`, rule: 'the kernel refused them; the others were moved', remedy: 'see `cause` for the first refusal, and whether the values come from another kernel or CPU',
  });
  error.cause = refused[0]?.error;
  return error;
}
