import type { Core } from '@worldswitch/engine';
import { SP } from '../state.ts';
import type { Arm64Model } from './model.ts';
import { resetPstate, type Pstate } from './pstate.ts';
import { SystemRegisters, banked } from './registers.ts';

const E2H = 1n << 34n;
const TGE = 1n << 27n;

/**
 * The translation caches of the engine, one for each meaning that an address can have: level, host or guest, and whether PAN is on
 * for a privileged level.
 */
export const CONTEXTS = { el0: 0, el1: 1, el1Pan: 2, el2: 3, el2Pan: 4, hostEl0: 5 } as const;
export const CONTEXT_COUNT = 6;

/** What all parts of the processor share: registers, PSTATE, the engine's core, and the stack pointer of the moment. */
export class ProcessorState {
  readonly model: Arm64Model;
  readonly registers: SystemRegisters;
  readonly highestEl: 1 | 2;
  core!: Core;
  pstate: Pstate;
  #e2h = false;
  #tge = false;

  constructor(model: Arm64Model, highestEl: 1 | 2) {
    this.model = model;
    this.highestEl = highestEl;
    this.registers = new SystemRegisters(model);
    this.pstate = resetPstate(highestEl);
  }

  /** HCR_EL2.E2H as it acts: only with FEAT_VHE. */
  get e2h(): boolean {
    return this.#e2h;
  }
  /** HCR_EL2.TGE as it acts. */
  get tge(): boolean {
    return this.#tge;
  }
  /** EL0 of a host operating system at EL2. */
  get hostEl0(): boolean {
    return this.pstate.el === 0 && this.#e2h && this.#tge;
  }
  /** Whether EL2 uses the layout and regime of a host (EL2&0), for the present level. */
  get host(): boolean {
    return this.#e2h && (this.pstate.el === 2 || this.hostEl0);
  }
  /** HCR_EL2 has changed. */
  hcrChanged(): void {
    const hcr = this.highestEl === 2 ? this.registers.get('HCR_EL2') : 0n;
    this.#e2h = (hcr & E2H) !== 0n && this.model.features.has('FEAT_VHE');
    this.#tge = (hcr & TGE) !== 0n;
  }

  /** Changes level and stack pointer; the register `sp` of the engine always holds the selected one. */
  enter(el: 0 | 1 | 2, sp: 0 | 1): void {
    this.registers.set(this.#stackPointer(), this.core.state.get(SP));
    this.pstate.el = el;
    this.pstate.sp = el === 0 ? 0 : sp;
    this.core.state.set(SP, this.registers.get(this.#stackPointer()));
  }
  /** A banked stack pointer, wherever it is at the moment. */
  stackPointer(el: number): bigint {
    const name = banked('SP', el);
    return name === this.#stackPointer() ? this.core.state.get(SP) : this.registers.get(name);
  }
  setStackPointer(el: number, value: bigint): void {
    const name = banked('SP', el);
    if (name === this.#stackPointer()) this.core.state.set(SP, value);
    else this.registers.set(name, value);
  }
  #stackPointer(): ReturnType<typeof banked> {
    return banked('SP', this.pstate.sp === 0 ? 0 : this.pstate.el);
  }

  /** Points the engine at the translation cache of the present context. */
  selectContext(): void {
    const { el, PAN } = this.pstate;
    const context = el === 0 ? (this.hostEl0 ? CONTEXTS.hostEl0 : CONTEXTS.el0) : el === 1 ? (PAN ? CONTEXTS.el1Pan : CONTEXTS.el1) : PAN ? CONTEXTS.el2Pan : CONTEXTS.el2;
    if (this.core.context !== context) this.core.context = context;
  }
}
