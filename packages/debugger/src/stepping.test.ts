import { describe, expect, it } from 'vitest';
import { stepInto, stepOver, type Steppable } from './index.ts';

/** Instructions by address: `4` goes on, a number is a jump, `call n` comes back behind itself at `ret`. */
function machine(program: Readonly<Record<number, string>>): Steppable<{ readonly kind: string }> & { at: number; executed: number } {
  let breakpoint: number | undefined;
  const returns: number[] = [];
  const self = {
    at: 0, executed: 0,
    get pc() { return BigInt(self.at); },
    callLength: (address: bigint) => (program[Number(address)]?.startsWith('call') ? 4 : undefined),
    breakHere: (address: bigint): Disposable => {
      breakpoint = Number(address);
      return { [Symbol.dispose]: () => { breakpoint = undefined; } };
    },
    run: (budget: number) => {
      for (let n = 0; n < budget; n++) {
        if (n > 0 && self.at === breakpoint) return { kind: 'debug' };
        const [what, to] = (program[self.at] ?? 'next').split(' ');
        if (what === 'stop') return { kind: 'halted' };
        self.executed++;
        if (what === 'call') returns.push(self.at + 4);
        self.at = what === 'call' || what === 'jump' ? Number(to) : what === 'ret' ? returns.pop() ?? 0 : self.at + 4;
      }
      return { kind: 'budget' };
    },
  };
  return self;
}

describe('steps', () => {
  it('go into calls, or over them', () => {
    const program = { 4: 'call 40', 48: 'ret' };
    const into = machine(program);
    const seen: bigint[] = [];
    expect(stepInto(into, 3, (pc) => seen.push(pc))).toEqual({ steps: 3 });
    expect(seen).toEqual([0n, 4n, 40n]);
    const over = machine(program);
    expect(stepOver(over, 3)).toEqual({ steps: 3 });
    expect(over.at).toBe(12);
    expect(over.executed).toBe(6);
  });
  it('end at whatever ends the run', () => {
    expect(stepInto(machine({ 8: 'stop' }), 5)).toEqual({ steps: 2, stop: { kind: 'halted' } });
    expect(stepOver(machine({ 0: 'call 40', 40: 'stop' }), 2)).toEqual({ steps: 0, stop: { kind: 'halted' } });
    expect(stepOver(machine({ 0: 'call 40', 40: 'jump 40' }), 1, 1000)).toEqual({ steps: 0, stop: { kind: 'budget' } });
  });
  it('are a whole number', () => {
    for (const count of [0, -1, 1.5, NaN]) expect(() => stepInto(machine({}), count)).toThrow('from 1 up');
  });
});
