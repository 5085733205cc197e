import type { Rows } from '@worldswitch/isa';

/**
 * Add and subtract, shifted register. Rotation is unallocated.
 */
export const ADD_SUB_SHIFTED = {
  ADD_shift: {
    pattern: 'sf:1 0 0 01011 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'add {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ shift: 3 }, { sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ADD (shifted register)',
  },
  ADDS_shift: {
    pattern: 'sf:1 0 1 01011 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'adds {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [{ when: { rd: 31 }, text: 'cmn {rn:R}, {rm:R}<, {shift,imm6:shift}>' }],
    unless: [{ shift: 3 }, { sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ADDS (shifted register)',
  },
  SUB_shift: {
    pattern: 'sf:1 1 0 01011 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'sub {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [{ when: { rn: 31 }, text: 'neg {rd:R}, {rm:R}<, {shift,imm6:shift}>' }],
    unless: [{ shift: 3 }, { sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SUB (shifted register)',
  },
  SUBS_shift: {
    pattern: 'sf:1 1 1 01011 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'subs {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [
      { when: { rd: 31 }, text: 'cmp {rn:R}, {rm:R}<, {shift,imm6:shift}>' },
      { when: { rn: 31 }, text: 'negs {rd:R}, {rm:R}<, {shift,imm6:shift}>' },
    ],
    unless: [{ shift: 3 }, { sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SUBS (shifted register)',
  },
} as const satisfies Rows;
