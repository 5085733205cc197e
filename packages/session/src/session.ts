import { hex } from '@worldswitch/bits';
import { DebuggerError, SymbolTable, listing, stepInto, stepOver, StopTable, type StepResult, type StopRequest } from '@worldswitch/debugger';
import type { Plain } from '@worldswitch/machine';
import { refuse, unknownValue, userError } from './error.ts';
import type { SessionHost } from './host.ts';
import { parseOptions } from './options.ts';
import { ENGINE_CHOICES, PLUGIN_API_VERSION, type ArchitecturePlugin, type HandleStop, type MachineHandle, type RunningTrace } from './plugin.ts';
import type { AddressLike, CommandKind, CommandOf, EventKind, EventOf, LoadedMachine, Pace, Position, ReplyOf, RunEnd, Session, SessionEvent } from './protocol.ts';

/** Instructions between two looks at the outside world; some ten milliseconds of the fast engines. */
const SLICE = 1_000_000;
/** A run that has gone on for this long without a turn for others gives them one. */
const TURN_MILLISECONDS = 12;

/** Everything that belongs to one loaded image. */
interface Loaded {
  readonly machine: MachineHandle;
  readonly summary: LoadedMachine;
  readonly symbols: SymbolTable;
  readonly stops: StopTable;
  readonly traces: Map<string, RunningTrace>;
}

type Handlers = { readonly [K in CommandKind]: (command: CommandOf<K>) => ReplyOf<K> | Promise<ReplyOf<K>> };

/** A session in this thread. */
export class LocalSession implements Session {
  readonly #host: SessionHost;
  readonly #plugins = new Map<string, ArchitecturePlugin>();
  readonly #listeners = new Map<EventKind, Set<(event: SessionEvent) => void>>();
  readonly #handlers: Handlers;
  #loaded: Loaded | undefined;
  #busy: string | undefined;
  #pause = false;
  /** Wakes a run that waits for input. */
  #wake: (() => void) | undefined;
  #output: Uint8Array[] = [];

  constructor(host: SessionHost) {
    this.#host = host;
    this.#handlers = this.#table();
  }

