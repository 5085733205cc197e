import { afterEret, atExceptionEntry, stepPhase, type ExceptionMoment } from '@worldswitch/arm64-debug';
import type { DebugUnit } from './debug-unit.ts';
import type { Monitors } from './monitors.ts';
import type { ProcessorState } from './processor-state.ts';
import { decodeSpsr, encodeSpsr } from './pstate.ts';
import { banked } from './registers.ts';

/** Which of a vector table's four kinds an exception uses. */
export const VECTOR = { synchronous: 0, irq: 0x80, fiq: 0x100, serror: 0x180 } as const;

export interface ExceptionEntry {
  readonly to: 1 | 2;
  /** Absent for IRQ and FIQ, which leave ESR_ELx alone. */
  readonly syndrome?: bigint;
  readonly returnTo: bigint;
  readonly vector?: keyof typeof VECTOR;
  readonly far?: bigint;
  readonly hpfar?: bigint;
  /** SVC, HVC and SMC complete before their exception; everything else is taken before the instruction. */
  readonly moment?: ExceptionMoment;
}

const SCTLR_SPAN = 1n << 23n;
const SCTLR_DSSBS = 1n << 44n;

/** Exception entry and return (DDI 0487 D1.3, AArch64.TakeException and AArch64.ExceptionReturn). */
export class Exceptions {
  readonly #s: ProcessorState;
  readonly #debug: DebugUnit;
  readonly #clearMonitor: () => void;
  /** Told of changes of level; set before the first. */
  monitors!: Monitors;

  constructor(state: ProcessorState, debug: DebugUnit, clearMonitor: () => void) {
    this.#s = state;
    this.#debug = debug;
    this.#clearMonitor = clearMonitor;
  }

  take({ to, syndrome, returnTo, vector = 'synchronous', far, hpfar, moment = 'before-instruction' }: ExceptionEntry): void {
    const s = this.#s;
    const { pstate, registers, core } = s;
    const step = atExceptionEntry(pstate.step, stepPhase(this.#debug.stepState()), moment);
    const group = pstate.el < to ? 0x400 : pstate.sp === 1 ? 0x200 : 0;
    registers.set(banked('SPSR', to), encodeSpsr(pstate, core.state.flags, step.spsrSS));
    registers.set(banked('ELR', to), BigInt.asUintN(64, returnTo));
    if (syndrome !== undefined) registers.set(banked('ESR', to), syndrome);
    if (far !== undefined) registers.set(banked('FAR', to), far);
    if (hpfar !== undefined) registers.set('HPFAR_EL2', hpfar);
    const sctlr = registers.get(banked('SCTLR', to));
    s.enter(to, 1);
    pstate.step = step.step;
    pstate.D = pstate.A = pstate.I = pstate.F = true;
    pstate.IL = false;
    pstate.UAO = false;
    if (s.model.features.has('FEAT_SSBS')) pstate.SSBS = (sctlr & SCTLR_DSSBS) !== 0n;
    if (s.model.features.has('FEAT_PAN') && (to === 1 || (s.e2h && s.tge)) && (sctlr & SCTLR_SPAN) === 0n) pstate.PAN = true;
    core.redirect((registers.get(banked('VBAR', to)) & ~0x7ffn) + BigInt(group + VECTOR[vector]));
    this.levelChanged();
  }

  /** ERET at the present level. An illegal return stays here and sets PSTATE.IL. */
  return(): void {
    const s = this.#s;
    const { pstate, registers, core } = s;
    const from = pstate.el as 1 | 2;
    const spsr = decodeSpsr(registers.get(banked('SPSR', from)));
    const target = registers.get(banked('ELR', from));
    const illegal = spsr.unused || spsr.aarch32 || spsr.el > from || (spsr.el === 1 && this.#el1Illegal());
    const to = illegal ? from : (spsr.el as 0 | 1 | 2);
    const step = afterEret(this.#debug.stepState(), { to, SS: spsr.SS, D: spsr.D });
    this.#clearMonitor();
    core.state.flags = spsr.flags;
    Object.assign(pstate, { D: spsr.D, A: spsr.A, I: spsr.I, F: spsr.F });
    if (s.model.features.has('FEAT_PAN')) pstate.PAN = spsr.PAN;
    if (s.model.features.has('FEAT_UAO')) pstate.UAO = spsr.UAO;
    if (s.model.features.has('FEAT_DIT')) pstate.DIT = spsr.DIT;
    if (s.model.features.has('FEAT_SSBS')) pstate.SSBS = spsr.SSBS;
    if (illegal) pstate.IL = true;
    else {
      pstate.IL = spsr.IL;
      s.enter(to, spsr.sp);
    }
    pstate.step = step;
    core.redirect(target);
    this.levelChanged();
  }

  // EL1 does not run while TGE sends its exceptions away, nor in AArch64 where HCR_EL2.RW says AArch32. The latter is ignored: the
  // processor has no AArch32, so RW reads as one.
  #el1Illegal(): boolean {
    return this.#s.highestEl === 2 && this.#s.tge;
  }
  /** PSTATE.EL or the masks have changed: everything that depends on them. */
  levelChanged(): void {
    this.#s.selectContext();
    this.#debug.levelChanged();
    this.monitors.levelChanged();
    this.#s.core.attend();
  }
}

