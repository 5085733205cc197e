/**
 * Verdicts against QEMU: a bare-metal program reads every register and writes back what it read, runs every system instruction and tries
 * every encoding of later extensions at EL0, EL1 and EL2 under random trap controls, and reports where each exception went and with
 * which syndrome.
 */
import { hex } from '@worldswitch/bits';
import { describe, expect, it } from 'vitest';
import { AssembledGuest, GUEST_TOOLS } from '../../../tooling/oracles/qemu/index.ts';
import { haveTools } from '../../../tooling/oracles/require.ts';
import { bits, draws, SKIPPED, WALK_ITEMS, walkBytes, walkSource, type Item, type WalkSetting } from '../../../tooling/oracles/sysreg-walk.ts';
import { nameOf, packEncoding, resolve, unpackEncoding } from './index.ts';
import type { AccessContext, RegisterName, Resolution } from './index.ts';

/** What QEMU's neoverse-n1 has on the virt board without EL3 (its identification registers say so). */
const FEATURES = new Set([
  'FEAT_AA64', 'FEAT_AA32', 'FEAT_AA32EL0', 'FEAT_AdvSIMD', 'FEAT_DPB', 'FEAT_Debugv8p1', 'FEAT_Debugv8p2', 'FEAT_DoubleLock', 'FEAT_FP', 'FEAT_GICv3',
  'FEAT_HAFDBS', 'FEAT_HPDS', 'FEAT_HPDS2', 'FEAT_IESB', 'FEAT_LOR', 'FEAT_LRCPC', 'FEAT_LSE', 'FEAT_PAN', 'FEAT_PAN2', 'FEAT_PMUv3', 'FEAT_PMUv3p1',
  'FEAT_RAS', 'FEAT_SSBS', 'FEAT_SSBS2', 'FEAT_TTCNP', 'FEAT_UAO', 'FEAT_VHE', 'FEAT_VMID16', 'FEAT_XNX',
]);

const implementationDefined = [11, 15].flatMap((crn) => [0, 1, 3, 4, 6].map((op1): Item => ({ packed: packEncoding(3, op1, crn, 13, 5), direction: 'read' })));
const ITEMS = [...WALK_ITEMS, ...implementationDefined];

const STORED = [
  'HCR_EL2', 'MDCR_EL2', 'CPTR_EL2', 'CNTHCTL_EL2', 'CNTKCTL_EL1', 'CPACR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'PMUSERENR_EL0', 'MDSCR_EL1', 'ICH_HCR_EL2',
] as const satisfies readonly RegisterName[];

/** Random trap controls, every third time all zero or all one; nothing that turns on translation, interrupts or stepping. */
function states(rounds: number): WalkSetting[] {
  const random = draws();
  const combinations = [[2, 0, 0], [2, 1, 0], [2, 1, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]] as const;
  return Array.from({ length: rounds }, (_, round) => combinations.map(([el, e2h, tge]): WalkSetting => {
    const some = (mask: bigint): bigint => (round === 0 ? 0n : round === 1 ? mask : random() & mask);
    const hcr = bits(31) | BigInt(e2h) << 34n | BigInt(tge) << 27n | some(bits(3, 4, 15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 28, 30, 35, 36));
    const el1Control = 0x30d0_0800n | some(bits(9, 14, 15, 26));
    return {
      el, e2h: e2h === 1, tge: tge === 1,
      values: [
        hcr, 6n | some(bits(5, 6, 8, 9, 10, 11)), e2h ? some(bits(20, 21, 28, 31)) : 0x33ffn | some(bits(10, 20, 31)), some(bits(0, 1, 8, 9, 10, 11)),
        some(bits(0, 1, 8, 9)), some(bits(20, 21, 28)), el1Control, 0x30c5_0830n | some(bits(14, 15, 26)), some(15n), some(bits(12)), some(bits(10, 11, 12, 14)),
      ],
    };
  })).flat();
}

/** The control registers as QEMU shows them; what the program does not write keeps its reset value. */
function context(state: WalkSetting, rt: number): AccessContext {
  const values: Partial<Record<RegisterName, bigint>> = {
    ...Object.fromEntries(STORED.map((name, i) => [name, state.values[i]])), SPSel: 1n, ICC_SRE_EL1: 7n, ICC_SRE_EL2: 15n,
    ID_AA64DFR0_EL1: 0x1_1030_5408n, PMCR_EL0: 6n << 11n, ICH_VTR_EL2: (4n << 26n) | 3n, ICC_CTLR_EL1: 4n << 8n,
  };
  return { el: state.el, e2h: state.e2h, tge: state.tge, features: FEATURES, rt, read: (name) => values[name] ?? 0n };
}

/** ICC_SRE_EL2 = 15 and ICC_SRE_EL1 follows: the registers of the interrupt controller are there. */
const PREPARE = '  mov x0, #15\n  msr S3_4_C12_C9_5, x0\n  isb';
const LONGEST_MS = 300_000;

function run(list: readonly WalkSetting[]): bigint[] {
  const walk = { items: ITEMS, controls: STORED, settings: list, prepare: PREPARE };
  return new AssembledGuest({ text: walkSource(walk), bytes: walkBytes(walk) }).run({ cpu: 'neoverse-n1', gic: 3 }, LONGEST_MS);
}

