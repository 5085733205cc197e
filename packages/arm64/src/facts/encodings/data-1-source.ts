import type { Rows } from '@worldswitch/isa';

/**
 * Data processing, one source.
 */
export const DATA_1_SOURCE = {
  RBIT: {
    pattern: 'sf:1 1 0 11010110 00000 000000 rn:5 rd:5', asm: 'rbit {rd:R}, {rn:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 RBIT',
  },
  REV16: {
    pattern: 'sf:1 1 0 11010110 00000 000001 rn:5 rd:5', asm: 'rev16 {rd:R}, {rn:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 REV16',
  },
  REV_32: {
    pattern: '0 1 0 11010110 00000 000010 rn:5 rd:5', asm: 'rev {rd:W}, {rn:W}',
    status: 'modelled', source: 'DDI 0487 C6.2 REV',
  },
  REV32: {
    pattern: '1 1 0 11010110 00000 000010 rn:5 rd:5', asm: 'rev32 {rd:X}, {rn:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 REV32',
  },
  REV: {
    pattern: '1 1 0 11010110 00000 000011 rn:5 rd:5', asm: 'rev {rd:X}, {rn:X}',
    aliases: [{ prefer: false, text: 'rev64 {rd:X}, {rn:X}' }],
    status: 'modelled', source: 'DDI 0487 C6.2 REV',
  },
  CLZ: {
    pattern: 'sf:1 1 0 11010110 00000 000100 rn:5 rd:5', asm: 'clz {rd:R}, {rn:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 CLZ',
  },
  CLS: {
    pattern: 'sf:1 1 0 11010110 00000 000101 rn:5 rd:5', asm: 'cls {rd:R}, {rn:R}',
    status: 'modelled', source: 'DDI 0487 C6.2 CLS',
  },
} as const satisfies Rows;
