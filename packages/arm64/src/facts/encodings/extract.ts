import type { Rows } from '@worldswitch/isa';

/**
 * Extract from a pair of registers. N must equal sf.
 */
export const EXTRACT = {
  EXTR: {
    pattern: 'sf:1 00 100111 n:1 0 rm:5 imms:6 rn:5 rd:5', asm: 'extr {rd:R}, {rn:R}, {rm:R}, #{imms:dec}{n:sameAsSf}',
    aliases: [{ when: { rm: '=rn' }, text: 'ror {rd:R}, {rn:R}, #{imms:dec}{n:sameAsSf}' }],
    unless: [{ n: '!=sf' }, { sf: 0, imms: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 EXTR',
  },
} as const satisfies Rows;
