#include "ccpu.h"

#if defined(__x86_64__)
#include <cpuid.h>

static unsigned bit(unsigned word, int index) {
    return (word >> index) & 1;
}

/// The register states the operating system saves (XCR0): bits 1 and 2 are SSE and AVX, 5 to 7 AVX-512.
static unsigned saved_states(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

int ccpu_x86_64_level(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return 2;
    }
    // FMA, MOVBE, OSXSAVE, AVX, F16C.
    if (!(bit(c, 12) && bit(c, 22) && bit(c, 27) && bit(c, 28) && bit(c, 29))) {
        return 2;
    }
    const unsigned states = saved_states();
    if ((states & 0x06) != 0x06) {
        return 2;
    }
    unsigned extended = 0;
    if (!__get_cpuid(0x80000001, &a, &b, &extended, &d) || !bit(extended, 5)) {  // LZCNT
        return 2;
    }
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        return 2;
    }
    // BMI1, AVX2, BMI2.
    if (!(bit(b, 3) && bit(b, 5) && bit(b, 8))) {
        return 2;
    }
    // AVX-512 F, DQ, CD, BW, VL.
    if (bit(b, 16) && bit(b, 17) && bit(b, 28) && bit(b, 30) && bit(b, 31) && (states & 0xe6) == 0xe6) {
        return 4;
    }
    return 3;
}
#else
int ccpu_x86_64_level(void) {
    return 0;
}
#endif
