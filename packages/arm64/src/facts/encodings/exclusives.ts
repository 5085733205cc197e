import type { Rows } from '@worldswitch/isa';

/**
 * Load-exclusive and store-exclusive. CONSTRAINED UNPREDICTABLE register choices (Rs = Rt, Rs = Rn, Rt = Rt2) behave as if nothing were
 * special: registers are read before any is written, the status or the second element is written last.
 */
export const EXCLUSIVES = {
  STXRB: {
    pattern: '00 001000 0 0 0 rs:5 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stxrb {rs:W}, {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STXRB',
  },
  STXRH: {
    pattern: '01 001000 0 0 0 rs:5 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stxrh {rs:W}, {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STXRH',
  },
  STXR: {
    pattern: '1 sz:1 001000 0 0 0 rs:5 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stxr {rs:W}, {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STXR',
  },
  STLXRB: {
    pattern: '00 001000 0 0 0 rs:5 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlxrb {rs:W}, {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLXRB',
  },
  STLXRH: {
    pattern: '01 001000 0 0 0 rs:5 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlxrh {rs:W}, {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLXRH',
  },
  STLXR: {
    pattern: '1 sz:1 001000 0 0 0 rs:5 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlxr {rs:W}, {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLXR',
  },
  LDXRB: {
    pattern: '00 001000 0 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldxrb {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDXRB',
  },
  LDXRH: {
    pattern: '01 001000 0 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldxrh {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDXRH',
  },
  LDXR: {
    pattern: '1 sz:1 001000 0 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldxr {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDXR',
  },
  LDAXRB: {
    pattern: '00 001000 0 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldaxrb {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDAXRB',
  },
  LDAXRH: {
    pattern: '01 001000 0 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldaxrh {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDAXRH',
  },
  LDAXR: {
    pattern: '1 sz:1 001000 0 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldaxr {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDAXR',
  },
  STXP: {
    pattern: '1 sz:1 001000 0 0 1 rs:5 0 rt2:5 rn:5 rt:5', asm: 'stxp {rs:W}, {rt:R(sz)}, {rt2:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STXP',
  },
  STLXP: {
    pattern: '1 sz:1 001000 0 0 1 rs:5 1 rt2:5 rn:5 rt:5', asm: 'stlxp {rs:W}, {rt:R(sz)}, {rt2:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLXP',
  },
  LDXP: {
    pattern: '1 sz:1 001000 0 1 1 (1)(1)(1)(1)(1) 0 rt2:5 rn:5 rt:5', asm: 'ldxp {rt:R(sz)}, {rt2:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDXP',
  },
  LDAXP: {
    pattern: '1 sz:1 001000 0 1 1 (1)(1)(1)(1)(1) 1 rt2:5 rn:5 rt:5', asm: 'ldaxp {rt:R(sz)}, {rt2:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDAXP',
  },
} as const satisfies Rows;
