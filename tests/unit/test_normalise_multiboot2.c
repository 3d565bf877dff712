/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tests/unit/replay.c entries/multiboot2.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/* The multiboot2 information: what GRUB gives on BIOS and EFI, then tags built here, whole and broken. */
#include "common/multiboot2.h"
#include "firmware/acpi.h"
#include "tests/unit/normalise_fixture.h"

#define GRUB     "GRUB 2.06-13+deb12u2"
#define STRING   "words of the first"
#define BUILT    0x200000 /* where information is built */
#define TAGS_MAX 0x20000

static bool normalise(struct boot *boot)
{
    boot_again(boot);
    return multiboot2_normalise(boot->handoff, &boot->replay->physical, boot->replay->argument, &boot->failure);
}

/* The RSDP is a copy of ours, as long as the longest. */
static const struct acpi_rsdp *assert_rsdp(const struct boot *boot)
{
    const struct acpi_rsdp *rsdp = (const void *)boot->handoff->rsdp.address;

    assert_true(boot->handoff->rsdp.present);
    assert_true((const uint8_t *)rsdp >= boot->arena &&
                (const uint8_t *)(rsdp + 1) <= boot->arena + sizeof(boot->arena));
    assert_memory_equal(rsdp->signature, "RSD PTR ", 8);
    return rsdp;
}

static void grub_bios(void **state)
{
    struct boot *boot = normalised("multiboot2-bios");
    struct handoff *handoff = boot->handoff;

    (void)state;
    assert_int_equal(handoff->door, DOOR_MULTIBOOT2);
    assert_string_equal(handoff->command_line, WORDS);
    assert_string_equal(handoff->loader_name, GRUB);
    assert_int_equal(handoff->module_count, 2);
    assert_module(handoff, 0, 0x173000, 5006, STRING);
    assert_module(handoff, 1, 0x175000, 5007, "");
    assert_map(&handoff->map, q35);
    assert_int_equal(assert_rsdp(boot)->rsdt, 0x7fe22d0);
    assert_int_equal(assert_rsdp(boot)->length, 0); /* of version 1: there is none */
    assert_text_screen(handoff);
    assert_false(handoff->efi.present || handoff->efi.image_handle.present);
    assert_false(handoff->efi.boot_services || handoff->smbios.present || handoff->smbios3.present);
    assert_true(handoff->boot_drive.present);
    assert_int_equal(handoff->boot_drive.drive, 0x80);
    boot_free(boot);
}

/* GRUB gives no map where boot services live on. */
static void grub_efi(void **state)
{
    struct boot *boot = normalised("multiboot2-efi");
    struct handoff *handoff = boot->handoff;

    (void)state;
    assert_int_equal(handoff->door, DOOR_MULTIBOOT2_EFI);
    assert_string_equal(handoff->command_line, WORDS);
    assert_string_equal(handoff->loader_name, GRUB);
    assert_int_equal(handoff->module_count, 1);
    assert_module(handoff, 0, 0x1000, 5006, STRING);
    assert_int_equal(handoff->map.count, 0);
    assert_int_equal(assert_rsdp(boot)->revision, 2); /* the new tag, though the old one stands before it */
    assert_int_equal(assert_rsdp(boot)->length, 36);
    assert_int_equal(assert_rsdp(boot)->xsdt, 0x7b7d0e8);
    assert_framebuffer(handoff); /* its tag has 38 bytes: the structure less its padding */
    assert_int_equal(handoff->framebuffer.red_position, 16);
    assert_int_equal(handoff->framebuffer.green_position, 8);
    assert_int_equal(handoff->framebuffer.blue_position, 0);
    assert_int_equal(handoff->framebuffer.red_size, 8);
    assert_int_equal(handoff->framebuffer.green_size, 8);
    assert_int_equal(handoff->framebuffer.blue_size, 8);
    assert_true(handoff->efi.present && handoff->efi.boot_services && handoff->efi.image_handle.present);
    assert_int_equal(handoff->efi.system_table, 0x79ec018);
    assert_int_equal(handoff->efi.image_handle.address, 0x6a69898);
    assert_false(handoff->boot_drive.present);
    boot_free(boot);
}

/* ---- information built here ---- */

struct builder {
    struct boot *boot;
    uint32_t size;
    uint8_t bytes[TAGS_MAX];
};

static struct builder builder;

static int setup(void **state)
{
    builder = (struct builder){ .boot = boot_new("multiboot2-bios"), .size = sizeof(struct multiboot2_information) };
    *state = builder.boot;
    return 0;
}

/* Adds a tag of `type` with what follows its header; returns its offset. */
static uint32_t tag(uint32_t type, const void *content, uint32_t size)
{
    struct multiboot2_tag header = { type, sizeof(header) + size };
    uint32_t at = builder.size;

    assert_true(at + header.size + 8 <= sizeof(builder.bytes));
    memcpy(builder.bytes + at, &header, sizeof(header));
    if (size)
        memcpy(builder.bytes + at + sizeof(header), content, size);
    builder.size = (at + header.size + 7) & ~7u;
    return at;
}

