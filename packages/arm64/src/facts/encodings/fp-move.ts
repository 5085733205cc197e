import type { Rows } from '@worldswitch/isa';

/**
 * Moves between SIMD&FP registers and general-purpose registers, and of constants.
 */
export const FP_MOVE = {
  FMOV_reg: {
    pattern: '00011110 0 ftype:1 1 000000 10000 rn:5 rd:5', asm: 'fmov {rd:F(ftype,2)}, {rn:F(ftype,2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (register)',
  },
  FMOV_imm: {
    pattern: '00011110 0 ftype:1 1 imm8:8 100 00000 rd:5', asm: 'fmov {rd:F(ftype,2)}, #{imm8:float}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (scalar, immediate)',
  },
  FMOV_s_to_w: {
    pattern: '00011110 00 1 00 110 000000 rn:5 rd:5', asm: 'fmov {rd:W}, {rn:F(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
  FMOV_w_to_s: {
    pattern: '00011110 00 1 00 111 000000 rn:5 rd:5', asm: 'fmov {rd:F(2)}, {rn:W}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
  FMOV_d_to_x: {
    pattern: '10011110 01 1 00 110 000000 rn:5 rd:5', asm: 'fmov {rd:X}, {rn:F(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
  FMOV_x_to_d: {
    pattern: '10011110 01 1 00 111 000000 rn:5 rd:5', asm: 'fmov {rd:F(3)}, {rn:X}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
  FMOV_top_to_x: {
    pattern: '10011110 10 1 01 110 000000 rn:5 rd:5', asm: 'fmov {rd:X}, {rn:V}.d[1]',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
  FMOV_x_to_top: {
    pattern: '10011110 10 1 01 111 000000 rn:5 rd:5', asm: 'fmov {rd:V}.d[1], {rn:X}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (general)',
  },
} as const satisfies Rows;
