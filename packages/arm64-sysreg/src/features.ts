/** Feature expressions (`FEAT_A|FEAT_B&FEAT_C`) and what features leave of a layout's bits. */
import type { FieldSpec } from '@worldswitch/bits';
import type { BitRange, LayoutRow } from './row.ts';

/** The architecture features a processor has, by the manual's names. `EL3` stands for the level itself. */
export type Features = ReadonlySet<string>;

/** Whether an expression holds: `|` separates alternatives, `&` what an alternative needs together. No expression always holds. */
export function hasFeatures(features: Features, expression: string | undefined): boolean {
  if (expression === undefined) return true;
  return expression.split('|').some((all) => all.split('&').every((one) => features.has(one)));
}

/**
 * A v8.4-like processor without EL3, AArch32 and SVE: the one the access rules were written down for, and a reasonable default for
 * looking things up. Processor models bring their own sets.
 */
export const REFERENCE_FEATURES: Features = new Set([
  'FEAT_AA64', 'FEAT_AdvSIMD', 'FEAT_CCIDX', 'FEAT_CSV2_2', 'FEAT_DIT', 'FEAT_DPB', 'FEAT_Debugv8p1', 'FEAT_Debugv8p2', 'FEAT_Debugv8p4',
  'FEAT_DoubleLock', 'FEAT_FP', 'FEAT_GICv3', 'FEAT_HAFDBS', 'FEAT_HPDS', 'FEAT_HPDS2', 'FEAT_LOR', 'FEAT_LRCPC', 'FEAT_LSE', 'FEAT_PAN',
  'FEAT_PAN2', 'FEAT_PAuth', 'FEAT_PMUv3', 'FEAT_PMUv3p1', 'FEAT_PMUv3p4', 'FEAT_RAS', 'FEAT_S2FWB', 'FEAT_SPE', 'FEAT_SSBS', 'FEAT_SSBS2',
  'FEAT_TLBIOS', 'FEAT_TLBIRANGE', 'FEAT_TTCNP', 'FEAT_TTST', 'FEAT_UAO', 'FEAT_VHE', 'FEAT_VMID16', 'FEAT_XNX',
]);

/** The ranges of a field, most significant first. */
export function rangesOf(spec: FieldSpec): readonly BitRange[] {
  if (typeof spec === 'number') return [[spec, spec]];
  return typeof spec[0] === 'number' ? [spec as BitRange] : (spec as readonly BitRange[]);
}

/** The mask of an inclusive bit range. */
export function rangeMask([high, low]: BitRange): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

const union = (ranges: readonly BitRange[] = []): bigint => ranges.reduce((all, r) => all | rangeMask(r), 0n);

/** What `needs` or `absent` say: for a whole field, or for a part of it named `FIELD[high:low]`. */
interface Condition {
  readonly mask: bigint;
  readonly needs?: string;
  readonly absent?: string;
}

function conditionsOf(layout: LayoutRow): readonly Condition[] {
  const keys = new Set([...Object.keys(layout.needs ?? {}), ...Object.keys(layout.absent ?? {})]);
  return [...keys].map((key) => {
    const part = /^(\w+)\[(\d+):(\d+)\]$/.exec(key);
    const mask = part ? rangeMask([Number(part[2]), Number(part[3])]) : union(rangesOf(layout.fields[key]));
    const needs = layout.needs?.[key];
    const absent = layout.absent?.[key];
    return { mask, ...(needs === undefined ? {} : { needs }), ...(absent === undefined ? {} : { absent }) };
  });
}

/** The 64 bits of a layout by what they are on one processor; the masks are disjoint and cover every bit the layout names. */
export interface LayoutMasks {
  readonly implemented: bigint;
  /** Reads as 0 and should be written 0. */
  readonly res0: bigint;
  readonly res1: bigint;
  /** Reads as zero or one, writes ignored. */
  readonly raz: bigint;
  readonly rao: bigint;
  readonly unknown: bigint;
}

/** Sorts a layout's bits for a set of features: a field whose features are missing becomes what its `absent` says, RES0 by default. */
export function masksOf(layout: LayoutRow, features: Features): LayoutMasks {
  const masks = { implemented: 0n, res0: union(layout.res0), res1: union(layout.res1), raz: union(layout.raz), rao: 0n, unknown: union(layout.unknown) };
  for (const spec of Object.values(layout.fields)) masks.implemented |= union(rangesOf(spec));
  for (const { mask, needs, absent } of conditionsOf(layout)) {
    if (needs === undefined || hasFeatures(features, needs)) continue;
    masks.implemented &= ~mask;
    if (absent === 'RES1') masks.res1 |= mask;
    else if (absent === 'RAO/WI') masks.rao |= mask;
    else if (absent?.startsWith('RAZ')) masks.raz |= mask;
    else if (absent === 'UNKNOWN') masks.unknown |= mask;
    else masks.res0 |= mask;
  }
  return masks;
}

/** What a read of `stored` shows: RES0, RAZ and UNKNOWN bits as 0, RES1 and RAO bits as 1. */
export function visible(stored: bigint, masks: LayoutMasks): bigint {
  return (stored & masks.implemented) | masks.res1 | masks.rao;
}
