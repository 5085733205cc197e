/**
 * The translation unit of one processor: regimes of EL0 to EL2 without EL3 and Secure state, both stages, the architectural TLB, AT
 * and TLBI. It knows nothing of the processor but the registers it asks for.
 */
import { isDevice } from './attributes.ts';
import { atOperation, parOf, parOfFault } from './address-translate.ts';
import type { AtOperation } from './address-translate.ts';
import { selectionOf } from './invalidate.ts';
import { ALLOW, permits } from './permissions.ts';
import { HCR, asidMask, currentVmid, liveRegime, shapeKey } from './regime.ts';
import type { Regime, RegimeKind } from './regime.ts';
import { Shapes } from './shapes.ts';
import type { ShapesState } from './shapes.ts';
import { PAGE_BITS, Tlb } from './tlb.ts';
import type { TlbEntry, TlbGeometry, TlbState } from './tlb.ts';
import type { ControlRegister, MmuFault, MmuPort, MmuResult, Requester, TranslationKind } from './types.ts';
import { combined, walkStage1, walkStage2 } from './walk.ts';
import type { Access, Stage1Leaf, Stage2Leaf, WalkFault } from './walk.ts';

/** The translation unit's state as plain data; control registers are the processor's. */
export interface MmuState {
  readonly shapes: ShapesState;
  readonly tlb: TlbState;
}

/** What an AT instruction does: it sets PAR_EL1, or takes a data abort (CM and WnR are 1 in its syndrome). */
export type AtResult = { readonly ok: true; readonly par: bigint } | { readonly ok: false; readonly fault: MmuFault };

const DEFAULT_GEOMETRY: TlbGeometry = { sets: 256, ways: 4 };

/** The bits of HCR_EL2 that choose regimes and targets. */
interface Routing {
  readonly e2h: boolean;
  readonly tge: boolean;
  readonly tea: boolean;
}

export class Mmu {
  readonly #port: MmuPort;
  readonly #tlb: Tlb;
  readonly #shapes: Shapes;
  readonly #read: (name: ControlRegister) => bigint;
  readonly #physicalSize: number;
  #routing: Routing | undefined;
  #regimes: { [K in RegimeKind]?: Regime | undefined } = {};

  /** @param geometry size of the TLB: 256 sets of 4 ways unless told otherwise. */
  constructor(port: MmuPort, geometry: TlbGeometry = DEFAULT_GEOMETRY) {
    this.#port = port;
    this.#tlb = new Tlb(geometry);
    this.#physicalSize = 2 ** port.features.physicalBits;
    this.#shapes = new Shapes(port.features);
    this.#read = (name) => port.register(name);
  }

  /**
   * To be called after a change of a register in `CONTROL_REGISTERS`, by its name, or without one after a change of many. Cheap: regimes
   * are compiled at their next use, and only those that the register bears on.
   */
  invalidateRegimes(changed?: ControlRegister): void {
    if (changed === undefined || changed === 'HCR_EL2') this.#routing = undefined;
    // HCR_EL2, VTCR_EL2 and VTTBR_EL2 belong to EL1&0; SCTLR_EL2.EE is the byte order of stage 2 tables.
    const ofEl2 = changed !== undefined && /^(SCTLR|TCR|TTBR[01]|MAIR)_EL2$/.test(changed);
    if (!ofEl2 || changed === 'SCTLR_EL2') this.#regimes.el10 = undefined;
    if (ofEl2 || changed === undefined) {
      this.#regimes.el20 = undefined;
      this.#regimes.el2 = undefined;
    }
  }

  /**
   * Translates a virtual address, given as an unsigned 64-bit value, for the context that the control registers describe.
   * HCR_EL2.{E2H,TGE} choose the regime; alignment and who handles the fault are the caller's.
   */
  translate(va: bigint, kind: TranslationKind, who: Requester): MmuResult {
    return this.#translate(va, kind, who, false);
  }
  /** What {@link translate} would answer, for a debugger: no entry is kept or dropped, no access flag set. */
  inspect(va: bigint, kind: TranslationKind, who: Requester): MmuResult {
    return this.#translate(va, kind, who, true);
  }

  #translate(va: bigint, kind: TranslationKind, who: Requester, probe: boolean): MmuResult {
    const routing = this.#routing ?? this.#routes();
    const regime = this.#regime(regimeOf(who.el, routing));
    WIDE[0] = va;
    if (!regime.stage1.on && regime.stage2 === undefined) {
      // Every load and store of hosted code at EL2 comes here: no table, no kept entry, no permission has a say.
      const physical = flatAddress(regime);
      if (physical < this.#physicalSize) return { ok: true, physical, strict: kind !== 'fetch', device: 1, pageSize: this.#physicalSize };
    }
    const user = who.el === 0 || (who.unprivileged && kind !== 'fetch' && (who.el === 1 || (routing.e2h && routing.tge)));
    const pan = who.pan && !user && kind !== 'fetch' && this.#port.features.pan && regime.kind !== 'el2';
    const page = pageOf(regime);
    const hit = page < 0 ? undefined : this.#tlb.find(regime.shape, regime.vmid, regime.asid, page);
    if (hit !== undefined && permits(hit.allowed, kind, user, pan)) {
      return answer(hit.physical + (page % 2 ** (hit.shift - 12)) * 4096 + (HALVES[LOW] & 0xfff), hit.shift, hit.device, kind);
    }
    // What a kept entry refuses is walked again: the tables may allow more by now, and a fault is always that of the tables.
    return this.#walk(regime, va, page, { kind, user, pan, probe }, who, hit);
  }

