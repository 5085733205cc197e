/** Table walks of both stages (DDI 0487 D8.2, J1.1.5). Nothing here caches. */
import { DEFAULT_CACHEABLE, DEVICE_NGNRNE, combine, isDevice, memoryType, stage2Device, uncached } from './attributes.ts';
import type { MemoryType } from './attributes.ts';
import { ACCESS_FLAG, DBM, addressOf, classOf, join, split } from './descriptor.ts';
import type { Descriptor } from './descriptor.ts';
import { lowBit, stride } from './geometry.ts';
import type { Granule } from './features.ts';
import { ALLOW, ALL_ALLOWED, permits, stage1Permissions, stage2Permissions } from './permissions.ts';
import type { Regime, Stage2Shape } from './regime.ts';
import type { MmuFault, MmuPort, TranslationKind } from './types.ts';

/** What a fault is before it is known for whom. */
export type WalkFault = Omit<MmuFault, 'address' | 'toEl2'>;

/** An access as the walks see it. */
export interface Access {
  readonly kind: TranslationKind;
  /** Checked with the rights of EL0. */
  readonly user: boolean;
  /** PSTATE.PAN counts. */
  readonly pan: boolean;
  /** An AT instruction: nothing in memory changes. */
  readonly probe: boolean;
}

type Refused = { readonly ok: false; readonly fault: WalkFault };

/** Where a stage 1 walk ends. The output is an intermediate physical address where stage 2 is on. */
export interface Stage1Leaf {
  readonly ok: true;
  readonly output: number;
  readonly shift: number;
  /** Permissions without further work: a clean page's writes are missing as long as hardware must mark it dirty. */
  readonly allowed: number;
  readonly type: MemoryType;
  readonly global: boolean;
}

/** Where a stage 2 walk ends. */
export interface Stage2Leaf {
  readonly ok: true;
  readonly output: number;
  readonly shift: number;
  readonly allowed: number;
  readonly memAttr: number;
  readonly shareability: number;
}

const USER = ALLOW.userRead | ALLOW.userWrite | ALLOW.userFetch;

const ADDRESS_SIZE = 0x00;
const TRANSLATION = 0x04;
const ACCESS = 0x08;
const PERMISSION = 0x0c;
const EXTERNAL_ON_WALK = 0x14;

function refuse1(code: number, level: number, more: Partial<WalkFault> = {}): Refused {
  return { ok: false, fault: { stage: 1, status: code + level, level, s1ptw: false, external: code === EXTERNAL_ON_WALK, ...more } };
}

/** The entry of a table for an input address of at most 48 bits. */
function entryAddress(base: number, input: number, granule: Granule, level: number, inputBits: number): number {
  const low = lowBit(granule, level);
  return base + (Math.floor(input / 2 ** low) % 2 ** Math.min(inputBits - low, stride(granule))) * 8;
}

const beyond = (address: number, size: number): boolean => address >= 2 ** size;

/** Where an address falls: the half of the address space and the bits that the tables translate; or the fault of level 0. */
function locate(regime: Regime, va: bigint, user: boolean): { readonly half: number; readonly input: number } | undefined {
  const { stage1 } = regime;
  const half = stage1.twoRanges ? Number((va >> 55n) & 1n) : 0;
  const shape = stage1.ranges[half];
  if (shape.inputSize === undefined || shape.disabled || (shape.userDenied && user)) return undefined;
  const top = shape.topByteIgnored ? 56 : 64;
  const rest = BigInt.asUintN(top, va) >> BigInt(shape.inputSize);
  const wanted = half === 1 ? (1n << BigInt(top - shape.inputSize)) - 1n : 0n;
  return rest === wanted ? { half, input: Number(BigInt.asUintN(shape.inputSize, va)) } : undefined;
}

/** Reads a descriptor in the byte order of its stage. */
function readDescriptor(port: MmuPort, address: number, bigEndian: boolean): Descriptor | undefined {
  const value = port.readPhysical(address);
  if (value === undefined) return undefined;
  return bigEndian ? swapped(split(value)) : split(value);
}

function writeDescriptor(port: MmuPort, address: number, bigEndian: boolean, descriptor: Descriptor): boolean {
  return port.writePhysical(address, join(bigEndian ? swapped(descriptor) : descriptor));
}

const swapWord = (w: number): number => (((w & 0xff) << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24)) >>> 0;
const swapped = ({ high, low }: Descriptor): Descriptor => ({ high: swapWord(low), low: swapWord(high) });

