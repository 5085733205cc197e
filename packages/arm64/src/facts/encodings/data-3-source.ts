import type { Rows } from '@worldswitch/isa';

/**
 * Data processing, three sources: multiply and accumulate.
 */
export const DATA_3_SOURCE = {
  MADD: {
    pattern: 'sf:1 00 11011 000 rm:5 0 ra:5 rn:5 rd:5', asm: 'madd {rd:R}, {rn:R}, {rm:R}, {ra:R}',
    aliases: [{ when: { ra: 31 }, text: 'mul {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 MADD',
  },
  MSUB: {
    pattern: 'sf:1 00 11011 000 rm:5 1 ra:5 rn:5 rd:5', asm: 'msub {rd:R}, {rn:R}, {rm:R}, {ra:R}',
    aliases: [{ when: { ra: 31 }, text: 'mneg {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 MSUB',
  },
  SMADDL: {
    pattern: '1 00 11011 001 rm:5 0 ra:5 rn:5 rd:5', asm: 'smaddl {rd:X}, {rn:W}, {rm:W}, {ra:X}',
    aliases: [{ when: { ra: 31 }, text: 'smull {rd:X}, {rn:W}, {rm:W}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SMADDL',
  },
  SMSUBL: {
    pattern: '1 00 11011 001 rm:5 1 ra:5 rn:5 rd:5', asm: 'smsubl {rd:X}, {rn:W}, {rm:W}, {ra:X}',
    aliases: [{ when: { ra: 31 }, text: 'smnegl {rd:X}, {rn:W}, {rm:W}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SMSUBL',
  },
  UMADDL: {
    pattern: '1 00 11011 101 rm:5 0 ra:5 rn:5 rd:5', asm: 'umaddl {rd:X}, {rn:W}, {rm:W}, {ra:X}',
    aliases: [{ when: { ra: 31 }, text: 'umull {rd:X}, {rn:W}, {rm:W}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 UMADDL',
  },
  UMSUBL: {
    pattern: '1 00 11011 101 rm:5 1 ra:5 rn:5 rd:5', asm: 'umsubl {rd:X}, {rn:W}, {rm:W}, {ra:X}',
    aliases: [{ when: { ra: 31 }, text: 'umnegl {rd:X}, {rn:W}, {rm:W}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 UMSUBL',
  },
  SMULH: {
    pattern: '1 00 11011 010 rm:5 0 (1)(1)(1)(1)(1) rn:5 rd:5', asm: 'smulh {rd:X}, {rn:X}, {rm:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 SMULH',
  },
  UMULH: {
    pattern: '1 00 11011 110 rm:5 0 (1)(1)(1)(1)(1) rn:5 rd:5', asm: 'umulh {rd:X}, {rn:X}, {rm:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 UMULH',
  },
} as const satisfies Rows;