  /**
   * An AT instruction, by its assembler spelling (`S1E1R`, `AT S12E0W`). Always walks the tables and changes nothing in memory.
   * @param who the level that executes it, 1 or 2, and its PSTATE.PAN.
   */
  addressTranslate(name: string, va: bigint, who: { readonly el: 1 | 2; readonly pan: boolean }): AtResult {
    const operation = atOperation(name);
    const routing = this.#routing ?? this.#routes();
    const kind = operation.el === 2 ? regimeOf(2, routing) : who.el === 2 && routing.e2h && routing.tge ? 'el20' : 'el10';
    const outcome = this.#probe(this.#regime(kind), va, operation, who.pan);
    if (outcome.ok) return outcome;
    const { fault } = outcome;
    // Faults of stage 2 on the walk are EL2's business: at EL1 they trap. External aborts are taken, never recorded.
    if (fault.external || (fault.stage === 2 && who.el === 1)) return { ok: false, fault: this.#addressed(fault, va, who.el) };
    return { ok: true, par: parOfFault(fault) };
  }

  /**
   * A TLBI instruction, by its assembler spelling (`VAE1IS`, `TLBI RVAAE1`); broadcast forms are called on each processor with the
   * issuing one's `vmid`. Returns the regime it concerns: whoever keeps copies of translations of that regime drops them all.
   */
  invalidate(name: string, operand: bigint, who: { readonly el: 1 | 2; readonly vmid?: number }): RegimeKind {
    const { e2h, tge } = this.#routing ?? this.#routes();
    const selection = selectionOf(name, operand, {
      el: who.el, e2h, tge,
      vmid: who.vmid ?? this.vmid,
      asidMask: (kind) => asidMask(kind, this.#read, this.#port.features),
    });
    this.#tlb.invalidate(selection);
    return selection.kind;
  }

  /** The VMID that EL1 operations apply to. */
  get vmid(): number {
    return currentVmid(this.#read, this.#port.features);
  }

  /** Kept translations in a fixed order, for inspection. */
  entries(): readonly TlbEntry[] {
    return this.#tlb.entries();
  }

  /** Empties the TLB: reset. */
  reset(): void {
    for (const kind of ['el10', 'el20', 'el2'] as const) this.#tlb.invalidate({ kind });
    this.invalidateRegimes();
  }

  save(): MmuState {
    return { shapes: this.#shapes.save(), tlb: this.#tlb.save() };
  }

  /** Takes a state of {@link Mmu.save}, of a unit with the same TLB size and features. The control registers are to be restored as well. */
  restore(state: MmuState): void {
    this.#tlb.restore(state.tlb);
    this.#shapes.restore(state.shapes);
    this.invalidateRegimes();
  }

  #routes(): Routing {
    const hcr = this.#port.register('HCR_EL2');
    const has = (bit: number): boolean => ((hcr >> BigInt(bit)) & 1n) === 1n;
    return (this.#routing = { e2h: has(HCR.E2H), tge: has(HCR.TGE), tea: has(HCR.TEA) });
  }

  #regime(kind: RegimeKind): Regime {
    return (this.#regimes[kind] ??= this.#compile(kind));
  }

  #compile(kind: RegimeKind): Regime {
    const { shape, number } = this.#shapes.find(kind, shapeKey(kind, this.#read), (retired) => {
      this.#tlb.forgetShape(retired);
      this.#port.replaced?.(0n, 2 ** 64);
      for (const k of ['el10', 'el20', 'el2'] as const) if (this.#regimes[k]?.shape === retired) this.#regimes[k] = undefined;
    });
    return liveRegime(shape, number, this.#read, this.#port.features);
  }

  #addressed(fault: WalkFault, address: bigint, el: 0 | 1 | 2): MmuFault {
    const { tge, tea } = this.#routing ?? this.#routes();
    return { ...fault, address, toEl2: fault.stage === 2 || el === 2 || (el === 0 && tge) || (fault.external && tea) };
  }

  #walk(regime: Regime, va: bigint, page: number, access: Access, who: Requester, stale: TlbEntry | undefined): MmuResult {
    const first = walkStage1(this.#port, regime, va, access);
    if (!first.ok) return { ok: false, fault: this.#addressed(first.fault, va, who.el) };
    let second: Stage2Leaf | undefined;
    if (regime.stage2 !== undefined) {
      const leaf = walkStage2(this.#port, regime, first.output, access, false);
      if (!leaf.ok) {
        // Stage 1 checks alignment before stage 2 does anything.
        const fault: WalkFault = isDevice(first.type.attr) ? { ...leaf.fault, alignment: 1 } : leaf.fault;
        return { ok: false, fault: this.#addressed(fault, va, who.el) };
      }
      second = leaf;
    }
    const device = deviceStage(regime, first, second);
    const physical = second === undefined ? first.output : second.output;
    const shift = second === undefined ? first.shift : Math.min(first.shift, second.shift);
    if (access.probe) return answer(physical, shift, device, access.kind);
    if (stale !== undefined) this.#drop(stale);
    // A flat translation is computed faster than found.
    if (regime.stage1.on || second !== undefined) this.#keep(regime, page, shift, physical, device, first, second);
    return answer(physical, shift, device, access.kind);
  }

  #keep(regime: Regime, page: number, shift: number, physical: number, device: 0 | 1 | 2, first: Stage1Leaf, second: Stage2Leaf | undefined): void {
    const { kind, shape, vmid, asid } = regime;
    const allowed = second === undefined ? first.allowed : first.allowed & (second.allowed | ALLOW.panApplies);
    const entry: TlbEntry = {
      kind, shape, vmid, asid, global: first.global, shift, stage1Shift: regime.stage1.on ? first.shift : shift,
      page: Math.floor(page / 2 ** (shift - 12)), physical: physical - (physical % 2 ** shift), allowed, device,
    };
    const replaced = this.#tlb.insert(entry);
    if (replaced !== undefined) this.#gone(replaced);
  }

  #drop(entry: TlbEntry): void {
    this.#tlb.remove(entry);
    this.#gone(entry);
  }

  #gone(entry: TlbEntry): void {
    this.#port.replaced?.(BigInt.asUintN(64, BigInt.asIntN(PAGE_BITS + 12, BigInt(entry.page) << BigInt(entry.shift))), 2 ** entry.shift);
  }

  #probe(regime: Regime, va: bigint, operation: AtOperation, pan: boolean): { readonly ok: true; readonly par: bigint } | { readonly ok: false; readonly fault: WalkFault } {
    const access: Access = {
      kind: operation.kind, user: operation.el === 0, pan: operation.pan && pan && this.#port.features.pan && regime.kind !== 'el2', probe: true,
    };
    const first = walkStage1(this.#port, regime, va, access);
    if (!first.ok) return first;
    if (!operation.both || regime.stage2 === undefined) return { ok: true, par: parOf(first.output, first.type) };
    const second = walkStage2(this.#port, regime, first.output, access, false);
    return second.ok ? { ok: true, par: parOf(second.output, combined(regime, first, second)) } : second;
  }
}

function regimeOf(el: 0 | 1 | 2, { e2h, tge }: Routing): RegimeKind {
  if (el === 2) return e2h ? 'el20' : 'el2';
  return el === 0 && e2h && tge ? 'el20' : 'el10';
}

/** The address at hand, and its halves: lookups are too frequent for wide arithmetic. */
const WIDE = new BigUint64Array(1);
const HALVES = new Uint32Array(WIDE.buffer);
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

/** The page number VA[55:12] that the TLB knows the address at hand by, or -1 where bits 63:56 are neither a permitted tag nor copies of bit 55. */
function pageOf({ stage1 }: Regime): number {
  const high = HALVES[1 - LOW];
  const top = high >>> 23;
  const half = top & 1;
  const shape = stage1.ranges[stage1.twoRanges ? half : 0];
  if (!shape.topByteIgnored && top !== (half === 1 ? 0x1ff : 0)) return -1;
  return (high & 0xff_ffff) * 0x10_0000 + (HALVES[LOW] >>> 12);
}

/** What the address at hand comes to where nothing translates it; too large where a half of the address space, or a tag, makes it so. */
function flatAddress({ stage1 }: Regime): number {
  const high = HALVES[1 - LOW];
  const lower = !stage1.twoRanges || ((high >>> 23) & 1) === 0;
  return (lower && stage1.ranges[0].topByteIgnored ? high & 0xff_ffff : high) * 2 ** 32 + HALVES[LOW];
}

/** Which stage makes data Device: stage 1 where it does by itself and stage 2 does not undo it (FWB). */
function deviceStage(regime: Regime, first: Stage1Leaf, second: Stage2Leaf | undefined): 0 | 1 | 2 {
  if (!isDevice(combined(regime, first, second).attr)) return 0;
  return isDevice(first.type.attr) ? 1 : 2;
}

function answer(physical: number, shift: number, device: 0 | 1 | 2, kind: TranslationKind): MmuResult {
  return { ok: true, physical, strict: device !== 0 && kind !== 'fetch', device, pageSize: 2 ** shift };
}
