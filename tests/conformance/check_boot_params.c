/* SPDX-License-Identifier: BSD-2-Clause */
/* See check_boot_params.h. A name in quotes is a section of boot.rst. */
#include "tests/conformance/check_boot_params.h"

#include <stddef.h>

#include "common/string.h"
#include "tests/conformance/check_linux.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define SETUP_HEADER_OFFSET offsetof(struct boot_params, hdr)
#define SETUP_HEADER_END    0x202 /* "32-bit Boot Protocol": plus the byte at 0x201 */
#define SETUP_DATA_MAX      64
#define E820_RAM            1
#define EFI_DESCRIPTOR_MIN  40
#define EFI_PAGE_SHIFT      12
#define LOW_END             (1ull << 32)

extern const struct setup_header own_header __attribute__((visibility("hidden")));

uint64_t boot_params_command_line(const struct boot_params *params)
{
    return params->hdr.cmd_line_ptr | (uint64_t)params->ext_cmd_line_ptr << 32;
}

uint64_t boot_params_ramdisk(const struct boot_params *params)
{
    return params->hdr.ramdisk_image | (uint64_t)params->ext_ramdisk_image << 32;
}

static uint64_t ramdisk_size(const struct boot_params *params)
{
    return params->hdr.ramdisk_size | (uint64_t)params->ext_ramdisk_size << 32;
}

/* "Details of Header Fields": what a loader writes or modifies is taken out of the comparison. */
static void check_header(const struct boot_params *params)
{
    static const struct {
        uint8_t at, size;
    } writable[] = {
#define FIELD(name) { offsetof(struct setup_header, name), sizeof(own_header.name) }
        FIELD(root_flags),       FIELD(ram_size),         FIELD(vid_mode),
        FIELD(root_dev),         FIELD(type_of_loader),   FIELD(loadflags),
        FIELD(setup_move_size),  FIELD(code32_start),     FIELD(ramdisk_image),
        FIELD(ramdisk_size),     FIELD(bootsect_kludge),  FIELD(heap_end_ptr),
        FIELD(ext_loader_ver),   FIELD(ext_loader_type),  FIELD(cmd_line_ptr),
        FIELD(kernel_alignment), FIELD(hardware_subarch), FIELD(hardware_subarch_data),
        FIELD(setup_data),
#undef FIELD
    };
    struct setup_header seen = params->hdr, own = own_header;
    unsigned at = 0;

    for (unsigned i = 0; i < sizeof(writable) / sizeof(*writable); i++) {
        memset((uint8_t *)&seen + writable[i].at, 0, writable[i].size);
        memset((uint8_t *)&own + writable[i].at, 0, writable[i].size);
    }
    while (at < sizeof(own) && ((uint8_t *)&seen)[at] == ((uint8_t *)&own)[at])
        at++;
    check(at == sizeof(own), "header", "the setup header is the kernel's own up to 0x%lx, shall be up to 0x%lx",
          SETUP_HEADER_OFFSET + at, SETUP_HEADER_OFFSET + sizeof(own));
}

static bool is_zero(const void *from, uint64_t size)
{
    const uint8_t *byte = from;

    while (size && !*byte) {
        byte++;
        size--;
    }
    return size == 0;
}

static void check_zeroed(const struct boot_params *params)
{
    const uint8_t *header_end = (const uint8_t *)params + SETUP_HEADER_END + (own_header.jump >> 8);
    const uint8_t *next = (const uint8_t *)params->edd_mbr_sig_buffer;

    check(params->sentinel == 0, "sentinel", "is 0x%x, shall be 0", params->sentinel);
    check(is_zero(params->_pad3, sizeof(params->_pad3)) && is_zero(params->_pad5, sizeof(params->_pad5)) &&
              is_zero(params->_pad6, sizeof(params->_pad6)) && is_zero(params->_pad8, sizeof(params->_pad8)) &&
              is_zero(params->_pad9, sizeof(params->_pad9)),
          "padding", "the bytes between the fields are zero, or not all");
    check(is_zero(header_end, (uint64_t)(next - header_end)), "header-end",
          "the bytes from the header's end, 0x%lx, to 0x290 are zero, or not all",
          (uint64_t)(header_end - (const uint8_t *)params));
}

