import type { Rows } from '@worldswitch/isa';

/**
 * Writes of PSTATE fields by immediate, and the flag conversions.
 */
export const PSTATE = {
  MSR_UAO: {
    pattern: '1101 0101 0000 0 000 0100 crm:4 011 11111', asm: 'msr uao, #{crm:hex}',
    feature: 'FEAT_UAO', status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), UAO',
  },
  MSR_PAN: {
    pattern: '1101 0101 0000 0 000 0100 crm:4 100 11111', asm: 'msr pan, #{crm:hex}',
    feature: 'FEAT_PAN', status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), PAN',
  },
  MSR_SPSel: {
    pattern: '1101 0101 0000 0 000 0100 crm:4 101 11111', asm: 'msr spsel, #{crm:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), SPSel',
  },
  MSR_SSBS: {
    pattern: '1101 0101 0000 0 011 0100 crm:4 001 11111', asm: 'msr ssbs, #{crm:hex}',
    feature: 'FEAT_SSBS', status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), SSBS',
  },
  MSR_DIT: {
    pattern: '1101 0101 0000 0 011 0100 crm:4 010 11111', asm: 'msr dit, #{crm:hex}',
    feature: 'FEAT_DIT', status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), DIT',
  },
  MSR_TCO: {
    pattern: '1101 0101 0000 0 011 0100 crm:4 100 11111', asm: 'msr tco, #{crm:hex}',
    feature: 'FEAT_MTE', status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), TCO',
  },
  MSR_DAIFSet: {
    pattern: '1101 0101 0000 0 011 0100 crm:4 110 11111', asm: 'msr daifset, #{crm:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), DAIFSet',
  },
  MSR_DAIFClr: {
    pattern: '1101 0101 0000 0 011 0100 crm:4 111 11111', asm: 'msr daifclr, #{crm:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 MSR (immediate), DAIFClr',
  },
  MSR_ALLINT: {
    pattern: '1101 0101 0000 0 001 0100 000 imm:1 000 11111', asm: 'msr allint, #{imm:hex}',
    feature: 'FEAT_NMI', status: 'unbuilt', source: 'DDI 0487 C6.2 MSR (immediate), ALLINT',
  },
  MSR_SVCR: {
    pattern: '1101 0101 0000 0 011 0100 0 mask:2 imm:1 011 11111',
    asm: [
      { when: { imm: 1 }, text: 'smstart< {mask:streaming=3}>' },
      { when: { imm: 0 }, text: 'smstop< {mask:streaming=3}>' },
    ],
    unless: [{ mask: 0 }],
    feature: 'FEAT_SME', status: 'unbuilt', source: 'DDI 0487 C6.2 MSR (immediate), SVCR',
  },
  CFINV: {
    pattern: '1101 0101 0000 0 000 0100 (0)(0)(0)(0) 000 11111', asm: 'cfinv',
    feature: 'FEAT_FlagM', status: 'modelled', source: 'DDI 0487 C6.2 CFINV',
  },
  XAFLAG: {
    pattern: '1101 0101 0000 0 000 0100 (0)(0)(0)(0) 001 11111', asm: 'xaflag',
    feature: 'FEAT_FlagM2', status: 'modelled', source: 'DDI 0487 C6.2 XAFLAG',
  },
  AXFLAG: {
    pattern: '1101 0101 0000 0 000 0100 (0)(0)(0)(0) 010 11111', asm: 'axflag',
    feature: 'FEAT_FlagM2', status: 'modelled', source: 'DDI 0487 C6.2 AXFLAG',
  },
} as const satisfies Rows;
