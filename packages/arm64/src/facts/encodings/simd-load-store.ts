import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores of one SIMD&FP register of 8 to 128 bits.
 */
export const SIMD_LOAD_STORE = {
  STR_fp_unsigned: {
    pattern: 'size:2 111101 00 imm12:12 rn:5 rt:5', asm: 'str {rt:F(size)}, [{rn:Xsp}<, #{imm12:scaled(1,size)}>]',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), unsigned offset',
  },
  STR_fp_post: {
    pattern: 'size:2 111100 00 0 imm9:9 01 rn:5 rt:5', asm: 'str {rt:F(size)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), post-index',
  },
  STR_fp_pre: {
    pattern: 'size:2 111100 00 0 imm9:9 11 rn:5 rt:5', asm: 'str {rt:F(size)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), pre-index',
  },
  STUR_fp: {
    pattern: 'size:2 111100 00 0 imm9:9 00 rn:5 rt:5', asm: 'stur {rt:F(size)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'str {rt:F(size)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 STUR (SIMD&FP)',
  },
  STR_fp_reg: {
    pattern: 'size:2 111100 00 1 rm:5 option:3 s:1 10 rn:5 rt:5',
    asm: 'str {rt:F(size)}, [{rn:Xsp}, {rm,option,s:offsetRegister(0,size)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C7.2 STR (register, SIMD&FP)',
  },
  STR_q_unsigned: {
    pattern: '00 111101 10 imm12:12 rn:5 rt:5', asm: 'str {rt:F(4)}, [{rn:Xsp}<, #{imm12:dec(16)}>]',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), unsigned offset',
  },
  STR_q_post: {
    pattern: '00 111100 10 0 imm9:9 01 rn:5 rt:5', asm: 'str {rt:F(4)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), post-index',
  },
  STR_q_pre: {
    pattern: '00 111100 10 0 imm9:9 11 rn:5 rt:5', asm: 'str {rt:F(4)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C7.2 STR (immediate, SIMD&FP), pre-index',
  },
  STUR_q: {
    pattern: '00 111100 10 0 imm9:9 00 rn:5 rt:5', asm: 'stur {rt:F(4)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'str {rt:F(4)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 STUR (SIMD&FP)',
  },
  STR_q_reg: {
    pattern: '00 111100 10 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'str {rt:F(4)}, [{rn:Xsp}, {rm,option,s:offsetRegister(4)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C7.2 STR (register, SIMD&FP)',
  },
  LDR_fp_unsigned: {
    pattern: 'size:2 111101 01 imm12:12 rn:5 rt:5', asm: 'ldr {rt:F(size)}, [{rn:Xsp}<, #{imm12:scaled(1,size)}>]',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), unsigned offset',
  },
  LDR_fp_post: {
    pattern: 'size:2 111100 01 0 imm9:9 01 rn:5 rt:5', asm: 'ldr {rt:F(size)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), post-index',
  },
  LDR_fp_pre: {
    pattern: 'size:2 111100 01 0 imm9:9 11 rn:5 rt:5', asm: 'ldr {rt:F(size)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), pre-index',
  },
  LDUR_fp: {
    pattern: 'size:2 111100 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldur {rt:F(size)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldr {rt:F(size)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDUR (SIMD&FP)',
  },
  LDR_fp_reg: {
    pattern: 'size:2 111100 01 1 rm:5 option:3 s:1 10 rn:5 rt:5',
    asm: 'ldr {rt:F(size)}, [{rn:Xsp}, {rm,option,s:offsetRegister(0,size)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (register, SIMD&FP)',
  },
  LDR_q_unsigned: {
    pattern: '00 111101 11 imm12:12 rn:5 rt:5', asm: 'ldr {rt:F(4)}, [{rn:Xsp}<, #{imm12:dec(16)}>]',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), unsigned offset',
  },
  LDR_q_post: {
    pattern: '00 111100 11 0 imm9:9 01 rn:5 rt:5', asm: 'ldr {rt:F(4)}, [{rn:Xsp}], #{imm9:signed}',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), post-index',
  },
  LDR_q_pre: {
    pattern: '00 111100 11 0 imm9:9 11 rn:5 rt:5', asm: 'ldr {rt:F(4)}, [{rn:Xsp}, #{imm9:signed}]!',
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (immediate, SIMD&FP), pre-index',
  },
  LDUR_q: {
    pattern: '00 111100 11 0 imm9:9 00 rn:5 rt:5', asm: 'ldur {rt:F(4)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldr {rt:F(4)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDUR (SIMD&FP)',
  },
  LDR_q_reg: {
    pattern: '00 111100 11 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldr {rt:F(4)}, [{rn:Xsp}, {rm,option,s:offsetRegister(4)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (register, SIMD&FP)',
  },
  LDR_fp_lit: {
    pattern: 'opc:2 011 1 00 imm19:19 rt:5', asm: 'ldr {rt:F(opc,2)}, {imm19:target(4)}',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDR (literal, SIMD&FP)',
  },
} as const satisfies Rows;
