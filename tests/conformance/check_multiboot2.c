/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot2 specification 2.0: section 3.3 and 3.5, the machine's state, and 3.6, the boot information. What a payload
 * with boot services gets besides is in check_multiboot2_efi.c.
 */
#include "common/multiboot2.h"

#include <elf.h>

#include "common/string.h"
#include "tests/conformance/check_multiboot2.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"
#include "tests/conformance/sections.h"

#define TAG_TYPES  32
#define TOTAL_MAX  0x100000
#define TEXT_MAX   65536
#define LOWER_MAX  640 /* KiB */
#define MIB        0x100000ull
#define E820_RAM   1
#define ENTRY_SIZE 24

static const struct multiboot2_information *info;
static unsigned counts[TAG_TYPES];

const void *multiboot2_next(const struct multiboot2_tag *tag, uint32_t type)
{
    uint64_t end = (uintptr_t)info + info->total_size;
    uint64_t at = (uintptr_t)info + sizeof(*info);

    if (tag)
        at = (uintptr_t)tag + ((tag->size + 7u) & ~7u);
    while (at + sizeof(*tag) <= end) {
        tag = (const struct multiboot2_tag *)at;
        if (tag->type == type)
            return tag;
        if (tag->size < sizeof(*tag) || tag->type == MULTIBOOT2_TAG_END)
            break;
        at += (tag->size + 7u) & ~7u;
    }
    return NULL;
}

/* Section 3.6.1 and 3.6.2: the whole, and that its tags can be walked. */
static void check_tags(void)
{
    uint64_t start = (uintptr_t)info, end = start + info->total_size, at = start + sizeof(*info);
    unsigned repeated = 0, count = 0;
    bool ended = false;

    check(start % MULTIBOOT2_ALIGNMENT == 0, "aligned", "the boot information is at 0x%lx, shall be 8-aligned", start);
    check(info->total_size >= 16 && info->total_size <= TOTAL_MAX, "total-size", "is 0x%x", info->total_size);
    check(info->reserved == 0, "reserved", "is 0x%x, shall be 0", info->reserved);
    for (; !ended && at + sizeof(struct multiboot2_tag) <= end; count++) {
        const struct multiboot2_tag *tag = (const struct multiboot2_tag *)at;

        if (tag->size < sizeof(*tag) || tag->size > end - at)
            break;
        if (tag->type < TAG_TYPES && counts[tag->type]++ && tag->type != MULTIBOOT2_TAG_MODULE)
            repeated++;
        ended = tag->type == MULTIBOOT2_TAG_END && tag->size == sizeof(*tag);
        at += (tag->size + 7u) & ~7u;
    }
    check(ended && at == end, "tags", "%u tags %s, at 0x%lx of 0x%x bytes", count,
          ended ? "up to the end tag" : "and then none that is sane", at - start, info->total_size);
    check(!repeated, "once", "%u tags but modules come again", repeated);
    object_add("the boot information", start, info->total_size);
}

static void check_modules(void)
{
    const struct multiboot2_module *module = NULL;
    unsigned unaligned = 0, count = 0;

    modules_begin();
    strings_begin();
    while ((module = multiboot2_next(&module->tag, MULTIBOOT2_TAG_MODULE))) {
        count++;
        unaligned += module->start % PAGE_SIZE != 0;
        modules_one(module->start, module->end - module->start);
        object_add("a module", module->start, module->end - module->start);
        strings_one(module->string, module->tag.size - sizeof(*module));
    }
    strings_end();
    modules_end();
    check(!unaligned, "module-aligned", "%u of %u modules are not page-aligned, as header tag 6 asks", unaligned,
          count);
}

static void check_memory_map(void)
{
    const struct multiboot2_memory_map *map = multiboot2_next(NULL, MULTIBOOT2_TAG_MEMORY_MAP);
    uint32_t reserved = 0, count = 0;

    if (!map) {
        check(false, "mmap", "there is none");
        return;
    }
    uint32_t rest = map->tag.size - (uint32_t)sizeof(*map);
    bool sane = map->entry_size >= ENTRY_SIZE && map->entry_size % 8 == 0 && rest % map->entry_size == 0;

    check(sane && map->entry_version == 0, "mmap", "entries of %u bytes, version %u, in %u bytes", map->entry_size,
          map->entry_version, rest);
    for (; sane && count < rest / map->entry_size; count++) {
        const struct multiboot2_memory_entry *entry =
            (const void *)((const uint8_t *)(map + 1) + (uint64_t)count * map->entry_size);

        region_add(entry->base, entry->length, entry->type == E820_RAM);
        reserved += entry->reserved != 0;
    }
    check(!reserved, "mmap-reserved", "%u of %u entries have a reserved field that is not 0", reserved, count);
    check_map();
}

