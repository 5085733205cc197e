import type { Rows } from '@worldswitch/isa';

/**
 * Loads and stores of one structure to or from one lane of each register, and loads that replicate to all lanes.
 */
export const SIMD_SINGLE_STRUCTURES = {
  ST1_b: {
    pattern: '0 q:1 0011010 0 0 00000 000 s:1 size:2 rn:5 rt:5', asm: 'st1 {rt,q,s,size:laneList(1,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure)',
  },
  ST1_b_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 000 s:1 size:2 rn:5 rt:5', asm: 'st1 {rt,q,s,size:laneList(1,b)}, [{rn:Xsp}], {rm:step(1)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure), post-index',
  },
  ST1_h: {
    pattern: '0 q:1 0011010 0 0 00000 010 s:1 size:1 0 rn:5 rt:5', asm: 'st1 {rt,q,s,size:laneList(1,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure)',
  },
  ST1_h_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 010 s:1 size:1 0 rn:5 rt:5', asm: 'st1 {rt,q,s,size:laneList(1,h)}, [{rn:Xsp}], {rm:step(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure), post-index',
  },
  ST1_s: {
    pattern: '0 q:1 0011010 0 0 00000 100 s:1 00 rn:5 rt:5', asm: 'st1 {rt,q,s:laneList(1,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure)',
  },
  ST1_s_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 100 s:1 00 rn:5 rt:5', asm: 'st1 {rt,q,s:laneList(1,s)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure), post-index',
  },
  ST1_d: {
    pattern: '0 q:1 0011010 0 0 00000 100 0 01 rn:5 rt:5', asm: 'st1 {rt,q:laneList(1,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure)',
  },
  ST1_d_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 100 0 01 rn:5 rt:5', asm: 'st1 {rt,q:laneList(1,d)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST1 (single structure), post-index',
  },
  ST2_b: {
    pattern: '0 q:1 0011010 0 1 00000 000 s:1 size:2 rn:5 rt:5', asm: 'st2 {rt,q,s,size:laneList(2,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure)',
  },
  ST2_b_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 000 s:1 size:2 rn:5 rt:5', asm: 'st2 {rt,q,s,size:laneList(2,b)}, [{rn:Xsp}], {rm:step(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure), post-index',
  },
  ST2_h: {
    pattern: '0 q:1 0011010 0 1 00000 010 s:1 size:1 0 rn:5 rt:5', asm: 'st2 {rt,q,s,size:laneList(2,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure)',
  },
  ST2_h_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 010 s:1 size:1 0 rn:5 rt:5', asm: 'st2 {rt,q,s,size:laneList(2,h)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure), post-index',
  },
  ST2_s: {
    pattern: '0 q:1 0011010 0 1 00000 100 s:1 00 rn:5 rt:5', asm: 'st2 {rt,q,s:laneList(2,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure)',
  },
  ST2_s_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 100 s:1 00 rn:5 rt:5', asm: 'st2 {rt,q,s:laneList(2,s)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure), post-index',
  },
  ST2_d: {
    pattern: '0 q:1 0011010 0 1 00000 100 0 01 rn:5 rt:5', asm: 'st2 {rt,q:laneList(2,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure)',
  },
  ST2_d_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 100 0 01 rn:5 rt:5', asm: 'st2 {rt,q:laneList(2,d)}, [{rn:Xsp}], {rm:step(16)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST2 (single structure), post-index',
  },
  ST3_b: {
    pattern: '0 q:1 0011010 0 0 00000 001 s:1 size:2 rn:5 rt:5', asm: 'st3 {rt,q,s,size:laneList(3,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure)',
  },
  ST3_b_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 001 s:1 size:2 rn:5 rt:5', asm: 'st3 {rt,q,s,size:laneList(3,b)}, [{rn:Xsp}], {rm:step(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure), post-index',
  },
  ST3_h: {
    pattern: '0 q:1 0011010 0 0 00000 011 s:1 size:1 0 rn:5 rt:5', asm: 'st3 {rt,q,s,size:laneList(3,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure)',
  },
  ST3_h_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 011 s:1 size:1 0 rn:5 rt:5', asm: 'st3 {rt,q,s,size:laneList(3,h)}, [{rn:Xsp}], {rm:step(6)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure), post-index',
  },
  ST3_s: {
    pattern: '0 q:1 0011010 0 0 00000 101 s:1 00 rn:5 rt:5', asm: 'st3 {rt,q,s:laneList(3,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure)',
  },
  ST3_s_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 101 s:1 00 rn:5 rt:5', asm: 'st3 {rt,q,s:laneList(3,s)}, [{rn:Xsp}], {rm:step(12)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure), post-index',
  },
  ST3_d: {
    pattern: '0 q:1 0011010 0 0 00000 101 0 01 rn:5 rt:5', asm: 'st3 {rt,q:laneList(3,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure)',
  },
  ST3_d_post: {
    pattern: '0 q:1 0011011 0 0 rm:5 101 0 01 rn:5 rt:5', asm: 'st3 {rt,q:laneList(3,d)}, [{rn:Xsp}], {rm:step(24)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST3 (single structure), post-index',
  },
  ST4_b: {
    pattern: '0 q:1 0011010 0 1 00000 001 s:1 size:2 rn:5 rt:5', asm: 'st4 {rt,q,s,size:laneList(4,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure)',
  },
  ST4_b_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 001 s:1 size:2 rn:5 rt:5', asm: 'st4 {rt,q,s,size:laneList(4,b)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure), post-index',
  },
  ST4_h: {
    pattern: '0 q:1 0011010 0 1 00000 011 s:1 size:1 0 rn:5 rt:5', asm: 'st4 {rt,q,s,size:laneList(4,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure)',
  },
  ST4_h_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 011 s:1 size:1 0 rn:5 rt:5', asm: 'st4 {rt,q,s,size:laneList(4,h)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure), post-index',
  },
  ST4_s: {
    pattern: '0 q:1 0011010 0 1 00000 101 s:1 00 rn:5 rt:5', asm: 'st4 {rt,q,s:laneList(4,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure)',
  },
  ST4_s_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 101 s:1 00 rn:5 rt:5', asm: 'st4 {rt,q,s:laneList(4,s)}, [{rn:Xsp}], {rm:step(16)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure), post-index',
  },
  ST4_d: {
    pattern: '0 q:1 0011010 0 1 00000 101 0 01 rn:5 rt:5', asm: 'st4 {rt,q:laneList(4,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure)',
  },
  ST4_d_post: {
    pattern: '0 q:1 0011011 0 1 rm:5 101 0 01 rn:5 rt:5', asm: 'st4 {rt,q:laneList(4,d)}, [{rn:Xsp}], {rm:step(32)}',
    status: 'modelled', source: 'DDI 0487 C7.2 ST4 (single structure), post-index',
  },
  LD1_b: {
    pattern: '0 q:1 0011010 1 0 00000 000 s:1 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,s,size:laneList(1,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure)',
  },
  LD1_b_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 000 s:1 size:2 rn:5 rt:5', asm: 'ld1 {rt,q,s,size:laneList(1,b)}, [{rn:Xsp}], {rm:step(1)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure), post-index',
  },
  LD1_h: {
    pattern: '0 q:1 0011010 1 0 00000 010 s:1 size:1 0 rn:5 rt:5', asm: 'ld1 {rt,q,s,size:laneList(1,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure)',
  },
  LD1_h_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 010 s:1 size:1 0 rn:5 rt:5', asm: 'ld1 {rt,q,s,size:laneList(1,h)}, [{rn:Xsp}], {rm:step(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure), post-index',
  },
  LD1_s: {
    pattern: '0 q:1 0011010 1 0 00000 100 s:1 00 rn:5 rt:5', asm: 'ld1 {rt,q,s:laneList(1,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure)',
  },
  LD1_s_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 100 s:1 00 rn:5 rt:5', asm: 'ld1 {rt,q,s:laneList(1,s)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure), post-index',
  },
  LD1_d: {
    pattern: '0 q:1 0011010 1 0 00000 100 0 01 rn:5 rt:5', asm: 'ld1 {rt,q:laneList(1,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure)',
  },
  LD1_d_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 100 0 01 rn:5 rt:5', asm: 'ld1 {rt,q:laneList(1,d)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1 (single structure), post-index',
  },
  LD1R: {
    pattern: '0 q:1 0011010 1 0 00000 110 0 size:2 rn:5 rt:5', asm: 'ld1r {rt,q,size:list(1)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1R',
  },
  LD1R_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 110 0 size:2 rn:5 rt:5', asm: 'ld1r {rt,q,size:list(1)}, [{rn:Xsp}], {rm:replicateStep(1)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD1R, post-index',
  },
  LD2_b: {
    pattern: '0 q:1 0011010 1 1 00000 000 s:1 size:2 rn:5 rt:5', asm: 'ld2 {rt,q,s,size:laneList(2,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure)',
  },
  LD2_b_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 000 s:1 size:2 rn:5 rt:5', asm: 'ld2 {rt,q,s,size:laneList(2,b)}, [{rn:Xsp}], {rm:step(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure), post-index',
  },
  LD2_h: {
    pattern: '0 q:1 0011010 1 1 00000 010 s:1 size:1 0 rn:5 rt:5', asm: 'ld2 {rt,q,s,size:laneList(2,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure)',
  },
  LD2_h_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 010 s:1 size:1 0 rn:5 rt:5', asm: 'ld2 {rt,q,s,size:laneList(2,h)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure), post-index',
  },
  LD2_s: {
    pattern: '0 q:1 0011010 1 1 00000 100 s:1 00 rn:5 rt:5', asm: 'ld2 {rt,q,s:laneList(2,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure)',
  },
  LD2_s_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 100 s:1 00 rn:5 rt:5', asm: 'ld2 {rt,q,s:laneList(2,s)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure), post-index',
  },
  LD2_d: {
    pattern: '0 q:1 0011010 1 1 00000 100 0 01 rn:5 rt:5', asm: 'ld2 {rt,q:laneList(2,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure)',
  },
  LD2_d_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 100 0 01 rn:5 rt:5', asm: 'ld2 {rt,q:laneList(2,d)}, [{rn:Xsp}], {rm:step(16)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2 (single structure), post-index',
  },
  LD2R: {
    pattern: '0 q:1 0011010 1 1 00000 110 0 size:2 rn:5 rt:5', asm: 'ld2r {rt,q,size:list(2)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2R',
  },
  LD2R_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 110 0 size:2 rn:5 rt:5', asm: 'ld2r {rt,q,size:list(2)}, [{rn:Xsp}], {rm:replicateStep(2)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD2R, post-index',
  },
  LD3_b: {
    pattern: '0 q:1 0011010 1 0 00000 001 s:1 size:2 rn:5 rt:5', asm: 'ld3 {rt,q,s,size:laneList(3,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure)',
  },
  LD3_b_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 001 s:1 size:2 rn:5 rt:5', asm: 'ld3 {rt,q,s,size:laneList(3,b)}, [{rn:Xsp}], {rm:step(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure), post-index',
  },
  LD3_h: {
    pattern: '0 q:1 0011010 1 0 00000 011 s:1 size:1 0 rn:5 rt:5', asm: 'ld3 {rt,q,s,size:laneList(3,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure)',
  },
  LD3_h_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 011 s:1 size:1 0 rn:5 rt:5', asm: 'ld3 {rt,q,s,size:laneList(3,h)}, [{rn:Xsp}], {rm:step(6)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure), post-index',
  },
  LD3_s: {
    pattern: '0 q:1 0011010 1 0 00000 101 s:1 00 rn:5 rt:5', asm: 'ld3 {rt,q,s:laneList(3,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure)',
  },
  LD3_s_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 101 s:1 00 rn:5 rt:5', asm: 'ld3 {rt,q,s:laneList(3,s)}, [{rn:Xsp}], {rm:step(12)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure), post-index',
  },
  LD3_d: {
    pattern: '0 q:1 0011010 1 0 00000 101 0 01 rn:5 rt:5', asm: 'ld3 {rt,q:laneList(3,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure)',
  },
  LD3_d_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 101 0 01 rn:5 rt:5', asm: 'ld3 {rt,q:laneList(3,d)}, [{rn:Xsp}], {rm:step(24)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3 (single structure), post-index',
  },
  LD3R: {
    pattern: '0 q:1 0011010 1 0 00000 111 0 size:2 rn:5 rt:5', asm: 'ld3r {rt,q,size:list(3)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3R',
  },
  LD3R_post: {
    pattern: '0 q:1 0011011 1 0 rm:5 111 0 size:2 rn:5 rt:5', asm: 'ld3r {rt,q,size:list(3)}, [{rn:Xsp}], {rm:replicateStep(3)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD3R, post-index',
  },
  LD4_b: {
    pattern: '0 q:1 0011010 1 1 00000 001 s:1 size:2 rn:5 rt:5', asm: 'ld4 {rt,q,s,size:laneList(4,b)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure)',
  },
  LD4_b_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 001 s:1 size:2 rn:5 rt:5', asm: 'ld4 {rt,q,s,size:laneList(4,b)}, [{rn:Xsp}], {rm:step(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure), post-index',
  },
  LD4_h: {
    pattern: '0 q:1 0011010 1 1 00000 011 s:1 size:1 0 rn:5 rt:5', asm: 'ld4 {rt,q,s,size:laneList(4,h)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure)',
  },
  LD4_h_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 011 s:1 size:1 0 rn:5 rt:5', asm: 'ld4 {rt,q,s,size:laneList(4,h)}, [{rn:Xsp}], {rm:step(8)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure), post-index',
  },
  LD4_s: {
    pattern: '0 q:1 0011010 1 1 00000 101 s:1 00 rn:5 rt:5', asm: 'ld4 {rt,q,s:laneList(4,s)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure)',
  },
  LD4_s_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 101 s:1 00 rn:5 rt:5', asm: 'ld4 {rt,q,s:laneList(4,s)}, [{rn:Xsp}], {rm:step(16)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure), post-index',
  },
  LD4_d: {
    pattern: '0 q:1 0011010 1 1 00000 101 0 01 rn:5 rt:5', asm: 'ld4 {rt,q:laneList(4,d)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure)',
  },
  LD4_d_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 101 0 01 rn:5 rt:5', asm: 'ld4 {rt,q:laneList(4,d)}, [{rn:Xsp}], {rm:step(32)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4 (single structure), post-index',
  },
  LD4R: {
    pattern: '0 q:1 0011010 1 1 00000 111 0 size:2 rn:5 rt:5', asm: 'ld4r {rt,q,size:list(4)}, [{rn:Xsp}]',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4R',
  },
  LD4R_post: {
    pattern: '0 q:1 0011011 1 1 rm:5 111 0 size:2 rn:5 rt:5', asm: 'ld4r {rt,q,size:list(4)}, [{rn:Xsp}], {rm:replicateStep(4)}',
    status: 'modelled', source: 'DDI 0487 C7.2 LD4R, post-index',
  },
} as const satisfies Rows;
