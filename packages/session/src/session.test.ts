import { describe, expect, it } from 'vitest';
import { LocalSession, parseOptions, parseSize, PLUGIN_API_VERSION, type ArchitecturePlugin, type HandleStop, type MachineHandle, type MachineRequest, type SessionEvent } from './index.ts';

/** A machine that counts: each instruction adds one to `n` and `pc`; it echoes what is typed, and idles every hundred ticks until the next hundred. */
function counter(request: MachineRequest): MachineHandle {
  let [n, ticks] = [0n, 0n];
  let typed: number[] = [];
  let breakpoints = new Set<bigint>();
  let standing = false;
  const start = { n, ticks };
  return {
    title: 'counter', cpus: 1, ticksPerSecond: 1000, entry: 0n, symbols: [{ name: 'ten', value: 10n, size: 0n, kind: 'function' }], instructionLength: 1,
    get ticks() { return ticks; },
    get retired() { return Number(n - start.n); },
    get pc() { return n; },
    get untaken() { return typed.length; },
    run(budget): HandleStop {
      for (let left = budget; left > 0; left--) {
        if (typed.length > 0) {
          request.console(Uint8Array.from(typed));
          typed = [];
        }
        if (breakpoints.has(n) && !standing) {
          standing = true;
          return { kind: 'debug', hit: { kind: 'breakpoint', address: n }, pc: n, why: 'breakpoint' };
        }
        standing = false;
        if (n === 1000n) return { kind: 'halted', why: 'enough', ok: true };
        n++;
        if (++ticks % 100n === 0n) return { kind: 'idle', until: ticks + 100n };
      }
      return { kind: 'budget' };
    },
    skipTo: (tick) => { ticks = tick; },
    stops: { regime: 'machine', instructionAlignment: 2, apply: (stops) => { breakpoints = new Set(stops.map(({ address }) => address)); } },
    type: (bytes) => { typed.push(...bytes); },
    registerNames: ['n', 'ro'],
    readRegister: (name) => (name === 'n' ? n : name === 'ro' ? 1n : undefined),
    writeRegister: (name, value) => {
      if (name === 'n') n = value;
      return name === 'n';
    },
    readMemory: (address, length) => (address < 2000n ? new Uint8Array(length) : undefined),
    decode: () => ({ text: 'count', length: 1, call: false }),
    traces: { ticks: () => ({ drain: () => [{ text: `at ${ticks}`, data: { ticks } }], [Symbol.dispose]: () => undefined }) },
    snapshots: { save: () => ({ n, ticks }), restore: (state) => { ({ n, ticks } = state as { n: bigint; ticks: bigint }); } },
    reset: () => { [n, ticks] = [0n, 0n]; },
  };
}

const plugin: ArchitecturePlugin = {
  name: 'counter', apiVersion: PLUGIN_API_VERSION, about: 'counts', boards: ['one'], traces: { ticks: 'the clock', other: 'needs more' },
  options: [{ name: 'memory', type: 'size', default: '1M', about: '' }, { name: 'kind', type: 'choice', choices: ['small', 'large'], default: 'small', about: '' }],
  recognises: () => false,
  createMachine: async (request) => counter(request),
};

function open(): { readonly session: LocalSession; readonly events: SessionEvent[] } {
  let clock = 0;
  const session = new LocalSession({ now: () => clock, sleep: async (milliseconds) => { clock += milliseconds + 1; } });
  session.registerArchitecture(plugin);
  const events: SessionEvent[] = [];
  for (const kind of ['loaded', 'console', 'running', 'stopped', 'trace'] as const) session.on(kind, (event) => events.push(event));
  return { session, events };
}

