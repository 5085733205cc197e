import { Lockstep, type Lane, type LockstepDifference } from '@worldswitch/engine';
import type { Stop, StopTarget } from '@worldswitch/debugger';
import type { Plain } from '@worldswitch/machine';
import type { HandleStop, MachineHandle } from '@worldswitch/session';
import type { BareMachine } from './bare.ts';

/** Instructions between two comparisons of the whole state. */
const CHUNK = 4_000_000;

/**
 * Two machines with the same image side by side, the evaluator and the translator. What one shows is the evaluator's; every state that
 * differs ends the run, with the first instruction that parts them.
 */
export function checkedMachine(reference: BareMachine, candidate: BareMachine): MachineHandle {
  candidate.console.muted = true;
  const lanes = [laneOf('evaluator', reference), laneOf('translator', candidate)] as const;
  let failed: HandleStop | undefined;
  const both = (act: (machine: BareMachine) => void): void => { act(reference); act(candidate); };
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
    writeRegister: (name, value) => [reference, candidate].map((machine) => machine.writeRegister(name, value)).every(Boolean),
    // Of both, since a translation for the debugger too fills the TLB that the comparison sees.
    readMemory: (address, length, space) => [reference, candidate].map((machine) => machine.readMemory(address, length, space))[0],
    explain: (question) => reference.explain(question),
    reset: () => { both((machine) => { machine.reset(); }); },
  };
}

function laneOf(name: string, machine: BareMachine): Lane<Plain> & { readonly last: HandleStop } {
  let last: HandleStop = { kind: 'budget' };
  return {
    name,
    get last() { return last; },
    get retired() { return machine.retired; },
    here: () => {
      const { pc } = machine;
      const bytes = machine.readMemory(pc, machine.instructionLength, 'virtual');
      return `${pc.toString(16)}: ${bytes ? machine.decode(bytes, pc, () => undefined).text : 'not readable'}`;
    },
    run: (budget) => {
      last = machine.run(budget);
      return last;
    },
    save: () => machine.snapshots.save(),
    restore: (state) => {
      // Going back happens only to search a difference: what the guest said is said.
      machine.console.muted = true;
      machine.snapshots.restore(state);
    },
  };
}

function describe({ equalAfter, differAfter, instructions, differences }: LockstepDifference): Readonly<Record<string, string>> {
  return {
    'equal after': `${equalAfter} instructions`, 'differ after': `${differAfter} instructions`,
    ...Object.fromEntries(instructions.map((text, n) => [`instruction ${equalAfter + n + 1}`, text])),
    ...Object.fromEntries(differences.map(({ path, reference, candidate }) => [path, `evaluator ${reference}, translator ${candidate}`])),
  };
}
