import type { InterruptLine } from './device.ts';

/**
 * A line whose far end is soldered later: processors exist before the interrupt controller that their timers feed.
 * It keeps no level, so there is nothing in it to snapshot; a level set before `connect` is lost, hence: connect while composing.
 */
export class Wire implements InterruptLine {
  #targets: InterruptLine[] = [];

  set(level: boolean): void {
    for (const target of this.#targets) target.set(level);
  }

  /** Fans out: every connected target sees every level. */
  connect(target: InterruptLine): this {
    this.#targets.push(target);
    return this;
  }
}

/**
 * Several sources on one active-high input: the output is high while any source is. The levels are the sources' to save,
 * so the gate offers `save` and `restore` to its owner.
 */
export class OrGate {
  readonly #output: InterruptLine;
  readonly #levels: boolean[] = [];

  constructor(output: InterruptLine) {
    this.#output = output;
  }

  /** A new input, low. */
  input(): InterruptLine {
    const index = this.#levels.push(false) - 1;
    return {
      set: (level) => {
        const before = this.#levels.includes(true);
        this.#levels[index] = level;
        const after = this.#levels.includes(true);
        if (before !== after) this.#output.set(after);
      },
    };
  }

  save(): readonly boolean[] {
    return [...this.#levels];
  }

  restore(levels: readonly boolean[]): void {
    for (let i = 0; i < this.#levels.length; i++) this.#levels[i] = levels[i] ?? false;
  }
}
