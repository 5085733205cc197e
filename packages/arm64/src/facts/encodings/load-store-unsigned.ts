import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores with an unsigned offset, counted in the size of the access.
 */
export const LOAD_STORE_UNSIGNED = {
  STRB_unsigned: {
    pattern: '00 111001 00 imm12:12 rn:5 rt:5', asm: 'strb {rt:W}, [{rn:Xsp}<, #{imm12:dec(1)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STRB (immediate), unsigned offset',
  },
  LDRB_unsigned: {
    pattern: '00 111001 01 imm12:12 rn:5 rt:5', asm: 'ldrb {rt:W}, [{rn:Xsp}<, #{imm12:dec(1)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRB (immediate), unsigned offset',
  },
  LDRSB_unsigned: {
    pattern: '00 111001 1 w:1 imm12:12 rn:5 rt:5', asm: 'ldrsb {rt:R(!w)}, [{rn:Xsp}<, #{imm12:dec(1)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSB (immediate), unsigned offset',
  },
  STRH_unsigned: {
    pattern: '01 111001 00 imm12:12 rn:5 rt:5', asm: 'strh {rt:W}, [{rn:Xsp}<, #{imm12:dec(2)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STRH (immediate), unsigned offset',
  },
  LDRH_unsigned: {
    pattern: '01 111001 01 imm12:12 rn:5 rt:5', asm: 'ldrh {rt:W}, [{rn:Xsp}<, #{imm12:dec(2)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRH (immediate), unsigned offset',
  },
  LDRSH_unsigned: {
    pattern: '01 111001 1 w:1 imm12:12 rn:5 rt:5', asm: 'ldrsh {rt:R(!w)}, [{rn:Xsp}<, #{imm12:dec(2)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSH (immediate), unsigned offset',
  },
  STR_unsigned: {
    pattern: '1 sz:1 111001 00 imm12:12 rn:5 rt:5', asm: 'str {rt:R(sz)}, [{rn:Xsp}<, #{imm12:scaled(4,sz)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STR (immediate), unsigned offset',
  },
  LDR_unsigned: {
    pattern: '1 sz:1 111001 01 imm12:12 rn:5 rt:5', asm: 'ldr {rt:R(sz)}, [{rn:Xsp}<, #{imm12:scaled(4,sz)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDR (immediate), unsigned offset',
  },
  LDRSW_unsigned: {
    pattern: '10 111001 10 imm12:12 rn:5 rt:5', asm: 'ldrsw {rt:X}, [{rn:Xsp}<, #{imm12:dec(4)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSW (immediate), unsigned offset',
  },
  PRFM_unsigned: {
    pattern: '11 111001 10 imm12:12 rn:5 rt:5', asm: 'prfm {rt:prefetch}, [{rn:Xsp}<, #{imm12:dec(8)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 PRFM (immediate)',
  },
} as const satisfies Rows;
