// Integer matrices: multiplication with 16-bit elements and 32-bit sums, by a vector, by a constant, and extraction of bit fields.
#include "kernels.h"

enum { N = 24 };

static int16_t a[N][N], b[N][N];
static int32_t product[N][N];

static void multiply(void)
{
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < N; j++) {
            int32_t sum = 0;
            for (unsigned k = 0; k < N; k++) sum += a[i][k] * b[k][j];
            product[i][j] = sum;
        }
    }
}

static void multiply_bits(void)
{
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < N; j++) {
            int32_t sum = 0;
            for (unsigned k = 0; k < N; k++) {
                int32_t term = a[i][k] * b[k][j];
                sum += (term >> 2 & 0xf) * (term >> 5 & 0x7f);
            }
            product[i][j] = sum;
        }
    }
}

static uint32_t sum_of(uint32_t sum)
{
    int32_t last = 0;
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < N; j++) {
            sum = product[i][j] > last ? sum + 10 : mix(sum, (uint32_t)product[i][j]);
            last = product[i][j];
        }
    }
    return sum;
}

uint32_t matrix_kernel(uint64_t iterations)
{
    uint32_t seed = 0x89abcdef, sum = 0;
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < N; j++) {
            a[i][j] = (int16_t)next_random(&seed);
            b[i][j] = (int16_t)(next_random(&seed) & 0xff);
        }
    }
    while (iterations--) {
        multiply();
        sum = sum_of(sum);
        multiply_bits();
        sum = sum_of(sum);
        for (unsigned i = 0; i < N; i++) {
            for (unsigned j = 0; j < N; j++) a[i][j] = (int16_t)(a[i][j] * 3 + (int16_t)sum);
        }
    }
    return sum;
}
