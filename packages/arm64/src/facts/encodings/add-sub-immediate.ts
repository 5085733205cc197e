import type { Rows } from '@worldswitch/isa';

/**
 * Add and subtract, immediate. Register 31 is SP, except as destination of the flag-setting forms.
 */
export const ADD_SUB_IMMEDIATE = {
  ADD_imm: {
    pattern: 'sf:1 0 0 100010 sh:1 imm12:12 rn:5 rd:5', asm: 'add {rd:Rsp}, {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>',
    aliases: [
      { when: [{ imm12: 0, sh: 0, rd: 31 }, { imm12: 0, sh: 0, rn: 31 }], text: 'mov {rd:Rsp}, {rn:Rsp}' },
      { prefer: false, text: 'add {rd:Rsp}, {rn:Rsp}, #{sh,imm12:shifted12}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 ADD (immediate)',
  },
  ADDS_imm: {
    pattern: 'sf:1 0 1 100010 sh:1 imm12:12 rn:5 rd:5', asm: 'adds {rd:R}, {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>',
    aliases: [
      { when: { rd: 31 }, text: 'cmn {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>' },
      { when: { rd: 31 }, prefer: false, text: 'cmn {rn:Rsp}, #{sh,imm12:shifted12}' },
      { prefer: false, text: 'adds {rd:R}, {rn:Rsp}, #{sh,imm12:shifted12}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 ADDS (immediate)',
  },
  SUB_imm: {
    pattern: 'sf:1 1 0 100010 sh:1 imm12:12 rn:5 rd:5', asm: 'sub {rd:Rsp}, {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>',
    aliases: [{ prefer: false, text: 'sub {rd:Rsp}, {rn:Rsp}, #{sh,imm12:shifted12}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SUB (immediate)',
  },
  SUBS_imm: {
    pattern: 'sf:1 1 1 100010 sh:1 imm12:12 rn:5 rd:5', asm: 'subs {rd:R}, {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>',
    aliases: [
      { when: { rd: 31 }, text: 'cmp {rn:Rsp}, #{imm12:hex}<, {sh:lsl12}>' },
      { when: { rd: 31 }, prefer: false, text: 'cmp {rn:Rsp}, #{sh,imm12:shifted12}' },
      { prefer: false, text: 'subs {rd:R}, {rn:Rsp}, #{sh,imm12:shifted12}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 SUBS (immediate)',
  },
} as const satisfies Rows;
