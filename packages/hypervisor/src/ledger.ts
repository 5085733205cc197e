/**
 * The ledger: what a processor did in a world switch, row by row. The accesses come from the processor that is observed, the places in the
 * switch from whoever wrote it; the two are joined by order. Rows are plain data, and the analysis knows no architecture.
 */

/** What one row did. `read` and `write` are registers, `load` and `store` the memory of a context, `exception` one that was taken. */
export type LedgerOperation = 'read' | 'write' | 'load' | 'store' | 'barrier' | 'maintenance' | 'control' | 'exception';

/** Whose value it is: the host's, the guest's own, or that of a debugger in the VMM, which stands in for the guest's. */
export type LedgerOwner = 'host' | 'guest' | 'debugger';

export interface LedgerRow {
  /** The step that did it; empty for code without steps. */
  readonly step: string;
  readonly phase: string;
  /** The class of state: `context`, `debug`, `id`, `trap-control`, `timer`, `vgic`, `stage2` and so on; an architecture's words. */
  readonly kind: string;
  /** Whose world the access serves. Absent for what is neither's, and for code that does not say. */
  readonly owner?: LedgerOwner;
  readonly el: number;
  readonly operation: LedgerOperation;
  /** The accessor as the code names it, or the slot. */
  readonly written: string;
  /** The register it reached, after redirection; the same as `written` for a slot, and for an access that was refused. */
  readonly reached: string;
  /** Values of what was reached, where known. A read leaves both equal. */
  readonly before?: bigint;
  readonly after?: bigint;
  readonly verdict: 'ok' | 'undefined' | 'trap' | 'departed';
  /** Instructions the machine had retired. */
  readonly icount: bigint;
  /** The program counter of the code, where it has one. */
  readonly pc?: bigint;
}

/** A ring of rows. Off until somebody makes one: a switch without a ledger records nothing. */
export class Ledger {
  readonly capacity: number;
  #rows: LedgerRow[] = [];
  #lost = 0;
  readonly #sources = new Set<() => void>();

  /** Throws RangeError unless `capacity` is a positive whole number. */
  constructor(capacity = 1_000_000) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity ${capacity}: a ledger holds a whole number of rows, at least 1`);
    this.capacity = capacity;
  }

  record(row: LedgerRow): void {
    if (this.#rows.length >= this.capacity) {
      // Half at a time, so that a full ring costs no more than an empty one.
      const drop = Math.ceil(this.capacity / 2);
      this.#rows = this.#rows.slice(drop);
      this.#lost += drop;
    }
    this.#rows.push(row);
  }

  /** Counts rows that never got here. */
  missed(rows: number): void {
    this.#lost += rows;
  }

  /** Asked to record what it still holds back whenever rows are wanted; until the returned function is called, which asks a last time. */
  feed(source: () => void): () => void {
    this.#sources.add(source);
    return () => {
      if (this.#sources.delete(source)) source();
    };
  }

  get rows(): readonly LedgerRow[] {
    this.#collect();
    return this.#rows;
  }

  /** Rows dropped before anybody took them, here or on their way. */
  get lost(): number {
    this.#collect();
    return this.#lost;
  }

  /** Takes everything recorded since the last call. */
  drain(): readonly LedgerRow[] {
    this.#collect();
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  #collect(): void {
    for (const source of this.#sources) source();
  }
}

export interface Count {
  reads: number;
  writes: number;
}

/** Register moves per phase and kind, in the order of appearance. */
export interface LedgerSummary {
  readonly reads: number;
  readonly writes: number;
  readonly byKind: ReadonlyMap<string, Count>;
  readonly byPhase: ReadonlyMap<string, ReadonlyMap<string, Count>>;
}

function bump(table: Map<string, Count>, key: string, operation: 'read' | 'write'): void {
  let count = table.get(key);
  if (!count) table.set(key, (count = { reads: 0, writes: 0 }));
  if (operation === 'read') count.reads++;
  else count.writes++;
}

/** Counts register reads and writes; slots, barriers and the rest are not register moves. */
export function summarise(rows: Iterable<LedgerRow>): LedgerSummary {
  const byKind = new Map<string, Count>();
  const byPhase = new Map<string, Map<string, Count>>();
  let reads = 0;
  let writes = 0;
  for (const { operation, kind, phase } of rows) {
    if (operation !== 'read' && operation !== 'write') continue;
    if (operation === 'read') reads++;
    else writes++;
    bump(byKind, kind, operation);
    let table = byPhase.get(phase);
    if (!table) byPhase.set(phase, (table = new Map<string, Count>()));
    bump(table, kind, operation);
  }
  return { reads, writes, byKind, byPhase };
}

export type LedgerVerdict = 'dead-save' | 'redundant-restore';

/** What can be held against a row, for those where something can: of rows from one ledger, in their order. */
export function verdicts(rows: readonly LedgerRow[], options: { readonly final?: boolean } = {}): ReadonlyMap<LedgerRow, LedgerVerdict> {
  return new Map([
    ...redundantRestores(rows).map((row): [LedgerRow, LedgerVerdict] => [row, 'redundant-restore']),
    ...deadSaves(rows, options).map((row): [LedgerRow, LedgerVerdict] => [row, 'dead-save']),
  ]);
}

/** Writes that changed nothing: the register held the value already. */
export function redundantRestores(rows: Iterable<LedgerRow>): readonly LedgerRow[] {
  return [...rows].filter(({ operation, before, after, verdict }) => operation === 'write' && verdict === 'ok' && before !== undefined && before === after);
}

/**
 * Stores to a slot that nothing loaded before the next store to it. The last store of each slot is left out unless `final`: the one
 * who will load it may come after the rows end.
 */
export function deadSaves(rows: Iterable<LedgerRow>, { final = false }: { readonly final?: boolean } = {}): readonly LedgerRow[] {
  const pending = new Map<string, LedgerRow>();
  const dead: LedgerRow[] = [];
  for (const row of rows) {
    if (row.operation === 'load') pending.delete(row.written);
    else if (row.operation === 'store') {
      const previous = pending.get(row.written);
      if (previous) dead.push(previous);
      pending.set(row.written, row);
    }
  }
  return final ? [...dead, ...pending.values()] : dead;
}