/** Stage 1 off: flat, all allowed; addresses beyond the processor's are address size faults, TBI honoured (D8.2.12). */
function flat(port: MmuPort, regime: Regime, va: bigint): Stage1Leaf | Refused {
  const { stage1 } = regime;
  const half = stage1.twoRanges ? Number((va >> 55n) & 1n) : 0;
  const address = stage1.ranges[half].topByteIgnored ? BigInt.asUintN(56, va) : va;
  if (address >> BigInt(port.features.physicalBits) !== 0n) return refuse1(ADDRESS_SIZE, 0);
  const type = stage1.defaultCacheable ? DEFAULT_CACHEABLE : DEVICE_NGNRNE;
  return { ok: true, output: Number(address), shift: port.features.physicalBits, allowed: ALL_ALLOWED, type, global: true };
}

/** Translates by stage 1 alone; descriptors go through stage 2 where that is on. */
export function walkStage1(port: MmuPort, regime: Regime, va: bigint, access: Access): Stage1Leaf | Refused {
  const { stage1 } = regime;
  if (!stage1.on) return flat(port, regime, va);
  const place = locate(regime, va, access.user);
  if (place === undefined) return refuse1(TRANSLATION, 0);
  const { granule, inputSize = 0, startLevel } = stage1.ranges[place.half];
  let base = regime.bases[place.half];
  if (beyond(base, stage1.outputBits)) return refuse1(ADDRESS_SIZE, 0);
  let inherited = 0;
  for (let level = startLevel; ; level++) {
    const at = entryAddress(base, place.input, granule, level, inputSize);
    const physical = stage1Table(port, regime, at, access, 'read');
    if (typeof physical !== 'number') return physical;
    const descriptor = readDescriptor(port, physical, stage1.bigEndian);
    if (descriptor === undefined) return refuse1(EXTERNAL_ON_WALK, level);
    const found = classOf(descriptor, granule, level);
    if (found === 'invalid') return refuse1(TRANSLATION, level);
    const output = addressOf(descriptor, granule, level, found);
    if (beyond(output, stage1.outputBits)) return refuse1(ADDRESS_SIZE, level);
    if (found === 'leaf') return stage1Leaf(port, regime, access, { descriptor, at, level, output, inherited, half: place.half, input: place.input });
    inherited |= descriptor.high;
    base = output;
  }
}

/** The physical address of a stage 1 descriptor. A walk reads; a hardware update writes (and may dirty the table's page). */
function stage1Table(port: MmuPort, regime: Regime, address: number, access: Access, kind: 'read' | 'write'): number | Refused {
  if (regime.stage2 === undefined) return address;
  const leaf = walkStage2(port, regime, address, { kind, user: false, pan: false, probe: access.probe }, true);
  return leaf.ok ? leaf.output : leaf;
}

interface FoundLeaf {
  readonly descriptor: Descriptor;
  readonly at: number;
  readonly level: number;
  readonly output: number;
  /** High halves of the tables passed, or-ed. */
  readonly inherited: number;
  readonly half: number;
  readonly input: number;
}

/** Bits of a table's high half (D8.3.2). */
const TABLE = { readOnly: 1 << 30, noUser: 1 << 29, uxn: 1 << 28, pxn: 1 << 27 } as const;

function stage1Leaf(port: MmuPort, regime: Regime, access: Access, leaf: FoundLeaf): Stage1Leaf | Refused {
  const { stage1 } = regime;
  const { granule, flatAttributes, userDenied } = stage1.ranges[leaf.half];
  const { high, low } = leaf.descriptor;
  const tables = flatAttributes ? 0 : leaf.inherited;
  if ((low & ACCESS_FLAG) === 0 && !stage1.accessFlags) return refuse1(ACCESS, leaf.level);
  const ap2 = (low & 0x80) !== 0;
  const clean = ap2 && stage1.dirtyState && (high & DBM) !== 0;
  const allowed = stage1Permissions({
    readOnly: (ap2 && !clean) || (tables & TABLE.readOnly) !== 0,
    user: (low & 0x40) !== 0 && (tables & TABLE.noUser) === 0,
    uxn: (high & (1 << 22)) !== 0 || (tables & TABLE.uxn) !== 0,
    pxn: (high & (1 << 21)) !== 0 || (tables & TABLE.pxn) !== 0,
  }, stage1);
  const attr = memoryType(stage1.mair[(low >> 2) & 7], (low >> 8) & 3);
  const type = stage1.cached ? attr : uncached(attr);
  if (!permits(allowed, access.kind, access.user, access.pan)) return refuse1(PERMISSION, leaf.level, isDevice(type.attr) ? { alignment: 1 } : {});
  const dirtied = clean && access.kind === 'write' && !access.probe;
  if (!access.probe && ((low & ACCESS_FLAG) === 0 || dirtied)) {
    const target = stage1Table(port, regime, leaf.at, access, 'write');
    if (typeof target !== 'number') return target;
    const updated = { high, low: ((low | ACCESS_FLAG) & (dirtied ? ~0x80 : -1)) >>> 0 };
    if (!writeDescriptor(port, target, stage1.bigEndian, updated)) return refuse1(EXTERNAL_ON_WALK, leaf.level);
  }
  const shift = lowBit(granule, leaf.level);
  // What is returned as allowed is kept: writes that must first mark the page dirty, and EL0 in a half closed to it, come back here.
  const withheld = (clean && !dirtied ? ALLOW.privilegedWrite | ALLOW.userWrite : 0) | (userDenied ? USER : 0);
  return {
    ok: true,
    output: leaf.output + (leaf.input % 2 ** shift),
    shift,
    allowed: allowed & ~withheld,
    type,
    global: !stage1.twoRanges || (low & 0x800) === 0,
  };
}

