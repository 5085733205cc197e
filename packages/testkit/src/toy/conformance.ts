import type { InstructionTable } from '@worldswitch/engine';
import { assemble } from '@worldswitch/isa';
import type { ArchitectureUnderTest, MakeOptions, Scenario, Subject, SubjectState } from '../conformance/subject.ts';
import { TOY_INSTRUCTIONS } from './assembly.ts';
import { createToy } from './create.ts';
import { DrivenToy, type DrivenToyState } from './driven.ts';
import { CODE, CODE_WORDS, loadGarbage, loadRandomProgram, randomWord, type ToyParts } from './fuzz.ts';
import { TOY_RAM, ToyMachine, toyTable, type ToyState } from './machine.ts';
import { Random } from '../random.ts';
import { TOY_ENGINE_SCENARIOS, TOY_MACHINE_SCENARIOS, TOY_SCENARIOS } from './scenarios.ts';
import { R } from './semantics.ts';

/** Loads any 64-bit value, sixteen bits at a time. */
export function loadConstant(register: string, value: bigint): string {
  const parts = [0n, 16n, 32n, 48n].map((shift) => (value >> shift) & 0xffffn);
  return [`addi ${register}, r0, 0`, ...parts.flatMap((part, n) => (part === 0n ? [] : [`lui ${register}, 0x${part.toString(16)}, ${4 * n}`]))].join('\n');
}

/** A subject with what programs are loaded into. */
type ToySubject<S extends SubjectState> = Subject<S> & ToyParts;

/** The toy for the conformance suite. Its machines share a table that has met most shapes. */
export function toyUnderTest(): ArchitectureUnderTest<ToyState> {
  return describeToy('toy', [...TOY_SCENARIOS, ...TOY_ENGINE_SCENARIOS], ({ kind, processors, engine }, table) => new ToyMachine(kind, processors, engine, table));
}

/** The same toy with a `Machine` between it and the suite: budgets, stops, time and snapshots are the machine's. */
export function toyOnMachineUnderTest(): ArchitectureUnderTest<DrivenToyState> {
  return describeToy('toy on a machine', [...TOY_SCENARIOS, ...TOY_MACHINE_SCENARIOS], ({ kind, processors = 1, engine = {} }, table) => new DrivenToy(createToy({ kind, processors, engine, table })));
}

function isToy<S extends SubjectState>(subject: Subject<S>): subject is ToySubject<S> {
  return 'guests' in subject;
}

function describeToy<S extends SubjectState>(
  name: string, scenarios: readonly Scenario[], make: (options: MakeOptions, table: InstructionTable) => ToySubject<S>,
): ArchitectureUnderTest<S> {
  const table = toyTable();
  const random = new Random(1);
  for (let count = 0; count < 4000; count++) table.bind(randomWord(random));
  const r = (register: number): string => `r${register + 1}`;
  const toy = (subject: Subject<S>): ToyParts => {
    if (!isToy(subject)) throw new TypeError('not a machine that this description made; make it with `make`');
    return subject;
  };
  return {
    name,
    make: (options) => make(options, table),
    loadRandomProgram: (subject, from) => { loadRandomProgram(toy(subject), from); },
    loadGarbage: (subject, from) => { loadGarbage(toy(subject), from); },
    code: { base: CODE, words: CODE_WORDS },
    ram: { base: 0x1_0000, size: TOY_RAM - 0x1_0000 },
    vacant: 0x30_0000,
    dialect: {
      registers: R.slice(1, 9),
      assemble: (text, origin) => assemble(text, { instructionSet: TOY_INSTRUCTIONS, origin }).bytes,
      set: (register, value) => loadConstant(r(register), value),
      add: (d, m) => `add ${r(d)}, ${r(d)}, ${r(m)}`,
      addImmediate: (register, value) => `addi ${r(register)}, ${r(register)}, ${value}`,
      store: (size, value, address) => `st.${size * 8} ${r(value)}, 0(${r(address)})`,
      load: (size, value, address) => `ld.${size * 8}.u.64 ${r(value)}, 0(${r(address)})`,
      jump: (label) => `b ${label}`,
      jumpIfNotZero: (register, label) => `bnz ${r(register)}, ${label}`,
      nop: 'nop',
      halt: 'halt',
    },
    scenarios,
    disassemble: (word, pc) => TOY_INSTRUCTIONS.disassemble(word, { pc }),
    wordAt: (subject, processor) => {
      const { pc } = subject.cores[processor];
      const translation = toy(subject).guests[processor].translate(pc, 'fetch');
      const word = translation.ok ? subject.engine.memory.read(translation.physical, 4, 'big', 'debugger') : undefined;
      return word === undefined ? undefined : Number(word);
    },
  };
}
