/** A processor with everything the recorded instruction vectors need around it; runs one and gives the state it ends in. */
import { LAB, NEOVERSE_N1, V, X, type Arm64Processor } from '@worldswitch/arm64';
import { isRegisterName } from '@worldswitch/arm64-sysreg';
import type { EngineKind } from '@worldswitch/engine';
import { capture, fixedRegisters, SLOT, startOf, translationTables, WINDOW_PHYSICAL, BUFFER, type Vector, type VectorState } from '../../../../tooling/vectors/index.ts';
import { VBAR_EL1, VBAR_EL2, WINDOW } from '../../../../tooling/vectors/state.ts';
import { arm64Machine, type Arm64Machine } from './machine.ts';

const MODELS = { 'neoverse-n1': NEOVERSE_N1, max: LAB } as const;
const WINDOW_BYTES = 0x20_0000;
const BUFFER_PHYSICAL = WINDOW_PHYSICAL + (BUFFER - WINDOW);
/** A branch to the case, in a page of its own: a translator takes up what a jump leads to. */
const TRAMPOLINE = SLOT - 0x3000n;
/** Branch, prelude, word and end marker are four at most, but only a long run enters translated code; the vectors end it. */
const BUDGET = 100_000;
/** The translator gives up on a page whose code was overwritten 32 times. */
const CASES_PER_PAGE = 24;
/** `HANDLER.region` of the engine's records: a translated region starts there. */
const REGION = 3;
const STACK = /^SP_EL([012])$/;

/** Runs vectors of one processor (`max` stands for one with all features) with one end marker, which fills the window. */
export class VectorMachine {
  readonly #machine: Arm64Machine;
  readonly #processor: Arm64Processor;
  readonly #marker: number;
  #cases = 0;
  #translated = 0;

  /** `words` are those that shall not run out of line only because they are new. */
  constructor(kind: EngineKind, cpu: Vector['cpu'], marker: number, words: Iterable<number>) {
    this.#machine = arm64Machine({ kind, model: MODELS[cpu], image: { kind: 'none' }, threshold: 1 });
    this.#processor = this.#machine.cpu.processor;
    this.#marker = marker;
    const { engine } = this.#machine;
    const { memory } = engine;
    for (const word of words) engine.table.bind(word);
    if (kind !== 'evaluator') {
      engine.code.want(engine.table.shapes);
      engine.grow();
    }
    for (const { address, bytes } of translationTables()) memory.load(Number(address), bytes);
    const markers = new Uint32Array(WINDOW_BYTES / 4).fill(marker);
    memory.load(Number(WINDOW_PHYSICAL), new Uint8Array(markers.buffer));
    for (const base of [VBAR_EL1, VBAR_EL2]) for (let at = 0n; at < 0x800n; at += 0x80n) this.#processor.core.stops.addBreakpoint(base + at);
  }

  /** The state behind the word. On a translator the case runs twice: once to become hot, once translated. */
  run(vector: Vector): VectorState {
    const start = startOf(vector);
    const { engine } = this.#machine;
    const { memory } = engine;
    if (start.marker !== this.#marker) throw new RangeError(`vector with marker ${start.marker.toString(16)} on a machine for ${this.#marker.toString(16)}`);
    const translated = engine.kind === 'translator';
    if (++this.#cases % CASES_PER_PAGE === 0 && translated) engine.code.clear();
    const branch = new Uint32Array([0x1400_0000 | Number((start.pc - TRAMPOLINE) >> 2n)]);
    if (translated) memory.load(Number(TRAMPOLINE - WINDOW + WINDOW_PHYSICAL), new Uint8Array(branch.buffer));
    const [code] = start.memory;
    memory.load(Number(code.address), code.bytes);
    let after = this.#once(vector, start, translated ? TRAMPOLINE : start.pc);
    if (translated) {
      if (this.#becameRegion(start.pc)) this.#translated++;
      after = this.#once(vector, start, TRAMPOLINE);
    }
    return after;
  }

  /** Cases so far. */
  get cases(): number {
    return this.#cases;
  }
  /** How many cases began in a translated region. */
  get translated(): number {
    return this.#translated;
  }
  #becameRegion(pc: bigint): boolean {
    const { engine } = this.#machine;
    engine.translator?.compile();
    const physical = Number(pc - WINDOW + WINDOW_PHYSICAL);
    const records = engine.recordsOf(this.#processor.core, physical, pc & ~0xfffn);
    return engine.handler(records + ((physical & 0xfff) << 2)) === REGION;
  }

  #once(vector: Vector, start: ReturnType<typeof startOf>, pc: bigint): VectorState {
    const { core, state } = this.#processor;
    const { memory } = this.#machine.engine;
    memory.load(Number(BUFFER_PHYSICAL), start.state.data);
    this.#processor.reset();
    for (const [name, value] of Object.entries({ ...fixedRegisters, ...start.registers })) {
      if (!isRegisterName(name)) throw new RangeError(`${name} is no system register`);
      state.registers.set(name, value);
    }
    X.forEach((slot, n) => { core.state.set(slot, start.state.x(n)); });
    V.forEach((slot, n) => { core.state.setVector(slot, start.state.q(n)); });
    this.#machine.cpu.registers.raw.write('pstate', start.pstate);
    for (const el of [0, 1, 2]) state.setStackPointer(el, start.registers[`SP_EL${el}`]);
    this.#processor.settle();
    core.pc = pc;
    core.run(BUDGET);
    return capture({
      x: (n) => core.state.get(X[n]),
      q: (n) => core.state.getVector(V[n]),
      sysreg: (name) => {
        const stack = STACK.exec(name);
        if (stack !== null) return state.stackPointer(Number(stack[1]));
        if (!isRegisterName(name)) throw new RangeError(`${name} is no system register`);
        return state.registers.get(name);
      },
      pc: core.pc,
      data: memory.copy(Number(BUFFER_PHYSICAL), 512) ?? new Uint8Array(512),
    }, SLOT, vector.before);
  }
}
