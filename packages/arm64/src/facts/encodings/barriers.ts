import type { Rows } from '@worldswitch/isa';

/**
 * Barriers and CLREX.
 */
export const BARRIERS = {
  CLREX: {
    pattern: '1101 0101 0000 0011 0011 crm:4 010 11111', asm: 'clrex< #{crm:hex=15}>',
    status: 'modelled', source: 'DDI 0487 C6.2 CLREX',
  },
  DSB: {
    pattern: '1101 0101 0000 0011 0011 crm:4 100 11111', asm: 'dsb {crm:barrier}',
    aliases: [{ when: { crm: 0 }, text: 'ssbb' }, { when: { crm: 4 }, text: 'pssbb' }],
    status: 'modelled', source: 'DDI 0487 C6.2 DSB',
  },
  DMB: {
    pattern: '1101 0101 0000 0011 0011 crm:4 101 11111', asm: 'dmb {crm:barrier}',
    status: 'modelled', source: 'DDI 0487 C6.2 DMB',
  },
  ISB: {
    pattern: '1101 0101 0000 0011 0011 crm:4 110 11111', asm: 'isb< {crm:instructionBarrier=15}>',
    status: 'modelled', source: 'DDI 0487 C6.2 ISB',
  },
  SB: {
    pattern: '1101 0101 0000 0011 0011 (0)(0)(0)(0) 111 11111', asm: 'sb',
    feature: 'FEAT_SB', status: 'modelled', source: 'DDI 0487 C6.2 SB',
  },
} as const satisfies Rows;
