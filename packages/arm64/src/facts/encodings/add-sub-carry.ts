import type { Rows } from '@worldswitch/isa';

/**
 * Add and subtract with carry.
 */
export const ADD_SUB_CARRY = {
  ADC: {
    pattern: 'sf:1 0 0 11010000 rm:5 000000 rn:5 rd:5', asm: 'adc {rd:R}, {rn:R}, {rm:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 ADC',
  },
  ADCS: {
    pattern: 'sf:1 0 1 11010000 rm:5 000000 rn:5 rd:5', asm: 'adcs {rd:R}, {rn:R}, {rm:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 ADCS',
  },
  SBC: {
    pattern: 'sf:1 1 0 11010000 rm:5 000000 rn:5 rd:5', asm: 'sbc {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ when: { rn: 31 }, text: 'ngc {rd:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SBC',
  },
  SBCS: {
    pattern: 'sf:1 1 1 11010000 rm:5 000000 rn:5 rd:5', asm: 'sbcs {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ when: { rn: 31 }, text: 'ngcs {rd:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SBCS',
  },
} as const satisfies Rows;
