#include "../common/el1.S"
#include "../common/vectors.S"

.section .text.target, "ax"
// Two instructions, so that the step after the breakpoint lands inside.
.global target
target:
    add     x0, x0, #1
    ret

.section .note.GNU-stack, "", %progbits
