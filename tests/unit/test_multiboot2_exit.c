/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/multiboot2.c handoff/symbols.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/*
 * The multiboot2 exit: the information is read back tag by tag, by the offsets of the Multiboot2 specification 2.0,
 * section 3.6; the machine states are those of sections 3.3 and 3.5.
 */
#include "tests/unit/exit_fixture.h"

/* Types of tags. */
enum {
    END,
    COMMANDS,
    LOADER,
    MODULE,
    BASIC_MEMORY,
    BIOS_DEVICE,
    MEMORY_MAP,
    FRAMEBUFFER = 8,
    ELF,
    EFI64 = 12,
    SMBIOS,
    RSDP_OLD,
    RSDP_NEW,
    EFI_MAP = 17,
    BOOT_SERVICES,
    HANDLE64 = 20,
    LOAD_BASE,
    TYPES,
};

static uint64_t tags[TYPES][BOOT_MODULES_MAX]; /* addresses, in order */
static unsigned counts[TYPES];

static int setup_multiboot2(void **state)
{
    if (setup(state))
        return -1;
    boot.faces = FACE_MULTIBOOT2;
    boot.as_multiboot2 =
        (struct multiboot2_kernel){ .entry = LINKED + 0x40, .has_entry = true, .alignment = 1, .maximum = UINT32_MAX };
    program_at(&boot.as_multiboot2.program, LINKED);
    return 0;
}

/* Walks the tags: each 8-aligned, of a size that the next one confirms, until END, which is where all ends. */
static void read_tags(void)
{
    uint64_t at = launch.state.rbx, end = at + number(at, 4);

    memset(counts, 0, sizeof(counts));
    assert_int_equal(at % 8, 0);
    assert_int_equal(number(at + 4, 4), 0); /* reserved */
    for (at += 8; number(at, 4) != END; at += (number(at + 4, 4) + 7) & ~7ull) {
        uint64_t type = number(at, 4), size = number(at + 4, 4);

        assert_true(type < TYPES && size >= 8 && at + size < end);
        pointed(at, size);
        tags[type][counts[type]++] = at;
    }
    assert_int_equal(number(at + 4, 4), 8);
    assert_int_equal(at + 8, end);
}

/* The one tag of a type, of that many bytes. */
static uint64_t tag(unsigned type, uint64_t size)
{
    assert_int_equal(counts[type], 1);
    assert_int_equal(number(tags[type][0] + 4, 4), size);
    return tags[type][0];
}

/* That there is one of each of these and no other, but for modules. */
static void assert_types(uint64_t types)
{
    for (unsigned type = 1; type < TYPES; type++) {
        if (type != MODULE)
            assert_int_equal(counts[type], types >> type & 1);
    }
}

#define BIT(type) (1ull << (type))
#define ALWAYS    (BIT(COMMANDS) | BIT(LOADER) | BIT(BASIC_MEMORY) | BIT(MEMORY_MAP))
/* Section 3.6.22: only for an image with the relocatable header tag. */
#define MOVABLE (boot.as_multiboot2.relocatable ? BIT(LOAD_BASE) : 0)

static struct told map_entry(uint64_t index)
{
    uint64_t at = tags[MEMORY_MAP][0] + 16 + index * 24;

    assert_int_equal(number(at + 20, 4), 0);
    return (struct told){ number(at, 8), number(at + 8, 8), number(at + 16, 4) };
}

static void check_texts(void)
{
    assert_text(tag(COMMANDS, 8 + strlen(boot.command_line) + 1) + 8, boot.command_line);
    assert_text(tag(LOADER, 8 + sizeof(BOOT_LOADER_NAME)) + 8, BOOT_LOADER_NAME);
}

/* All that must be so without boot services; types: what there is besides. */
static void check_info(uint64_t types, uint64_t base)
{
    uint64_t basic;

    assert_int_equal(launch.state.mode, LAUNCH_PROTECTED);
    assert_int_equal(launch.state.rax, 0x36d76289);
    assert_int_equal(launch.state.rsi, 0);
    read_tags();
    assert_types(ALWAYS | MOVABLE | types);
    check_texts();
    basic = tag(BASIC_MEMORY, 16);
    assert_int_equal(number(basic + 8, 4), 0x9f000 / 1024);
    assert_int_equal(number(basic + 12, 4), (REAL_END - MIB) / 1024);
    assert_int_equal(number(tags[MEMORY_MAP][0] + 8, 4), 24);
    assert_int_equal(number(tags[MEMORY_MAP][0] + 12, 4), 0);
    assert_int_equal((number(tags[MEMORY_MAP][0] + 4, 4) - 16) % 24, 0);
    assert_map(map_entry, (number(tags[MEMORY_MAP][0] + 4, 4) - 16) / 24);
    if (MOVABLE)
        assert_int_equal(number(tag(LOAD_BASE, 12) + 8, 4), base);
    assert_program_at(base);
}

