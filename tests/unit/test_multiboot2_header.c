/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/multiboot2.c payloads/multiboot.c payloads/elf.c common/text.c common/failure.c */
/* Multiboot2 headers, put together tag by tag, alone and in an ELF, and those of our own image. */
#include "common/multiboot2.h"
#include "payloads/multiboot.h"
#include "tests/unit/content_of.h"
#include "tests/unit/elf_fixture.h"

#define FILE_SIZE  0x9000
#define OFFSET     0x40 /* of the header, where a test does not say otherwise */
#define LOAD       0x100000
#define IN_ELF     0x1800 /* behind the notes */
#define HEADER_MAX 512
#define OPTIONAL   MULTIBOOT2_HEADER_OPTIONAL

static uint8_t tags[HEADER_MAX]; /* the header and its tags */
static uint32_t length;          /* of them */
static uint32_t architecture;
static uint64_t offset;
static struct multiboot2_kernel kernel;

static void begin(void)
{
    memset(tags, 0, sizeof(tags));
    length = sizeof(struct multiboot2_header);
}

/* A tag of that type, with so many numbers behind it. */
static void tag(uint16_t type, uint16_t flags, uint32_t count, const uint32_t *numbers)
{
    const struct multiboot2_header_tag header = { type, flags, (uint32_t)sizeof(header) + count * 4 };

    memcpy(tags + length, &header, sizeof(header));
    if (count)
        memcpy(tags + length + sizeof(header), numbers, count * 4ul);
    length = (length + header.size + 7) & ~7u;
}

#define TAG(type, flags, ...) \
    tag(type, flags, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, (const uint32_t[]){ __VA_ARGS__ })

static void entry_tag(uint32_t entry)
{
    TAG(MULTIBOOT2_HEADER_TAG_ENTRY, 0, entry);
}

static void address_tag(uint32_t header_addr, uint32_t load_addr, uint32_t load_end_addr, uint32_t bss_end_addr)
{
    TAG(MULTIBOOT2_HEADER_TAG_ADDRESS, 0, header_addr, load_addr, load_end_addr, bss_end_addr);
}

/* What makes a flat file, loaded whole, something to start. */
static void begin_flat(void)
{
    begin();
    address_tag(LOAD + (uint32_t)offset, LOAD, 0, 0);
    entry_tag(LOAD + 0x100);
}

static int setup(void **state)
{
    (void)state;
    offset = OFFSET;
    architecture = MULTIBOOT2_ARCHITECTURE_I386;
    begin_flat();
    synthetic_elf_start(&made, true);
    return 0;
}

static void write_header(uint8_t *to, uint32_t header_length)
{
    struct multiboot2_header header = { MULTIBOOT2_HEADER_MAGIC, architecture, header_length, 0 };

    header.checksum = -(header.magic + header.architecture + header.header_length);
    memcpy(tags, &header, sizeof(header));
    memcpy(to, tags, length);
}

/* Without an end tag, and with any header_length. */
static bool parse_raw(uint64_t size, uint32_t header_length)
{
    static uint8_t bytes[FILE_SIZE + HEADER_MAX];

    memset(bytes, 0, sizeof(bytes));
    write_header(bytes + offset, header_length);
    return multiboot2_parse(file_of(bytes, size), NULL, &kernel, &failure);
}

static bool parse(void)
{
    uint32_t before = length;
    bool parsed;

    tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
    parsed = parse_raw(FILE_SIZE, length);
    length = before;
    return parsed;
}

static bool parse_elf(void)
{
    tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
    write_header(made.bytes + IN_ELF, length);
    assert_true(parse_elf_bytes(ELF_END));
    return multiboot2_parse(file, &elf, &kernel, &failure);
}

/* ---- the header itself ---- */

static void sound(void **state)
{
    uint64_t found;

    (void)state;
    assert_true(parse());
    assert_true(multiboot2_find(file, &found));
    assert_int_equal(found, OFFSET);
    assert_int_equal(kernel.program.count, 1);
    assert_int_equal(kernel.program.start, LOAD);
    assert_int_equal(kernel.program.end, LOAD + FILE_SIZE);
    assert_true(kernel.has_entry);
    assert_int_equal(kernel.entry, LOAD + 0x100);
    assert_false(kernel.has_entry_efi64 || kernel.boot_services || kernel.page_aligned || kernel.console_required);
    assert_false(kernel.framebuffer_wanted || kernel.framebuffer_required || kernel.relocatable);
    assert_int_equal(kernel.alignment, 1);
    assert_int_equal(kernel.required, 0);
    assert_int_equal(kernel.unknown_count, 0);
}

