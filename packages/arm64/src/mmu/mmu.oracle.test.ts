/**
 * Translation against QEMU: a bare-metal program at EL2 fills memory with random tables of both stages, sets the controls of EL1&0, and
 * reports PAR_EL1 of every AT instruction that acts on that regime.
 */
import { hex } from '@worldswitch/bits';
import { describe, expect, it } from 'vitest';
import { AssembledGuest, GUEST_TOOLS } from '../../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { randomSequence } from '../random-words.ts';
import { mmuFeatures } from './features.ts';
import { Dice, scenario } from './random-tables.ts';
import type { Scenario } from './random-tables.ts';
import { TranslationBench } from './translation-bench.ts';

/** What QEMU's neoverse-n1 says of itself; the program reports it, too. */
const IDENTIFICATION = {
  ID_AA64MMFR0_EL1: 0x10_1125n, ID_AA64MMFR1_EL1: 0x1021_2122n, ID_AA64MMFR2_EL1: 0x1011n, ID_AA64ISAR0_EL1: 0x0000_1000_1021_1120n,
};
const FEATURES = mmuFeatures(IDENTIFICATION);

const OPERATIONS = ['S1E1R', 'S1E1W', 'S1E0R', 'S1E0W', 'S12E1R', 'S12E1W', 'S12E0R', 'S12E0W'] as const;
const REGISTERS = ['SCTLR_EL1', 'TCR_EL1', 'TTBR0_EL1', 'TTBR1_EL1', 'MAIR_EL1', 'HCR_EL2', 'VTCR_EL2', 'VTTBR_EL2'] as const;

/** A stream of words: 1 address value stores; 2 sets the registers; 3 address translates by every operation; 0 ends. */
const PROGRAM = `
_start:
  ldr x0, =vectors
  msr vbar_el2, x0
  ldr x21, =results
  ldr x22, =stream
${Object.keys(IDENTIFICATION).map((name) => `  mrs x0, ${name}\n  str x0, [x21], #8`).join('\n')}
next:
  ldr x0, [x22], #8
  cbz x0, report
  cmp x0, #2
  b.lo store
  b.eq controls
  ldr x1, [x22], #8
${OPERATIONS.map((op) => `  mov x20, xzr
  at ${op}, x1
  isb
  mrs x2, par_el1
  cmp x20, #0
  csel x2, x2, x20, eq
  str x2, [x21], #8`).join('\n')}
  b next
store:
  ldp x1, x2, [x22], #16
  str x2, [x1]
  b next
controls:
${REGISTERS.map((name) => `  ldr x0, [x22], #8\n  msr ${name}, x0`).join('\n')}
  isb
  tlbi alle1
  dsb sy
  isb
  b next
report: // behind the stream, which is longer than a conditional branch reaches
  b finish
taken:
  mrs x20, esr_el2
  orr x20, x20, #(1 << 63)
  mrs x17, elr_el2
  add x17, x17, #4
  msr elr_el2, x17
  eret
.ltorg
.balign 2048
vectors:
${Array.from({ length: 16 }, (_, i) => `.balign 128\n${i % 4 === 0 ? 'b taken' : 'b .'}`).join('\n')}
.balign 8
stream: .incbin "stream.bin"
.balign 8
`;

const RESULT_BYTES = 0x200_0000;
const LONGEST_MS = 300_000;

function run(stream: readonly bigint[]): bigint[] {
  const files = { 'stream.bin': new Uint8Array(BigUint64Array.from(stream).buffer) };
  return new AssembledGuest({ text: PROGRAM, bytes: RESULT_BYTES, files }).run({ cpu: 'neoverse-n1', memoryMiB: 1024 }, LONGEST_MS);
}

/**
 * What is compared of PAR_EL1. Device and non-cacheable memory is outer shareable (DDI 0487 B2.10), where this QEMU shows what the
 * descriptor says; and stage 2 faults of descriptors have the level of the stage 2 walk (J1.1), where this QEMU gives stage 1's.
 */
function comparable(par: bigint): bigint {
  if ((par & 1n) === 1n) return (par & 0x300n) === 0x300n ? par | 6n : par;
  const attr = par >> 56n;
  return attr < 0x10n || attr === 0x44n ? par | (3n << 7n) : par;
}

/**
 * Where one stage is Device and the other Normal, this QEMU looks at the low nibble of the Normal type, too, and takes the 4 of
 * non-cacheable for nGnRE.
 */
function knownDevice(ours: bigint, theirs: bigint): boolean {
  const attr = ours >> 56n;
  const sameOtherwise = comparable(BigInt.asUintN(56, ours)) === comparable(BigInt.asUintN(56, theirs));
  return (ours & 1n) === 0n && (attr === 0x08n || attr === 0x0cn) && theirs >> 56n === 4n && sameOtherwise;
}

describe.skipIf(!haveTools(...GUEST_TOOLS))('translation against QEMU', () => {
  it('gives the same PAR_EL1 over random tables of both stages', () => {
    const bench = new TranslationBench(FEATURES);
    const dice = new Dice(randomSequence(20));
    const scenarios: Scenario[] = Array.from({ length: 400 }, () => scenario(dice, bench, FEATURES));
    const stream: bigint[] = [];
    for (const [address, value] of bench.memory) stream.push(1n, BigInt(address), value);
    for (const { registers, addresses } of scenarios) {
      stream.push(2n, ...REGISTERS.map((name) => registers[name] ?? 0n));
      for (const address of addresses) stream.push(3n, address);
    }
    const words = run([...stream, 0n]);
    expect(words.splice(0, 4)).toEqual(Object.values(IDENTIFICATION));
    const different: string[] = [];
    const seen = new Map<string, number>();
    let at = 0;
    scenarios.forEach(({ registers, addresses }, number) => {
      bench.set(registers);
      for (const va of addresses) {
        for (const op of OPERATIONS) {
          const theirs = words[at++];
          const result = bench.mmu.addressTranslate(op, va, { el: 2, pan: false });
          const ours = result.ok ? result.par : (1n << 63n) | BigInt(result.fault.status);
          const kind = (theirs & 1n) === 0n ? 'translated' : hex(theirs & 0x37en);
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
          if (comparable(ours) !== comparable(theirs) && !knownDevice(ours, theirs)) different.push(`scenario ${number}: ${op} ${hex(va)}: ours ${hex(ours)}, QEMU ${hex(theirs)}`);
        }
      }
    });
    expect(at).toBe(words.length);
    // The comparison is worth something only if walks succeed often, and every fault of either stage at the usual levels occurs.
    expect(seen.get('translated') ?? 0).toBeGreaterThan(at / 10);
    const faults = [0, 2, 4, 6, 8, 0xa, 0xc, 0xe, 0x12, 0x14, 0x16, 0x1a, 0x1c, 0x1e, 0x208, 0x20a, 0x20c, 0x20e, 0x214, 0x21c, 0x30a, 0x30c, 0x31c];
    expect(faults.filter((fault) => (seen.get(hex(BigInt(fault))) ?? 0) < 10).map((fault) => hex(BigInt(fault)))).toEqual([]);
    expect(different.slice(0, 20)).toEqual([]);
  });
});
