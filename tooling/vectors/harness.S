// Executes instruction words on given states and keeps the results. Bare metal, EL2, loaded by QEMU; state.ts has the same numbers.
//
// The case table at CASES starts with the number of cases (u64, padded to CASE_BYTES). Each case is the state before, as state.ts lays
// it out; the harness writes the state after over it, and the whole table to the file "cases.out" through semihosting at the end.
//
// Three views of memory, by the tables of environment.ts, all of a 2 MiB block of physical memory (WINDOW_PA) that holds the word, a buffer and end markers:
//   at EL2, EL1, EL0   WINDOW            read, write, execute
//                      WINDOW + 4 MiB    read only, not executable
//                      WINDOW + 8 MiB    not executable; at EL1 a page of EL0, at EL0 a page of EL1, at EL2 as the first
// Everything else but the harness's own gigabyte (identity, 0x40000000) is unmapped.
//
// A case starts by ERET to `slot`, or to the word before it if there is a prelude. It ends at an end marker or by any exception:
// at EL2 these arrive directly, from EL1's vectors by an HVC that carries the number of the vector.

.equ CASES,       0x41000000
.equ TABLES,      0x40400000         // translation tables, written by the recorder (environment.ts)
.equ CASE_BYTES,  1536
.equ WINDOW_PA,   0x40800000
.equ SLOT_PA,     WINDOW_PA + 0x100000
.equ BUFFER_PA,   SLOT_PA + 0x10000
.equ SLOT_HI,     0x10               // SLOT = 0x10_0010_0000
.equ SLOT_LO,     0x00100000

// offsets in a case
.equ WORD,    0
.equ PRELUDE, 4
.equ X,       8
.equ SP2,     256
.equ PSTATE,  264
.equ FPCR_,   272
.equ FPSR_,   280
.equ ESR,     288
.equ FAR,     296
.equ TO,      304
.equ VECTOR,  312
.equ HCR,     320
.equ TPIDR0,  328
.equ TPIDRRO, 336
.equ TPIDR1,  344
.equ PAR,     352
.equ SP0,     360
.equ SP1,     368
.equ ELR1,    376
.equ SPSR1,   384
.equ CTXIDR,  392
.equ BVR0,    400
.equ WVR0,    408
.equ MARKER,  416
.equ Q,       512
.equ DATA,    1024

.macro address register, symbol
    adrp \register, \symbol
    add \register, \register, :lo12:\symbol
.endm

.text
.global _start
_start:
    address x0, vectors_el2
    msr vbar_el2, x0
    address x0, vectors_el1
    msr vbar_el1, x0
    mov x0, #0x33ff                  // CPTR_EL2: nothing trapped
    msr cptr_el2, x0
    mov x0, #(3 << 20)               // CPACR_EL1.FPEN
    msr cpacr_el1, x0
    mov x0, #0x80000000              // HCR_EL2.RW
    msr hcr_el2, x0
    msr vttbr_el2, xzr
    msr cntvoff_el2, xzr
    isb

    mov x0, #TABLES                  // EL2; EL1 and EL0 follow, 8 KiB each
    msr ttbr0_el2, x0
    mov x1, #0xff00                  // attribute 0: Device-nGnRnE, 1: Normal write-back
    msr mair_el2, x1
    msr mair_el1, x1
    mov x1, #0x3519                  // T0SZ 25, write-back, inner shareable, 4 KiB granule
    movk x1, #0x8082, lsl #16        // 40 physical bits, RES1
    msr tcr_el2, x1
    mov x1, #0x3519
    movk x1, #0x0080, lsl #16        // EPD1: no TTBR1
    movk x1, #0x0002, lsl #32        // 40 physical bits
    msr tcr_el1, x1
    mov x1, #0x1835                  // M, C, I and the RES1 bits
    movk x1, #0x30c5, lsl #16
    msr sctlr_el2, x1
    mov x1, #0xd805                  // M, C, I, RES1 11, DZE, UCT
    movk x1, #0x34d5, lsl #16        // RES1 20 22 23 28 29, nTWI, nTWE, UCI
    msr sctlr_el1, x1
    dsb sy
    isb

    mov x28, #CASES
    ldr x27, [x28]
    add x28, x28, #CASE_BYTES
    mov w26, #0                      // marker the window is filled with
