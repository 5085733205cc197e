/** What host and guest can see of a run, and the first thing that two runs differ in. */
import { hex } from '@worldswitch/bits';

/** In the order in which a difference is told: what people would notice first, first. */
export const ASPECTS = ['failure', 'exit', 'guest memory', 'host register', 'panic report', 'guest context', 'guest register at entry'] as const;
export type Aspect = (typeof ASPECTS)[number];

/** One look: names once, values in their order. `where` says when it was taken. */
export interface Look {
  readonly aspect: Aspect;
  readonly where: string;
  readonly names: readonly string[];
  readonly values: readonly bigint[];
}

export interface Observation {
  /** Why the run could not be completed: a panic of the switch, an exception where none may be, a guest that went astray. */
  readonly failure: string | undefined;
  /** What the VMM was told, in order. */
  readonly exits: readonly string[];
  readonly looks: readonly Look[];
  /** Round trips made, each with an order of its own where the trial has a `pass`. */
  readonly roundTrips: number;
}

export interface Difference {
  readonly aspect: Aspect;
  /** What differs, where and how, in a line. */
  readonly text: string;
}

function exitDifference(reference: Observation, other: Observation): Difference | undefined {
  const length = Math.max(reference.exits.length, other.exits.length);
  for (let n = 0; n < length; n++) {
    const [wanted, found] = [reference.exits[n], other.exits[n]];
    if (wanted !== found) return { aspect: 'exit', text: `exit ${n}: ${found ?? 'none'}, not ${wanted ?? 'the end'}` };
  }
  return undefined;
}

function lookDifference(reference: Observation, other: Observation, aspect: Aspect): Difference | undefined {
  const wanted = reference.looks.filter((look) => look.aspect === aspect);
  const found = other.looks.filter((look) => look.aspect === aspect);
  for (const [n, look] of wanted.entries()) {
    const there = found[n];
    if (there === undefined) return { aspect, text: `${look.where}: never came to it` };
    const odd = look.values.findIndex((value, at) => value !== there.values[at]);
    if (odd >= 0) return { aspect, text: `${look.where}: ${look.names[odd]} is ${hex(there.values[odd])}, not ${hex(look.values[odd])}` };
  }
  return found.length > wanted.length ? { aspect, text: `${found[wanted.length].where}: more than there should be` } : undefined;
}

/** The difference of a run that was ended at the first look in which it differs; see `Trial.against`. Undefined when it was not. */
export function lastLookDifference(reference: Observation, ended: Observation): Difference | undefined {
  const at = ended.looks.length - 1;
  const [look, wanted] = [ended.looks[at], reference.looks[at]];
  const odd = look.aspect === wanted?.aspect ? look.values.findIndex((value, n) => value !== wanted.values[n]) : -1;
  return odd < 0 ? undefined : { aspect: look.aspect, text: `${look.where}: ${look.names[odd]} is ${hex(look.values[odd])}, not ${hex(wanted.values[odd])}` };
}

/** The first difference in the order of `ASPECTS`; within each, in time. Undefined when nobody could tell the two apart. */
export function firstDifference(reference: Observation, other: Observation, aspects: readonly Aspect[] = ASPECTS): Difference | undefined {
  for (const aspect of aspects) {
    if (aspect === 'failure') {
      if (other.failure !== undefined && other.failure !== reference.failure) return { aspect, text: other.failure };
      continue;
    }
    const found = aspect === 'exit' ? exitDifference(reference, other) : lookDifference(reference, other, aspect);
    if (found) return found;
  }
  return undefined;
}
