// The PL011 of the virt board, polled (Arm DDI 0183).
#pragma once

#include <stdint.h>

static inline volatile uint32_t *uart_register(unsigned offset)
{
    return (volatile uint32_t *)(0x09000000ul + offset);
}

enum { UARTDR = 0x00, UARTFR = 0x18, UARTLCR_H = 0x2c, UARTCR = 0x30 };

static inline void uart_start(void)
{
    *uart_register(UARTCR) = 0;
    *uart_register(UARTLCR_H) = 0x70;  // 8 bits, FIFOs on
    *uart_register(UARTCR) = 0x301;    // UARTEN, TXE, RXE
}

static inline void uart_put(char c)
{
    while (*uart_register(UARTFR) & 0x20) {  // TXFF
    }
    *uart_register(UARTDR) = (unsigned char)c;
}

static inline void uart_print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') uart_put('\r');
        uart_put(*text);
    }
}
