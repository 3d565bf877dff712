/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/efi_path.c firmware/loader_texts.c storage/pxe_packet.c common/text.c common/failure.c */
/* Device paths, as OVMF has them and broken ones; what a DHCP packet says of the boot file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "firmware/efi_path.h"
#include "storage/pxe_packet.h"

#include <cmocka.h>

#define END 0x7f, 0xff, 4, 0
#define PCI 1, 1, 6, 0, 0x1f, 2
/* HD(2,GPT,6cb1…,0x800,0x2000) */
#define SIGNATURE 0x6c, 0xb1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define DISK_AT(first, table, type) \
    4, 1, 42, 0, 2, 0, 0, 0, 0, first, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0, SIGNATURE, table, type
#define DISK(table, type) DISK_AT(8, table, type)
#define FILE_A            4, 4, 10, 0, '\\', 0, 'a', 0, 0, 0
#define FILE_B            4, 4, 8, 0, 'b', 0, 0, 0
#define FILE_C            4, 4, 6, 0, 'c', 0

#define PATH(array) ((struct span){ array, sizeof(array) })

static uint8_t made[EFI_PATH_MAX];

static void sizes(void **state)
{
    static const uint8_t good[] = { PCI, DISK(2, 2), END, 1, 2, 3 }, end[] = { END };
    static const uint8_t small[] = { PCI, 1, 1, 3, 0, END };
    static uint8_t endless[400];

    (void)state;
    assert_int_equal(efi_path(good).size, sizeof(good) - 3);
    assert_ptr_equal(efi_path(good).data, good);
    assert_int_equal(efi_path(end).size, 4);
    assert_null(efi_path(NULL).data);
    assert_null(efi_path(small).data);
    for (unsigned i = 0; i < sizeof(endless); i += 4)
        memcpy(endless + i, (uint8_t[]){ 1, 1, 4, 0 }, 4);
    assert_null(efi_path(endless).data);
}

static void nodes(void **state)
{
    static const uint8_t path[] = { PCI, FILE_A, END }, cut[] = { PCI, 4, 4, 12, 0, 1, 2 };
    struct efi_node node;
    uint64_t at = 0;

    (void)state;
    assert_true(efi_path_next(PATH(path), &at, &node));
    assert_true(node.type == 1 && node.subtype == 1 && node.start == 0 && node.data.size == 2);
    assert_true(efi_path_next(PATH(path), &at, &node));
    assert_true(node.type == 4 && node.subtype == 4 && node.start == 6 && node.data.size == 6);
    assert_false(efi_path_next(PATH(path), &at, &node));
    assert_int_equal(at, 16);
    at = 6;
    assert_false(efi_path_next(PATH(cut), &at, &node)); /* longer than what there is */
    at = 1000;
    assert_false(efi_path_next(PATH(cut), &at, &node));
    assert_true(efi_path_has(PATH(path), 4, 4));
    assert_false(efi_path_has(PATH(path), 4, 2));
}

static void partitions(void **state)
{
    static const uint8_t gpt[] = { PCI, DISK(2, 2), END }, mixed[] = { PCI, DISK(1, 2), END }, none[] = { PCI, END };
    static const uint8_t signature[] = { SIGNATURE }, unknown[] = { PCI, DISK(9, 9), END };
    static const uint8_t small[] = { PCI, 4, 1, 8, 0, 1, 0, 0, 0, END };
    static const uint8_t whole_medium[] = { PCI, DISK_AT(0, 1, 1), END };
    struct efi_partition partition;

    (void)state;
    assert_true(efi_path_partition(PATH(gpt), &partition));
    assert_true(partition.number == 2 && partition.table == EFI_PATH_GPT && partition.start == 6);
    assert_memory_equal(partition.signature, signature, 16);
    assert_true(efi_path_partition(PATH(mixed), &partition));
    assert_int_equal(partition.table, 0);
    assert_true(efi_path_partition(PATH(unknown), &partition));
    assert_int_equal(partition.table, 0);
    assert_false(efi_path_partition(PATH(none), &partition));
    assert_false(efi_path_partition(PATH(small), &partition));
    assert_false(efi_path_partition(PATH(whole_medium), &partition));
    assert_int_equal(efi_path_cut(PATH(gpt), 6, made), 10);
    assert_memory_equal(made, ((uint8_t[]){ PCI, END }), 10);
    assert_int_equal(efi_path_cut(PATH(gpt), sizeof(gpt) + 1, made), 0);
}

