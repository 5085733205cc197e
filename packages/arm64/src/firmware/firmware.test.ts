import { describe, expect, it } from 'vitest';
import { narrowCall, newSemihostingState, psci, PSCI, semihosting, SYS, type PowerState, type SemihostingPort, type SemihostingState, type SmcccCall } from './index.ts';

const MINUS = (n: number): bigint => (1n << 64n) - BigInt(n);

function machine(states: Record<string, PowerState>): { started: bigint[][]; cpuState(m: bigint): PowerState | undefined; on(...a: bigint[]): void } {
  const started: bigint[][] = [];
  return { started, cpuState: (mpidr) => states[mpidr.toString()], on: (...call) => { started.push(call); } };
}
const call = (id: bigint | number, args: bigint[] = [], aarch64 = true): SmcccCall =>
  ({ function: BigInt(id), arguments: [args[0] ?? 0n, args[1] ?? 0n, args[2] ?? 0n], caller: { el: 1, aarch64 } });

describe('PSCI', () => {
  const port = machine({ 0: 'on', 1: 'off', 2: 'on-pending' });
  // Measured on QEMU 7.2's virt board by a probe at EL2, except the rows that do not return.
  const rows: readonly (readonly [string, SmcccCall, ReturnType<typeof psci>])[] = [
    ['VERSION is 1.1', call(0x84000000), { effect: 'none', result: 0x10001n }],
    ['CPU_SUSPEND standby', call(0x84000001), { effect: 'suspend', result: 0n }],
    ['CPU_SUSPEND 64, power-down', call(0xc4000001, [0x10000n]), { effect: 'suspend', result: 0n }],
    ['CPU_SUSPEND affinity level', call(0xc4000001, [0x20000n]), { effect: 'none', result: MINUS(2) }],
    ['CPU_SUSPEND 0.1', call(0x95c1ba5e, [0x80000000n]), { effect: 'none', result: MINUS(2) }],
    ['CPU_OFF', call(0x84000002), { effect: 'off' }],
    ['CPU_OFF 0.1', call(0x95c1ba5f), { effect: 'off' }],
    ['CPU_ON unknown', call(0xc4000003, [9n]), { effect: 'none', result: MINUS(2) }],
    ['CPU_ON already on', call(0x84000003, [0n]), { effect: 'none', result: MINUS(4) }],
    ['CPU_ON pending', call(0x95c1ba60, [2n]), { effect: 'none', result: MINUS(5) }],
    ['CPU_ON with the RES1 bit of MPIDR', call(0x84000003, [0x80000000n]), { effect: 'none', result: MINUS(2) }],
    ['CPU_ON looks at 64 bits', call(0x84000003, [1n << 32n]), { effect: 'none', result: MINUS(2) }],
    ['AFFINITY_INFO on', call(0xc4000004, [0n, 0n]), { effect: 'none', result: 0n }],
    ['AFFINITY_INFO off', call(0x84000004, [1n, 0n]), { effect: 'none', result: 1n }],
    ['AFFINITY_INFO pending', call(0x84000004, [2n, 0n]), { effect: 'none', result: 2n }],
    ['AFFINITY_INFO unknown', call(0x84000004, [5n, 0n]), { effect: 'none', result: MINUS(2) }],
    ['AFFINITY_INFO of a higher level', call(0x84000004, [5n, 1n]), { effect: 'none', result: 0n }],
    ['MIGRATE', call(0x84000005), { effect: 'none', result: MINUS(1) }],
    ['MIGRATE_INFO_TYPE', call(0x84000006), { effect: 'none', result: 2n }],
    ['SYSTEM_OFF', call(0x84000008), { effect: 'system-off' }],
    ['SYSTEM_RESET', call(0x84000009), { effect: 'system-reset' }],
    ['SMCCC_VERSION', call(0x80000000), { effect: 'none', result: MINUS(1) }],
    ['SMCCC_ARCH_FEATURES', call(0x80000001), { effect: 'none', result: MINUS(1) }],
    ['bits above the identifier', call(0x1_8400_0000), { effect: 'none', result: MINUS(1) }],
    ['a 64-bit identifier from AArch32', call(0xc4000003, [1n], false), { effect: 'none', result: MINUS(1) }],
  ];
  it.each(rows)('%s', (_name, made, outcome) => {
    expect(psci(made, port)).toEqual(outcome);
    expect(port.started).toEqual([]);
  });

  it('starts a processor that is off, once, with entry and context', () => {
    const target = machine({ 1: 'off' });
    expect(psci(call(0xc4000003, [1n, 0x4020_0000n, 0xdead_beef_0000_0001n]), target)).toEqual({ effect: 'none', result: 0n });
    expect(target.started).toEqual([[1n, 0x4020_0000n, 0xdead_beef_0000_0001n]]);
  });

  it('FEATURES knows exactly the calls QEMU 7.2 says it has', () => {
    const present = [0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003, 0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008, 0x84000009,
      0x8400000a, 0x95c1ba5e, 0x95c1ba5f, 0x95c1ba60];
    const absent = [0x84000005, 0xc4000005, 0xc4000006, 0x84000007, 0xc4000008, 0xc400000a, 0x8400000b, 0x84000012, 0xc4000012, 0x80000000, 0x80000001,
      0x95c1ba61, 0x95c1ba62, 0xc4000000, 0xc4000002];
    const ask = (id: number, aarch64 = true): unknown => psci(call(PSCI.FEATURES, [BigInt(id)], aarch64), port);
    for (const id of present) expect(ask(id), id.toString(16)).toEqual({ effect: 'none', result: 0n });
    for (const id of absent) expect(ask(id), id.toString(16)).toEqual({ effect: 'none', result: MINUS(1) });
    expect(ask(0xc4000003, false)).toEqual({ effect: 'none', result: MINUS(1) });
  });

  it('narrows a call as the convention says', () => {
    const wide = (1n << 40n) | 1n;
    expect(narrowCall(call((7n << 32n) | 0x84000003n, [wide, wide, wide]))).toMatchObject({ function: 0x84000003n, arguments: [1n, 1n, 1n] });
    expect(narrowCall(call((7n << 32n) | 0xc4000003n, [wide, wide, wide]))).toMatchObject({ function: 0xc4000003n, arguments: [wide, wide, wide] });
  });
});

