/**
 * The guest of the demonstration: sets a hardware breakpoint on itself at EL1, takes its exception in vectors of its own, then asks the
 * hypervisor two things (PSCI, DEN 0022). x20 counts the breakpoint's hits, x21 keeps their syndrome. Debug register values: DDI 0487
 * DBGBCR<n>_EL1 (BAS all, PMC 0b01: EL1, enabled), MDSCR_EL1 (MDE, KDE).
 */
export const DEMO_GUEST = `
        adr     x0, vectors
        msr     vbar_el1, x0
        mov     x20, #0
        mov     w0, #0x0000
        movk    w0, #0x8400, lsl #16    // PSCI_VERSION: an exit before any debug register is touched
        hvc     #0
        msr     oslar_el1, xzr
        adr     x0, target
        msr     dbgbvr0_el1, x0
        mov     x0, #0x1e3
        msr     dbgbcr0_el1, x0
        mov     x0, #0xa000
        msr     mdscr_el1, x0
        isb
        msr     daifclr, #8
        mov     w0, #0x0000
        movk    w0, #0x8400, lsl #16    // and one with the breakpoint armed
        hvc     #0
target: add     x19, x19, #1
        mov     w0, #0x0008
        movk    w0, #0x8400, lsl #16    // SYSTEM_OFF
        hvc     #0

        .balign 2048
vectors:
        .space  0x200
        mrs     x21, esr_el1            // from EL1 with SP_EL1, synchronous
        add     x20, x20, #1
        msr     dbgbcr0_el1, xzr
        isb
        eret
`;
