import type { Rows } from '@worldswitch/isa';

/**
 * Copies of lanes and general-purpose registers: the position of the lowest 1 in imm5 is the size, above it stands the index.
 */
export const SIMD_COPY = {
  DUP_elem_b: {
    pattern: '0 q:1 001110000 index:4 1 000001 rn:5 rd:5', asm: 'dup {rd:vector(b)}, {rn:V}.b[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), vector',
  },
  DUP_scalar_b: {
    pattern: '01 011110000 index:4 1 000001 rn:5 rd:5', asm: 'dup {rd:F(0)}, {rn:V}.b[{index:dec}]',
    aliases: [{ text: 'mov {rd:F(0)}, {rn:V}.b[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), scalar',
  },
  DUP_gen_b: {
    pattern: '0 q:1 001110000 ---- 1 000011 rn:5 rd:5', asm: 'dup {rd:vector(b)}, {rn:W}',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (general)',
  },
  INS_gen_b: {
    pattern: '0 1 001110000 index:4 1 000111 rn:5 rd:5', asm: 'ins {rd:V}.b[{index:dec}], {rn:W}',
    aliases: [{ text: 'mov {rd:V}.b[{index:dec}], {rn:W}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (general)',
  },
  INS_elem_b: {
    pattern: '0 1 101110000 index:4 1 0 from:4 1 rn:5 rd:5', asm: 'ins {rd:V}.b[{index:dec}], {rn:V}.b[{from:dec}]',
    aliases: [{ text: 'mov {rd:V}.b[{index:dec}], {rn:V}.b[{from:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (element)',
  },
  SMOV_b: {
    pattern: '0 q:1 001110000 index:4 1 001011 rn:5 rd:5', asm: 'smov {rd:R(q)}, {rn:V}.b[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 SMOV',
  },
  UMOV_b: {
    pattern: '0 0 001110000 index:4 1 001111 rn:5 rd:5', asm: 'umov {rd:W}, {rn:V}.b[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 UMOV',
  },
  DUP_elem_h: {
    pattern: '0 q:1 001110000 index:3 10 000001 rn:5 rd:5', asm: 'dup {rd:vector(h)}, {rn:V}.h[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), vector',
  },
  DUP_scalar_h: {
    pattern: '01 011110000 index:3 10 000001 rn:5 rd:5', asm: 'dup {rd:F(1)}, {rn:V}.h[{index:dec}]',
    aliases: [{ text: 'mov {rd:F(1)}, {rn:V}.h[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), scalar',
  },
  DUP_gen_h: {
    pattern: '0 q:1 001110000 --- 10 000011 rn:5 rd:5', asm: 'dup {rd:vector(h)}, {rn:W}',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (general)',
  },
  INS_gen_h: {
    pattern: '0 1 001110000 index:3 10 000111 rn:5 rd:5', asm: 'ins {rd:V}.h[{index:dec}], {rn:W}',
    aliases: [{ text: 'mov {rd:V}.h[{index:dec}], {rn:W}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (general)',
  },
  INS_elem_h: {
    pattern: '0 1 101110000 index:3 10 0 from:3 - 1 rn:5 rd:5', asm: 'ins {rd:V}.h[{index:dec}], {rn:V}.h[{from:dec}]',
    aliases: [{ text: 'mov {rd:V}.h[{index:dec}], {rn:V}.h[{from:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (element)',
  },
  SMOV_h: {
    pattern: '0 q:1 001110000 index:3 10 001011 rn:5 rd:5', asm: 'smov {rd:R(q)}, {rn:V}.h[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 SMOV',
  },
  UMOV_h: {
    pattern: '0 0 001110000 index:3 10 001111 rn:5 rd:5', asm: 'umov {rd:W}, {rn:V}.h[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 UMOV',
  },
  DUP_elem_s: {
    pattern: '0 q:1 001110000 index:2 100 000001 rn:5 rd:5', asm: 'dup {rd:vector(s)}, {rn:V}.s[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), vector',
  },
  DUP_scalar_s: {
    pattern: '01 011110000 index:2 100 000001 rn:5 rd:5', asm: 'dup {rd:F(2)}, {rn:V}.s[{index:dec}]',
    aliases: [{ text: 'mov {rd:F(2)}, {rn:V}.s[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), scalar',
  },
  DUP_gen_s: {
    pattern: '0 q:1 001110000 -- 100 000011 rn:5 rd:5', asm: 'dup {rd:vector(s)}, {rn:W}',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (general)',
  },
  INS_gen_s: {
    pattern: '0 1 001110000 index:2 100 000111 rn:5 rd:5', asm: 'ins {rd:V}.s[{index:dec}], {rn:W}',
    aliases: [{ text: 'mov {rd:V}.s[{index:dec}], {rn:W}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (general)',
  },
  INS_elem_s: {
    pattern: '0 1 101110000 index:2 100 0 from:2 -- 1 rn:5 rd:5', asm: 'ins {rd:V}.s[{index:dec}], {rn:V}.s[{from:dec}]',
    aliases: [{ text: 'mov {rd:V}.s[{index:dec}], {rn:V}.s[{from:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (element)',
  },
  SMOV_s: {
    pattern: '0 1 001110000 index:2 100 001011 rn:5 rd:5', asm: 'smov {rd:X}, {rn:V}.s[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 SMOV',
  },
  UMOV_s: {
    pattern: '0 0 001110000 index:2 100 001111 rn:5 rd:5', asm: 'umov {rd:W}, {rn:V}.s[{index:dec}]',
    aliases: [{ text: 'mov {rd:W}, {rn:V}.s[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 UMOV',
  },
  DUP_elem_d: {
    pattern: '0 1 001110000 index:1 1000 000001 rn:5 rd:5', asm: 'dup {rd:V}.2d, {rn:V}.d[{index:dec}]',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), vector',
  },
  DUP_scalar_d: {
    pattern: '01 011110000 index:1 1000 000001 rn:5 rd:5', asm: 'dup {rd:F(3)}, {rn:V}.d[{index:dec}]',
    aliases: [{ text: 'mov {rd:F(3)}, {rn:V}.d[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (element), scalar',
  },
  DUP_gen_d: {
    pattern: '0 1 001110000 - 1000 000011 rn:5 rd:5', asm: 'dup {rd:V}.2d, {rn:X}',
    status: 'modelled', source: 'DDI 0487 C7.2 DUP (general)',
  },
  INS_gen_d: {
    pattern: '0 1 001110000 index:1 1000 000111 rn:5 rd:5', asm: 'ins {rd:V}.d[{index:dec}], {rn:X}',
    aliases: [{ text: 'mov {rd:V}.d[{index:dec}], {rn:X}' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (general)',
  },
  INS_elem_d: {
    pattern: '0 1 101110000 index:1 1000 0 from:1 --- 1 rn:5 rd:5', asm: 'ins {rd:V}.d[{index:dec}], {rn:V}.d[{from:dec}]',
    aliases: [{ text: 'mov {rd:V}.d[{index:dec}], {rn:V}.d[{from:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 INS (element)',
  },
  UMOV_d: {
    pattern: '0 1 001110000 index:1 1000 001111 rn:5 rd:5', asm: 'umov {rd:X}, {rn:V}.d[{index:dec}]',
    aliases: [{ text: 'mov {rd:X}, {rn:V}.d[{index:dec}]' }],
    status: 'modelled', source: 'DDI 0487 C7.2 UMOV',
  },
} as const satisfies Rows;
