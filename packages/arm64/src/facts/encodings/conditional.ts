import type { Rows } from '@worldswitch/isa';

/**
 * Conditional compare and conditional select.
 */
export const CONDITIONAL = {
  CCMN_reg: {
    pattern: 'sf:1 0 1 11010010 rm:5 cond:4 0 0 rn:5 0 nzcv:4', asm: 'ccmn {rn:R}, {rm:R}, #{nzcv:hex}, {cond:cond}',
    status: 'modelled', source: 'DDI 0487 C6.2 CCMN (register)',
  },
  CCMN_imm: {
    pattern: 'sf:1 0 1 11010010 imm5:5 cond:4 1 0 rn:5 0 nzcv:4', asm: 'ccmn {rn:R}, #{imm5:hex}, #{nzcv:hex}, {cond:cond}',
    status: 'modelled', source: 'DDI 0487 C6.2 CCMN (immediate)',
  },
  CCMP_reg: {
    pattern: 'sf:1 1 1 11010010 rm:5 cond:4 0 0 rn:5 0 nzcv:4', asm: 'ccmp {rn:R}, {rm:R}, #{nzcv:hex}, {cond:cond}',
    status: 'modelled', source: 'DDI 0487 C6.2 CCMP (register)',
  },
  CCMP_imm: {
    pattern: 'sf:1 1 1 11010010 imm5:5 cond:4 1 0 rn:5 0 nzcv:4', asm: 'ccmp {rn:R}, #{imm5:hex}, #{nzcv:hex}, {cond:cond}',
    status: 'modelled', source: 'DDI 0487 C6.2 CCMP (immediate)',
  },
  CSEL: {
    pattern: 'sf:1 0 0 11010100 rm:5 cond:4 0 0 rn:5 rd:5', asm: 'csel {rd:R}, {rn:R}, {rm:R}, {cond:cond}',
    status: 'modelled', source: 'DDI 0487 C6.2 CSEL',
  },
  CSINC: {
    pattern: 'sf:1 0 0 11010100 rm:5 cond:4 0 1 rn:5 rd:5', asm: 'csinc {rd:R}, {rn:R}, {rm:R}, {cond:cond}',
    aliases: [
      { when: { rn: 31, rm: 31 }, text: 'cset {rd:R}, {cond:invertedCond}' },
      { when: { rm: '=rn' }, prefer: { rm: '!=31' }, text: 'cinc {rd:R}, {rn:R}, {cond:invertedCond}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 CSINC',
  },
  CSINV: {
    pattern: 'sf:1 1 0 11010100 rm:5 cond:4 0 0 rn:5 rd:5', asm: 'csinv {rd:R}, {rn:R}, {rm:R}, {cond:cond}',
    aliases: [
      { when: { rn: 31, rm: 31 }, text: 'csetm {rd:R}, {cond:invertedCond}' },
      { when: { rm: '=rn' }, prefer: { rm: '!=31' }, text: 'cinv {rd:R}, {rn:R}, {cond:invertedCond}' },
    ],
    status: 'modelled', source: 'DDI 0487 C6.2 CSINV',
  },
  CSNEG: {
    pattern: 'sf:1 1 0 11010100 rm:5 cond:4 0 1 rn:5 rd:5', asm: 'csneg {rd:R}, {rn:R}, {rm:R}, {cond:cond}',
    aliases: [{ when: { rm: '=rn' }, text: 'cneg {rd:R}, {rn:R}, {cond:invertedCond}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 CSNEG',
  },
} as const satisfies Rows;
