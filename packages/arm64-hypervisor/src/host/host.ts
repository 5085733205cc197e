/**
 * The host: boots, calls into EL2, takes its interrupts. With VHE its kernel is at EL2. Without, it is at EL1: hosted code and a stub in
 * memory, whose `hvc #0` is fetched there and enters EL2, and to which the `eret` goes back. None of it retires, the stub's two
 * instructions neither, so that a guest's time does not depend on the mode.
 */
import { CNTHCTL_EL2, CPACR_EL1, HCR_EL2, ID_AA64DFR0_EL1, ID_AA64MMFR0_EL1, ID_AA64PFR0_EL1, MDCR_EL2, EC, decodeSyndrome } from '@worldswitch/arm64-sysreg';
import type { AccessorMode } from '@worldswitch/arm64-sysreg';
import { hex } from '@worldswitch/bits';
import type { ByteOrder } from '@worldswitch/bits';
import { Block } from '../context/block.ts';
import { CPU_CONTEXT, GUEST_DEBUG_ARCH } from '../context/layout.ts';
import type { Layout } from '../context/layout.ts';
import type { HostProcessor } from '../processor.ts';
import { HostedCode } from '../switch/code.ts';
import { KERNEL_BASE } from '../switch/steps/kern-hyp-va.ts';
import { FULL_CONTEXT, VHE_HOST_CONTEXT, named } from '../switch/steps/registers.ts';
import type { SwitchFeatures } from '../switch/step.ts';
import { guestAddressBits, vtcrFor } from '../stage2/tables.ts';
import type { VirtualInterface } from '../vgic/interface.ts';
import type { HostConstants, HostContext } from './context.ts';
import { KICK_INTID } from './interrupts.ts';
import type { HostInterrupts } from './interrupts.ts';
import { VECTOR, entriesOf } from './layout.ts';
import type { HostLayout, HostedEntries } from './layout.ts';
import { PageAllocator } from './pages.ts';
import { Vmids } from './vmids.ts';

export interface HostOptions {
  readonly mode: AccessorMode;
  readonly layout: HostLayout;
  readonly interrupts: HostInterrupts;
  /** Byte order of the host's data; little by default. */
  readonly byteOrder?: ByteOrder;
}

/** What the revision of the world switch asks of its host. */
export interface HostDemands {
  /** How it lays out a context. */
  readonly contextLayout?: Layout;
  /** CNTHCTL_EL2 while the host runs, for a switch that changes it with every run. */
  readonly timerControl?: bigint;
  /** Without VHE: vectors of their own for the host's calls. */
  readonly ownCallVectors?: boolean;
}

/** Where in the page of the host's context its debug registers are. */
const DEBUG_STATE = 0x800n;

/** Somebody whose guest may stand on the processor. */
export interface Occupant {
  settle(): void;
}

/** Hosted code was entered where nothing of ours leads. Not a guest's doing: the exception was EL2's own, or an entry is wrong. */
export class RunawayError extends Error {
  readonly at: bigint | undefined;
  constructor(what: string, at?: bigint) {
    super(what);
    this.name = 'RunawayError';
    this.at = at;
  }
}

/** The host's way into EL2: `hvc #0; ret`, called with the kernel's entry in the link register. A64 is little-endian whatever data are. */
const STUB = Uint8Array.of(0x02, 0x00, 0x00, 0xd4, 0xc0, 0x03, 0x5f, 0xd6);
const LINK = 30;

/** PSTATE of a host's kernel: EL1h, interrupts masked, debug exceptions and SErrors not. */
const PSTATE_KERNEL = 0xc5n;
const MASK_INTERRUPTS = 0x3;
const UNMASK_REST = 0xc;
/** CPTR_EL2 that traps nothing, E2H = 0: the RES1 bits, of which TZ is one where SVE is absent (DDI 0487 CPTR_EL2). */
const CPTR_NVHE = { sve: 0x32ffn, plain: 0x33ffn } as const;
/** More interrupts than this without the processor getting back to where it was are a line that nobody serves. */
const INTERRUPT_STORM = 100;

