import { assemble } from '@worldswitch/isa';
import type { ArchitectureUnderTest, Subject } from '../conformance/subject.ts';
import { TOY_INSTRUCTIONS } from './assembly.ts';
import { CODE, CODE_WORDS, loadGarbage, loadRandomProgram, randomWord } from './fuzz.ts';
import { TOY_RAM, ToyMachine, toyTable, type ToyState } from './machine.ts';
import { Random } from '../random.ts';
import { TOY_SCENARIOS } from './scenarios.ts';
import { R } from './semantics.ts';

/** Loads any 64-bit value, sixteen bits at a time. */
export function loadConstant(register: string, value: bigint): string {
  const parts = [0n, 16n, 32n, 48n].map((shift) => (value >> shift) & 0xffffn);
  return [`addi ${register}, r0, 0`, ...parts.flatMap((part, n) => (part === 0n ? [] : [`lui ${register}, 0x${part.toString(16)}, ${4 * n}`]))].join('\n');
}

/** The toy for the conformance suite. Its machines share a table that has met most shapes. */
export function toyUnderTest(): ArchitectureUnderTest<ToyState> {
  const table = toyTable();
  const random = new Random(1);
  for (let count = 0; count < 4000; count++) table.bind(randomWord(random));
  const r = (register: number): string => `r${register + 1}`;
  const toy = (subject: Subject<ToyState>): ToyMachine => {
    if (!(subject instanceof ToyMachine)) throw new TypeError('not a machine that this description made; make it with `make`');
    return subject;
  };
  return {
    name: 'toy',
    make: ({ kind, processors, engine }) => new ToyMachine(kind, processors, engine, table),
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
    scenarios: TOY_SCENARIOS,
    disassemble: (word, pc) => TOY_INSTRUCTIONS.disassemble(word, { pc }),
    wordAt: (subject, processor) => {
      const { pc } = subject.cores[processor];
      const translation = toy(subject).guests[processor].translate(pc, 'fetch');
      const word = translation.ok ? subject.engine.memory.read(translation.physical, 4, 'big', 'debugger') : undefined;
      return word === undefined ? undefined : Number(word);
    },
  };
}
