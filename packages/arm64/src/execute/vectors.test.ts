/**
 * The semantics against what QEMU does: every recorded vector that ends without an exception and touches no system register, on the
 * least processor that can run them: the window of the vectors and nothing else. It says when a vector needs more.
 */
import { Engine } from '@worldswitch/engine';
import type { Core, EngineKind, Guest, Translation } from '@worldswitch/engine';
import { expect, it } from 'vitest';
import { startOf, WINDOW_PHYSICAL } from '../../../../tooling/vectors/environment.ts';
import type { Start } from '../../../../tooling/vectors/environment.ts';
import { forms, nameOf } from '../../../../tooling/vectors/forms.ts';
import { BUFFER, OTHER_LEVEL, READ_ONLY, SLOT, WINDOW } from '../../../../tooling/vectors/state.ts';
import type { VectorState } from '../../../../tooling/vectors/state.ts';
import { mismatch, vectorsOf } from '../../../../tooling/vectors/store.ts';
import { createInstructionTable } from '../instructions.ts';
import { SP, STATE, V, X } from '../state.ts';
import { PAIR } from './attributes.ts';
import { crc32Step } from './crc32.ts';

const BYTES = 0x20_0000;
const BASE = Number(WINDOW_PHYSICAL);
const BUFFER_PHYSICAL = BASE + Number(BUFFER - WINDOW);
const MODES: Readonly<Record<number, 'sp_el0' | 'sp_el1' | 'sp_el2'>> = { 0: 'sp_el0', 4: 'sp_el0', 5: 'sp_el1', 8: 'sp_el0', 9: 'sp_el2' };

/** What a case came to: the state behind the word, or why this processor cannot tell. */
type Result = { readonly state: VectorState } | { readonly beyond: string };

/** One engine of a kind, for the vectors that end with one marker (it fills the window). */
class VectorMachine {
  readonly #engine: Engine;
  readonly #core: Core;
  #mode = 0;
  #beyond: string | undefined;
  #monitor: bigint | undefined;

  constructor(kind: EngineKind, marker: number) {
    this.#engine = new Engine({ table: createInstructionTable(), layout: STATE, order: 'little', kind });
    const { host } = this.#engine.memory.addRam(BASE, BYTES);
    this.#engine.linear.u32.fill(marker, host >>> 2, (host + BYTES) >>> 2);
    this.#core = this.#engine.addCore(this.#guest(), 1);
  }

