import { parseInteger } from '@worldswitch/bits';
import { refuse, unknownValue } from './error.ts';

interface OptionBase {
  readonly name: string;
  /** One line, for people. */
  readonly about: string;
}

/**
 * One option of a machine. Front ends make their flags, forms and completions from these; none of them knows an architecture's options.
 * `size` is in bytes, written with K, M or G; `file` is the content.
 */
export type OptionSpec = OptionBase & (
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly default: string }
  | { readonly type: 'size'; readonly default: string }
  | { readonly type: 'count'; readonly default: number }
  | { readonly type: 'flag' }
  | { readonly type: 'text'; readonly placeholder: string }
  | { readonly type: 'number'; readonly placeholder: string }
  | { readonly type: 'file' }
);

/** A value as a front end hands it over: text as typed, true for a flag, bytes for a file. */
export type OptionValue = string | boolean | Uint8Array;
export type OptionValues = { readonly [name: string]: OptionValue };

/** Values read by their types. A missing key is an option without default that was not given. */
export type ParsedOptions = { readonly [name: string]: string | number | bigint | boolean | Uint8Array | undefined };

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Bytes of `256M`, `1G`, `65536`, `0x10000`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(0x[0-9a-f_]+|[0-9][0-9_]*)\s*([KMG]?)(i?B)?\s*$/i.exec(text);
  const number = match && parseInteger(match[1]);
  if (!match || number === undefined || number === null) return undefined;
  const bytes = Number(number) * UNITS[match[2].toUpperCase()];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Reads values by a schema and fills in defaults.
 *
 * @throws SessionError `unknown-option` with those that look like it, `bad-option` naming the value and what is accepted.
 */
export function parseOptions(schema: readonly OptionSpec[], values: OptionValues): ParsedOptions {
  const odd = Object.keys(values).find((name) => !schema.some((spec) => spec.name === name));
  if (odd !== undefined) throw unknownValue('unknown-option', 'option', odd, schema.map(({ name }) => name));
  return Object.fromEntries(schema.map((spec) => [spec.name, readOption(spec, values[spec.name])]));
}

function readOption(spec: OptionSpec, value: OptionValue | undefined): ParsedOptions[string] {
  const bad = (accepted: string): never => {
    throw refuse('bad-option', `${spec.name} is ${value instanceof Uint8Array ? 'a file' : `'${String(value)}'`}; it must be ${accepted}`);
  };
  const text = (): string => (typeof value === 'string' ? value : bad('a text'));
  if (value === undefined) {
    if (spec.type === 'choice' || spec.type === 'count') return spec.default;
    return spec.type === 'size' ? parseSize(spec.default) : undefined;
  }
  switch (spec.type) {
    case 'choice': {
      if (!spec.choices.includes(text())) throw unknownValue('bad-option', spec.name, text(), spec.choices);
      return text();
    }
    case 'size': return parseSize(text()) ?? bad('a number of bytes, with K, M or G if you like: 256M');
    case 'count': {
      const number = parseInteger(text());
      return number === undefined || number < 0n || number > BigInt(Number.MAX_SAFE_INTEGER) ? bad('a whole number from 0 up') : Number(number);
    }
    case 'number': {
      const number = parseInteger(text());
      return number === undefined || number < 0n || number >= 1n << 64n ? bad('a number of 64 bits: 0x40080000') : number;
    }
    case 'flag': return typeof value === 'boolean' ? value : bad('given without a value');
    case 'text': return text();
    case 'file': return value instanceof Uint8Array ? value : bad('the content of a file');
  }
}
