/** Everything the register table knows about one register, as plain data. */
import {
  ACCESS_RULES, E2H_REDIRECTION, EL1_SUBSTITUTES, familyOf, genericName, hasFeatures, HOST_EL0_TIMERS, masksOf, REFERENCE_FEATURES, REGISTERS, resolve,
  type AccessRule, type EncodingTuple, type Features, type RegisterName, type Resolution,
} from '@worldswitch/arm64-sysreg';
import { docOf } from '@worldswitch/arm64-sysreg/docs';

export interface FieldFacts {
  readonly name: string;
  /** As the manual writes them: `15`, `23:22`, `63:32,11:0`. */
  readonly bits: string;
  readonly needs?: string;
  readonly about?: string;
  readonly values?: Readonly<Record<string, string>>;
}

export interface LayoutFacts {
  readonly tag: string;
  readonly when?: string;
  readonly fields: readonly FieldFacts[];
  readonly res0: string;
  readonly res1: string;
}

export interface ReachedFacts {
  readonly el: 0 | 1 | 2;
  readonly e2h: boolean;
  readonly tge: boolean;
  /** The register, or `UNDEFINED`, with no trap enabled. */
  readonly read: string;
  readonly write: string;
}

export interface TrapFacts {
  readonly el: 'EL0' | 'EL1' | 'EL2';
  readonly direction: 'read' | 'write' | 'both';
  readonly condition: string;
  /** `EL2, EC 0x18`, `UNDEFINED`, or `virtual` for the view of a virtual CPU interface. */
  readonly outcome: string;
}

export interface RegisterFacts {
  readonly name: RegisterName;
  readonly title?: string;
  readonly about?: string;
  readonly group: string;
  readonly encoding: { readonly op0: number; readonly op1: number; readonly CRn: number; readonly CRm: number; readonly op2: number; readonly generic: string };
  readonly feature?: string;
  readonly source: string;
  /** RW, RO, WO or - for each level, before any trap. */
  readonly access: { readonly EL0: string; readonly EL1: string; readonly EL2: string; readonly EL3: string };
  /** The register an `_EL12` or `_EL02` name reaches. */
  readonly alias?: string;
  /** What the name reaches at EL2 with E2H set, and the name that reaches the register itself there. */
  readonly e2h?: { readonly reaches: string; readonly itself: string };
  readonly reached: readonly ReachedFacts[];
  readonly traps: readonly TrapFacts[];
  readonly layouts: readonly LayoutFacts[];
  readonly reset?: { readonly mask: bigint; readonly value: bigint };
}

type Range = readonly [number, number];

const bitsText = (ranges: readonly Range[]): string => ranges.map(([high, low]) => (high === low ? String(high) : `${high}:${low}`)).join(',');

function rangesIn(mask: bigint): readonly Range[] {
  const ranges: Range[] = [];
  for (let bit = 63; bit >= 0; bit--) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    let low = bit;
    while (low > 0 && ((mask >> BigInt(low - 1)) & 1n) === 1n) low--;
    ranges.push([bit, low]);
    bit = low;
  }
  return ranges;
}

function rangesOf(spec: number | Range | readonly Range[]): readonly Range[] {
  if (typeof spec === 'number') return [[spec, spec]];
  return typeof spec[0] === 'number' ? [spec as Range] : (spec as readonly Range[]);
}

function layoutsOf(name: RegisterName): readonly LayoutFacts[] {
  const doc = docOf(name);
  return Object.entries(REGISTERS[name].layouts).map(([tag, layout]) => {
    const fields = Object.entries(layout.fields).map(([field, spec]): FieldFacts => {
      const about = doc?.fields[field];
      return {
        name: field, bits: bitsText(rangesOf(spec)),
        ...(layout.needs?.[field] !== undefined && { needs: layout.needs[field] }),
        ...(about?.brief !== undefined && { about: about.brief }), ...(about?.values && { values: about.values }),
      };
    });
    fields.sort((a, b) => Number.parseInt(b.bits, 10) - Number.parseInt(a.bits, 10));
    // What is reserved on a processor with every feature that the layout names.
    const all: Features = new Set(Object.values(layout.needs ?? {}).flatMap((needs) => needs.split(/[|&]/)));
    const { res0, res1 } = masksOf(layout, all);
    return { tag, ...(layout.when !== undefined && { when: layout.when }), fields, res0: bitsText(rangesIn(res0)), res1: bitsText(rangesIn(res1)) };
  });
}

