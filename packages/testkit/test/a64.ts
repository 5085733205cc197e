/**
 * A64 on the least processor there is: one RAM, no levels, no translation. Exceptions and faults skip the instruction,
 * a fetch that fails goes to the program's start. Enough to compare the executions of every row.
 */
import { A64, createInstructionTable, SP, STATE, V, X } from '@worldswitch/arm64';
import { Engine, type Core, type CoreStop, type EngineKind, type EngineOptions, type Guest, type Helper, type InstructionTable, type Translation } from '@worldswitch/engine';
import { assemble, encode } from '@worldswitch/isa';
import type { ArchitectureUnderTest, Random, Subject, SubjectState } from '@worldswitch/testkit';

const RAM = 0x4_0000;
const CODE = { base: 0x1000, words: 2048 };
const DATA = 0x1_0000;

const ROWS = A64.decoder.rows.filter(({ row }) => row.status !== 'unbuilt');

/** How many rows random programs are made of. */
export const A64_ROW_COUNT = ROWS.length;

function translate(address: bigint): Translation<string> {
  return address < BigInt(RAM) || (address >= 0x30_0000n && address < 0x30_1000n) ? { ok: true, physical: Number(address) } : { ok: false, fault: 'nothing there' };
}

class Machine implements Subject {
  readonly engine: Engine;
  readonly cores: readonly Core[];

  constructor(kind: EngineKind, processors: number, options: Partial<EngineOptions>, table: InstructionTable) {
    this.engine = new Engine({ table, layout: STATE, order: 'little', kind, codePages: 64, ...options });
    this.engine.memory.addRam(0, RAM);
    this.cores = Array.from({ length: processors }, () => this.#core());
  }

  #core(): Core {
    const skip = (): undefined => { core.redirect(core.pc + 4n); };
    // Whatever a helper is asked, it answers with its arguments stirred.
    const stir: Helper = (...args) => args.reduce((sum, arg) => BigInt.asUintN(64, (sum ^ arg) * 0x9e37_79b9_7f4a_7c15n), 1n);
    const halt: Helper = () => { core.end({ kind: 'idle' }); return undefined; };
    const guest: Guest<string> = {
      translate, dataFault: skip, undefined: skip, raise: skip, interrupt: () => false, gate: skip, require: () => true,
      fetchFault: () => { core.redirect(BigInt(CODE.base)); },
      helpers: new Proxy<Record<string, Helper>>({}, { get: (_, name) => (name === 'wfi' ? halt : stir) }),
    };
    const core = this.engine.addCore(guest, 1);
    return core;
  }

  run(processor: number, budget: number): CoreStop {
    return this.cores[processor].run(budget);
  }
  revive(processor: number, stop: CoreStop): void {
    if (stop.kind === 'halted') this.cores[processor].pc = BigInt(CODE.base);
  }
  save(): SubjectState {
    return { cores: this.cores.map((core) => core.save()), memory: this.engine.memory.save() };
  }
  restore(state: SubjectState): void {
    this.engine.memory.restore(state.memory);
    this.cores.forEach((core, index) => { core.restore(state.cores[index]); });
  }
}

function randomWord(random: Random): number {
  if (random.chance(1, 60)) return random.word();
  for (let tries = 0; tries < 50; tries++) {
    const row = random.pick(ROWS);
    const operands: Record<string, number> = {};
    for (const { name, width, ones } of row.pattern.fields) {
      operands[name] = random.chance(1, 8) ? 0 : (random.word() & ones) >>> 0;
      // Jumps stay near, forward mostly; registers are few, so that results meet.
      if (/^imm(14|19|26)$/.test(name)) operands[name] = ((random.below(48) - 16) & ones) >>> 0;
      if (width === 5 && /^r/.test(name) && random.chance(3, 4)) operands[name] = random.below(12);
    }
    const word = encode(row.row, operands) >>> 0;
    if (row.accepts(word) && row.id !== 'WFI') return word;
  }
  return 0xd503_201f;
}

function load(subject: Subject, random: Random, garbage: boolean): void {
  const words = new Uint32Array(CODE.words).map(() => (garbage ? random.word() : randomWord(random)));
  subject.engine.memory.load(CODE.base, new Uint8Array(words.buffer));
  subject.engine.memory.load(DATA, new Uint8Array(0x4000).map(() => random.below(256)));
  for (const core of subject.cores) {
    core.pc = BigInt(CODE.base + 4 * random.below(CODE.words / 2));
    for (const slot of [...X, SP]) core.state.set(slot, random.chance(1, 4) ? random.value() : BigInt(random.chance(1, 5) ? CODE.base + random.below(4 * CODE.words) : DATA + random.below(0x3000)));
    for (const slot of V) core.state.setVector(slot, (random.value() << 64n) | random.value());
    core.state.flags = random.below(16);
  }
}

function constant(register: string, value: bigint): string {
  const parts = [0n, 16n, 32n, 48n].map((shift) => (value >> shift) & 0xffffn);
  return [`mov ${register}, #0`, ...parts.flatMap((part, n) => (part === 0n ? [] : [`movk ${register}, #${part}, lsl #${16 * n}`]))].join('\n');
}

/** A64 for the conformance suite; its machines share a table that has met most shapes. */
export function a64UnderTest(random: Random): ArchitectureUnderTest {
  const table = createInstructionTable();
  for (let count = 0; count < 6000; count++) table.bind(randomWord(random));
  const x = (register: number): string => `x${register}`;
  const w = (register: number, size: number): string => (size === 8 ? x(register) : `w${register}`);
  const suffix: Readonly<Record<number, string>> = { 1: 'b', 2: 'h', 4: '', 8: '' };
  return {
    name: 'A64',
    make: ({ kind, processors = 1, engine = {} }) => new Machine(kind, processors, engine, table),
    loadRandomProgram: (subject, from) => { load(subject, from, false); },
    loadGarbage: (subject, from) => { load(subject, from, true); },
    code: CODE,
    ram: { base: DATA, size: RAM - DATA },
    vacant: 0x30_0000,
    dialect: {
      registers: X.slice(0, 8),
      assemble: (text, origin) => assemble(text, { instructionSet: A64, origin }).bytes,
      set: (register, value) => constant(x(register), value),
      add: (d, m) => `add ${x(d)}, ${x(d)}, ${x(m)}`,
      addImmediate: (register, value) => `add ${x(register)}, ${x(register)}, #${value}`,
      store: (size, value, address) => `str${suffix[size]} ${w(value, size)}, [${x(address)}]`,
      load: (size, value, address) => `ldr${suffix[size]} ${w(value, size)}, [${x(address)}]`,
      jump: (label) => `b ${label}`,
      jumpIfNotZero: (register, label) => `cbnz ${x(register)}, ${label}`,
      nop: 'nop',
      halt: 'wfi',
    },
    scenarios: [{
      name: 'Fibonacci', origin: 0x1000n, budget: 1000,
      text: 'mov x0, #0\nmov x1, #1\nmov x2, #40\nloop: add x3, x0, x1\nmov x0, x1\nmov x1, x3\nsubs x2, x2, #1\nb.ne loop\nwfi',
      expect: [[X[0], 102_334_155n]],
    }],
    disassemble: (word, pc) => A64.disassemble(word, { pc }),
    wordAt: (subject, processor) => {
      const translation = translate(subject.cores[processor].pc);
      const word = translation.ok ? subject.engine.memory.read(translation.physical, 4, 'little', 'debugger') : undefined;
      return word === undefined ? undefined : Number(word);
    },
  };
}
