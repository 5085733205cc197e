import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../test/fake-kernel.ts';
import type { FakeKernelOptions } from '../test/fake-kernel.ts';
import type { VmmFaultName } from './faults.ts';
import { VcpuSync } from './vcpu-sync.ts';
import type { StateKnowledge, VcpuState, VcpuSyncOptions } from './vcpu-sync.ts';

/** An architecture of one register of its own, P, that it also has as `view`, and two in the list, of which it knows A. */
const P = (3n << 52n) | 1n;
const A = (3n << 52n) | 2n;
const CLOCK = (3n << 52n) | 3n;
interface State extends VcpuState { p: bigint; view: bigint; a: bigint }
const KNOWLEDGE: StateKnowledge<State> = {
  core: [{ id: P, name: 'P', read: ({ p }) => p, write: (state, value) => { state.p = value; state.view = value; } }],
  settle: (state) => { state.p = state.view; },
  listed: (id) => id !== P,
  level: (id) => (id === CLOCK ? 'full' : 'runtime'),
  nameOf: (id) => (id === A ? 'A' : 'CLOCK'),
  fields: (state) => ({ find: (id) => (id === A ? { read: () => state.a, write: (value) => { state.a = value; } } : undefined) }),
};
const name = (call: string): string => call.replace(/0x[0-9a-f]+/, (text) => (BigInt(text) === P ? 'P' : BigInt(text) === A ? 'A' : 'CLOCK'));

function bench(options: FakeKernelOptions = {}, syncOptions: VcpuSyncOptions = {}): { readonly kernel: FakeKernel; readonly sync: VcpuSync<State>; readonly calls: () => string[] } {
  const kernel = new FakeKernel({ list: [P, CLOCK, A], ...options });
  const { vcpu } = kernel.vcpu();
  const state: State = { mpState: 'runnable', inputs: { irq: true }, outputs: {}, p: 0n, view: 0n, a: 0n };
  const sync = new VcpuSync(vcpu, state, KNOWLEDGE, syncOptions);
  kernel.calls.length = 0;
  return { kernel, sync, calls: () => kernel.calls.map(name) };
}

describe('get and put', () => {
  it('get moves the VMM\'s own registers, then the list, then whether it runs', () => {
    const { kernel, sync, calls } = bench();
    kernel.registers.set(P, 1n).set(A, 2n).set(CLOCK, 3n);
    kernel.mpState = 'stopped';
    kernel.deviceLines = { vtimer: true };
    expect(sync.get()).toBe(0);
    expect(calls()).toEqual(['get P', 'get A', 'get CLOCK', 'get-mp-state']);
    expect(sync.state).toMatchObject({ p: 1n, view: 1n, a: 2n, mpState: 'stopped', outputs: { vtimer: true } });
    expect(sync.snapshot()).toEqual([{ id: A, value: 2n }, { id: CLOCK, value: 3n }]);
  });

  it('put moves them in the same order, and leaves the clock alone while the guest runs', () => {
    const { kernel, sync, calls } = bench();
    sync.get();
    kernel.calls.length = 0;
    Object.assign(sync.state, { view: 9n, a: 8n, mpState: 'stopped' });
    expect(sync.put('runtime')).toBe(0);
    expect(calls()).toEqual(['set P', 'set A', 'mp-state stopped']);
    expect([kernel.registers.get(P), kernel.registers.get(A), kernel.mpState]).toEqual([9n, 8n, 'stopped']);
  });

  it('a put of everything sets the clock, and the inputs that the VMM drives', () => {
    const { kernel, sync, calls } = bench();
    sync.get();
    kernel.calls.length = 0;
    sync.put('full');
    expect(calls()).toEqual(['set P', 'set A', 'set CLOCK', 'mp-state runnable', 'line irq true']);
    kernel.calls.length = 0;
    sync.put('reset');
    expect(calls()).toEqual(['set P', 'set A', 'mp-state runnable', 'line irq true']);
  });

  it('leaves the MP state alone where the kernel has none', () => {
    const { sync, calls } = bench({}, { hasMpState: false });
    sync.get();
    sync.put('runtime');
    expect(calls().filter((call) => call.includes('mp-state'))).toEqual([]);
  });

  it('a snapshot comes back on another vCPU', () => {
    const one = bench();
    one.kernel.registers.set(A, 5n).set(CLOCK, 6n);
    one.sync.get();
    const two = bench();
    two.sync.get();
    expect(two.sync.restore(one.sync.snapshot())).toBe(0);
    expect([two.kernel.registers.get(A), two.kernel.registers.get(CLOCK), two.sync.state.a]).toEqual([5n, 6n, 5n]);
  });
});