/** Without any trap: control registers read as 0, but for the bits that enable what is otherwise trapped. */
function reachedBy(name: RegisterName): readonly ReachedFacts[] {
  const { packed, feature } = REGISTERS[name];
  const features: Features = new Set([...REFERENCE_FEATURES, ...(feature ?? '').split(/[|&]/).filter((one) => one !== '' && one !== 'EL3')]);
  const states = [[0, false, false], [0, true, true], [1, false, false], [1, true, false], [2, false, false], [2, true, false]] as const;
  return states.map(([el, e2h, tge]) => {
    const outcome = (direction: 'read' | 'write'): string => describe(resolve(packed, { el, e2h, tge, features, read: () => 0n }, direction));
    return { el, e2h, tge, read: outcome('read'), write: outcome('write') };
  });
}

function describe(resolution: Resolution): string {
  switch (resolution.kind) {
    case 'register': return resolution.view === 'virtual' ? `${resolution.register} (virtual)` : resolution.register;
    case 'undefined': return 'UNDEFINED';
    case 'trap': return `trap to EL${resolution.to} while ${resolution.because}`;
    case 'zero': return 'reads as zero';
    case 'instruction': return resolution.instruction;
  }
}

function trapsOf(name: RegisterName): readonly TrapFacts[] {
  const rule: AccessRule | undefined = ACCESS_RULES[name] ?? ACCESS_RULES[familyOf(name)];
  if (rule === undefined) return [];
  const sets = 'read' in rule ? ([['read', rule.read], ['write', rule.write]] as const) : ([['both', rule]] as const);
  return sets.flatMap(([direction, levels]) => (['EL0', 'EL1', 'EL2'] as const).flatMap((el) => (levels[el] ?? []).map((text): TrapFacts => {
    const [condition, outcome] = text.split(' -> ');
    return { el, direction, condition, outcome: outcome.replace(/^(EL[12]) (0x\w+)$/, 'trap to $1, EC $2') };
  })));
}

function e2hOf(name: RegisterName): RegisterFacts['e2h'] {
  const row = (E2H_REDIRECTION as Partial<Record<RegisterName, { readonly e2h1: string; readonly alias: string }>>)[name];
  return row && { reaches: row.e2h1, itself: row.alias };
}

/** The facts of one register. */
export function registerFacts(name: RegisterName): RegisterFacts {
  const row = REGISTERS[name];
  const encoding: EncodingTuple = row.encoding;
  const [op0, op1, CRn, CRm, op2] = encoding;
  const [EL0, EL1, EL2, EL3] = row.access.split(' ');
  const doc = docOf(name);
  const e2h = e2hOf(name);
  return {
    name, ...(doc?.title !== undefined && { title: doc.title }), ...(doc?.brief !== undefined && { about: doc.brief }), group: row.group,
    encoding: { op0, op1, CRn, CRm, op2, generic: genericName(row.packed) },
    ...(row.feature !== undefined && { feature: row.feature }), source: row.source, access: { EL0, EL1, EL2, EL3 },
    ...(row.alias !== undefined && { alias: row.alias }), ...(e2h && { e2h }),
    reached: reachedBy(name), traps: trapsOf(name), layouts: layoutsOf(name), ...(row.reset && { reset: row.reset }),
  };
}

/** What else a name stands for, in words: substitutes at EL1, timers of a host's user space. */
export function notesOf(name: RegisterName): readonly string[] {
  const notes: string[] = [];
  const substitute = (EL1_SUBSTITUTES as Partial<Record<RegisterName, string>>)[name];
  if (substitute !== undefined) notes.push(`At EL1 a read gives ${substitute}, which the hypervisor chose.`);
  const timer = (HOST_EL0_TIMERS as Partial<Record<RegisterName, string>>)[name];
  if (timer !== undefined) notes.push(`At EL0 with E2H and TGE, a VHE host's user space, it reaches ${timer}.`);
  if (!hasFeatures(REFERENCE_FEATURES, REGISTERS[name].feature)) notes.push('The reference processor of the access rules, ARMv8.4 without EL3, does not have it.');
  return notes;
}
