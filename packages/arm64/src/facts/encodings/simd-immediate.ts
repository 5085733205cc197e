import type { Rows } from '@worldswitch/isa';

/**
 * Modified immediates: eight bits, placed as cmode and op say (DDI 0487 C4.1 Advanced SIMD modified immediate).
 */
export const SIMD_IMMEDIATE = {
  MOVI_s: {
    pattern: '0 q:1 0 0111100000 abc:3 0 shift:2 0 01 defgh:5 rd:5', asm: 'movi {rd:vector(s)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI',
  },
  MOVI_h: {
    pattern: '0 q:1 0 0111100000 abc:3 10 shift:1 0 01 defgh:5 rd:5', asm: 'movi {rd:vector(h)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI',
  },
  ORR_vimm_s: {
    pattern: '0 q:1 0 0111100000 abc:3 0 shift:2 1 01 defgh:5 rd:5', asm: 'orr {rd:vector(s)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 ORR (vector, immediate)',
  },
  ORR_vimm_h: {
    pattern: '0 q:1 0 0111100000 abc:3 10 shift:1 1 01 defgh:5 rd:5', asm: 'orr {rd:vector(h)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 ORR (vector, immediate)',
  },
  MVNI_s: {
    pattern: '0 q:1 1 0111100000 abc:3 0 shift:2 0 01 defgh:5 rd:5', asm: 'mvni {rd:vector(s)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 MVNI',
  },
  MVNI_h: {
    pattern: '0 q:1 1 0111100000 abc:3 10 shift:1 0 01 defgh:5 rd:5', asm: 'mvni {rd:vector(h)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 MVNI',
  },
  BIC_vimm_s: {
    pattern: '0 q:1 1 0111100000 abc:3 0 shift:2 1 01 defgh:5 rd:5', asm: 'bic {rd:vector(s)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 BIC (vector, immediate)',
  },
  BIC_vimm_h: {
    pattern: '0 q:1 1 0111100000 abc:3 10 shift:1 1 01 defgh:5 rd:5', asm: 'bic {rd:vector(h)}, #{abc,defgh:hex}<, {shift:lsl8}>',
    status: 'modelled', source: 'DDI 0487 C7.2 BIC (vector, immediate)',
  },
  MOVI_msl: {
    pattern: '0 q:1 0 0111100000 abc:3 110 shift:1 01 defgh:5 rd:5', asm: 'movi {rd:vector(s)}, #{abc,defgh:hex}, {shift:msl}',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI',
  },
  MVNI_msl: {
    pattern: '0 q:1 1 0111100000 abc:3 110 shift:1 01 defgh:5 rd:5', asm: 'mvni {rd:vector(s)}, #{abc,defgh:hex}, {shift:msl}',
    status: 'modelled', source: 'DDI 0487 C7.2 MVNI',
  },
  MOVI_b: {
    pattern: '0 q:1 0 0111100000 abc:3 1110 01 defgh:5 rd:5', asm: 'movi {rd:vector(b)}, #{abc,defgh:hex}',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI',
  },
  MOVI_d: {
    pattern: '0 0 1 0111100000 abc:3 1110 01 defgh:5 rd:5', asm: 'movi {rd:F(3)}, #{abc,defgh:byteMask}',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI, scalar',
  },
  MOVI_2d: {
    pattern: '0 1 1 0111100000 abc:3 1110 01 defgh:5 rd:5', asm: 'movi {rd:V}.2d, #{abc,defgh:byteMask}',
    status: 'modelled', source: 'DDI 0487 C7.2 MOVI, 64-bit',
  },
  FMOV_vimm_s: {
    pattern: '0 q:1 0 0111100000 abc:3 1111 01 defgh:5 rd:5', asm: 'fmov {rd:vector(s)}, #{abc,defgh:float}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (vector, immediate)',
  },
  FMOV_vimm_d: {
    pattern: '0 1 1 0111100000 abc:3 1111 01 defgh:5 rd:5', asm: 'fmov {rd:V}.2d, #{abc,defgh:float}',
    status: 'modelled', source: 'DDI 0487 C7.2 FMOV (vector, immediate)',
  },
} as const satisfies Rows;
