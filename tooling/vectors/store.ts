/**
 * The recorded vectors: one JSON line per form in `data/<class>.jsonl`. A line holds words and digests only; operands come from the
 * generator again, and a sum over all starting states tells when the generator has changed and the form must be recorded anew.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordedInstead } from './departures.ts';
import { formClasses, forms, nameOf, type Form, type FormClass } from './forms.ts';
import { before, instancesOf, recordedOn, type Instance, type RecordedCpu } from './generate.ts';
import type { Recorded } from './record.ts';
import { applyChanges, changes, digestOf, type VectorState } from './state.ts';

/** A line of a data file. */
interface Line {
  readonly form: number;
  /** Mnemonics, for people. */
  readonly names: readonly string[];
  readonly cpu: RecordedCpu;
  readonly count: number;
  /** First half of the SHA-256 over the starting states, hexadecimal. */
  readonly before: string;
  /** Words, 4 bytes each, little endian, base64. */
  readonly words: string;
  /** Digests of the states after, 8 bytes each, base64. */
  readonly digests: string;
  /** What changed, for some instances by number. */
  readonly full: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** One recorded execution. */
export interface Vector extends Instance {
  readonly cpu: RecordedCpu;
  readonly before: VectorState;
  /** `digestOf` the state after. */
  readonly digest: string;
  /** The whole state after, for a few instances of each form. */
  readonly after: VectorState | undefined;
}

/** Instances whose whole result is kept: one of each mode. */
const kept = [0, 4, 5, 6, 7];

const folder = join(dirname(fileURLToPath(import.meta.url)), 'data');
const fileOf = (formClass: FormClass): string => join(folder, `${formClass}.jsonl`);

const sumOf = (states: readonly VectorState[]): string => {
  const hash = createHash('sha256');
  for (const state of states) hash.update(state.bytes);
  return hash.digest('hex').slice(0, 32);
};

/** The line of one form from all its recorded instances. */
function lineOf(form: Form, recorded: readonly Recorded[]): Line {
  const words = Buffer.alloc(recorded.length * 4);
  for (const [index, { instance }] of recorded.entries()) words.writeUInt32LE(instance.word, index * 4);
  const digests = Buffer.from(recorded.map(({ after }) => digestOf(after)).join(''), 'hex');
  const full = Object.fromEntries(kept.flatMap((index) => {
    const one = recorded[index];
    return one === undefined ? [] : [[index, changes(one.before, one.after)]];
  }));
  return {
    form: form.id, names: form.names, cpu: recordedOn(form), count: recorded.length,
    before: sumOf(recorded.map((one) => one.before)), words: words.toString('base64'), digests: digests.toString('base64'), full,
  };
}

/** Writes the data files from recordings of all forms. */
export function store(recorded: readonly Recorded[]): void {
  const byForm = new Map<Form, Recorded[]>();
  for (const one of recorded) {
    const list = byForm.get(one.instance.form) ?? [];
    list.push(one);
    byForm.set(one.instance.form, list);
  }
  for (const formClass of formClasses) {
    const lines = [...byForm].filter(([form]) => form.class === formClass).map(([form, list]) => JSON.stringify(lineOf(form, list)));
    writeFileSync(fileOf(formClass), `${lines.join('\n')}\n`);
  }
}

const cache = new Map<FormClass, ReadonlyMap<number, Line>>();

function linesOf(formClass: FormClass): ReadonlyMap<number, Line> {
  let lines = cache.get(formClass);
  if (lines === undefined) {
    const file = fileOf(formClass);
    const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    lines = new Map(text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line).map((line) => [line.form, line]));
    cache.set(formClass, lines);
  }
  return lines;
}

/** Forms that have no recorded vectors. Must be empty. */
export function formsWithoutVectors(): readonly Form[] {
  return forms.filter((form) => !linesOf(form.class).has(form.id));
}

/**
 * The recorded vectors of a form, in order.
 *
 * @throws Error if the form has none, or if its instances are not the recorded ones any more (record again: README.md).
 */
export function* vectorsOf(form: Form): Generator<Vector> {
  const line = linesOf(form.class).get(form.id);
  if (line === undefined) throw new Error(`${nameOf(form)} has no vectors; record them with \`npx tsx tooling/vectors/make.ts\``);
  const words = Buffer.from(line.words, 'base64');
  const digests = Buffer.from(line.digests, 'base64').toString('hex');
  const instances: Instance[] = [];
  const states: VectorState[] = [];
  for (const instance of instancesOf(form, line.count)) {
    instances.push(instance);
    states.push(before(instance));
  }
  const moved = instances.find(({ word, index }) => word !== words.readUInt32LE(index * 4));
  if (moved !== undefined || sumOf(states) !== line.before) {
    const wayOut = 'record again with `npx tsx tooling/vectors/make.ts`';
    throw new Error(`${nameOf(form)}: the generator makes other instances than were recorded; ${wayOut}`);
  }
  for (const instance of instances) {
    const state = states[instance.index];
    const full = line.full[instance.index];
    yield {
      ...instance, cpu: line.cpu, before: state, digest: digests.slice(instance.index * 16, instance.index * 16 + 16),
      after: full === undefined ? undefined : applyChanges(state, full),
    };
  }
}

/**
 * Compares a result with a vector. Undefined if equal, or if QEMU departs from the architecture there and the result does not; else a sentence for a failing test, with the differences if the whole result
 * is on record and the way to see it if not.
 */
export function mismatch(vector: Vector, actual: VectorState): string | undefined {
  if (digestOf(actual) === vector.digest) return undefined;
  if (recordedInstead(vector.form, actual).some((state) => digestOf(state) === vector.digest)) return undefined;
  const word = vector.word.toString(16).padStart(8, '0');
  const where = `${nameOf(vector.form)}, instance ${vector.index}, word ${word}, mode ${vector.set['pstate'] & 0xfn}`;
  if (vector.after === undefined) {
    const did = JSON.stringify(changes(vector.before, actual));
    return `${where}: it did ${did}; what QEMU does: npx tsx tooling/vectors/explain.ts ${vector.form.id} ${vector.index}`;
  }
  const [expected, got] = [changes(actual, vector.after), changes(vector.after, actual)];
  return `${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
}