static void where_it_is_found(void **state)
{
    uint64_t found, last;

    (void)state;
    tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
    last = MULTIBOOT2_HEADER_SEARCH - length;
    for (offset = 0; offset <= MULTIBOOT2_HEADER_SEARCH; offset += offset < 40 || offset > last - 9 ? 1 : 504) {
        begin_flat();
        tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
        assert_int_equal(parse_raw(FILE_SIZE, length), offset % 8 == 0 && offset <= last);
        assert_int_equal(multiboot2_find(file, &found),
                         offset % 8 == 0 && offset <= MULTIBOOT2_HEADER_SEARCH - sizeof(struct multiboot2_header));
    }
    assert_false(multiboot2_parse((struct span){ NULL, 0 }, NULL, &kernel, &failure));
    assert_says("it has no multiboot2 header");
}

static void wrong_checksum(void **state)
{
    uint64_t found;

    (void)state;
    assert_true(parse());
    ((uint8_t *)file.data)[OFFSET + 12]++;
    assert_false(multiboot2_find(file, &found));
    assert_false(multiboot2_parse(file, NULL, &kernel, &failure));
    assert_says("it has no multiboot2 header");
}

static void other_architecture(void **state)
{
    (void)state;
    architecture = 4; /* MIPS */
    assert_refused("its multiboot2 header is for architecture 4, not for i386");
}

static void header_lengths(void **state)
{
    const uint32_t wrong[] = { 0, 1, 15, FILE_SIZE, MULTIBOOT2_HEADER_SEARCH - OFFSET + 1, 0x7fffffff, 0xffffffff };

    (void)state;
    tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_false(parse_raw(FILE_SIZE, wrong[i]));
        assert_says("at 0x40) does not end within 32768");
    }
    assert_true(parse_raw(FILE_SIZE, MULTIBOOT2_HEADER_SEARCH - OFFSET));
    for (uint32_t shorter = 16; shorter < length; shorter++) { /* the end tag is the last 8 bytes */
        assert_false(parse_raw(FILE_SIZE, shorter));
        assert_true(strstr(failure.why, "has no end tag") || strstr(failure.why, "at offset"));
    }
}

static void truncated(void **state)
{
    (void)state;
    begin();
    address_tag(LOAD + OFFSET, LOAD, 0, 0);
    entry_tag(LOAD);
    tag(MULTIBOOT2_HEADER_TAG_END, 0, 0, NULL);
    for (uint64_t size = 0; size < OFFSET + length + 100; size++)
        assert_int_equal(parse_raw(size, length), size >= OFFSET + length);
}

/* ---- tags ---- */

static void tag_sizes(void **state)
{
    static const struct {
        uint16_t type;
        uint32_t minimum;
    } known[] = { { 1, 8 }, { 2, 24 }, { 3, 12 }, { 4, 12 }, { 5, 20 },
                  { 6, 8 }, { 7, 8 },  { 8, 12 }, { 9, 12 }, { 10, 24 } };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        for (uint32_t size = 0; size < known[i].minimum; size++) {
            begin_flat();
            tag(known[i].type, OPTIONAL, 5, (const uint32_t[5]){ 0 });
            memcpy(tags + length - 28, &size, 4);
            length = (length - 32 + (size < 8 ? 8 : size) + 7) & ~7u;
            assert_refused(size < 8 ? "bytes at offset 56" : "bytes");
        }
    }
    begin_flat();
    tag(6, 0, 0, NULL);
    memcpy(tags + length - 4, &(uint32_t){ 0xfffffff9 }, 4); /* rounded up it is 0 */
    assert_refused("its multiboot2 header tag 6 has 4294967289 bytes at offset 56 of 72");
    memcpy(tags + length - 4, &(uint32_t){ 17 }, 4); /* over the end */
    assert_refused("its multiboot2 header tag 6 has 17 bytes at offset 56 of 72");
    memcpy(tags + length - 4, &(uint32_t){ 16 }, 4); /* over the end tag */
    assert_refused("its multiboot2 header has no end tag");
}

static void no_end_tag(void **state)
{
    (void)state;
    assert_false(parse_raw(FILE_SIZE, length));
    assert_says("its multiboot2 header has no end tag");
}

static void requests(void **state)
{
    (void)state;
    TAG(1, 0, 1, 6, 21);
    TAG(1, 0, 8, 0); /* adds up; the end is always there */
    TAG(1, OPTIONAL, 9, 64, 1000);
    tag(1, 0, 0, NULL);
    assert_true(parse());
    assert_int_equal(kernel.required, 1 << 1 | 1 << 6 | 1 << 21 | 1 << 8);
    TAG(1, 0, 6, 22);
    assert_refused("it requires the multiboot2 information tag 22, which is unknown");
    begin_flat();
    TAG(1, 0, 64);
    assert_refused("information tag 64, which");
    begin_flat();
    TAG(1, 0, 0xffffffff);
    assert_refused("information tag 4294967295, which");
}