  run(start: Start): Result {
    const { state } = this.#core;
    const before = start.state;
    this.#beyond = undefined;
    this.#monitor = undefined;
    this.#mode = Number(start.pstate & 15n);
    for (const { address, bytes } of start.memory) this.#engine.memory.load(Number(address), bytes);
    this.#core.flush();
    X.forEach((slot, n) => { state.set(slot, before.x(n)); });
    V.forEach((slot, n) => { state.setVector(slot, before.q(n)); });
    state.set(SP, before.get(MODES[this.#mode]));
    state.flags = Number(start.pstate >> 28n) & 15;
    this.#core.pc = start.pc;
    this.#core.run(start.pc === SLOT ? 1 : 2);
    if (this.#core.pc % 4n !== 0n || !this.#translate(this.#core.pc, 'fetch', false).ok) this.#beyond ??= 'a fetch fault';
    return this.#beyond === undefined ? { state: this.#after(before) } : { beyond: this.#beyond };
  }

  #after(before: VectorState): VectorState {
    const { state } = this.#core;
    const after = before.clone();
    X.forEach((slot, n) => { after.setX(n, state.get(slot)); });
    V.forEach((slot, n) => { after.setQ(n, state.getVector(slot)); });
    after.set(MODES[this.#mode], state.get(SP));
    after.set('pstate', (before.get('pstate') & ~0xf000_0000n) | (BigInt(state.flags) << 28n));
    after.set('to', BigInt.asUintN(64, this.#core.pc - SLOT));
    after.data.set(this.#engine.memory.copy(BUFFER_PHYSICAL, after.data.length) ?? []);
    return after;
  }

  #leave(why: string): undefined {
    this.#beyond ??= why;
    this.#core.end({ kind: 'halted', why });
    this.#core.redirect(SLOT);
  }

  /** The window, its read-only view, and at EL2 the third view, which elsewhere belongs to the other level; code runs in the first. */
  #translate(address: bigint, kind: 'read' | 'write' | 'fetch', unprivileged: boolean): Translation<string> {
    const offset = address - WINDOW;
    const bytes = BigInt(BYTES);
    const el2 = this.#mode >= 8;
    const view = [0n, READ_ONLY, OTHER_LEVEL].findIndex((at) => offset >= at && offset < at + bytes);
    // A privileged processor's unprivileged accesses reach the other level's view instead.
    const allowed = kind === 'fetch' ? view === 0 : view === 0 ? !unprivileged || el2 || this.#mode === 0 : view === 1 ? kind === 'read' : el2;
    if (view < 0 || !allowed || (unprivileged && !el2 && this.#mode !== 0)) return { ok: false, fault: 'a fault' };
    return { ok: true, physical: BASE + Number(offset - [0n, READ_ONLY, OTHER_LEVEL][view]) };
  }

  #guest(): Guest<string> {
    const beyond = (why: string) => (): undefined => this.#leave(why);
    const crc = (kind: 'crc32' | 'crc32c') => (accumulator: bigint, value: bigint, bytes: bigint): bigint =>
      crc32Step(kind, accumulator, value, Number(bytes));
    const inert = Object.fromEntries(['isb', 'dsb', 'clrex', 'yield', 'sev', 'sevl', 'psb'].map((name) => [name, (): undefined => undefined]));
    const missing = Object.fromEntries(
      ['mrs', 'msr', 'sys', 'sysl', 'eret', 'wfi', 'wfe', 'pstateImmediate'].map((name) => [name, beyond(`the helper ${name}`)]),
    );
    return {
      translate: (address, kind, unprivileged) => this.#translate(address, kind, unprivileged),
      dataFault: beyond('a data fault'),
      fetchFault: beyond('a fetch fault'),
      undefined: beyond('an undefined word'),
      raise: (name) => { this.#leave(`the exception ${name}`); },
      interrupt: () => false,
      helpers: {
        ...inert, ...missing, crc32: crc('crc32'), crc32c: crc('crc32c'),
        setMonitor: (address) => { this.#monitor = address; return undefined; },
        storeExclusive: (address, first, second, bytes, attributes) =>
          this.#storeExclusive(address, first, second, Number(bytes), Number(attributes)),
      },
    };
  }

  #storeExclusive(address: bigint, first: bigint, second: bigint, bytes: number, attributes: number): bigint | undefined {
    const translation = this.#translate(address, 'write', false);
    if (!translation.ok || address % BigInt(bytes) !== 0n) return this.#leave('a data fault');
    const passes = this.#monitor === address;
    this.#monitor = undefined;
    if (!passes) return 1n;
    const half = (attributes & PAIR) !== 0 ? bytes / 2 : bytes;
    const write = (at: number, value: bigint): void => {
      this.#engine.memory.write(translation.physical + at, half, BigInt.asUintN(half * 8, value), 'little', 0);
    };
    write(0, first);
    if (half !== bytes) write(half, second);
    return 0n;
  }
}

/** Forms all of whose instances are beyond this machine, the trapped ones of the hints too; the processor's own vector test has them. */
const SYSTEM = /^(eret|msr|mrs\/msr|msr\/smstart\/smstop|sys\/sysl|svc|hvc|smc|brk|hlt)$/;
const WFE_AND_WFI: readonly number[] = [50, 51];

const KINDS = ['evaluator', 'interpreter'] as const;
/** A third of the vectors on two executions: the processor's test runs all of them. */
const EVERY = 3;
const machines = new Map<string, VectorMachine>();

function machineFor(kind: (typeof KINDS)[number], marker: number): VectorMachine {
  const key = `${kind} ${marker}`;
  const machine = machines.get(key) ?? new VectorMachine(kind, marker);
  machines.set(key, machine);
  return machine;
}

it.each(forms.map((form) => [nameOf(form), form] as const))('%s does what QEMU does', (_, form) => {
  const wrong: string[] = [];
  let told = 0;
  for (const vector of vectorsOf(form)) {
    if (vector.index % EVERY !== 0) continue;
    const start = startOf(vector);
    for (const kind of KINDS) {
      const result = machineFor(kind, start.marker).run(start);
      if ('beyond' in result) continue;
      told += 1;
      const complaint = mismatch(vector, result.state);
      if (complaint !== undefined) wrong.push(`${kind}: ${complaint}`);
    }
  }
  expect(wrong.slice(0, 4)).toEqual([]);
  if (!SYSTEM.test(form.names.join('/')) && !WFE_AND_WFI.includes(form.id)) expect(told).toBeGreaterThan(60);
});
