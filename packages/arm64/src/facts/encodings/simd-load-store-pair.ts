import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores of two SIMD&FP registers. With Rt = Rt2 (CONSTRAINED UNPREDICTABLE) the first element stays, as QEMU has it.
 */
export const SIMD_LOAD_STORE_PAIR = {
  STP_fp: {
    pattern: 'opc:2 101 1 0 10 0 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'stp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}<, #{imm7:scaledSigned(4,opc)}>]',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 STP (SIMD&FP), signed offset',
  },
  LDP_fp: {
    pattern: 'opc:2 101 1 0 10 1 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'ldp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}<, #{imm7:scaledSigned(4,opc)}>]',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDP (SIMD&FP), signed offset',
  },
  STP_fp_post: {
    pattern: 'opc:2 101 1 0 01 0 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'stp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}], #{imm7:scaledSigned(4,opc)}',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 STP (SIMD&FP), post-index',
  },
  LDP_fp_post: {
    pattern: 'opc:2 101 1 0 01 1 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'ldp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}], #{imm7:scaledSigned(4,opc)}',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDP (SIMD&FP), post-index',
  },
  STP_fp_pre: {
    pattern: 'opc:2 101 1 0 11 0 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'stp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}, #{imm7:scaledSigned(4,opc)}]!',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 STP (SIMD&FP), pre-index',
  },
  LDP_fp_pre: {
    pattern: 'opc:2 101 1 0 11 1 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'ldp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}, #{imm7:scaledSigned(4,opc)}]!',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDP (SIMD&FP), pre-index',
  },
  STNP_fp: {
    pattern: 'opc:2 101 1 0 00 0 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'stnp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}<, #{imm7:scaledSigned(4,opc)}>]',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 STNP (SIMD&FP)',
  },
  LDNP_fp: {
    pattern: 'opc:2 101 1 0 00 1 imm7:7 rt2:5 rn:5 rt:5',
    asm: 'ldnp {rt:F(opc,2)}, {rt2:F(opc,2)}, [{rn:Xsp}<, #{imm7:scaledSigned(4,opc)}>]',
    unless: [{ opc: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LDNP (SIMD&FP)',
  },
} as const satisfies Rows;
