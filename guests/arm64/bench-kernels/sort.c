// Sorting an array: heap sort and a quick sort with an explicit stack, then binary searches in the result.
#include "kernels.h"

enum { COUNT = 512 };

static uint32_t values[COUNT];

static void sink(unsigned root, unsigned count)
{
    uint32_t value = values[root];
    for (unsigned child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && values[child + 1] > values[child]) child++;
        if (values[child] <= value) break;
        values[root] = values[child];
    }
    values[root] = value;
}

static void heap_sort(void)
{
    for (unsigned root = COUNT / 2; root-- > 0;) sink(root, COUNT);
    for (unsigned count = COUNT - 1; count > 0; count--) {
        uint32_t largest = values[0];
        values[0] = values[count];
        values[count] = largest;
        sink(0, count);
    }
}

static void quick_sort(void)
{
    struct { int from, to; } stack[32];
    unsigned depth = 0;
    stack[depth].from = 0;
    stack[depth++].to = COUNT - 1;
    while (depth > 0) {
        int from = stack[--depth].from, to = stack[depth].to;
        while (from < to) {
            uint32_t pivot = values[(from + to) / 2];
            int i = from, j = to;
            while (i <= j) {
                while (values[i] < pivot) i++;
                while (values[j] > pivot) j--;
                if (i > j) break;
                uint32_t other = values[i];
                values[i++] = values[j];
                values[j--] = other;
            }
            // The larger part waits, so the stack stays logarithmic.
            int left_first = j - from < to - i;
            stack[depth].from = left_first ? i : from;
            stack[depth++].to = left_first ? to : j;
            if (left_first) to = j;
            else from = i;
        }
    }
}

static unsigned search(uint32_t wanted)
{
    unsigned low = 0, high = COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (values[middle] < wanted) low = middle + 1;
        else high = middle;
    }
    return low;
}

uint32_t sort_kernel(uint64_t iterations)
{
    uint32_t seed = 0xfedcba9, sum = 0;
    while (iterations--) {
        for (unsigned half = 0; half < 2; half++) {
            for (unsigned i = 0; i < COUNT; i++) values[i] = next_random(&seed);
            if (half == 0) heap_sort();
            else quick_sort();
            for (unsigned i = 0; i < 64; i++) sum = mix(sum, search(next_random(&seed)));
        }
    }
    return sum;
}
