// void enter_el1(void): goes on at EL1, on the same stack, for guests that are about EL1. Not linked everywhere: include it in one .S file.
// Entered at EL1 it returns at once. Entered at EL2 it leaves a stub there that passes HVC on to the firmware by SMC, so that
// EL1 finds PSCI behind HVC as under a hypervisor. Needs HCR_EL2.E2H = 0, as at reset.

.section .text.el1, "ax"
.global enter_el1
enter_el1:
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    1f
    adr     x1, el2_vectors
    msr     vbar_el2, x1
    mov     x1, #(1 << 31)          // HCR_EL2.RW alone: EL1 is AArch64 and traps nothing
    msr     hcr_el2, x1
    mrs     x1, midr_el1
    msr     vpidr_el2, x1
    mrs     x1, mpidr_el1
    msr     vmpidr_el2, x1
    mov     x1, #3                  // CNTHCTL_EL2.{EL1PCTEN, EL1PCEN}
    msr     cnthctl_el2, x1
    msr     cntvoff_el2, xzr
    mrs     x1, mdcr_el2
    and     x1, x1, #0x1f           // HPMN stays, TDE and the traps go
    msr     mdcr_el2, x1
    msr     vttbr_el2, xzr
    mov     x1, #0x0800             // SCTLR_EL1: its RES1 bits; MMU, caches and alignment checks off
    movk    x1, #0x30d0, lsl #16
    msr     sctlr_el1, x1
    mov     x1, sp
    msr     sp_el1, x1
    mov     x1, #0x3c5              // EL1h, DAIF masked
    msr     spsr_el2, x1
    msr     elr_el2, x30
    eret
1:  ret

// Only HVC is expected; anything else ends the machine, so that a stray fault does not look like a hang.
.balign 0x800
el2_vectors:
    .rept 8
    b       el2_stray
    .balign 0x80
    .endr
    stp     x29, x30, [sp, #-16]!   // 0x400: synchronous, from EL1 in AArch64
    mrs     x29, esr_el2
    lsr     x29, x29, #26
    cmp     x29, #0x16              // HVC
    b.ne    el2_stray
    smc     #0
    ldp     x29, x30, [sp], #16
    eret
    .balign 0x80
    .rept 7
    b       el2_stray
    .balign 0x80
    .endr
el2_stray:
    mov     w0, #0x0008
    movk    w0, #0x8400, lsl #16    // PSCI SYSTEM_OFF
    smc     #0
    b       el2_stray
