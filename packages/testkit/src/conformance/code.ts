import { PAGE_SIZE, type EngineKind } from '@worldswitch/engine';
import { KINDS, runOn, stateHash, warm } from './run.ts';
import type { Violations } from './report.ts';
import type { ArchitectureUnderTest, Size, Subject, SubjectState } from './subject.ts';

/** Rounds of a loop that rewrites itself; more than makes code hot, fewer than a one-byte immediate holds. */
const ROUNDS = 50;

/** Where the rewritten instruction lies, seen from the store. */
export const PLACES = ['ahead', 'behind', 'another granule', 'another page', 'across pages'] as const;
export type Place = (typeof PLACES)[number];

interface Program {
  readonly origin: bigint;
  readonly bytes: Uint8Array;
  /** The instruction that is rewritten. */
  readonly target: number;
}

// Registers: 0 sum, 1 address, 2 value, 3 step of the value, 4 rounds left, 5 minus one.

/** A loop that adds an immediate and rewrites it by a store of `size` bytes, one more each round. */
function rewriting(under: ArchitectureUnderTest, place: Place, size: Size): Program {
  const { dialect, ram } = under;
  const target = `target: ${dialect.addImmediate(0, 1)}`;
  const store = dialect.store(size, 2, 1);
  const apart = place === 'another granule' ? 4 * 40 : 0;
  const body = place === 'ahead' ? [store, target] : place === 'behind' ? [target, store] : [store, dialect.jump('far'), 'back:'];
  const far = place === 'another page' || place === 'across pages';
  const lines = (address: bigint, value: bigint, step: bigint): string => [
    dialect.set(0, 0n), dialect.set(1, address), dialect.set(2, value), dialect.set(3, step), dialect.set(4, BigInt(ROUNDS)), dialect.set(5, U64),
    // At a fixed place, however many instructions the constants take.
    dialect.jump('loop'), `.org 0x${(ram.base + 0x100).toString(16)}`, 'loop:', ...body, dialect.add(2, 3), dialect.add(4, 5), dialect.jumpIfNotZero(4, 'loop'), dialect.halt,
    // The instruction before a page's end where the store crosses it.
    ...(far ? [`.org 0x${(ram.base + 3 * PAGE_SIZE - (place === 'across pages' ? 8 : 0)).toString(16)}`] : []),
    ...(place === 'ahead' || place === 'behind' ? [] : [`.space ${apart}`, 'far:', dialect.nop, target, dialect.jump('back'), dialect.nop]),
  ].join('\n');
  const origin = BigInt(ram.base);
  const text = (parameters: readonly [bigint, bigint, bigint]): Uint8Array => dialect.assemble(lines(...parameters), origin);
  // Two images that differ in the immediate tell where its byte is. The second pass has the right constants.
  let parameters: readonly [bigint, bigint, bigint] = [BigInt(ram.base), 1n << 63n, 1n << 62n];
  let at = 0;
  for (let pass = 0; pass < 2; pass++) {
    const one = text(parameters);
    const word = dialect.assemble(dialect.addImmediate(0, 1), 0n);
    const next = dialect.assemble(dialect.addImmediate(0, 2), 0n);
    at = find(one, word, far ? 2 * PAGE_SIZE : 0x100);
    const changed = word.findIndex((byte, index) => byte !== next[index]);
    // Across pages, the store of 8 bytes begins with the last instruction of its page.
    const start = place === 'across pages' ? at : at + changed - ((at + changed) % size);
    const image = one.slice();
    const read = (): bigint => valueOf(image.subarray(start, start + size), under);
    const value = read();
    image.set(next, at);
    parameters = [origin + BigInt(start), value, BigInt.asUintN(64, read() - value)];
  }
  return { origin, bytes: text(parameters), target: at };
}

const U64 = (1n << 64n) - 1n;