static void begin_again(void)
{
    builder.size = sizeof(struct multiboot2_information);
    memset(builder.bytes, 0, sizeof(builder.bytes));
}

/* Writes the information as it stands, of total bytes by its own word, and shows no more than that. */
static void place(uint32_t total)
{
    struct replay *replay = builder.boot->replay;

    memcpy(builder.bytes, &total, sizeof(total));
    replay->argument = BUILT;
    replay_write(replay, BUILT, builder.bytes, builder.size);
    replay_cut(replay, BUILT + builder.size);
}

static bool read_built(void)
{
    place(builder.size);
    return normalise(builder.boot);
}

/* With an END. */
static void read_whole(void)
{
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    if (!read_built())
        print_error("%s: %s\n", builder.boot->failure.what, builder.boot->failure.why);
    assert_true(normalise(builder.boot));
}

static void read_broken(const char *why)
{
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    place(builder.size);
    assert_broken(builder.boot, why);
    begin_again();
}

static void nothing_but_an_end(void **state)
{
    (void)state;
    read_whole();
    assert_string_equal(builder.boot->handoff->command_line, "");
    assert_null(builder.boot->handoff->loader_name);
    assert_int_equal(builder.boot->handoff->module_count, 0);
    assert_int_equal(builder.boot->handoff->map.count, 0);
    assert_false(builder.boot->handoff->rsdp.present);
}

static void no_information(void **state)
{
    struct replay *replay = builder.boot->replay;

    (void)state;
    replay->argument = NOWHERE;
    assert_broken(builder.boot, "no boot information at 0x900000");
    replay->argument = UINT64_MAX - 7;
    assert_broken(builder.boot, "no boot information at 0xfffffffffffffff8");
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    place(builder.size);
    replay->argument = BUILT + 4;
    assert_broken(builder.boot, "no boot information at 0x200004");
}

static void total_size(void **state)
{
    (void)state;
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    place(builder.size + 1);
    assert_broken(builder.boot, "boot information of 17 bytes");
    place(UINT32_MAX);
    assert_broken(builder.boot, "boot information of 4294967295 bytes");
    replay_show(builder.boot->replay, BUILT, 17 << 20);
    place((16u << 20) + 1);
    assert_broken(builder.boot, "boot information of 16777217 bytes");
    for (uint32_t size = 0; size < 16; size++) {
        place(size);
        assert_broken(builder.boot, "the tags have no end");
    }
}

static void no_end(void **state)
{
    (void)state;
    tag(MULTIBOOT2_TAG_COMMAND_LINE, "a", 2);
    place(builder.size);
    assert_broken(builder.boot, "the tags have no end");
    place(builder.size - 6); /* exactly the tag, without the padding */
    assert_broken(builder.boot, "the tags have no end");
}

static void tag_sizes(void **state)
{
    static const uint32_t sizes[] = { 0, 1, 7, 17, 0x7fffffff, 0xfffffff8, UINT32_MAX };

    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        uint32_t at = tag(MULTIBOOT2_TAG_COMMAND_LINE, "", 0);

        memcpy(builder.bytes + at + 4, &sizes[i], 4);
        read_broken("a tag of type 1 and ");
    }
    /* The last that fits reaches to the end, where no END is. */
    uint32_t at = tag(MULTIBOOT2_TAG_COMMAND_LINE, "", 0), size = 16;

    memcpy(builder.bytes + at + 4, &size, 4);
    read_broken("the tags have no end");
}

/* A known tag that is shorter than its structure, for each that has one. */
static void short_tags(void **state)
{
    static const struct {
        uint32_t type, minimum;
    } cases[] = {
        { MULTIBOOT2_TAG_MODULE, 16 },
        { MULTIBOOT2_TAG_BIOS_DEVICE, 20 },
        { MULTIBOOT2_TAG_MEMORY_MAP, 16 },
        { MULTIBOOT2_TAG_FRAMEBUFFER, 32 },
        { MULTIBOOT2_TAG_EFI64_SYSTEM_TABLE, 16 },
        { MULTIBOOT2_TAG_SMBIOS, 16 },
        { MULTIBOOT2_TAG_RSDP_OLD, 28 },
        { MULTIBOOT2_TAG_RSDP_NEW, 44 },
        { MULTIBOOT2_TAG_EFI64_IMAGE_HANDLE, 16 },
    };
    static const uint8_t zeroes[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (uint32_t size = 8; size < cases[i].minimum; size++) {
            tag(cases[i].type, zeroes, size - 8);
            read_broken(" has only ");
        }
    }
}

