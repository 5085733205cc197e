// Start of every arm64 guest: a stack, a cleared .bss, main(device tree), power off. MMU and caches stay off, one processor.
// Entry: EL1 or EL2, x0 = physical address of the device tree (0 if the loader passes none).

.section .text.start, "ax"
.global _start
_start:
    adrp    x1, stack_top
    add     x1, x1, :lo12:stack_top
    mov     sp, x1
    // The compiler may use FP/SIMD registers to copy; at reset they are trapped.
    // FP/SIMD is for guests that want it in assembly; trapped, it would look like a fault of theirs.
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    1f
    mov     x2, #0x33ff             // CPTR_EL2 with E2H = 0: RES1 bits, TFP = 0
    msr     cptr_el2, x2
1:  mov     x2, #(3 << 20)          // CPACR_EL1.FPEN: no trap
    msr     cpacr_el1, x2
    isb
    adrp    x1, bss_start
    add     x1, x1, :lo12:bss_start
    adrp    x2, bss_end
    add     x2, x2, :lo12:bss_end
2:  cmp     x1, x2
    b.hs    3f
    str     xzr, [x1], #8
    b       2b
3:  bl      main

// Does not return. PSCI's SYSTEM_OFF goes to whoever is above: firmware by SMC from EL2, the hypervisor by HVC from EL1.
.global power_off
power_off:
    mov     w0, #0x0008
    movk    w0, #0x8400, lsl #16    // PSCI SYSTEM_OFF (DEN0022, 5.1.9)
    mrs     x1, CurrentEL
    cmp     x1, #(2 << 2)
    b.ne    4f
    smc     #0
4:  hvc     #0
5:  wfi                             // nobody above answers PSCI
    b       5b

.section .note.GNU-stack, "", %progbits