static void check_load(const struct boot_params *params)
{
    uint64_t base = (uintptr_t)payload_base, alignment = params->hdr.kernel_alignment;
    uint64_t least = 1ull << LINUX_MINIMUM_ALIGNMENT_SHIFT;
    bool alignment_sane = alignment >= least && !(alignment & (alignment - 1)) && !(base & (alignment - 1));

    check(params->hdr.type_of_loader != 0, "type-of-loader", "is 0x%x, shall not be 0", params->hdr.type_of_loader);
    check(params->hdr.loadflags & LOADED_HIGH, "loadflags", "are 0x%x, shall have LOADED_HIGH", params->hdr.loadflags);
    check(params->hdr.code32_start == (uint32_t)base, "code32-start", "is 0x%x, we are at 0x%lx",
          params->hdr.code32_start, base);
    check(alignment_sane, "alignment", "kernel_alignment is 0x%lx, at least 0x%lx; we are at 0x%lx", alignment, least,
          base);
    check(regions_hold(base, LINUX_INIT_SIZE), "init-size", "0x%x bytes of RAM from 0x%lx on, shall hold 0x%x",
          (unsigned)(regions_from(base) > LOW_END ? LOW_END - 1 : regions_from(base)), base, LINUX_INIT_SIZE);
}

static void check_command(const struct boot_params *params)
{
    uint64_t address = boot_params_command_line(params);

    check(address != 0 && tables_reach(address, LINUX_COMMAND_LINE_MAX + 1), "cmd-line-ptr", "is 0x%lx", address);
    if (!address)
        return;
    check_command_line((const char *)address, LINUX_COMMAND_LINE_MAX);
    object_add("the command line", address, strnlen((const char *)address, LINUX_COMMAND_LINE_MAX) + 1);
}

static void check_ramdisk(const struct boot_params *params)
{
    uint64_t address = boot_params_ramdisk(params), size = ramdisk_size(params);

    modules_begin();
    if (size)
        modules_one(address, size);
    modules_end();
    if (size)
        check(address + size - 1 <= LINUX_INITRD_MAX ||
                  (state.mode == 64 && (own_header.xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G)),
              "ramdisk-place", "its last byte is at 0x%lx, shall be at 0x%x at most, or 64-bit", address + size - 1,
              LINUX_INITRD_MAX);
    else
        skip("ramdisk-place", "there is none");
    object_add("the ramdisk", address, size);
    check(state.mode == 64 || (!params->ext_ramdisk_image && !params->ext_ramdisk_size && !params->ext_cmd_line_ptr),
          "ext", "the high halves are 0x%x, 0x%x, 0x%x; with a 32-bit entry all shall be 0", params->ext_ramdisk_image,
          params->ext_ramdisk_size, params->ext_cmd_line_ptr);
}

static void check_rsdp(uint64_t address)
{
    if (!address || !tables_reach(address, PAGE_SIZE)) {
        check(false, "rsdp", "acpi_rsdp_addr is 0x%lx", address);
        return;
    }
    check(rsdp_is_sound((const void *)address), "rsdp", "at 0x%lx, with its signature and checksum, or not", address);
}

static void check_e820(const struct boot_params *params)
{
    unsigned count = params->e820_entries, bad = 0;

    check(count > 0 && count <= E820_MAX_ENTRIES_ZEROPAGE, "e820-entries", "are %u, shall be 1 to 128", count);
    if (count > E820_MAX_ENTRIES_ZEROPAGE)
        count = E820_MAX_ENTRIES_ZEROPAGE;
    for (unsigned i = 0; i < count; i++) {
        const struct boot_e820_entry *entry = &params->e820_table[i];

        region_add(entry->addr, entry->size, entry->type == E820_RAM);
        bad += entry->type == 0 || (entry->type > 7 && entry->type < 12);
    }
    check(!bad, "e820-types", "%u of %u entries have a type that means nothing", bad, count);
    check(is_zero(&params->e820_table[count], (E820_MAX_ENTRIES_ZEROPAGE - count) * sizeof(*params->e820_table)),
          "e820-rest", "the table behind its %u entries is zero, or not all", count);
}

