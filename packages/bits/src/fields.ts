/** Bit-field codecs: a register layout written once, as data, gives a typed decoder and encoder. */
import { hex, mask as ones } from './integer.ts';

/** Where a field lies: one bit number, `[high, low]`, or several `[high, low]` ranges joined with the first as most significant. */
export type FieldSpec = number | readonly [high: number, low: number] | readonly (readonly [high: number, low: number])[];

/** Field names with their places; see `fields`. */
export type FieldSpecs = { readonly [name: string]: FieldSpec };

type UpTo<N extends number, Acc extends readonly unknown[] = []> = Acc['length'] extends N ? Acc[number] | N : UpTo<N, readonly [...Acc, Acc['length']]>;
type Below32 = UpTo<31>;

/**
 * The type of one field's value, worked out from literal bounds: a bit, a split field or a range of up to 32 bits is `number`, a
 * wider range `bigint`. Bounds the compiler does not know as literals give `number | bigint`.
 */
export type FieldValue<S> = S extends number
  ? number
  : S extends readonly [infer H extends number, infer L extends number]
    ? number extends H | L
      ? number | bigint
      : H extends Below32
        ? number
        : Wider32<H, L> extends true
          ? bigint
          : number
    : number;

type Tuple<N extends number, Acc extends readonly unknown[] = []> = Acc['length'] extends N ? Acc : Tuple<N, readonly [...Acc, unknown]>;
/** Whether H - L + 1 > 32, that is H ≥ L + 32. */
type Wider32<H extends number, L extends number> = Tuple<H> extends readonly [...Tuple<L>, ...Tuple<32>, ...unknown[]] ? true : false;

/** What `decode` returns for a layout. */
export type Decoded<S extends FieldSpecs> = { readonly [K in keyof S]: FieldValue<S[K]> };

/** What `encode` and `update` take: any of the fields; numbers and bigints are both accepted. */
export type Encodable<S extends FieldSpecs> = { readonly [K in keyof S]?: number | bigint | undefined };

/** A layout's codec; see `fields`. */
export interface FieldCodec<S extends FieldSpecs> {
  /** The layout as given. */
  readonly spec: S;
  readonly names: readonly (keyof S & string)[];
  /** Exactly the declared fields of `value`; other bits are ignored. */
  decode(value: bigint): Decoded<S>;
  /** A value with the given fields, every other bit 0. Throws RangeError when a field value does not fit. */
  encode(partial: Encodable<S>): bigint;
  /** `value` with the given fields replaced and every other bit kept. Throws RangeError when a field value does not fit. */
  update(value: bigint, partial: Encodable<S>): bigint;
  /** The bits a field occupies. */
  mask(name: keyof S & string): bigint;
  /** One field of `value` as bigint, without decoding the others. */
  get(value: bigint, name: keyof S & string): bigint;
}

interface Part {
  readonly low: bigint;
  readonly width: bigint;
  readonly ones: bigint;
}

interface Field {
  readonly parts: readonly Part[];
  readonly width: number;
  readonly mask: bigint;
}

function rangesOf(spec: FieldSpec): readonly (readonly [number, number])[] {
  if (typeof spec === 'number') return [[spec, spec]];
  return typeof spec[0] === 'number' ? [spec as readonly [number, number]] : (spec as readonly (readonly [number, number])[]);
}

function compileField(name: string, spec: FieldSpec): Field {
  const ranges = rangesOf(spec);
  if (ranges.length === 0) throw new RangeError(`field ${name}: no bits`);
  const parts: Part[] = [];
  let mask = 0n;
  let width = 0;
  for (const [high, low] of ranges) {
    if (!Number.isInteger(high) || !Number.isInteger(low) || low < 0 || high < low) {
      throw new RangeError(`field ${name}: bits [${high}, ${low}] must be whole numbers, high first, from 0`);
    }
    const size = high - low + 1;
    const part: Part = { low: BigInt(low), width: BigInt(size), ones: ones(size) };
    if ((mask & (part.ones << part.low)) !== 0n) throw new RangeError(`field ${name}: bits [${high}, ${low}] are named twice`);
    mask |= part.ones << part.low;
    width += size;
    parts.push(part);
  }
  return { parts, width, mask };
}

function gather(field: Field, value: bigint): bigint {
  let result = 0n;
  for (const part of field.parts) result = (result << part.width) | ((value >> part.low) & part.ones);
  return result;
}

function scatter(name: string, field: Field, given: number | bigint): bigint {
  if (typeof given === 'number' && !Number.isSafeInteger(given)) throw new RangeError(`field ${name}: ${given} is not a whole number`);
  const value = BigInt(given);
  if (value < 0n || value > ones(field.width)) {
    throw new RangeError(`field ${name}: ${hex(value)} does not fit ${field.width} bit${field.width === 1 ? '' : 's'} (0 to ${hex(ones(field.width))})`);
  }
  let rest = value;
  let result = 0n;
  for (let i = field.parts.length - 1; i >= 0; i--) {
    const part = field.parts[i];
    result |= (rest & part.ones) << part.low;
    rest >>= part.width;
  }
  return result;
}

/**
 * Builds the codec of a layout: `fields({ SS: 0, KDE: 13, HPMN: [4, 0], IMM: [[23, 5], [30, 29]] })`.
 *
 * Bits count from 0 at the least significant end. A field of up to 32 bits decodes to a number, a wider one to a bigint. The type
 * follows for literal single ranges; a *split* field is typed number, so one that is wider than 32 bits in total is refused here
 * (declare its parts as fields of their own). Fields may overlap each other (a register read in two ways); `encode` then ORs them.
 * Throws RangeError for malformed ranges.
 */
export function fields<const S extends FieldSpecs>(spec: S): FieldCodec<S> {
  const names = Object.keys(spec) as (keyof S & string)[];
  const compiled = new Map<string, Field>();
  for (const name of names) {
    const field = compileField(name, spec[name]);
    if (field.parts.length > 1 && field.width > 32) {
      throw new RangeError(`field ${name}: split over ${field.parts.length} ranges and ${field.width} bits wide; declare its parts as separate fields`);
    }
    compiled.set(name, field);
  }
  const lookup = (name: string): Field => {
    const field = compiled.get(name);
    if (!field) throw new RangeError(`no field ${name}; the layout has ${names.join(', ')}`);
    return field;
  };
  const update = (value: bigint, partial: Encodable<S>): bigint => {
    let clear = 0n;
    let set = 0n;
    for (const name of Object.keys(partial)) {
      const given = partial[name];
      if (given === undefined) continue;
      const field = lookup(name);
      clear |= field.mask;
      set |= scatter(name, field, given);
    }
    return (value & ~clear) | set;
  };
  return {
    spec,
    names,
    decode(value) {
      const result: Record<string, number | bigint> = {};
      for (const [name, field] of compiled) {
        const raw = gather(field, value);
        result[name] = field.width <= 32 ? Number(raw) : raw;
      }
      return result as Decoded<S>;
    },
    encode: (partial) => update(0n, partial),
    update,
    mask: (name) => lookup(name).mask,
    get: (value, name) => gather(lookup(name), value),
  };
}