static void check_modules(void)
{
    assert_int_equal(counts[MODULE], boot.module_count);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        uint64_t at = tags[MODULE][i], address = number(at + 8, 4);

        assert_int_equal(number(at + 12, 4), address + boot.modules[i].content.size);
        assert_int_equal(number(at + 4, 4), 16 + strlen(boot.modules[i].string) + 1);
        assert_text(at + 16, boot.modules[i].string);
        assert_module_told(i, address);
    }
}

static void plain(void **state)
{
    (void)state;
    leave(&exit_multiboot2);
    check_info(0, LINKED);
    check_modules();
    assert_int_equal(launch.state.instruction, LINKED + 0x40);
}

static void modules(void **state)
{
    (void)state;
    module(MODULES_AT, 0x2345, "dom0 root=/dev/sda");
    module(MODULES_AT + 0x3010, 0x1000, "");
    module(MODULES_AT + 0x5000, 0, "1234567"); /* with its NUL 8 bytes */
    leave(&exit_multiboot2);
    check_info(0, LINKED);
    check_modules();
    assert_int_equal(number(tags[MODULE][0] + 8, 4), MODULES_AT);
}

static void many_modules(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
        module(MODULES_AT + 8 + i * 0x1800, 0x1234 + i, long_text(i % 11));
    for (unsigned i = 0; i < BOOT_MODULES_MAX; i++)
        boot.modules[i].string += 10 - i % 11; /* long_text has but one */
    long_text(10);
    leave(&exit_multiboot2);
    check_info(0, LINKED);
    check_modules();
}

static void long_things(void **state)
{
    (void)state;
    boot.command_line = long_text(300001);
    module(MODULES_AT, 0x1000, boot.command_line);
    long_map();
    leave(&exit_multiboot2);
    check_info(0, LINKED);
    check_modules();
    assert_true(number(tags[MEMORY_MAP][0] + 4, 4) >= 16 + 200 * 24);
}

static void map_grows(void **state)
{
    (void)state;
    assert_outgrown(&exit_multiboot2, 800);
}

static void elf_sections(void **state)
{
    for (int is_64 = 0; is_64 < 2; is_64++) {
        setup_multiboot2(state);
        sections(is_64);
        leave(&exit_multiboot2);
        check_info(BIT(ELF), LINKED);

        uint64_t at = tag(ELF, 20 + SECTIONS * (is_64 ? 64 : 40));

        assert_int_equal(number(at + 8, 4), SECTIONS);
        assert_int_equal(number(at + 12, 4), is_64 ? 64 : 40);
        assert_int_equal(number(at + 16, 4), 3);
        assert_sections(at + 20);
    }
}

/* ---- the machine ---- */

static void framebuffer(void **state)
{
    uint64_t at;

    (void)state;
    framebuffer_of_1024();
    leave(&exit_multiboot2);
    check_info(BIT(FRAMEBUFFER), LINKED);
    at = tag(FRAMEBUFFER, 38);
    assert_int_equal(number(at + 8, 8), 0x1c0000000);
    assert_int_equal(number(at + 16, 4), 4096);
    assert_int_equal(number(at + 20, 4), 1024);
    assert_int_equal(number(at + 24, 4), 768);
    assert_int_equal(number(at + 28, 4), 32 | 1 << 8); /* bits, type, reserved */
    assert_int_equal(number(at + 32, 6), 16 | 8 << 8 | 9 << 16 | 7 << 24 | 1ull << 32 | 6ull << 40);
}

static void text_screen(void **state)
{
    uint64_t at;

    (void)state;
    text_screen_of_132();
    leave(&exit_multiboot2);
    check_info(BIT(FRAMEBUFFER), LINKED);
    at = tag(FRAMEBUFFER, 32);
    assert_int_equal(number(at + 8, 8), 0xb8000);
    assert_int_equal(number(at + 16, 4), 264);
    assert_int_equal(number(at + 20, 4), 132);
    assert_int_equal(number(at + 24, 4), 50);
    assert_int_equal(number(at + 28, 4), 16 | 2 << 8);
}

