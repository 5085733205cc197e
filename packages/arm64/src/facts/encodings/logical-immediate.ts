import type { Rows } from '@worldswitch/isa';

/**
 * Logical operations, immediate. N:immr:imms is a rotated run of ones, replicated (DDI 0487 J1.1, DecodeBitMasks);
 * a run as long as its element, and elements of one bit, are unallocated.
 */
export const LOGICAL_IMMEDIATE = {
  AND_imm: {
    pattern: 'sf:1 00 100100 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'and {rd:Rsp}, {rn:R}, #{n,immr,imms:bitmask}',
    unless: [{ sf: 0, n: 1 }, { n: 0, imms: [31, 47, 55, 59, 61, 62, 63] }, { n: 1, imms: 63 }],
    status: 'modelled', source: 'DDI 0487 C6.2 AND (immediate)',
  },
  ORR_imm: {
    pattern: 'sf:1 01 100100 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'orr {rd:Rsp}, {rn:R}, #{n,immr,imms:bitmask}',
    aliases: [{ when: { rn: 31, $: '!moveWide' }, text: 'mov {rd:Rsp}, #{n,immr,imms:bitmask}' }],
    unless: [{ sf: 0, n: 1 }, { n: 0, imms: [31, 47, 55, 59, 61, 62, 63] }, { n: 1, imms: 63 }],
    status: 'modelled', source: 'DDI 0487 C6.2 ORR (immediate)',
  },
  EOR_imm: {
    pattern: 'sf:1 10 100100 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'eor {rd:Rsp}, {rn:R}, #{n,immr,imms:bitmask}',
    unless: [{ sf: 0, n: 1 }, { n: 0, imms: [31, 47, 55, 59, 61, 62, 63] }, { n: 1, imms: 63 }],
    status: 'modelled', source: 'DDI 0487 C6.2 EOR (immediate)',
  },
  ANDS_imm: {
    pattern: 'sf:1 11 100100 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'ands {rd:R}, {rn:R}, #{n,immr,imms:bitmask}',
    aliases: [{ when: { rd: 31 }, text: 'tst {rn:R}, #{n,immr,imms:bitmask}' }],
    unless: [{ sf: 0, n: 1 }, { n: 0, imms: [31, 47, 55, 59, 61, 62, 63] }, { n: 1, imms: 63 }],
    status: 'modelled', source: 'DDI 0487 C6.2 ANDS (immediate)',
  },
} as const satisfies Rows;
