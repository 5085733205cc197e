#include "../common/el1.S"
#include "../common/vectors.S"

.section .text.target, "ax"
.global target
target:
    ret

.section .note.GNU-stack, "", %progbits
