import type { Rows } from '@worldswitch/isa';

/**
 * Bitfield moves. N must equal sf; a W register has no bits above 31.
 */
export const BITFIELD = {
  SBFM: {
    pattern: 'sf:1 00 100110 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'sbfm {rd:R}, {rn:R}, #{immr:dec}, #{imms:dec}{n:sameAsSf}',
    aliases: [
      { text: 'asr {rd:R}, {rn:R}, #{n,immr,imms:shiftRight}' },
      { when: { immr: 0, imms: 7 }, text: 'sxtb {rd:R}, {rn:W}{n:sameAsSf}' },
      { when: { immr: 0, imms: 15 }, text: 'sxth {rd:R}, {rn:W}{n:sameAsSf}' },
      { when: { sf: 1, n: 1, immr: 0, imms: 31 }, text: 'sxtw {rd:X}, {rn:W}' },
      { text: 'sbfiz {rd:R}, {rn:R}, {n,immr,imms:insertField}' },
      { text: 'sbfx {rd:R}, {rn:R}, {n,immr,imms:extractField}' },
    ],
    unless: [{ n: '!=sf' }, { sf: 0, immr: '1-----' }, { sf: 0, imms: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 SBFM',
  },
  BFM: {
    pattern: 'sf:1 01 100110 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'bfm {rd:R}, {rn:R}, #{immr:dec}, #{imms:dec}{n:sameAsSf}',
    aliases: [
      { when: { rn: 31 }, text: 'bfc {rd:R}, {n,immr,imms:insertField}' },
      { text: 'bfi {rd:R}, {rn:R}, {n,immr,imms:insertField}' },
      { text: 'bfxil {rd:R}, {rn:R}, {n,immr,imms:extractField}' },
    ],
    unless: [{ n: '!=sf' }, { sf: 0, immr: '1-----' }, { sf: 0, imms: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 BFM',
  },
  UBFM: {
    pattern: 'sf:1 10 100110 n:1 immr:6 imms:6 rn:5 rd:5', asm: 'ubfm {rd:R}, {rn:R}, #{immr:dec}, #{imms:dec}{n:sameAsSf}',
    aliases: [
      { text: 'lsr {rd:R}, {rn:R}, #{n,immr,imms:shiftRight}' },
      { text: 'lsl {rd:R}, {rn:R}, #{n,immr,imms:shiftLeft}' },
      { when: { sf: 0, n: 0, immr: 0, imms: 7 }, text: 'uxtb {rd:W}, {rn:W}' },
      { when: { sf: 0, n: 0, immr: 0, imms: 15 }, text: 'uxth {rd:W}, {rn:W}' },
      { text: 'ubfiz {rd:R}, {rn:R}, {n,immr,imms:insertField}' },
      { text: 'ubfx {rd:R}, {rn:R}, {n,immr,imms:extractField}' },
    ],
    unless: [{ n: '!=sf' }, { sf: 0, immr: '1-----' }, { sf: 0, imms: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 UBFM',
  },
} as const satisfies Rows;
