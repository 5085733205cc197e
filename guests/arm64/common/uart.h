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

static inline void uart_hex(uint64_t value)
{
    int shift = 60;
    while (shift > 0 && !(value >> shift & 15)) shift -= 4;
    uart_print("0x");
    for (; shift >= 0; shift -= 4) uart_put("0123456789abcdef"[value >> shift & 15]);
}

// ` name=0x…`
static inline void uart_field(const char *name, uint64_t value)
{
    uart_put(' ');
    uart_print(name);
    uart_put('=');
    uart_hex(value);
}
