import type { Rows } from '@worldswitch/isa';

/**
 * Bitwise operations on whole registers.
 */
export const SIMD_LOGICAL = {
  AND_vec: {
    pattern: '0 q:1 0 01110 00 1 rm:5 000111 rn:5 rd:5', asm: 'and {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 AND (vector)',
  },
  BIC_vec: {
    pattern: '0 q:1 0 01110 01 1 rm:5 000111 rn:5 rd:5', asm: 'bic {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 BIC (vector, register)',
  },
  ORR_vec: {
    pattern: '0 q:1 0 01110 10 1 rm:5 000111 rn:5 rd:5', asm: 'orr {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    aliases: [{ when: { rm: '=rn' }, text: 'mov {rd:vector(b)}, {rn:vector(b)}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 ORR (vector, register)',
  },
  ORN_vec: {
    pattern: '0 q:1 0 01110 11 1 rm:5 000111 rn:5 rd:5', asm: 'orn {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ORN (vector)',
  },
  EOR_vec: {
    pattern: '0 q:1 1 01110 00 1 rm:5 000111 rn:5 rd:5', asm: 'eor {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 EOR (vector)',
  },
  BSL_vec: {
    pattern: '0 q:1 1 01110 01 1 rm:5 000111 rn:5 rd:5', asm: 'bsl {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 BSL',
  },
  BIT_vec: {
    pattern: '0 q:1 1 01110 10 1 rm:5 000111 rn:5 rd:5', asm: 'bit {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 BIT',
  },
  BIF_vec: {
    pattern: '0 q:1 1 01110 11 1 rm:5 000111 rn:5 rd:5', asm: 'bif {rd:vector(b)}, {rn:vector(b)}, {rm:vector(b)}',
    status: 'modelled', source: 'DDI 0487 C7.2 BIF',
  },
  NOT_vec: {
    pattern: '0 q:1 1 01110 00 10000 00101 10 rn:5 rd:5', asm: 'not {rd:vector(b)}, {rn:vector(b)}',
    aliases: [{ text: 'mvn {rd:vector(b)}, {rn:vector(b)}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 NOT',
  },
} as const satisfies Rows;
