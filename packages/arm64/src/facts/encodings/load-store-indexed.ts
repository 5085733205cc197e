import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores that write the address back, before or after the access.
 * With writeback, Rn = Rt (not 31) is CONSTRAINED UNPREDICTABLE: a store stores the old value, after a load the written-back address stays.
 */
export const LOAD_STORE_INDEXED = {
  STRB_post: {
    pattern: '00 111000 00 0 imm9:9 01 rn:5 rt:5', asm: 'strb {rt:W}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 STRB (immediate), post-index',
  },
  LDRB_post: {
    pattern: '00 111000 01 0 imm9:9 01 rn:5 rt:5', asm: 'ldrb {rt:W}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRB (immediate), post-index',
  },
  LDRSB_post: {
    pattern: '00 111000 1 w:1 0 imm9:9 01 rn:5 rt:5', asm: 'ldrsb {rt:R(!w)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSB (immediate), post-index',
  },
  STRH_post: {
    pattern: '01 111000 00 0 imm9:9 01 rn:5 rt:5', asm: 'strh {rt:W}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 STRH (immediate), post-index',
  },
  LDRH_post: {
    pattern: '01 111000 01 0 imm9:9 01 rn:5 rt:5', asm: 'ldrh {rt:W}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRH (immediate), post-index',
  },
  LDRSH_post: {
    pattern: '01 111000 1 w:1 0 imm9:9 01 rn:5 rt:5', asm: 'ldrsh {rt:R(!w)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSH (immediate), post-index',
  },
  STR_post: {
    pattern: '1 sz:1 111000 00 0 imm9:9 01 rn:5 rt:5', asm: 'str {rt:R(sz)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 STR (immediate), post-index',
  },
  LDR_post: {
    pattern: '1 sz:1 111000 01 0 imm9:9 01 rn:5 rt:5', asm: 'ldr {rt:R(sz)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDR (immediate), post-index',
  },
  LDRSW_post: {
    pattern: '10 111000 10 0 imm9:9 01 rn:5 rt:5', asm: 'ldrsw {rt:X}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSW (immediate), post-index',
  },
  STRB_pre: {
    pattern: '00 111000 00 0 imm9:9 11 rn:5 rt:5', asm: 'strb {rt:W}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 STRB (immediate), pre-index',
  },
  LDRB_pre: {
    pattern: '00 111000 01 0 imm9:9 11 rn:5 rt:5', asm: 'ldrb {rt:W}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRB (immediate), pre-index',
  },
  LDRSB_pre: {
    pattern: '00 111000 1 w:1 0 imm9:9 11 rn:5 rt:5', asm: 'ldrsb {rt:R(!w)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSB (immediate), pre-index',
  },
  STRH_pre: {
    pattern: '01 111000 00 0 imm9:9 11 rn:5 rt:5', asm: 'strh {rt:W}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 STRH (immediate), pre-index',
  },
  LDRH_pre: {
    pattern: '01 111000 01 0 imm9:9 11 rn:5 rt:5', asm: 'ldrh {rt:W}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRH (immediate), pre-index',
  },
  LDRSH_pre: {
    pattern: '01 111000 1 w:1 0 imm9:9 11 rn:5 rt:5', asm: 'ldrsh {rt:R(!w)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSH (immediate), pre-index',
  },
  STR_pre: {
    pattern: '1 sz:1 111000 00 0 imm9:9 11 rn:5 rt:5', asm: 'str {rt:R(sz)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 STR (immediate), pre-index',
  },
  LDR_pre: {
    pattern: '1 sz:1 111000 01 0 imm9:9 11 rn:5 rt:5', asm: 'ldr {rt:R(sz)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDR (immediate), pre-index',
  },
  LDRSW_pre: {
    pattern: '10 111000 10 0 imm9:9 11 rn:5 rt:5', asm: 'ldrsw {rt:X}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSW (immediate), pre-index',
  },
} as const satisfies Rows;