/** What the program reports for a verdict. An UNDEFINED instruction goes to EL2 when TGE is set, else to EL1, or stays at EL2. */
function expected(verdict: Resolution, state: WalkSetting): string {
  if (verdict.kind === 'trap') return `EL${verdict.to} EC ${hex(verdict.ec, 2)} ISS ${hex(verdict.iss)}`;
  return verdict.kind === 'undefined' ? `EL${state.el === 2 || state.tge ? 2 : 1} EC 0x00 ISS 0x0` : 'executed';
}

function observed(word: bigint): string {
  const ec = Number((word >> 26n) & 0x3fn);
  // Data and instruction aborts come from what a permitted cache or translation operation did.
  if (word === 0n || ec === 0x24 || ec === 0x25) return 'executed';
  return `EL${word >> 60n} EC ${hex(ec, 2)} ISS ${hex(word & 0x1ff_ffffn)}`;
}

/** Where QEMU 7.2 departs from the manual, or leaves registers out, and where both have a choice. */
const KNOWN: readonly { readonly names: RegExp; readonly only?: (s: WalkSetting) => boolean; readonly because: string }[] = [
  { names: /^(OSDTR[RT]X|OSECCR|DBGPRCR|DBGCLAIM(SET|CLR)|DBGAUTHSTATUS)_EL1$|^DBGDTR(RX|TX)?_EL0$/, because: 'QEMU does not have these' },
  { names: /^(ERRSELR|ERX\w+)_EL1$/, because: 'no error records: UNDEFINED is one of the permitted choices (DDI 0487 ERXFR_EL1)' },
  { names: /^(DACR32|IFSR32|FPEXC32|DBGVCR32)_EL2$/, because: 'UNDEFINED when EL1 has no AArch32 (DDI 0487 DACR32_EL2); QEMU always has them' },
  { names: /_EL[01]2$/, only: (s) => s.el === 2 && !s.e2h, because: 'UNDEFINED with E2H=0 (DDI 0487 SCTLR_EL12); QEMU executes them or traps' },
  { names: /^S3_\d_C1[15]_/, only: (s) => s.el === 1, because: 'HCR_EL2.TIDCP, which QEMU ignores' },
  { names: /^(PMSELR|PMCCNTR|PMXEVCNTR|PMEVCNTR\d+|PMSWINC)_EL0$/, because: 'MDCR_EL2.TPM traps EL0 too (DDI 0487 PMSELR_EL0); QEMU lets PMUSERENR_EL0.{ER,CR,SW} pass it' },
  { names: /^PMCR_EL0$/, only: (s) => (s.values[STORED.indexOf('MDCR_EL2')] & 0x20n) !== 0n, because: 'MDCR_EL2.TPMCR, which QEMU ignores' },
  { names: /^MDCCSR_EL0$/, because: 'MDSCR_EL1.TDCC comes before MDCR_EL2.TDA (DDI 0487 MDCCSR_EL0)' },
  { names: /^CNTPCT_EL0$/, only: (s) => s.el === 0 && !s.e2h, because: 'from EL0 with E2H=0 the control is CNTHCTL_EL2.EL1PCTEN (DDI 0487 CNTPCT_EL0); QEMU looks at EL1PCEN' },
];

describe.skipIf(!haveTools(...GUEST_TOOLS))('verdicts against QEMU', () => {
  it('agree at every level under every trap control', () => {
    const list = states(8);
    const words = run(list);
    expect(words).toHaveLength(list.length * ITEMS.length);
    const different = new Map<string, string>();
    const seen = new Map<string, number>();
    words.forEach((word, i) => {
      const state = list[Math.floor(i / ITEMS.length)];
      const { packed, direction } = ITEMS[i % ITEMS.length];
      const name = nameOf(packed, direction);
      if (word === SKIPPED || KNOWN.some((k) => k.names.test(name) && (k.only?.(state) ?? true))) return;
      const [op0] = unpackEncoding(packed);
      const verdict = resolve(packed, context(state, op0 === 1 ? 1 : 0), direction);
      const [ours, theirs] = [expected(verdict, state), observed(word)];
      const kind = `${direction} ${/^\w+ EC 0x\w+|^\w+/.exec(theirs)?.[0]}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      const key = `${direction} ${name} EL${state.el}${state.e2h ? ' E2H' : ''}${state.tge ? ' TGE' : ''}: ours ${ours}, QEMU ${theirs}`;
      if (ours !== theirs) different.set(key, 'because' in verdict ? verdict.because : '');
    });
    // The comparison is worth something only if each outcome occurs often, in both directions.
    for (const direction of ['read', 'write']) {
      for (const kind of ['executed', 'EL1 EC 0x00', 'EL2 EC 0x00', 'EL1 EC 0x18', 'EL2 EC 0x18']) {
        expect(seen.get(`${direction} ${kind}`) ?? 0, `${direction} ${kind}`).toBeGreaterThan(20);
      }
    }
    expect([...different].map(([what, why]) => `${what} (${why})`)).toEqual([]);
  });
});
