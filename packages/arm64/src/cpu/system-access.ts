import {
  REGISTER_LIST, compileAccess, controlRegisters, encodeSyndrome, encodingOf, instructionAt, syndromes,
  type Access, type AccessContext, type RegisterName, type Resolution, type SystemInstructionName,
} from '@worldswitch/arm64-sysreg';
import { legaliseDbgbcr, legaliseDbgbvr, legaliseDbgwcr, legaliseDbgwvr } from '@worldswitch/arm64-debug';
import type { DebugUnit } from './debug-unit.ts';
import type { ExceptionEntry } from './exceptions.ts';
import type { GicInterface } from './gic-interface/index.ts';
import { LateWrites } from './late-writes.ts';
import type { Monitors } from './monitors.ts';
import type { EventPlace, Observer } from './observation.ts';
import type { GenericTimers } from './timers.ts';
import type { ProcessorState } from './processor-state.ts';

/** What a write may change besides the register. */
export interface AccessEffects {
  /** Translation of some regime changed. */
  translationChanged(name: RegisterName): void;
  /** An interrupt may have become deliverable. */
  interruptsChanged(): void;
  /** Is an IRQ (I) or FIQ (F) or SError (A) pending, in the positions of ISR_EL1. */
  pendingInterrupts(): bigint;
  /** AT, TLBI, DC, IC: `value` is the transfer register. */
  instruction(name: SystemInstructionName, value: bigint): void;
}

/** What an access came to: a value, or the exception to take. */
export type AccessOutcome = { readonly ok: true; readonly value: bigint } | { readonly ok: false; readonly entry: Omit<ExceptionEntry, 'returnTo'> };

const TRANSLATION = /^(SCTLR|TCR|TTBR[01]|MAIR|CONTEXTIDR)_EL[12]$|^(HCR|VTCR|VTTBR)_EL2$/;
const DEBUG = /^(DBG[BW][CV]R\d+|MDSCR|OSLAR|OSDLR|DBGPRCR|CONTEXTIDR|TCR)_EL[12]$|^(MDCR|HCR|VTTBR|VTCR|CONTEXTIDR|TCR)_EL2$/;
/** Not TVAL: its value counts from the write. */
const TIMER = /^CNT(P|V|HP|HV)_(CTL|CVAL)_EL[02]$|^CNTVOFF_EL2$/;
const MONITORED = /^PM(S(CR|ICR|IRR)|B(LIMITR|SR))_EL[12]$|^PM(CR|(CNTEN|INTEN|OVS)(SET|CLR)|SWINC|SELR|X?EV(CNTR|TYPER)\d*|CC(NTR|FILTR))_EL[01]$|^(MDCR|HCR)_EL2$/;
/** Not the counter, the pointer and the status, which the profiler writes too. */
const MONITOR_CONTROL = /^PM(S(CR|IRR|FCR|EVFR|LATFR)|BLIMITR)_EL[12]$|^PMCNTEN(SET|CLR)_EL0$/;
const FLOATING_POINT = encodingOf('FPCR');
/** Pairs of registers that set and clear bits of one. */
const SET_CLEAR: Readonly<Record<string, { readonly store: RegisterName; readonly set: boolean }>> = {
  DBGCLAIMSET_EL1: { store: 'DBGCLAIMSET_EL1', set: true }, DBGCLAIMCLR_EL1: { store: 'DBGCLAIMSET_EL1', set: false },
};
const CLAIM_TAGS = 0xffn;
/** Control states that are remembered of an access: those of host and guest, and of the way between them. */
const DECISIONS = 4;
const OSLSR_LOCKED = 2n;
/** Pairs of which a write waits for a context synchronization event: what one of them has pending, the other takes back. */
const LATE_PAIR: Readonly<Partial<Record<RegisterName, RegisterName>>> = { PMCNTENSET_EL0: 'PMCNTENCLR_EL0', PMCNTENCLR_EL0: 'PMCNTENSET_EL0' };
const DAIF_SHIFT = { D: 9n, A: 8n, I: 7n, F: 6n } as const;

/**
 * MRS, MSR, SYS and SYSL: asks the tables of `arm64-sysreg` what an access comes to in the present state, and joins the registers that
 * are more than storage.
 */
