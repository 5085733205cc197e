import { describe, expect, it } from 'vitest';
import { CACHES_MAX, Caches, cacheExists } from './caches.ts';

/** CTR_EL0: DIC 29, IDC 28, DminLine 19:16, IminLine 3:0. Lines of 64 bytes for data, 32 for instructions. */
const ctr = ({ dic = 0n, idc = 0n }): bigint => 0x8004_0003n | (dic << 29n) | (idc << 28n);
const caches = (setup = {}): Caches => new Caches(() => ctr(setup));
/** CLIDR_EL1 taken apart by hand: Ctype1 2:0, Ctype2 5:3, LoUIS 23:21, LoC 26:24, LoUU 29:27. */
const levels = (clidr: bigint): readonly bigint[] => [clidr & 7n, (clidr >> 3n) & 7n, (clidr >> 21n) & 7n, (clidr >> 24n) & 7n, (clidr >> 27n) & 7n];

describe('the caches of a vCPU', () => {
  it.each([
    ['a separate first level', {}, [3n, 0n, 1n, 1n, 1n]], ['one for data', { dic: 1n }, [2n, 0n, 1n, 1n, 1n]],
    ['instructions above a unified one', { idc: 1n }, [1n, 4n, 0n, 2n, 0n]], ['a unified one', { idc: 1n, dic: 1n }, [4n, 0n, 0n, 1n, 0n]],
  ] as const)('are as few as CTR_EL0 allows: %s', (_, setup, expected) => { expect(levels(caches(setup).clidr)).toEqual(expected); });
  it('have one set of one way, and the lines of CTR_EL0', () => {
    const one = caches();
    for (let csselr = 0; csselr < CACHES_MAX; csselr++) expect(one.ccsidr(csselr)).toBe(csselr % 2 === 0 ? 2n : 1n);
  });
  it('can be set: one at a time, in lines that are not shorter', () => {
    const one = caches();
    one.setCcsidr(2, 0xff_e07bn);
    expect([one.ccsidr(0), one.ccsidr(1), one.ccsidr(2), one.guestCcsidr(2)]).toEqual([2n, 1n, 0xff_e07bn, 0xff_e07bn]);
    expect(() => { one.setCcsidr(0, 1n); }).toThrow('EINVAL: CCSIDR_EL1 = 0x1: lines are at least 64 bytes (LineSize 2)');
    expect(() => { one.setCcsidr(0, (1n << 32n) | 2n); }).toThrow('EINVAL');
    one.setCcsidr(1, 1n);
  });
  it('may be of any hierarchy that goes with the host, until the next reset', () => {
    const one = caches();
    one.clidr = 0x0a20_0023n;
    expect(one.clidr).toBe(0x0a20_0023n);
    for (const bad of [1n << 47n, 0n, 0x0200_0023n, 0x0820_0003n]) expect(() => { one.clidr = bad; }, bad.toString(16)).toThrow('EINVAL');
    expect(one.clidr).toBe(0x0a20_0023n);
    one.reset();
    expect(levels(one.clidr)).toEqual([3n, 0n, 1n, 1n, 1n]);
    const clean = caches({ idc: 1n });
    clean.clidr = 0x0200_0021n;
    expect(clean.clidr).toBe(0x0200_0021n);
  });
  it('exist by their type in CLIDR_EL1', () => {
    // Instruction; data; separate; unified; none.
    const clidr = 0b000_100_011_010_001n;
    expect(Array.from({ length: 10 }, (_, n) => cacheExists(clidr, n))).toEqual([false, true, true, false, true, true, true, false, false, false]);
  });
  it('are the host\'s in an old profile: all of it to the VMM, to the guest without sets and ways of data', () => {
    const one = new Caches(() => ctr({}), { clidr: 0x0a20_0023n, ccsidr: (csselr) => 0x701f_e01an | (BigInt(csselr) << 3n) });
    expect([one.clidr, one.ccsidr(2), one.guestCcsidr(2), one.guestCcsidr(1)]).toEqual([0x0a20_0023n, 0x701f_e01an, 0x7000_0002n, 0x701f_e01an]);
    expect(() => { one.setCcsidr(0, 2n); }).toThrow('EINVAL: CCSIDR_EL1 = 0x2: it is 0x701fe01a, as the host\'s');
    one.setCcsidr(0, 0x701f_e01an);
  });
});