static void boot_device(void **state)
{
    uint64_t at;

    (void)state;
    handoff.boot_drive.present = true;
    handoff.boot_drive.drive = 0x81;
    leave(&exit_multiboot2);
    check_info(BIT(BIOS_DEVICE), LINKED);
    at = tag(BIOS_DEVICE, 20);
    assert_int_equal(number(at + 8, 4), 0x81);
    assert_int_equal(number(at + 12, 8), UINT64_MAX); /* no partitions */
}

/* Whoever made it, the old tag has the 20 bytes of version 1, and a new one goes beside it. */
static void rsdp(void **state)
{
    uint8_t *point = real(LOADER_AT + 0x101); /* 16-aligned by right, but it may be somebody's copy */

    (void)state;
    for (unsigned revision = 0; revision < 3; revision++) {
        setup_multiboot2(state);
        for (unsigned i = 0; i < 36; i++)
            point[i] = (uint8_t)(i * 5 + 1);
        point[15] = (uint8_t)revision;
        handoff.rsdp = (struct known_address){ true, (uint64_t)point };
        leave(&exit_multiboot2);
        check_info(BIT(RSDP_OLD) | (revision == 2 ? BIT(RSDP_NEW) : 0), LINKED);
        assert_memory_equal(pointed(tag(RSDP_OLD, 28) + 8, 20), point, 20);
        if (revision == 2)
            assert_memory_equal(pointed(tag(RSDP_NEW, 44) + 8, 36), point, 36);
    }
}

static void smbios(void **state)
{
    uint8_t *old = real(LOADER_AT + 0x200), *new = real(LOADER_AT + 0x300);

    (void)state;
    memcpy(old, "_SM_\xcc\x1f\x02\x08", 8);
    memcpy(new, "_SM3_\xcc\x18\x03\x05", 9);
    handoff.smbios = (struct known_address){ true, (uint64_t)old };
    leave(&exit_multiboot2);
    check_info(BIT(SMBIOS), LINKED);
    assert_int_equal(number(tag(SMBIOS, 16 + 0x1f) + 8, 8), 2 | 8 << 8);
    assert_memory_equal(pointed(tags[SMBIOS][0] + 16, 0x1f), old, 0x1f);

    setup_multiboot2(state);
    memcpy(old, "_SM_\xcc\x41\x02\x08", 8); /* longer than any */
    memcpy(new, "_SM3_\xcc\x18\x03\x05", 9);
    handoff.smbios = (struct known_address){ true, (uint64_t)old };
    handoff.smbios3 = (struct known_address){ true, (uint64_t) new };
    leave(&exit_multiboot2);
    check_info(BIT(SMBIOS), LINKED);
    assert_int_equal(number(tag(SMBIOS, 16 + 0x18) + 8, 8), 3 | 5 << 8);
    assert_memory_equal(pointed(tags[SMBIOS][0] + 16, 0x18), new, 0x18);

    setup_multiboot2(state);
    memcpy(old, "_SM_\xcc\x1f\x02\x08", 8);
    memcpy(new, "_SM3_\xcc\x18\x03\x05", 9);
    handoff.smbios = (struct known_address){ true, (uint64_t)old };
    handoff.smbios3 = (struct known_address){ true, (uint64_t) new };
    leave(&exit_multiboot2);
    read_tags();
    assert_int_equal(counts[SMBIOS], 2);
}

/* ---- EFI ---- */

/* A firmware that gives what its map has free. */
static uint64_t claimed_start, claimed_size;

static bool claim(uint64_t start, uint64_t size)
{
    if (start <= LINKED && start + size > LINKED)
        claimed_start = start, claimed_size = size;
    return start % MAP_PAGE == 0 && size % MAP_PAGE == 0 && map_is_free(&before, start, size, false);
}

static void efi_alive(void)
{
    handoff.efi = (struct handoff_efi){ .present = true,
                                        .boot_services = true,
                                        .system_table = 0x7fabcd018,
                                        .image_handle = { true, 0x7f1234598 },
                                        .map_capacity = 0x1000 };
    handoff.map.claim = claim;
    claimed_size = 0;
    boot.as_multiboot2.boot_services = boot.as_multiboot2.has_entry_efi64 = true;
    boot.as_multiboot2.entry_efi64 = LINKED + SECOND + 8;
}

