// The virtual timer's interrupt through a GICv2 (the virt board: PPI 27).
#pragma once

#include "exception.h"

enum { GIC_DISTRIBUTOR = 0x08000000, GIC_CPU_INTERFACE = 0x08010000, TIMER_INTID = 27 };

static inline volatile uint32_t *gic_register(uint64_t address)
{
    return (volatile uint32_t *)address;
}

static inline void timer_interrupt_enable(void)
{
    *gic_register(GIC_DISTRIBUTOR + 0x100) = 1u << TIMER_INTID;  // GICD_ISENABLER0
    *gic_register(GIC_DISTRIBUTOR) = 1;                          // GICD_CTLR
    *gic_register(GIC_CPU_INTERFACE + 4) = 0xff;                 // GICC_PMR: every priority passes
    *gic_register(GIC_CPU_INTERFACE) = 1;                        // GICC_CTLR
}

// Fires after so many ticks of the counter.
static inline void timer_start(uint64_t ticks)
{
    write_register(cntv_tval_el0, ticks);
    write_register(cntv_ctl_el0, 1);
}

static inline void timer_stop(void)
{
    write_register(cntv_ctl_el0, 0);
}

// CNTV_CTL_EL0.ISTATUS
static inline int timer_fired(void)
{
    return (read_register(cntv_ctl_el0) & 4) != 0;
}

// For the IRQ vector: acknowledges, silences the timer, and completes. Returns the INTID; 1023 is spurious.
static inline uint32_t timer_acknowledge(void)
{
    uint32_t acknowledge = *gic_register(GIC_CPU_INTERFACE + 0xc);  // GICC_IAR
    timer_stop();
    if ((acknowledge & 0x3ff) < 1020) *gic_register(GIC_CPU_INTERFACE + 0x10) = acknowledge;  // GICC_EOIR
    return acknowledge & 0x3ff;
}
