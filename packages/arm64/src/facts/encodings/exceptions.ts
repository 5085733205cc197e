import type { Rows } from '@worldswitch/isa';

/**
 * Exception generation and return.
 * BRK, HLT, SVC, HVC and SMC carry 16 bits for the handler.
 */
export const EXCEPTIONS = {
  SVC: {
    pattern: '11010100 000 imm16:16 000 01', asm: 'svc #{imm16:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 SVC',
  },
  HVC: {
    pattern: '11010100 000 imm16:16 000 10', asm: 'hvc #{imm16:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 HVC',
  },
  SMC: {
    pattern: '11010100 000 imm16:16 000 11', asm: 'smc #{imm16:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 SMC',
  },
  BRK: {
    pattern: '11010100 001 imm16:16 000 00', asm: 'brk #{imm16:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 BRK',
  },
  HLT: {
    pattern: '11010100 010 imm16:16 000 00', asm: 'hlt #{imm16:hex}',
    status: 'modelled', source: 'DDI 0487 C6.2 HLT',
  },
  ERET: {
    pattern: '1101011 0100 11111 000000 11111 00000', asm: 'eret',
    status: 'modelled', source: 'DDI 0487 C6.2 ERET',
  },
  UDF: {
    pattern: '0000000000000000 imm16:16', asm: 'udf #{imm16:dec}',
    status: 'modelled', source: 'DDI 0487 C6.2 UDF',
    note: 'Permanently undefined: the processor raises the same exception as for an unallocated word.',
  },
} as const satisfies Rows;