describe('refusals', () => {
  it('of a register of the VMM\'s own end it, with name and identifier', () => {
    const { kernel, sync, calls } = bench();
    kernel.refusals.set(`set 0x${P.toString(16)}`, 'EINVAL').set(`get 0x${P.toString(16)}`, 'ENOENT');
    expect(() => sync.put('full')).toThrow(`EINVAL: setting P (0x${P.toString(16)})`);
    expect(() => sync.get()).toThrow(`ENOENT: getting P (0x${P.toString(16)})`);
    expect(calls()).toEqual(['set P', 'get P']);
  });

  it('of one of the list come once all were tried, with every name', () => {
    const { kernel, sync, calls } = bench();
    kernel.refusals.set(`set 0x${A.toString(16)}`, 'ENOENT');
    expect(() => sync.put('full')).toThrow(`EINVAL: setting registers of the list: A (0x${A.toString(16)}) ENOENT`);
    expect(calls()).toEqual(['set P', 'set A', 'set CLOCK']);
  });

  it('of the MP state are told', () => {
    const { kernel, sync } = bench();
    kernel.refusals.set('mp-state', 'EINVAL').set('get-mp-state', 'EIO');
    expect(() => sync.put('runtime')).toThrow(/^EINVAL: setting the MP state/);
    expect(() => sync.get()).toThrow(/^EIO: getting the MP state/);
  });

  it('are the only errors that are dressed up', () => {
    const { sync } = bench();
    Object.defineProperty(sync.state, 'view', { get: () => { throw new RangeError('a bug'); } });
    expect(() => sync.put('full')).toThrow(RangeError);
  });
});

describe('lost-refusals: the original returns a positive EINVAL for the list, and drops what became of the MP state', () => {
  const faithful: readonly VmmFaultName[] = ['lost-refusals'];
  /** What a caller makes of it who looks for the kernel's negative numbers, or for an exception. */
  const seen = (call: () => number): 'failed' | 'went well' => {
    try {
      return call() < 0 ? 'failed' : 'went well';
    } catch {
      return 'failed';
    }
  };

  it.each([['faithful', faithful, 'went well', 22], ['corrected', [], 'failed', undefined]] as const)('%s: a refused register of the list', (_, faults, expected, code) => {
    const { kernel, sync, calls } = bench({}, { faithful: faults });
    kernel.refusals.set(`set 0x${A.toString(16)}`, 'EINVAL').set(`get 0x${A.toString(16)}`, 'EINVAL');
    expect(seen(() => sync.put('runtime'))).toBe(expected);
    expect(seen(() => sync.get())).toBe(expected);
    if (code !== undefined) expect([sync.put('runtime'), sync.get()]).toEqual([code, code]);
    expect(calls()).not.toContain('mp-state runnable');
  });

  it.each([['faithful', faithful, 'went well'], ['corrected', [], 'failed']] as const)('%s: a refused MP state', (_, faults, expected) => {
    const { kernel, sync } = bench({}, { faithful: faults });
    kernel.refusals.set('mp-state', 'EINVAL').set('get-mp-state', 'EIO');
    expect(seen(() => sync.put('runtime'))).toBe(expected);
    expect(seen(() => sync.get())).toBe(expected);
  });
});
