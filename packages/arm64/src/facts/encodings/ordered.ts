import type { Rows } from '@worldswitch/isa';

/**
 * Load-acquire and store-release, in the plain, limited-ordering and processor-consistent flavours.
 */
export const ORDERED = {
  STLRB: {
    pattern: '00 001000 1 0 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlrb {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLRB',
  },
  STLRH: {
    pattern: '01 001000 1 0 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlrh {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLRH',
  },
  STLR: {
    pattern: '1 sz:1 001000 1 0 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stlr {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 STLR',
  },
  STLLRB: {
    pattern: '00 001000 1 0 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stllrb {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 STLLRB',
  },
  STLLRH: {
    pattern: '01 001000 1 0 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stllrh {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 STLLRH',
  },
  STLLR: {
    pattern: '1 sz:1 001000 1 0 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'stllr {rt:R(sz)}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 STLLR',
  },
  LDARB: {
    pattern: '00 001000 1 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldarb {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDARB',
  },
  LDARH: {
    pattern: '01 001000 1 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldarh {rt:W}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDARH',
  },
  LDAR: {
    pattern: '1 sz:1 001000 1 1 0 (1)(1)(1)(1)(1) 1 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldar {rt:R(sz)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDAR',
  },
  LDLARB: {
    pattern: '00 001000 1 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldlarb {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 LDLARB',
  },
  LDLARH: {
    pattern: '01 001000 1 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldlarh {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 LDLARH',
  },
  LDLAR: {
    pattern: '1 sz:1 001000 1 1 0 (1)(1)(1)(1)(1) 0 (1)(1)(1)(1)(1) rn:5 rt:5', asm: 'ldlar {rt:R(sz)}, [{rn:Xsp}]',
    feature: 'FEAT_LOR', status: 'modelled', source: 'DDI 0487 C6.2 LDLAR',
  },
  LDAPRB: {
    pattern: '00 111000 1 0 1 11111 1 100 00 rn:5 rt:5', asm: 'ldaprb {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LRCPC', status: 'modelled', source: 'DDI 0487 C6.2 LDAPRB',
  },
  LDAPRH: {
    pattern: '01 111000 1 0 1 11111 1 100 00 rn:5 rt:5', asm: 'ldaprh {rt:W}, [{rn:Xsp}]',
    feature: 'FEAT_LRCPC', status: 'modelled', source: 'DDI 0487 C6.2 LDAPRH',
  },
  LDAPR: {
    pattern: '1 sz:1 111000 1 0 1 11111 1 100 00 rn:5 rt:5', asm: 'ldapr {rt:R(sz)}, [{rn:Xsp}]',
    feature: 'FEAT_LRCPC', status: 'modelled', source: 'DDI 0487 C6.2 LDAPR',
  },
  STLURB: {
    pattern: '00 011001 00 0 imm9:9 00 rn:5 rt:5', asm: 'stlurb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 STLURB',
  },
  LDAPURB: {
    pattern: '00 011001 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldapurb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPURB',
  },
  LDAPURSB: {
    pattern: '00 011001 1 w:1 0 imm9:9 00 rn:5 rt:5', asm: 'ldapursb {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPURSB',
  },
  STLURH: {
    pattern: '01 011001 00 0 imm9:9 00 rn:5 rt:5', asm: 'stlurh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 STLURH',
  },
  LDAPURH: {
    pattern: '01 011001 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldapurh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPURH',
  },
  LDAPURSH: {
    pattern: '01 011001 1 w:1 0 imm9:9 00 rn:5 rt:5', asm: 'ldapursh {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPURSH',
  },
  STLUR: {
    pattern: '1 sz:1 011001 00 0 imm9:9 00 rn:5 rt:5', asm: 'stlur {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 STLUR',
  },
  LDAPUR: {
    pattern: '1 sz:1 011001 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldapur {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPUR',
  },
  LDAPURSW: {
    pattern: '10 011001 10 0 imm9:9 00 rn:5 rt:5', asm: 'ldapursw {rt:X}, [{rn:Xsp}<, #{imm9:signed}>]',
    feature: 'FEAT_LRCPC2', status: 'modelled', source: 'DDI 0487 C6.2 LDAPURSW',
  },
} as const satisfies Rows;
