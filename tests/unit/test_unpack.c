/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/unpack.c payloads/unpack_gzip.c payloads/unpack_zstd.c payloads/unpack_lz4.c */
/* sources: payloads/unpack_xz.c payloads/unpack_lzma.c tests/unit/packers.c common/text.c common/failure.c */
/* libraries: -l:libz.a -l:libzstd.a -l:liblz4.a -l:liblzma.a */
/*
 * Unpacking what the libraries' own compressors packed (packers.c), whole, cut and damaged. The libraries are not built
 * with the sanitizers, so that what they read and write lies against a page that is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/string.h"
#include "payloads/unpack.h"
#include "tests/unit/packers.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define KIB  1024ull
#define MIB  (KIB * KIB)
#define PAGE 4096ull

static struct failure failure;
static uint64_t size, used;

/* ---- memory that ends where a page is missing ---- */

struct guarded {
    uint8_t *mapping, *end;
};

static const uint64_t guarded_room = 24 * MIB;
static struct guarded in, out;

static struct guarded guarded_make(void)
{
    uint8_t *mapping = mmap(NULL, guarded_room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(mapping != MAP_FAILED);
    assert_int_equal(mprotect(mapping + guarded_room, PAGE, PROT_NONE), 0);
    return (struct guarded){ mapping, mapping + guarded_room };
}

static int setup(void **state)
{
    (void)state;
    in = guarded_make();
    out = guarded_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return munmap(in.mapping, guarded_room + PAGE) | munmap(out.mapping, guarded_room + PAGE);
}

static struct span input(const uint8_t *bytes, uint64_t count)
{
    assert_true(count <= guarded_room);
    memcpy(in.end - count, bytes, count);
    return (struct span){ in.end - count, count };
}

/* ---- contents ---- */

/* A third zeros, a third like text, a third noise; in runs of 1 KiB. */
static uint8_t *content_make(uint64_t count)
{
    uint8_t *content = malloc(count + 1);
    uint32_t random = 1;

    for (uint64_t i = 0; i < count; i++) {
        random = random * 1664525 + 1013904223;
        switch (i / KIB % 3) {
        case 0:
            content[i] = 0;
            break;
        case 1:
            content[i] = (uint8_t) "etaoin s"[random >> 16 & 7];
            break;
        default:
            content[i] = random >> 24;
        }
    }
    return content;
}

static struct packed pack(const struct packer *packer, const uint8_t *content, uint64_t count)
{
    struct packed packed = { 0 };

    packer->pack(&packed, (struct span){ content, count }, 1);
    return packed;
}

static bool unpack_into(const uint8_t *bytes, uint64_t count, uint64_t capacity)
{
    memset(&failure, 0, sizeof(failure));
    return unpack(input(bytes, count), out.end - capacity, capacity, &size, &used, &failure);
}

static void assert_why(const char *why)
{
    assert_failure(&failure, "payload", why);
}

static void assert_unpacks(const struct packer *packer, const struct packed *packed, uint64_t stream,
                           const uint8_t *content, uint64_t count, uint64_t capacity)
{
    if (!unpack_into(packed->data, packed->size, capacity))
        fail_msg("%s, %lu bytes: %s", packer->name, count, failure.why);
    assert_int_equal(size, count);
    assert_int_equal(used, stream);
    assert_memory_equal(out.end - capacity, content, count);
}

/* ---- whole streams ---- */

static void round_trips(void **state)
{
    const uint64_t sizes[] = { 0, 1, 2, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 128 * KIB + 1, 300 * KIB };

    (void)state;
    for (unsigned i = 0; i < PACKERS * sizeof(sizes) / sizeof(*sizes); i++) {
        const struct packer *packer = &packers[i % PACKERS];
        uint64_t count = sizes[i / PACKERS], stream;
        uint8_t *content = content_make(count);
        struct packed packed = pack(packer, content, count);

        stream = packed.size;
        assert_int_equal(unpack_recognise((struct span){ packed.data, packed.size }), packer->packing);
        assert_unpacks(packer, &packed, stream, content, count, count);
        assert_unpacks(packer, &packed, stream, content, count, count + 100000);
        if (count) {
            assert_false(unpack_into(packed.data, packed.size, count - 1));
            assert_why("it unpacks to more than the");
            assert_false(unpack_into(packed.data, packed.size, 0));
            assert_why("it unpacks to more than the 0 bytes that there is room for");
        }
        packed_add(&packed, "\0\0\0\0070701 and more", 16);
        if (count || packer->packing != PACKING_LZ4_LEGACY) /* whose empty stream is a magic number and nothing else */
            assert_unpacks(packer, &packed, stream, content, count, count);
        free(packed.data);
        free(content);
    }
}

/* Sizes around the legacy format's blocks, and one that is several blocks in every format. */
static void large(void **state)
{
    const uint64_t sizes[] = { 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 16 * MIB, 20 * MIB };
    uint8_t *content = content_make(20 * MIB);

    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
            if (sizes[i] < 20 * MIB && packer->packing != PACKING_LZ4_LEGACY)
                continue;
            if (packer->packing == PACKING_XZ && packer != packer_named("xz crc64")) /* they differ in the check only */
                continue;

            struct packed packed = pack(packer, content, sizes[i]);
            uint64_t stream = packed.size;

            packed_add(&packed, "\0\0\0\0 \xff\xff\xff", 8);
            assert_unpacks(packer, &packed, stream, content, sizes[i], sizes[i]);
            assert_false(unpack_into(packed.data, packed.size, sizes[i] - 1));
            assert_why("it unpacks to more than the");
            free(packed.data);
        }
    }
    free(content);
}

