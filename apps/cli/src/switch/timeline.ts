/** A world switch as a timeline, for a terminal of any width. */
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import { verdicts, type LedgerRow, type LedgerVerdict } from '@worldswitch/hypervisor';
import { count } from '../text.ts';
import { movesOf, type Move } from './moves.ts';
import { styled, wrap, type Style, type Terminal } from './terminal.ts';
import { causeOf, PHASE_WORDS } from './words.ts';

/** What a step is, apart from what it did. */
export interface StepNote {
  readonly id: string;
  readonly phase: string;
  readonly because: string;
}

export interface Timeline {
  readonly title: string;
  readonly mode: AccessorMode;
  /** Whose exit it was, how many there were before it. */
  readonly exit: number;
  readonly where: string;
  readonly trip: readonly LedgerRow[];
  /** What came after, so that a save can be told from a dead one. `ended`: nothing will come any more. */
  readonly later: readonly LedgerRow[];
  readonly ended: boolean;
  readonly steps: readonly StepNote[];
}

/**
 * What can be held against the rows of the trip. Slots of a vCPU's `state` are how the switch and the host's kernel tell each other things:
 * the kernel reads them as memory, which is in no ledger, so nothing is said of their stores; nor of those to devices, which are no slots.
 */
export function tripVerdicts({ trip, later, ended }: Pick<Timeline, 'trip' | 'later' | 'ended'>): ReadonlyMap<LedgerRow, LedgerVerdict> {
  const mine = new Set(trip);
  const toOthers = ({ operation, written }: LedgerRow): boolean => operation === 'store' && /^0x|\.state\.[^.]+$|\.running-vcpu$/.test(written);
  return new Map([...verdicts([...trip, ...later], { final: ended })].filter(([row]) => mine.has(row) && !toOthers(row)));
}

/** Rows that belong together: one step of one phase. */
interface Section {
  readonly phase: string;
  readonly step: string;
  readonly rows: LedgerRow[];
}

function sectionsOf(rows: readonly LedgerRow[]): readonly Section[] {
  const sections: Section[] = [];
  for (const row of rows) {
    const last = sections.at(-1);
    if (last?.phase === row.phase && last.step === row.step) last.rows.push(row);
    else sections.push({ phase: row.phase, step: row.step, rows: [row] });
  }
  return sections;
}

/** What a value came from or went to, and what is to be said about it. */
const VERDICT_WORDS: Readonly<Record<LedgerVerdict, string>> = { 'redundant-restore': 'redundant restore', 'dead-save': 'dead save' };

const HOW_TO_READ = 'Each line: the exception level; whose value; what is done; the register as the code names it → as the processor takes it; its value, or before → after.';

/** Phases between which the host's kernel has its turn. */
const BEFORE_HOST: ReadonlySet<string> = new Set(['restore-host', 'put']);
const AFTER_HOST: ReadonlySet<string> = new Set(['load', 'save-host']);

/** The timeline, line by line. `why`: with the reason of each step. */
export function timelineScreen(timeline: Timeline, to: Terminal, why: boolean): readonly string[] {
  const { trip, title, mode, exit, where, steps } = timeline;
  const found = tripVerdicts(timeline);
  const sections = sectionsOf(trip);
  const moves = sections.map(({ rows }) => movesOf(rows, found, mode));
  const names = Math.min(to.width < 100 ? 27 : 34, Math.max(...moves.flat().map(({ name }) => name.length)));
  const lines = [styled(to, 'strong', title), ...wrap(`Exit ${exit} of the guest, after ${count(Number(trip[0].icount))} instructions, at ${where}: ${causeOf(trip[0], trip)}.`, to.width),
    ...wrap(HOW_TO_READ, to.width).map((line) => styled(to, 'faint', line))];
  let phase: string | undefined;
  for (const [n, section] of sections.entries()) {
    if (phase !== undefined && AFTER_HOST.has(section.phase) && BEFORE_HOST.has(phase)) lines.push('', ...phaseHeading('', to), '   Here it touched no register of the processor, only memory.');
    if (section.phase !== phase) lines.push('', ...phaseHeading(section.phase, to));
    phase = section.phase;
    lines.push(...stepHeading(section, steps, to, why), ...moves[n].flatMap((move, at) => moveLines(onceOnly(move, moves[n][at - 1]), names, to)));
  }
  return [...lines, '', ...summaryLines(trip, found, to)];
}

/** The structure in memory is named where it changes, not on each line of a long series. */
function onceOnly(move: Move, previous: Move | undefined): Move {
  if (previous === undefined || move.where === undefined || previous.where !== move.where || previous.what !== move.what) return move;
  const { where: _, ...rest } = move;
  return rest;
}

