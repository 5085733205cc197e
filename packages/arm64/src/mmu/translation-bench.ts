/** A translation unit with registers and a sparse physical memory, for tests: builds tables of any granule. */
import { lowBit, stride } from './geometry.ts';
import type { Granule, MmuFeatures } from './features.ts';
import { Mmu } from './mmu.ts';
import type { TlbGeometry } from './tlb.ts';
import { CONTROL_REGISTERS } from './types.ts';
import type { ControlRegister, MmuFault, MmuResult, Requester, TranslationKind } from './types.ts';

export const ALL_FEATURES: MmuFeatures = {
  physicalBits: 48, stage1Granules: [12, 14, 16], stage2Granules: [12, 14, 16], asid16: true, vmid16: true, hardwareUpdate: 'dirty',
  pan: true, epan: true, xnx: true, hierarchicalDisable: true, smallTables: false, e0pd: true, forcedWriteBack: true, rangeInvalidate: true,
};

/** Where a table tree begins. */
export interface Root {
  readonly base: number;
  readonly granule: Granule;
  readonly level: number;
}

export class TranslationBench {
  readonly memory = new Map<number, bigint>();
  /** Addresses at which walks take external aborts. */
  readonly holes = new Set<number>();
  readonly registers = Object.fromEntries(CONTROL_REGISTERS.map((name) => [name, 0n])) as Record<ControlRegister, bigint>;
  readonly replaced: { address: bigint; bytes: number }[] = [];
  readonly mmu: Mmu;
  #free = 0x4800_0000;

  constructor(features: Partial<MmuFeatures> = {}, geometry?: TlbGeometry) {
    this.mmu = new Mmu({
      register: (name) => this.registers[name],
      features: { ...ALL_FEATURES, ...features },
      readPhysical: (address) => (this.holes.has(address) ? undefined : (this.memory.get(address) ?? 0n)),
      writePhysical: (address, value) => {
        if (this.holes.has(address)) return false;
        this.memory.set(address, value);
        return true;
      },
      replaced: (address, bytes) => this.replaced.push({ address, bytes }),
    }, geometry);
  }

  set(values: Partial<Record<ControlRegister, bigint>>): this {
    Object.assign(this.registers, values);
    this.mmu.invalidateRegimes();
    return this;
  }

  /** Fresh zeroed table memory, aligned to its size. */
  table(bytes: number): number {
    this.#free = Math.ceil(this.#free / bytes) * bytes;
    const base = this.#free;
    this.#free += bytes;
    return base;
  }

  /** The address of the descriptor for an input address at a level; missing tables are made, with `tableBits` in their descriptors. */
  entry(root: Root, input: bigint, level: number, tableBits = 0n): number {
    let base = root.base;
    for (let at = root.level; ; at++) {
      const low = BigInt(lowBit(root.granule, at));
      const index = Number(input >> low) % (at === root.level ? Number.MAX_SAFE_INTEGER : 2 ** stride(root.granule));
      const address = base + index * 8;
      if (at === level) return address;
      const found = this.memory.get(address) ?? 0n;
      if ((found & 3n) === 3n) {
        base = Number(found & 0xffff_ffff_f000n);
        this.memory.set(address, found | tableBits);
      } else {
        base = this.table(2 ** root.granule);
        this.memory.set(address, BigInt(base) | 3n | tableBits);
      }
    }
  }

  /** Stores a leaf descriptor: bits 1:0 by the level, everything else as given. Returns its address. */
  map(root: Root, input: bigint, level: number, leaf: bigint, tableBits = 0n): number {
    const address = this.entry(root, input, level, tableBits);
    this.memory.set(address, leaf | (level === 3 ? 3n : 1n));
    return address;
  }

  translate(va: bigint, kind: TranslationKind = 'read', who: Partial<Requester> = {}): MmuResult {
    return this.mmu.translate(va, kind, { el: 1, pan: false, unprivileged: false, ...who });
  }

  /** The physical address, or the fault as `stage.status[p]` (`1.07`, `2.05p`): p is S1PTW. */
  outcome(va: bigint, kind: TranslationKind = 'read', who: Partial<Requester> = {}): string {
    const result = this.translate(va, kind, who);
    return result.ok ? result.physical.toString(16) : faultName(result.fault);
  }
}

export function faultName({ stage, status, s1ptw }: MmuFault): string {
  return `${stage}.${status.toString(16).padStart(2, '0')}${s1ptw ? 'p' : ''}`;
}

/** AF, inner shareable. */
export const LEAF = 0x700n;
export const AP = { privileged: 0n, all: 0x40n, readOnly: 0x80n, readOnlyAll: 0xc0n } as const;
export const NG = 0x800n;
export const UXN = 1n << 54n;
export const PXN = 1n << 53n;

/** A stage 2 leaf: AF, inner shareable, read, write, Normal write-back. */
export const LEAF2 = 0x7fcn;

/** TCR_EL1 with the same granule in both halves and 48-bit outputs. */
export function tcr(granule: Granule, t0sz: number, t1sz = t0sz): bigint {
  const [tg0, tg1] = { 12: [0n, 2n], 14: [2n, 1n], 16: [1n, 3n] }[granule];
  return BigInt(t0sz) | (BigInt(t1sz) << 16n) | (tg0 << 14n) | (tg1 << 30n) | (5n << 32n) | (1n << 36n);
}

/** An EL1&0 regime with 39-bit 4K tables below and above; MAIR 0: WB, 1: nGnRnE, 2: NC, 3: WT. */
export function el1Bench(features: Partial<MmuFeatures> = {}, geometry?: TlbGeometry): { bench: TranslationBench; low: Root; high: Root } {
  const bench = new TranslationBench(features, geometry);
  const low: Root = { base: bench.table(4096), granule: 12, level: 1 };
  const high: Root = { base: bench.table(4096), granule: 12, level: 1 };
  bench.set({
    SCTLR_EL1: 0x1005n, TCR_EL1: tcr(12, 25), MAIR_EL1: 0xbb_44_00_ffn, TTBR0_EL1: BigInt(low.base) | (1n << 48n), TTBR1_EL1: BigInt(high.base),
    HCR_EL2: 1n << 31n,
  });
  return { bench, low, high };
}

/** Adds a stage 2 of 40 bits (two concatenated tables at level 1) to a bench, VMID 1. */
export function addStage2(bench: TranslationBench, more: Partial<Record<ControlRegister, bigint>> = {}): Root {
  const root: Root = { base: bench.table(8192), granule: 12, level: 1 };
  bench.set({ HCR_EL2: (1n << 31n) | 1n, VTCR_EL2: 24n | (1n << 6n) | (5n << 16n) | (1n << 31n), VTTBR_EL2: BigInt(root.base) | (1n << 48n), ...more });
  return root;
}
