/** The recorded instruction vectors on our processor. */
import type { EngineKind } from '@worldswitch/engine';
import { mismatch, vectorsOf, type Form, type Vector } from '../../../../tooling/vectors/index.ts';
import { VectorMachine } from './vector-machine.ts';

/** Cases after which a translating machine is made anew: what it has compiled stays reachable from its table, and costs at each further region. */
const CASES_PER_TRANSLATOR = 2000;

/** Runs vectors, keeping one machine per kind, recorded processor and end marker. */
export class VectorRuns {
  readonly #machines = new Map<string, VectorMachine>();
  readonly #words: readonly number[];
  /** Cases by kind; of the translator's, those that ran translated. */
  readonly counts: Record<EngineKind, number> = { evaluator: 0, interpreter: 0, translator: 0 };

  /** `words`: what is going to run, or enough of it that each kind of instruction is there. */
  constructor(words: readonly number[]) {
    this.#words = words;
  }

  /** Sentences about vectors that did not end as recorded. */
  run(kind: EngineKind, vectors: readonly Vector[]): string[] {
    return vectors.flatMap((vector) => {
      const machine = this.#machine(kind, vector);
      this.counts[kind]++;
      const after = machine.run(vector);
      const complaint = mismatch(vector, after);
      return complaint === undefined ? [] : [`${kind}: ${complaint}`];
    });
  }
  /** Cases whose word the translator had taken up. */
  get translated(): number {
    return [...this.#machines.values()].reduce((sum, machine) => sum + machine.translated, this.#translatedBefore);
  }
  #translatedBefore = 0;

  #machine(kind: EngineKind, vector: Vector): VectorMachine {
    const marker = Number(vector.before.get('marker'));
    const key = `${kind} ${vector.cpu} ${marker}`;
    let machine = this.#machines.get(key);
    if (machine !== undefined && kind === 'translator' && machine.cases >= CASES_PER_TRANSLATOR) {
      this.#translatedBefore += machine.translated;
      machine = undefined;
    }
    if (machine === undefined) this.#machines.set(key, (machine = new VectorMachine(kind, vector.cpu, marker, this.#words)));
    return machine;
  }
}

/**
 * Every `every`-th vector of a form; another residue for each form. The mode is the index modulo 8, so an odd `every` meets all modes
 * in each form, an even one leaves some out.
 */
export function sampleOf(form: Form, every: number): Vector[] {
  return [...vectorsOf(form)].filter(({ index }) => index % every === form.id % every);
}
