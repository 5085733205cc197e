import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores of multiple structures: interleaved (LD2 to LD4), or one to four whole registers (LD1).
 */
export const SIMD_STRUCTURES = {
  ST1_x1: {
    pattern: '0 q:1 0011000 0 000000 0111 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(1)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures)',
  },
  ST1_x1_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 0111 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(1)}, [{rn:Xsp}], {rm:structureStep(1)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures), post-index',
  },
  ST1_x2: {
    pattern: '0 q:1 0011000 0 000000 1010 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(2)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures)',
  },
  ST1_x2_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 1010 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(2)}, [{rn:Xsp}], {rm:structureStep(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures), post-index',
  },
  ST1_x3: {
    pattern: '0 q:1 0011000 0 000000 0110 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(3)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures)',
  },
  ST1_x3_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 0110 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(3)}, [{rn:Xsp}], {rm:structureStep(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures), post-index',
  },
  ST1_x4: {
    pattern: '0 q:1 0011000 0 000000 0010 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(4)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures)',
  },
  ST1_x4_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 0010 size:2 rn:5 rt:5', asm: 'st1 {rt,q,size:list(4)}, [{rn:Xsp}], {rm:structureStep(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (multiple structures), post-index',
  },
  ST2: {
    pattern: '0 q:1 0011000 0 000000 1000 size:2 rn:5 rt:5', asm: 'st2 {rt,q,size:list(2)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (multiple structures)',
  },
  ST2_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 1000 size:2 rn:5 rt:5', asm: 'st2 {rt,q,size:list(2)}, [{rn:Xsp}], {rm:structureStep(2)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (multiple structures), post-index',
  },
  ST3: {
    pattern: '0 q:1 0011000 0 000000 0100 size:2 rn:5 rt:5', asm: 'st3 {rt,q,size:list(3)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (multiple structures)',
  },
  ST3_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 0100 size:2 rn:5 rt:5', asm: 'st3 {rt,q,size:list(3)}, [{rn:Xsp}], {rm:structureStep(3)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (multiple structures), post-index',
  },
  ST4: {
    pattern: '0 q:1 0011000 0 000000 0000 size:2 rn:5 rt:5', asm: 'st4 {rt,q,size:list(4)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (multiple structures)',
  },
  ST4_post: {
    pattern: '0 q:1 0011001 0 0 rm:5 0000 size:2 rn:5 rt:5', asm: 'st4 {rt,q,size:list(4)}, [{rn:Xsp}], {rm:structureStep(4)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (multiple structures), post-index',
  },
  LD1_x1: {
    pattern: '0 q:1 0011000 1 000000 0111 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(1)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures)',
  },
  LD1_x1_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 0111 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(1)}, [{rn:Xsp}], {rm:structureStep(1)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures), post-index',
  },
  LD1_x2: {
    pattern: '0 q:1 0011000 1 000000 1010 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(2)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures)',
  },
  LD1_x2_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 1010 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(2)}, [{rn:Xsp}], {rm:structureStep(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures), post-index',
  },
  LD1_x3: {
    pattern: '0 q:1 0011000 1 000000 0110 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(3)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures)',
  },
  LD1_x3_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 0110 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(3)}, [{rn:Xsp}], {rm:structureStep(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures), post-index',
  },
  LD1_x4: {
    pattern: '0 q:1 0011000 1 000000 0010 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(4)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures)',
  },
  LD1_x4_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 0010 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,size:list(4)}, [{rn:Xsp}], {rm:structureStep(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (multiple structures), post-index',
  },
  LD2: {
    pattern: '0 q:1 0011000 1 000000 1000 size:2 rn:5 rt:5', asm: 'ld2 {rt,q,size:list(2)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (multiple structures)',
  },
  LD2_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 1000 size:2 rn:5 rt:5', asm: 'ld2 {rt,q,size:list(2)}, [{rn:Xsp}], {rm:structureStep(2)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (multiple structures), post-index',
  },
  LD3: {
    pattern: '0 q:1 0011000 1 000000 0100 size:2 rn:5 rt:5', asm: 'ld3 {rt,q,size:list(3)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (multiple structures)',
  },
  LD3_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 0100 size:2 rn:5 rt:5', asm: 'ld3 {rt,q,size:list(3)}, [{rn:Xsp}], {rm:structureStep(3)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (multiple structures), post-index',
  },
  LD4: {
    pattern: '0 q:1 0011000 1 000000 0000 size:2 rn:5 rt:5', asm: 'ld4 {rt,q,size:list(4)}, [{rn:Xsp}]',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (multiple structures)',
  },
  LD4_post: {
    pattern: '0 q:1 0011001 1 0 rm:5 0000 size:2 rn:5 rt:5', asm: 'ld4 {rt,q,size:list(4)}, [{rn:Xsp}], {rm:structureStep(4)}',
    unless: [{ q: 0, size: 3 }],
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (multiple structures), post-index',
  },
} as const satisfies Rows;
