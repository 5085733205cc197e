import type { Rows } from '@worldswitch/isa';

/**
 * Data processing, two sources: division and shifts by register.
 */
export const DATA_2_SOURCE = {
  UDIV: {
    pattern: 'sf:1 0 0 11010110 rm:5 000010 rn:5 rd:5', asm: 'udiv {rd:R}, {rn:R}, {rm:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 UDIV',
  },
  SDIV: {
    pattern: 'sf:1 0 0 11010110 rm:5 000011 rn:5 rd:5', asm: 'sdiv {rd:R}, {rn:R}, {rm:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 SDIV',
  },
  LSLV: {
    pattern: 'sf:1 0 0 11010110 rm:5 001000 rn:5 rd:5', asm: 'lslv {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ text: 'lsl {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LSLV',
  },
  LSRV: {
    pattern: 'sf:1 0 0 11010110 rm:5 001001 rn:5 rd:5', asm: 'lsrv {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ text: 'lsr {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LSRV',
  },
  ASRV: {
    pattern: 'sf:1 0 0 11010110 rm:5 001010 rn:5 rd:5', asm: 'asrv {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ text: 'asr {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ASRV',
  },
  RORV: {
    pattern: 'sf:1 0 0 11010110 rm:5 001011 rn:5 rd:5', asm: 'rorv {rd:R}, {rn:R}, {rm:R}',
    aliases: [{ text: 'ror {rd:R}, {rn:R}, {rm:R}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 RORV',
  },
} as const satisfies Rows;
