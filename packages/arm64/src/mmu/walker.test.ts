/**
 * A second walker, written after the manual's pseudocode (DDI 0487 J1.1.5, aarch64/translation) in wide integers and without a TLB,
 * compared with the translation unit over random tables: first walks and TLB hits, every kind of access, all three regimes.
 */
import { describe, expect, it } from 'vitest';
import { randomSequence } from '../random-words.ts';
import { Dice, scenario } from './random-tables.ts';
import { ALL_FEATURES, TranslationBench, faultName } from './translation-bench.ts';
import type { ControlRegister, Requester, TranslationKind } from './types.ts';

type Registers = Record<ControlRegister, bigint>;
const slice = (value: bigint, high: number, low = high): bigint => BigInt.asUintN(high - low + 1, value >> BigInt(low));
const on = (value: bigint, bit: number): boolean => slice(value, bit) === 1n;

class Stop extends Error {}
const stop = (stage: 1 | 2, code: number, level: number, walk = false): never => {
  throw new Stop(faultName({ stage, status: code + level, level, s1ptw: walk, address: 0n, toEl2: false, external: false }));
};

interface Walk {
  readonly granule: bigint;
  readonly inputBits: bigint;
  readonly outputBits: bigint;
  readonly base: bigint;
  readonly start: number;
  readonly fail: (code: number, level: number) => never;
  readonly load: (address: bigint) => bigint;
}

interface Leaf {
  readonly descriptor: bigint;
  readonly level: number;
  readonly address: bigint;
  readonly tables: bigint;
}

/** AArch64.S1Walk and S2Walk without their attributes. */
function walk({ granule, inputBits, outputBits, base, start, fail, load }: Walk, input: bigint): Leaf {
  const lsbOf = (level: number): bigint => BigInt(3 - level) * (granule - 3n) + granule;
  const align = inputBits - lsbOf(start) + 3n;
  let table = (slice(base, 47, 0) >> align) << align;
  if (table >> outputBits !== 0n) fail(0x00, 0);
  let msb = inputBits - 1n;
  let tables = 0n;
  for (let level = start; ; level++) {
    const lsb = lsbOf(level);
    const descriptor = load(table | (slice(input, Number(msb), Number(lsb)) << 3n));
    const type = descriptor & 3n;
    const block = type === 1n && (level === 2 || (level === 1 && granule === 12n));
    const page = type === 3n && level === 3;
    if (!block && !page && (type !== 3n || level === 3)) fail(0x04, level);
    const next = slice(descriptor, 47, Number(block || page ? lsb : granule)) << (block || page ? lsb : granule);
    if (next >> outputBits !== 0n) fail(0x00, level);
    if (block || page) return { descriptor, level, address: next | BigInt.asUintN(Number(lsb), input), tables };
    tables |= descriptor;
    table = next;
    msb = lsb - 1n;
  }
}

const SIZES = [32n, 36n, 40n, 42n, 44n, 48n, 48n, 48n];
const GRANULES0 = [12n, 16n, 14n];
const GRANULES1 = [0n, 14n, 12n, 16n];
const startOf = (granule: bigint, bits: bigint): number => 4 - Number((bits - granule + granule - 4n) / (granule - 3n));