function valueOf(bytes: Uint8Array, under: ArchitectureUnderTest): bigint {
  const order = under.make({ kind: 'evaluator' }).engine.order;
  const list = order === 'big' ? [...bytes] : [...bytes].reverse();
  return list.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
function find(image: Uint8Array, word: Uint8Array, from: number): number {
  for (let at = from; at + 4 <= image.length; at += 4) if (word.every((byte, index) => image[at + index] === byte)) return at;
  throw new Error('the program lost the instruction that it is about');
}

function load<S extends SubjectState>(under: ArchitectureUnderTest<S>, kind: EngineKind, program: Program, processors = 1): Subject<S> {
  const subject = under.make({ kind, processors, engine: { threshold: 3 } });
  warm(subject);
  subject.engine.memory.load(Number(program.origin), program.bytes);
  for (const core of subject.cores) core.pc = program.origin;
  return subject;
}

/**
 * Code that rewrites code, at every place, by stores of every size, in one run and in small pieces. The sum is known:
 * ahead of the store round i executes immediate i, behind it the one of the round before.
 */
export function checkRewriting(under: ArchitectureUnderTest): Violations {
  const violations: string[] = [];
  for (const place of PLACES) {
    for (const size of [1, 2, 4, 8] as const) {
      if (place === 'across pages' && size < 8) continue;
      const program = rewriting(under, place, size);
      const sum = (ROUNDS * (ROUNDS + 1)) / 2;
      const expected = BigInt(place === 'behind' ? 1 + sum - ROUNDS : sum);
      for (const kind of KINDS) {
        for (const piece of [2_000, 7]) {
          const subject = load(under, kind, program);
          let stop = subject.run(0, piece);
          while (stop.kind === 'budget' && subject.cores[0].retired < 5_000) stop = subject.run(0, piece);
          const got = subject.cores[0].state.get(under.dialect.registers[0]);
          if (got !== expected) violations.push(`${under.name}, ${kind}: stores of ${size} bytes ${place}, runs of ${piece}: the sum is ${got}, not ${expected}`);
        }
      }
    }
  }
  return violations;
}

/** A store that overwrites itself happens once: the next round executes what it wrote, a nop. */
export function checkItself(under: ArchitectureUnderTest): Violations {
  const { dialect, ram } = under;
  const victim = ram.base + 8 * PAGE_SIZE;
  const [nop] = [dialect.assemble(dialect.nop, 0n)];
  const lines = (itself: bigint): string => [
    dialect.set(1, itself), dialect.set(2, valueOf(nop, under)), dialect.set(4, 20n), dialect.set(5, U64),
    'loop:', `itself: ${dialect.store(4, 2, 1)}`, dialect.set(1, BigInt(victim)), dialect.add(4, 5), dialect.jumpIfNotZero(4, 'loop'), dialect.halt,
  ].join('\n');
  const origin = BigInt(ram.base);
  const store = dialect.assemble(dialect.store(4, 2, 1), 0n);
  let at = BigInt(ram.base);
  for (let pass = 0; pass < 3; pass++) at = origin + BigInt(find(dialect.assemble(lines(at), origin), store, 0));
  const program = { origin, bytes: dialect.assemble(lines(at), origin), target: Number(at) };
  return KINDS.flatMap((kind) => {
    const subject = load(under, kind, program);
    subject.run(0, 1_000);
    const written = subject.engine.memory.read(victim, 4, subject.engine.order, 'debugger');
    const left = subject.engine.memory.copy(Number(at), 4) as Uint8Array;
    const good = written === 0n && left.every((byte, index) => byte === nop[index]);
    return good ? [] : [`${under.name}, ${kind}: a store that overwrote itself with nop was executed again`];
  });
}

/** A loop on processor 0 that somebody else rewrites: processor 1, a debugger between runs, a device while it runs. */
export function checkOthers<S extends SubjectState>(under: ArchitectureUnderTest<S>): Violations {
  const { dialect, ram } = under;
  const origin = BigInt(ram.base);
  const reader = [dialect.set(0, 0n), 'loop:', dialect.addImmediate(0, 1), dialect.jump('loop')].join('\n');
  const bytes = dialect.assemble(reader, origin);
  const target = ram.base + find(bytes, dialect.assemble(dialect.addImmediate(0, 1), 0n), 0);
  const word = (n: number): Uint8Array => dialect.assemble(dialect.addImmediate(0, n), 0n);
  const violations: string[] = [];
  const say = (kind: EngineKind, what: string, got: bigint, expected: bigint): void => {
    if (got !== expected) violations.push(`${under.name}, ${kind}: ${what}: ${got}, not ${expected}`);
  };
  for (const kind of KINDS) {
    const debugged = load(under, kind, { origin, bytes, target });
    const sum = (): bigint => debugged.cores[0].state.get(dialect.registers[0]);
    debugged.run(0, 3_000);
    for (const n of [3, 7, 60]) {
      debugged.engine.memory.load(target, word(n));
      const before = sum();
      debugged.run(0, 4_000);
      say(kind, `2000 rounds after a debugger wrote ${n}`, sum() - before, BigInt(2_000 * n));
    }
    // Processor 1 stores n words while processor 0 loops; only the order of turns decides what each round adds.
    const writer = [dialect.set(1, BigInt(target)), dialect.set(2, valueOf(word(9), under)), dialect.store(4, 2, 1), 'end:', dialect.jump('end')].join('\n');
    const pair = load(under, kind, { origin, bytes, target }, 2);
    const second = ram.base + 4 * PAGE_SIZE;
    pair.engine.memory.load(second, dialect.assemble(writer, BigInt(second)));
    pair.cores[1].pc = BigInt(second);
    pair.run(0, 3_000);
    pair.run(1, 100);
    const before = pair.cores[0].state.get(dialect.registers[0]);
    pair.run(0, 4_000);
    say(kind, '2000 rounds after another processor wrote 9', pair.cores[0].state.get(dialect.registers[0]) - before, 18_000n);
    violations.push(...deviceWrites(under, kind, word));
  }
  return violations;
}

/** A device that writes into the loop that drives it, at the very store. */
function deviceWrites<S extends SubjectState>(under: ArchitectureUnderTest<S>, kind: EngineKind, word: (n: number) => Uint8Array): Violations {
  const { dialect, ram, vacant } = under;
  const origin = BigInt(ram.base);
  const text = [dialect.set(0, 0n), dialect.set(1, BigInt(vacant)), dialect.set(4, 40n), dialect.set(5, U64),
    'loop:', dialect.store(4, 4, 1), dialect.addImmediate(0, 1), dialect.add(4, 5), dialect.jumpIfNotZero(4, 'loop'), dialect.halt].join('\n');
  const bytes = dialect.assemble(text, origin);
  const target = ram.base + find(bytes, word(1), 0);
  const subject = load(under, kind, { origin, bytes, target });
  let n = 1;
  subject.engine.memory.addDevice(vacant, PAGE_SIZE, { read: () => 0n, write: () => { subject.engine.memory.load(target, word(n++)); } });
  subject.run(0, 2_000);
  const got = subject.cores[0].state.get(dialect.registers[0]);
  return got === 820n ? [] : [`${under.name}, ${kind}: a device rewrote the instruction behind the store 40 times: the sum is ${got}, not 820`];
}

/** Two processors in one loop: what is generated for one serves the other. */
export function checkSharing<S extends SubjectState>(under: ArchitectureUnderTest<S>): Violations {
  const { dialect, ram } = under;
  const origin = BigInt(ram.base);
  const bytes = dialect.assemble([dialect.set(0, 0n), 'loop:', dialect.addImmediate(0, 1), dialect.jump('loop')].join('\n'), origin);
  const violations: string[] = [];
  for (const kind of ['interpreter', 'translator'] as const) {
    const subject = load(under, kind, { origin, bytes, target: ram.base }, 2);
    runOn(subject, 0, 5_000);
    const pages = subject.engine.code.pages.count;
    const words = subject.engine.linear.u8.length;
    runOn(subject, 1, 5_000);
    if (subject.engine.code.pages.count !== pages || subject.engine.linear.u8.length !== words) violations.push(`${under.name}, ${kind}: a second processor predecodes what the first has`);
    const [a, b] = subject.cores.map((core) => core.state.get(dialect.registers[0]));
    if (a !== b) violations.push(`${under.name}, ${kind}: the second processor counts ${b}, the first ${a}`);
  }
  return violations;
}

/** The hash of a subject after a directed program, for comparisons across hosts. */
export function rewritingHash(under: ArchitectureUnderTest, kind: EngineKind): bigint {
  const subject = load(under, kind, rewriting(under, 'behind', 8));
  subject.run(0, 2_000);
  return stateHash(subject);
}