static void check_basic_memory(void)
{
    const struct multiboot2_basic_memory *memory = multiboot2_next(NULL, MULTIBOOT2_TAG_BASIC_MEMORY);
    uint64_t upper = regions_from(MIB) >> 10;

    if (memory)
        check(memory->lower <= LOWER_MAX && regions_hold(0, memory->lower * 1024ull) && memory->upper &&
                  memory->upper <= upper,
              "basic-memory", "lower %u KiB, upper %u; the map has %lu and %lu", memory->lower, memory->upper,
              regions_from(0) >> 10, upper);
    else
        check(false, "basic-memory", "there is none");
}

static void check_rsdp(void)
{
    const struct multiboot2_tag *old = multiboot2_next(NULL, MULTIBOOT2_TAG_RSDP_OLD);
    const struct multiboot2_tag *new = multiboot2_next(NULL, MULTIBOOT2_TAG_RSDP_NEW);

    check((old || new) && (!old || rsdp_is_sound(old + 1)) && (!new || rsdp_is_sound(new + 1)), "rsdp",
          "ACPI 1.0: %s, ACPI 2.0: %s; the copies' checksums are right, or not", old ? "yes" : "no",
          new ? "yes" : "no");
}

static void check_framebuffer(void)
{
    const struct multiboot2_framebuffer *buffer = multiboot2_next(NULL, MULTIBOOT2_TAG_FRAMEBUFFER);

    if (!buffer) {
        skip("framebuffer", "there is none");
        return;
    }
    unsigned bytes = buffer->type == MULTIBOOT2_FRAMEBUFFER_TEXT ? 2 : (buffer->bits + 7u) / 8;

    check(buffer->type <= MULTIBOOT2_FRAMEBUFFER_TEXT && buffer->address && buffer->height &&
              buffer->pitch >= buffer->width * bytes,
          "framebuffer", "type %u at 0x%lx, %u x %u of %u bits, %u bytes a line", buffer->type, buffer->address,
          buffer->width, buffer->height, buffer->bits, buffer->pitch);
}

static void check_names(void)
{
    const struct multiboot2_tag *name = multiboot2_next(NULL, MULTIBOOT2_TAG_LOADER_NAME);
    const struct multiboot2_tag *line = multiboot2_next(NULL, MULTIBOOT2_TAG_COMMAND_LINE);

    check(line, "cmdline", "there is %s, as header tag 1 asks", line ? "one" : "none");
    if (line)
        check_command_line((const char *)(line + 1), line->size - sizeof(*line) - 1);
    uint32_t size = name ? name->size - (uint32_t)sizeof(*name) : 0;

    check(size && *(const char *)(name + 1) && strnlen((const char *)(name + 1), size) == size - 1, "loader-name",
          "is \"%.*s\" in %u bytes", (int)size, name ? (const char *)(name + 1) : "", size);
}

static void check_elf_sections(void)
{
#ifndef MULTIBOOT2_FLAT
    const struct multiboot2_elf_sections *sections = multiboot2_next(NULL, MULTIBOOT2_TAG_ELF_SECTIONS);

    if (sections)
        check_sections(sections + 1, sections->count, sections->entry_size, sections->names);
    else
        skip("elf-sections", "there are none; the text does not ask for them");
#endif
}

static void check_place(void)
{
    uint64_t base = (uintptr_t)payload_base;

#ifdef MULTIBOOT2_RELOCATABLE
    const struct multiboot2_load_base *load = multiboot2_next(NULL, MULTIBOOT2_TAG_LOAD_BASE);
    uint64_t end = (uintptr_t)payload_end;

    check(load && load->address == base, "load-base", "is 0x%x, we are at 0x%lx", load ? load->address : 0, base);
    check(base % MULTIBOOT2_ALIGNMENT_WANTED == 0 && base >= MULTIBOOT2_MINIMUM && end - 1 <= MULTIBOOT2_MAXIMUM,
          "relocatable", "we are at 0x%lx to 0x%lx, shall be within 0x%x to 0x%x, aligned to 0x%x", base, end - 1,
          MULTIBOOT2_MINIMUM, MULTIBOOT2_MAXIMUM, MULTIBOOT2_ALIGNMENT_WANTED);
#else
    check(base == CONFORMANCE_BASE, "place", "we are at 0x%lx, are linked to 0x%x", base, CONFORMANCE_BASE);
#endif
}

uint64_t check_payload(void)
{
    info = (const struct multiboot2_information *)state.rbx;
    report_begin(MULTIBOOT2_NAME);
    check_names();
    check_tags();
    check_register("eax", state.rax & 0xffffffff, MULTIBOOT2_BOOT_MAGIC);
    check_multiboot2_processor();
    check_place();
    check_whole();
    check_bss();
    if (!check_multiboot2_firmware()) {
        check_memory_map();
        check_basic_memory();
    }
    check_modules();
    check_rsdp();
    check_framebuffer();
    check_elf_sections();
    object_add("the kernel", (uintptr_t)payload_base, (uint64_t)(payload_end - payload_base));
    check_objects();
    return REPORT_HALT;
}
