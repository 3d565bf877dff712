/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries/fault.h"

#include <stdint.h>

#include "common/text.h"

extern uint8_t text_start[], stack_guard[];

/* The compiler must not see through these addresses. */
static volatile uint8_t *hide(uintptr_t address)
{
    __asm__("" : "+r"(address));
    return (volatile uint8_t *)address;
}

bool fault_provoke(struct span kind)
{
    static uint8_t data[] = { 0xc3 }; /* ret */

    if (text_equals(kind, "ud"))
        __asm__ volatile("ud2");
    else if (text_equals(kind, "de"))
        __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
    else if (text_equals(kind, "gp"))
        *hide(1ull << 63) = 0;
    else if (text_equals(kind, "null"))
        (void)*hide(8);
    else if (text_equals(kind, "text"))
        *hide((uintptr_t)text_start) = 0;
    else if (text_equals(kind, "data"))
        ((void (*)(void))(uintptr_t)hide((uintptr_t)data))();
    else if (text_equals(kind, "stack"))
        *hide((uintptr_t)stack_guard + 4088) = 0;
    else
        return false;
    return true;
}