export class SystemAccess {
  readonly #s: ProcessorState;
  readonly #timers: GenericTimers;
  readonly #debug: DebugUnit;
  readonly #effects: AccessEffects;
  readonly #compiled = new Map<number, Access>();
  /** Verdicts of the present control state, by level; dropped when a control register changes. */
  readonly #verdicts: readonly Map<number, Resolution>[] = [new Map(), new Map(), new Map()];
  /** The last verdicts of each access and level, and the control registers' values with which they were given: a world switch goes to and fro. */
  readonly #decisions = new Map<number, { readonly values: readonly bigint[]; readonly verdict: Resolution }[]>();
  /** Which of them depend on a control register, by level. */
  readonly #dependents: readonly Map<RegisterName, number[]>[] = [new Map(), new Map(), new Map()];

  /** `sync: 'late'`: writes that change the context act at the next context synchronization event, no sooner. */
  readonly #late: LateWrites | undefined;

  constructor(state: ProcessorState, timers: GenericTimers, debug: DebugUnit, effects: AccessEffects, sync: 'early' | 'late') {
    this.#late = sync === 'late' ? new LateWrites() : undefined;
    this.#s = state;
    this.#timers = timers;
    this.#debug = debug;
    this.#effects = effects;
  }

  /** Told of every access while somebody observes. */
  observer: Observer | undefined;
  /** The CPU interface of a GICv3, where the processor has one. */
  gic: GicInterface | undefined;
  /** Counters and profiler; set before anything is accessed. */
  monitors!: Monitors;

