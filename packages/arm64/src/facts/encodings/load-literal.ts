import type { Rows } from '@worldswitch/isa';

/**
 * Loads relative to the program counter. Offsets count words.
 */
export const LOAD_LITERAL = {
  LDR_lit: {
    pattern: '0 sz:1 011 0 00 imm19:19 rt:5', asm: 'ldr {rt:R(sz)}, {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDR (literal)',
  },
  LDRSW_lit: {
    pattern: '10 011 0 00 imm19:19 rt:5', asm: 'ldrsw {rt:X}, {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSW (literal)',
  },
  PRFM_lit: {
    pattern: '11 011 0 00 imm19:19 rt:5', asm: 'prfm {rt:prefetch}, {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 PRFM (literal)',
  },
} as const satisfies Rows;