static void flags_and_wishes(void **state)
{
    (void)state;
    TAG(4, 0, 3);
    TAG(4, 0, 2); /* what is required stays so, as in GRUB */
    TAG(5, OPTIONAL, 1024, 768, 32);
    tag(6, 0, 0, NULL);
    tag(7, 0, 0, NULL);
    TAG(8, 0, 0x12345678);
    TAG(9, 0, LOAD + 0x200);
    assert_true(parse());
    assert_true(kernel.console_required && kernel.page_aligned && kernel.boot_services);
    assert_true(kernel.framebuffer_wanted && !kernel.framebuffer_required);
    assert_true(kernel.has_entry_efi64);
    assert_int_equal(kernel.entry_efi64, LOAD + 0x200);
    assert_int_equal(kernel.entry, LOAD + 0x100); /* which of them is the exit's to say */
    TAG(5, 0, 0, 0, 0);
    assert_true(parse());
    assert_true(kernel.framebuffer_wanted && kernel.framebuffer_required);
    begin_flat();
    TAG(4, 0, 2);
    assert_true(parse());
    assert_false(kernel.console_required);
}

static void unknown_tags(void **state)
{
    (void)state;
    tag(77, OPTIONAL, 0, NULL);
    TAG(11, OPTIONAL | 0x80, 1, 2, 3);
    tag(0xffff, OPTIONAL, 0, NULL);
    assert_true(parse());
    assert_int_equal(kernel.unknown_count, 3);
    assert_int_equal(kernel.unknown_first, 77);
    tag(11, 0, 0, NULL);
    assert_refused("it requires the multiboot2 header tag 11, which is unknown");
}