/* One stream of several parts: xz blocks among them. */
static void repeated(void **state)
{
    uint8_t *content = content_make(100 * KIB);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = { 0 };

        packer->pack(&packed, (struct span){ content, 100 * KIB }, 5);
        assert_true(unpack_into(packed.data, packed.size, 500 * KIB));
        assert_int_equal(size, 500 * KIB);
        assert_int_equal(used, packed.size);
        for (unsigned i = 0; i < 5; i++)
            assert_memory_equal(out.end - 500 * KIB + i * 100 * KIB, content, 100 * KIB);
        free(packed.data);
    }
    free(content);
}

static void only_the_first_stream(void **state)
{
    uint8_t *content = content_make(10000);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, 10000);
        uint64_t stream = packed.size;

        packer->pack(&packed, (struct span){ content, 5000 }, 1);
        assert_unpacks(packer, &packed, stream, content, 10000, 10000);
        assert_true(unpack_into(packed.data + stream, packed.size - stream, 5000));
        assert_int_equal(used, packed.size - stream);
        free(packed.data);
    }
    free(content);
}

static void skippable_frames(void **state)
{
    const char *const names[] = { "zstd", "zstd plain", "lz4 linked" };
    uint8_t *content = content_make(10000);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const struct packer *packer = packer_named(names[i]);
        struct packed packed = { 0 };

        packed_add32(&packed, 0x184d2a50);
        packed_add32(&packed, 0);
        packed_add32(&packed, 0x184d2a5f);
        packed_add32(&packed, 3);
        packed_add(&packed, "abc", 3);
        packer->pack(&packed, (struct span){ content, 10000 }, 1);
        assert_int_equal(unpack_recognise((struct span){ packed.data, packed.size }), packer->packing);
        assert_int_equal(unpack_size((struct span){ packed.data, packed.size }, &size), packer->says_size);
        assert_unpacks(packer, &packed, packed.size, content, 10000, 10000);
        assert_int_equal(unpack_head((struct span){ packed.data, packed.size }, out.end - 10, 10), 10);
        packed.data[12]++; /* skips one byte of the magic number too */
        assert_int_equal(unpack_recognise((struct span){ packed.data, packed.size }), PACKING_NONE);
        free(packed.data);
    }
    free(content);
}