static void check_setup_data(const struct boot_params *params)
{
    uint64_t address = params->hdr.setup_data;
    unsigned count = 0;
    bool sane = true;

    for (; address && count < SETUP_DATA_MAX; count++) {
        const struct setup_data *data = (const struct setup_data *)address;

        if (!tables_reach(address, sizeof(*data)))
            break;
        sane = sane && (address & 7) == 0 && (data->type & ~SETUP_INDIRECT) <= SETUP_ENUM_MAX + 16;
        object_add("setup_data", address, sizeof(*data) + data->len);
        if (data->type == SETUP_E820_EXT && tables_reach(address, sizeof(*data) + data->len))
            for (uint64_t at = 0; at + sizeof(struct boot_e820_entry) <= data->len;
                 at += sizeof(struct boot_e820_entry)) {
                const struct boot_e820_entry *entry = (const struct boot_e820_entry *)(data->data + at);

                region_add(entry->addr, entry->size, entry->type == E820_RAM);
            }
        address = data->next;
    }
    check(!address && sane, "setup-data", "a chain of %u, then 0x%lx, shall end with 0", count, address);
}

static void check_efi(const struct boot_params *params)
{
    const struct efi_info efi = params->efi_info;
    uint64_t table = efi.efi_systab | (uint64_t)efi.efi_systab_hi << 32;
    uint64_t map = efi.efi_memmap | (uint64_t)efi.efi_memmap_hi << 32;
    uint64_t pages = 0;

    if (!efi.efi_loader_signature) {
        check(is_zero(&efi, sizeof(efi)), "efi-info", "there is none, and its bytes are zero, or not all");
        return;
    }
    /* zero-page.rst, efi_info; UEFI 2.10 section 4.3.1 has the table's own signature, section 7.2.3 the descriptors. */
    bool sane = !memcmp(&efi.efi_loader_signature, "EL64", 4) && tables_reach(table, PAGE_SIZE) &&
                !memcmp((const void *)table, "IBI SYST", 8) && efi.efi_memdesc_size >= EFI_DESCRIPTOR_MIN &&
                efi.efi_memdesc_version == 1 && efi.efi_memmap_size % efi.efi_memdesc_size == 0 &&
                tables_reach(map, efi.efi_memmap_size);

    for (uint32_t at = 0; sane && at < efi.efi_memmap_size; at += efi.efi_memdesc_size)
        pages += *(const uint64_t *)(map + at + 24);
    object_add("the EFI memory map", map, efi.efi_memmap_size);
    check(sane && pages, "efi-info", "signature, system table at 0x%lx, map of 0x%x bytes with 0x%lx pages are %ssane",
          table, efi.efi_memmap_size, pages, sane && pages ? "" : "not ");
}

void check_boot_params(const struct boot_params *params)
{
    uint64_t address = (uintptr_t)params;

    /* First of all, for the words that the others ask for. */
    check_command(params);
    check(state.mode == 64 || address + sizeof(*params) <= LOW_END, "params", "struct boot_params is at 0x%lx",
          address);
    check_whole();
    check_header(params);
    check_zeroed(params);
    check_e820(params);
    check_setup_data(params);
    check_load(params);
    check_ramdisk(params);
    check_rsdp(params->acpi_rsdp_addr);
    check_efi(params);
    check_map();
    check_map_sorted();
    object_add("the kernel", (uintptr_t)payload_base, LINUX_INIT_SIZE);
    object_add("struct boot_params", address, sizeof(*params));
    check_objects();
}
