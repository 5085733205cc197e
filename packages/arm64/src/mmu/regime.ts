/**
 * Translation regimes compiled out of the control registers (DDI 0487 D8.1, D19.2). What a translation may have been cached under
 * (the shape) is apart from what takes effect without TLB maintenance: table bases, ASID, VMID and routing.
 */
import { granuleOfTg0, granuleOfTg1, inputSize, outputSize, stage2StartLevel, startLevel, tableBase } from './geometry.ts';
import type { Granule, MmuFeatures } from './features.ts';
import type { ControlRegister } from './types.ts';

/** EL1&0; EL2&0 (HCR_EL2.E2H = 1); EL2 (E2H = 0). */
export type RegimeKind = 'el10' | 'el20' | 'el2';

/** One half of the virtual address space. */
export interface RangeShape {
  /** Undefined where TnSZ is outside its limits. */
  readonly inputSize: number | undefined;
  readonly granule: Granule;
  readonly startLevel: number;
  /** EPDn: walks of this half are translation faults. */
  readonly disabled: boolean;
  /** E0PDn: no EL0 access to this half. */
  readonly userDenied: boolean;
  /** HPDn: attributes of tables are ignored. */
  readonly flatAttributes: boolean;
  readonly topByteIgnored: boolean;
}

export interface Stage1Shape {
  readonly on: boolean;
  readonly defaultCacheable: boolean;
  readonly twoRanges: boolean;
  readonly ranges: readonly RangeShape[];
  readonly outputBits: number;
  readonly mair: readonly number[];
  readonly wxn: boolean;
  readonly epan: boolean;
  readonly bigEndian: boolean;
  readonly cached: boolean;
  readonly accessFlags: boolean;
  readonly dirtyState: boolean;
}

export interface Stage2Shape {
  readonly inputSize: number | undefined;
  readonly granule: Granule;
  /** Undefined where SL0, T0SZ and the granule do not go together. */
  readonly startLevel: number | undefined;
  readonly outputBits: number;
  readonly bigEndian: boolean;
  readonly cached: boolean;
  readonly accessFlags: boolean;
  readonly dirtyState: boolean;
  /** HCR_EL2.PTW: stage 1 tables in Device memory fault. */
  readonly protectedWalks: boolean;
  readonly forcedWriteBack: boolean;
  readonly xnx: boolean;
}

/** Everything a cached translation depends on apart from tables, ASID and VMID: a pure function of the values in {@link shapeKey}. */
export interface RegimeShape {
  readonly kind: RegimeKind;
  readonly stage1: Stage1Shape;
  readonly stage2: Stage2Shape | undefined;
}

/** A regime as it stands. */
export interface Regime extends RegimeShape {
  /** Number of the shape in the table of shapes. */
  readonly shape: number;
  readonly asid: number;
  /** 0 outside EL1&0. */
  readonly vmid: number;
  readonly bases: readonly number[];
  readonly stage2Base: number;
}

type Read = (name: ControlRegister) => bigint;

const bits = (...n: number[]): bigint => n.reduce((all, b) => all | (1n << BigInt(b)), 0n);
const flag = (value: bigint, n: number): boolean => ((value >> BigInt(n)) & 1n) === 1n;
const field = (value: bigint, low: number, width: number): number => Number((value >> BigInt(low)) & ((1n << BigInt(width)) - 1n));

export const HCR = { VM: 0, PTW: 2, DC: 12, TGE: 27, CD: 32, E2H: 34, TEA: 37, FWB: 46 } as const;
const SCTLR = { M: 0, C: 2, WXN: 19, EE: 25, EPAN: 57 } as const;

const SCTLR_BITS = bits(SCTLR.M, SCTLR.C, SCTLR.WXN, SCTLR.EE, SCTLR.EPAN);
const HCR_BITS = bits(HCR.VM, HCR.PTW, HCR.DC, HCR.TGE, HCR.CD, HCR.E2H, HCR.FWB);
/** A1 and AS choose the ASID, which is a tag of its own. */
const TCR_ASID_BITS = bits(22, 36);

/** The register values that a regime's shape is made of: equal keys, equal shapes. */
export function shapeKey(kind: RegimeKind, read: Read): readonly bigint[] {
  if (kind !== 'el10') return [read('SCTLR_EL2') & SCTLR_BITS, kind === 'el2' ? read('TCR_EL2') : read('TCR_EL2') & ~TCR_ASID_BITS, read('MAIR_EL2')];
  const hcr = read('HCR_EL2') & HCR_BITS;
  const stage2 = stage2On(hcr) ? [read('VTCR_EL2'), read('SCTLR_EL2') & bits(SCTLR.EE)] : [0n, 0n];
  return [read('SCTLR_EL1') & SCTLR_BITS, read('TCR_EL1') & ~TCR_ASID_BITS, read('MAIR_EL1'), hcr, ...stage2];
}

/** With E2H = TGE = 1, VM and DC act as 0. */
function stage2On(hcr: bigint): boolean {
  return (flag(hcr, HCR.VM) || flag(hcr, HCR.DC)) && !(flag(hcr, HCR.E2H) && flag(hcr, HCR.TGE));
}

