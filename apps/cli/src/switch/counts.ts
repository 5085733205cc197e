/** What a round trip moved, counted from its rows: nothing here knows a revision. */
import type { LedgerRow } from '@worldswitch/hypervisor';
import type { ChosenPair } from './pairs.ts';
import type { RoundTrip } from './lab.ts';

/** Register moves by whose values they are and which way they go. */
export interface FourPhases {
  readonly hostSave: number;
  readonly guestRestore: number;
  readonly guestSave: number;
  readonly hostRestore: number;
  readonly sum: number;
}

/** Moves of one class in one phase of the switch; `host` is the host's kernel, around the switch. */
export interface ClassCount {
  readonly class: string;
  readonly phase: string;
  /** Registers. */
  readonly reads: number;
  readonly writes: number;
  /** Slots of contexts, which are memory. */
  readonly loads: number;
  readonly stores: number;
  readonly barriers: number;
}

/** The counts of one pair. Sets are of one round trip; what load and put move comes once for many of them. */
export interface PairCounts extends ChosenPair {
  readonly context: FourPhases;
  readonly debug: FourPhases;
  /** Reads of identification registers, which move nothing. */
  readonly identification: number;
  /** Context and debug registers moved at load and at put. */
  readonly load: { readonly context: number; readonly debug: number };
  readonly put: { readonly context: number; readonly debug: number };
  readonly classes: readonly ClassCount[];
  /** Register reads and writes of the round trip, all classes, the host's kernel left out. */
  readonly reads: number;
  readonly writes: number;
}

const isMove = ({ operation }: LedgerRow): boolean => operation === 'read' || operation === 'write';
const movesOf = (rows: readonly LedgerRow[], kind: string): number => rows.filter((row) => row.kind === kind && isMove(row)).length;

/** A debugger's values stand in for the guest's. */
export function fourPhases(rows: readonly LedgerRow[], kind: string): FourPhases {
  const count = (operation: 'read' | 'write', host: boolean): number => rows.filter((row) => row.kind === kind && row.operation === operation && (row.owner === 'host') === host).length;
  const [hostSave, guestRestore, guestSave, hostRestore] = [count('read', true), count('write', false), count('read', false), count('write', true)];
  return { hostSave, guestRestore, guestSave, hostRestore, sum: hostSave + guestRestore + guestSave + hostRestore };
}

const COUNTED = { read: 'reads', write: 'writes', load: 'loads', store: 'stores', barrier: 'barriers' } as const;

/** Classes and their phases in the order of appearance. */
export function countClasses(rows: readonly LedgerRow[]): readonly ClassCount[] {
  const counts = new Map<string, { -readonly [K in keyof ClassCount]: ClassCount[K] }>();
  for (const { kind, phase, operation } of rows) {
    const key = Object.hasOwn(COUNTED, operation) ? COUNTED[operation as keyof typeof COUNTED] : undefined;
    if (key === undefined) continue;
    const name = `${kind} ${phase}`;
    const count = counts.get(name) ?? { class: kind, phase: phase === '' ? 'host' : phase, reads: 0, writes: 0, loads: 0, stores: 0, barriers: 0 };
    count[key]++;
    counts.set(name, count);
  }
  return [...counts.values()];
}

/** Counts one pair's run. */
export function countPair(pair: ChosenPair, { trip, load, put }: RoundTrip): PairCounts {
  const own = trip.filter(({ phase }) => phase !== '');
  const sets = (rows: readonly LedgerRow[]): { context: number; debug: number } => ({ context: movesOf(rows, 'context'), debug: movesOf(rows, 'debug') });
  return {
    ...pair, context: fourPhases(own, 'context'), debug: fourPhases(own, 'debug'), identification: movesOf(own, 'id'),
    load: sets(load), put: sets(put), classes: countClasses([...load, ...trip, ...put]),
    reads: own.filter(({ operation }) => operation === 'read').length, writes: own.filter(({ operation }) => operation === 'write').length,
  };
}
