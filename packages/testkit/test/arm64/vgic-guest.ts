/**
 * A guest with virtual interrupts, and its hypervisor at EL2, on a GICv3: the virtual timer of the guest fires, EL2 takes the physical
 * interrupt, drops its priority and hands it on by a list register with HW = 1, so that the guest's end of interrupt deactivates it.
 * With every other one it sends an interrupt of software alone whose end raises a maintenance interrupt. Both write down what they see.
 */
import { systemName } from './gicv3-guest.ts';

/** Timer interrupts of the guest. */
export const VGIC_ROUNDS = 400;
/** Room for the records of one round, at most. */
export const VGIC_ROUND_BYTES = 256;

const [IAR1, EOIR1, DIR, PMR, CTLR, IGRPEN1, RPR] = (['ICC_IAR1_EL1', 'ICC_EOIR1_EL1', 'ICC_DIR_EL1', 'ICC_PMR_EL1', 'ICC_CTLR_EL1', 'ICC_IGRPEN1_EL1', 'ICC_RPR_EL1'] as const).map(systemName);
const [HCR, VMCR, LR0, LR1, MISR, EISR, ELRSR] = (['ICH_HCR_EL2', 'ICH_VMCR_EL2', 'ICH_LR0_EL2', 'ICH_LR1_EL2', 'ICH_MISR_EL2', 'ICH_EISR_EL2', 'ICH_ELRSR_EL2'] as const).map(systemName);

/** Pending, group 1, priority 0xa0, HW with pINTID 27, vINTID 27. */
const TIMER = 0x70a0_001b_0000_001bn;
/** Pending, group 1, priority 0x80, maintenance at its end, vINTID 40. */
const SOFTWARE = 0x5080_0200_0000_0028n;

/** The source, for `Guest`. */
export const VGIC_SOURCE = `
_start:
  ldr x21, =results
  ldr x0, =vectors1
  msr vbar_el1, x0
  ldr x0, =vectors2
  msr vbar_el2, x0
  ldr x0, =0x80000018        // RW, IMO, FMO
  msr hcr_el2, x0
  mov x0, #3
  msr cnthctl_el2, x0
  ldr x0, =1000000007
  msr cntvoff_el2, x0
  ldr x0, =0x08000000
  mov w1, #2
  str w1, [x0]
  ldr x0, =0x080b0000
  mov w1, #((1 << 27) | (1 << 25))
  str w1, [x0, #0x80]
  str w1, [x0, #0x100]
  mov x0, #0xf0
  msr ${PMR}, x0
  mov x0, #2                 // EOIR drops, DIR deactivates
  msr ${CTLR}, x0
  mov x0, #1
  msr ${IGRPEN1}, x0
  msr ${HCR}, x0
  ldr x0, =0xf0000002
  msr ${VMCR}, x0
  isb
  mov x26, #0                // timer interrupts that EL2 has taken
  ldr x0, =main
  msr elr_el2, x0
  mov x0, #0x345             // EL1h, IRQ not masked
  msr spsr_el2, x0
  eret

main:
  mov x20, #0                // those that the guest has handled
  ldr x28, =6364136223846793005
  ldr x27, =88172645463325252
  mov x24, #0
round:
  mul x27, x27, x28
  add x27, x27, #1
  ubfx x0, x27, #40, #11
  orr x0, x0, #64
  msr cntv_tval_el0, x0
  mov x1, #1
  msr cntv_ctl_el0, x1
  tbz x27, #60, 2f
1: cmp x24, x20              // spin
  b.eq 1b
  b 3f
2: msr daifset, #2           // or sleep
  cmp x24, x20
  b.ne 4f
  wfi
  mrs x2, isr_el1
  str x2, [x21], #8
  msr daifclr, #2
  b 2b
4: msr daifclr, #2
3: mov x20, x24
  ldr x0, =${VGIC_ROUNDS}
  cmp x20, x0
  b.lo round
  hvc #0

guest_irq:
  mrs x16, ${IAR1}
  mrs x17, cntvct_el0
  stp x16, x17, [x21], #16
  mrs x17, ${RPR}
  str x17, [x21], #8
  cmp x16, #27
  b.ne 1f
  msr cntv_ctl_el0, xzr
  add x24, x24, #1
1: msr ${EOIR1}, x16
  eret

host_irq:
  mrs x8, ${IAR1}
  mrs x9, cntpct_el0
  stp x8, x9, [x21], #16
  msr ${EOIR1}, x8
  cmp x8, #25
  b.eq 1f
  cmp x8, #27
  b.ne finish
  ldr x10, =0x${TIMER.toString(16)}
  msr ${LR0}, x10
  add x26, x26, #1
  tbz x26, #0, 2f
  ldr x10, =0x${SOFTWARE.toString(16)}
  msr ${LR1}, x10
  b 2f
1: mrs x9, ${MISR}           // maintenance: the list register is free again
  mrs x10, ${EISR}
  stp x9, x10, [x21], #16
  mrs x9, ${ELRSR}
  mrs x10, ${LR1}
  stp x9, x10, [x21], #16
  msr ${LR1}, xzr
  isb
  msr ${DIR}, x8
2: eret
.ltorg
.balign 2048
vectors1:
.rept 16
.balign 128
b guest_irq
.endr
.balign 2048
vectors2:
.rept 9
.balign 128
b finish
.endr
.balign 128
b host_irq
.rept 6
.balign 128
b finish
.endr
.balign 8
`;
