/* SPDX-License-Identifier: BSD-2-Clause */
/* Multiboot specification 0.6.96: section 3.2, the machine's state, and 3.3, the boot information. */
#include "common/multiboot.h"

#include <elf.h>

#include "common/string.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"
#include "tests/conformance/sections.h"

#define TEXT_MAX          65536
#define MODULES_MAX       64
#define FLAGS_DEFINED     0x1fff
#define FLAG_AOUT_SYMBOLS 0x10
#define LOWER_MAX         640 /* KiB */
#define MIB               0x100000ull
#define FRAMEBUFFER_TYPES 2
#define E820_RAM          1

static void check_processor(void)
{
    check_register("eax", state.rax, MULTIBOOT_BOOT_MAGIC);
    check_flat_segments(1u << SEGMENT_CS | 1u << SEGMENT_DS | 1u << SEGMENT_ES | 1u << SEGMENT_FS | 1u << SEGMENT_GS |
                        1u << SEGMENT_SS);
    check((state.cr0 & (CR0_PE | CR0_PG)) == CR0_PE, "cr0", "is 0x%lx, shall have PE and no PG", state.cr0);
    check_flags_clear(RFLAGS_VM | RFLAGS_IF);
    check_a20();
    /* "As there is no paging": the text knows no long mode, and a payload that turns paging on expects none. */
    check(!(state.efer & EFER_LME), "efer", "is 0x%lx, shall have no LME", state.efer);
}

static void check_modules(const struct multiboot_information *info)
{
    const struct multiboot_module *module = (const struct multiboot_module *)(uintptr_t)info->mods_addr;
    uint32_t count = info->flags & MULTIBOOT_INFO_MODULES ? info->mods_count : 0;
    uint32_t unaligned = 0, reserved = 0;

    check(count <= MODULES_MAX, "mods", "flags 0x%x, %u modules, listed at 0x%x", info->flags, count, info->mods_addr);
    if (count > MODULES_MAX)
        count = 0;
    object_add("the list of modules", info->mods_addr, count * sizeof(*module));
    modules_begin();
    strings_begin();
    for (uint32_t i = 0; i < count; i++) {
        const char *string = (const char *)(uintptr_t)module[i].string;

        unaligned += module[i].start % PAGE_SIZE != 0;
        reserved += module[i].reserved != 0;
        modules_one(module[i].start, module[i].end - module[i].start);
        object_add("a module", module[i].start, module[i].end - module[i].start);
        if (!string) /* "0 if there is no string" */
            continue;
        strings_one(string, TEXT_MAX);
        object_add("a module's string", module[i].string, strnlen(string, TEXT_MAX) + 1);
    }
    strings_end();
    modules_end();
    check(!unaligned, "mods-aligned", "%u of %u modules are not page-aligned, as header flag 0 asks", unaligned, count);
    check(!reserved, "mods-reserved", "%u of %u modules have a reserved field that is not 0", reserved, count);
}

static void check_memory_map(const struct multiboot_information *info)
{
    uint32_t at = 0, short_ones = 0, count = 0;
    bool present = info->flags & MULTIBOOT_INFO_MEMORY_MAP;

    for (; present && at + sizeof(struct multiboot_memory_entry) <= info->mmap_length; count++) {
        const struct multiboot_memory_entry *entry = (const void *)(uintptr_t)(info->mmap_addr + at);

        short_ones += entry->size < 20;
        region_add(entry->base, entry->length, entry->type == E820_RAM);
        at += entry->size + (uint32_t)sizeof(entry->size);
    }
    check(present && count && at == info->mmap_length, "mmap", "flags 0x%x, %u entries end at %u of %u bytes",
          info->flags, count, at, info->mmap_length);
    check(!short_ones, "mmap-size", "%u of %u entries have a size below 20", short_ones, count);
    if (present)
        object_add("the memory map", info->mmap_addr, info->mmap_length);
    check_map();

    uint64_t upper = regions_from(MIB) >> 10;

    check(info->flags & MULTIBOOT_INFO_MEMORY, "mem", "flags are 0x%x, shall have bit 0, as header flag 1 asks",
          info->flags);
    check(info->mem_lower <= LOWER_MAX && regions_hold(0, info->mem_lower * 1024ull), "mem-lower",
          "is %u KiB, 640 at most, and RAM in the map: %lu", info->mem_lower, regions_from(0) >> 10);
    check(info->mem_upper && info->mem_upper <= upper, "mem-upper", "is %u KiB, shall be %lu at most, the first hole's",
          info->mem_upper, upper);
}

static void check_symbols(const struct multiboot_information *info)
{
    bool present = info->flags & MULTIBOOT_INFO_ELF_SECTIONS;

    check(!(present && (info->flags & FLAG_AOUT_SYMBOLS)), "symbols", "flags are 0x%x, bits 4 and 5 exclude each other",
          info->flags);
#ifndef MULTIBOOT_FLAT
    if (present) {
        object_add("the section headers", info->elf_addr, (uint64_t)info->elf_num * info->elf_size);
        check_sections((const void *)(uintptr_t)info->elf_addr, info->elf_num, info->elf_size, info->elf_shndx);
    } else
        skip("elf-sections", "there are none; the text does not ask for them");
#endif
}

uint64_t check_payload(void)
{
    const struct multiboot_information *info = (const struct multiboot_information *)state.rbx;

    report_begin("multiboot");
    check(info->flags & MULTIBOOT_INFO_COMMAND_LINE, "cmdline", "flags are 0x%x, shall have bit 2", info->flags);
    if (info->flags & MULTIBOOT_INFO_COMMAND_LINE) {
        const char *text = (const char *)(uintptr_t)info->cmdline;

        check_command_line(text, TEXT_MAX);
        object_add("the command line", info->cmdline, strnlen(text, TEXT_MAX) + 1);
    }
    check_processor();
    check((uintptr_t)payload_base == CONFORMANCE_BASE, "place", "we are at 0x%lx, are linked to 0x%x",
          (uint64_t)(uintptr_t)payload_base, CONFORMANCE_BASE);
    check_whole();
    check_bss();
    check(!(info->flags & ~FLAGS_DEFINED), "flags", "are 0x%x, of which 0x%x are defined", info->flags, FLAGS_DEFINED);
    check_memory_map(info);
    check_modules(info);
    check_symbols(info);
    if (info->flags & MULTIBOOT_INFO_LOADER_NAME) {
        const char *name = (const char *)(uintptr_t)info->boot_loader_name;

        check(strnlen(name, TEXT_MAX) < TEXT_MAX && *name, "loader-name", "is \"%.*s\"", 40, name);
        object_add("the loader's name", info->boot_loader_name, strnlen(name, TEXT_MAX) + 1);
    } else
        check(false, "loader-name", "flags are 0x%x, and have no bit 9", info->flags);
    if (info->flags & MULTIBOOT_INFO_FRAMEBUFFER)
        check(info->framebuffer_type <= FRAMEBUFFER_TYPES && info->framebuffer_width && info->framebuffer_pitch,
              "framebuffer", "type %u, %u x %u, %u bytes a line", info->framebuffer_type, info->framebuffer_width,
              info->framebuffer_height, info->framebuffer_pitch);
    else
        skip("framebuffer", "there is none");
    object_add("the boot information", state.rbx, offsetof(struct multiboot_information, framebuffer_addr));
    object_add("the kernel", (uintptr_t)payload_base, (uint64_t)(payload_end - payload_base));
    check_objects();
    return REPORT_HALT;
}