/* They stay alive: there is no map, which the payload asks for itself, and the place was got from the firmware. */
static void boot_services_go_on(void **state)
{
    (void)state;
    efi_alive();
    module(MODULES_AT + 8, 0x2345, "one");
    sections(true);
    leave(&exit_multiboot2);
    assert_int_equal(launch.state.mode, LAUNCH_FIRMWARE);
    assert_int_equal(launch.state.rax, 0x36d76289);
    assert_int_equal(launch.state.instruction, LINKED + SECOND + 8);
    read_tags();
    assert_types(BIT(COMMANDS) | BIT(LOADER) | MOVABLE | BIT(EFI64) | BIT(HANDLE64) | BIT(BOOT_SERVICES) | BIT(ELF));
    check_texts();
    check_modules();
    assert_int_equal(number(tag(EFI64, 16) + 8, 8), 0x7fabcd018);
    assert_int_equal(number(tag(HANDLE64, 16) + 8, 8), 0x7f1234598);
    tag(BOOT_SERVICES, 8);
    assert_sections(tags[ELF][0] + 20);
    assert_program_at(LINKED);
    assert_int_equal(claimed_start, LINKED);
    assert_int_equal(claimed_size, LINKED_SIZE);
    assert_int_equal(launch.trampoline, 0);
}

/* A payload that cannot use them gets the 32-bit state, and the firmware's last map. */
static void boot_services_end(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        setup_multiboot2(state);
        efi_alive();
        if (i == 0)
            boot.as_multiboot2.boot_services = false;
        else if (i == 1)
            boot.as_multiboot2.has_entry_efi64 = false;
        else
            handoff.efi.boot_services = false;
        assert_true(prepare(&exit_multiboot2));
        assert_true(launch_prepare(&launch, &handoff, &failure));
        handoff.efi.boot_services = false;
        handoff.efi.map = LOADER_AT + 0x20;
        handoff.efi.map_size = 0x1000; /* as much as it might become */
        handoff.efi.descriptor_size = 48;
        handoff.efi.descriptor_version = 1;
        for (unsigned at = 0; at < 0x1000; at++)
            real(LOADER_AT + 0x20)[at] = (uint8_t)(at * 13);
        map_grows_by(126);
        assert_true(launch_finish(&launch, &handoff, &failure));
        fixture_run_copies(&launch);
        check_launch();
        check_info(BIT(EFI64) | BIT(EFI_MAP), LINKED);
        assert_int_equal(launch.state.instruction, LINKED + 0x40);
        assert_int_equal(number(tag(EFI64, 16) + 8, 8), 0x7fabcd018);
        assert_int_equal(number(tag(EFI_MAP, 16 + 0x1000) + 8, 8), 48 | 1ull << 32);
        assert_memory_equal(pointed(tags[EFI_MAP][0] + 16, 0x1000), real(LOADER_AT + 0x20), 0x1000);
    }
}

/* Only what is the firmware's to give may be taken while it goes on. */
static void firmware_refuses(void **state)
{
    (void)state;
    efi_alive();
    used(LINKED + SECOND + 0x4000, 0x1000, MAP_FIRMWARE);
    assert_refused(&exit_multiboot2, "kernel", "the firmware does not give its place, 86016 bytes at 0x3d000000");
    boot.as_multiboot2.boot_services = false; /* once it has ended, that is free */
    leave(&exit_multiboot2);
    check_info(BIT(EFI64), LINKED);
    setup_multiboot2(state);
    efi_alive();
    handoff.map.claim = NULL;
    assert_refused(&exit_multiboot2, "kernel", "the firmware does not give its place");
}

/* ---- places ---- */

static void relocatable(uint64_t minimum, uint64_t maximum, uint64_t alignment, uint32_t preference)
{
    boot.as_multiboot2.relocatable = true;
    boot.as_multiboot2.minimum = minimum;
    boot.as_multiboot2.maximum = maximum;
    boot.as_multiboot2.alignment = alignment;
    boot.as_multiboot2.preference = preference;
}

static void relocated(void **state)
{
    static const struct {
        uint64_t minimum, maximum, alignment;
        uint32_t preference;
        uint64_t base;
    } cases[] = {
        { REAL_START, REAL_END - 1, 0x1000, 0, LINKED },                 /* as linked */
        { REAL_START, REAL_END - 1, 0x1000, 1, LOADER_AT + 0x10000 },    /* the lowest that is free */
        { REAL_START, REAL_END - 1, 0x1000, 2, REAL_END - LINKED_SIZE }, /* the highest */
        { REAL_START, REAL_END - 2, 0x1000, 2, REAL_END - 0x1000 - LINKED_SIZE },
        { REAL_START, LINKED - 1, 2 * MIB, 0, REAL_START + 10 * MIB }, /* not as linked */
        { LINKED + 1, REAL_END - 1, 1, 0, LINKED + 0x1000 },
        { REAL_START, REAL_END - 1, 4 * MIB, 2, REAL_START + 28 * MIB },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup_multiboot2(state);
        relocatable(cases[i].minimum, cases[i].maximum, cases[i].alignment, cases[i].preference);
        module(MODULES_AT + 4, 100, "");
        leave(&exit_multiboot2);
        check_info(0, cases[i].base);
        check_modules();
        assert_int_equal(launch.state.instruction, cases[i].base + 0x40);
    }
}

