import {
  afterInstruction, breakpointSyndrome, compileBreakpoints, compileWatchpoints, contextFrom, controlsFrom, implementationFrom,
  stepPending, stepPhase, stepSyndrome, stepSyndromeBits, targetEL, watchpointSyndrome,
  type CompiledBreakpoints, type CompiledWatchpoints, type DebugControls, type DebugImplementation, type DebugSetup, type StepPhase, type StepState, type WatchpointHit,
} from '@worldswitch/arm64-debug';
import type { RegisterName } from '@worldswitch/arm64-sysreg';
import type { DataAccess } from '@worldswitch/engine';
import type { ProcessorState } from './processor-state.ts';
import type { ExceptionEntry } from './exceptions.ts';

/** A watchpoint that stops an access; becomes an exception like a fault of the access. */
export interface WatchpointFault {
  readonly kind: 'watchpoint';
  readonly hit: WatchpointHit;
}

const PAGE = 4096n;
const UNITS = /^DBG[BW][CV]R/;
const BREAKPOINT_UNITS = /^DBGB[CV]R/;
const WATCHPOINT_UNITS = /^DBGW[CV]R/;
/** DBGWCR<n>_EL1.E. */
const ENABLED = 1n;
const NO_RANGES: CompiledWatchpoints['ranges'] = [];
const NO_BREAKPOINTS: CompiledBreakpoints = { addresses: [], contextual: [], check: () => undefined };
const ZVA_BYTES = 64;

/**
 * The self-hosted debug facility of one processor: keeps what `arm64-debug` computes from the registers, and recomputes it when one
 * of them changes.
 */
export class DebugUnit {
  readonly #s: ProcessorState;
  readonly implementation: DebugImplementation;
  readonly #breakpointControls: readonly RegisterName[];
  readonly #watchpointControls: readonly RegisterName[];
  #setup: DebugSetup | undefined;
  #breakpoints: CompiledBreakpoints | undefined;
  #watchpoints: CompiledWatchpoints | undefined;
  #controls: DebugControls | undefined;
  #anyWatchpoint: boolean | undefined;
  #stale = false;
  #watchedBefore = false;
  #stepping = false;
  #phase: StepPhase = 'inactive';

  constructor(state: ProcessorState) {
    this.#s = state;
    const { model } = state;
    this.implementation = implementationFrom(model.constants.ID_AA64DFR0_EL1 ?? 0n, {
      EL2: state.highestEl === 2, VHE: model.features.has('FEAT_VHE'), aarch32: false, zvaBytes: ZVA_BYTES, invalidateBytes: ZVA_BYTES,
    });
    this.#breakpointControls = Array.from({ length: this.implementation.breakpoints }, (_, n) => `DBGBCR${n}_EL1` as RegisterName);
    this.#watchpointControls = Array.from({ length: this.implementation.watchpoints }, (_, n) => `DBGWCR${n}_EL1` as RegisterName);
  }

