/** Runs trials on the machines of a proof. */
import { interruptHandler, interruptProgram } from './interrupt-program.ts';
import type { ProofMachine, ProofMachines } from './machine.ts';
import type { Observation } from './observation.ts';
import { GUEST, OFF, guestProgram, vectorTable } from './program.ts';
import type { GuestImage } from './proof-guest.ts';
import { Run } from './run.ts';
import type { Scenario } from './scenario.ts';
import type { Trial } from './trial.ts';

/** Runs trials on machines it is given. */
export class Bench {
  readonly #machines: ProofMachines;
  readonly #images = new Map<string, GuestImage>();

  constructor(machines: ProofMachines) {
    this.#machines = machines;
  }

  /** Throws what the trial's own code throws, save what a switch may come to. */
  run(trial: Trial): Observation {
    const machine = this.#machines(trial.sync ?? 'early', trial.scenario.equipment ?? 'plain');
    machine.reset();
    return new Run(machine, trial, (debug) => this.#image(machine, debug, trial.scenario)).complete();
  }

  #image(machine: ProofMachine, debug: readonly string[], { disturbed = false, brief = false, interrupts = false, equipment = 'plain' }: Scenario): GuestImage {
    const generation = interrupts && equipment !== 'plain' ? equipment : undefined;
    const key = `${debug.length}${disturbed ? ' disturbed' : ''}${brief ? ' brief' : ''} ${generation ?? ''}`;
    let image = this.#images.get(key);
    if (!image) {
      const { source, breakpoint } = generation ? { source: interruptProgram(generation, OFF), breakpoint: GUEST.code } : guestProgram({ debug, disturbed, brief });
      image = { code: machine.assemble(source, GUEST.code), vectors: machine.assemble(vectorTable(generation && interruptHandler(generation)), 0n), breakpoint };
      this.#images.set(key, image);
    }
    return image;
  }
}
