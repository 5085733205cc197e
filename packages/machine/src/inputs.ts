import { MachineError } from './error.ts';
import { clonePlain, stateOf, type Plain } from './plain.ts';

/** One input from outside: what, where to, and before which instruction it took effect. */
export type InputEntry = { readonly tick: bigint; readonly channel: string; readonly data: Plain };

/** The only way from outside into a running machine. Everything that comes in is recorded with its tick, so that it can be replayed. */
export interface InputLog {
  /** Declares the receiver of a channel (a device input, by name), while composing. Throws `duplicate-name`. */
  channel(name: string, receive: (data: Plain) => void): void;
  /** Hands `data` to a channel before the next instruction. Throws `unknown-name`; during a replay it throws `busy`. */
  post(channel: string, data: Plain): void;
}

/** Records what is posted, or replays a recording tick for tick. */
export class RecordedInputs implements InputLog {
  readonly #receivers = new Map<string, (data: Plain) => void>();
  #entries: InputEntry[] = [];
  #pending: { channel: string; data: Plain }[] = [];
  #cursor = 0;
  #replaying = false;
  #onPost: () => void = () => {};

  channel(name: string, receive: (data: Plain) => void): void {
    if (this.#receivers.has(name)) throw new MachineError('duplicate-name', `input channel '${name}' is already declared; channel names are unique in a machine.`);
    this.#receivers.set(name, receive);
  }

  post(channel: string, data: Plain): void {
    this.#receiver(channel);
    if (this.#replaying && this.#cursor < this.#entries.length) {
      throw new MachineError('busy', `input for '${channel}' refused: a recording is being replayed (${this.#entries.length - this.#cursor} inputs left). Call stopReplay() to take over from here.`);
    }
    this.#replaying = false;
    this.#pending.push({ channel, data: clonePlain(data) });
    this.#onPost();
  }

  #receiver(channel: string): (data: Plain) => void {
    const receive = this.#receivers.get(channel);
    if (!receive) {
      throw new MachineError('unknown-name', `there is no input channel '${channel}'; this machine has ${[...this.#receivers.keys()].map((name) => `'${name}'`).join(', ') || 'none'}.`);
    }
    return receive;
  }

  /** Everything delivered so far (of a replay: the whole recording). */
  get entries(): readonly InputEntry[] {
    return this.#entries;
  }

  /** From here on inputs come from `entries`. Ticks must ascend and name known channels. */
  replay(entries: readonly InputEntry[]): void {
    entries.forEach((entry, index) => {
      this.#receiver(entry.channel);
      if (index > 0 && entry.tick < entries[index - 1].tick) {
        throw new MachineError('bad-tick', `input ${index} of the recording is at tick ${entry.tick}, before its predecessor at ${entries[index - 1].tick}; a recording is in order of time.`);
      }
    });
    this.#entries = entries.map((entry) => ({ tick: entry.tick, channel: entry.channel, data: clonePlain(entry.data) }));
    this.#cursor = 0;
    this.#pending = [];
    this.#replaying = true;
  }

  /** Drops the rest of the recording and records from here on. */
  stopReplay(): void {
    this.#entries.length = this.#cursor;
    this.#replaying = false;
  }

  /** The tick of the next replayed input, or of what waits to be delivered now. */
  nextDue(now: bigint): bigint | undefined {
    if (this.#pending.length > 0) return now;
    return this.#replaying ? this.#entries[this.#cursor]?.tick : undefined;
  }

  /** Delivers what is due at `now`. Returns how many. */
  deliver(now: bigint): number {
    let delivered = 0;
    while (this.#replaying && this.#cursor < this.#entries.length && this.#entries[this.#cursor].tick <= now) {
      const entry = this.#entries[this.#cursor++];
      this.#receiver(entry.channel)(entry.data);
      delivered++;
    }
    while (this.#pending.length > 0) {
      const { channel, data } = this.#pending.shift() as { channel: string; data: Plain };
      this.#entries.push({ tick: now, channel, data });
      this.#cursor = this.#entries.length;
      this.#receiver(channel)(data);
      delivered++;
    }
    return delivered;
  }

  bind(onPost: () => void): void {
    this.#onPost = onPost;
  }

  /** What is still to be delivered: the part of this object that decides the machine's future, hence part of its hash. */
  future(): Plain {
    return { pending: this.#pending.map(({ channel, data }) => [channel, data]), replay: this.#replaying ? this.#entries.slice(this.#cursor) : [] };
  }

  save(): Plain {
    return { entries: [...this.#entries], cursor: this.#cursor, replaying: this.#replaying, pending: this.#pending.map(({ channel, data }) => [channel, data]) };
  }

  restore(state: Plain): void {
    const s = stateOf<{ entries: readonly InputEntry[]; cursor: number; replaying: boolean; pending: readonly (readonly [string, Plain])[] }>(
      state, 'inputs', ['entries', 'cursor', 'replaying', 'pending']);
    this.#entries = [...s.entries];
    this.#cursor = s.cursor;
    this.#replaying = s.replaying;
    this.#pending = s.pending.map(([channel, data]) => ({ channel, data }));
  }
}