  /**
   * A debug register, or one that decides whether debug exceptions are taken, has changed (any, unless named): `refresh` must follow
   * before code runs.
   */
  changed(name?: RegisterName): void {
    if (!this.#stale) this.#watchedBefore = this.#ranges().length > 0;
    this.#stale = true;
    this.#setup = undefined;
    if (name === undefined || !UNITS.test(name)) this.#controls = undefined;
    if (name === undefined || !WATCHPOINT_UNITS.test(name)) this.#breakpoints = undefined;
    if (name === undefined || !BREAKPOINT_UNITS.test(name)) {
      this.#watchpoints = undefined;
      this.#anyWatchpoint = undefined;
    }
    this.#s.core.attend();
  }
  /** Takes changes in. A world switch makes hundreds of them in a row, hence not at once. */
  refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    this.#s.core.marks = new Set(this.#compiled().addresses);
    // Pages that are watched must not be in the engine's caches, and others may be again.
    if (this.#watchedBefore || this.#ranges().length > 0) this.#s.core.flush();
    this.levelChanged();
  }
  /** The exception level, or PSTATE.D, has changed. */
  levelChanged(): void {
    if (this.#stale) return;
    const { el } = this.#s.pstate;
    this.#stepping = this.#readControls().SS || this.#compiled().contextual.includes(el);
  }
  /** Every instruction has to be looked at: software step is on, or a breakpoint that matches a context. */
  get stepping(): boolean {
    return this.#stepping;
  }

  setup(): DebugSetup {
    return (this.#setup ??= this.#read());
  }
  stepState(): StepState {
    const { pstate } = this.#s;
    return { implementation: this.implementation, controls: this.#readControls(), el: pstate.el, D: pstate.D, step: pstate.step };
  }

  /** Before an instruction: the Software Step exception that is due. */
  beforeInstruction(): ExceptionEntry | undefined {
    const state = this.stepState();
    this.#phase = stepPhase(state);
    if (!state.controls.SS || !stepPending(state)) return undefined;
    const to = targetEL(state);
    return { to, syndrome: stepSyndrome(state.el, to, stepSyndromeBits(state.step)), returnTo: this.#s.core.pc };
  }
  /** After the fetch: the Breakpoint exception that is due. */
  afterFetch(): ExceptionEntry | undefined {
    const { el, D } = this.#s.pstate;
    if (this.#compiled().check(this.#s.core.pc, el, D) === undefined) return undefined;
    const to = targetEL(this.setup());
    return { to, syndrome: breakpointSyndrome(el, to), returnTo: this.#s.core.pc };
  }
  /** After an instruction that completed without an exception. */
  afterInstruction(loadExclusive: boolean): void {
    const { pstate } = this.#s;
    pstate.step = afterInstruction(pstate.step, this.#phase, loadExclusive);
  }

  /** Does a watchpoint lie in the page of this address: then every access to it is checked. */
  watches(address: bigint): boolean {
    const ranges = this.#ranges();
    if (ranges.length === 0) return false;
    const page = BigInt.asUintN(56, address) & ~(PAGE - 1n);
    return ranges.some(({ start, length }) => {
      const first = BigInt.asUintN(56, start);
      return first < page + PAGE && page < first + BigInt(length);
    });
  }
  /** The watchpoint that stops an access. */
  checkAccess({ address, shape }: DataAccess, kind: 'load' | 'store' | 'atomic' | 'dc-zva'): WatchpointFault | undefined {
    if (this.#ranges().length === 0) return undefined;
    const watchpoints = (this.#watchpoints ??= compileWatchpoints(this.setup()));
    const { el, D } = this.#s.pstate;
    const hit = watchpoints.check({ kind, address, size: shape.size, unprivileged: shape.unprivileged }, el, D);
    return hit === undefined ? undefined : { kind: 'watchpoint', hit };
  }
  watchpointEntry({ hit }: WatchpointFault): ExceptionEntry {
    const to = targetEL(this.setup());
    return { to, syndrome: watchpointSyndrome(this.#s.pstate.el, to, hit), returnTo: this.#s.core.pc, far: hit.far };
  }

  /** Asked at every access of hosted code, between writes of debug registers: hence answered without a setup where nothing is on. */
  #ranges(): CompiledWatchpoints['ranges'] {
    return this.#watchpoints?.ranges ?? (this.#watching() ? (this.#watchpoints = compileWatchpoints(this.setup())).ranges : NO_RANGES);
  }
  #watching(): boolean {
    if (!this.#readControls().MDE) return false;
    return (this.#anyWatchpoint ??= this.#anyEnabled(this.#watchpointControls));
  }
  #compiled(): CompiledBreakpoints {
    return (this.#breakpoints ??= this.#readControls().MDE && this.#anyEnabled(this.#breakpointControls) ? compileBreakpoints(this.setup()) : NO_BREAKPOINTS);
  }
  #anyEnabled(controls: readonly RegisterName[]): boolean {
    return controls.some((name) => (this.#s.registers.get(name) & ENABLED) !== 0n);
  }
  #readControls(): DebugControls {
    const { registers } = this.#s;
    return (this.#controls ??= controlsFrom({
      MDSCR_EL1: registers.get('MDSCR_EL1'), OSLSR_EL1: registers.get('OSLSR_EL1'), OSDLR_EL1: registers.get('OSDLR_EL1'),
      DBGPRCR_EL1: registers.get('DBGPRCR_EL1'), MDCR_EL2: registers.get('MDCR_EL2'), HCR_EL2: registers.get('HCR_EL2'),
    }));
  }
  #read(): DebugSetup {
    const { registers } = this.#s;
    const get = (name: Parameters<typeof registers.get>[0]): bigint => registers.get(name);
    const numbered = (stem: 'DBGBCR' | 'DBGBVR' | 'DBGWCR' | 'DBGWVR', count: number): readonly bigint[] =>
      Array.from({ length: count }, (_, n) => get(`${stem}${n}_EL1` as Parameters<typeof registers.get>[0]));
    const raw = {
      HCR_EL2: get('HCR_EL2'), TCR_EL1: get('TCR_EL1'), TCR_EL2: get('TCR_EL2'), CONTEXTIDR_EL1: get('CONTEXTIDR_EL1'),
      CONTEXTIDR_EL2: get('CONTEXTIDR_EL2'), VTTBR_EL2: get('VTTBR_EL2'), VTCR_EL2: get('VTCR_EL2'),
    };
    const { breakpoints, watchpoints } = this.implementation;
    return {
      implementation: this.implementation,
      controls: this.#readControls(),
      context: contextFrom(raw),
      registers: {
        bcr: numbered('DBGBCR', breakpoints), bvr: numbered('DBGBVR', breakpoints),
        wcr: numbered('DBGWCR', watchpoints), wvr: numbered('DBGWVR', watchpoints),
      },
    };
  }
}