static void relocatable(void **state)
{
    static const struct {
        uint32_t minimum, maximum, align, preference;
        uint32_t alignment, preferred;
        const char *refused;
    } cases[] = {
        { 0x200000, 0xffffffff, 0x200000, 2, 0x200000, 2, NULL },
        { 0, 0xffffffff, 0, 0, 1, 0, NULL },
        { 0, 0xffffffff, 0x80000000, 1, 0x80000000, 1, NULL },
        { 0, FILE_SIZE - 1, 1, 3, 1, 0, NULL }, /* just fits; a preference that is none */
        { 0, FILE_SIZE - 2, 1, 0, 0, 0, "its 0x9000 bytes do not fit between its min_addr, 0x0, and its max_addr" },
        { 1, FILE_SIZE - 1, 1, 0, 0, 0, "do not fit" },
        { 0, 0xffffffff, 3, 0, 0, 0, "has the align 0x3, no power of two" },
        { 0, 0xffffffff, 0xffffffff, 0, 0, 0, "no power of two" },
        { 0x1001, 0x1000, 1, 0, 0, 0, "its relocatable tag has the min_addr 0x1001, the max_addr 0x1000" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        begin_flat();
        TAG(10, 0, cases[i].minimum, cases[i].maximum, cases[i].align, cases[i].preference);
        if (cases[i].refused) {
            assert_refused(cases[i].refused);
            continue;
        }
        assert_true(parse());
        assert_true(kernel.relocatable);
        assert_int_equal(kernel.alignment, cases[i].alignment);
        assert_int_equal(kernel.preference, cases[i].preferred);
        assert_int_equal(kernel.minimum, cases[i].minimum);
        assert_int_equal(kernel.maximum, cases[i].maximum);
    }
}

static void the_last_counts(void **state)
{
    (void)state;
    entry_tag(LOAD + 0x300);
    address_tag(LOAD, LOAD, LOAD + 0x1000, 0);
    TAG(10, 0, 0, 1, 3, 0); /* but each must be sound */
    assert_refused("no power of two");
    begin_flat();
    entry_tag(LOAD + 0x300);
    address_tag(LOAD, LOAD, LOAD + 0x1000, 0);
    TAG(10, 0, 0, 0x7fffffff, 0x1000, 1);
    TAG(10, 0, 0x10000, 0xffffffff, 0x2000, 2);
    assert_true(parse());
    assert_int_equal(kernel.entry, LOAD + 0x300);
    assert_int_equal(kernel.program.end, LOAD + 0x1000);
    assert_ptr_equal(kernel.program.segments[0].content.data, file.data + OFFSET);
    assert_int_equal(kernel.alignment, 0x2000);
    assert_int_equal(kernel.minimum, 0x10000);
    assert_int_equal(kernel.preference, 2);
}

/* ---- addresses; what both versions have is tested with version 1 ---- */

static void addresses(void **state)
{
    (void)state;
    begin();
    address_tag(LOAD + OFFSET, 0xffffffff, LOAD + 0x1000, LOAD + 0x20000);
    entry_tag(LOAD);
    assert_true(parse());
    assert_int_equal(kernel.program.start, LOAD);
    assert_int_equal(kernel.program.end, LOAD + 0x20000);
    assert_ptr_equal(kernel.program.segments[0].content.data, file.data);
    assert_int_equal(kernel.program.segments[0].content.size, 0x1000);
    begin();
    address_tag(OFFSET - 1, 0xffffffff, 0, 0);
    entry_tag(0);
    assert_refused("its header_addr, 0x3f, is less than its header's offset, 0x40");
    begin();
    address_tag(LOAD, LOAD + 8, 0, 0);
    entry_tag(LOAD);
    assert_refused("its load_addr, 0x100008, is above its header_addr");
    begin();
    address_tag(LOAD, LOAD, LOAD + 0x1000, 0);
    entry_tag(LOAD + 0x1000);
    assert_refused("its entry, 0x101000, is outside");
}

static void address_without_entry(void **state)
{
    (void)state;
    begin();
    address_tag(LOAD, LOAD, 0, 0);
    assert_refused("its multiboot2 header has no entry address tag");
    TAG(9, 0, LOAD); /* which counts only with boot services */
    assert_refused("its multiboot2 header has no entry address tag");
    tag(7, 0, 0, NULL);
    assert_true(parse());
    assert_false(kernel.has_entry);
    assert_true(kernel.has_entry_efi64);
    TAG(9, 0, LOAD - 1);
    assert_refused("its EFI64 entry, 0xfffff, is outside");
}

/* ---- in an ELF ---- */

static void no_elf(void **state)
{
    (void)state;
    begin();
    entry_tag(LOAD);
    assert_refused("it is no ELF, and its multiboot2 header has no address tag");
}

static void by_elf(void **state)
{
    (void)state;
    for (int is_64 = 0; is_64 < 2; is_64++) {
        synthetic_elf_start(&made, is_64);
        begin();
        assert_true(parse_elf());
        assert_int_equal(kernel.program.count, 2);
        assert_int_equal(kernel.program.start, ELF_LINKED);
        assert_int_equal(kernel.entry, ELF_LINKED + 0x123);
        begin();
        entry_tag(ELF_LINKED + 0x10000);
        made.header.e_entry = 5;
        assert_true(parse_elf());
        assert_int_equal(kernel.entry, ELF_LINKED + 0x10000);
        begin();
        assert_false(parse_elf());
        assert_says("its entry, 0x5, is outside what is loaded");
        begin();
        TAG(9, 0, ELF_LINKED);
        assert_false(parse_elf());
        assert_says("its entry, 0x5, is outside what is loaded");
        begin();
        TAG(9, 0, ELF_LINKED);
        tag(7, 0, 0, NULL);
        assert_true(parse_elf());
        assert_false(kernel.has_entry);
    }
}

static void addresses_override_the_elf(void **state)
{
    (void)state;
    begin();
    address_tag(LOAD + IN_ELF, LOAD, 0, 0);
    entry_tag(LOAD + 1);
    assert_true(parse_elf());
    assert_int_equal(kernel.program.count, 1);
    assert_int_equal(kernel.program.end, LOAD + ELF_END);
    assert_int_equal(kernel.entry, LOAD + 1);
}

static void above_4_gib(void **state)
{
    (void)state;
    begin();
    made.segments[1].p_paddr = 0x100000000;
    assert_false(parse_elf());
    assert_says("it ends at 0x100020000, which multiboot cannot reach");
}

/* ---- the real thing ---- */

static void our_own(void **state)
{
    static const char *const names[] = { "build/quadrivium.elf", "build/quadrivium.efi" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        teardown(NULL);
        file = content_of(names[i]);
        if (!file.data) {
            print_message("no %s yet: `make` builds it\n", names[i]);
            skip();
        }
        assert_true(multiboot2_parse(file, NULL, &kernel, &failure));
        assert_int_equal(kernel.program.start, 0x100000);
        assert_ptr_equal(kernel.program.segments[0].content.data, file.data);
        assert_true(kernel.has_entry && kernel.relocatable && kernel.boot_services);
        assert_int_equal(kernel.alignment, 0x1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sound, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_checksum, setup, teardown),
        cmocka_unit_test_setup_teardown(other_architecture, setup, teardown),
        cmocka_unit_test_setup_teardown(header_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(tag_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(no_end_tag, setup, teardown),
        cmocka_unit_test_setup_teardown(requests, setup, teardown),
        cmocka_unit_test_setup_teardown(flags_and_wishes, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(relocatable, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(address_without_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(no_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(by_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_override_the_elf, setup, teardown),
        cmocka_unit_test_setup_teardown(above_4_gib, setup, teardown),
        cmocka_unit_test_teardown(our_own, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
