// The smallest guest: one line on the console, then power off. Runs at EL2 and at EL1.
#include "../common/uart.h"

int main(void)
{
    uart_start();
    uart_print("hello\n");
    return 0;
}
