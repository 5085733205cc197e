// Exceptions and system registers for guests that run at EL1; the vectors are in vectors.S.
#pragma once

#include <stdint.h>

// What an exception found, and what the return goes on with.
struct frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
};

// Vector numbers: offset from VBAR_EL1 divided by 0x80 (DDI 0487, D1.3.1).
enum { SYNC_SAME_EL = 4, IRQ_SAME_EL = 5, SYNC_LOWER_EL = 8 };

// ESR_ELx.EC (DDI 0487, D24.2.40).
enum { EC_SVC = 0x15, EC_BREAKPOINT = 0x31, EC_STEP = 0x33, EC_WATCHPOINT = 0x35, EC_BRK = 0x3c };

// PSTATE bits as SPSR_EL1 and DAIF hold them.
enum { PSTATE_I = 1 << 7, PSTATE_D = 1 << 9, PSTATE_SS = 1 << 21 };

#define read_register(name) ({ uint64_t value_; __asm__ volatile("mrs %0, " #name : "=r"(value_)); value_; })
#define write_register(name, value) __asm__ volatile("msr " #name ", %0\n\tisb" : : "r"((uint64_t)(value)) : "memory")

void enter_el1(void);
void install_vectors(void);
void power_off(void) __attribute__((noreturn));
void exception(struct frame *frame, uint64_t vector);

// Function identifier in x0, as SMCCC has it; returns x0.
static inline uint64_t hypervisor_call(uint64_t function)
{
    register uint64_t x0 __asm__("x0") = function;
    __asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
    return x0;
}
enum { PSCI_VERSION = 0x84000000 };