  /** Adds an architecture. Throws `SessionError` `bad-version` or `duplicate-name`. */
  registerArchitecture(plugin: ArchitecturePlugin): void {
    const version: number = plugin.apiVersion;
    if (version !== PLUGIN_API_VERSION) throw refuse('bad-version', `plugin '${plugin.name}' is written for API version ${version}, this session has ${PLUGIN_API_VERSION}; install matching releases`);
    if (this.#plugins.has(plugin.name)) throw refuse('duplicate-name', `architecture '${plugin.name}' is registered already; register each once`);
    this.#plugins.set(plugin.name, plugin);
  }

  async send<K extends CommandKind>(command: CommandOf<K>): Promise<ReplyOf<K>> {
    const { kind } = command;
    const handler = this.#handlers[kind];
    if (handler === undefined) throw unknownValue('unknown-command', 'command', kind, Object.keys(this.#handlers));
    if (this.#busy !== undefined && kind !== 'pause' && kind !== 'input' && kind !== 'architectures') {
      throw refuse('busy', `command '${kind}' while '${this.#busy}' is at work; send 'pause' first and wait for its end`);
    }
    try {
      return await handler(command);
    } catch (error) {
      throw userError(error) ?? error;
    }
  }

  on<K extends EventKind>(kind: K, listener: (event: EventOf<K>) => void): Disposable {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    const heard = listener as (event: SessionEvent) => void;
    listeners.add(heard);
    return { [Symbol.dispose]: () => { listeners.delete(heard); } };
  }

  close(): void {
    this.#pause = true;
    this.#wake?.();
    this.#endTraces();
    this.#loaded = undefined;
    this.#listeners.clear();
  }

  #emit(event: SessionEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) listener(event);
  }

  #need(): Loaded {
    if (this.#loaded === undefined) throw refuse('not-loaded', 'no machine is loaded; send \'load\' first');
    return this.#loaded;
  }

  #table(): Handlers {
    return {
      architectures: () => ({ architectures: [...this.#plugins.values()].map(({ name, about, boards, options, traces }) => ({ name, about, boards, options, traces })) }),
      load: (command) => this.#alone('load', () => this.#load(command)),
      run: ({ budget, pace }) => this.#alone('run', () => this.#run(budget ?? Number.MAX_SAFE_INTEGER, pace ?? 'skip')),
      pause: () => {
        this.#pause = true;
        this.#wake?.();
        return {};
      },
      step: ({ count, over }) => this.#step(count ?? 1, over ?? false),
      break: ({ address }) => ({ stop: this.#add({ kind: 'breakpoint', address: this.#address(address) }) }),
      watch: ({ address, length, access }) => ({ stop: this.#add({ kind: 'watchpoint', address: this.#address(address), length: length ?? 1, access: access ?? 'both' }) }),
      remove: ({ id }) => { this.#need().stops.remove(id); return {}; },
      enable: ({ id, enabled }) => { this.#need().stops.enable(id, enabled); return {}; },
      stops: () => ({ regime: this.#need().machine.stops.regime, stops: this.#need().stops.stops }),
      position: () => ({ position: this.#position() }),
      registers: ({ names }) => this.#registers(names),
      'write-register': ({ name, value }) => this.#writeRegister(name, value),
      memory: ({ address, length, space }) => {
        const at = this.#address(address);
        const bytes = this.#need().machine.readMemory(at, length, space ?? 'virtual');
        if (bytes === undefined) throw refuse('unmapped', `${length} bytes at ${hex(at)} (${space ?? 'virtual'}) are not all memory; ask for mapped addresses`);
        return { address: at, bytes };
      },
      disassemble: ({ address, count }) => {
        const { machine, symbols } = this.#need();
        return { lines: listing(sourceOf(machine), address === undefined ? machine.pc : this.#address(address), count ?? 8, symbols) };
      },
      explain: ({ address, access, length }) => {
        const { machine } = this.#need();
        if (machine.explain === undefined) throw refuse('unsupported', 'this machine\'s processor has no debug hardware that explains itself; use stops of the session');
        return { explanations: machine.explain({ address: this.#address(address), access, ...(length !== undefined && { length }) }) };
      },
      input: ({ bytes }) => {
        const { machine } = this.#need();
        machine.type(bytes);
        this.#wake?.();
        return { untaken: machine.untaken };
      },
      trace: ({ name, on }) => this.#trace(name, on),
      save: () => ({ snapshot: this.#snapshots().save() }),
      restore: ({ snapshot }) => this.#restore(snapshot),
      reset: () => {
        this.#need().machine.reset();
        return { position: this.#position() };
      },
    };
  }

  async #alone<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#busy = what;
    try {
      return await work();
    } finally {
      this.#busy = undefined;
    }
  }

  async #load({ architecture, engine = 'translator', image, options = {} }: CommandOf<'load'>): Promise<LoadedMachine> {
    if (!ENGINE_CHOICES.includes(engine)) throw unknownValue('bad-option', 'engine', engine, ENGINE_CHOICES);
    const plugin = this.#pluginFor(architecture, image);
    const { gunzip } = this.#host;
    const machine = await plugin.createMachine({
      engine, ...(image && { image }), options: parseOptions(plugin.options, options),
      console: (bytes) => { this.#output.push(bytes); }, ...(gunzip && { gunzip }),
    });
    this.#endTraces();
    this.#output = [];
    const symbols = new SymbolTable(machine.symbols);
    const { title, cpus, entry, ticksPerSecond } = machine;
    const summary: LoadedMachine = { architecture: plugin.name, title, cpus, entry, symbols: symbols.size, ticksPerSecond };
    this.#loaded = { machine, summary, symbols, stops: new StopTable(machine.stops), traces: new Map() };
    this.#emit({ kind: 'loaded', ...summary });
    return summary;
  }

  #pluginFor(name: string | undefined, image: CommandOf<'load'>['image']): ArchitecturePlugin {
    const plugins = [...this.#plugins.values()];
    const found = name === undefined
      ? (image && plugins.find((plugin) => plugin.recognises(image))) ?? (plugins.length === 1 ? plugins[0] : undefined)
      : this.#plugins.get(name);
    if (found !== undefined) return found;
    if (name === undefined) throw refuse('unknown-architecture', `the image does not say its architecture; name one of ${plugins.map((plugin) => plugin.name).join(', ') || 'none registered'}`);
    throw unknownValue('unknown-architecture', 'architecture', name, [...this.#plugins.keys()]);
  }

  async #run(budget: number, pace: Pace): Promise<ReplyOf<'run'>> {
    const loaded = this.#need();
    if (!Number.isSafeInteger(budget) || budget < 1) throw refuse('bad-option', `budget ${budget}: a number of instructions is a whole number from 1 up`);
    this.#pause = false;
    this.#emit({ kind: 'running' });
    let end: RunEnd;
    try {
      end = await this.#runSlices(loaded, budget, pace);
    } finally {
      this.#flush(loaded);
    }
    const position = this.#position();
    this.#emit({ kind: 'stopped', end, position });
    return { end, position };
  }

  async #runSlices(loaded: Loaded, budget: number, pace: Pace): Promise<RunEnd> {
    const { machine } = loaded;
    const host = this.#host;
    const [startTick, startTime] = [machine.ticks, host.now()];
    const realTick = (): bigint => startTick + BigInt(Math.floor((host.now() - startTime) * machine.ticksPerSecond / 1000));
    const last = machine.retired + budget;
    let turn = startTime;
    for (;;) {
      if (this.#pause) return { kind: 'paused' };
      const left = last - machine.retired;
      if (left <= 0) return { kind: 'budget' };
      const stop = machine.run(Math.min(left, SLICE));
      this.#flush(loaded);
      if (stop.kind === 'idle') {
        if (!(await this.#waitIdle(loaded, stop, pace, realTick))) return stop;
        turn = host.now();
      } else if (stop.kind !== 'budget') {
        return this.#endOf(loaded, stop);
      }
      if (host.now() - turn < TURN_MILLISECONDS) continue;
      this.#emit({ kind: 'progress', retired: machine.retired, ticks: machine.ticks, untaken: machine.untaken });
      const ahead = pace === 'real' ? Number(machine.ticks - realTick()) * 1000 / machine.ticksPerSecond : 0;
      await host.sleep(Math.max(0, Math.floor(ahead)));
      turn = host.now();
    }
  }

  /** Lets idle time pass. False where nothing will ever happen and nobody listens for input. */
  async #waitIdle({ machine }: Loaded, { until }: Extract<HandleStop, { kind: 'idle' }>, pace: Pace, realTick: () => bigint): Promise<boolean> {
    if (until === undefined && !this.#expectsInput) return false;
    if (until !== undefined && pace === 'skip') {
      machine.skipTo(until);
      return true;
    }
    const woken = new Promise<void>((resolve) => { this.#wake = resolve; });
    const wait = until === undefined ? undefined : Math.max(0, Number(until - realTick()) * 1000 / machine.ticksPerSecond);
    await (wait === undefined ? woken : Promise.race([woken, this.#host.sleep(Math.ceil(wait))]));
    this.#wake = undefined;
    if (until !== undefined) {
      const now = realTick();
      if (now > machine.ticks) machine.skipTo(now < until ? now : until);
    }
    return true;
  }

  /** Whether a machine that waits for input is waited for; a front end without a source of input says no, and the run ends as `idle`. */
  get expectsInput(): boolean {
    return this.#expectsInput;
  }
  set expectsInput(expects: boolean) {
    this.#expectsInput = expects;
    if (!expects) this.#wake?.();
  }
  #expectsInput = false;

  #endOf({ stops }: Loaded, stop: HandleStop): RunEnd {
    if (stop.kind !== 'debug') return stop;
    const mine = stop.hit && stops.hit(stop.hit);
    return mine === undefined ? stop : { ...stop, stop: mine };
  }

  #flush({ traces }: Loaded): void {
    if (this.#output.length > 0) {
      const [first, ...more] = this.#output;
      const bytes = more.length === 0 ? first : join(this.#output);
      this.#output = [];
      this.#emit({ kind: 'console', bytes });
    }
    for (const [name, trace] of traces) {
      const rows = trace.drain();
      if (rows.length > 0) this.#emit({ kind: 'trace', name, rows });
    }
  }

  #step(count: number, over: boolean): ReplyOf<'step'> {
    const loaded = this.#need();
    const { machine, stops } = loaded;
    const stepper = {
      get pc() { return machine.pc; },
      run: (budget: number): HandleStop => machine.run(budget),
      ...(machine.stepOne && { stepOne: machine.stepOne.bind(machine) }),
      callLength: (pc: bigint) => {
        const bytes = machine.readMemory(pc, machine.instructionLength, 'virtual');
        const decoded = bytes && machine.decode(bytes, pc, () => undefined);
        return decoded?.call === true ? decoded.length : undefined;
      },
      breakHere: (address: bigint): Disposable => {
        const { id } = stops.add({ kind: 'breakpoint', address });
        return { [Symbol.dispose]: () => { stops.remove(id); } };
      },
    };
    const { steps, stop }: StepResult<HandleStop> = over ? stepOver(stepper, count) : stepInto(stepper, count);
    this.#flush(loaded);
    return { steps, ...(stop && { end: this.#endOf(loaded, stop) }), position: this.#position() };
  }

  #position(): Position {
    const { machine, symbols } = this.#need();
    const { pc, retired, ticks } = machine;
    const [line] = listing(sourceOf(machine), pc, 1, symbols);
    return { pc, where: symbols.describe(pc), instruction: line?.text ?? '??', retired, ticks };
  }

  #registers(names: readonly string[] | undefined): ReplyOf<'registers'> {
    const { machine } = this.#need();
    const values: Record<string, bigint> = {};
    for (const name of names ?? machine.registerNames) {
      const value = machine.readRegister(name);
      if (value !== undefined) values[name] = value;
      else if (names !== undefined) throw unknownValue('unknown-register', 'register', name, machine.registerNames);
    }
    return { values };
  }

  #writeRegister(name: string, value: bigint): object {
    const { machine } = this.#need();
    if (!machine.registerNames.includes(name)) throw unknownValue('unknown-register', 'register', name, machine.registerNames);
    if (!machine.writeRegister(name, value)) throw refuse('read-only', `register ${name} cannot be written with ${hex(value)}: it is read-only, or the value is none it can take; read it to see what it holds`);
    return {};
  }

  #add(request: StopRequest): ReturnType<StopTable['add']> {
    return this.#need().stops.add(request);
  }
  #address(address: AddressLike): bigint {
    if (typeof address === 'string') return this.#need().symbols.resolve(address);
    if (address >= 0n && address < 1n << 64n) return address;
    throw new DebuggerError({ code: 'bad-address', value: `address ${address}`, rule: 'an address has 64 bits and no sign', remedy: 'use BigInt.asUintN(64, address)' });
  }

  #trace(name: string, on: boolean): object {
    const { machine, traces, summary } = this.#need();
    const start = Object.hasOwn(machine.traces, name) ? machine.traces[name] : undefined;
    if (start === undefined) {
      const known = Object.keys(this.#plugins.get(summary.architecture)?.traces ?? {});
      if (known.includes(name)) throw refuse('unsupported', `trace '${name}' has nothing to show on ${summary.title}; ${this.#plugins.get(summary.architecture)?.traces[name] ?? ''}`);
      throw unknownValue('unknown-trace', 'trace', name, known);
    }
    if (on && !traces.has(name)) traces.set(name, start());
    if (!on) {
      traces.get(name)?.[Symbol.dispose]();
      traces.delete(name);
    }
    return {};
  }
  #endTraces(): void {
    for (const trace of this.#loaded?.traces.values() ?? []) trace[Symbol.dispose]();
    this.#loaded?.traces.clear();
  }

  #snapshots(): NonNullable<MachineHandle['snapshots']> {
    const { snapshots } = this.#need().machine;
    if (snapshots === undefined) throw refuse('unsupported', `${this.#need().summary.title} cannot be saved; load it without a world that lives outside the machine`);
    return snapshots;
  }
  #restore(snapshot: Plain): ReplyOf<'restore'> {
    this.#snapshots().restore(snapshot);
    return { position: this.#position() };
  }
}

function sourceOf(machine: MachineHandle): Parameters<typeof listing>[0] {
  return {
    read: (address, length) => machine.readMemory(address, length, 'virtual'),
    decode: (bytes, address, symbol) => machine.decode(bytes, address, symbol),
    instructionLength: machine.instructionLength,
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
