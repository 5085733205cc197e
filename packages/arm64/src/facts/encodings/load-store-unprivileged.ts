import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores made as if at EL0 (DDI 0487 C3.2.5).
 */
export const LOAD_STORE_UNPRIVILEGED = {
  STTRB: {
    pattern: '00 111000 00 0 imm9:9 10 rn:5 rt:5', asm: 'sttrb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STTRB',
  },
  LDTRB: {
    pattern: '00 111000 01 0 imm9:9 10 rn:5 rt:5', asm: 'ldtrb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTRB',
  },
  LDTRSB: {
    pattern: '00 111000 1 w:1 0 imm9:9 10 rn:5 rt:5', asm: 'ldtrsb {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTRSB',
  },
  STTRH: {
    pattern: '01 111000 00 0 imm9:9 10 rn:5 rt:5', asm: 'sttrh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STTRH',
  },
  LDTRH: {
    pattern: '01 111000 01 0 imm9:9 10 rn:5 rt:5', asm: 'ldtrh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTRH',
  },
  LDTRSH: {
    pattern: '01 111000 1 w:1 0 imm9:9 10 rn:5 rt:5', asm: 'ldtrsh {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTRSH',
  },
  STTR: {
    pattern: '1 sz:1 111000 00 0 imm9:9 10 rn:5 rt:5', asm: 'sttr {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STTR',
  },
  LDTR: {
    pattern: '1 sz:1 111000 01 0 imm9:9 10 rn:5 rt:5', asm: 'ldtr {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTR',
  },
  LDTRSW: {
    pattern: '10 111000 10 0 imm9:9 10 rn:5 rt:5', asm: 'ldtrsw {rt:X}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDTRSW',
  },
} as const satisfies Rows;
