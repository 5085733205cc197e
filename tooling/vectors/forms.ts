/** The instruction forms that have vectors: every A64 form the integer, branch, system and load/store parts of a processor need. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The classes by which vectors are filed. */
export const formClasses = ['data-immediate', 'data-register', 'branch-system', 'load-store', 'simd-move'] as const;
export type FormClass = (typeof formClasses)[number];

/** One row of forms.json. */
export interface Form {
  /** Number of the form in the decode table; where patterns overlap, the lower one wins. */
  readonly id: number;
  readonly class: FormClass;
  /** Mnemonics of the form, without aliases. */
  readonly names: readonly string[];
  /** 32 characters from bit 31: 0 and 1 fixed, `-` ignored, letters are fields. */
  readonly pattern: string;
  readonly fields: readonly { readonly name: string; readonly bits: readonly string[] }[];
  readonly feature: string;
  /** Constants the form implies: size, extension, indexing. */
  readonly fixed?: Readonly<Record<string, number>>;
}

const here = dirname(fileURLToPath(import.meta.url));

/** All forms in order of their number. */
export const forms = JSON.parse(readFileSync(join(here, 'forms.json'), 'utf8')) as readonly Form[];

/** The form with a number. @throws RangeError if there is none. */
export function formOf(id: number): Form {
  const form = forms.find((one) => one.id === id);
  if (form === undefined) throw new RangeError(`no form ${id} in forms.json`);
  return form;
}

/** A readable name: number and first mnemonics. */
export function nameOf(form: Form): string {
  return `${form.id} ${form.names.slice(0, 3).join('/')}`;
}

/** True if a word belongs to the pattern of a form. */
export function matches(form: Form, word: number): boolean {
  for (let at = 0; at < 32; at++) {
    const bit = (word >>> (31 - at)) & 1;
    const wanted = form.pattern[at];
    if ((wanted === '0' && bit === 1) || (wanted === '1' && bit === 0)) return false;
  }
  return true;
}

/** The form a word belongs to: the lowest number whose pattern matches. */
export function formOfWord(word: number): Form | undefined {
  return forms.find((form) => matches(form, word));
}

/** A piece of a field, from its lowest bit. */
interface Piece {
  readonly low: number;
  readonly width: number;
}

const piecesByForm = new WeakMap<Form, readonly (readonly [string, readonly Piece[]])[]>();

/** The fields of a form with their pieces, read once: {@link fieldsOf} runs for every vector, several times. */
function piecesOf(form: Form): readonly (readonly [string, readonly Piece[]])[] {
  let pieces = piecesByForm.get(form);
  if (pieces === undefined) {
    pieces = form.fields.map(({ name, bits }) => [name, bits.map((range) => {
      const [high, low = high] = range.split(':').map(Number);
      return { low, width: high - low + 1 };
    })]);
    piecesByForm.set(form, pieces);
  }
  return pieces;
}

/** Fields of a word as unsigned numbers, with the form's constants; pieces of a field are joined most significant first. */
export function fieldsOf(form: Form, word: number): Readonly<Record<string, number>> {
  const values: Record<string, number> = { ...form.fixed };
  for (const [name, pieces] of piecesOf(form)) {
    let value = 0;
    for (const { low, width } of pieces) value = value * 2 ** width + ((word >>> low) & (2 ** width - 1));
    values[name] = value;
  }
  return values;
}

/** A word of the form with all variable bits from `bits`. */
export function fill(form: Form, bits: number): number {
  let word = bits;
  for (let at = 0; at < 32; at++) {
    const mask = 1 << (31 - at);
    if (form.pattern[at] === '0') word &= ~mask;
    else if (form.pattern[at] === '1') word |= mask;
  }
  return word >>> 0;
}

/** `word` with the named field (in one piece) set. */
export function withField(form: Form, word: number, name: string, value: number): number {
  const field = form.fields.find((one) => one.name === name);
  if (field?.bits.length !== 1) throw new RangeError(`${nameOf(form)} has no field ${name} in one piece`);
  const [high, low = high] = field.bits[0].split(':').map(Number);
  const mask = (2 ** (high - low + 1) - 1) * 2 ** low;
  return ((word & ~mask) | ((value << low) & mask)) >>> 0;
}
