import type { Rows } from '@worldswitch/isa';

/**
 * Flag manipulation (FEAT_FlagM): bits of a register into the condition flags. CFINV is among the PSTATE instructions.
 */
export const FLAG_MANIPULATION = {
  RMIF: {
    pattern: '1 0 1 11010000 imm6:6 00001 rn:5 0 mask:4', asm: 'rmif {rn:X}, #{imm6:dec}, #{mask:dec}',
    feature: 'FEAT_FlagM', status: 'modelled', source: 'DDI 0487 C6.2 RMIF',
  },
  SETF8: {
    pattern: '0 0 1 11010000 000000 0 0010 rn:5 0 1101', asm: 'setf8 {rn:W}',
    feature: 'FEAT_FlagM', status: 'modelled', source: 'DDI 0487 C6.2 SETF8, SETF16',
  },
  SETF16: {
    pattern: '0 0 1 11010000 000000 1 0010 rn:5 0 1101', asm: 'setf16 {rn:W}',
    feature: 'FEAT_FlagM', status: 'modelled', source: 'DDI 0487 C6.2 SETF8, SETF16',
  },
} as const satisfies Rows;
