import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores with a signed offset in bytes.
 */
export const LOAD_STORE_UNSCALED = {
  STURB: {
    pattern: '00 111000 00 0 imm9:9 00 rn:5 rt:5', asm: 'sturb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'strb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STURB',
  },
  LDURB: {
    pattern: '00 111000 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldurb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldrb {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDURB',
  },
  LDURSB: {
    pattern: '00 111000 1 w:1 0 imm9:9 00 rn:5 rt:5', asm: 'ldursb {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldrsb {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDURSB',
  },
  STURH: {
    pattern: '01 111000 00 0 imm9:9 00 rn:5 rt:5', asm: 'sturh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'strh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STURH',
  },
  LDURH: {
    pattern: '01 111000 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldurh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldrh {rt:W}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDURH',
  },
  LDURSH: {
    pattern: '01 111000 1 w:1 0 imm9:9 00 rn:5 rt:5', asm: 'ldursh {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldrsh {rt:R(!w)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDURSH',
  },
  STUR: {
    pattern: '1 sz:1 111000 00 0 imm9:9 00 rn:5 rt:5', asm: 'stur {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'str {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 STUR',
  },
  LDUR: {
    pattern: '1 sz:1 111000 01 0 imm9:9 00 rn:5 rt:5', asm: 'ldur {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldr {rt:R(sz)}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDUR',
  },
  LDURSW: {
    pattern: '10 111000 10 0 imm9:9 00 rn:5 rt:5', asm: 'ldursw {rt:X}, [{rn:Xsp}<, #{imm9:signed}>]',
    aliases: [{ prefer: false, text: 'ldrsw {rt:X}, [{rn:Xsp}<, #{imm9:signed}>]' }],
    status: 'modelled', source: 'DDI 0487 C6.2 LDURSW',
  },
  PRFUM: {
    pattern: '11 111000 10 0 imm9:9 00 rn:5 rt:5', asm: 'prfum {rt:prefetch}, [{rn:Xsp}<, #{imm9:signed}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 PRFUM',
  },
} as const satisfies Rows;