  #place(): EventPlace {
    const { core, pstate } = this.#s;
    return { retired: core.retired, pc: core.pc, el: pstate.el };
  }

  mrs(encoding: number, rt: number): AccessOutcome {
    const verdict = this.verdict(encoding, 'read');
    if (verdict.kind === 'register') {
      const value = this.#readBy(verdict);
      this.observer?.register(this.#place(), { direction: 'read', encoding, reached: verdict.register, before: value, after: value, verdict: 'ok' });
      return { ok: true, value };
    }
    return verdict.kind === 'zero' ? { ok: true, value: 0n } : this.#refused(encoding, 'read', rt, verdict);
  }
  msr(encoding: number, rt: number, value: bigint): AccessOutcome {
    const verdict = this.verdict(encoding, 'write');
    if (verdict.kind !== 'register') return this.#refused(encoding, 'write', rt, verdict);
    const { observer } = this;
    if (observer === undefined) this.#writeBy(verdict, value);
    else {
      const place = this.#place();
      const before = this.#look(verdict);
      this.#writeBy(verdict, value);
      observer.register(place, { direction: 'write', encoding, reached: verdict.register, before, after: this.#look(verdict), verdict: 'ok' });
    }
    return { ok: true, value: 0n };
  }
  /** A read by an instruction, with its effect: some of the GIC's registers acknowledge. */
  #readBy({ register, view }: ReachedRegister): bigint {
    return this.gic?.read(register, view) ?? this.read(register);
  }
  #look({ register, view }: ReachedRegister): bigint {
    return (view === undefined ? undefined : this.gic?.peek(register, view)) ?? this.read(register);
  }
  #writeBy({ register, view }: ReachedRegister, value: bigint): void {
    if (view === undefined || this.gic?.write(register, value, view) !== true) this.write(register, value);
  }
  /** SYS, or SYSL with `direction` read: no SYSL instruction is allocated, but it traps as SYS does. */
  sys(encoding: number, rt: number, value: bigint, direction: 'read' | 'write'): AccessOutcome {
    const verdict = this.verdict(encoding, direction);
    if (verdict.kind !== 'instruction') return this.#refused(encoding, direction, rt, verdict);
    const name = instructionAt(encoding);
    this.observer?.barrier(this.#place(), 'sys', encoding, value);
    if (name !== undefined) this.#effects.instruction(name, value);
    return { ok: true, value: 0n };
  }
  /** What a floating-point or SIMD instruction comes to here: undefined where it may execute. */
  simdRefusal(): Omit<ExceptionEntry, 'returnTo'> | undefined {
    const verdict = this.verdict(FLOATING_POINT, 'read');
    return verdict.kind === 'trap' ? { to: verdict.to, syndrome: encodeSyndrome({ ec: verdict.ec, il: 1, iss: verdict.iss }) } : undefined;
  }

  /** What an access comes to in the present state. */
  verdict(encoding: number, direction: 'read' | 'write'): Resolution {
    const { el } = this.#s.pstate;
    const key = direction === 'read' ? encoding : encoding | 0x1_0000;
    const cache = this.#verdicts[el];
    let verdict = cache.get(key);
    if (verdict === undefined) {
      const access = this.#access(encoding, direction);
      const controls = access.dependsOn[el];
      verdict = this.#decided(key | (el << 17), access, controls);
      cache.set(key, verdict);
      for (const control of controls) this.#dependent(el, control).push(key);
    }
    return verdict;
  }
  /** A verdict in the present control state, looked up where it was given in the same state before. */
  #decided(key: number, access: Access, controls: readonly RegisterName[]): Resolution {
    let decisions = this.#decisions.get(key);
    if (decisions === undefined) this.#decisions.set(key, (decisions = []));
    const same = decisions.find(({ values }) => controls.every((control, index) => this.#control(control) === values[index]));
    if (same !== undefined) return same.verdict;
    const verdict = access.verdict(this.#context(0));
    if (decisions.length >= DECISIONS) decisions.shift();
    decisions.push({ values: controls.map((control) => this.#control(control)), verdict });
    return verdict;
  }
  #control(name: RegisterName): bigint {
    return name === 'SPSel' ? BigInt(this.#s.pstate.sp) : this.#s.registers.get(name);
  }
  /** Control registers, or PSTATE.SP as `SPSel`, have changed: what depends on them may come out differently now. */
  controlsChanged(control?: RegisterName): void {
    this.#verdicts.forEach((cache, el) => {
      if (control === undefined) cache.clear();
      else for (const key of this.#dependent(el, control).splice(0)) cache.delete(key);
    });
    if (control === undefined) for (const dependents of this.#dependents) dependents.clear();
  }
  #dependent(el: number, control: RegisterName): number[] {
    const known = this.#dependents[el].get(control);
    if (known !== undefined) return known;
    const keys: number[] = [];
    this.#dependents[el].set(control, keys);
    return keys;
  }

  /** The value of a register as an instruction that reaches it reads it. */
  read(name: RegisterName): bigint {
    const late = this.#late?.get(name);
    if (late !== undefined && LATE_PAIR[name] === undefined) return this.#legal(name, late);
    const { pstate, registers, core, model } = this.#s;
    switch (name) {
      case 'CurrentEL': return BigInt(pstate.el) << 2n;
      case 'SPSel': return BigInt(pstate.sp);
      case 'DAIF': return (Object.keys(DAIF_SHIFT) as (keyof typeof DAIF_SHIFT)[]).reduce((all, bit) => all | (pstate[bit] ? 1n << DAIF_SHIFT[bit] : 0n), 0n);
      case 'NZCV': return BigInt(core.state.flags) << 28n;
      case 'PAN': return pstate.PAN ? 1n << 22n : 0n;
      case 'UAO': return pstate.UAO ? 1n << 23n : 0n;
      case 'DIT': return pstate.DIT ? 1n << 24n : 0n;
      case 'SSBS': return pstate.SSBS ? 1n << 12n : 0n;
      case 'SP_EL0': return this.#s.stackPointer(0);
      case 'SP_EL1': return this.#s.stackPointer(1);
      case 'CNTPCT_EL0': return this.#timers.count;
      case 'CNTVCT_EL0': return this.#timers.virtualCount(this.#s.host);
      case 'CCSIDR_EL1': return model.caches[Number(registers.get('CSSELR_EL1') & 15n)] ?? 0n;
      case 'ISR_EL1': return this.#effects.pendingInterrupts();
      case 'DBGCLAIMSET_EL1': return CLAIM_TAGS;
      default: {
        const pair = SET_CLEAR[name];
        return pair === undefined
          ? (this.#timers.read(name) ?? this.gic?.peek(name, undefined) ?? this.#monitored(name) ?? registers.get(name)) : registers.get(pair.store);
      }
    }
  }

  /** A register of counters or profiler, with what waits for it. */
  #monitored(name: RegisterName): bigint | undefined {
    const value = this.monitors.performance.read(name) ?? this.monitors.profiling?.read(name);
    if (value === undefined || LATE_PAIR[name] === undefined) return value;
    return (value | (this.#late?.get('PMCNTENSET_EL0') ?? 0n)) & ~(this.#late?.get('PMCNTENCLR_EL0') ?? 0n);
  }
  /** A write that reaches a register, with all its consequences. */
  write(name: RegisterName, value: bigint): void {
    if (this.#writePstate(name, value)) return;
    if (this.#late !== undefined && this.#roleOf(name).context) this.#wait(this.#late, name, value);
    else this.#act(name, value);
  }
  #wait(late: LateWrites, name: RegisterName, value: bigint): void {
    const other = LATE_PAIR[name];
    if (other === undefined) {
      late.set(name, value);
      return;
    }
    const bits = this.monitors.performance.reachable(value);
    late.set(name, (late.get(name) ?? 0n) | bits);
    late.set(other, (late.get(other) ?? 0n) & ~bits);
  }
  /** A context synchronization event: ISB, exception entry, exception return. */
  synchronise(): void {
    for (const [name, value] of this.#late?.drain() ?? []) this.#act(name, value);
  }
  /** Writes that wait; part of a snapshot. */
  saveLate(): ReturnType<LateWrites['save']> {
    return this.#late?.save() ?? [];
  }
  restoreLate(saved: ReturnType<LateWrites['save']>): void {
    this.#late?.restore(saved);
  }

  #act(name: RegisterName, value: bigint): void {
    const { monitored } = this.#roleOf(name);
    if (monitored) this.monitors.settle();
    const before = this.#s.registers.get(name);
    if (this.#timers.write(name, value)) this.#timers.update();
    else if (this.gic?.write(name, value, undefined) !== true && !(monitored && this.monitors.performance.write(name, value))) this.#store(name, value);
    // What a switch puts back is often what is there. OSLAR_EL1 is stored elsewhere.
    if (this.#s.registers.get(name) !== before || name === 'OSLAR_EL1') this.#consequences(name);
    if (monitored) this.monitors.changed();
  }
  /** The consequences of a register's new value. */
  #consequences(name: RegisterName): void {
    const { translation, control, debug } = this.#roleOf(name);
    if (name === 'HCR_EL2') {
      this.#s.hcrChanged();
      this.#s.selectContext();
      this.#effects.interruptsChanged();
    }
    if (translation) this.#effects.translationChanged(name);
    if (control) {
      this.controlsChanged(name);
      this.gateSimd();
    }
    if (debug) this.#debug.changed(name);
  }
  #roleOf(name: RegisterName): Role {
    let role = ROLES.get(name);
    if (role === undefined) ROLES.set(name, (role = roleOf(name)));
    return role;
  }
  /** After a change of level or control: may SIMD instructions execute? */
  gateSimd(): void {
    this.#s.core.gated = this.verdict(FLOATING_POINT, 'read').kind !== 'register';
  }

  #store(name: RegisterName, value: bigint): void {
    const { registers } = this.#s;
    const pair = SET_CLEAR[name];
    if (pair !== undefined) {
      const old = registers.get(pair.store);
      registers.set(pair.store, pair.set ? old | registers.legalise(name, value, this.#s.e2h) : old & ~value);
    } else if (name === 'OSLAR_EL1') registers.set('OSLSR_EL1', (registers.get('OSLSR_EL1') & ~OSLSR_LOCKED) | ((value & 1n) << 1n));
    else registers.set(name, this.#legal(name, value));
  }
  /** What a register keeps of a value. */
  #legal(name: RegisterName, value: bigint): bigint {
    const { registers } = this.#s;
    const { unit, timer } = this.#roleOf(name);
    if (unit !== undefined) return unit.legalise(unit.n, value, this.#debug.implementation);
    if (timer) return this.#timers.legal(name, value);
    if (name === 'PMCR_EL0') return this.monitors.performance.control(value);
    return registers.legalise(name, value, this.#s.e2h);
  }
  #writePstate(name: RegisterName, value: bigint): boolean {
    const { pstate, core } = this.#s;
    const bit = (at: bigint): boolean => ((value >> at) & 1n) !== 0n;
    switch (name) {
      case 'SPSel': this.selectStackPointer(bit(0n) ? 1 : 0); return true;
      case 'DAIF':
        for (const [mask, at] of Object.entries(DAIF_SHIFT) as [keyof typeof DAIF_SHIFT, bigint][]) pstate[mask] = bit(at);
        this.masksChanged();
        return true;
      case 'NZCV': core.state.flags = Number((value >> 28n) & 15n); return true;
      case 'PAN':
        pstate.PAN = bit(22n);
        this.#s.selectContext();
        return true;
      case 'UAO': pstate.UAO = bit(23n); return true;
      case 'DIT': pstate.DIT = bit(24n); return true;
      case 'SSBS': pstate.SSBS = bit(12n); return true;
      case 'SP_EL0': this.#s.setStackPointer(0, value); return true;
      case 'SP_EL1': this.#s.setStackPointer(1, value); return true;
      default: return false;
    }
  }
  selectStackPointer(sp: 0 | 1): void {
    this.#s.enter(this.#s.pstate.el, sp);
    this.controlsChanged('SPSel');
  }
  masksChanged(): void {
    this.#debug.levelChanged();
    this.#effects.interruptsChanged();
  }

  #access(encoding: number, direction: 'read' | 'write'): Access {
    const key = direction === 'read' ? encoding : encoding | 0x1_0000;
    let access = this.#compiled.get(key);
    if (access === undefined) {
      access = compileAccess(encoding, direction);
      this.#compiled.set(key, access);
    }
    return access;
  }
  #context(rt: number): AccessContext {
    const { pstate, e2h, tge, model } = this.#s;
    return {
      el: pstate.el, e2h, tge, rt, features: model.features,
      read: (name) => this.#control(name),
    };
  }
  #refused(encoding: number, direction: 'read' | 'write', rt: number, verdict: Resolution): AccessOutcome {
    // The cached verdict was made for register 0; a trap reports the real one.
    this.observer?.register(this.#place(), { direction, encoding, verdict: verdict.kind === 'trap' ? 'trap' : 'undefined' });
    const exact = verdict.kind === 'trap' ? this.#access(encoding, direction).verdict(this.#context(rt)) : verdict;
    if (exact.kind === 'trap') return { ok: false, entry: { to: exact.to, syndrome: encodeSyndrome({ ec: exact.ec, il: 1, iss: exact.iss }) } };
    return { ok: false, entry: { to: undefinedTarget(this.#s), syndrome: encodeSyndrome(syndromes.unknown()) } };
  }
}

/** Where an UNDEFINED instruction's exception goes. */
export function undefinedTarget(s: ProcessorState): 1 | 2 {
  return s.pstate.el === 2 || (s.pstate.el === 0 && s.tge) ? 2 : 1;
}

type ReachedRegister = Resolution & { readonly kind: 'register' };

/** What a register is to the processor besides storage. */
interface Role {
  /** Translation of some regime depends on it. */
  readonly translation: boolean;
  /** What accesses come to depends on it. */
  readonly control: boolean;
  /** Debug exceptions depend on it. */
  readonly debug: boolean;
  readonly timer: boolean;
  /** Counting or profiling depends on it. */
  readonly monitored: boolean;
  /** A direct write needs a context synchronization event before it is sure to act. */
  readonly context: boolean;
  /** A register of a breakpoint or watchpoint, which keeps what its unit implements. */
  readonly unit: { readonly n: number; readonly legalise: typeof legaliseDbgbcr } | undefined;
}

const LEGALISE = { DBGBCR: legaliseDbgbcr, DBGBVR: legaliseDbgbvr, DBGWCR: legaliseDbgwcr, DBGWVR: legaliseDbgwvr } as const;
const CONTROLS: ReadonlySet<string> = new Set([...controlRegisters(), 'HCR_EL2']);
const ROLES = new Map<RegisterName, Role>();

function roleOf(name: RegisterName): Role {
  const [, stem, n] = /^(DBG[BW][CV]R)(\d+)_EL1$/.exec(name) ?? [];
  const [translation, control, debug, timer] = [TRANSLATION.test(name), CONTROLS.has(name), DEBUG.test(name), TIMER.test(name)];
  return {
    translation, control, debug, timer, monitored: MONITORED.test(name),
    // The registers of the GIC's CPU interface act at once; of them only the traps of ICH_HCR_EL2 belong to the context.
    context: !name.startsWith('ICC_') && (translation || control || debug || timer || MONITOR_CONTROL.test(name)),
    unit: stem === undefined ? undefined : { n: Number(n), legalise: LEGALISE[stem as keyof typeof LEGALISE] },
  };
}

/** Names of all registers, for the doors. */
export const REGISTER_NAMES: readonly RegisterName[] = REGISTER_LIST.map(({ name }) => name);
