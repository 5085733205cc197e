// The kernels: each does `iterations` rounds of its work on data of its own and returns a checksum of what it computed.
#pragma once

#include <stdint.h>

// Speed is what is measured, so these files are not compiled for size.
#pragma GCC optimize("O2")

uint32_t list_kernel(uint64_t iterations);
uint32_t matrix_kernel(uint64_t iterations);
uint32_t state_kernel(uint64_t iterations);
uint32_t sort_kernel(uint64_t iterations);
uint32_t memory_kernel(uint64_t iterations);
uint32_t calls_kernel(uint64_t iterations);

// xorshift32 (Marsaglia 2003): data that no compiler foresees.
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

// Order matters: 1 then 2 is not 2 then 1.
static inline uint32_t mix(uint32_t sum, uint32_t value)
{
    return (sum << 5 | sum >> 27) ^ value * 0x9e3779b1u;
}