next_case:
    cbz x27, finish

    // The window holds the marker everywhere, unless the last case left it so.
    ldr w1, [x28, #MARKER]
    cmp w1, w26
    b.eq 2f
    mov w26, w1
    mov x2, #WINDOW_PA
    add x3, x2, #0x200000
    orr x1, x1, x1, lsl #32
1:  stp x1, x1, [x2], #16
    cmp x2, x3
    b.lo 1b
2:  address x0, kept
    stp x27, x28, [x0]
    str x26, [x0, #24]

    mov x1, #SLOT_PA
    ldr w2, [x28, #PRELUDE]
    ldr w3, [x28, #MARKER]
    cmp w2, #0
    csel w3, w3, w2, eq
    stur w3, [x1, #-4]
    ldr w3, [x28, #WORD]
    str w3, [x1]
    dsb ish
    ic iallu
    dsb ish
    isb
    mov x1, #SLOT_LO                 // entry: the slot, one word earlier with a prelude
    movk x1, #SLOT_HI, lsl #32
    sub x3, x1, #4
    cmp w2, #0
    csel x1, x1, x3, eq
    msr elr_el2, x1
    mov x1, #BUFFER_PA
    add x2, x28, #DATA
    mov x3, #512
1:  ldp x4, x5, [x2], #16
    stp x4, x5, [x1], #16
    subs x3, x3, #16
    b.ne 1b

    // the tables of EL1 or EL0, told apart by address space number
    ldr x1, [x28, #PSTATE]
    msr spsr_el2, x1
    mov x3, #TABLES
    add x2, x3, #2, lsl #12
    add x3, x3, #4, lsl #12
    mov x4, #(1 << 48)
    tst x1, #0xf
    orr x3, x3, x4
    csel x2, x3, x2, eq
    msr ttbr0_el1, x2
    ldr x1, [x28, #HCR]
    mov x2, #0x80000000
    orr x1, x1, x2
    msr hcr_el2, x1

    ldr x1, [x28, #FPCR_]
    msr fpcr, x1
    ldr x1, [x28, #FPSR_]
    msr fpsr, x1
    ldr x1, [x28, #TPIDR0]
    msr tpidr_el0, x1
    ldr x1, [x28, #TPIDRRO]
    msr tpidrro_el0, x1
    ldr x1, [x28, #TPIDR1]
    msr tpidr_el1, x1
    ldr x1, [x28, #PAR]
    msr par_el1, x1
    ldr x1, [x28, #SP0]
    msr sp_el0, x1
    ldr x1, [x28, #SP1]
    msr sp_el1, x1
    ldr x1, [x28, #ELR1]
    msr elr_el1, x1
    ldr x1, [x28, #SPSR1]
    msr spsr_el1, x1
    ldr x1, [x28, #CTXIDR]
    msr contextidr_el1, x1
    ldr x1, [x28, #BVR0]
    msr dbgbvr0_el1, x1
    ldr x1, [x28, #WVR0]
    msr dbgwvr0_el1, x1
    ldr x1, [x28, #SP2]
    mov sp, x1
    isb
    add x0, x28, #Q
    ldp q0, q1, [x0], #32
    ldp q2, q3, [x0], #32
    ldp q4, q5, [x0], #32
    ldp q6, q7, [x0], #32
    ldp q8, q9, [x0], #32
    ldp q10, q11, [x0], #32
    ldp q12, q13, [x0], #32
    ldp q14, q15, [x0], #32
    ldp q16, q17, [x0], #32
    ldp q18, q19, [x0], #32
    ldp q20, q21, [x0], #32
    ldp q22, q23, [x0], #32
    ldp q24, q25, [x0], #32
    ldp q26, q27, [x0], #32
    ldp q28, q29, [x0], #32
    ldp q30, q31, [x0]
    add x30, x28, #X
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    ldp x18, x19, [x30, #144]
    ldp x20, x21, [x30, #160]
    ldp x22, x23, [x30, #176]
    ldp x24, x25, [x30, #192]
    ldp x26, x27, [x30, #208]
    ldp x28, x29, [x30, #224]
    ldr x30, [x30, #240]
    eret

// Any exception. x0 is in TPIDR_EL2, in x0 the offset of the vector.
ended:
    msr contextidr_el2, x1           // second scratch register; both are the harness's own
    address x1, kept
    str x0, [x1, #16]
    ldr x0, [x1, #8]                 // the case
    mrs x1, tpidr_el2
    str x1, [x0, #X]
    mrs x1, contextidr_el2
    str x1, [x0, #X + 8]
    stp x2, x3, [x0, #X + 16]
    stp x4, x5, [x0, #X + 32]
    stp x6, x7, [x0, #X + 48]
    stp x8, x9, [x0, #X + 64]
    stp x10, x11, [x0, #X + 80]
    stp x12, x13, [x0, #X + 96]
    stp x14, x15, [x0, #X + 112]
    stp x16, x17, [x0, #X + 128]
    stp x18, x19, [x0, #X + 144]
    stp x20, x21, [x0, #X + 160]
    stp x22, x23, [x0, #X + 176]
    stp x24, x25, [x0, #X + 192]
    stp x26, x27, [x0, #X + 208]
    stp x28, x29, [x0, #X + 224]
    str x30, [x0, #X + 240]
    mov x1, sp
    str x1, [x0, #SP2]
    mrs x1, fpcr
    str x1, [x0, #FPCR_]
    mrs x1, fpsr
    str x1, [x0, #FPSR_]
    mrs x1, tpidr_el0
    str x1, [x0, #TPIDR0]
    mrs x1, tpidrro_el0
    str x1, [x0, #TPIDRRO]
    mrs x1, tpidr_el1
    str x1, [x0, #TPIDR1]
    mrs x1, par_el1
    str x1, [x0, #PAR]
    mrs x1, sp_el0
    str x1, [x0, #SP0]
    mrs x1, sp_el1
    str x1, [x0, #SP1]
    mrs x1, contextidr_el1
    str x1, [x0, #CTXIDR]
    mrs x1, dbgbvr0_el1
    str x1, [x0, #BVR0]
    mrs x1, dbgwvr0_el1
    str x1, [x0, #WVR0]

    // Which exception was it: EL2's own, or one of EL1 that its vector handed on?
    mrs x1, esr_el2
    mrs x2, elr_el2
    mrs x3, spsr_el2
    mrs x4, far_el2
    address x5, kept
    ldr x5, [x5, #16]
    orr x5, x5, #0x2000
    address x6, vectors_el1
    sub x7, x2, x6
    cmp x7, #0x800
    b.hs 1f
    and x5, x1, #0xf                 // its immediate is 0xfe00 + number of the vector
    lsl x5, x5, #7
    orr x5, x5, #0x1000
    str x5, [x0, #VECTOR]
    mrs x1, esr_el1
    mrs x2, elr_el1
    mrs x3, spsr_el1
    mrs x4, far_el1
    b 2f
1:  str x5, [x0, #VECTOR]
    mrs x6, elr_el1
    str x6, [x0, #ELR1]
    mrs x6, spsr_el1
    str x6, [x0, #SPSR1]
2:  str x1, [x0, #ESR]
    str x4, [x0, #FAR]
    str x3, [x0, #PSTATE]
    mov x6, #SLOT_LO
    movk x6, #SLOT_HI, lsl #32
    sub x2, x2, x6
    str x2, [x0, #TO]

    mov x1, x0
    add x0, x0, #Q
    stp q0, q1, [x0], #32
    stp q2, q3, [x0], #32
    stp q4, q5, [x0], #32
    stp q6, q7, [x0], #32
    stp q8, q9, [x0], #32
    stp q10, q11, [x0], #32
    stp q12, q13, [x0], #32
    stp q14, q15, [x0], #32
    stp q16, q17, [x0], #32
    stp q18, q19, [x0], #32
    stp q20, q21, [x0], #32
    stp q22, q23, [x0], #32
    stp q24, q25, [x0], #32
    stp q26, q27, [x0], #32
    stp q28, q29, [x0], #32
    stp q30, q31, [x0]
    mov x0, x1
    mov x1, #BUFFER_PA
    add x2, x0, #DATA
    mov x3, #512
3:  ldp x4, x5, [x1], #16
    stp x4, x5, [x2], #16
    subs x3, x3, #16
    b.ne 3b
    mov x2, #0x80000000              // traps of the case off
    msr hcr_el2, x2

    address x0, kept
    ldp x27, x28, [x0]
    ldr x26, [x0, #24]
    sub x27, x27, #1
    add x28, x28, #CASE_BYTES
    b next_case

finish:
    address x1, open_block
    mov w0, #1                       // SYS_OPEN
    hlt #0xf000
    address x1, write_block
    str x0, [x1]
    mov x2, #CASES
    ldr x3, [x2]
    mov x4, #CASE_BYTES
    add x2, x2, x4
    mul x3, x3, x4
    stp x2, x3, [x1, #8]
    mov w0, #5                       // SYS_WRITE
    hlt #0xf000
    address x1, exit_block
    mov w0, #0x18                    // SYS_EXIT
    hlt #0xf000
    b .

.section .vectors, "ax"            // linked to VECTORS_EL2, so that a test can give its processor the same VBAR
vectors_el2:
.set number, 0
.rept 16
    .balign 128
    msr tpidr_el2, x0
    mov x0, #(number * 128)
    b ended
    .set number, number + 1
.endr

.balign 2048
vectors_el1:
.set number, 0
.rept 16
    .balign 128
    hvc #(0xfe00 + number)
    .set number, number + 1
.endr
.balign 128

.data
.balign 16
kept:        .quad 0, 0, 0, 0        // cases left, this case, vector, marker
open_block:  .quad file, 5, 9        // "wb"
write_block: .quad 0, 0, 0
exit_block:  .quad 0x20026, 0
file:        .asciz "cases.out"

