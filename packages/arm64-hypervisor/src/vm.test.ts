/** PSCI and hypercalls as a guest makes them; numbers and return codes of DEN 0022 and DEN 0028. */
import { describe, expect, it } from 'vitest';
import { GUEST_RAM, SYSTEM_OFF, lab } from './test/lab.ts';
import type { Lab } from './test/lab.ts';

const VERSION = 0x8400_0000n;
const SUSPEND = 0x8400_0001n;
const CPU_OFF = 0x8400_0002n;
const CPU_ON_64 = 0xc400_0003n;
const AFFINITY_INFO_64 = 0xc400_0004n;
const SYSTEM_RESET = 0x8400_0009n;
const FEATURES = 0x8400_000an;
const MINUS = (n: bigint): bigint => BigInt.asUintN(64, -n);

/** Makes calls one after the other; what x0 to x3 hold behind each. */
function calls(one: Lab, ...list: readonly (readonly bigint[])[]): readonly (readonly bigint[])[] {
  const results: bigint[][] = [];
  one.run(...list.map((values, n) => (p: Lab['processor']) => {
    if (n > 0) results.push(p.x.slice(0, 4));
    return p.call(...values);
  }), (p) => {
    results.push(p.x.slice(0, 4));
    return SYSTEM_OFF(p);
  });
  return results;
}

describe.each(['nvhe', 'vhe'] as const)('PSCI for guests, %s', (mode) => {
  it('answers what there is, and -1 for what is not, with x1 to x3 cleared', () => {
    const found = calls(lab(mode), [VERSION, 1n, 2n, 3n], [FEATURES, CPU_ON_64], [FEATURES, 0x8400_00ffn], [0x8400_00ffn, 5n], [0x1234n]);
    expect(found.map(([result]) => result)).toEqual([0x1_0001n, 0n, MINUS(1n), MINUS(1n), MINUS(1n)]);
    for (const [, ...rest] of found) expect(rest).toEqual([0n, 0n, 0n]);
  });
  it('starts another vCPU at the entry with the context, once, and only one that exists', () => {
    const one = lab(mode);
    const other = one.vm.createVcpu(1);
    other.initialise(['power-off', 'psci-0.2']);
    expect(other.run({ budget: 10 })).toEqual({ kind: 'idle' });
    const found = calls(one, [AFFINITY_INFO_64, 1n, 0n], [CPU_ON_64, 1n, GUEST_RAM + 0x100n, 0x77n], [AFFINITY_INFO_64, 1n, 0n], [CPU_ON_64, 1n, GUEST_RAM, 0n], [CPU_ON_64, 9n, GUEST_RAM, 0n], [CPU_ON_64, 0n, 0n, 0n]);
    // OFF is 1, ON 0; ALREADY_ON -4, INVALID_PARAMETERS -2.
    expect(found.map(([result]) => result)).toEqual([1n, 0n, 0n, MINUS(4n), MINUS(2n), MINUS(4n)]);
    expect(other.getRegister('pc')).toBe(GUEST_RAM + 0x100n);
    expect(other.getRegister('x0')).toBe(0x77n);
    // EL1h with everything masked.
    expect(other.getRegister('pstate')).toBe(0x3c5n);
    expect(other.getRegister('MPIDR_EL1') & 0xffn).toBe(1n);
  });
  it('starts another vCPU with the order of bytes that the caller has', () => {
    for (const ee of [0n, 1n << 25n]) {
      const one = lab(mode);
      const other = one.vm.createVcpu(1);
      other.initialise(['psci-0.2', 'power-off']);
      one.vcpu.setRegister('SCTLR_EL1', ee);
      calls(one, [CPU_ON_64, 1n, GUEST_RAM, 0n]);
      expect(other.getRegister('SCTLR_EL1') & (1n << 25n)).toBe(ee);
    }
  });
  it('turns a vCPU off, which then waits for another to start it', () => {
    const one = lab(mode);
    expect(one.run((p) => p.call(CPU_OFF))).toEqual({ kind: 'idle' });
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'idle' });
  });
  it('ends the machine, or asks for its reset, and no vCPU runs on', () => {
    expect(lab(mode).run()).toEqual({ kind: 'system-event', event: 'shutdown', flags: 0n });
    const one = lab(mode);
    expect(one.run((p) => p.call(SYSTEM_RESET))).toEqual({ kind: 'system-event', event: 'reset', flags: 0n });
    expect(one.vcpu.run({ budget: 10 })).toEqual({ kind: 'idle' });
  });
  it('suspends as WFI does: an interrupt that is pending ends it, with 0', () => {
    const one = lab(mode);
    one.vcpu.setLine('irq', true);
    expect(calls(one, [SUSPEND, 0n]).map(([result]) => result)).toEqual([0n]);
  });
});

describe('other calls', () => {
  it('say which calling convention there is', () => { expect(calls(lab(), [0x8000_0000n])[0][0]).toBe(0x1_0001n); });
  it('go to the VMM where it asked for them, which answers in x0 to x3', () => {
    const one = lab('nvhe', { forward: (number) => number === 0xc600_0001n });
    const exit = one.run((p) => p.call(0xc600_0001n, 1n, 2n, 3n));
    expect(exit).toMatchObject({ kind: 'hypercall', number: 0xc600_0001n, args: [1n, 2n, 3n, 0n, 0n, 0n, 0n], results: [MINUS(1n), 0n, 0n, 0n] });
    if (exit.kind === 'hypercall') exit.results.splice(0, 2, 11n, 12n);
    let found: readonly bigint[] = [];
    one.run((p) => {
      found = p.x.slice(0, 4);
      return SYSTEM_OFF(p);
    });
    expect(found).toEqual([11n, 12n, 0n, 0n]);
  });
  it('features that there are not, or not here, are refused by name', () => {
    expect(() => { lab().vcpu.initialise(['speed']); }).toThrow("ENOENT: feature 'speed': there is no such feature; choose from power-off, el1-32bit, psci-0.2");
    expect(() => { lab().vcpu.initialise(['sve']); }).toThrow("EINVAL: feature 'sve': the host lacks it: the world switch moves no SVE state; choose from power-off, psci-0.2, pmu-v3");
  });
});
