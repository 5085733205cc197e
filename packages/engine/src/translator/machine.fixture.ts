/** A processor of a few instructions, for the tests of the translator: {op:8, d:4, n:4, imm:16 signed}. `twist` is a gated unit. */
import type { Core } from '../core/core.ts';
import type { Guest } from '../core/guest.ts';
import { Engine, type EngineKind } from '../engine.ts';
import { InstructionTable, op, type Operation } from '../ir/semantics.ts';
import { StateLayout } from '../state/layout.ts';

const LAYOUT = new StateLayout();
export const R = LAYOUT.ints('r', 8);
const V = LAYOUT.vector('v');

interface Fields { readonly d: number; readonly n: number; readonly imm: number }
const read = (n: number) => (n === 0 ? LAYOUT.zero : R[n]);
const write = (n: number) => (n === 0 ? LAYOUT.sink : R[n]);

const NAMES = ['none', 'addi', 'add', 'bnz', 'b', 'bl', 'ret', 'ld', 'st', 'cmp', 'beq', 'dbnz', 'call', 'twist', 'tst'] as const;
export type Name = (typeof NAMES)[number];
export const word = (name: Name, d = 0, n = 0, imm = 0): number => ((NAMES.indexOf(name) << 24) | (d << 20) | (n << 16) | (imm & 0xffff)) >>> 0;

const OPERATIONS = {
  addi: op(({ d, n, imm }: Fields) => ({ d: write(d), n: read(n), imm }), (s, { d, n, imm }) => { s.setInt(d, s.add(s.int(n, 64), s.imm(imm, 64))); }),
  add: op(({ d, n }: Fields) => ({ d: write(d), m: read(d), n: read(n) }), (s, { d, m, n }) => { s.setInt(d, s.add(s.int(m, 64), s.int(n, 64))); }),
  bnz: op(({ n, imm }: Fields) => ({ n: read(n), offset: imm * 4 }), (s, { n, offset }) => { s.jumpIf(s.unary('eqz', s.isZero(s.int(n, 64))), offset); }),
  b: op(({ imm }: Fields) => ({ offset: imm * 4 }), (s, { offset }) => { s.jump(offset); }),
  bl: op(({ imm }: Fields) => ({ offset: imm * 4 }), (s, { offset }) => {
    s.setInt(R[7], s.add(s.pc(), s.literal(4, 64)));
    s.jump(offset);
  }),
  ret: op(() => ({}), (s) => { s.jumpTo(s.int(R[7], 64), 'return'); }),
  ld: op(({ d, n, imm }: Fields) => ({ d: write(d), n: read(n), imm }), (s, { d, n, imm }) => { s.setInt(d, s.load(s.add(s.int(n, 64), s.imm(imm, 64)), 8, 64)); }),
  st: op(({ d, n, imm }: Fields) => ({ d: read(d), n: read(n), imm }), (s, { d, n, imm }) => { s.store(s.add(s.int(n, 64), s.imm(imm, 64)), 4, s.int(d, 32)); }),
  cmp: op(({ d, n }: Fields) => ({ d: read(d), n: read(n) }), (s, { d, n }) => { s.setFlagsSub(s.int(d, 64), s.int(n, 64)); }),
  tst: op(({ d, n }: Fields) => ({ d: read(d), n: read(n) }), (s, { d, n }) => { s.setFlagsLogic(s.and(s.int(d, 64), s.int(n, 64))); }),
  beq: op(({ imm }: Fields) => ({ offset: imm * 4 }), (s, { offset }) => { s.jumpIf(s.condition('eq'), offset); }),
  // A conditional jump with an effect: it cannot be left and executed again.
  dbnz: op(({ n, imm }: Fields) => ({ d: write(n), n: read(n), offset: imm * 4 }), (s, { d, n, offset }) => {
    const less = s.sub(s.int(n, 64), s.literal(1, 64));
    s.setInt(d, less);
    s.jumpIf(s.unary('eqz', s.isZero(less)), offset);
  }),
  call: op(() => ({}), (s) => { s.helper('count'); }),
  twist: op(({ n }: Fields) => ({ d: V, n: read(n) }), (s, { d, n }) => { s.setVector(d, s.vectorOp('vxor', s.vector(d), s.splat(64, s.int(n, 64)))); }),
} satisfies Record<Exclude<Name, 'none'>, Operation<never>>;

export const CODE = 0x1000;

/** An engine with a program at {@link CODE}; everything that faults ends the run. */
export function machineOf(kind: EngineKind, program: readonly number[], options: { readonly digest?: boolean; readonly gated?: boolean } = {}): { readonly engine: Engine; readonly core: Core; calls: number } {
  const table = new InstructionTable(
    (bits) => {
      const id = NAMES[bits >>> 24];
      return id === undefined ? undefined : { id, operands: { d: (bits >> 20) & 7, n: (bits >> 16) & 7, imm: (bits << 16) >> 16 } };
    },
    OPERATIONS,
    (row) => row === 'twist',
  );
  const engine = new Engine({ table, layout: LAYOUT, order: 'little', kind, codePages: 8, threshold: 2, digest: options.digest ?? false });
  engine.memory.addRam(0, 0x1_0000);
  const halt = (why: string) => (): undefined => { machine.core.end({ kind: 'halted', why }); };
  const guest: Guest = {
    translate: (address) => (address < 0x1_0000n ? { ok: true, physical: Number(address) } : { ok: false, fault: 'out' }),
    dataFault: halt('data'), fetchFault: halt('fetch'), undefined: halt('undefined'), raise: halt('raise'),
    gate: () => {
      machine.calls += 1000;
      machine.core.redirect(machine.core.pc + 4n);
    },
    helpers: { count: () => BigInt(++machine.calls) },
    interrupt: () => false,
  };
  const machine = { engine, core: engine.addCore(guest, 1), calls: 0 };
  load(engine, CODE, program);
  machine.core.pc = BigInt(CODE);
  machine.core.gated = options.gated ?? false;
  // Only shapes that an interpreter has an arm for run without the host.
  for (const bits of program) table.bind(bits);
  if (kind !== 'evaluator') {
    engine.code.want(table.shapes);
    engine.grow();
  }
  return machine;
}

export function load(engine: Engine, address: number, program: readonly number[]): void {
  const bytes = new Uint8Array(program.length * 4);
  program.forEach((bits, index) => { new DataView(bytes.buffer).setUint32(index * 4, bits, true); });
  engine.memory.load(address, bytes);
}

export function stateOf({ core, engine, calls }: ReturnType<typeof machineOf>): Readonly<Record<string, unknown>> {
  return {
    pc: core.pc, retired: core.retired, flags: core.state.flags, calls, registers: R.map((slot) => core.state.get(slot)), vector: core.state.getVector(V),
    digest: core.digest.value, blocks: core.digest.blocks, data: engine.memory.read(0x8000, 8, 'little', 'debugger'),
  };
}