static void files(void **state)
{
    static const uint8_t volume[] = { PCI, DISK(2, 2), END },
                         file[] = { 4, 4, 16, 0, '\\', 0, 'E', 0, '\\', 0, 'x', 0, 0xe4, 0, 0, 0, END };
    static char name[EFI_PATH_MAX];
    const uint64_t before = sizeof(volume) - 4;

    (void)state;
    assert_int_equal(efi_path_of_file(PATH(volume), "/E/x\xc3\xa4", made), before + sizeof(file));
    assert_memory_equal(made, volume, before);
    assert_memory_equal(made + before, file, sizeof(file));
    assert_true(efi_path_file(efi_path(made), name, sizeof(name)));
    assert_string_equal(name, "\\E\\x\xc3\xa4");
    assert_int_equal(efi_path_of_file((struct span){ NULL, 0 }, "/a", made), 0);
    memset(name, 'a', sizeof(name) - 1);
    assert_int_equal(efi_path_of_file(PATH(volume), name, made), 0);
    name[(EFI_PATH_MAX - before - 8) / 2 - 1] = '\0'; /* the longest that fits */
    assert_int_equal(efi_path_of_file(PATH(volume), name, made), EFI_PATH_MAX);
    assert_int_equal(efi_path(made).size, EFI_PATH_MAX);
    name[strlen(name)] = 'a';
    assert_int_equal(efi_path_of_file(PATH(volume), name, made), 0);
}

static void own_file(void **state)
{
    static const uint8_t parts[] = { FILE_A, FILE_B, FILE_C, END }, none[] = { PCI, END };
    static const uint8_t broken[] = { 4, 4, 6, 0, 0, 0xd8, END };
    char name[7];

    (void)state;
    assert_true(efi_path_file(PATH(parts), name, 7));
    assert_string_equal(name, "\\a\\b\\c");
    for (uint64_t size = 1; size < 7; size++)
        assert_false(efi_path_file(PATH(parts), name, size));
    assert_false(efi_path_file(PATH(none), name, sizeof(name)));
    assert_false(efi_path_file(PATH(broken), name, sizeof(name)));
    assert_false(efi_path_file((struct span){ NULL, 0 }, name, sizeof(name)));
}

static bool becomes(const char *name, const char *expected)
{
    char text[32];

    return name_with_suffix(text_span(name), ".itb", text, sizeof(text)) && !strcmp(text, expected);
}

static void suffixes(void **state)
{
    char text[8];

    (void)state;
    assert_true(becomes("a.efi", "a.itb"));
    assert_true(becomes("http://h.x/d.e/a.b.efi?q=/x.y#z", "http://h.x/d.e/a.b.itb"));
    assert_true(becomes("d.e/a", "d.e/a.itb"));
    assert_true(becomes("d.e\\a", "d.e\\a.itb"));
    assert_false(becomes("d/", ""));
    assert_false(becomes("", ""));
    assert_false(becomes("d/.efi", ""));
    assert_true(name_with_suffix(text_span("abc.efi"), ".itb", text, 8));
    assert_string_equal(text, "abc.itb");
    assert_false(name_with_suffix(text_span("abc.efi"), ".itb", text, 7));
    assert_false(name_with_suffix(text_span("abcdefgh.efi"), ".itb", text, 8));
}

static uint64_t uri_path(uint8_t *path, const char *uri)
{
    const uint64_t size = strlen(uri);

    memcpy(path, (uint8_t[]){ PCI, 3, 24, (uint8_t)(4 + size), (uint8_t)((4 + size) >> 8) }, 10);
    memcpy(path + 10, uri, size);
    memcpy(path + 10 + size, (uint8_t[]){ END }, 4);
    return 14 + size;
}

