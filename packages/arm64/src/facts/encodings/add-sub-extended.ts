import type { Rows } from '@worldswitch/isa';

/**
 * Add and subtract, extended register: the way to use SP with a register. Shifts of more than 4 are unallocated.
 */
export const ADD_SUB_EXTENDED = {
  ADD_ext: {
    pattern: 'sf:1 0 0 01011 00 1 rm:5 option:3 imm3:3 rn:5 rd:5', asm: 'add {rd:Rsp}, {rn:Rsp}, {rm,option,imm3:extended(rd,rn)}',
    unless: [{ imm3: [5, 6, 7] }],
    status: 'modelled', source: 'DDI 0487 C6.2 ADD (extended register)',
  },
  ADDS_ext: {
    pattern: 'sf:1 0 1 01011 00 1 rm:5 option:3 imm3:3 rn:5 rd:5', asm: 'adds {rd:R}, {rn:Rsp}, {rm,option,imm3:extended(rn)}',
    aliases: [{ when: { rd: 31 }, text: 'cmn {rn:Rsp}, {rm,option,imm3:extended(rn)}' }],
    unless: [{ imm3: [5, 6, 7] }],
    status: 'modelled', source: 'DDI 0487 C6.2 ADDS (extended register)',
  },
  SUB_ext: {
    pattern: 'sf:1 1 0 01011 00 1 rm:5 option:3 imm3:3 rn:5 rd:5', asm: 'sub {rd:Rsp}, {rn:Rsp}, {rm,option,imm3:extended(rd,rn)}',
    unless: [{ imm3: [5, 6, 7] }],
    status: 'modelled', source: 'DDI 0487 C6.2 SUB (extended register)',
  },
  SUBS_ext: {
    pattern: 'sf:1 1 1 01011 00 1 rm:5 option:3 imm3:3 rn:5 rd:5', asm: 'subs {rd:R}, {rn:Rsp}, {rm,option,imm3:extended(rn)}',
    aliases: [{ when: { rd: 31 }, text: 'cmp {rn:Rsp}, {rm,option,imm3:extended(rn)}' }],
    unless: [{ imm3: [5, 6, 7] }],
    status: 'modelled', source: 'DDI 0487 C6.2 SUBS (extended register)',
  },
} as const satisfies Rows;
