/** Turns of vCPUs that are scripts of exits. */
import { describe, expect, it } from 'vitest';
import type { Exit } from './exits.ts';
import { runVcpus } from './run-vcpus.ts';
import type { Vcpu } from './vcpu.ts';

const BUDGET: Exit<never> = { kind: 'interrupted', because: 'budget' };
const IDLE: Exit<never> = { kind: 'idle' };
const until = (tick: bigint): Exit<never> => ({ kind: 'idle', until: tick });
const OFF: Exit<never> = { kind: 'system-event', event: 'shutdown', flags: 0n };

/** A vCPU that leaves like this, time after time, the last for ever. `ready` as its backend would say it. */
function scripted(exits: readonly Exit<never>[], log: string[], name: string, ready?: () => boolean): Vcpu<never> {
  let n = 0;
  const made: Pick<Vcpu<never>, 'run'> & { readonly backend: { readonly ready?: boolean } } = {
    backend: { get ready() { return ready?.(); } } as { readonly ready?: boolean },
    run: (options) => {
      log.push(`${name}${options?.budget ?? ''}`);
      return exits[Math.min(n++, exits.length - 1)];
    },
  };
  return made as Vcpu<never>;
}

describe('runVcpus', () => {
  it('gives each its turn, in order, with the slice as budget', () => {
    const log: string[] = [];
    const end = runVcpus([scripted([BUDGET], log, 'a'), scripted([BUDGET, BUDGET, OFF], log, 'b')], { slice: 7, onExit: () => false });
    expect(log).toEqual(['a7', 'b7', 'a7', 'b7', 'a7', 'b7']);
    expect(end).toMatchObject({ kind: 'exit', exit: OFF });
  });
  it('tells of every exit but the end of a turn, and goes on while that is wanted', () => {
    const seen: string[] = [];
    const lines: Exit<never> = { kind: 'interrupted', because: 'lines' };
    const request: Exit<never> = { kind: 'interrupted', because: 'request' };
    const script = [BUDGET, lines, { kind: 'interrupted', because: 'yield' }, request, OFF] as const;
    runVcpus([scripted(script, [], 'a')], { onExit: (exit) => { seen.push(exit.kind === 'interrupted' ? exit.because : exit.kind); return exit.kind !== 'system-event'; } });
    expect(seen).toEqual(['lines', 'request', 'system-event']);
  });
  it('ends when all wait: at once where none of them is ready, after another round where nobody knows', () => {
    const known: string[] = [];
    expect(runVcpus([scripted([IDLE], known, 'a', () => false), scripted([IDLE], known, 'b', () => false)], { onExit: () => true })).toEqual({ kind: 'idle' });
    expect(known).toHaveLength(2);
    const unknown: string[] = [];
    expect(runVcpus([scripted([IDLE], unknown, 'a'), scripted([IDLE], unknown, 'b')], { onExit: () => true })).toEqual({ kind: 'idle' });
    expect(unknown).toHaveLength(4);
  });
  it('gives one that was started in the last turn its own', () => {
    const log: string[] = [];
    // b stops; a, in its turn, starts it again and waits.
    const b = scripted([IDLE, OFF], log, 'b', () => log.length === 3);
    expect(runVcpus([scripted([BUDGET, IDLE], log, 'a', () => false), b], { onExit: () => false })).toMatchObject({ kind: 'exit' });
    expect(log.map(([name]) => name)).toEqual(['a', 'b', 'a', 'b']);
  });
  it('passes time to the first of what they wait for, or says when that is', () => {
    const passed: bigint[] = [];
    const make = (): readonly Vcpu<never>[] => [scripted([until(50n), OFF], [], 'a', () => false), scripted([until(20n)], [], 'b', () => false)];
    runVcpus(make(), { onExit: () => false, passTime: (tick) => { passed.push(tick); } });
    expect(passed).toEqual([20n]);
    expect(runVcpus(make(), { onExit: () => false })).toEqual({ kind: 'idle', until: 20n });
  });
  it('ends after as many turns as were wanted, and needs somebody to run', () => {
    expect(runVcpus([scripted([BUDGET], [], 'a')], { onExit: () => false, turns: 5 })).toEqual({ kind: 'turns' });
    expect(() => runVcpus<never>([], { onExit: () => false })).toThrow('EINVAL: no vCPUs: somebody runs; create a vCPU');
  });
});
