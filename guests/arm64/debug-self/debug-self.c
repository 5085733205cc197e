// Debugs itself at EL1: a hardware breakpoint, a watchpoint, the single steps that get past them, and BRK. Prints what each exception said.
#include "../common/exception.h"
#include "../common/uart.h"

uint64_t target(uint64_t);
volatile uint64_t watched __attribute__((aligned(8)));

// DBGBCR<n>_EL1 and DBGWCR<n>_EL1 (DDI 0487, D24.3): privilege control 0b01 is EL1 alone.
enum { BREAKPOINT_AT_EL1 = 0xf << 5 | 1 << 1 | 1, WATCHPOINT_AT_EL1 = 0xff << 5 | 3 << 3 | 1 << 1 | 1 };
// MDSCR_EL1
enum { MDSCR_SS = 1 << 0, MDSCR_KDE = 1 << 13, MDSCR_MDE = 1 << 15 };

static unsigned counts[4];
static uint64_t breakpoint_control, watchpoint_control;

// Past the instruction that hit: both off, one step. The step's exception brings them back.
static void step_over(struct frame *frame)
{
    write_register(dbgbcr0_el1, 0);
    write_register(dbgwcr0_el1, 0);
    write_register(mdscr_el1, read_register(mdscr_el1) | MDSCR_SS);
    frame->spsr |= PSTATE_SS;
}

static void report(const char *what, const struct frame *frame, uint64_t syndrome)
{
    uart_print(what);
    uart_field("pc", frame->elr);
    uart_field("esr", syndrome);
}

void exception(struct frame *frame, uint64_t vector)
{
    uint64_t syndrome = read_register(esr_el1);
    uint64_t class = vector == SYNC_SAME_EL ? syndrome >> 26 : 0;
    switch (class) {
    case EC_BREAKPOINT:
        counts[0]++;
        report("breakpoint", frame, syndrome);
        step_over(frame);
        break;
    case EC_WATCHPOINT:
        counts[1]++;
        report("watchpoint", frame, syndrome);
        uart_field("far", read_register(far_el1));
        step_over(frame);
        break;
    case EC_STEP:
        counts[2]++;
        report("step", frame, syndrome);
        write_register(mdscr_el1, read_register(mdscr_el1) & ~(uint64_t)MDSCR_SS);
        frame->spsr &= ~(uint64_t)PSTATE_SS;
        write_register(dbgbcr0_el1, breakpoint_control);
        write_register(dbgwcr0_el1, watchpoint_control);
        break;
    case EC_BRK:
        counts[3]++;
        report("brk", frame, syndrome);
        frame->elr += 4;
        break;
    default:
        report("unexpected", frame, syndrome);
        uart_field("vector", vector);
        uart_print("\n");
        power_off();
    }
    uart_print("\n");
}

int main(void)
{
    uart_start();
    uart_print("debug-self");
    enter_el1();
    uart_field("el", read_register(currentel) >> 2);
    uart_field("target", (uint64_t)target);
    uart_field("watched", (uint64_t)&watched);
    uart_print("\n");
    install_vectors();
    write_register(oslar_el1, 0);
    write_register(dbgbvr0_el1, target);
    write_register(dbgwvr0_el1, &watched);
    write_register(dbgbcr0_el1, breakpoint_control = BREAKPOINT_AT_EL1);
    write_register(dbgwcr0_el1, watchpoint_control = WATCHPOINT_AT_EL1);
    write_register(mdscr_el1, read_register(mdscr_el1) | MDSCR_MDE | MDSCR_KDE);
    __asm__ volatile("msr daifclr, #8\n\tisb");

    uint64_t sum = target(target(40));
    watched = sum;
    sum += watched;
    __asm__ volatile("brk #0x77");

    __asm__ volatile("msr daifset, #8\n\tisb");
    uart_print("debug-self done");
    uart_field("sum", sum);
    uart_field("breakpoints", counts[0]);
    uart_field("watchpoints", counts[1]);
    uart_field("steps", counts[2]);
    uart_field("brks", counts[3]);
    uart_print("\n");
    return 0;
}