static void names_and_magic_numbers(void **state)
{
    uint8_t byte = 0x1f;

    (void)state;
    assert_string_equal(unpack_name(PACKING_NONE), "none");
    assert_string_equal(unpack_name(PACKING_GZIP), "gzip");
    assert_string_equal(unpack_name(PACKING_LZ4_LEGACY), "legacy lz4");
    assert_string_equal(unpack_name(PACKING_LZMA), "lzma");
    assert_string_equal(unpack_name((enum packing)99), "none");
    assert_int_equal(unpack_recognise((struct span){ NULL, 0 }), PACKING_NONE);
    assert_int_equal(unpack_recognise((struct span){ &byte, 1 }), PACKING_NONE);
    assert_false(unpack_size((struct span){ NULL, 0 }, &size));
    assert_int_equal(unpack_head((struct span){ &byte, 1 }, out.end - 1, 1), 0);
    assert_false(unpack_into((const uint8_t *)"\x7f"
                                              "ELF....",
                             8, 100));
    assert_why("it is not packed in any way that is known");
}

/* It has no magic number: each part of its header has to be what packers write. */
static void lzma_headers(void **state)
{
    static const uint8_t header[] = { 0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
    static const struct {
        uint8_t at, size;
        uint64_t value;
        bool is;
    } cases[] = {
        { 0, 1, 0x5d, true },
        { 0, 1, 0x5e, false },
        { 0, 1, 0, false },
        { 1, 4, 4096, true },
        { 1, 4, 6144, true },
        { 1, 4, 1u << 31, true },
        { 1, 4, 3u << 30, true },
        { 1, 4, 0, false },
        { 1, 4, 2048, false },
        { 1, 4, 4097, false },
        { 1, 4, 5 << 20, false },
        { 1, 4, 7 << 20, false },
        { 1, 4, UINT32_MAX, false },
        { 5, 8, 0, true },
        { 5, 8, 100 << 20, true },
        { 5, 8, UINT64_MAX - 1, false },
        { 5, 8, (1ull << 38) - 1, true },
        { 5, 8, 1ull << 38, false },
        { 13, 1, 1, false },
        { 13, 1, 0x80, false },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t bytes[sizeof(header)];

        memcpy(bytes, header, sizeof(header));
        memcpy(bytes + cases[i].at, &cases[i].value, cases[i].size);
        assert_int_equal(unpack_recognise(input(bytes, sizeof(bytes))), cases[i].is ? PACKING_LZMA : PACKING_NONE);
    }
    for (uint64_t cut = 0; cut < sizeof(header); cut++)
        assert_int_equal(unpack_recognise(input(header, cut)), PACKING_NONE);
}

static void sizes_in_headers(void **state)
{
    uint8_t *content = content_make(70000);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, 70000);

        for (uint64_t cut = 0; cut <= packed.size; cut += cut < 100 ? 1 : 997) {
            size = 0;
            if (unpack_size(input(packed.data, cut), &size))
                assert_true(packer->says_size && size == 70000);
            else
                assert_true(!packer->says_size || cut < 20);
        }
        free(packed.data);
    }
    free(content);
}

/* ---- heads ---- */

static void heads(void **state)
{
    const uint64_t sizes[] = { 0, 1, 100, 4096, 65535, 65536, 131072, 200000, 2 * MIB, 2 * MIB + 1, 3 * MIB };
    uint8_t *content = content_make(2 * MIB);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, 2 * MIB);

        for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            uint64_t expected = sizes[i] < 2 * MIB ? sizes[i] : 2 * MIB;

            assert_int_equal(unpack_head(input(packed.data, packed.size), out.end - sizes[i], sizes[i]), expected);
            assert_memory_equal(out.end - sizes[i], content, expected);
        }
        /* What comes later is not looked at; but the one block of the legacy format has to be there. */
        memset(packed.data + packed.size / 2, 0x55, packed.size / 2);
        if (packer->packing != PACKING_LZ4_LEGACY)
            packed.size -= packed.size / 4;
        assert_int_equal(unpack_head(input(packed.data, packed.size), out.end - 4096, 4096), 4096);
        assert_memory_equal(out.end - 4096, content, 4096);
        free(packed.data);
    }
    free(content);
}

/* However much of a block there is room for, the same comes of it. */
static void heads_of_every_size(void **state)
{
    const uint64_t count = 3000;
    uint8_t *content = content_make(count);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, count);
        struct span stream = input(packed.data, packed.size);

        for (uint64_t room = 0; room < count + 32; room++) {
            uint64_t expected = room < count ? room : count;

            memset(out.end - room, 0x55, room);
            assert_int_equal(unpack_head(stream, out.end - room, room), expected);
            assert_memory_equal(out.end - room, content, expected);
        }
        free(packed.data);
    }
    free(content);
}

