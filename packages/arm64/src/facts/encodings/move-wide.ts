import type { Rows } from '@worldswitch/isa';

/**
 * Move wide immediate: 16 bits at one of four positions (two in a W register).
 */
export const MOVE_WIDE = {
  MOVN: {
    pattern: 'sf:1 00 100101 hw:2 imm16:16 rd:5', asm: 'movn {rd:R}, #{imm16:hex}<, {hw:lsl16}>',
    aliases: [{ text: 'mov {rd:R}, #{hw,imm16:movInverted}' }],
    unless: [{ sf: 0, hw: '1-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 MOVN',
  },
  MOVZ: {
    pattern: 'sf:1 10 100101 hw:2 imm16:16 rd:5', asm: 'movz {rd:R}, #{imm16:hex}<, {hw:lsl16}>',
    aliases: [{ text: 'mov {rd:R}, #{hw,imm16:movWide}' }],
    unless: [{ sf: 0, hw: '1-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 MOVZ',
  },
  MOVK: {
    pattern: 'sf:1 11 100101 hw:2 imm16:16 rd:5', asm: 'movk {rd:R}, #{imm16:hex}<, {hw:lsl16}>',
    unless: [{ sf: 0, hw: '1-' }],
    status: 'modelled', source: 'DDI 0487 C6.2 MOVK',
  },
} as const satisfies Rows;
