/** Random instances of a form: the same for the recorder and for every reader, so that a stored vector needs no operands. */
import { excludedBy } from './exclusions.ts';
import { fieldsOf, fill, formOfWord, nameOf, withField, type Form } from './forms.ts';
import { reach, type Setup } from './memory.ts';
import { Random, stateOf } from './random.ts';
import { BUFFER, END_BY_BRK, END_BY_HVC, scalarNames, SLOT, WINDOW, type ScalarName, type VectorState } from './state.ts';
import { branchTarget, exceptionReturn, systemInstance } from './system.ts';

/** A processor model of QEMU. */
export type RecordedCpu = 'neoverse-n1' | 'max';

/** One thing to execute. */
export interface Instance {
  readonly form: Form;
  /** Counted from 0 within the form. */
  readonly index: number;
  /** For {@link stateOf}. */
  readonly seed: number;
  readonly word: number;
  /** Runs directly before the word; 0 for none. */
  readonly prelude: number;
  /** Over the state of the seed: `x0`… and scalars. Contains `pstate` and `marker`. */
  readonly set: Readonly<Record<string, bigint>>;
}

/** Instances of a form: a multiple of the modes; system space has more to choose from. */
export function instanceCount(form: Form): number {
  return form.id === 87 || form.id === 89 ? 1216 : 304;
}

/** The model a form is recorded on: the ARMv8.2 core, unless the form came later. */
export function recordedOn(form: Form): RecordedCpu {
  const later = form.feature === 'FEAT_LRCPC2' || [74, 75, 76, 81].includes(form.id); // CFINV, XAFLAG, AXFLAG, DIT
  return later ? 'max' : 'neoverse-n1';
}

/** M[3:0] of PSTATE, half of them EL2h. */
const modes = [9, 9, 9, 9, 8, 5, 4, 0] as const;

const HCR_TWI = 1n << 13n;
const HCR_TSC = 1n << 19n;

/** Modes a form is recorded in; undefined: all. See the exclusions for why. */
function modesOf(form: Form): readonly number[] {
  if (form.id === 50) return [9, 8]; // WFE
  if (form.id === 51 || form.id === 92) return [5, 4, 0]; // WFI, SMC
  return modes;
}

function setupOf(form: Form, word: number, mode: number, state: VectorState, random: Random): Setup {
  const f = fieldsOf(form, word);
  if (form.class === 'load-store') return reach(form, word, mode, state, random);
  switch (form.id) {
    case 36: { // CBZ, CBNZ: zero, or zero only in the lower half
      const value = random.pick([undefined, 0n, BigInt(random.next()) << 32n]);
      return { set: value === undefined || f['rt'] === 31 ? {} : { [`x${f['rt']}`]: value } };
    }
    case 39: case 40: case 41: // BR, BLR, RET
      return { set: f['rn'] === 31 ? {} : { [`x${f['rn']}`]: branchTarget(random) } };
    case 47:
      return exceptionReturn(mode, random);
    case 51:
      return { set: { hcr: HCR_TWI } };
    case 92:
      return { set: { hcr: HCR_TSC } };
    default:
      return { set: {} };
  }
}

const literalForms = [103, 104, 105, 106, 107, 108];

/** A random word of the form; literals and near branches are led to places that exist. */
function wordOf(form: Form, random: Random): number {
  let word = fill(form, random.next());
  if (form.id === 95 || form.id === 96) word = withField(form, word, 'rt2', 31); // (1)(1)(1)(1)(1)
  if (form.id === 96 || form.id === 100) word = withField(form, word, 'rs', 31);
  // What is mostly UNDEFINED at random is mostly made defined: register index without post-index, hinted branches, odd pairs, reserved extensions.
  const mostly = !random.oneIn(8);
  if (mostly && form.id >= 257 && form.id <= 279 && fieldsOf(form, word)['p'] === 0) word = withField(form, word, 'rm', 0);
  if (mostly && form.id === 38) word = (word & ~0x10) >>> 0; // BC.cond
  if (mostly && form.id === 101) word = (word & ~0x10001) >>> 0;
  if (mostly && fieldsOf(form, word)['opt'] !== undefined) word = (word | 0x4000) >>> 0;
  if (literalForms.includes(form.id) && !random.oneIn(4)) {
    return withField(form, word, 'imm', Number(BUFFER - SLOT) / 4 + random.below(512 / 4 - 3));
  }
  if ((form.id === 34 || form.id === 35) && random.oneIn(2)) return withField(form, word, 'imm', random.below(0x80000) - 0x40000);
  if (((form.id >= 343 && form.id <= 350) || form.id === 33) && random.oneIn(2)) {
    word = (word & ~0x8000) >>> 0; // a shift amount that both sizes have
  }
  return word;
}

/** Words that are not recorded for where they lead: into the buffer, or a literal that ends behind the window or meets the slot. */
function leadsAstray(form: Form, word: number): boolean {
  const signed = (value: number, width: number): number => (value >= 2 ** (width - 1) ? value - 2 ** width : value);
  const f = fieldsOf(form, word);
  const widths: Readonly<Record<number, number>> = { 34: 26, 35: 26, 36: 19, 37: 14, 38: 19 };
  const width = widths[form.id] ?? (literalForms.includes(form.id) ? 19 : undefined);
  if (width === undefined) return false;
  const target = SLOT + BigInt(signed(f['imm'], width) * 4);
  if (width !== 19 || !literalForms.includes(form.id)) return target >= BUFFER && target < BUFFER + 512n;
  return target < WINDOW || target + 16n > WINDOW + 0x20_0000n || (target + 16n > SLOT - 4n && target < SLOT + 4n);
}

/** The instance of a form with a number. @throws Error if no word of the form passes the exclusions. */
export function instanceOf(form: Form, index: number): Instance {
  const seed = form.id * 4096 + index;
  const choices = modesOf(form);
  const mode = choices[index % choices.length];
  // Another stream than that of the state, which stateOf draws from the seed itself.
  const random = new Random(seed ^ 0x40000000);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const system = systemInstance(form, random);
    const word = system?.word ?? wordOf(form, random);
    if (excludedBy(form, fieldsOf(form, word), word) !== undefined || leadsAstray(form, word) || formOfWord(word)?.id !== form.id) continue;
    const state = stateOf(seed);
    const { set, prelude = 0 } = system ?? setupOf(form, word, mode, state, random);
    const pstate = (state.get('pstate') & ~0xfn) | BigInt(mode);
    const marker = BigInt(mode === 0 ? END_BY_BRK : END_BY_HVC);
    return { form, index, seed, word, prelude, set: { pstate, marker, ...set } };
  }
  throw new Error(`${nameOf(form)}: no instance ${index} in 1000 attempts; do its exclusions leave anything?`);
}

/** All instances of a form, or the first `count`. */
export function* instancesOf(form: Form, count: number = instanceCount(form)): Generator<Instance> {
  for (let index = 0; index < count; index++) yield instanceOf(form, index);
}

/** The state an instance starts in. @throws RangeError for a name in `set` that is no part of a state. */
export function before(instance: Instance): VectorState {
  const state = stateOf(instance.seed);
  state.setWords(instance.word, instance.prelude);
  for (const [name, value] of Object.entries(instance.set)) {
    const register = /^x(\d+)$/.exec(name)?.[1];
    if (register !== undefined) state.setX(Number(register), value);
    else if (scalarNames.includes(name as ScalarName)) state.set(name as ScalarName, value);
    else throw new RangeError(`${name} is no part of a state`);
  }
  return state;
}
