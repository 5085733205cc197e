import { PAGE_SIZE, type Core, type Engine } from '@worldswitch/engine';
import { assemble, encode } from '@worldswitch/isa';
import type { Random } from '../random.ts';
import { TOY_INSTRUCTIONS } from './assembly.ts';
import { CONTROL, type ToyGuest } from './guest.ts';
import { TOY_DEVICE, TOY_RAM, TOY_ROM } from './machine.ts';
import { TOY_ROWS } from './rows.ts';
import { R, V } from './semantics.ts';

/** What a program is loaded into. */
export interface ToyParts {
  readonly engine: Engine;
  readonly cores: readonly Core[];
  readonly guests: readonly ToyGuest[];
}

/** Where a fuzzed program lies, and where its exception handler. */
export const CODE = 0x1000;
export const CODE_WORDS = 2048;
export const VECTOR = 0x8000;

const IDS = Object.keys(TOY_ROWS) as (keyof typeof TOY_ROWS)[];

/** Goes on behind whatever was interrupted, after setting the alarm anew. */
const HANDLER = assemble(
  `getc r14, epc
   addi r14, r14, 4
   setc epc, r14
   getc r13, count
   addi r13, r13, 97
   setc alarm, r13
   iret`,
  { instructionSet: TOY_INSTRUCTIONS, origin: BigInt(VECTOR) },
);

/** A random instruction: mostly allocated words, branches that stay near, now and then garbage. */
export function randomWord(random: Random): number {
  if (random.chance(1, 60)) return random.word();
  for (;;) {
    const id = random.pick(IDS);
    if ((id === 'halt' || id === 'wait') && !random.chance(1, 40)) continue;
    const compiled = TOY_INSTRUCTIONS.decoder.rows.find((row) => row.id === id);
    if (compiled === undefined) continue;
    const operands: Record<string, number> = {};
    for (const field of compiled.pattern.fields) {
      operands[field.name] = random.below(2 ** field.width);
      if (field.name === 'offset') operands[field.name] = (random.below(48) - 16) & (2 ** field.width - 1);
      if (field.name === 'imm' && random.chance(3, 4)) operands[field.name] = random.below(64);
      if (field.name === 'vd' || field.name === 'vn' || field.name === 'vm') operands[field.name] = random.below(4);
    }
    const word = encode(compiled.row, operands) >>> 0;
    if (TOY_INSTRUCTIONS.decoder.decode(word) !== undefined) return word;
  }
}

/** Fills a machine with a program, a handler that goes on behind the exception, and random registers. */
export function loadRandomProgram({ engine, cores, guests }: ToyParts, random: Random): void {
  const words = Array.from({ length: CODE_WORDS }, () => randomWord(random));
  engine.memory.load(CODE, bytesOf(words));
  engine.memory.load(VECTOR, HANDLER.bytes);
  const data = new Uint8Array(0x4000).map(() => random.below(256));
  engine.memory.load(0x10000, data);
  for (const [index, core] of cores.entries()) {
    core.pc = BigInt(CODE + 4 * random.below(CODE_WORDS / 2));
    R.slice(1).forEach((slot) => {
      const near = 0x10000 + random.below(0x3000);
      const value = random.chance(1, 3) ? random.value() : BigInt(random.chance(1, 4) ? CODE + random.below(CODE_WORDS * 4) : near);
      const place = random.chance(1, 16) ? BigInt(TOY_DEVICE + random.below(PAGE_SIZE)) : value;
      core.state.set(slot, random.chance(1, 8) ? place | (1n << BigInt(24 + random.below(3))) : place);
    });
    core.state.flags = random.below(16);
    guests[index].setControl(CONTROL.vector, BigInt(VECTOR));
    guests[index].setControl(CONTROL.status, 1n);
    guests[index].setControl(CONTROL.alarm, BigInt(50 + random.below(500)));
  }
}

/** Random memory, registers and control registers: no program at all. */
export function loadGarbage({ engine, cores, guests }: ToyParts, random: Random): void {
  for (let page = 0; page < TOY_RAM; page += PAGE_SIZE) {
    if (random.chance(1, 2)) engine.memory.load(page, new Uint8Array(PAGE_SIZE).map(() => random.below(256)));
  }
  engine.memory.load(TOY_ROM, new Uint8Array(PAGE_SIZE).map(() => random.below(256)));
  for (const [index, core] of cores.entries()) {
    const wild = (): bigint => (random.chance(1, 2) ? random.value() : BigInt(random.below(0x800_0000)));
    core.pc = random.chance(1, 4) ? wild() : BigInt(random.below(TOY_RAM));
    for (const slot of R.slice(1)) core.state.set(slot, wild());
    for (const slot of V) core.state.setVector(slot, (random.value() << 64n) | random.value());
    core.state.flags = random.below(16);
    for (const register of Object.values(CONTROL)) guests[index].setControl(register, wild());
    guests[index].setControl(CONTROL.vector, BigInt(random.below(TOY_RAM) & ~3));
    guests[index].setControl(CONTROL.alarm, BigInt(random.below(2000)));
  }
}

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => { view.setUint32(index * 4, word, false); });
  return bytes;
}
