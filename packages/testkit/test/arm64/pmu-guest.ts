/**
 * A guest that counts instructions with the Performance Monitors at EL2, EL1 and EL0 under every filter, by software, and up to overflow
 * interrupts through a GICv2. What it writes down is the counters, again and again.
 */

/** Overflow interrupts, at intervals of some thousand instructions. */
export const OVERFLOWS = 60;
/** Where in the words of an entry the cycle counter is. */
export const ENTRY_WORDS = 8;
export const CYCLES_AT = 6;
/** Entries before the overflow interrupts: words from there on are three for each. */
export const ENTRIES = 12;
export const BYTES = 0x10000;

/** Counters 0 to 5, the cycle counter, overflow flags. */
const RECORD = `
  mrs x10, pmevcntr0_el0
  mrs x11, pmevcntr1_el0
  stp x10, x11, [x21], #16
  mrs x10, pmevcntr2_el0
  mrs x11, pmevcntr3_el0
  stp x10, x11, [x21], #16
  mrs x10, pmevcntr4_el0
  mrs x11, pmevcntr5_el0
  stp x10, x11, [x21], #16
  mrs x10, pmccntr_el0
  mrs x11, pmovsclr_el0
  stp x10, x11, [x21], #16`;
const LOOP = (times: number): string => `
  mov x9, #${times}
1: subs x9, x9, #1
  b.ne 1b`;

/** With overflow interrupts at the end, or without. */
export const pmuSource = (interrupts: boolean): string => `
_start:
  ldr x21, =results
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =vectors
  msr vbar_el1, x0
  ldr x0, =0x80000000
  msr hcr_el2, x0
  // Entry 0 is what there is.
  mrs x0, pmcr_el0
  and x0, x0, #0xf800        // N; the identification is not compared
  mrs x1, pmceid0_el0
  stp x0, x1, [x21], #16
  mrs x0, pmuserenr_el0
  mrs x1, pmcntenset_el0
  stp x0, x1, [x21], #16
  mov x0, #0x1234
  msr pmselr_el0, x0
  mrs x0, pmselr_el0
  mrs x1, mdcr_el2
  stp x0, x1, [x21], #16
  stp xzr, xzr, [x21], #16
  ldr x0, =0x08000008        // instructions, at all levels
  msr pmevtyper0_el0, x0
  ldr x0, =0x40000008        // at EL1 alone
  msr pmevtyper1_el0, x0
  mov x0, #2                 // at EL0 alone, by way of the selector
  msr pmselr_el0, x0
  isb
  ldr x0, =0x80000008
  msr pmxevtyper_el0, x0
  ldr x0, =0x08000000        // by software
  msr pmevtyper3_el0, x0
  ldr x0, =0xc8000008        // at EL2 alone
  msr pmevtyper4_el0, x0
  ldr x0, =0x08000003        // an event that nobody has
  msr pmevtyper5_el0, x0
  ldr x0, =0x08000000
  msr pmccfiltr_el0, x0
  mov x0, #0x46              // clear them all; long cycle counter
  msr pmcr_el0, x0
  ldr x0, =0x8000003f
  msr pmcntenset_el0, x0
  isb
  ${LOOP(50)}
  ${RECORD}                  // 1: not enabled as a whole
  mov x0, #0x41
  msr pmcr_el0, x0
  isb
  ${LOOP(100)}
  ${RECORD}                  // 2: EL2
  mov x0, #0x2a
  msr pmswinc_el0, x0
  msr pmswinc_el0, x0
  ${RECORD}                  // 3: two increments of the one that counts them
  mov x0, #0x10
  msr pmcntenclr_el0, x0
  isb
  ${LOOP(100)}
  ${RECORD}                  // 4: the one of EL2 stands still
  mov x0, #0x10
  msr pmcntenset_el0, x0
  ldr x0, =at_el1
  msr elr_el2, x0
  mov x0, #0x3c5
  msr spsr_el2, x0
  isb
  eret
at_el1:
  ${LOOP(200)}
  ${RECORD}                  // 5: EL1
  mov x0, #9
  msr pmuserenr_el0, x0
  ldr x0, =at_el0
  msr elr_el1, x0
  msr spsr_el1, xzr
  isb
  eret
at_el0:
  ${LOOP(300)}
  ${RECORD}                  // 6: EL0
  mov x0, #8
  msr pmswinc_el0, x0
  ${RECORD}                  // 7
  svc #0
  // EL1 again, by the exception.
back:
  mov x0, #0xfffffff0
  msr pmevcntr0_el0, x0
  ${LOOP(20)}
  ${RECORD}                  // 8: overflown, no interrupt
  mov x0, #1
  msr pmovsclr_el0, x0
  mov x0, #0x43              // clear event counters
  msr pmcr_el0, x0
  ${RECORD}                  // 9
  mov x0, #1                 // by the selector
  msr pmselr_el0, x0
  isb
  mrs x10, pmxevcntr_el0
  mrs x11, pmxevtyper_el0
  stp x10, x11, [x21], #16
  mov x0, #31
  msr pmselr_el0, x0
  isb
  mrs x10, pmxevtyper_el0
  mov x11, #0x77
  stp x10, x11, [x21], #16
  mov x0, #0x20
  msr pmovsset_el0, x0
  mrs x10, pmovsset_el0
  msr pmovsclr_el0, x0
  mrs x11, pmovsset_el0
  stp x10, x11, [x21], #16
  stp xzr, xzr, [x21], #16   // 10
  hvc #1                     // EL2 keeps counters 4 and 5
  ${LOOP(100)}
  ${RECORD}                  // 11: counters that are EL2's, disabled there
  ${interrupts ? '' : 'hvc #0'}
  // Interrupts: a GICv2 with PPI 23.
  ldr x25, =0x08000000
  ldr x26, =0x08010000
  mov w0, #(1 << 23)
  str w0, [x25, #0x100]
  mov w0, #1
  str w0, [x25]
  mov w0, #0xff
  str w0, [x26, #4]
  mov w0, #1
  str w0, [x26]
  mov x0, #1
  msr pmintenset_el1, x0
  mov x20, #0
  ldr x28, =6364136223846793005
  ldr x27, =88172645463325252
next:
  mul x27, x27, x28
  add x27, x27, #1
  ubfx x0, x27, #40, #12
  orr x0, x0, #256
  ldr x1, =0x100000000
  sub x0, x1, x0
  mov x24, #0
  msr pmevcntr0_el0, x0
  msr daifclr, #2
2: add x23, x23, #1
  cbz x24, 2b
  msr daifset, #2
  add x20, x20, #1
  cmp x20, #${OVERFLOWS}
  b.ne next
  hvc #0
called:
  mrs x0, esr_el2
  and x0, x0, #0xffff
  cbz x0, finish
  mrs x0, mdcr_el2
  and x0, x0, #~31
  orr x0, x0, #4
  msr mdcr_el2, x0
  isb
  eret
interrupt:
  ldr w17, [x26, #12]
  mrs x10, pmevcntr0_el0
  mrs x11, pmovsclr_el0
  msr pmovsclr_el0, x11
  mrs x12, elr_el1
  stp x10, x11, [x21], #16
  str x12, [x21], #8
  mov x24, #1
  str w17, [x26, #16]
  eret
.ltorg
.balign 2048
vectors:
.rept 4
.balign 128
b finish
.endr
.balign 128
b finish
.balign 128
b interrupt
.balign 128
b finish
.balign 128
b finish
.balign 128
b back
.rept 7
.balign 128
b finish
.endr
.balign 2048
vectors2:
.rept 16
.balign 128
b called
.endr
.balign 8
`;
