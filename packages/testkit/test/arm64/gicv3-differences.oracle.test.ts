/**
 * Where the GICv3 differs from QEMU 7.2's, one probe each, and where both depart from the manual: gicv3-differences.md (`vitest -u` writes it
 * anew). The walks of gicv3.oracle.test.ts keep off these places.
 */
import { describe, expect, it } from 'vitest';
import { haveTools } from '../../../../tooling/oracles/require.ts';
import { Guest, GUEST_TOOLS } from './guest.ts';
import { GicGuest, GICD, GICR, HCR, SGI } from './gicv3-guest.ts';

const CPU = 'neoverse-n1';
const ONES = 0xffff_ffff_ffff_ffffn;
const BOTH = HCR.RW | HCR.IMO | HCR.FMO;

interface Probe {
  readonly what: string;
  readonly why: string;
  /** Leaves one word. */
  readonly steps: (guest: GicGuest) => void;
}

const LPIS = 'LPIs are not built: the bit says so (GICD_TYPER.LPIS, GICR_TYPER.PLPIS, GICR_CTLR.CES)';

const DIFFERENT: readonly Probe[] = [
  {
    what: 'ICH_HCR_EL2 after ICC_EOIR1_EL1 = 99 at EL1: VEOIM = 1, one priority active, no such list register',
    why: 'EOIcount counts ends that would have deactivated something: with VEOIM = 1 those by DIR alone (ICH_HCR_EL2.EOIcount); QEMU counts both',
    steps: (guest) => {
      guest.msr('ICH_VMCR_EL2', 0xf000_0203n).msr('ICH_HCR_EL2', 1n).msr('ICH_AP1R0_EL2', 1n << 16n).msr('HCR_EL2', BOTH);
      guest.el1(() => { guest.msr('ICC_EOIR1_EL1', 99n); });
      guest.msr('HCR_EL2', HCR.RW).mrs('ICH_HCR_EL2').msr('ICH_HCR_EL2', 0n);
    },
  },
  {
    what: 'ICH_MISR_EL2 with VGrp0DIE, virtual group 0 disabled, group 1 enabled',
    why: 'VGrp0D is for VENG0 = 0 (ICH_MISR_EL2.VGrp0D); QEMU looks at VENG1',
    steps: (guest) => { guest.msr('ICH_VMCR_EL2', 0xf000_0002n).msr('ICH_HCR_EL2', 1n << 5n).mrs('ICH_MISR_EL2').msr('ICH_HCR_EL2', 0n); },
  },
  {
    what: 'ICH_MISR_EL2 with VGrp0DIE, virtual group 0 enabled, group 1 disabled',
    why: 'as before',
    steps: (guest) => { guest.msr('ICH_VMCR_EL2', 0xf000_0001n).msr('ICH_HCR_EL2', 1n << 5n).mrs('ICH_MISR_EL2').msr('ICH_HCR_EL2', 0n); },
  },
  {
    what: 'ICH_LR0_EL2 written with ones',
    why: 'reserved bits 58:56 and 47:45, NMI (FEAT_GICv3_NMI), and vINTID above the 24 bits of ICH_VTR_EL2.IDbits read as zero (ICH_LR<n>_EL2); QEMU keeps them',
    steps: (guest) => { guest.msr('ICH_LR0_EL2', ONES).mrs('ICH_LR0_EL2').msr('ICH_LR0_EL2', 0n); },
  },
  {
    what: 'ICH_VMCR_EL2 written with ones',
    why: 'a virtual priority has 5 bits, so VPMR has (ICH_VMCR_EL2.VPMR); QEMU keeps 8',
    steps: (guest) => { guest.msr('ICH_VMCR_EL2', ONES).mrs('ICH_VMCR_EL2').msr('ICH_VMCR_EL2', 0n); },
  },
  {
    what: 'ICH_HCR_EL2 written with ones',
    why: 'TSEI is reserved without locally generated SErrors (ICH_HCR_EL2.TSEI, ICH_VTR_EL2.SEIS = 0); QEMU keeps it',
    steps: (guest) => { guest.msr('ICH_HCR_EL2', ONES).mrs('ICH_HCR_EL2').msr('ICH_HCR_EL2', 0n); },
  },
  { what: 'GICD_TYPER', why: LPIS, steps: (guest) => { guest.load(GICD + 4n); } },
  { what: 'GICR_TYPER, low half', why: LPIS, steps: (guest) => { guest.load(GICR + 8n); } },
  { what: 'GICR_CTLR', why: LPIS, steps: (guest) => { guest.load(GICR); } },
  {
    what: 'GICR_PROPBASER written with ones, low half', why: 'without LPIs it is reserved (GICR_PROPBASER); QEMU keeps all bits, reserved ones too',
    steps: (guest) => { guest.store(GICR + 0x70n, 0xffff_ffffn).load(GICR + 0x70n).store(GICR + 0x70n, 0n); },
  },
  {
    what: 'ICC_RPR_EL1 after ICC_EOIR1_EL1 = 8192 with one priority active', why: 'an INTID that does not exist is ignored (ICC_EOIR1_EL1); QEMU has LPIs and drops the priority',
    steps: (guest) => { guest.msr('ICC_AP1R0_EL1', 1n << 20n).msr('ICC_EOIR1_EL1', 8192n).mrs('ICC_RPR_EL1').msr('ICC_AP1R0_EL1', 0n); },
  },
  {
    what: 'GICD_IROUTER32 written with ones, low half',
    why: 'bits 30:24 are reserved, and IRM too where GICD_TYPER.No1N is 1 (GICD_IROUTER<n>); QEMU keeps them',
    steps: (guest) => { guest.store(GICD + 0x6100n, 0xffff_ffffn).load(GICD + 0x6100n).store(GICD + 0x6100n, 0n); },
  },
];

