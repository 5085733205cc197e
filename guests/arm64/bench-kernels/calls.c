// Calls: recursion with two calls a level, deep recursion, and calls through a table.
#include "kernels.h"

#define NO_INLINE __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

static NO_INLINE uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static NO_INLINE uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static NO_INLINE uint32_t add(uint32_t sum, uint32_t value) { return sum + value; }
static NO_INLINE uint32_t rotate(uint32_t sum, uint32_t value) { return sum << (value & 7) | sum >> 1; }
static NO_INLINE uint32_t toggle(uint32_t sum, uint32_t value) { return sum ^ value; }
static NO_INLINE uint32_t scale(uint32_t sum, uint32_t value) { return sum * (value | 1); }

typedef uint32_t operation(uint32_t, uint32_t);
static operation *const operations[] = {add, rotate, toggle, scale};

uint32_t calls_kernel(uint64_t iterations)
{
    uint32_t seed = 0xbadcafe, sum = 0;
    while (iterations--) {
        sum = mix(sum, fib(16));
        sum = mix(sum, ackermann(2, 20));
        for (unsigned i = 0; i < 500; i++) {
            uint32_t value = next_random(&seed);
            sum = operations[value >> 30](sum, value);
        }
    }
    return sum;
}
