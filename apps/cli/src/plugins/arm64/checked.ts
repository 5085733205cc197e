import type { Stop, StopTarget } from '@worldswitch/debugger';
import { Lockstep, type Lane, type LockstepDifference } from '@worldswitch/engine';
import type { Plain } from '@worldswitch/machine';
import type { HandleStop, MachineHandle } from '@worldswitch/session';
import type { BareMachine } from './bare.ts';

/** Instructions between two comparisons of the whole state. */
const CHUNK = 4_000_000;

/**
 * Two machines with the same image side by side, the evaluator and the translator. What one shows is the evaluator's; every state that
 * differs ends the run, with the first instruction that parts them. Idle time passes at once, whatever the pace: states are compared
 * where work ends, and a guest that sleeps often would be compared at nothing else.
 */
export function checkedMachine(reference: BareMachine, candidate: BareMachine): MachineHandle {
  candidate.console.muted = true;
  const lanes = [new MachineLane('evaluator', reference), new MachineLane('translator', candidate)] as const;
  let failed: HandleStop | undefined;
  /** Whatever acts on the machines other than by running them. */
  const both = <T>(act: (machine: BareMachine) => T): readonly [T, T] => {
    for (const lane of lanes) lane.changed();
    return [act(reference), act(candidate)];
  };
  const stops: StopTarget = {
    regime: reference.stops.regime,
    instructionAlignment: reference.stops.instructionAlignment,
    apply: (list: readonly Stop[]) => { both((machine) => { machine.stops.apply(list); }); },
  };
  return {
    title: `${reference.title}, evaluator against translator`,
    cpus: reference.cpus, ticksPerSecond: reference.ticksPerSecond, symbols: reference.symbols, instructionLength: reference.instructionLength,
    decode: reference.decode, traces: reference.traces, stops,
    snapshots: { save: () => reference.snapshots.save(), restore: (state) => { both((machine) => { machine.snapshots.restore(state); }); } },
    get ticks() { return reference.ticks; },
    get retired() { return reference.retired; },
    get untaken() { return reference.untaken; },
    get pc() { return reference.pc; },
    get entry() { return reference.entry; },
    get registerNames() { return reference.registerNames; },
    run(budget) {
      if (failed !== undefined) return failed;
      const { difference } = new Lockstep(lanes[0], lanes[1], { chunk: CHUNK }).run(budget);
      if (difference === undefined) return lanes[0].last;
      failed = { kind: 'failed', why: 'evaluator and translator differ', detail: describe(difference) };
      return failed;
    },
    skipTo: (tick) => { both((machine) => { machine.skipTo(tick); }); },
    type: (bytes) => { both((machine) => { machine.type(bytes); }); },
    readRegister: (name) => reference.readRegister(name),
    writeRegister: (name, value) => both((machine) => machine.writeRegister(name, value)).every(Boolean),
    // Of both, since a translation for the debugger too fills the TLB that the comparison sees.
    readMemory: (address, length, space) => both((machine) => machine.readMemory(address, length, space))[0],
    explain: (question) => reference.explain(question),
    reset: () => { both((machine) => { machine.reset(); }); },
  };
}

/** A machine as one side of the comparison. */
class MachineLane implements Lane<Plain> {
  readonly name: string;
  last: HandleStop = { kind: 'budget' };
  readonly #machine: BareMachine;
  /** The state, while nothing has happened since it was saved: where one run ended the next begins. */
  #saved: Plain | undefined;

  constructor(name: string, machine: BareMachine) {
    this.name = name;
    this.#machine = machine;
  }

  get retired(): number {
    return this.#machine.retired;
  }
  here(): string {
    const { pc, instructionLength } = this.#machine;
    this.changed();
    const bytes = this.#machine.readMemory(pc, instructionLength, 'virtual');
    return `${pc.toString(16)}: ${bytes ? this.#machine.decode(bytes, pc, () => undefined).text : 'not readable'}`;
  }
  run(budget: number): HandleStop {
    this.changed();
    const end = this.retired + budget;
    do {
      this.last = this.#machine.run(end - this.retired);
      if (this.last.kind !== 'idle' || this.last.until === undefined) return this.last;
      this.#machine.skipTo(this.last.until);
    } while (this.retired < end);
    this.last = { kind: 'budget' };
    return this.last;
  }
  changed(): void {
    this.#saved = undefined;
  }
  save(): Plain {
    return this.#saved ??= this.#machine.snapshots.save();
  }
  restore(state: Plain): void {
    this.changed();
    // Going back happens only to search a difference: what the guest said is said.
    this.#machine.console.muted = true;
    this.#machine.snapshots.restore(state);
  }
}

function describe({ equalAfter, differAfter, instructions, differences }: LockstepDifference): Readonly<Record<string, string>> {
  return {
    'equal after': `${equalAfter} instructions`, 'differ after': `${differAfter} instructions`,
    ...Object.fromEntries(instructions.map((text, n) => [`instruction ${equalAfter + n + 1}`, text])),
    ...Object.fromEntries(differences.map(({ path, reference, candidate }) => [path, `evaluator ${reference}, translator ${candidate}`])),
  };
}