/** Translates an intermediate physical address. `table`: it is that of a stage 1 descriptor, so faults are S1PTW and HCR_EL2.PTW counts. */
export function walkStage2(port: MmuPort, regime: Regime, ipa: number, access: Access, table: boolean): Stage2Leaf | Refused {
  const stage2 = regime.stage2 as Stage2Shape;
  const refuse = (code: number, level: number, more: Partial<WalkFault> = {}): Refused => ({
    ok: false,
    fault: { stage: 2, status: code + level, level, s1ptw: table, ipa: BigInt(ipa), external: code === EXTERNAL_ON_WALK, ...more },
  });
  const { granule, inputSize, startLevel } = stage2;
  if (inputSize === undefined || startLevel === undefined || beyond(ipa, inputSize)) return refuse(TRANSLATION, 0);
  let base = regime.stage2Base;
  if (beyond(base, stage2.outputBits)) return refuse(ADDRESS_SIZE, 0);
  for (let level = startLevel; ; level++) {
    // The first table may be several, concatenated: its index is as wide as the input.
    const low = lowBit(granule, level);
    const index = Math.floor(ipa / 2 ** low) % (level === startLevel ? Infinity : 2 ** stride(granule));
    const at = base + index * 8;
    const descriptor = readDescriptor(port, at, stage2.bigEndian);
    if (descriptor === undefined) return refuse(EXTERNAL_ON_WALK, level);
    const found = classOf(descriptor, granule, level);
    if (found === 'invalid') return refuse(TRANSLATION, level);
    const output = addressOf(descriptor, granule, level, found);
    if (beyond(output, stage2.outputBits)) return refuse(ADDRESS_SIZE, level);
    if (found === 'table') {
      base = output;
      continue;
    }
    return stage2Leaf(port, stage2, access, table, { descriptor, at, level, output: output + (ipa % 2 ** low), shift: low }, refuse);
  }
}

interface FoundStage2Leaf {
  readonly descriptor: Descriptor;
  readonly at: number;
  readonly level: number;
  readonly output: number;
  readonly shift: number;
}

function stage2Leaf(
  port: MmuPort, stage2: Stage2Shape, access: Access, table: boolean, leaf: FoundStage2Leaf,
  refuse: (code: number, level: number, more?: Partial<WalkFault>) => Refused,
): Stage2Leaf | Refused {
  const { descriptor: { high, low }, level } = leaf;
  if ((low & ACCESS_FLAG) === 0 && !stage2.accessFlags) return refuse(ACCESS, level);
  const writable = (low & 0x80) !== 0;
  const clean = !writable && stage2.dirtyState && (high & DBM) !== 0;
  const allowed = stage2Permissions((low & 0x40) !== 0, writable || clean, (high >>> 21) & 3, stage2.xnx);
  const memAttr = (low >> 2) & 15;
  const device = stage2Device(memAttr, stage2.forcedWriteBack);
  if (!permits(allowed, access.kind, access.user, false)) return refuse(PERMISSION, level, device && !table ? { alignment: 2 } : {});
  if (table && device && stage2.protectedWalks) return refuse(PERMISSION, level);
  const dirtied = clean && access.kind === 'write' && !access.probe;
  if (!access.probe && ((low & ACCESS_FLAG) === 0 || dirtied)) {
    const updated = { high, low: (low | ACCESS_FLAG | (dirtied ? 0x80 : 0)) >>> 0 };
    if (!writeDescriptor(port, leaf.at, stage2.bigEndian, updated)) return refuse(EXTERNAL_ON_WALK, level);
  }
  return {
    ok: true,
    output: leaf.output,
    shift: leaf.shift,
    allowed: clean && !dirtied ? allowed & ~(ALLOW.privilegedWrite | ALLOW.userWrite) : allowed,
    memAttr,
    shareability: (low >> 8) & 3,
  };
}

/** Memory type and device stage of both stages together. */
export function combined(regime: Regime, stage1: Stage1Leaf, stage2: Stage2Leaf | undefined): MemoryType {
  if (stage2 === undefined || regime.stage2 === undefined) return stage1.type;
  const type = combine(stage1.type, stage2.memAttr, stage2.shareability, regime.stage2.forcedWriteBack);
  return regime.stage2.cached ? type : uncached(type);
}
