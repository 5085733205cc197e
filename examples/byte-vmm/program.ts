/**
 * What the firmware is told to run (`go`), or the guest without firmware: vCPU 0 sets up its interrupt controller and starts vCPU 1 by PSCI; that one
 * waits for its timer and then interrupts vCPU 0, which returns. Interrupts are asked for, not taken: the firmware has its own vectors (IHI 0069,
 * DEN 0022). x18 is U-Boot's.
 */
export const program = `
  b start
alone:
  adr x0, alone - 4
  add x0, x0, #1, lsl #12
  mov sp, x0
  bl start
  movz x0, #0x8
  movk x0, #0x8400, lsl #16
  hvc #0

start:
  stp x29, x30, [sp, #-16]!
  adr x1, first
  bl say
  movz x10, #0x800, lsl #16
  mov w2, #2
  str w2, [x10]
  movz x11, #0x80b, lsl #16
  bl interface
  movz x0, #0x3
  movk x0, #0xc400, lsl #16
  mov x1, #1
  adr x2, secondary
  mov x3, #0
  hvc #0
1: wfi
  mrs x0, ICC_IAR1_EL1
  cmp x0, #5
  b.ne 1b
  msr ICC_EOIR1_EL1, x0
  adr x1, last
  bl say
  ldp x29, x30, [sp], #16
  mov x0, #0
  ret

secondary:
  adr x1, second
  bl say
  movz x11, #0x80d, lsl #16
  bl interface
  mrs x2, CNTVCT_EL0
  add x2, x2, #4000
  msr CNTV_CVAL_EL0, x2
  mov x2, #1
  msr CNTV_CTL_EL0, x2
  isb
2: wfi
  mrs x0, ICC_IAR1_EL1
  cmp x0, #27
  b.ne 2b
  mov x2, #2
  msr CNTV_CTL_EL0, x2
  isb
  msr ICC_EOIR1_EL1, x0
  adr x1, tick
  bl say
  mov x2, #1
  movk x2, #0x500, lsl #16
  msr ICC_SGI1R_EL1, x2
  isb
  movz x0, #0x2
  movk x0, #0x8400, lsl #16
  hvc #0

interface:
  mov w2, #-1
  str w2, [x11, #0x100]
  mov x2, #0xf0
  msr ICC_PMR_EL1, x2
  mov x2, #1
  msr ICC_IGRPEN1_EL1, x2
  isb
  ret

say:
  movz x9, #0x900, lsl #16
3: ldrb w2, [x1], #1
  cbz w2, 4f
  str w2, [x9]
  b 3b
4: ret

first: .asciz "vCPU 0 starts the other.\\n"
second: .asciz "vCPU 1 waits for its timer.\\n"
tick: .asciz "vCPU 1 has interrupt 27, and sends one.\\n"
last: .asciz "vCPU 0 has it.\\n"
`;
/** Where it is, beyond what U-Boot uses; and where it begins without firmware: it turns the machine off then. */
export const PROGRAM = 0x4400_0000n;
export const ALONE = PROGRAM + 4n;
