import type { CoreStop, EngineKind, Watchpoint } from '@worldswitch/engine';
import { Random } from '../random.ts';
import { KINDS, prepare, stateHash, type Case } from './run.ts';
import type { Violations } from './report.ts';
import type { ArchitectureUnderTest, Subject, SubjectState } from './subject.ts';

type Hit = { readonly retired: number; readonly stop: CoreStop };

/** Where a program spends its time, and what it touches: addresses for stops that will be met. */
function probe<S extends SubjectState>(under: ArchitectureUnderTest<S>, one: Case): { readonly visited: readonly bigint[]; readonly hash: bigint; readonly hits: readonly Hit[]; readonly done: number } {
  const subject = prepare(under, 'evaluator', one);
  const [core] = subject.cores;
  const everything: Watchpoint = { address: 0n, size: 2 ** 52, access: 'both' };
  core.stops.addWatchpoint(everything);
  const visited: bigint[] = [];
  const hits: Hit[] = [];
  let still = 0;
  while (core.retired < one.budget && still < 4) {
    const before = core.retired;
    visited.push(core.pc);
    const stop = subject.run(0, 1);
    if (stop.kind === 'watchpoint') hits.push({ retired: core.retired, stop });
    else if (stop.kind !== 'budget') subject.revive(0, stop);
    still = core.retired === before ? still + 1 : 0;
  }
  core.stops.removeWatchpoint(everything);
  return { visited, hash: stateHash(subject), hits, done: core.retired };
}

/** Runs a subject with its stops, resuming from each, in random pieces. */
function hitsOf(subject: Subject, one: Case, done: number): readonly Hit[] {
  const [core] = subject.cores;
  const random = new Random(one.seed + 5);
  const hits: Hit[] = [];
  let still = 0;
  while (core.retired < done && still < 2000) {
    const before = core.retired;
    const stop = subject.run(0, Math.min(done - before, random.chance(1, 3) ? 1 + random.below(6) : 1 + random.below(done)));
    if (stop.kind === 'breakpoint' || stop.kind === 'watchpoint') hits.push({ retired: core.retired, stop });
    else if (stop.kind !== 'budget') subject.revive(0, stop);
    still = core.retired === before ? still + 1 : 0;
  }
  return hits;
}

const text = (hits: readonly Hit[]): string => hits.map(({ retired, stop }) => [retired, ...Object.values(stop).map((value) => (typeof value === 'bigint' ? value.toString(16) : String(value)))].join(' ')).join('\n');

/**
 * Breakpoints and watchpoints stop before the instruction, on every engine at the same places; resuming from them gives
 * the state of a run that was never disturbed, and so does taking them away.
 */
export function checkStops<S extends SubjectState>(under: ArchitectureUnderTest<S>, one: Case): { readonly violations: Violations; readonly hits: number } {
  const violations: string[] = [];
  const { visited, hash, hits: accesses, done } = probe(under, one);
  const random = new Random(one.seed + 3);
  const breakpoints = Array.from({ length: 4 }, () => random.pick(visited));
  const watchpoints = accesses.length === 0 ? [] : Array.from({ length: 3 }, (): Watchpoint => {
    const { stop } = random.pick(accesses);
    const { address, size } = stop as CoreStop & { kind: 'watchpoint' };
    // Beside, within and around the access; the page's edge where it crosses one.
    return { address: BigInt.asUintN(64, address + BigInt(random.below(size + 4) - 3)), size: random.pick([1, 2, 4, 8, 16]), access: random.pick(['read', 'write', 'both']) };
  });
  let expected: string | undefined;
  let count = 0;
  const say = (kind: EngineKind, what: string): void => void violations.push(`${under.name}, ${kind}, seed ${one.seed}: ${what}`);
  for (const kind of KINDS) {
    const subject = prepare(under, kind, one);
    const { stops } = subject.cores[0];
    breakpoints.forEach((address) => { stops.addBreakpoint(address); });
    watchpoints.forEach((watchpoint) => { stops.addWatchpoint(watchpoint); });
    const hits = hitsOf(subject, one, done);
    count += hits.length;
    expected ??= text(hits);
    if (text(hits) !== expected) say(kind, `stops elsewhere than the evaluator: ${firstLine(expected, text(hits))}`);
    for (const { stop } of hits) {
      if (stop.kind === 'breakpoint' && !breakpoints.includes(stop.pc)) say(kind, `a breakpoint hit at ${stop.pc.toString(16)}, where none is`);
      if (stop.kind === 'watchpoint' && !watchpoints.some((watchpoint) => touches(watchpoint, stop))) say(kind, `a watchpoint hit at ${stop.address.toString(16)}, where none is`);
    }
    if (stateHash(subject) !== hash) say(kind, `${hits.length} stops changed what the guest computes`);
    const bare = prepare(under, kind, one);
    const half = done >>> 1;
    breakpoints.forEach((address) => { bare.cores[0].stops.addBreakpoint(address); });
    hitsOf(bare, one, half);
    breakpoints.forEach((address) => { bare.cores[0].stops.removeBreakpoint(address); });
    if (hitsOf(bare, one, done).length > 0) say(kind, 'stops where a breakpoint was taken away');
    if (stateHash(bare) !== hash) say(kind, 'breakpoints that were taken away left a trace');
  }
  return { violations, hits: count };
}

function touches(watchpoint: Watchpoint, { address, size, access }: CoreStop & { kind: 'watchpoint' }): boolean {
  const overlaps = address < watchpoint.address + BigInt(watchpoint.size) && watchpoint.address < address + BigInt(size);
  return overlaps && (watchpoint.access === 'both' || access === 'update' || access === watchpoint.access);
}
function firstLine(expected: string, found: string): string {
  const [a, b] = [expected.split('\n'), found.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return `'${a[at] ?? ''}' there, '${b[at < 0 ? a.length : at] ?? ''}' here`;
}
