/** Typed codecs out of register rows: one for a register with a single layout, one per tag for a register with several. */
import { fields } from '@worldswitch/bits';
import type { FieldCodec, FieldSpecs } from '@worldswitch/bits';

interface CodecSource {
  readonly layouts: { readonly [tag: string]: { readonly fields: FieldSpecs } };
}

/** The tags whose layout has fields at all; a layout that is wholly reserved needs no codec. */
type TagsWithFields<L> = { [K in keyof L]: L[K] extends { readonly fields: infer F } ? (keyof F extends never ? never : K) : never }[keyof L];

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;

type CodecOf<L, K extends keyof L> = L[K] extends { readonly fields: infer F extends FieldSpecs } ? FieldCodec<F> : never;

/**
 * `MDSCR_EL1.decode(v).MDE` when there is one layout; `CPTR_EL2.e2h1.decode(v).FPEN` when the manual has several: the caller says which
 * one holds, because a value alone does not tell.
 */
export type RegisterCodec<R extends CodecSource> =
  IsUnion<TagsWithFields<R['layouts']>> extends true
    ? { readonly [K in TagsWithFields<R['layouts']>]: CodecOf<R['layouts'], K> }
    : CodecOf<R['layouts'], TagsWithFields<R['layouts']>>;

/** A codec that is compiled at its first use: few programs touch more than a dozen of the registers. */
function lazily(spec: FieldSpecs): FieldCodec<FieldSpecs> {
  let made: FieldCodec<FieldSpecs> | undefined;
  const codec = (): FieldCodec<FieldSpecs> => (made ??= fields(spec));
  return {
    spec,
    names: Object.keys(spec),
    decode: (value) => codec().decode(value),
    encode: (partial) => codec().encode(partial),
    update: (value, partial) => codec().update(value, partial),
    mask: (name) => codec().mask(name),
    get: (value, name) => codec().get(value, name),
  };
}

/** The codec, or codecs by layout tag, of a register row. */
export function codec<const R extends CodecSource>(row: R): RegisterCodec<R> {
  const made: Record<string, FieldCodec<FieldSpecs>> = {};
  for (const [tag, layout] of Object.entries(row.layouts)) {
    if (Object.keys(layout.fields).length > 0) made[tag] = lazily(layout.fields);
  }
  const all = Object.values(made);
  return (all.length === 1 ? all[0] : made) as RegisterCodec<R>;
}
