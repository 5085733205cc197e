import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores of two registers, and their non-temporal forms.
 * CONSTRAINED UNPREDICTABLE: with Rt = Rt2 the first element is what the register keeps; with writeback into a loaded register the
 * written-back address stays (both as QEMU does).
 */
export const LOAD_STORE_PAIR = {
  STP: {
    pattern: 'sf:1 0 101 0 0 10 0 imm7:7 rt2:5 rn:5 rt:5', asm: 'stp {rt:R}, {rt2:R}, [{rn:Xsp}<, #{imm7:scaledSigned(4,sf)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STP, signed offset',
  },
  LDP: {
    pattern: 'sf:1 0 101 0 0 10 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldp {rt:R}, {rt2:R}, [{rn:Xsp}<, #{imm7:scaledSigned(4,sf)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDP, signed offset',
  },
  LDPSW: {
    pattern: '01 101 0 0 10 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldpsw {rt:X}, {rt2:X}, [{rn:Xsp}<, #{imm7:signed(4)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDPSW, signed offset',
  },
  STP_post: {
    pattern: 'sf:1 0 101 0 0 01 0 imm7:7 rt2:5 rn:5 rt:5', asm: 'stp {rt:R}, {rt2:R}, [{rn:Xsp}], #{imm7:scaledSigned(4,sf)}',
    status: 'modelled', source: 'DDI 0487 C6.2 STP, post-index',
  },
  LDP_post: {
    pattern: 'sf:1 0 101 0 0 01 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldp {rt:R}, {rt2:R}, [{rn:Xsp}], #{imm7:scaledSigned(4,sf)}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDP, post-index',
  },
  LDPSW_post: {
    pattern: '01 101 0 0 01 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldpsw {rt:X}, {rt2:X}, [{rn:Xsp}], #{imm7:signed(4)}',
    status: 'modelled', source: 'DDI 0487 C6.2 LDPSW, post-index',
  },
  STP_pre: {
    pattern: 'sf:1 0 101 0 0 11 0 imm7:7 rt2:5 rn:5 rt:5', asm: 'stp {rt:R}, {rt2:R}, [{rn:Xsp}, #{imm7:scaledSigned(4,sf)}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 STP, pre-index',
  },
  LDP_pre: {
    pattern: 'sf:1 0 101 0 0 11 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldp {rt:R}, {rt2:R}, [{rn:Xsp}, #{imm7:scaledSigned(4,sf)}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDP, pre-index',
  },
  LDPSW_pre: {
    pattern: '01 101 0 0 11 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldpsw {rt:X}, {rt2:X}, [{rn:Xsp}, #{imm7:signed(4)}]!',
    status: 'modelled', source: 'DDI 0487 C6.2 LDPSW, pre-index',
  },
  STNP: {
    pattern: 'sf:1 0 101 0 0 00 0 imm7:7 rt2:5 rn:5 rt:5', asm: 'stnp {rt:R}, {rt2:R}, [{rn:Xsp}<, #{imm7:scaledSigned(4,sf)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 STNP',
  },
  LDNP: {
    pattern: 'sf:1 0 101 0 0 00 1 imm7:7 rt2:5 rn:5 rt:5', asm: 'ldnp {rt:R}, {rt2:R}, [{rn:Xsp}<, #{imm7:scaledSigned(4,sf)}>]',
    status: 'modelled', source: 'DDI 0487 C6.2 LDNP',
  },
} as const satisfies Rows;
