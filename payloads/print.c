/* SPDX-License-Identifier: BSD-2-Clause */
/* Showing a payload to a person (qv.debug), and what of it is newer than we are: it is booted all the same. */
#include <asm/bootparam.h>
#include <stddef.h>

#include "common/console.h"
#include "common/string.h"
#include "payloads/payload.h"

#define PROTOCOL_KNOWN   0x020f
#define XLOADFLAGS_KNOWN 0x7f /* boot.rst, xloadflags: bits 0 to 6 */

static void print_linux(const struct linux_kernel *kernel)
{
    uint16_t xloadflags = 0;

    print("  linux         protocol %u.%02u, %s, %lu bytes from 0x%lx\n", kernel->version >> 8, kernel->version & 0xff,
          kernel->program ? "vmlinux" : "bzImage", kernel->init_size, kernel->preferred);
    if (kernel->setup.size >= offsetof(struct setup_header, xloadflags) + sizeof(xloadflags))
        memcpy(&xloadflags, kernel->setup.data + offsetof(struct setup_header, xloadflags), sizeof(xloadflags));
    if (kernel->version > PROTOCOL_KNOWN)
        print("notice: the kernel's boot protocol, %u.%02u, is newer than the one that we know, %u.%02u\n",
              kernel->version >> 8, kernel->version & 0xff, PROTOCOL_KNOWN >> 8, PROTOCOL_KNOWN & 0xff);
    if (kernel->setup.size > sizeof(struct setup_header))
        print("notice: the kernel's setup header has %lu bytes, we know %lu; all are copied\n", kernel->setup.size,
              sizeof(struct setup_header));
    if (xloadflags & ~XLOADFLAGS_KNOWN)
        print("notice: the kernel's xloadflags 0x%x have bits that we do not know\n", xloadflags);
}

static void print_multiboot2(const struct multiboot2_kernel *kernel)
{
    print("  multiboot2    0x%lx-0x%lx%s%s%s\n", kernel->program.start, kernel->program.end - 1,
          kernel->relocatable ? ", relocatable" : "", kernel->boot_services ? ", boot services" : "",
          kernel->has_entry_efi64 ? ", EFI64 entry" : "");
    if (kernel->unknown_count)
        print("notice: %u optional multiboot2 tags that we do not know, the first of type %u\n", kernel->unknown_count,
              kernel->unknown_first);
}

void payload_print(const struct boot *boot)
{
    print("payload %s, %lu bytes at 0x%lx\n", boot->kind, boot->file.size, (uint64_t)boot->file.data);
    print("  command line  %s\n", boot->command_line);
    if (boot->faces & FACE_LINUX)
        print_linux(&boot->as_linux);
    if (boot->faces & FACE_PVH)
        print("  pvh           entry 0x%lx, 0x%lx-0x%lx%s\n", boot->as_pvh.entry, boot->as_pvh.program.start,
              boot->as_pvh.program.end - 1, boot->as_pvh.relocatable ? ", relocatable" : "");
    if (boot->faces & FACE_MULTIBOOT2)
        print_multiboot2(&boot->as_multiboot2);
    if (boot->faces & FACE_MULTIBOOT)
        print("  multiboot     entry 0x%x, 0x%lx-0x%lx\n", boot->as_multiboot.entry, boot->as_multiboot.program.start,
              boot->as_multiboot.program.end - 1);
    if (boot->faces & FACE_EFI)
        print("  efi           yes\n");
    if (boot->unknown_sections)
        print("notice: %u sections of the UKI that we do not know, the first is %s\n", boot->unknown_sections,
              boot->unknown_section);
    for (unsigned i = 0; i < FACES; i++) {
        if (boot->broken & 1u << i)
            print("  broken        %s: %s\n", boot->refusals[i].what, boot->refusals[i].why);
    }
    for (uint32_t i = 0; i < boot->module_count; i++)
        print("  module        0x%lx + 0x%lx %s\n", (uint64_t)boot->modules[i].content.data,
              boot->modules[i].content.size, boot->modules[i].string);
}
