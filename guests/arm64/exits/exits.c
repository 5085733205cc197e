// Causes every kind of exit once a round: HVC, a read and a write of a device, MRS of an identification register (hypervisors trap it),
// WFI until the timer's interrupt, BRK, ERET to EL0 and SVC back. Runs `rounds` rounds; write another number there before starting.
#include "../common/exception.h"
#include "../common/timer.h"
#include "../common/uart.h"

volatile uint64_t rounds = 100;
uint64_t visit_el0(uint64_t);

static uint64_t interrupts, brks, svcs;

void exception(struct frame *frame, uint64_t vector)
{
    uint64_t syndrome = read_register(esr_el1);
    if (vector == IRQ_SAME_EL) {
        interrupts += timer_acknowledge() == TIMER_INTID;
    } else if (vector == SYNC_SAME_EL && syndrome >> 26 == EC_BRK) {
        brks++;
        frame->elr += 4;
    } else if (vector == SYNC_LOWER_EL && syndrome >> 26 == EC_SVC) {
        svcs++;
        frame->elr = frame->x[30];
        frame->spsr = (frame->spsr & ~(uint64_t)0xf) | 5;  // EL1h
    } else {
        uart_print("unexpected");
        uart_field("vector", vector);
        uart_field("esr", syndrome);
        uart_field("pc", frame->elr);
        uart_print("\n");
        power_off();
    }
}

static void wait_for_timer(void)
{
    timer_start(64);
    // WFI ends when the interrupt is pending, masked or not; it may also end early.
    while (!timer_fired()) __asm__ volatile("wfi");
    __asm__ volatile("msr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "memory");
    timer_stop();
}

int main(void)
{
    uart_start();
    uart_print("exits");
    uart_field("rounds", rounds);
    uart_print("\n");
    enter_el1();
    install_vectors();
    timer_interrupt_enable();
    uint64_t psci = 0, flags = 0, features = 0, visits = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        psci = hypervisor_call(PSCI_VERSION);
        flags |= *uart_register(UARTFR);
        *uart_register(0x38) = 0;  // UARTIMSC: no interrupts, as before
        features |= read_register(id_aa64dfr0_el1);
        wait_for_timer();
        __asm__ volatile("brk #0x22" : : : "memory");
        visits = visit_el0(visits);
    }
    uart_print("exits done");
    uart_field("psci", psci);
    uart_field("fr", flags);
    uart_field("debug", features & 15);  // ID_AA64DFR0_EL1.DebugVer: 6 is Armv8.0
    uart_field("interrupts", interrupts);
    uart_field("brks", brks);
    uart_field("svcs", svcs);
    uart_field("visits", visits);
    uart_print("\n");
    return 0;
}
