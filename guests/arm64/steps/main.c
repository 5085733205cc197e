// Runs the stretch of steps.S at EL1 and says how often its handlers ran.
#include "../common/exception.h"
#include "../common/timer.h"
#include "../common/uart.h"

volatile uint64_t rounds = 40;
uint64_t run_stretch(uint64_t rounds);

int main(void)
{
    uart_start();
    uart_print("steps\n");
    enter_el1();
    // The timer's interrupt is pending and masked throughout: WFI completes at once.
    timer_interrupt_enable();
    timer_start(0);
    uint64_t exceptions = run_stretch(rounds);
    timer_stop();
    uart_print("steps done");
    uart_field("rounds", rounds);
    uart_field("exceptions", exceptions);
    uart_print("\n");
    return 0;
}
