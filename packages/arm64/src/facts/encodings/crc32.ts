import type { Rows } from '@worldswitch/isa';

/**
 * Cyclic redundancy checks: a 32-bit accumulator takes in 8, 16, 32 or 64 bits.
 */
export const CRC32 = {
  CRC32B: {
    pattern: '0 0 0 11010110 rm:5 010 0 00 rn:5 rd:5', asm: 'crc32b {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32B, CRC32H, CRC32W, CRC32X',
  },
  CRC32H: {
    pattern: '0 0 0 11010110 rm:5 010 0 01 rn:5 rd:5', asm: 'crc32h {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32B, CRC32H, CRC32W, CRC32X',
  },
  CRC32W: {
    pattern: '0 0 0 11010110 rm:5 010 0 10 rn:5 rd:5', asm: 'crc32w {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32B, CRC32H, CRC32W, CRC32X',
  },
  CRC32X: {
    pattern: '1 0 0 11010110 rm:5 010 0 11 rn:5 rd:5', asm: 'crc32x {rd:W}, {rn:W}, {rm:X}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32B, CRC32H, CRC32W, CRC32X',
  },
  CRC32CB: {
    pattern: '0 0 0 11010110 rm:5 010 1 00 rn:5 rd:5', asm: 'crc32cb {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32CB, CRC32CH, CRC32CW, CRC32CX',
  },
  CRC32CH: {
    pattern: '0 0 0 11010110 rm:5 010 1 01 rn:5 rd:5', asm: 'crc32ch {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32CB, CRC32CH, CRC32CW, CRC32CX',
  },
  CRC32CW: {
    pattern: '0 0 0 11010110 rm:5 010 1 10 rn:5 rd:5', asm: 'crc32cw {rd:W}, {rn:W}, {rm:W}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32CB, CRC32CH, CRC32CW, CRC32CX',
  },
  CRC32CX: {
    pattern: '1 0 0 11010110 rm:5 010 1 11 rn:5 rd:5', asm: 'crc32cx {rd:W}, {rn:W}, {rm:X}',
    feature: 'FEAT_CRC32', status: 'modelled', source: 'DDI 0487 C6.2 CRC32CB, CRC32CH, CRC32CW, CRC32CX',
  },
} as const satisfies Rows;
