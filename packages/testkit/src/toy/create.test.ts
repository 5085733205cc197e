/** The toy through the contracts of `machine`: what a processor owes its machine and the conformance suite, which drives one at a time, does not ask. */
import { checkDevice } from '@worldswitch/machine/testing';
import { assemble } from '@worldswitch/isa';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../conformance/run.ts';
import { TOY_INSTRUCTIONS } from './assembly.ts';
import { createToy, type Toy, type ToyOptions } from './create.ts';
import { ToyDevice } from './device.ts';
import { CAUSE } from './guest.ts';
import { TOY_DEVICE, TOY_HOSTED } from './machine.ts';

const ENTRY = 0x1000n;
const SECOND = 0x2000n;
const HANDLER = 0x3000n;

function load({ machine }: Toy, origin: bigint, ...lines: readonly string[]): void {
  const { bytes } = assemble(lines.join('\n'), { instructionSet: TOY_INSTRUCTIONS, origin });
  expect(machine.memory.loadBytes(origin, bytes)).toBe(true);
}
const read = ({ cpus }: Toy, register: string, processor = 0): bigint | undefined => cpus[processor].registers.debugger.read(register);

/** Counts in r1, for ever. */
const COUNT = ['loop: addi r1, r1, 1', 'b loop'];

function two(options: ToyOptions = {}): Toy {
  const toy = createToy({ processors: 2, quantum: 10, ...options });
  load(toy, ENTRY, ...COUNT);
  load(toy, SECOND, ...COUNT);
  toy.cpus[1].registers.debugger.write('pc', SECOND);
  return toy;
}