/* ---- damage ---- */

static void truncated(void **state)
{
    uint8_t *content = content_make(2500);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, 2500);

        for (uint64_t cut = 0; cut < packed.size; cut++) {
            bool empty = packer->packing == PACKING_LZ4_LEGACY && cut == 4; /* as `lz4 -l` packs nothing */
            enum packing packing = unpack_recognise(input(packed.data, cut));
            uint64_t head = unpack_head(input(packed.data, cut), out.end - 2500, 2500);

            assert_true(head <= 2500 && !memcmp(out.end - 2500, content, head));
            if (unpack_into(packed.data, cut, 5000) != empty)
                fail_msg("%s, %lu of %lu bytes: %s", packer->name, cut, packed.size, failure.why);
            if (packing == PACKING_NONE)
                assert_why("not packed");
            else if (!empty)
                assert_why("stream is truncated after");
        }
        free(packed.data);
    }
    free(content);
}

/* Every bit by itself, and every byte as a whole. */
static void flipped(void **state)
{
    uint8_t *content = content_make(2500);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = pack(packer, content, 2500);

        for (uint64_t i = 0; i < 9 * packed.size; i++) {
            uint8_t mask = i % 9 == 8 ? 0xff : (uint8_t)(1 << i % 9);

            packed.data[i / 9] ^= mask;
            if (unpack_into(packed.data, packed.size, 3000)) {
                assert_true(used <= packed.size && size <= 3000);
                if (packer->checked && (size != 2500 || memcmp(out.end - 3000, content, size)))
                    fail_msg("%s: byte %lu ^ 0x%02x is not noticed", packer->name, i / 9, mask);
            } else {
                assert_true(*failure.why);
            }
            packed.data[i / 9] ^= mask;
        }
        free(packed.data);
    }
    free(content);
}

static void reasons(void **state)
{
    uint8_t *content = content_make(2500);
    struct packed packed = pack(packer_named("gzip"), content, 2500);

    (void)state;
    packed.data[packed.size - 8] ^= 1;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_string_equal(failure.why, "its gzip stream is broken: incorrect data check");
    free(packed.data);
    packed = pack(packer_named("zstd"), content, 2500);
    packed.data[packed.size - 1] ^= 1;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_string_equal(failure.why, "its zstd stream is broken: Restored data doesn't match checksum");
    free(packed.data);
    packed = pack(packer_named("lz4 linked"), content, 2500);
    packed.data[packed.size - 1] ^= 1;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_string_equal(failure.why, "its lz4 stream is broken: its checksum is wrong");
    packed.data[4] |= 1;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_why("it needs a dictionary");
    packed.data[4] |= 2;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_why("unknown flags");
    free(packed.data);
    packed = pack(packer_named("xz crc32"), content, 2500);
    packed.data[packed.size / 2] ^= 1;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_string_equal(failure.why, "its xz stream is broken: its data is corrupt");
    free(packed.data);
    packed = pack(packer_named("lzma"), content, 2500);
    packed.data[packed.size / 2] ^= 1;
    packed.data[13 + 1] ^= 0xff; /* the first literal's */
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_string_equal(failure.why, "its lzma stream is broken: its data is corrupt");
    packed.data[4] = 0x40; /* 1 GiB and what it was: not recognised; as the whole of it: too much */
    packed.data[3] = 0;
    assert_false(unpack_into(packed.data, packed.size, 2500));
    assert_why("its dictionary is larger than 128 MiB");
    free(packed.data);
    free(content);
}

