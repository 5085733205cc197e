// Runs one kernel, or all of them, and prints its checksum. `parameters` is what a benchmark writes before starting.
#include "../common/uart.h"
#include "kernels.h"

// [0]: which kernel, from 1; 0 is all. [1]: iterations of each.
volatile uint64_t parameters[2] = {0, 10};

static const struct {
    const char *name;
    uint32_t (*run)(uint64_t iterations);
} kernels[] = {
    {"list", list_kernel}, {"matrix", matrix_kernel}, {"state", state_kernel},
    {"sort", sort_kernel}, {"memory", memory_kernel}, {"calls", calls_kernel},
};

int main(void)
{
    uart_start();
    for (unsigned i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (parameters[0] != 0 && parameters[0] != i + 1) continue;
        uart_print(kernels[i].name);
        uart_put(' ');
        uart_hex(kernels[i].run(parameters[1]));
        uart_print("\n");
    }
    return 0;
}