static void unknown_tags_are_passed_over(void **state)
{
    (void)state;
    tag(4, "basicmem", 8);
    tag(UINT32_MAX, "abc", 3);
    tag(MULTIBOOT2_TAG_COMMAND_LINE, "after them", 11);
    tag(4711, NULL, 0);
    read_whole();
    assert_string_equal(builder.boot->handoff->command_line, "after them");
}

static void nothing_is_read_behind_the_end(void **state)
{
    (void)state;
    tag(MULTIBOOT2_TAG_END, NULL, 0);
    tag(MULTIBOOT2_TAG_COMMAND_LINE, "late", 5);
    read_whole();
    assert_string_equal(builder.boot->handoff->command_line, "");
}

static void strings_without_nul(void **state)
{
    uint32_t module[2] = { 0x1000, 0x2000 };
    uint8_t content[12];

    (void)state;
    memcpy(content, module, 8);
    memcpy(content + 8, "name", 4);
    tag(MULTIBOOT2_TAG_COMMAND_LINE, "endless!", 8);
    tag(MULTIBOOT2_TAG_LOADER_NAME, "", 0);
    tag(MULTIBOOT2_TAG_MODULE, content, 12);
    tag(MULTIBOOT2_TAG_MODULE, content, 8);
    read_whole();
    assert_string_equal(builder.boot->handoff->command_line, "endless!");
    assert_string_equal(builder.boot->handoff->loader_name, "");
    assert_module(builder.boot->handoff, 0, 0x1000, 0x1000, "name");
    assert_module(builder.boot->handoff, 1, 0x1000, 0x1000, "");
}

static void command_line_too_long_for_us(void **state)
{
    static char text[70000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    tag(MULTIBOOT2_TAG_COMMAND_LINE, text, sizeof(text));
    read_broken("too long (70008 bytes)");
    tag(MULTIBOOT2_TAG_RSDP_OLD, text, sizeof(text));
    read_broken("a table of 70008 bytes is too long");
    tag(MULTIBOOT2_TAG_LOADER_NAME, text, sizeof(text)); /* nobody needs it */
    read_whole();
    assert_null(builder.boot->handoff->loader_name);
}

static void modules(void **state)
{
    uint32_t module[2] = { 0x2000, 0x1fff };

    (void)state;
    tag(MULTIBOOT2_TAG_MODULE, module, sizeof(module));
    read_broken("a module from 0x2000 to 0x1fff");
    module[1] = 0x2000; /* an empty one */
    for (unsigned i = 0; i < HANDOFF_MODULES_MAX; i++)
        tag(MULTIBOOT2_TAG_MODULE, module, sizeof(module));
    read_whole();
    assert_int_equal(builder.boot->handoff->module_count, HANDOFF_MODULES_MAX);
    assert_module(builder.boot->handoff, 63, 0x2000, 0, "");
    begin_again();
    for (unsigned i = 0; i <= HANDOFF_MODULES_MAX; i++)
        tag(MULTIBOOT2_TAG_MODULE, module, sizeof(module));
    read_broken("more than 64");
}

static uint32_t memory_map(uint32_t entry_size, const void *entries, uint32_t size)
{
    uint8_t content[256] = { 0 };

    memcpy(content, &entry_size, 4);
    memcpy(content + 8, entries, size);
    return tag(MULTIBOOT2_TAG_MEMORY_MAP, content, 8 + size);
}

static void memory_map_entries(void **state)
{
    static const uint32_t odd[] = { 0, 8, 16, 23, 25, 28, UINT32_MAX };
    static const struct range map[] = { { 0x1000, 0x3000, MAP_RAM, 0 }, { 0x8000, 0x9000, MAP_RESERVED, 0 }, { 0 } };
    struct multiboot2_memory_entry entries[] = { { 0x8000, 0x1000, 99, 0 }, { 0x1000, 0x2000, MAP_RAM, 0 } };
    uint64_t wide[] = { 0x8000, 0x1000, 99, UINT64_MAX, 0x1000, 0x2000, MAP_RAM, UINT64_MAX };

    (void)state;
    for (unsigned i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        memory_map(odd[i], entries, sizeof(entries));
        read_broken("memory map entries of ");
    }
    memory_map(24, entries, sizeof(entries));
    read_whole();
    assert_map(&builder.boot->handoff->map, map);
    begin_again();
    memory_map(32, wide, sizeof(wide)); /* a later version */
    read_whole();
    assert_map(&builder.boot->handoff->map, map);
    begin_again();
    memory_map(24, wide, 23); /* not a whole one; and none, whatever its size */
    memory_map(0xfffffff8, wide, 64);
    read_whole();
    assert_int_equal(builder.boot->handoff->map.count, 0);
}

static void memory_maps_that_contradict_themselves(void **state)
{
    struct multiboot2_memory_entry entries[] = { { 0x1000, 0x2000, MAP_RAM, 0 }, { 0x2fff, 1, MAP_NVS, 0 } };

    (void)state;
    memory_map(24, entries, sizeof(entries));
    read_broken("is said to be RAM and also NVS");
    entries[1] = (struct multiboot2_memory_entry){ 0x1000, UINT64_MAX - 0xfff, MAP_RAM, 0 };
    memory_map(24, entries, sizeof(entries));
    read_broken("wrap around");
}

static void many_memory_ranges(void **state)
{
    static struct {
        uint32_t entry_size, entry_version;
        struct multiboot2_memory_entry entries[MAP_MAX + 1];
    } content = { .entry_size = sizeof(struct multiboot2_memory_entry) };
    const uint32_t head = offsetof(typeof(content), entries);

    (void)state;
    for (uint32_t i = 0; i <= MAP_MAX; i++)
        content.entries[i] = (struct multiboot2_memory_entry){ (MAP_MAX - i) * 0x2000ull, 0x1000, MAP_RAM, 0 };
    tag(MULTIBOOT2_TAG_MEMORY_MAP, &content, head + MAP_MAX * sizeof(*content.entries));
    read_whole();
    assert_int_equal(builder.boot->handoff->map.count, MAP_MAX);
    begin_again();
    tag(MULTIBOOT2_TAG_MEMORY_MAP, &content, head + (MAP_MAX + 1) * sizeof(*content.entries));
    read_broken("more than 1024 ranges");
}

static void framebuffers(void **state)
{
    struct multiboot2_framebuffer given = { .address = 0x4000000000,
                                            .pitch = 4096,
                                            .width = 1024,
                                            .height = 768,
                                            .bits = 32,
                                            .type = MULTIBOOT2_FRAMEBUFFER_RGB,
                                            .blue_size = 8 };
    const uint8_t *content = (const uint8_t *)&given + sizeof(struct multiboot2_tag);

    (void)state;
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, content, 30);
    read_whole();
    assert_true(builder.boot->handoff->framebuffer.present);
    assert_int_equal(builder.boot->handoff->framebuffer.address, 0x4000000000);
    assert_int_equal(builder.boot->handoff->framebuffer.blue_size, 8);
    begin_again();
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, content, 29); /* the colours are cut off */
    read_whole();
    assert_false(builder.boot->handoff->framebuffer.present);
    begin_again();
    given.type = 0; /* indexed colour: of no use to a kernel */
    tag(MULTIBOOT2_TAG_FRAMEBUFFER, content, 30);
    read_whole();
    assert_false(builder.boot->handoff->framebuffer.present || builder.boot->handoff->text_screen.present);
}