static void relocated_over_ourselves(void **state)
{
    (void)state;
    relocatable(IMAGE_AT, IMAGE_AT + MIB - 1, 0x1000, 2);
    leave(&exit_multiboot2);
    check_info(0, IMAGE_AT + MIB - LINKED_SIZE);
    setup_multiboot2(state);
    relocatable(MODULES_AT, MODULES_AT + MIB - 1, 0x1000, 0);
    assert_refused(&exit_multiboot2, "kernel", "no free memory for 86016 bytes aligned to 0x1000 from 0x3c100000");
    setup_multiboot2(state);
    efi_alive(); /* which needs us no less than the firmware */
    relocatable(IMAGE_AT, IMAGE_AT + MIB - 1, 0x1000, 0);
    assert_refused(&exit_multiboot2, "kernel", "no free memory");
}

static void relocated_with_boot_services(void **state)
{
    (void)state;
    efi_alive();
    relocatable(REAL_START, REAL_END - 1, 0x1000, 1);
    used(LOADER_AT + 0x10000, MIB, MAP_FIRMWARE);
    leave(&exit_multiboot2);
    read_tags();
    assert_int_equal(number(tag(LOAD_BASE, 12) + 8, 4), LOADER_AT + 0x10000 + MIB);
    assert_int_equal(launch.state.instruction, LOADER_AT + 0x10000 + MIB + SECOND + 8);
    assert_program_at(LOADER_AT + 0x10000 + MIB);
}

static void place_is_taken(void **state)
{
    (void)state;
    program_at(&boot.as_multiboot2.program, LOADER_AT + 0xffff);
    assert_refused(&exit_multiboot2, "kernel", "it must lie at 0x3c90ffff, where the loader before us has left data");
    setup_multiboot2(state);
    program_at(&boot.as_multiboot2.program, IMAGE_AT - 0x1000);
    module(IMAGE_AT - 0x1000, 0x1000, "under it");
    leave(&exit_multiboot2);
    check_info(0, IMAGE_AT - 0x1000);
    check_modules();
}

/* ---- what the header asks for ---- */

static void requirements(void **state)
{
    (void)state;
    boot.as_multiboot2.required = BIT(MEMORY_MAP) | BIT(ELF) | BIT(LOAD_BASE);
    leave(&exit_multiboot2);
    boot.as_multiboot2.required |= BIT(10); /* APM */
    assert_refused(&exit_multiboot2, "multiboot2", "the kernel requires information of type 10, which there is not");
    setup_multiboot2(state);
    boot.as_multiboot2.console_required = true;
    assert_refused(&exit_multiboot2, "multiboot2", "the kernel requires a screen, and there is none");
    handoff.text_screen = (struct handoff_text_screen){ .present = true, .columns = 80, .rows = 25 };
    leave(&exit_multiboot2);
    setup_multiboot2(state);
    efi_alive();
    boot.as_multiboot2.has_entry = false;
    leave(&exit_multiboot2);
    setup_multiboot2(state);
    efi_alive();
    boot.as_multiboot2.has_entry = handoff.efi.boot_services = false;
    assert_refused(&exit_multiboot2, "multiboot2", "only entry is for EFI boot services, and there are none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup_multiboot2)
    const struct CMUnitTest tests[] = {
        TEST(plain),
        TEST(modules),
        TEST(many_modules),
        TEST(long_things),
        TEST(map_grows),
        TEST(elf_sections),
        TEST(framebuffer),
        TEST(text_screen),
        TEST(boot_device),
        TEST(rsdp),
        TEST(smbios),
        TEST(boot_services_go_on),
        TEST(boot_services_end),
        TEST(firmware_refuses),
        TEST(relocated),
        TEST(relocated_over_ourselves),
        TEST(relocated_with_boot_services),
        TEST(place_is_taken),
        TEST(requirements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
