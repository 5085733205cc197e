import type { Rows } from '@worldswitch/isa';

/**
 * Hints: CRm:op2 is the number. Those of features that this processor does not have, and unallocated ones, do nothing.
 */
export const HINTS = {
  HINT: {
    pattern: '1101 0101 0000 0011 0010 crm:4 op2:3 11111', asm: 'hint #{crm,op2:hex}',
    aliases: [
      { when: { crm: 0, op2: 0 }, text: 'nop' },
      { when: { crm: 0, op2: 1 }, text: 'yield' },
      { when: { crm: 0, op2: 2 }, text: 'wfe' },
      { when: { crm: 0, op2: 3 }, text: 'wfi' },
      { when: { crm: 0, op2: 4 }, text: 'sev' },
      { when: { crm: 0, op2: 5 }, text: 'sevl' },
      { when: { crm: 0, op2: 6 }, prefer: false, text: 'dgh' },
      { when: { crm: 0, op2: 7 }, text: 'xpaclri' },
      { when: { crm: 1, op2: 0 }, text: 'pacia1716' },
      { when: { crm: 1, op2: 2 }, text: 'pacib1716' },
      { when: { crm: 1, op2: 4 }, text: 'autia1716' },
      { when: { crm: 1, op2: 6 }, text: 'autib1716' },
      { when: { crm: 2, op2: 0 }, text: 'esb' },
      { when: { crm: 2, op2: 1 }, text: 'psb csync' },
      { when: { crm: 2, op2: 2 }, text: 'tsb csync' },
      { when: { crm: 2, op2: 4 }, text: 'csdb' },
      { when: { crm: 2, op2: 6 }, text: 'clrbhb' },
      { when: { crm: 2, op2: 6 }, prefer: false, text: 'clearbhb' },
      { when: { crm: 3, op2: 0 }, text: 'paciaz' },
      { when: { crm: 3, op2: 1 }, text: 'paciasp' },
      { when: { crm: 3, op2: 2 }, text: 'pacibz' },
      { when: { crm: 3, op2: 3 }, text: 'pacibsp' },
      { when: { crm: 3, op2: 4 }, text: 'autiaz' },
      { when: { crm: 3, op2: 5 }, text: 'autiasp' },
      { when: { crm: 3, op2: 6 }, text: 'autibz' },
      { when: { crm: 3, op2: 7 }, text: 'autibsp' },
      { when: { crm: 4, op2: 0 }, text: 'bti' },
      { when: { crm: 4, op2: 2 }, text: 'bti c' },
      { when: { crm: 4, op2: 4 }, text: 'bti j' },
      { when: { crm: 4, op2: 6 }, text: 'bti jc' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 HINT',
  },
} as const satisfies Rows;
