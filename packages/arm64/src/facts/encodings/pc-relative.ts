import type { Rows } from '@worldswitch/isa';

/**
 * PC-relative addressing (DDI 0487 C4.1, data processing, immediate).
 */
export const PC_RELATIVE = {
  ADR: {
    pattern: '0 immlo:2 10000 immhi:19 rd:5', asm: 'adr {rd:X}, {immhi,immlo:target}',
    status: 'modelled', source: 'DDI 0487 C6.2 ADR',
  },
  ADRP: {
    pattern: '1 immlo:2 10000 immhi:19 rd:5', asm: 'adrp {rd:X}, {immhi,immlo:target(4096,4096)}',
    status: 'modelled', source: 'DDI 0487 C6.2 ADRP',
  },
} as const satisfies Rows;