/** What both do and the manual does not have; `is` is the word that both leave. */
const TOGETHER: readonly (Probe & { readonly is: bigint })[] = [
  {
    what: 'GICD_TYPER.ITLinesNumber of 288 INTIDs',
    why: 'INTIDs go up to 32(N + 1) - 1 (GICD_TYPER.ITLinesNumber), which asks for 8; kernels size their loops by it, so we keep QEMU\'s',
    is: 7n, steps: (guest) => { guest.and(0x1fn, () => { guest.load(GICD + 4n); }); },
  },
  {
    what: 'ISR_EL1 with an SGI pending while GICR_WAKER.ProcessorSleep is 1',
    why: 'nothing is forwarded to a sleeping processor (GICR_WAKER.ProcessorSleep); software that never wakes its redistributor runs on QEMU, so it runs here',
    is: 0x80n,
    steps: (guest) => {
      guest.store(GICD, 2n).store(GICR + 0x14n, 2n).store(SGI + 0x80n, 2n).store(SGI + 0x100n, 2n).msr('ICC_PMR_EL1', 0xf0n).msr('ICC_IGRPEN1_EL1', 1n).msr('ICC_SGI1R_EL1', 0x100_0001n);
      guest.mrs('ISR_EL1').store(SGI + 0x280n, 2n).msr('ICC_IGRPEN1_EL1', 0n);
    },
  },
  {
    what: 'GICR_IPRIORITYR0 written with ones',
    why: '5 bits of priority are there at the CPU interface; the distributor may have as many (4.8, interrupt prioritization) and both keep 8, so that equal looking priorities order',
    is: 0xffff_ffffn, steps: (guest) => { guest.store(SGI + 0x400n, 0xffff_ffffn).load(SGI + 0x400n).store(SGI + 0x400n, 0n); },
  },
];

const hex = (word: bigint): string => `0x${word.toString(16)}`;

describe.runIf(haveTools(...GUEST_TOOLS))('GICv3: what is different, and what is different from the manual', () => {
  it('is what gicv3-differences.md says', async () => {
    const steps = new GicGuest();
    for (const { steps: probe } of [...DIFFERENT, ...TOGETHER]) probe(steps);
    const guest = new Guest(steps.source.text, steps.source.bytes, { gic: 3 });
    const [ours, qemu] = [guest.onOurs('interpreter', CPU), guest.onQemu(CPU)];
    expect([ours.length, qemu.length]).toEqual([DIFFERENT.length + TOGETHER.length, DIFFERENT.length + TOGETHER.length]);
    expect(DIFFERENT.filter((_, index) => ours[index] === qemu[index]).map(({ what }) => what), 'no longer different').toEqual([]);
    const together = TOGETHER.map(({ what }, index) => ({ what, ours: ours[DIFFERENT.length + index], qemu: qemu[DIFFERENT.length + index] }));
    expect(together).toEqual(TOGETHER.map(({ what, is }) => ({ what, ours: is, qemu: is })));
    await expect([
      '# GICv3: where QEMU 7.2 and this machine differ', '',
      `Written by gicv3-differences.oracle.test.ts on ${CPU}. Registers, fields and sections are those of IHI 0069.`, '',
      '| what | here | QEMU | why |', '|---|---|---|---|',
      ...DIFFERENT.map(({ what, why }, index) => `| ${what} | ${hex(ours[index])} | ${hex(qemu[index])} | ${why} |`), '',
      '## Where both depart from the manual', '', '| what | both | why |', '|---|---|---|',
      ...TOGETHER.map(({ what, why, is }) => `| ${what} | ${hex(is)} | ${why} |`), '',
    ].join('\n')).toMatchFileSnapshot('./gicv3-differences.md');
  });
});
