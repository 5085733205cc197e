// Sets a hardware breakpoint on itself at EL1 and takes its exception, with an exit to the hypervisor before, while it is armed and behind it.
// `hits` and `syndrome` say what came; a debugger, or a hypervisor that shares the debug registers, must not change that.
#include "../common/exception.h"
#include "../common/uart.h"

void target(void);

volatile uint64_t hits, syndrome;

// DBGBCR<n>_EL1 (DDI 0487, D24.3): all four bytes, privilege control 0b01 is EL1 alone, enabled.
enum { BREAKPOINT_AT_EL1 = 0xf << 5 | 1 << 1 | 1 };
// MDSCR_EL1
enum { MDSCR_KDE = 1 << 13, MDSCR_MDE = 1 << 15 };

void exception(struct frame *frame, uint64_t vector)
{
    syndrome = read_register(esr_el1);
    if (vector != SYNC_SAME_EL || syndrome >> 26 != EC_BREAKPOINT || frame->elr != (uint64_t)target) power_off();
    hits++;
    write_register(dbgbcr0_el1, 0);
}

int main(void)
{
    enter_el1();
    install_vectors();
    hypervisor_call(PSCI_VERSION);
    write_register(oslar_el1, 0);
    write_register(dbgbvr0_el1, target);
    write_register(dbgbcr0_el1, BREAKPOINT_AT_EL1);
    write_register(mdscr_el1, MDSCR_MDE | MDSCR_KDE);
    __asm__ volatile("msr daifclr, #8\n\tisb");
    hypervisor_call(PSCI_VERSION);
    target();
    hypervisor_call(PSCI_VERSION);
    __asm__ volatile("msr daifset, #8\n\tisb");
    write_register(mdscr_el1, 0);
    uart_start();
    // Few characters: under a hypervisor each is two exits, and whoever traces them sees them all.
    uart_hex(hits);
    uart_put(' ');
    uart_hex(syndrome);
    uart_print("\n");
    return 0;
}