static void tables(void **state)
{
    uint8_t smbios[40] = { 3, 0 };

    (void)state;
    memcpy(smbios + 8, "_SM_", 4);
    tag(MULTIBOOT2_TAG_SMBIOS, smbios, 8 + 31);
    memcpy(smbios + 8, "_SM3_", 5);
    tag(MULTIBOOT2_TAG_SMBIOS, smbios, 8 + 24);
    tag(MULTIBOOT2_TAG_SMBIOS, smbios, 8); /* empty: a table that is nothing */
    read_whole();
    assert_true(builder.boot->handoff->smbios3.present);
    assert_memory_equal((const void *)builder.boot->handoff->smbios3.address, "_SM3_", 5);
}

static void old_rsdp_does_not_replace_the_new(void **state)
{
    struct acpi_rsdp rsdp = { .signature = "RSD PTR ", .revision = 2, .xsdt = 0x1234 };

    (void)state;
    tag(MULTIBOOT2_TAG_RSDP_NEW, &rsdp, sizeof(rsdp));
    rsdp.revision = 0;
    tag(MULTIBOOT2_TAG_RSDP_OLD, &rsdp, ACPI_RSDP_VERSION_1_SIZE);
    read_whole();
    assert_int_equal(assert_rsdp(builder.boot)->revision, 2);
    assert_int_equal(assert_rsdp(builder.boot)->xsdt, 0x1234);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grub_bios),
        cmocka_unit_test(grub_efi),
        TEST(nothing_but_an_end),
        TEST(no_information),
        TEST(total_size),
        TEST(no_end),
        TEST(tag_sizes),
        TEST(short_tags),
        TEST(unknown_tags_are_passed_over),
        TEST(nothing_is_read_behind_the_end),
        TEST(strings_without_nul),
        TEST(command_line_too_long_for_us),
        TEST(modules),
        TEST(memory_map_entries),
        TEST(memory_maps_that_contradict_themselves),
        TEST(many_memory_ranges),
        TEST(framebuffers),
        TEST(tables),
        TEST(old_rsdp_does_not_replace_the_new),
    };

    return cmocka_run_group_tests_name("normalise_multiboot2", tests, NULL, NULL);
}
