import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine, MachineError, processor, ReferenceMemory, type Architecture, type Board, type BoardBuilder, type Device, type MachineStop, type Plain } from './index.ts';
import { ScriptedCpu, type ScriptedOp, type ScriptedRow } from './testing/index.ts';

const RAM = 0x1000n;
const MAILBOX = 0x9000n;

/** A latch: writing sets its line, reading the register clears it. Counts and remembers the last value. */
class Mailbox implements Device {
  #value = 0n;
  #raised = false;
  readonly #line: { set(level: boolean): void };
  constructor(line: { set(level: boolean): void }) { this.#line = line; }
  acknowledge(): void { this.#raised = false; this.#line.set(false); }
  post(value: bigint): void { this.#value = value; this.#raised = true; this.#line.set(true); }
  read(): bigint { return this.#value; }
  write(_offset: number, _width: number, value: bigint): void { this.post(value); }
  reset(): void { this.#value = 0n; this.#raised = false; }
  save(): Plain { return { value: this.#value, raised: this.#raised }; }
  restore(state: Plain): void { const s = state as { value: bigint; raised: boolean }; this.#value = s.value; this.#raised = s.raised; }
}

interface Rig { machine: Machine; rows: ScriptedRow[]; builder: BoardBuilder }

function rig(programs: readonly (readonly ScriptedOp[])[], quantum = 7): Rig {
  const rows: ScriptedRow[] = [];
  let kept: BoardBuilder | undefined;
  const board: Board = {
    name: 'rig', cpus: programs.length, ticksPerSecond: 1_000_000, quantum,
    compose(b) {
      kept = b;
      b.memory.ram(RAM, 0x1000);
      const boxes: Mailbox[] = [];
      const cpus = programs.map((program, index) => b.cpu((port) => new ScriptedCpu(port, program, {
        trace: (row) => rows.push(row), onInterrupt: () => boxes[index].acknowledge(),
      })));
      cpus.forEach((cpu, index) => {
        const box = b.device(`mailbox${index}`, new Mailbox(cpu.inputs.irq), { base: MAILBOX + BigInt(index * 16), size: 16 });
        boxes.push(box);
        b.inputs.channel(`mailbox${index}`, (data) => box.post(data as bigint));
      });
      b.output(0, 'power').connect({ set: () => b.halt('power') });
    },
  };
  const machine = new Machine(board, new ReferenceMemory());
  return { machine, rows, builder: kept as BoardBuilder };
}

const mail = (to: number): ScriptedOp => ({ op: 'store', address: MAILBOX + BigInt(to * 16) });
const work: ScriptedOp = { op: 'work' };
const wait: ScriptedOp = { op: 'wait' };

const opsArbitrary = (cpus: number) => fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.constant(work) },
  fc.constant<ScriptedOp>({ op: 'store', address: RAM + 8n }), fc.constant<ScriptedOp>({ op: 'load', address: RAM + 8n }),
  fc.constant(wait), fc.integer({ min: 0, max: 30 }).map((n): ScriptedOp => ({ op: 'timer', in: n })),
  fc.integer({ min: 0, max: cpus - 1 }).map(mail)), { minLength: 2, maxLength: 12 });
const programsArbitrary = fc.integer({ min: 1, max: 3 }).chain((cpus) => fc.array(opsArbitrary(cpus), { minLength: cpus, maxLength: cpus }));

describe('run loop', () => {
  it('spends exactly the budget, one tick an instruction', () => {
    const { machine, rows } = rig([[work]]);
    expect(machine.run({ budget: 12 })).toEqual({ kind: 'budget' });
    expect(machine.clock.now()).toBe(12n);
    expect(rows).toHaveLength(12);
    expect(machine.run({ budget: 0 })).toEqual({ kind: 'budget' });
    expect(rows).toHaveLength(12);
  });

  it('fires an event at tick T after T instructions and before the next', () => {
    for (let tick = 0n; tick < 10n; tick++) {
      const { machine, rows } = rig([[work]]);
      let at = -1;
      machine.clock.at(tick, () => { at = rows.length; });
      machine.run({ budget: 10 });
      expect(at).toBe(Number(tick));
    }
  });

  it('cuts the running slice for an event that an instruction schedules', () => {
    const { machine, rows } = rig([[{ op: 'timer', in: 3 }, work, work, work, work, work]]);
    machine.run({ budget: 6 });
    expect(rows.map((row) => [Number(row.tick), row.what])).toEqual([[0, 'timer'], [1, 'work'], [2, 'work'], [3, 'interrupt'], [3, 'work'], [4, 'work'], [5, 'work']]);
  });

  it('an event scheduled for the present fires right after the instruction', () => {
    const { machine, rows } = rig([[{ op: 'timer', in: 0 }, work, work]]);
    machine.run({ budget: 3 });
    expect(rows.map((row) => row.what)).toEqual(['timer', 'interrupt', 'work', 'work']);
  });

  it('skips idle time, or says until when', () => {
    const program: ScriptedOp[] = [{ op: 'timer', in: 1000 }, wait, work];
    const skipping = rig([program]).machine;
    expect(skipping.run({ budget: 3 })).toEqual({ kind: 'budget' });
    expect(skipping.clock.now()).toBe(1001n);
    const waiting = rig([program]).machine;
    expect(waiting.run({ budget: 3, pace: 'stop' })).toEqual({ kind: 'idle', until: 1000n });
    expect(() => waiting.skipTo(1001n)).toThrow(/due at 1000/);
    waiting.skipTo(1000n);
    expect(waiting.run({ budget: 1, pace: 'stop' })).toEqual({ kind: 'budget' });
    expect(waiting.hash()).toBe(skipping.hash());
  });

  it('calls all-idle without an event by its name, and an input ends it', () => {
    const { machine } = rig([[wait, work], [wait]]);
    expect(machine.run({ budget: 100 })).toEqual({ kind: 'idle' });
    machine.inputs.post('mailbox0', 5n);
    expect(machine.run({ budget: 100 })).toEqual({ kind: 'idle' });
    expect(machine.inputs.entries).toEqual([{ tick: 2n, channel: 'mailbox0', data: 5n }]);
  });

  it('interleaves by quantum, in index order', () => {
    const { machine, rows } = rig([[work], [work]], 3);
    machine.run({ budget: 9 });
    expect(rows.map((row) => row.cpu)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
    expect(rows.map((row) => Number(row.tick))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('passes hosted and halted stops on, with the processor', () => {
    const { machine } = rig([[work, { op: 'hosted', at: 0x800n }, { op: 'halt', why: 'off' }]]);
    expect(machine.run({ budget: 100 })).toEqual({ kind: 'hosted', at: 0x800n, cpu: 0 });
    expect(machine.run({ budget: 100 })).toEqual({ kind: 'halted', why: 'off', cpu: 0 });
  });

  it('ends the run after the instruction in which a device halts it', () => {
    const { machine, rows } = rig([[{ op: 'signal', line: 'power' }, work]]);
    expect(machine.run({ budget: 100 })).toEqual({ kind: 'halted', why: 'power' });
    expect(rows).toHaveLength(1);
    expect(machine.run({ budget: 1 })).toEqual({ kind: 'budget' });
  });

  it('refuses what makes no sense, with the way out', () => {
    const { machine, builder } = rig([[work]]);
    expect(() => machine.run({ budget: -1 })).toThrow(/budget is -1/);
    expect(() => builder.device('late', new Mailbox({ set() {} }))).toThrow(/frozen.*compose\(\)/);
    expect(() => machine.restore({ ...machine.save(), board: 'other' })).toThrow(/'other'/);
    expect(() => machine.restore({ ...machine.save(), apiVersion: 2 })).toThrow(MachineError);
    expect(() => machine.inputs.post('nowhere', 1)).toThrow(/'mailbox0'/);
    machine.clock.at(50n, () => {});
    expect(() => machine.save()).toThrow(/anonymous event.*tick 50/);
    const loop: Board = { name: 'loop', cpus: 1, ticksPerSecond: 1, compose(b) {
      b.cpu((port) => new ScriptedCpu(port, [work]));
      const event = b.clock.event('again', () => event.schedule(b.clock.now()));
      event.schedule(0n);
    } };
    expect(() => new Machine(loop, new ReferenceMemory()).run({ budget: 1 })).toThrow(/'again' fired/);
  });
});

describe('processor', () => {
  const architecture: Architecture = { name: 'script', apiVersion: 1, byteOrder: 'little', models: [{ name: 'one' }], createCpu: (port) => new ScriptedCpu(port, [work]) };

  it('makes the named model, and refuses others and foreign versions', () => {
    const machine = new Machine({ name: 'p', cpus: 1, ticksPerSecond: 1, compose: (b) => { b.cpu(processor(architecture, 'one')); } }, new ReferenceMemory());
    expect(machine.run({ budget: 2 })).toEqual({ kind: 'budget' });
    expect(() => processor(architecture, 'two')).toThrow(/no model 'two'; it has one/);
    expect(() => processor({ ...architecture, apiVersion: 2 as 1 }, 'one')).toThrow(/version 2/);
    expect(() => new Machine({ name: 'p', cpus: 2, ticksPerSecond: 1, compose: (b) => { b.cpu(processor(architecture, 'one')); } }, new ReferenceMemory())).toThrow(/announces 2 processors and composed 1/);
  });

  it('reset brings the composed machine back, RAM and clock excepted', () => {
    const { machine } = rig([[work, mail(1), { op: 'timer', in: 50 }, wait], [work, wait]]);
    const fresh = machine.save();
    machine.run({ budget: 9 });
    machine.reset();
    const after = machine.save();
    expect(after.cpus).toEqual(fresh.cpus);
    expect(after.devices).toEqual(fresh.devices);
    expect(after.schedule).toEqual(fresh.schedule);
    expect(machine.clock.nextDue()).toBeUndefined();
  });

  it('a processor that never retires anything is a livelock, not a hang', () => {
    class Stuck extends ScriptedCpu {
      override run(): { kind: 'budget' } { return { kind: 'budget' }; }
    }
    const machine = new Machine({ name: 's', cpus: 1, ticksPerSecond: 1, compose: (b) => { b.cpu((port) => new Stuck(port, [work])); } }, new ReferenceMemory());
    expect(machine.run({ budget: 5 })).toMatchObject({ kind: 'halted', why: expect.stringContaining('livelock') as string, cpu: 0 });
  });
});

function drive(machine: Machine, budget: number): MachineStop { return machine.run({ budget }); }

describe('properties', () => {
  it('the cut of a run into calls changes nothing', () => {
    fc.assert(fc.property(programsArbitrary, fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }), fc.integer({ min: 1, max: 9 }), (programs, cuts, quantum) => {
      const whole = rig(programs, quantum), parts = rig(programs, quantum);
      drive(whole.machine, cuts.reduce((a, b) => a + b, 0));
      for (const cut of cuts) if (drive(parts.machine, cut).kind !== 'budget') break;
      expect(parts.rows).toEqual(whole.rows);
      expect(parts.machine.hash()).toBe(whole.machine.hash());
    }), { numRuns: 300 });
  });

  it('a snapshot at any step has the same future, on the same and on a new machine', () => {
    fc.assert(fc.property(programsArbitrary, fc.integer({ min: 0, max: 60 }), (programs, at) => {
      const first = rig(programs);
      drive(first.machine, at);
      const state = structuredClone(first.machine.save());
      const hash = first.machine.hash();
      const from = first.rows.length;
      drive(first.machine, 40);
      const second = rig(programs);
      second.machine.restore(state);
      expect(second.machine.hash()).toBe(hash);
      drive(second.machine, 40);
      expect(second.rows).toEqual(first.rows.slice(from));
      expect(second.machine.hash()).toBe(first.machine.hash());
      first.machine.restore(state);
      expect(first.machine.hash()).toBe(hash);
    }), { numRuns: 300 });
  });

  it('a recording replays to the same state', () => {
    fc.assert(fc.property(programsArbitrary, fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.bigInt({ min: 0n, max: 0xffffn })), { maxLength: 6 }), (programs, posts) => {
      const live = rig(programs);
      for (const [budget, value] of posts) {
        drive(live.machine, budget);
        live.machine.inputs.post('mailbox0', value);
      }
      drive(live.machine, 50);
      const replayed = rig(programs);
      replayed.machine.inputs.replay(live.machine.inputs.entries);
      while (replayed.machine.clock.now() < live.machine.clock.now()) {
        if (drive(replayed.machine, 1).kind !== 'budget') break;
      }
      drive(replayed.machine, 0);
      expect(replayed.rows).toEqual(live.rows);
    }), { numRuns: 300 });
  });
});
