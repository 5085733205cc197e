/** The recorded instruction vectors on our processor: which run, and the few whose recording is not what the manual says. */
import type { EngineKind } from '@worldswitch/engine';
import { vectorsOf, type Form, type Vector, type VectorState } from '../../../../tooling/vectors/index.ts';
import { mismatch } from '../../../../tooling/vectors/store.ts';
import { VectorMachine } from './vector-machine.ts';

/** Where the recording processor (QEMU 7.2) does not do what the manual says, and we do. */
interface Difference {
  readonly form: number;
  readonly why: string;
  /** The state that ours becomes in the recording. */
  recorded(ours: VectorState): VectorState;
}

const TRAPPED_ACCESS = 0x18n;
const exceptionClass = (state: VectorState): bigint => state.get('esr') >> 26n;

export const VECTOR_DIFFERENCES: readonly Difference[] = [
  {
    form: 83,
    why: 'MSR DAIFSet and DAIFClr at EL0 with SCTLR_EL1.UMA = 0: the ISS of EC 0x18 has op1 in bits 16:14 and op2 in bits 19:17 '
      + '(DDI 0487, ESR_EL1, ISS for trapped MSR, MRS and system instructions); QEMU exchanges the two',
    recorded: (ours) => {
      const state = ours.clone();
      const esr = ours.get('esr');
      if (exceptionClass(ours) !== TRAPPED_ACCESS) return state;
      const [op1, op2] = [(esr >> 14n) & 7n, (esr >> 17n) & 7n];
      state.set('esr', (esr & ~(0x3fn << 14n)) | (op2 << 14n) | (op1 << 17n));
      return state;
    },
  },
];

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
  run(kind: EngineKind, form: Form, vectors: readonly Vector[]): string[] {
    return vectors.flatMap((vector) => {
      const machine = this.#machine(kind, vector);
      this.counts[kind]++;
      const after = machine.run(vector);
      const difference = VECTOR_DIFFERENCES.find((one) => one.form === form.id);
      const complaint = mismatch(vector, after);
      if (complaint === undefined || (difference !== undefined && mismatch(vector, difference.recorded(after)) === undefined)) return [];
      return [`${kind}: ${complaint}`];
    });
  }
  /** Cases whose word the translator had taken up. */
  get translated(): number {
    return [...this.#machines.values()].reduce((sum, machine) => sum + machine.translated, 0);
  }

  #machine(kind: EngineKind, vector: Vector): VectorMachine {
    const marker = Number(vector.before.get('marker'));
    const key = `${kind} ${vector.cpu} ${marker}`;
    let machine = this.#machines.get(key);
    if (machine === undefined) this.#machines.set(key, (machine = new VectorMachine(kind, vector.cpu, marker, this.#words)));
    return machine;
  }
}

/** Every `every`-th vector of a form; another residue for each form, so that all modes come up. */
export function sampleOf(form: Form, every: number): Vector[] {
  return [...vectorsOf(form)].filter(({ index }) => index % every === form.id % every);
}