static void uris(void **state)
{
    static uint8_t path[EFI_PATH_MAX + 64], expected[64];
    static char longest[EFI_PATH_MAX + 1] = "http://h/";
    uint64_t size = uri_path(expected, "http://h/a.itb");

    (void)state;
    assert_int_equal(efi_path_of_uri((struct span){ path, uri_path(path, "http://h/a.efi") }, ".itb", made), size);
    assert_memory_equal(made, expected, size);
    assert_int_equal(efi_path_of_uri((struct span){ path, uri_path(path, "http://h.x") }, ".itb", made), 0);
    assert_int_equal(efi_path_of_uri((struct span){ path, uri_path(path, "http://h.x?/a") }, ".itb", made), 0);
    assert_int_equal(efi_path_of_uri((struct span){ path, uri_path(path, "http://h.x/") }, ".itb", made), 0);
    assert_int_equal(efi_path_of_uri((struct span){ path, uri_path(path, "") }, ".itb", made), 0);
    assert_int_equal(efi_path_of_uri((struct span){ (uint8_t[]){ PCI, END }, 10 }, ".itb", made), 0);
    memset(longest + 9, 'a', EFI_PATH_MAX - 14 - 9);
    memcpy(longest + EFI_PATH_MAX - 14 - 4, ".efi", 5);
    size = uri_path(path, longest);
    assert_int_equal(size, EFI_PATH_MAX);
    assert_int_equal(efi_path_of_uri((struct span){ path, size }, ".itb", made), EFI_PATH_MAX);
    assert_int_equal(efi_path_of_uri((struct span){ path, size }, ".json", made), 0);
}

static uint8_t packet[400];

static struct span packet_with(const uint8_t *options, uint64_t size)
{
    memset(packet, 0, sizeof(packet));
    memcpy(packet + 20, (uint8_t[]){ 10, 0, 2, 2 }, 4);
    memcpy(packet + 108, "x.efi", 5);
    memcpy(packet + 236, (uint8_t[]){ 99, 130, 83, 99 }, 4);
    memcpy(packet + 240, options, size);
    return (struct span){ packet, 240 + size };
}

#define PACKET(...) packet_with((uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

static bool says(struct span bytes, const char *file, uint8_t last)
{
    struct pxe_source source;

    return pxe_packet_read(bytes, &source) && !strcmp(source.file, file) && source.server[0] == 10 &&
           source.server[3] == last;
}

static void packets(void **state)
{
    struct pxe_source source;
    struct span bytes;

    (void)state;
    assert_true(says(PACKET(0, 53, 1, 5, 255), "x.efi", 2));
    assert_true(says(PACKET(67, 3, 'a', '/', 'b', 255), "a/b", 2));
    assert_true(says(PACKET(67, 4, 'a', '/', 'b', 0), "a/b", 2));
    bytes = PACKET(54, 4, 10, 0, 2, 9, 255);
    assert_true(says(bytes, "x.efi", 2));
    memset(packet + 20, 0, 4);
    assert_true(says(bytes, "x.efi", 9));
    assert_false(pxe_packet_read(PACKET(52, 1, 1, 255), &source)); /* the field has options in it */
    assert_true(says(PACKET(67, 200, 'a'), "x.efi", 2));           /* cut short: not read */
    assert_true(says(PACKET(67), "x.efi", 2));
    assert_false(pxe_packet_read(PACKET(67, 1, 0, 255), &source));
    bytes = PACKET(255);
    assert_false(pxe_packet_read((struct span){ bytes.data, 239 }, &source));
    assert_true(pxe_packet_read((struct span){ bytes.data, 240 }, &source));
    memset(packet + 108, 'a', 128); /* without a NUL */
    assert_true(pxe_packet_read(bytes, &source));
    assert_int_equal(strlen(source.file), 128);
    packet[236] = 0;
    assert_false(pxe_packet_read(bytes, &source));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),    cmocka_unit_test(nodes),    cmocka_unit_test(partitions), cmocka_unit_test(files),
        cmocka_unit_test(own_file), cmocka_unit_test(suffixes), cmocka_unit_test(uris),       cmocka_unit_test(packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