/** What an access to `va` gives: the physical address in hexadecimal, or the fault's name. */
function reference(r: Registers, memory: ReadonlyMap<number, bigint>, va: bigint, kind: TranslationKind, who: Requester): string {
  const host = on(r.HCR_EL2, 34);
  const el2 = who.el === 2;
  const user = who.el === 0;
  const [sctlr, tcr, ttbr0, ttbr1] = el2 ? [r.SCTLR_EL2, r.TCR_EL2, r.TTBR0_EL2, r.TTBR1_EL2] : [r.SCTLR_EL1, r.TCR_EL1, r.TTBR0_EL1, r.TTBR1_EL1];
  const load = (address: bigint): bigint => memory.get(Number(address)) ?? 0n;
  const single = el2 && !host;

  const second = (ipa: bigint, access: TranslationKind, byUser: boolean, walking: boolean): bigint => {
    if (el2 || (!on(r.HCR_EL2, 0) && !on(r.HCR_EL2, 12))) return ipa;
    const fail = (code: number, level: number): never => stop(2, code, level, walking);
    const bits = 64n - slice(r.VTCR_EL2, 5, 0);
    const granule = GRANULES0[Number(slice(r.VTCR_EL2, 15, 14))];
    const sl0 = Number(slice(r.VTCR_EL2, 7, 6));
    if (ipa >> bits !== 0n) fail(0x04, 0);
    const { descriptor, level, address } = walk({
      granule, inputBits: bits, outputBits: SIZES[Number(slice(r.VTCR_EL2, 18, 16))], base: r.VTTBR_EL2, start: (granule === 12n ? 2 : 3) - sl0, fail, load,
    }, ipa);
    if (!on(descriptor, 10)) fail(0x08, level);
    const xn = Number(slice(descriptor, 54, 53));
    const runs = byUser ? xn === 0 || xn === 1 : xn === 0 || xn === 3;
    if (!(access === 'fetch' ? runs : on(descriptor, access === 'read' ? 6 : 7))) fail(0x0c, level);
    return address;
  };

  const first = (): bigint => {
    const fail = (code: number, level: number): never => stop(1, code, level);
    const upper = !single && on(va, 55);
    const tbi = on(tcr, single ? 20 : upper ? 38 : 37);
    const top = tbi ? 55 : 63;
    if (!on(sctlr, 0) || (!el2 && on(r.HCR_EL2, 12))) return slice(va, top, 48) !== 0n ? fail(0x00, 0) : BigInt.asUintN(48, va);
    const tsz = upper ? slice(tcr, 21, 16) : slice(tcr, 5, 0);
    if (tsz < 16n || tsz > 39n) fail(0x04, 0);
    const bits = 64n - tsz;
    const rest = slice(va, top, Number(bits));
    if (rest !== (upper ? (1n << (BigInt(top) - bits + 1n)) - 1n : 0n) || (!single && on(tcr, upper ? 23 : 7))) fail(0x04, 0);
    const granule = upper ? GRANULES1[Number(slice(tcr, 31, 30))] : GRANULES0[Number(slice(tcr, 15, 14))];
    const { descriptor, level, address, tables } = walk({
      granule, inputBits: bits, outputBits: SIZES[Number(single ? slice(tcr, 18, 16) : slice(tcr, 34, 32))], base: upper ? ttbr1 : ttbr0,
      start: startOf(granule, bits), fail, load: (at) => load(second(at, 'read', false, true)),
    }, BigInt.asUintN(Number(bits), va));
    if (!on(descriptor, 10)) fail(0x08, level);
    const hpd = on(tcr, single ? 24 : upper ? 42 : 41);
    const inherited = hpd ? 0n : tables;
    const ap1 = single || (on(descriptor, 6) && !on(inherited, 61));
    const ap2 = on(descriptor, 7) || on(inherited, 62);
    const uxn = on(descriptor, 54) || on(inherited, 60);
    const pxn = !single && (on(descriptor, 53) || on(inherited, 59));
    const wxn = on(sctlr, 19);
    const rights = user
      ? { read: ap1, write: ap1 && !ap2, fetch: !uxn && !(wxn && ap1 && !ap2) }
      : single ? { read: true, write: !ap2, fetch: !uxn && !(wxn && !ap2) }
        : { read: true, write: !ap2, fetch: !pxn && !(ap1 && !ap2) && !(wxn && !ap2) };
    const pan = who.pan && !user && !single && ap1 && kind !== 'fetch';
    if (!rights[kind] || pan) fail(0x0c, level);
    return address;
  };

  try {
    return second(first(), kind, user, false).toString(16);
  } catch (e) {
    if (e instanceof Stop) return e.message;
    throw e;
  }
}

/** Moves the controls of EL1 to the regime of EL2. */
function atEl2(r: Partial<Registers>, host: boolean): Partial<Registers> {
  const { SCTLR_EL1: sctlr = 0n, TCR_EL1: tcr = 0n, TTBR0_EL1: ttbr0 = 0n, TTBR1_EL1: ttbr1 = 0n, MAIR_EL1: mair = 0n } = r;
  const short = (slice(tcr, 15, 0) & ~0x80n) | (slice(tcr, 34, 32) << 16n) | (slice(tcr, 37) << 20n) | (slice(tcr, 41) << 24n);
  return {
    SCTLR_EL2: sctlr, TCR_EL2: host ? tcr : short, TTBR0_EL2: ttbr0, TTBR1_EL2: ttbr1, MAIR_EL2: mair, HCR_EL2: host ? 1n << 34n : 0n,
  };
}

describe('translation against a second walker', () => {
  it.each(['EL1&0', 'EL2&0', 'EL2'] as const)('%s', (regime) => {
    // Without updates by hardware and EPAN, which the second walker leaves out.
    const features = { ...ALL_FEATURES, hardwareUpdate: 'none', epan: false } as const;
    const bench = new TranslationBench(features);
    const dice = new Dice(randomSequence(regime.length * 31));
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 60; round++) {
      const { registers, addresses } = scenario(dice, bench, features);
      bench.set(regime === 'EL1&0' ? registers : atEl2(registers, regime === 'EL2&0'));
      // The scenarios share VMID and ASID, so each begins with an empty TLB.
      bench.mmu.reset();
      for (const va of addresses) {
        for (const kind of ['read', 'write', 'fetch'] as const) {
          const who: Requester = { el: regime === 'EL1&0' ? (dice.below(2) as 0 | 1) : 2, pan: dice.once(3), unprivileged: false };
          const expected = reference(bench.registers, bench.memory, va, kind, who);
          expect([bench.outcome(va, kind, who), bench.outcome(va, kind, who)], `${kind} ${va.toString(16)} round ${round}`).toEqual([expected, expected]);
          const key = expected.includes('.') ? expected : 'translated';
          outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
        }
      }
    }
    expect(outcomes.get('translated') ?? 0).toBeGreaterThan(200);
    expect(outcomes.size).toBeGreaterThan(regime === 'EL1&0' ? 18 : 9);
  });
});
