import type { Rows } from '@worldswitch/isa';

/**
 * Branches. Offsets count instructions.
 */
export const BRANCHES = {
  B: {
    pattern: '000101 imm26:26', asm: 'b {imm26:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 B',
  },
  BL: {
    pattern: '100101 imm26:26', asm: 'bl {imm26:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 BL',
  },
  B_cond: {
    pattern: '01010100 imm19:19 0 cond:4', asm: 'b.{cond:cond} {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 B.cond',
  },
  CBZ: {
    pattern: 'sf:1 011010 0 imm19:19 rt:5', asm: 'cbz {rt:R}, {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 CBZ',
  },
  CBNZ: {
    pattern: 'sf:1 011010 1 imm19:19 rt:5', asm: 'cbnz {rt:R}, {imm19:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 CBNZ',
  },
  TBZ: {
    pattern: 'b5:1 011011 0 b40:5 imm14:14 rt:5', asm: 'tbz {rt:testBitRegister}, #{b5,b40:testBit}, {imm14:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 TBZ',
  },
  TBNZ: {
    pattern: 'b5:1 011011 1 b40:5 imm14:14 rt:5', asm: 'tbnz {rt:testBitRegister}, #{b5,b40:testBit}, {imm14:target(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 TBNZ',
  },
  BR: {
    pattern: '1101011 0000 11111 000000 rn:5 00000', asm: 'br {rn:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 BR',
  },
  BLR: {
    pattern: '1101011 0001 11111 000000 rn:5 00000', asm: 'blr {rn:X}',
    status: 'modelled', source: 'DDI 0487 C6.2 BLR',
  },
  RET: {
    pattern: '1101011 0010 11111 000000 rn:5 00000', asm: 'ret {rn:X}',
    aliases: [{ when: { rn: 30 }, text: 'ret' }],
    status: 'modelled', source: 'DDI 0487 C6.2 RET',
  },
} as const satisfies Rows;