describe('a session', () => {
  it('loads, runs to a stop and on, with idle time skipped', async () => {
    const { session, events } = open();
    expect(await session.send({ kind: 'load' })).toMatchObject({ architecture: 'counter', symbols: 1 });
    await session.send({ kind: 'break', address: 'ten+2' });
    const first = await session.send({ kind: 'run' });
    expect(first).toMatchObject({ end: { kind: 'debug', stop: { id: 1, hits: 1 } }, position: { pc: 12n, where: 'ten+0x2', instruction: 'count', retired: 12 } });
    const last = await session.send({ kind: 'run' });
    expect(last).toMatchObject({ end: { kind: 'halted', ok: true }, position: { pc: 1000n, ticks: 2000n } });
    expect(events.map(({ kind }) => kind)).toEqual(['loaded', 'running', 'stopped', 'running', 'stopped']);
    // All of it is plain data.
    expect(structuredClone(events)).toEqual(events);
  });
  it('has the budget to the instruction', async () => {
    const { session } = open();
    await session.send({ kind: 'load' });
    expect((await session.send({ kind: 'run', budget: 150 })).position).toMatchObject({ retired: 150, ticks: 250n });
    expect(await session.send({ kind: 'step', count: 7 })).toMatchObject({ steps: 7, position: { retired: 157 } });
  });
  it('keeps real time where asked', async () => {
    const { session } = open();
    await session.send({ kind: 'load' });
    expect((await session.send({ kind: 'run', budget: 101, pace: 'real' })).position.ticks).toBe(201n);
  });
  it('takes input while it runs, refuses the rest, and can be paused', async () => {
    const { session, events } = open();
    await session.send({ kind: 'load' });
    session.expectsInput = true;
    await session.send({ kind: 'input', bytes: Uint8Array.of(104, 105) });
    const run = session.send({ kind: 'run', pace: 'real' });
    await expect(session.send({ kind: 'registers' })).rejects.toMatchObject({ code: 'busy' });
    await session.send({ kind: 'pause' });
    expect((await run).end.kind).toBe('paused');
    expect(events.find((event) => event.kind === 'console')).toEqual({ kind: 'console', bytes: Uint8Array.of(104, 105) });
  });
  it('goes back to a snapshot', async () => {
    const { session } = open();
    await session.send({ kind: 'load' });
    await session.send({ kind: 'run', budget: 42 });
    const { snapshot } = await session.send({ kind: 'save' });
    await session.send({ kind: 'run', budget: 100 });
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect((await session.send({ kind: 'restore', snapshot })).position.pc).toBe(42n);
    expect((await session.send({ kind: 'reset' })).position.pc).toBe(0n);
  });
  it('refuses what is wrong, and names it', async () => {
    const { session } = open();
    await expect(session.send({ kind: 'run' })).rejects.toMatchObject({ code: 'not-loaded' });
    await expect(session.send({ kind: 'load', architecture: 'countre' })).rejects.toThrow("unknown architecture 'countre'; did you mean counter?");
    await expect(session.send({ kind: 'load', options: { memroy: '1M' } })).rejects.toThrow("unknown option 'memroy'; did you mean memory?");
    await expect(session.send({ kind: 'load', options: { kind: 'huge' } })).rejects.toMatchObject({ code: 'bad-option' });
    await session.send({ kind: 'load' });
    await expect(session.send({ kind: 'break', address: 3n })).rejects.toMatchObject({ source: 'debugger', code: 'unaligned' });
    await expect(session.send({ kind: 'registers', names: ['m'] })).rejects.toThrow("unknown register 'm'; did you mean n?");
    await expect(session.send({ kind: 'write-register', name: 'ro', value: 2n })).rejects.toMatchObject({ code: 'read-only' });
    await expect(session.send({ kind: 'memory', address: 3000n, length: 4 })).rejects.toMatchObject({ code: 'unmapped' });
    await expect(session.send({ kind: 'trace', name: 'other', on: true })).rejects.toMatchObject({ code: 'unsupported' });
    await expect(session.send({ kind: 'trace', name: 'tick', on: true })).rejects.toThrow('did you mean ticks');
    await expect(session.send({ kind: 'explain', address: 0n, access: 'read' })).rejects.toMatchObject({ code: 'unsupported' });
    expect((await session.send({ kind: 'stops' })).stops).toEqual([]);
    expect(() => { session.registerArchitecture(plugin); }).toThrow('registered already');
    expect(() => { session.registerArchitecture({ ...plugin, name: 'old', apiVersion: 0 as 1 }); }).toThrow('API version 0');
  });
  it('sends trace rows while a trace is on', async () => {
    const { session, events } = open();
    await session.send({ kind: 'load' });
    await session.send({ kind: 'trace', name: 'ticks', on: true });
    await session.send({ kind: 'run', budget: 5 });
    await session.send({ kind: 'trace', name: 'ticks', on: false });
    await session.send({ kind: 'run', budget: 5 });
    const rows = events.filter((event) => event.kind === 'trace').flatMap((event) => event.rows.map(({ text }) => text));
    expect(new Set(rows)).toEqual(new Set(['at 5']));
  });
});

describe('options', () => {
  it('read sizes', () => {
    const cases: readonly (readonly [string, number | undefined])[] = [['256M', 2 ** 28], ['1G', 2 ** 30], ['64KiB', 65536], ['0x1000', 4096], ['12', 12], ['1T', undefined], ['-1', undefined], ['1.5G', undefined], ['', undefined]];
    for (const [text, bytes] of cases) expect(parseSize(text)).toBe(bytes);
  });
  it('are read by their types', () => {
    const schema = [{ name: 'n', type: 'count', default: 1, about: '' }, { name: 'at', type: 'number', placeholder: 'A', about: '' }, { name: 'f', type: 'file', about: '' }, { name: 'on', type: 'flag', about: '' }] as const;
    expect(parseOptions(schema, { n: '4', at: '0x10', f: Uint8Array.of(1), on: true })).toEqual({ n: 4, at: 16n, f: Uint8Array.of(1), on: true });
    expect(parseOptions(schema, {})).toEqual({ n: 1, at: undefined, f: undefined, on: undefined });
    for (const bad of [{ n: '-1' }, { n: 'x' }, { at: '0x1_0000_0000_0000_0000' }, { f: 'name' }, { on: 'yes' }]) expect(() => parseOptions(schema, bad)).toThrow(/it must be/);
  });
});
