/** `worldswitch trace`: one world switch of a guest, drawn from what the processor did. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DEFAULT_REVISION } from '@worldswitch/arm64-hypervisor';
import { SymbolTable } from '@worldswitch/debugger';
import { Ledger, type LedgerRow, type LedgerVerdict } from '@worldswitch/hypervisor';
import type { ImageFile } from '@worldswitch/session';
import { EXIT, UsageError } from '../exit.ts';
import { jsonLine } from '../json.ts';
import { demoGuest } from '../demo/guest.ts';
import { GuestMachine } from '../plugins/arm64/guest.ts';
import { prepareImage } from '../plugins/arm64/image.ts';
import type { Arm64Options } from '../plugins/arm64/options.ts';
import { parseCount } from '../run/arguments.ts';
import { entersGuest, leavesGuest } from './lab.ts';
import { choosePair, type ChosenPair, type PairOptions } from './pairs.ts';
import { parseGic } from './processor.ts';
import { terminal } from './terminal.ts';
import { timelineScreen, tripVerdicts, type StepNote, type Timeline } from './timeline.ts';
import { causeOf } from './words.ts';

export interface TraceArguments extends PairOptions {
  readonly image?: string;
  readonly from?: string;
  readonly limit?: string;
  readonly gic?: string;
  readonly why?: boolean;
  readonly json?: boolean;
}

/** What `--json` prints; schemas/trace.schema.json. */
export interface TraceReport extends ChosenPair {
  readonly report: 'worldswitch trace';
  readonly version: 1;
  readonly image: string;
  readonly exit: { readonly number: number; readonly pc: bigint; readonly where: string; readonly cause: string };
  readonly steps: readonly StepNote[];
  readonly rows: readonly (LedgerRow & { readonly finding?: LedgerVerdict })[];
}

const SLICE = 2_000;
/** Instructions after which the search for an exit is given up. */
const LIMIT = 50_000_000;
const EMBEDDED = 'own-breakpoint (embedded)';
/** Bytes of RAM: what a boot loader expects, and what the built-in guest needs. */
const MEMORY = { image: 1 << 28, embedded: 1 << 24 } as const;

interface Found extends Timeline {
  readonly pc: bigint;
}

function readImage(path: string | undefined): ImageFile {
  if (path === undefined) return { name: EMBEDDED, bytes: demoGuest() };
  try {
    return { name: basename(path), bytes: new Uint8Array(readFileSync(path)) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code === 'EACCES' ? 'it may not be read' : String(error);
    throw new UsageError(`${path}: ${why}; give the path of a readable file, or none for the guest that is built in`);
  }
}

function findTrip(image: ImageFile, pair: ChosenPair, wanted: number, limit: number, gic: 2 | 3): Found {
  const options: Arm64Options = { as: 'guest', gic: `${gic}` as const, mode: pair.mode, cpu: 'neoverse-n1', cpus: 1, memory: image.name === EMBEDDED ? MEMORY.embedded : MEMORY.image, revision: pair.revision, faithful: pair.faithful.join(',') };
  const prepared = prepareImage(image, options, (bytes, most) => gunzipSync(bytes, { maxOutputLength: most }));
  const machine = new GuestMachine('interpreter', prepared, options, () => { /* the console is not what is asked for */ });
  const ledger = new Ledger();
  machine.hypervisor.host.code.ledger = ledger;
  let exits = 0;
  let trip: LedgerRow[] | undefined;
  let complete = false;
  const later: LedgerRow[] = [];
  let again = 0;
  const take = (row: LedgerRow): void => {
    if (leavesGuest(row)) {
      exits++;
      if (exits === wanted) trip = [];
    }
    if (trip === undefined) return;
    if (complete) {
      later.push(row);
      if (entersGuest(row)) again++;
    } else {
      trip.push(row);
      if (entersGuest(row)) complete = true;
    }
  };
  let stop = machine.run(SLICE);
  for (;;) {
    for (const row of ledger.drain()) take(row);
    // A switch that goes all the way, after which every slot has been stored again.
    if (again >= 2 || machine.retired >= limit) break;
    if (stop.kind === 'idle' && stop.until !== undefined) machine.skipTo(stop.until);
    else if (stop.kind !== 'budget') break;
    stop = machine.run(SLICE);
  }
  const end = stop.kind === 'budget' ? `${machine.retired} instructions have passed; raise --limit` : 'why' in stop ? stop.why : 'it waits for input';
  if (trip === undefined) throw new UsageError(`--from ${wanted}: ${image.name} was left ${exits} times, then ${end}; choose an exit up to ${exits}`);
  if (!complete) throw new UsageError(`--from ${wanted}: the guest was not entered again after that exit (${end}); choose an earlier one`);
  const pc = trip[0].pc ?? 0n;
  return {
    mode: pair.mode, title: `${image.name} under ${pair.revision}, host at ${pair.mode === 'vhe' ? 'EL2 (vhe)' : 'EL1 (nvhe)'}`, exit: wanted, pc,
    where: new SymbolTable(prepared.symbols).describe(pc), trip, later, ended: stop.kind !== 'budget',
    steps: machine.hypervisor.world.steps.map(({ id, phase, because }) => ({ id, phase, because })),
  };
}

/** Draws one switch. Gives the exit status. @throws UsageError, and the errors of images */
export function trace(args: TraceArguments): number {
  const pair = choosePair(args, DEFAULT_REVISION.name);
  const wanted = args.from === undefined ? 1 : parseCount('from', args.from);
  const limit = args.limit === undefined ? LIMIT : parseCount('limit', args.limit);
  const image = readImage(args.image);
  const found = findTrip(image, pair, wanted, limit, parseGic(args.gic ?? '2'));
  if (args.json === true) process.stdout.write(jsonLine(reportOf(image.name, pair, found)));
  else process.stdout.write(`${timelineScreen(found, terminal(), args.why === true).join('\n')}\n`);
  return EXIT.ok;
}

function reportOf(image: string, pair: ChosenPair, found: Found): TraceReport {
  const { exit, pc, where, steps, trip } = found;
  const verdicts = tripVerdicts(found);
  return {
    report: 'worldswitch trace', version: 1, image, ...pair, exit: { number: exit, pc, where, cause: causeOf(trip[0], trip) }, steps,
    rows: trip.map((row) => {
      const finding = verdicts.get(row);
      return finding === undefined ? row : { ...row, finding };
    }),
  };
}