describe.each(KINDS)('a toy on a machine, on the %s', (kind) => {
  it('gives each processor its turn, and a run may be cut anywhere', () => {
    const whole = two({ kind });
    expect(whole.machine.run({ budget: 45 })).toEqual({ kind: 'budget' });
    // Turns of ten: processor 0 has run 25 instructions, processor 1 has run 20.
    expect([read(whole, 'r1', 0), read(whole, 'r1', 1)]).toEqual([13n, 10n]);
    const cut = two({ kind });
    for (let left = 45; left > 0; left -= 3) cut.machine.run({ budget: 3 });
    expect(cut.machine.hash()).toBe(whole.machine.hash());
  });

  it('tells the time of the whole machine', () => {
    const toy = two({ kind });
    load(toy, SECOND, 'getc r2, count', 'b 0x2000');
    toy.machine.run({ budget: 11 });
    expect(read(toy, 'r2', 1)).toBe(10n);
    expect(read(toy, 'count')).toBe(11n);
  });

  it('sleeps until its alarm, over idle time', () => {
    const toy = createToy({ kind });
    load(toy, ENTRY, 'addi r1, r0, 5000', 'setc alarm, r1', 'wait', 'getc r2, count', 'halt');
    expect(toy.machine.run({ budget: 3, pace: 'stop' })).toEqual({ kind: 'budget' });
    expect(toy.machine.run({ budget: 100, pace: 'stop' })).toEqual({ kind: 'idle', until: 5000n });
    expect(toy.machine.run({ budget: 100 })).toEqual({ kind: 'halted', why: 'halt', cpu: 0 });
    expect(read(toy, 'r2')).toBe(5000n);
    expect(toy.machine.clock.now()).toBe(5002n);
  });

  it('takes its alarm while another processor runs, before its next instruction', () => {
    const toy = two({ kind });
    load(toy, SECOND, `addi r1, r0, ${HANDLER}`, 'setc vector, r1', 'addi r1, r0, 33', 'setc alarm, r1', 'addi r1, r0, 1', 'setc status, r1', 'loop: addi r3, r3, 1', 'b loop');
    load(toy, HANDLER, 'getc r4, cause', 'getc r5, count', 'halt');
    expect(toy.machine.run({ budget: 1000 })).toMatchObject({ kind: 'halted', cpu: 1 });
    // Ticks 10 to 19 and 30 to 39 are its: at 33 it is in the middle of its turn.
    expect([read(toy, 'r4', 1), read(toy, 'r5', 1)]).toEqual([BigInt(CAUSE.interrupt), 34n]);
    const late = two({ kind });
    load(late, SECOND, `addi r1, r0, ${HANDLER}`, 'setc vector, r1', 'addi r1, r0, 25', 'setc alarm, r1', 'addi r1, r0, 1', 'setc status, r1', 'loop: addi r3, r3, 1', 'b loop');
    load(late, HANDLER, 'getc r4, cause', 'getc r5, count', 'halt');
    late.machine.run({ budget: 1000 });
    // At 25 the other one runs; its turn ends at 30.
    expect(read(late, 'r5', 1)).toBe(31n);
  });

  it('ends its slice where a device sets a date within it', () => {
    const toy = createToy({ kind });
    const { clock } = toy.machine;
    const fired: bigint[] = [];
    toy.engine.memory.addDevice(0x30_0000, 4096, { read: () => 0n, write: () => { clock.at(clock.now() + 7n, () => { fired.push(clock.now()); }); } });
    load(toy, ENTRY, 'lui r2, 0x30, 4', 'st.64 r2, 0(r2)', ...COUNT);
    expect(toy.machine.run({ budget: 1000 })).toEqual({ kind: 'budget' });
    expect(fired).toEqual([8n]);
  });

  it('is woken by its interrupt line, and idle without end where nothing can wake it', () => {
    const toy = createToy({ kind });
    load(toy, ENTRY, `addi r1, r0, ${HANDLER}`, 'setc vector, r1', 'addi r1, r0, 1', 'setc status, r1', 'wait', 'halt');
    load(toy, HANDLER, 'getc r4, cause', 'halt');
    expect(toy.machine.run({ budget: 100 })).toEqual({ kind: 'idle' });
    toy.cpus[0].inputs.interrupt.set(true);
    expect(toy.machine.run({ budget: 100 })).toMatchObject({ kind: 'halted' });
    expect(read(toy, 'r4')).toBe(BigInt(CAUSE.interrupt) | (1n << 8n));
  });

  it('has one future after a snapshot, on another execution too', () => {
    const toy = two({ kind });
    load(toy, ENTRY, 'addi r1, r0, 400', 'setc alarm, r1', 'wait', ...COUNT);
    toy.machine.run({ budget: 123 });
    const saved = toy.machine.save();
    toy.machine.run({ budget: 1000 });
    for (const other of KINDS) {
      const again = createToy({ kind: other, processors: 2, quantum: 10 });
      again.machine.restore(saved);
      again.machine.run({ budget: 1000 });
      expect(again.machine.hash(), other).toBe(toy.machine.hash());
    }
  });

  it('stops for the debugger, by the id of the stop, and for hosted entries', () => {
    const toy = createToy({ kind });
    load(toy, ENTRY, 'addi r2, r0, 0', `lui r2, ${TOY_DEVICE >> 16}, 4`, 'here: ld.32.u.64 r3, 0(r2)', 'swap r4, r3, (r5)', 'addi r6, r0, 0', `lui r6, ${TOY_HOSTED >> 16}, 4`, 'br r6');
    const [{ stops, registers }] = toy.cpus;
    registers.debugger.write('r5', 0x8000n);
    const first = stops.breakpoint(ENTRY + 8n);
    const second = stops.breakpoint(ENTRY + 8n);
    const watch = stops.watchpoint(0x8004n, 1, 'read');
    expect(toy.machine.run({ budget: 100 })).toEqual({ kind: 'debug', cpu: 0, hit: { kind: 'breakpoint', id: first.id, address: ENTRY + 8n } });
    expect(toy.machine.run({ budget: 100 })).toEqual({ kind: 'debug', cpu: 0, hit: { kind: 'watchpoint', id: watch.id, address: 0x8000n, width: 8, access: 'read' } });
    expect(toy.machine.run({ budget: 100 })).toEqual({ kind: 'hosted', cpu: 0, at: BigInt(TOY_HOSTED) });
    first[Symbol.dispose]();
    watch[Symbol.dispose]();
    registers.debugger.write('pc', ENTRY);
    expect(toy.machine.run({ budget: 100 })).toMatchObject({ kind: 'debug', hit: { id: second.id } });
    second[Symbol.dispose]();
    registers.debugger.write('pc', ENTRY);
    expect(toy.machine.run({ budget: 100 })).toMatchObject({ kind: 'hosted' });
    expect(toy.device.save().reads).toBe(2);
  });

  it('is as new after a reset, but for memory and time', () => {
    const toy = two({ kind });
    toy.cpus[0].registers.debugger.write('alarm', 5000n);
    toy.machine.run({ budget: 100 });
    toy.machine.reset();
    const { names, debugger: door } = toy.cpus[0].registers;
    const odd = names.filter((name) => door.read(name) !== { pc: ENTRY, count: 100n }[name] && door.read(name) !== 0n);
    expect(odd).toEqual([]);
    expect(toy.machine.clock.nextDue()).toBeUndefined();
  });
});

describe('the doors to a toy\'s registers', () => {
  it('know every register by its name, and no other', () => {
    const [{ registers }] = createToy().cpus;
    for (const name of registers.names.filter((one) => one !== 'count')) {
      expect(registers.raw.write(name, 5n), name).toBe(true);
      expect(registers.guest.read(name), name).toEqual({ kind: 'ok', value: 5n });
    }
    expect(registers.names).toHaveLength(15 + 4 + 2 + 6);
    expect([registers.raw.write('r16', 1n), registers.debugger.read('r16'), registers.guest.read('r16').kind]).toEqual([false, undefined, 'undefined']);
  });
});

it('has a device that keeps the rules of devices', () => {
  expect(checkDevice({ name: 'counter', size: 4096, create: () => ({ device: new ToyDevice() }) })).toEqual([]);
});
