import type { Rows } from '@worldswitch/isa';

/**
 * Logical operations, shifted register.
 */
export const LOGICAL_SHIFTED = {
  AND_shift: {
    pattern: 'sf:1 00 01010 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'and {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 AND (shifted register)',
  },
  BIC_shift: {
    pattern: 'sf:1 00 01010 shift:2 1 rm:5 imm6:6 rn:5 rd:5', asm: 'bic {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 BIC (shifted register)',
  },
  ORR_shift: {
    pattern: 'sf:1 01 01010 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'orr {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [{ when: { rn: 31, shift: 0, imm6: 0 }, text: 'mov {rd:R}, {rm:R}' }],
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ORR (shifted register)',
  },
  ORN_shift: {
    pattern: 'sf:1 01 01010 shift:2 1 rm:5 imm6:6 rn:5 rd:5', asm: 'orn {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [{ when: { rn: 31 }, text: 'mvn {rd:R}, {rm:R}<, {shift,imm6:shift}>' }],
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ORN (shifted register)',
  },
  EOR_shift: {
    pattern: 'sf:1 10 01010 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'eor {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 EOR (shifted register)',
  },
  EON_shift: {
    pattern: 'sf:1 10 01010 shift:2 1 rm:5 imm6:6 rn:5 rd:5', asm: 'eon {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 EON (shifted register)',
  },
  ANDS_shift: {
    pattern: 'sf:1 11 01010 shift:2 0 rm:5 imm6:6 rn:5 rd:5', asm: 'ands {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    aliases: [{ when: { rd: 31 }, text: 'tst {rn:R}, {rm:R}<, {shift,imm6:shift}>' }],
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 ANDS (shifted register)',
  },
  BICS_shift: {
    pattern: 'sf:1 11 01010 shift:2 1 rm:5 imm6:6 rn:5 rd:5', asm: 'bics {rd:R}, {rn:R}, {rm:R}<, {shift,imm6:shift}>',
    unless: [{ sf: 0, imm6: '1-----' }],
    status: 'modelled', source: 'DDI 0487 C6.2 BICS (shifted register)',
  },
} as const satisfies Rows;
