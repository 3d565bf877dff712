/* SPDX-License-Identifier: BSD-2-Clause */
/* Halting, resetting and turning off, by whichever way there is: EFI, Xen, ACPI, the old PC's ports. */
#include "firmware/power.h"

#include "common/io.h"
#include "cpu/cpu.h"
#include "cpu/registers.h"
#include "firmware/acpi.h"
#include "firmware/efi.h"
#include "firmware/xen.h"

#define RESET_CONTROL        0xcf9 /* of Intel's chip sets and all that imitate them */
#define RESET_CONTROL_FULL   0x0e
#define KEYBOARD_COMMAND     0x64
#define KEYBOARD_PULSE_RESET 0xfe

void power_halt(void)
{
    if (cpu.xen)
        xen_shutdown(XEN_CRASH);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void power_reboot(void)
{
    const struct descriptor_table no_idt = { 0, 0 };

    efi_reset(false);
    if (cpu.xen)
        xen_shutdown(XEN_REBOOT);
    io_write8(RESET_CONTROL, RESET_CONTROL_FULL);
    io_write8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
    /* An exception that nobody can take resets every PC. */
    __asm__ volatile("lidt %0; int3" : : "m"(no_idt));
    power_halt();
}

void power_off(const struct handoff *handoff, const struct physical *physical)
{
    struct acpi_power power = { 0 };

    efi_reset(true);
    if (cpu.xen)
        xen_shutdown(XEN_POWEROFF);
    if (handoff->rsdp.present)
        acpi_read_power(physical, handoff->rsdp.address, &power);
    if (power.can_sleep) {
        io_write16(power.control_a, power.value_a);
        if (power.control_b)
            io_write16(power.control_b, power.value_b);
    }
    power_halt();
}