function phaseHeading(phase: string, to: Terminal): readonly string[] {
  const [title, about] = PHASE_WORDS[phase] ?? [phase, ''];
  const head = `── ${phase === '' ? '' : `${phase}: `}${title} `;
  return [styled(to, 'strong', head.padEnd(to.width, '─')), ...wrap(about, to.width - 3).map((line) => styled(to, 'faint', `   ${line}`))];
}

function stepHeading({ step, phase }: Section, steps: readonly StepNote[], to: Terminal, why: boolean): readonly string[] {
  if (step === 'guest' && phase === 'exit') return [`  ${styled(to, 'strong', 'in the guest')}`];
  const note = steps.find((one) => one.id === step && one.phase === phase);
  const reason = why && note !== undefined ? wrap(note.because, to.width - 6).map((line) => styled(to, 'faint', `      ${line}`)) : [];
  return [`  ${styled(to, 'strong', step)}`, ...reason];
}

const OWNER_STYLE: Readonly<Record<string, Style>> = { host: 'host', guest: 'guest', debugger: 'warning' };
const WHAT = 9;
const OWNER = 7;

/** Level, whose, what, register, value; below it the fields that change. */
function moveLines(move: Move, names: number, to: Terminal): readonly string[] {
  const left = 8 + OWNER + WHAT + 2;
  const below = move.fields === undefined ? [] : wrap(move.fields, to.width - left).map((line) => ' '.repeat(left) + styled(to, 'faint', line));
  return [...valueLines(move, names, to), ...below];
}

/** A value that does not fit beside its register goes below it. */
function valueLines({ what, name, value, el, owner, where, verdict }: Move, names: number, to: Terminal): readonly string[] {
  const head = `    EL${el} `;
  const notes = [...(where === undefined ? [] : [what === 'restore' ? `from ${where}` : `to ${where}`]), ...(verdict === undefined ? [] : [VERDICT_WORDS[verdict]])].join('  ');
  const left = head.length + OWNER + WHAT;
  const start = head + styled(to, OWNER_STYLE[owner] ?? 'faint', (owner === 'debugger' ? 'vmm' : owner).padEnd(OWNER)) + what.padEnd(WHAT);
  const paint = (said: string): string => (verdict === undefined || !said.includes(VERDICT_WORDS[verdict]) ? said : said.replace(VERDICT_WORDS[verdict], styled(to, 'warning', VERDICT_WORDS[verdict])));
  const room = to.width - left - Math.max(names, name.length) - 2;
  const whole = [value, notes].filter((part) => part !== '').join('  ');
  if (whole.length <= room) return [`${start}${name.padEnd(names)}  ${paint(whole)}`.trimEnd()];
  const below = (said: string): string => ' '.repeat(Math.min(left + 2, Math.max(0, to.width - said.length))) + paint(said);
  if (value.length <= room) return [`${start}${name.padEnd(names)}  ${value}`.trimEnd(), below(notes)];
  return whole.length <= to.width - left - 2 ? [`${start}${name}`, below(whole)] : [`${start}${name}`, below(value), ...(notes === '' ? [] : [below(notes)])];
}

function summaryLines(trip: readonly LedgerRow[], found: ReadonlyMap<LedgerRow, LedgerVerdict>, to: Terminal): readonly string[] {
  const number = (operation: LedgerRow['operation'], owner?: string): number => trip.filter((row) => row.operation === operation && (owner === undefined || row.owner === owner)).length;
  const of = (verdict: LedgerVerdict): readonly LedgerRow[] => [...found].filter(([, one]) => one === verdict).map(([row]) => row);
  const redundant = of('redundant-restore');
  const dead = of('dead-save');
  const say = (text: string): readonly string[] => wrap(text, to.width - 2).map((line, n) => (n === 0 ? `  ${line}` : `    ${line}`));
  const back = trip.at(-1);
  return [
    styled(to, 'strong', 'In all'),
    ...say(`${number('read')} register reads, ${number('write')} register writes (${number('write', 'host')} with values of the host, ${number('write', 'guest')} of the guest), ${number('load')} loads and ${number('store')} stores of context slots, ${number('barrier')} barriers.`),
    ...say(redundant.length === 0 ? 'No redundant restores.' : `${redundant.length} redundant restores, writes of the value the register already held: ${stepCounts(redundant)}.`),
    ...say(dead.length === 0 ? 'No dead saves.' : `${dead.length} dead saves, slots that no step loads before they are stored again (the host's kernel may have looked): ${[...new Set(dead.map(({ written }) => written))].join(', ')}.`),
    ...(back?.pc === undefined ? [] : say(`The guest goes on at ${hex(trip.findLast(({ operation, reached }) => operation === 'write' && reached === 'ELR_EL2')?.after ?? back.pc)}.`)),
  ];
}

function stepCounts(rows: readonly LedgerRow[]): string {
  const steps = new Map<string, number>();
  for (const { step } of rows) steps.set(step, (steps.get(step) ?? 0) + 1);
  return [...steps].map(([step, number]) => `${number} in ${step}`).join(', ');
}
