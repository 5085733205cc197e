/** Rows of a ledger as people think of them: a register and the slot it is saved to are one move, general registers another. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { LedgerRow, LedgerVerdict } from '@worldswitch/hypervisor';
import { changedFields } from './fields.ts';

/** One line of a timeline. */
export interface Move {
  /** Save and restore are a register and a slot; the others are single rows, or a series of them. */
  readonly what: 'save' | 'restore' | 'read' | 'write' | 'load' | 'store' | 'barrier' | 'execute' | 'taken';
  /** The accessor as the code names it, and the register it reached where that is another. */
  readonly name: string;
  readonly value: string;
  readonly el: number;
  readonly owner: string;
  /** The structure in memory, where it is not simply the context of the host or of the vCPU. */
  readonly where?: string;
  readonly verdict?: LedgerVerdict;
  /** What it changes, field by field. */
  readonly fields?: string;
}

const target = ({ written, reached }: LedgerRow): string => (written === reached ? written : `${written} → ${reached}`);
const text = (value: bigint | undefined): string => (value === undefined ? '' : hex(value));
const change = ({ before, after }: LedgerRow): string => (before === undefined || after === undefined || before === after ? text(after ?? before) : `${hex(before)} → ${hex(after)}`);
const base = ({ el, owner }: LedgerRow): Pick<Move, 'el' | 'owner'> => ({ el, owner: owner ?? '' });

/** `vcpu0.state` of `vcpu0.state.hcr`; the contexts themselves are told by their owner. */
function whereOf({ written }: LedgerRow): string | undefined {
  const context = written.slice(0, written.lastIndexOf('.'));
  return context.includes('.') ? context : undefined;
}
const slotOf = ({ written }: LedgerRow): string => written.slice(written.lastIndexOf('.') + 1);

/** Whether a loaded value is what is written next, as it is or less reserved bits: not one that only goes into a computation. */
const isSource = (load: LedgerRow, { written, reached, after }: LedgerRow): boolean => load.after === after || slotOf(load) === written || slotOf(load) === reached;

const GENERAL = /\.x\d+$/;
const VECTOR = /^V\d+$|\.v\d+\.(low|high)$/;

/** Rows of one step, in their order, as moves. */
export function movesOf(rows: readonly LedgerRow[], verdicts: ReadonlyMap<LedgerRow, LedgerVerdict>, mode: AccessorMode): readonly Move[] {
  const moves: Move[] = [];
  for (let at = 0; at < rows.length;) {
    const { move, taken } = moveAt(rows, at, verdicts);
    const fields = changedFields(rows[at + taken - 1], mode);
    moves.push(fields === '' ? move : { ...move, fields });
    at += taken;
  }
  return moves;
}

function moveAt(rows: readonly LedgerRow[], at: number, verdicts: ReadonlyMap<LedgerRow, LedgerVerdict>): { readonly move: Move; readonly taken: number } {
  const row = rows[at];
  const next = rows[at + 1];
  const series = seriesAt(rows, at);
  if (series !== undefined) return series;
  const verdict = verdicts.get(row);
  const judged = (found: LedgerVerdict | undefined): Pick<Move, 'verdict'> => (found === undefined ? {} : { verdict: found });
  const placed = (slot: LedgerRow): Pick<Move, 'where'> => {
    const where = whereOf(slot);
    return where === undefined ? {} : { where };
  };
  if (row.operation === 'read' && next?.operation === 'store' && next.after === row.after) {
    return { move: { ...base(row), what: 'save', name: target(row), value: text(row.after), ...placed(next), ...judged(verdicts.get(next)) }, taken: 2 };
  }
  if (row.operation === 'load' && next?.operation === 'write' && isSource(row, next)) {
    return { move: { ...base(next), what: 'restore', name: target(next), value: change(next), ...placed(row), ...judged(verdicts.get(next)) }, taken: 2 };
  }
  return { move: { ...single(row), ...judged(verdict) }, taken: 1 };
}

/** General and V registers: many rows, one move. */
function seriesAt(rows: readonly LedgerRow[], at: number): { readonly move: Move; readonly taken: number } | undefined {
  const first = rows[at];
  const length = (belongs: (row: LedgerRow) => boolean): number => {
    let end = at;
    while (end < rows.length && belongs(rows[end]) && rows[end].owner === first.owner) end++;
    return end - at;
  };
  const general = length((row) => row.operation === first.operation && (row.operation === 'load' || row.operation === 'store') && GENERAL.test(row.written));
  if (general > 1) {
    const name = `${slotOf(first)} … ${slotOf(rows[at + general - 1])}`;
    return { move: { ...base(first), what: first.operation === 'store' ? 'save' : 'restore', name, value: `${general} general registers` }, taken: general };
  }
  const vector = length(({ written }) => VECTOR.test(written));
  if (vector > 1) {
    return { move: { ...base(first), what: first.operation === 'read' ? 'save' : 'restore', name: 'V0 … V31', value: '32 floating-point registers' }, taken: vector };
  }
  return undefined;
}

function single(row: LedgerRow): Move {
  const { operation, written, reached, after } = row;
  switch (operation) {
    case 'read': return { ...base(row), what: 'read', name: target(row), value: `${text(after)}${reached.startsWith('ID_') ? '  what the processor has' : ''}` };
    case 'write': return { ...base(row), what: 'write', name: target(row), value: change(row) };
    case 'load': return { ...base(row), what: 'load', name: placeName(written), value: text(after) };
    case 'store': return { ...base(row), what: 'store', name: placeName(written), value: text(after) };
    case 'barrier': return { ...base(row), what: 'barrier', name: written, value: '' };
    case 'maintenance': return { ...base(row), what: 'execute', name: written, value: text(after) };
    case 'control': return { ...base(row), what: 'execute', name: written, value: steering(row) };
    case 'exception': return { ...base(row), what: 'taken', name: `${written} → ${reached}`, value: after === undefined ? '' : `syndrome ${hex(after)}` };
  }
}

const MASKS = [[8, 'D'], [4, 'A'], [2, 'I'], [1, 'F']] as const;

/** What an instruction without a register does: which exceptions it masks (D debug, A SError, I and F interrupts), where an ERET goes. */
function steering({ written, phase, step }: LedgerRow): string {
  const daif = /^daif(set|clr) #(\d+)$/.exec(written);
  if (daif !== null) return `${daif[1] === 'set' ? 'masks' : 'unmasks'} ${MASKS.filter(([bit]) => (Number(daif[2]) & bit) !== 0).map(([, name]) => name).join(', ')}`;
  if (written !== 'eret') return '';
  return phase === 'enter' || (phase === 'exit' && step !== '') ? 'to the guest' : 'to the host\'s kernel';
}

/** A slot by its name; any other address is a device's. */
const placeName = (written: string): string => (written.startsWith('0x') ? `device ${written}` : written);