/* A window of more than 128 MiB, an xz dictionary of 1 GiB: not worth a machine's memory. */
static void greedy(void **state)
{
    static const uint8_t window[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90, 0x01, 0x00, 0x00 }; /* 2^28 */
    static const uint8_t fits[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00 };   /* 2^27 */
    /* `xz --lzma2=dict=1GiB --check=none` of one byte */
    static const uint8_t dictionary[] = {
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x00, 0xff, 0x12, 0xd9, 0x41, 0x02, 0x00, 0x21, 0x01, 0x24, 0x00,
        0x00, 0x00, 0x5e, 0x1f, 0xc7, 0xf9, 0x01, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x11, 0x01,
        0xad, 0xa6, 0x58, 0x04, 0x06, 0x72, 0x9e, 0x7a, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x59, 0x5a
    };

    (void)state;
    assert_false(unpack_into(window, sizeof(window), 100));
    assert_why("its window is larger than 128 MiB");
    assert_true(unpack_into(fits, sizeof(fits), 100));
    assert_false(unpack_into(dictionary, sizeof(dictionary), 100));
    assert_why("its dictionary is larger than 128 MiB");
}

static void bombs(void **state)
{
    uint8_t *zeros = calloc(1, MIB);

    (void)state;
    for (const struct packer *packer = packers; packer < packers + PACKERS; packer++) {
        struct packed packed = { 0 };

        /* liblzma takes too long to pack that, and all of its checks pack the same. */
        packer->pack(&packed, (struct span){ zeros, MIB },
                     packer->packing == PACKING_XZ || packer->packing == PACKING_LZMA ? 32 : 1024);

        clock_t start = clock();

        assert_false(unpack_into(packed.data, packed.size, MIB));
        assert_why("it unpacks to more than the 1048576 bytes that there is room for");
        assert_true(clock() - start < CLOCKS_PER_SEC / 4);
        free(packed.data);
    }
    free(zeros);
}

/* ---- the formats' corners ---- */

static void legacy_ends(void **state)
{
    struct packed packed = { 0 };

    (void)state;
    packed_add32(&packed, 0x184c2102);
    assert_true(unpack_into(packed.data, packed.size, 10));
    assert_true(size == 0 && used == 4);
    packed_add32(&packed, 0);
    assert_false(unpack_into(packed.data, packed.size, 10));
    assert_why("its first block has an impossible size");
    packed.size = 4;
    packed_add32(&packed, UINT32_MAX);
    assert_false(unpack_into(packed.data, packed.size, 10));
    assert_why("its first block has an impossible size");
    packed.size = 4;
    packed_add32(&packed, 2);
    packed_add(&packed,
               "\x10"
               "a"
               "\x99",
               3); /* a block that is not full is the last one */
    assert_true(unpack_into(packed.data, packed.size, 10));
    assert_true(size == 1 && used == 10 && out.end[-10] == 'a');
    packed.size = 4;
    packed_add32(&packed, 1);
    packed_add(&packed, "\x09", 1); /* of nothing, with a length for a match that is not there */
    assert_true(unpack_into(packed.data, packed.size, 0));
    assert_true(size == 0 && used == 9);
    free(packed.data);
}

/* Two bytes stored, then a block of nothing: the frame has no checksum but the header's. */
static void stored_lz4_blocks(void **state)
{
    static const uint8_t frame[] = { 0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0x02, 0x00, 0x00, 0x80,
                                     'a',  'b',  0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 'z' };

    (void)state;
    assert_true(unpack_into(frame, sizeof(frame), 2));
    assert_true(size == 2 && used == sizeof(frame) - 1 && !memcmp(out.end - 2, "ab", 2));
    assert_false(unpack_into(frame, sizeof(frame), 1));
    assert_why("it unpacks to more than the 1 bytes");
    assert_int_equal(unpack_head(input(frame, sizeof(frame)), out.end - 1, 1), 1);
    assert_int_equal(out.end[-1], 'a');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(large),
        cmocka_unit_test(repeated),
        cmocka_unit_test(only_the_first_stream),
        cmocka_unit_test(skippable_frames),
        cmocka_unit_test(names_and_magic_numbers),
        cmocka_unit_test(lzma_headers),
        cmocka_unit_test(sizes_in_headers),
        cmocka_unit_test(heads),
        cmocka_unit_test(heads_of_every_size),
        cmocka_unit_test(truncated),
        cmocka_unit_test(flipped),
        cmocka_unit_test(reasons),
        cmocka_unit_test(greedy),
        cmocka_unit_test(bombs),
        cmocka_unit_test(legacy_ends),
        cmocka_unit_test(stored_lz4_blocks),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
