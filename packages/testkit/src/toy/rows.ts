import type { Rows } from '@worldswitch/isa';

/**
 * The toy: a big-endian 64-bit machine of some forty instructions, made to exercise every part of the engine's
 * contract once and to be no real architecture. Sixteen registers (r0 reads zero), four vectors, N Z C V.
 */
export const TOY_ROWS = {
  addi: { pattern: '00000001 rd:4 rn:4 imm:16', asm: 'addi {rd:r}, {rn:r}, {imm:signed}', status: 'modelled', source: 'toy manual, arithmetic' },
  lui: { pattern: '00000010 rd:4 shift:4 imm:16', asm: 'lui {rd:r}, {imm:hex}, {shift:dec}', status: 'modelled', source: 'toy manual, arithmetic' },
  add: { pattern: '00010000 rd:4 rn:4 rm:4 ------------', asm: 'add {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic' },
  sub: { pattern: '00010001 rd:4 rn:4 rm:4 ------------', asm: 'sub {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic' },
  and: { pattern: '00010010 rd:4 rn:4 rm:4 ------------', asm: 'and {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic' },
  xor: { pattern: '00010011 rd:4 rn:4 rm:4 ------------', asm: 'xor {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic' },
  shift: {
    pattern: '0001010 w:1 rd:4 rn:4 rm:4 kind:2 ----------', asm: 'shift.{w:w}.{kind:shiftKind} {rd:r}, {rn:r}, {rm:r}',
    status: 'modelled', source: 'toy manual, arithmetic',
  },
  mul: { pattern: '00010110 rd:4 rn:4 rm:4 ------------', asm: 'mul {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic' },
  mulh: {
    pattern: '00010111 rd:4 rn:4 rm:4 s:1 -----------', asm: 'mulh.{s:sign} {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic',
  },
  div: {
    pattern: '0001100 w:1 rd:4 rn:4 rm:4 s:1 -----------', asm: 'div.{w:w}.{s:sign} {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, arithmetic',
  },
  count: {
    pattern: '0001101 w:1 rd:4 rn:4 kind:3 -------------', asm: 'count.{w:w}.{kind:countKind} {rd:r}, {rn:r}',
    status: 'modelled', source: 'toy manual, arithmetic',
  },
  cmp: {
    pattern: '0010000 w:1 kind:2 -- rn:4 rm:4 ------------', asm: 'cmp.{w:w}.{kind:cmpKind} {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, flags',
  },
  adc: { pattern: '0010001 w:1 rd:4 rn:4 rm:4 ------------', asm: 'adc.{w:w} {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, flags' },
  select: {
    pattern: '00100100 rd:4 rn:4 rm:4 cond:4 --------', asm: 'sel.{cond:cond} {rd:r}, {rn:r}, {rm:r}', status: 'modelled', source: 'toy manual, flags',
  },
  ccmp: {
    pattern: '0010011 w:1 cond:4 rn:4 rm:4 flags:4 --------', asm: 'ccmp.{w:w}.{cond:cond} {rn:r}, {rm:r}, {flags:dec}', status: 'modelled', source: 'toy manual, flags',
  },
  getf: { pattern: '00101000 rd:4 --------------------', asm: 'getf {rd:r}', status: 'modelled', source: 'toy manual, flags' },
  setf: { pattern: '00101001 rn:4 --------------------', asm: 'setf {rn:r}', status: 'modelled', source: 'toy manual, flags' },
  b: { pattern: '0011000 link:1 offset:24', asm: 'b{link:link} {offset:target(4)}', status: 'modelled', source: 'toy manual, branches' },
  bc: { pattern: '00110010 cond:4 offset:20', asm: 'b.{cond:cond} {offset:target(4)}', status: 'modelled', source: 'toy manual, branches' },
  bz: { pattern: '0011010 nz:1 rn:4 offset:20', asm: 'b{nz:nz} {rn:r}, {offset:target(4)}', status: 'modelled', source: 'toy manual, branches' },
  bit: {
    pattern: '00110110 rn:4 bitno:6 offset:14', asm: 'bbs {rn:r}, {bitno:dec}, {offset:target(4)}', status: 'modelled', source: 'toy manual, branches',
  },
  br: { pattern: '0011100 link:1 rn:4 --------------------', asm: 'br{link:link} {rn:r}', status: 'modelled', source: 'toy manual, branches' },
  ld: {
    pattern: '0100 size:2 s:1 w:1 rd:4 rn:4 imm:16', asm: 'ld.{size:size}.{s:sign}.{w:w} {rd:r}, {imm:signed}({rn:r})',
    unless: [{ size: 3, s: 1 }, { size: 3, w: 0 }], status: 'modelled', source: 'toy manual, memory',
  },
  st: { pattern: '010100 size:2 rd:4 rn:4 imm:16', asm: 'st.{size:size} {rd:r}, {imm:signed}({rn:r})', status: 'modelled', source: 'toy manual, memory' },
  ldu: { pattern: '01010100 rd:4 rn:4 imm:16', asm: 'ldu {rd:r}, {imm:signed}({rn:r})', status: 'modelled', source: 'toy manual, memory' },
  stp: { pattern: '01011000 rd:4 rn:4 rm:4 imm:12', asm: 'stp {rd:r}, {rm:r}, {imm:signed(8)}({rn:r})', status: 'modelled', source: 'toy manual, memory' },
  ldp: { pattern: '01011001 rd:4 rn:4 rm:4 imm:12', asm: 'ldp {rd:r}, {rm:r}, {imm:signed(8)}({rn:r})', status: 'modelled', source: 'toy manual, memory' },
  swap: { pattern: '01011010 rd:4 rn:4 rm:4 ------------', asm: 'swap {rd:r}, {rm:r}, ({rn:r})', status: 'modelled', source: 'toy manual, memory' },
  vdup: { pattern: '01100000 vd:4 rn:4 lane:2 --------------', asm: 'vdup.{lane:size} {vd:v}, {rn:r}', unless: [{ vd: '1---' }, { vd: '-1--' }], status: 'modelled', source: 'toy manual, vectors' },
  vins: {
    pattern: '01100001 vd:4 rn:4 lane:2 index:4 ----------', asm: 'vins.{lane:size} {vd:v}[{index:dec}], {rn:r}',
    unless: [{ vd: '1---' }, { vd: '-1--' }, { lane: 1, index: '1---' }, { lane: 2, index: '-1--' }, { lane: 2, index: '1---' }, { lane: 3, index: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }],
    status: 'modelled', source: 'toy manual, vectors',
  },
  vget: {
    pattern: '01100010 rd:4 vn:4 lane:2 s:1 index:4 ---------', asm: 'vget.{lane:size}.{s:sign} {rd:r}, {vn:v}[{index:dec}]',
    unless: [{ vn: '1---' }, { vn: '-1--' }, { lane: 1, index: '1---' }, { lane: 2, index: '-1--' }, { lane: 2, index: '1---' }, { lane: 3, index: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }],
    status: 'modelled', source: 'toy manual, vectors',
  },
  vlogic: {
    pattern: '01100011 vd:4 vn:4 vm:4 kind:2 ----------', asm: 'v.{kind:logic} {vd:v}, {vn:v}, {vm:v}',
    unless: [{ vd: '1---' }, { vd: '-1--' }, { vn: '1---' }, { vn: '-1--' }, { vm: '1---' }, { vm: '-1--' }], status: 'modelled', source: 'toy manual, vectors',
  },
  syscall: { pattern: '01110000 code:24', asm: 'syscall {code:dec}', status: 'modelled', source: 'toy manual, exceptions' },
  iret: { pattern: '01110001 000000000000000000000000', asm: 'iret', status: 'modelled', source: 'toy manual, exceptions' },
  wait: { pattern: '01110010 000000000000000000000000', asm: 'wait', status: 'modelled', source: 'toy manual, exceptions' },
  halt: { pattern: '01110011 000000000000000000000000', asm: 'halt', status: 'modelled', source: 'toy manual, exceptions' },
  getc: { pattern: '01110100 rd:4 reg:4 0000000000000000', asm: 'getc {rd:r}, {reg:control}', unless: [{ reg: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }], status: 'modelled', source: 'toy manual, control registers' },
  setc: { pattern: '01110101 rn:4 reg:4 0000000000000000', asm: 'setc {reg:control}, {rn:r}', unless: [{ reg: [6, 7, 8, 9, 10, 11, 12, 13, 14, 15] }], status: 'modelled', source: 'toy manual, control registers' },
  nop: { pattern: '01111111 000000000000000000000000', asm: 'nop', status: 'modelled', source: 'toy manual, hints' },
} as const satisfies Rows;