describe('semihosting', () => {
  /** 64 KiB at 0x1000. */
  function host(typed = ''): { port: SemihostingPort; memory: Uint8Array; out: () => string; error: () => string; put(at: number, ...words: (number | bigint)[]): void; text(at: number, s: string): void; word(at: number): bigint } {
    const memory = new Uint8Array(0x10000);
    const streams = { stdout: '', stderr: '' };
    let waiting = typed;
    const view = new DataView(memory.buffer);
    const inside = (at: bigint, length: number): boolean => at >= 0x1000n && at + BigInt(length) <= 0x11000n;
    const port: SemihostingPort = {
      read: (at, length) => (inside(at, length) ? memory.slice(Number(at) - 0x1000, Number(at) - 0x1000 + length) : undefined),
      write: (at, bytes) => { if (!inside(at, bytes.length)) return false; memory.set(bytes, Number(at) - 0x1000); return true; },
      console: {
        write: (bytes, stream) => { streams[stream] += String.fromCharCode(...bytes); },
        read: (length) => { const taken = waiting.slice(0, length); waiting = waiting.slice(length); return new TextEncoder().encode(taken); },
      },
      nanoseconds: () => 1_230_000_000n, seconds: () => 1_767_225_601n, commandLine: 'prog -x', heap: [1n, 2n, 3n, 4n],
    };
    return {
      port, memory, out: () => streams.stdout, error: () => streams.stderr,
      put: (at, ...values) => { values.forEach((value, i) => { view.setBigUint64(at - 0x1000 + 8 * i, BigInt(value), true); }); },
      text: (at, s) => { memory.set(new TextEncoder().encode(s), at - 0x1000); },
      word: (at) => view.getBigUint64(at - 0x1000, true),
    };
  }
  const run = (port: SemihostingPort, operation: number, parameter: number | bigint, state: SemihostingState = newSemihostingState()): { value: bigint | undefined; state: SemihostingState } => {
    const outcome = semihosting(operation, BigInt(parameter), port, state);
    if (outcome.kind === 'exit') throw new Error(`exit ${outcome.code}`);
    return outcome;
  };

  it('writes characters and strings', () => {
    const h = host();
    h.text(0x1000, 'hello\0x');
    run(h.port, SYS.WRITEC, 0x1001);
    run(h.port, SYS.WRITE0, 0x1000);
    expect(h.out()).toBe('ehello');
    expect(run(h.port, SYS.WRITE0, 0).value).toBe(MINUS(1));
  });

  it('opens the console by mode, writes, reads, closes, and uses a handle again', () => {
    const h = host('typed');
    h.text(0x1000, ':tt');
    let state = newSemihostingState();
    const open = (mode: number): bigint | undefined => {
      h.put(0x1100, 0x1000, mode, 3);
      const opened = run(h.port, SYS.OPEN, 0x1100, state);
      state = opened.state;
      return opened.value;
    };
    expect([open(0), open(4), open(8)]).toEqual([1n, 2n, 3n]);
    h.text(0x1200, 'words');
    for (const handle of [2, 3]) {
      h.put(0x1100, handle, 0x1200, 5);
      expect(run(h.port, SYS.WRITE, 0x1100, state).value).toBe(0n);
    }
    expect([h.out(), h.error()]).toEqual(['words', 'words']);
    h.put(0x1100, 1, 0x1200, 5);
    expect(run(h.port, SYS.WRITE, 0x1100, state).value).toBe(5n);
    h.put(0x1100, 1, 0x1300, 8);
    expect(run(h.port, SYS.READ, 0x1100, state).value).toBe(3n);
    expect(String.fromCharCode(...h.memory.subarray(0x300, 0x305))).toBe('typed');
    expect(run(h.port, SYS.READ, 0x1100, state).value).toBe(8n);
    h.put(0x1100, 1);
    expect(run(h.port, SYS.ISTTY, 0x1100, state).value).toBe(1n);
    const closed = run(h.port, SYS.CLOSE, 0x1100, state);
    state = closed.state;
    expect(closed.value).toBe(0n);
    expect(run(h.port, SYS.CLOSE, 0x1100, state)).toMatchObject({ value: MINUS(1), state: { errno: 9 } });
    expect(open(4)).toBe(1n);
  });

  it('lists its features, and has no other files', () => {
    const h = host();
    h.text(0x1000, ':semihosting-features');
    h.put(0x1100, 0x1000, 0, 21);
    const { value, state } = run(h.port, SYS.OPEN, 0x1100);
    h.put(0x1200, value ?? 0n, 0x1300, 4);
    const first = run(h.port, SYS.READ, 0x1200, state);
    expect(first.value).toBe(0n);
    const second = run(h.port, SYS.READ, 0x1200, first.state);
    expect([second.value, h.memory[0x300]]).toEqual([3n, 3]);
    expect(run(h.port, SYS.FLEN, 0x1200, state).value).toBe(5n);
    h.put(0x1200, value ?? 0n, 0);
    const rewound = run(h.port, SYS.SEEK, 0x1200, second.state);
    h.put(0x1200, value ?? 0n, 0x1300, 5);
    expect(run(h.port, SYS.READ, 0x1200, rewound.state).value).toBe(0n);
    expect([...h.memory.subarray(0x300, 0x305)]).toEqual([0x53, 0x48, 0x46, 0x42, 3]);
    h.text(0x1000, '/etc/passwd');
    h.put(0x1100, 0x1000, 0, 11);
    expect(run(h.port, SYS.OPEN, 0x1100)).toMatchObject({ value: MINUS(1), state: { errno: 2 } });
  });

  it('exits with the code, or with 1 for any other reason', () => {
    const h = host();
    h.put(0x1000, 0x20026, 42);
    expect(semihosting(SYS.EXIT, 0x1000n, h.port, newSemihostingState())).toEqual({ kind: 'exit', code: 42 });
    h.put(0x1000, 0x20023, 42);
    expect(semihosting(SYS.EXIT_EXTENDED, 0x1000n, h.port, newSemihostingState())).toEqual({ kind: 'exit', code: 1 });
    expect(semihosting(SYS.EXIT, 0x20026n, h.port, newSemihostingState())).toEqual({ kind: 'exit', code: 1 });
  });

  it('tells time, heap and command line', () => {
    const h = host();
    expect(run(h.port, SYS.CLOCK, 0).value).toBe(123n);
    expect(run(h.port, SYS.TIME, 0).value).toBe(1_767_225_601n);
    expect(run(h.port, SYS.TICKFREQ, 0).value).toBe(1_000_000_000n);
    expect([run(h.port, SYS.ELAPSED, 0x1000).value, h.word(0x1000)]).toEqual([0n, 1_230_000_000n]);
    h.put(0x1000, 0x1100);
    expect([run(h.port, SYS.HEAPINFO, 0x1000).value, h.word(0x1100), h.word(0x1118)]).toEqual([0n, 1n, 4n]);
    h.put(0x1000, 0x1200, 8);
    expect([run(h.port, SYS.GET_CMDLINE, 0x1000).value, h.word(0x1008)]).toEqual([0n, 7n]);
    expect(String.fromCharCode(...h.memory.subarray(0x200, 0x208))).toBe('prog -x\0');
    h.put(0x1000, 0x1200, 7);
    expect(run(h.port, SYS.GET_CMDLINE, 0x1000).value).toBe(MINUS(1));
  });

  it('answers any operation with any parameter without throwing', () => {
    const h = host();
    for (let operation = 0; operation < 0x40; operation++) {
      for (const parameter of [0n, 0x1000n, 0x10ff9n, MINUS(1)]) {
        h.put(0x1000, MINUS(1), MINUS(1), MINUS(1));
        expect(() => semihosting(operation, parameter, h.port, newSemihostingState())).not.toThrow();
      }
    }
  });
});