/** Compiles a key of {@link shapeKey}. */
export function compileShape(kind: RegimeKind, key: readonly bigint[], features: MmuFeatures): RegimeShape {
  const [sctlr, tcr, mair, hcr = 0n, vtcr = 0n, sctlrEl2 = 0n] = key;
  const second = stage2On(hcr);
  const defaultCacheable = second && flag(hcr, HCR.DC);
  const forcedOff = kind === 'el10' && (defaultCacheable || flag(hcr, HCR.TGE));
  const stage1: Stage1Shape = {
    on: flag(sctlr, SCTLR.M) && !forcedOff,
    defaultCacheable,
    mair: Array.from({ length: 8 }, (_, i) => field(mair, i * 8, 8)),
    wxn: flag(sctlr, SCTLR.WXN),
    bigEndian: flag(sctlr, SCTLR.EE),
    cached: flag(sctlr, SCTLR.C),
    epan: features.epan && flag(sctlr, SCTLR.EPAN),
    ...(kind === 'el2' ? oneRange(tcr, features) : twoRanges(tcr, features)),
  };
  return { kind, stage1, stage2: second ? stage2Shape(vtcr, hcr, sctlrEl2, features) : undefined };
}

type Ranges = Pick<Stage1Shape, 'twoRanges' | 'ranges' | 'outputBits' | 'accessFlags' | 'dirtyState'>;

function hardwareUpdate(tcr: bigint, ha: number, features: MmuFeatures): Pick<Ranges, 'accessFlags' | 'dirtyState'> {
  const accessFlags = features.hardwareUpdate !== 'none' && flag(tcr, ha);
  return { accessFlags, dirtyState: accessFlags && features.hardwareUpdate === 'dirty' && flag(tcr, ha + 1) };
}

function range(tsz: number, granule: Granule, features: MmuFeatures): Pick<RangeShape, 'inputSize' | 'granule' | 'startLevel'> {
  const size = inputSize(tsz, granule, features);
  return { inputSize: size, granule, startLevel: size === undefined ? 0 : startLevel(granule, size) };
}

/** TCR_EL1, and TCR_EL2 with E2H = 1. */
function twoRanges(tcr: bigint, features: MmuFeatures): Ranges {
  const lower = range(field(tcr, 0, 6), granuleOfTg0(field(tcr, 14, 2), features.stage1Granules), features);
  const upper = range(field(tcr, 16, 6), granuleOfTg1(field(tcr, 30, 2), features.stage1Granules), features);
  return {
    twoRanges: true,
    ranges: [lower, upper].map((half, n) => ({
      ...half,
      disabled: flag(tcr, 7 + 16 * n),
      userDenied: features.e0pd && flag(tcr, 55 + n),
      flatAttributes: features.hierarchicalDisable && flag(tcr, 41 + n),
      topByteIgnored: flag(tcr, 37 + n),
    })),
    outputBits: outputSize(field(tcr, 32, 3), features),
    ...hardwareUpdate(tcr, 39, features),
  };
}

/** TCR_EL2 with E2H = 0. */
function oneRange(tcr: bigint, features: MmuFeatures): Ranges {
  return {
    twoRanges: false,
    ranges: [{
      ...range(field(tcr, 0, 6), granuleOfTg0(field(tcr, 14, 2), features.stage1Granules), features),
      disabled: false,
      userDenied: false,
      flatAttributes: features.hierarchicalDisable && flag(tcr, 24),
      topByteIgnored: flag(tcr, 20),
    }],
    outputBits: outputSize(field(tcr, 16, 3), features),
    ...hardwareUpdate(tcr, 21, features),
  };
}

function stage2Shape(vtcr: bigint, hcr: bigint, sctlrEl2: bigint, features: MmuFeatures): Stage2Shape {
  const granule = granuleOfTg0(field(vtcr, 14, 2), features.stage2Granules);
  const size = inputSize(field(vtcr, 0, 6), granule, features);
  return {
    inputSize: size,
    granule,
    startLevel: size === undefined ? undefined : stage2StartLevel(field(vtcr, 6, 2), size, granule, features),
    outputBits: outputSize(field(vtcr, 16, 3), features),
    bigEndian: flag(sctlrEl2, SCTLR.EE),
    cached: !flag(hcr, HCR.CD),
    protectedWalks: flag(hcr, HCR.PTW),
    forcedWriteBack: features.forcedWriteBack && flag(hcr, HCR.FWB),
    xnx: features.xnx,
    ...hardwareUpdate(vtcr, 21, features),
  };
}

/** The VMID in force, kept even while stage 2 is off. */
export function currentVmid(read: Read, features: MmuFeatures): number {
  const vmid = field(read('VTTBR_EL2'), 48, 16);
  return features.vmid16 && flag(read('VTCR_EL2'), 19) ? vmid : vmid & 0xff;
}

/** The bits of an ASID that count in a regime; the EL2 regime has none. */
export function asidMask(kind: RegimeKind, read: Read, features: MmuFeatures): number {
  if (kind === 'el2') return 0;
  return features.asid16 && flag(read(kind === 'el10' ? 'TCR_EL1' : 'TCR_EL2'), 36) ? 0xffff : 0xff;
}

/** Adds to a shape what the registers hold right now. */
export function liveRegime(shape: RegimeShape, number: number, read: Read, features: MmuFeatures): Regime {
  const { kind, stage1, stage2 } = shape;
  const tables = kind === 'el10' ? (['TTBR0_EL1', 'TTBR1_EL1'] as const) : (['TTBR0_EL2', 'TTBR1_EL2'] as const);
  const tcr = read(kind === 'el10' ? 'TCR_EL1' : 'TCR_EL2');
  const asid = field(read(tables[flag(tcr, 22) ? 1 : 0]), 48, 16) & asidMask(kind, read, features);
  const bases = stage1.ranges.map((half, n) =>
    half.inputSize === undefined ? 0 : tableBase(read(tables[n]), half.granule, half.startLevel, half.inputSize));
  const stage2Base = stage2?.startLevel === undefined || stage2.inputSize === undefined ? 0
    : tableBase(read('VTTBR_EL2'), stage2.granule, stage2.startLevel, stage2.inputSize);
  return { ...shape, shape: number, asid, vmid: kind === 'el10' ? currentVmid(read, features) : 0, bases, stage2Base };
}
