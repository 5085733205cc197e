/**
 * A guest at EL1 under a bare EL2 that lets the virtual and the physical timer interrupt it through a GICv2 or GICv3, in loops and in WFI, with
 * the interrupt masked and not, many times over. It writes down when it got each interrupt and where.
 */

/** Rounds; each takes some thousand instructions. */
export const ROUNDS = 900;
/** Words a round leaves at least: who interrupted, when, where. */
export const RECORD_BYTES = 8 * 8;

/** How a guest works the interrupt controller. x25 is where the private interrupts have their registers, x26 the controller's own. */
interface Controller {
  /** Opens it for both timers; x0 is free. */
  readonly open: string;
  /** Acknowledge: INTID to x17. */
  readonly acknowledge: string;
  /** End of interrupt x17. */
  readonly complete: string;
}

const CONTROLLERS: Readonly<Record<2 | 3, Controller>> = {
  2: {
    open: `
  ldr x25, =0x08000000       // distributor
  ldr x26, =0x08010000       // CPU interface
  mov w0, #((1 << 27) | (1 << 30))
  str w0, [x25, #0x100]
  mov w0, #1
  str w0, [x25]
  mov w0, #0xff
  str w0, [x26, #4]
  mov w0, #1
  str w0, [x26]`,
    acknowledge: 'ldr w17, [x26, #12]', complete: 'str w17, [x26, #16]',
  },
  3: {
    open: `
  ldr x25, =0x080b0000       // SGIs and PPIs of the redistributor
  ldr x26, =0x08000000       // distributor
  mov w0, #2
  str w0, [x26]
  mov w0, #((1 << 27) | (1 << 30))
  str w0, [x25, #0x80]       // group 1
  str w0, [x25, #0x100]
  mov x0, #0xff
  msr s3_0_c4_c6_0, x0       // ICC_PMR_EL1
  mov x0, #1
  msr s3_0_c12_c12_7, x0     // ICC_IGRPEN1_EL1`,
    acknowledge: 'mrs x17, s3_0_c12_c12_0', complete: 'msr s3_0_c12_c12_1, x17',
  },
};

/** The source, for `Guest`. `gic` is the version of the interrupt controller. */
export function timerSource(gic: 2 | 3): string {
  const { open, acknowledge, complete } = CONTROLLERS[gic];
  return `
_start:
  ldr x0, =vectors
  msr vbar_el1, x0
  ldr x0, =0x80000000
  msr hcr_el2, x0
  mov x0, #3
  msr cnthctl_el2, x0
  ldr x0, =123456789
  msr cntvoff_el2, x0
  ldr x21, =results
${open}
  ldr x0, =main
  msr elr_el2, x0
  mov x0, #0x345             // EL1h, IRQ not masked
  msr spsr_el2, x0
  ldr x0, =leave
  ldr x1, =vectors2
  msr vbar_el2, x1
  eret

main:
  mov x20, #0
  ldr x28, =6364136223846793005
  ldr x27, =88172645463325252
round:
  mul x27, x27, x28
  add x27, x27, #1
  ubfx x0, x27, #40, #12     // 256 to 4095 ticks for the virtual timer
  orr x0, x0, #256
  msr cntv_tval_el0, x0
  mov x1, #1
  msr cntv_ctl_el0, x1
  ubfx x0, x27, #52, #11     // 256 to 2047 for the physical one, by its compare value
  orr x0, x0, #256
  mrs x1, cntpct_el0
  add x0, x0, x1
  msr cntp_cval_el0, x0
  mov x1, #1
  msr cntp_ctl_el0, x1
  mov x24, #0                // interrupts taken in this round
  ubfx x2, x27, #36, #2
  cbz x2, loop
  cmp x2, #1
  b.eq sleep
  cmp x2, #2
  b.eq masked
long:                        // work first, then sleep while interrupts are missing; masked, or the last might come before WFI
  ubfx x3, x27, #20, #11
1: subs x3, x3, #1
  b.pl 1b
  b 3f
sleep:                       // nothing is due yet, so that this WFI may be unmasked
  wfi
3: msr daifset, #2
  cmp x24, #2
  b.hs 4f
  wfi
  msr daifclr, #2
  b 3b
4: msr daifclr, #2
  b over
loop:
  cmp x24, #2
  b.lo loop
  b over
masked:                      // WFI wakes on a masked interrupt, which is taken when it is unmasked
  msr daifset, #2
  cmp x24, #2
  b.hs 4b
  wfi
  isb
  mrs x4, isr_el1
  mrs x5, cntvct_el0
  stp x4, x5, [x21], #16
  ldr w4, [x25, #0x200]      // pending
  mrs x5, cntv_ctl_el0
  stp x4, x5, [x21], #16
  msr daifclr, #2
  b masked
over:
  add x20, x20, #1
  cmp x20, #${ROUNDS}
  b.ne round
  hvc #0
leave:
  b .

interrupt:
  mrs x16, cntvct_el0
  ${acknowledge}
  cmp w17, #27
  b.ne 1f
  msr cntv_ctl_el0, xzr
  b 2f
1: cmp w17, #30
  b.ne 2f
  msr cntp_ctl_el0, xzr
2: ${complete}
  mrs x18, elr_el1
  stp x16, x17, [x21], #16
  str x18, [x21], #8
  add x24, x24, #1
  eret
.ltorg
.balign 2048
vectors:
.rept 16
.balign 128
b interrupt
.endr
.balign 2048
vectors2:
.rept 16
.balign 128
b finish
.endr
.balign 8
`;
}