export class Host implements HostContext {
  readonly processor: HostProcessor;
  readonly mode: AccessorMode;
  readonly code: HostedCode;
  readonly entries: HostedEntries;
  readonly interrupts: HostInterrupts;
  readonly byteOrder: ByteOrder;
  readonly pages: PageAllocator;
  readonly context: Block;
  readonly debugState: Block;
  readonly constants: HostConstants;
  readonly virtualInterface: VirtualInterface | undefined;
  readonly features: SwitchFeatures;
  readonly vmids = new Vmids(8, () => { this.#invalidateAll(); });
  /** What the host's kernel adds to a physical address to have its own: 0 at EL2, where it has no other. */
  readonly kernelBase: bigint;
  /** Bits of a guest physical address. */
  readonly addressBits: number;
  /** Where the stub is, without VHE. */
  readonly #stub: bigint;

  /** Takes over a processor that has just been reset: at EL2, translation off, E2H clear. */
  constructor(processor: HostProcessor, { mode, layout, interrupts, byteOrder = 'little' }: HostOptions, { contextLayout = CPU_CONTEXT, timerControl, ownCallVectors = false }: HostDemands = {}) {
    this.processor = processor;
    this.mode = mode;
    this.code = new HostedCode(processor, mode);
    this.entries = entriesOf(layout);
    this.interrupts = interrupts;
    this.kernelBase = mode === 'vhe' ? 0n : KERNEL_BASE;
    this.byteOrder = byteOrder;
    this.pages = new PageAllocator(layout.pages, processor.memory);
    const setup = { memory: processor.memory, order: byteOrder, owner: 'host' } as const;
    this.context = new Block('host', contextLayout, this.pages.allocate(), setup);
    this.debugState = new Block('host.debugState', GUEST_DEBUG_ARCH, this.context.address + DEBUG_STATE, setup);
    this.#stub = mode === 'vhe' ? 0n : this.pages.allocate();
    if (mode === 'nvhe') processor.memory.loadBytes(this.#stub, STUB);
    this.code.place = { step: 'boot', phase: 'boot', kind: 'boot' };
    const { PARange } = ID_AA64MMFR0_EL1.decode(this.code.read('ID_AA64MMFR0_EL1'));
    this.addressBits = guestAddressBits(PARange);
    this.features = readFeatures(this.code);
    this.constants = {
      hcr: mode === 'vhe' ? HCR_EL2.encode({ RW: 1, E2H: 1, TGE: 1 }) : HCR_EL2.encode({ RW: 1 }),
      mdcr: (this.code.read('MDCR_EL2') & MDCR_EL2.mask('HPMN')) | (mode === 'nvhe' && this.features.spe ? MDCR_EL2.mask('E2PB') : 0n),
      cptr: mode === 'vhe' ? CPACR_EL1.encode({ FPEN: 3, ZEN: this.features.sve ? 3 : 0 }) : this.features.sve ? CPTR_NVHE.sve : CPTR_NVHE.plain,
      hostVectors: this.entries.hostVectors, hypVectors: this.entries.hypVectors,
      callVectors: ownCallVectors ? this.entries.callVectors : this.entries.hypVectors, vtcr: vtcrFor(this.addressBits, Math.min(PARange, 5)),
    };
    this.virtualInterface = interrupts.virtualInterface?.(this.code);
    this.#boot(timerControl);
  }

  #boot(timerControl?: bigint): void {
    const { code, constants, mode } = this;
    code.write('HCR_EL2', constants.hcr);
    code.isb();
    code.write('VBAR_EL2', mode === 'vhe' ? constants.hostVectors : constants.callVectors);
    code.write('VTTBR_EL2', 0n);
    code.write('VTCR_EL2', constants.vtcr);
    code.write('MDCR_EL2', constants.mdcr);
    code.write('CPTR_EL2', constants.cptr);
    code.write('HSTR_EL2', 0n);
    code.write('CNTVOFF_EL2', 0n);
    // Guests read the physical counter and trap on the physical timer: with VHE once and for all, without it whenever one runs.
    const timer = mode === 'vhe' ? CNTHCTL_EL2.e2h1.mask('EL1PCTEN') : CNTHCTL_EL2.e2h0.mask('EL1PCTEN') | CNTHCTL_EL2.e2h0.mask('EL1PCEN');
    code.write('CNTHCTL_EL2', timerControl ?? timer);
    code.write('TPIDR_EL2', this.context.address);
    code.write('VPIDR_EL2', code.read('MIDR_EL1'));
    code.write('VMPIDR_EL2', code.read('MPIDR_EL1'));
    // What a switch that does not save the host's gives it back.
    this.context.set('VMPIDR_EL2', code.read('MPIDR_EL1'));
    // A kernel gives every register it uses a value. Here it keeps those of the reset, but for reserved bits, which a write makes what they
    // are from then on: what a switch brings back is then what was there before the first one.
    for (const moved of mode === 'vhe' ? VHE_HOST_CONTEXT : FULL_CONTEXT) {
      const register = named(code, moved);
      if (moved.family !== 'hyp') code.write(register, code.read(register));
    }
    // Debug exceptions need the OS Lock open; it is locked at reset.
    code.write('OSLAR_EL1', 0n);
    if (mode === 'vhe') {
      code.daif('set', MASK_INTERRUPTS);
      code.daif('clear', UNMASK_REST);
    } else {
      code.write('VBAR_EL1', constants.hostVectors);
      code.write('CPACR_EL1', code.read('CPACR_EL1') | CPACR_EL1.mask('FPEN'));
      code.write('ELR_EL2', this.entries.kernel);
      code.write('SPSR_EL2', PSTATE_KERNEL);
      code.depart('eret');
      this.arrive(this.entries.kernel);
      code.el = 1;
    }
    // With VHE nothing since has synchronised what was written above; without, the ERET has.
    code.isb();
    this.interrupts.initialise(code);
    this.code.place = { step: '', phase: '', kind: '' };
  }

  /** Whoever's guest stands on the processor: at most one. */
  #occupant: Occupant | undefined;
  /** Before a vCPU runs: another's guest that still stands on the processor goes. */
  occupy(occupant: Occupant): void {
    if (this.#occupant !== occupant) this.#occupant?.settle();
    this.#occupant = occupant;
  }
  /** Makes the guest on the processor leave before its next instruction. */
  kick(): void {
    this.interrupts.kick(this.processor.memory);
  }
  vacate(occupant: Occupant): void {
    if (this.#occupant === occupant) this.#occupant = undefined;
  }

  /** Runs until hosted code is entered. Throws `RunawayError` when that does not happen at once, or happens elsewhere than `expected`. */
  arrive(expected?: bigint): bigint {
    const stop = this.processor.run(1);
    if (stop.kind !== 'hosted') throw new RunawayError(`the processor left hosted code: ${stop.kind}`);
    if (expected !== undefined && stop.at !== expected) {
      throw new RunawayError(`hosted code was entered at ${hex(stop.at)}, expected at ${hex(expected)}`, stop.at);
    }
    return stop.at;
  }

  /** Goes to EL2, where it stays: by the stub's `hvc` without VHE. */
  enterHyp(): void {
    if (this.mode === 'vhe') return;
    const { code } = this;
    code.place = { step: 'host-call', phase: '', kind: 'vector' };
    // As BL does.
    this.processor.setGeneral(LINK, this.entries.kernel);
    code.executeAt(this.#stub);
    this.arrive(this.constants.callVectors + VECTOR.lowerSync);
    code.el = 2;
    const { ec } = decodeSyndrome(code.read('ESR_EL2'));
    // Where guests come by the same vectors, it is stage 2 that tells who called.
    const guests = this.constants.callVectors === this.constants.hypVectors && code.read('VTTBR_EL2') !== 0n;
    if (ec !== EC.HVC64 || guests) throw new RunawayError(`EL2 was entered with exception class ${hex(ec)}, not by the host's call`);
  }

  /** The host's kernel is back after the switch's `eret`: behind the `hvc`, which returns into hosted code; or at its panic. */
  backFromHyp(): void {
    if (this.mode === 'vhe') return;
    const { code, processor, entries } = this;
    code.el = 1;
    const after = this.#stub + 4n;
    if (processor.debugger.read('pc') === after) {
      code.executeAt(after);
      this.arrive(entries.kernel);
    } else this.arrive(entries.panic);
  }

  /** Something short at EL2, called from the host's kernel: in place with VHE, by `hvc` and `eret` without. */
  call(work: (code: HostedCode) => void): void {
    this.enterHyp();
    work(this.code);
    if (this.mode === 'vhe') return;
    this.code.depart('eret');
    this.backFromHyp();
  }

  /** Opens a window in which pending interrupts are taken, acknowledged, handed to `handle` and completed; where it gives true, one of a guest's, it stays active. */
  takeInterrupts(handle: (id: number) => boolean): void {
    const { code, interrupts } = this;
    const vectors = this.entries.hostVectors;
    code.place = { step: 'host-interrupts', phase: '', kind: 'host' };
    code.daif('clear', MASK_INTERRUPTS);
    let at = this.arrive();
    for (let taken = 0; at === vectors + VECTOR.currentIrq || at === vectors + VECTOR.currentFiq; at = this.arrive()) {
      const id = interrupts.acknowledge(code);
      if (id !== undefined) {
        const stays = id !== KICK_INTID && handle(id);
        interrupts.complete(code, id);
        // Its end, which is one with the drop of its priority here (EOImode 0), is taken back.
        if (stays) interrupts.setActive(code, id, true);
      }
      if (++taken > INTERRUPT_STORM) throw new RunawayError(`${INTERRUPT_STORM} interrupts in a row, the last ${id === undefined ? 'spurious' : `number ${id}`}: nobody serves its line`);
      code.depart('eret');
    }
    if (at === vectors + VECTOR.currentSerror) throw new RunawayError('an SError came while the host ran', at);
    code.daif('set', MASK_INTERRUPTS);
  }

  /** Translations of EL1 and EL0, of every VMID and of none: before VMIDs are given a second time. */
  #invalidateAll(): void {
    this.#occupant?.settle();
    this.call((code) => {
      code.place = { step: 'tlb-invalidate', phase: '', kind: 'stage2' };
      code.dsb('ish');
      code.invalidate('TLBI ALLE1IS');
      code.dsb('ish');
      code.isb();
    });
  }

  /** Invalidates stage 1 and 2 translations of a VM: of one guest page, or all. `vttbr` names its tables and VMID. */
  invalidate(vttbr: bigint, guest?: bigint): void {
    this.#occupant?.settle();
    this.call((code) => {
      code.place = { step: 'tlb-invalidate', phase: '', kind: 'stage2' };
      // With TGE set the instructions would mean the host's own translation.
      if (this.mode === 'vhe') code.write('HCR_EL2', HCR_EL2.encode({ RW: 1, E2H: 1, VM: 1 }));
      // A host with VHE may have the tables of the guest it has just left there, for its next entry.
      const before = code.read('VTTBR_EL2');
      code.write('VTTBR_EL2', vttbr);
      code.isb();
      code.dsb('ish');
      if (guest === undefined) code.invalidate('TLBI VMALLS12E1IS');
      else {
        code.invalidate('TLBI IPAS2E1IS', guest >> 12n);
        // Stage 1 entries may hold the result of both stages.
        code.dsb('ish');
        code.invalidate('TLBI VMALLE1IS');
      }
      code.dsb('ish');
      code.write('VTTBR_EL2', before);
      if (this.mode === 'vhe') code.write('HCR_EL2', this.constants.hcr);
      code.isb();
    });
  }
}

function readFeatures(code: HostedCode): SwitchFeatures {
  const dfr0 = ID_AA64DFR0_EL1.decode(code.read('ID_AA64DFR0_EL1'));
  const pfr0 = ID_AA64PFR0_EL1.decode(code.read('ID_AA64PFR0_EL1'));
  return {
    breakpoints: dfr0.BRPs + 1, watchpoints: dfr0.WRPs + 1, pmu: dfr0.PMUVer !== 0 && dfr0.PMUVer !== 15, spe: dfr0.PMSVer !== 0,
    ras: pfr0.RAS !== 0, sve: pfr0.SVE !== 0,
  };
}
