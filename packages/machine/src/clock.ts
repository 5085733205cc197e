import { MachineError } from './error.ts';
import { stateOf, type Plain } from './plain.ts';

/**
 * An event with a name that is unique in the machine. Names are what a snapshot can hold and a closure is not:
 * the owner declares the event once, while composing, and a restored machine finds the handler by name.
 */
export interface ClockEvent {
  readonly name: string;
  /** The tick it is scheduled for. */
  readonly due: bigint | undefined;
  /** Moves the event to `tick`. A tick that is already reached fires before the next instruction. */
  schedule(tick: bigint): void;
  cancel(): void;
}

/** Virtual time in ticks; what devices and processors get. */
export interface Clock {
  readonly ticksPerSecond: number;
  /** Exact inside an instruction: ticks of everything retired before it, by all processors, plus skipped idle time. */
  now(): bigint;
  /** One-shot, nameless: cannot be saved, so `save` refuses while it is pending. For tests and front ends; devices use `event`. */
  at(tick: bigint, fire: () => void): Disposable;
  /** Declares a named event. Throws `duplicate-name` for a name already taken. */
  event(name: string, fire: () => void): ClockEvent;
}

interface Entry { readonly tick: bigint; readonly sequence: number; readonly name: string | undefined; readonly fire: () => void }

/** More than this many firings without an instruction retiring is a device that reschedules itself for the present for ever. */
const RUNAWAY = 100_000;

/**
 * The machine's clock and event queue. Events fire in the order (tick, sequence of scheduling), between instructions,
 * never inside one. The machine drives it; devices see it as `Clock`.
 */
export class VirtualClock implements Clock {
  readonly ticksPerSecond: number;
  #base = 0n;
  #sequence = 0;
  #queue: Entry[] = [];
  readonly #handlers = new Map<string, () => void>();
  #progress: () => number = () => 0;
  #onSchedule: (tick: bigint) => void = () => {};

  constructor(ticksPerSecond: number) {
    this.ticksPerSecond = ticksPerSecond;
  }

  now(): bigint {
    const progress = this.#progress();
    return progress === 0 ? this.#base : this.#base + BigInt(progress);
  }

  at(tick: bigint, fire: () => void): Disposable {
    const entry = this.#insert(tick, undefined, fire);
    return { [Symbol.dispose]: () => { this.#queue = this.#queue.filter((other) => other !== entry); } };
  }

  event(name: string, fire: () => void): ClockEvent {
    if (this.#handlers.has(name)) {
      throw new MachineError('duplicate-name', `clock event '${name}' is already declared; give each device its own name, event names are unique in a machine.`);
    }
    this.#handlers.set(name, fire);
    const find = (): Entry | undefined => this.#queue.find((entry) => entry.name === name);
    const cancel = (): void => { if (find()) this.#queue = this.#queue.filter((entry) => entry.name !== name); };
    return {
      name,
      get due() { return find()?.tick; },
      schedule: (tick) => { cancel(); this.#insert(tick, name, fire); },
      cancel,
    };
  }

  #insert(tick: bigint, name: string | undefined, fire: () => void): Entry {
    const entry = { tick, sequence: this.#sequence++, name, fire };
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1].tick > tick) at--;
    this.#queue.splice(at, 0, entry);
    this.#onSchedule(tick);
    return entry;
  }

  /** The tick of the first pending event. */
  nextDue(): bigint | undefined {
    return this.#queue[0]?.tick;
  }

  /** Fires everything due, including what the handlers schedule for the present. Returns how many fired. */
  fireDue(): number {
    let fired = 0;
    while (this.#queue.length > 0 && this.#queue[0].tick <= this.#base) {
      const entry = this.#queue.shift() as Entry;
      entry.fire();
      if (++fired > RUNAWAY) {
        throw new MachineError('runaway-event',
          `clock event '${entry.name ?? '(anonymous)'}' fired ${RUNAWAY} times at tick ${this.#base}; a handler must schedule its next event after the present tick.`);
      }
    }
    return fired;
  }

  /** Commits the ticks of a finished slice. */
  advance(ticks: number): void {
    if (ticks > 0) this.#base += BigInt(ticks);
  }

  /** Moves idle time forward to `tick`. Refuses to go back or past a pending event, which would then fire late. */
  skipTo(tick: bigint): void {
    const due = this.nextDue();
    if (tick < this.#base || (due !== undefined && tick > due)) {
      throw new MachineError('bad-tick', `cannot skip from tick ${this.#base} to ${tick}: time goes forward and not past the next event${due === undefined ? '' : ` (at ${due})`}.`);
    }
    this.#base = tick;
  }

  /** The machine tells how far the running processor is in its slice, and wants to hear of events that end the slice earlier. */
  bind(progress: () => number, onSchedule: (tick: bigint) => void): void {
    this.#progress = progress;
    this.#onSchedule = onSchedule;
  }

  save(): Plain {
    const anonymous = this.#queue.find((entry) => entry.name === undefined);
    if (anonymous) {
      throw new MachineError('anonymous-event', `an anonymous event is pending at tick ${anonymous.tick} and cannot be saved; declare it with clock.event(name, handler), or run past it first.`);
    }
    return { base: this.#base, sequence: this.#sequence, queue: this.#queue.map(({ tick, sequence, name }) => [name ?? '', tick, sequence]) };
  }

  restore(state: Plain): void {
    const s = stateOf<{ base: bigint; sequence: number; queue: readonly (readonly [string, bigint, number])[] }>(state, 'clock', ['base', 'sequence', 'queue']);
    const queue = s.queue.map(([name, tick, sequence]): Entry => {
      const fire = this.#handlers.get(name);
      if (!fire) throw new MachineError('unknown-name', `the saved state has a clock event '${name}' that no device of this machine declares; restore it on the same board.`);
      return { tick, sequence, name, fire };
    });
    this.#base = s.base;
    this.#sequence = s.sequence;
    this.#queue = queue;
  }
}
