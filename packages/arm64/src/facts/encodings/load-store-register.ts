import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores with a register offset, extended and scaled. Byte and halfword extensions are unallocated.
 */
export const LOAD_STORE_REGISTER = {
  STRB_reg: {
    pattern: '00 111000 00 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'strb {rt:W}, [{rn:Xsp}, {rm,option,s:offsetRegister(0)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STRB (register)',
  },
  LDRB_reg: {
    pattern: '00 111000 01 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldrb {rt:W}, [{rn:Xsp}, {rm,option,s:offsetRegister(0)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDRB (register)',
  },
  LDRSB_reg: {
    pattern: '00 111000 1 w:1 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldrsb {rt:R(!w)}, [{rn:Xsp}, {rm,option,s:offsetRegister(0)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSB (register)',
  },
  STRH_reg: {
    pattern: '01 111000 00 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'strh {rt:W}, [{rn:Xsp}, {rm,option,s:offsetRegister(1)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STRH (register)',
  },
  LDRH_reg: {
    pattern: '01 111000 01 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldrh {rt:W}, [{rn:Xsp}, {rm,option,s:offsetRegister(1)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDRH (register)',
  },
  LDRSH_reg: {
    pattern: '01 111000 1 w:1 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldrsh {rt:R(!w)}, [{rn:Xsp}, {rm,option,s:offsetRegister(1)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSH (register)',
  },
  STR_reg: {
    pattern: '1 sz:1 111000 00 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'str {rt:R(sz)}, [{rn:Xsp}, {rm,option,s:offsetRegister(2,sz)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STR (register)',
  },
  LDR_reg: {
    pattern: '1 sz:1 111000 01 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldr {rt:R(sz)}, [{rn:Xsp}, {rm,option,s:offsetRegister(2,sz)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDR (register)',
  },
  LDRSW_reg: {
    pattern: '10 111000 10 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'ldrsw {rt:X}, [{rn:Xsp}, {rm,option,s:offsetRegister(2)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDRSW (register)',
  },
  PRFM_reg: {
    pattern: '11 111000 10 1 rm:5 option:3 s:1 10 rn:5 rt:5', asm: 'prfm {rt:prefetch}, [{rn:Xsp}, {rm,option,s:offsetRegister(3)}]',
    unless: [{ option: '-0-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 PRFM (register)',
  },
} as const satisfies Rows;
