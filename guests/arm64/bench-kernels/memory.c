// Copies of 8 and of 1 byte at a time, a fill, and two checksums over the result. As much memory traffic as the loops allow.
#include "kernels.h"

enum { WORDS = 512, BYTES = WORDS * 8 };

static uint64_t source[WORDS], target[WORDS];

// `volatile` in the loops: a call of memcpy or memset is not what is measured, and the guest has none.
static void copy_words(uint64_t *to, const uint64_t *from, unsigned count)
{
    while (count--) *(volatile uint64_t *)to++ = *from++;
}

static void copy_bytes(uint8_t *to, const uint8_t *from, unsigned count)
{
    while (count--) *(volatile uint8_t *)to++ = *from++;
}

static void fill(uint32_t *to, uint32_t value, unsigned count)
{
    while (count--) *(volatile uint32_t *)to++ = value;
}

// RFC 1950; sums are reduced often enough at 4096 bytes.
static uint32_t adler32(const uint8_t *bytes, unsigned count)
{
    uint32_t a = 1, b = 0;
    while (count--) {
        a += *bytes++;
        b += a;
    }
    return b % 65521 << 16 | a % 65521;
}

// RFC 1071
static uint32_t internet_checksum(const uint16_t *halves, unsigned count)
{
    uint32_t sum = 0;
    while (count--) sum += *halves++;
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(sum + (sum >> 16)) & 0xffff;
}

uint32_t memory_kernel(uint64_t iterations)
{
    uint32_t seed = 0x13579bdf, sum = 0;
    for (unsigned i = 0; i < WORDS; i++) source[i] = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
    while (iterations--) {
        source[next_random(&seed) % WORDS] ^= seed;
        copy_words(target, source, WORDS);
        sum = mix(sum, adler32((const uint8_t *)target, BYTES));
        fill((uint32_t *)target, sum, BYTES / 8);
        copy_bytes((uint8_t *)target, (const uint8_t *)source, BYTES / 4);
        sum = mix(sum, internet_checksum((const uint16_t *)target, BYTES / 2));
    }
    return sum;
}
