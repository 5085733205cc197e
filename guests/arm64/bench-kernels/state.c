// A state machine that classifies numbers in a text, and a bitwise CRC-16 of what it counted. Branches that are hard to foresee.
#include "kernels.h"

enum { LENGTH = 1024 };
enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };

static char text[LENGTH];
static uint32_t visits[STATES], finals[STATES];

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum state step(enum state state, char c)
{
    switch (state) {
    case START:
        return is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN:
        return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER:
        return is_digit(c) ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT:
        return is_digit(c) ? FRACTION : INVALID;
    case FRACTION:
        return is_digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT:
        return is_digit(c) ? SCIENTIFIC : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case SCIENTIFIC:
        return is_digit(c) ? SCIENTIFIC : INVALID;
    default:
        return INVALID;
    }
}

static void scan(void)
{
    enum state state = START;
    for (unsigned i = 0; i < LENGTH; i++) {
        if (text[i] == ',') {
            finals[state]++;
            state = START;
            continue;
        }
        state = step(state, text[i]);
        visits[state]++;
    }
}

// CRC-16/ARC: polynomial 0x8005, reflected.
static uint16_t crc16(uint32_t value, uint16_t crc)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned carry = (crc ^ value) & 1;
        crc >>= 1;
        value >>= 1;
        if (carry) crc ^= 0xa001;
    }
    return crc;
}

uint32_t state_kernel(uint64_t iterations)
{
    static const char alphabet[] = "0123456789,0123,+-.e,.57";
    uint32_t seed = 0x2468ace1;
    uint16_t crc = 0xffff;
    for (unsigned i = 0; i < LENGTH; i++) text[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
    while (iterations--) {
        for (unsigned i = 0; i < STATES; i++) visits[i] = finals[i] = 0;
        scan();
        for (unsigned i = 0; i < STATES; i++) crc = crc16(finals[i], crc16(visits[i], crc));
        for (unsigned i = 0; i < 16; i++) text[next_random(&seed) % LENGTH] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
    }
    return crc;
}
