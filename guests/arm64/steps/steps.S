// A straight stretch for single-stepping, from `stretch` to `stretch_end`: ALU, a load from a device, MRS of an identification register,
// WFI with its interrupt already pending, SVC, BRK, and ERET to the next instruction. Repeated `rounds` times.
#include "../common/el1.S"

.section .text.stretch, "ax"
// uint64_t run_stretch(uint64_t rounds): returns the number of exceptions its handlers counted.
.global run_stretch
run_stretch:
    stp     x29, x30, [sp, #-16]!
    adr     x1, step_vectors
    msr     vbar_el1, x1
    mov     x9, x0
    mov     x10, #0x09000000        // PL011
    mov     x11, #0                 // counted by the handlers
    mov     x12, #0x3c5             // EL1h, DAIF masked
    mov     x13, #0
    isb
.global stretch
stretch:
    mov     x0, #0x1234
    movk    x0, #0x5678, lsl #16
    add     x1, x0, x9, lsl #2
    eor     x2, x1, x0, ror #7
    ldr     w3, [x10, #0x18]        // UARTFR
    and     x3, x3, #0xff
    mrs     x4, id_aa64pfr0_el1
    ubfx    x4, x4, #4, #4
    cmp     x3, #0
    cset    x5, ne
    wfi
    add     x13, x13, x5
    svc     #1
    csel    x6, x1, x2, ne
    brk     #2
    mul     x6, x6, x1
    adr     x7, 1f
    msr     elr_el1, x7
    msr     spsr_el1, x12
    eret
1:  str     x6, [sp, #-16]!
    ldr     x6, [sp], #16
    clz     x7, x6
    rbit    x8, x6
    lsr     x8, x8, x7
    tbz     x9, #63, 2f
    nop
2:  mrs     x7, nzcv
    str     w7, [x10, #0x38]        // UARTIMSC: the low bits are zero, no interrupt is on
    bic     x7, x7, #1
    sub     x9, x9, #1
    cbnz    x9, stretch
.global stretch_end
stretch_end:
    mov     x0, x11
    ldp     x29, x30, [sp], #16
    ret

// Synchronous exceptions of the current level alone: SVC returns behind itself, BRK must be stepped over.
.balign 0x800
step_vectors:
    .rept 4
    b       .
    .balign 0x80
    .endr
    add     x11, x11, #1            // 0x200
    mrs     x7, esr_el1
    tbz     x7, #31, 3f             // EC 0x15 (SVC) or 0x3c (BRK)
    mrs     x7, elr_el1
    add     x7, x7, #4
    msr     elr_el1, x7
3:  eret
    .balign 0x80
    .rept 11
    b       .
    .balign 0x80
    .endr

.section .note.GNU-stack, "", %progbits
