/** Processors for counting: one model with as many debug registers, and such features, as somebody asks for. */
import { NEOVERSE_N1, withProfiling, type Arm64Model } from '@worldswitch/arm64';
import { ID_AA64DFR0_EL1, ID_AA64PFR0_EL1 } from '@worldswitch/arm64-sysreg';
import { nearest } from '@worldswitch/debugger';
import { UsageError } from '../exit.ts';
import { GIC_VERSIONS } from '../plugins/arm64/options.ts';

/** What can be added to the processor. */
const FEATURES = {
  /** What a model of it announces; the registers are there, and no error is ever recorded. */
  ras: (model: Arm64Model): Arm64Model => ({
    ...model, features: new Set([...model.features, 'FEAT_RAS']),
    constants: { ...model.constants, ID_AA64PFR0_EL1: ((model.constants.ID_AA64PFR0_EL1 ?? 0n) & ~ID_AA64PFR0_EL1.mask('RAS')) | ID_AA64PFR0_EL1.encode({ RAS: 1 }) },
  }),
  spe: withProfiling,
} as const satisfies Readonly<Record<string, (model: Arm64Model) => Arm64Model>>;

export type FeatureName = keyof typeof FEATURES;
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly FeatureName[];

/** Of either kind: BRPs and WRPs have four bits, and 0 is reserved (DDI 0487 ID_AA64DFR0_EL1). */
export const DEBUG_REGISTER_RANGE = { least: 2, most: 16 } as const;

export interface ProcessorWish {
  readonly breakpoints: number;
  readonly watchpoints: number;
  readonly features: readonly FeatureName[];
  /** The controller whose virtual CPU interface the guest has; when absent it has none, its interrupts come by two bits of HCR_EL2, and the board's is a GICv2. */
  readonly gic?: 2 | 3;
}

export const DEFAULT_PROCESSOR: ProcessorWish = { breakpoints: 6, watchpoints: 4, features: [] };

/** A Neoverse N1 with that many breakpoints and watchpoints, two of the breakpoints context-aware, and these features. */
export function processorModel({ breakpoints, watchpoints, features }: Omit<ProcessorWish, 'gic'>): Arm64Model {
  const dfr0 = (NEOVERSE_N1.constants.ID_AA64DFR0_EL1 ?? 0n) & ~(ID_AA64DFR0_EL1.mask('BRPs') | ID_AA64DFR0_EL1.mask('WRPs'));
  const counted: Arm64Model = {
    ...NEOVERSE_N1, constants: { ...NEOVERSE_N1.constants, ID_AA64DFR0_EL1: dfr0 | ID_AA64DFR0_EL1.encode({ BRPs: breakpoints - 1, WRPs: watchpoints - 1 }) },
  };
  return features.reduce<Arm64Model>((model, name) => FEATURES[name](model), counted);
}

/** `ras,spe`, in the order of the table, each once. @throws UsageError */
export function parseFeatures(text: string | undefined): readonly FeatureName[] {
  const wanted = splitList(text);
  const unknown = wanted.find((name) => !(FEATURE_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new UsageError(`--features ${text}: unknown feature '${unknown}'${meant(unknown, FEATURE_NAMES)}; there are ${FEATURE_NAMES.join(', ')}`);
  return FEATURE_NAMES.filter((name) => wanted.includes(name));
}

/** A version of the interrupt controller. @throws UsageError */
export function parseGic(text: string): 2 | 3 {
  if (!(GIC_VERSIONS as readonly string[]).includes(text)) throw new UsageError(`--gic ${text}: the board has no such interrupt controller; it is ${GIC_VERSIONS.join(' or ')}`);
  return text === '3' ? 3 : 2;
}

/** A number of debug registers. @throws UsageError */
export function parseDebugRegisters(option: 'breakpoints' | 'watchpoints', text: string | undefined): number {
  if (text === undefined) return DEFAULT_PROCESSOR[option];
  const { least, most } = DEBUG_REGISTER_RANGE;
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new UsageError(`--${option} ${text}: a processor has ${least} to ${most} ${option}; choose a whole number of these`);
  return number;
}

/** The parts of a list with commas. */
export function splitList(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
}

/** `; did you mean …?`, where something looks like it. */
export function meant(text: string, known: readonly string[]): string {
  const close = nearest(text, known, 2);
  return close.length === 0 ? '' : `; did you mean ${close.join(' or ')}?`;
}
