/** Without firmware: vCPU 0 starts vCPU 1 (PSCI CPU_ON, DEN 0022), each says a line, and the second turns the machine off. */
export const greeting = `
  adr x1, first
  bl say
  movz x0, #0x3
  movk x0, #0xc400, lsl #16
  mov x1, #1
  adr x2, secondary
  adr x3, second
  hvc #0
1: wfi
  b 1b

secondary:
  mov x1, x0
  bl say
  movz x0, #0x8
  movk x0, #0x8400, lsl #16
  hvc #0

say:
  movz x9, #0x900, lsl #16
2: ldrb w2, [x1], #1
  cbz w2, 3f
  str w2, [x9]
  b 2b
3: ret

first: .asciz "vCPU 0 is here, and starts the other.\\n"
second: .asciz "vCPU 1 is here, too.\\n"
`;
