/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/virtio_words.c common/text.c */
/* virtio_mmio.device=, as Linux understands it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text.h"
#include "storage/virtio_words.h"

#include <cmocka.h>

static void good_ones(void **state)
{
    static const struct {
        const char *word;
        uint64_t address, size;
    } cases[] = {
        { "4K@0xd0000000:5", 0xd0000000, 4096 },  /* Firecracker */
        { "512@0xfeb00e00:12", 0xfeb00e00, 512 }, /* QEMU's microvm */
        { "1k@0X1000100:7:3", 0x1000100, 1024 },
        { "0x200@4276092928:1:0", 0xfee00000, 512 },
        { "1M@0xFeAbCdEf00:07", 0xfeabcdef00, 1u << 20 },
        { "0x1000@01000:0x5", 512, 4096 },
        { "1g@0:4294967295", 0, 1u << 30 },
        { "1E@0x1:1:2147483647", 1, 1ull << 60 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct virtio_word word = { 0 };
        char line[128];
        struct span rest, text;
        bool good;

        text_format(line, sizeof(line), "quiet  virtio_mmio.device=%s console=ttyS0", cases[i].word);
        rest = text_span(line);
        assert_true(virtio_word_next(&rest, &word, &good, &text));
        assert_true(good);
        assert_int_equal(word.address, cases[i].address);
        assert_int_equal(word.size, cases[i].size);
        assert_false(virtio_word_next(&rest, &word, &good, &text));
    }
}

static void bad_ones(void **state)
{
    static const char *const cases[] = {
        "",
        "4K",
        "@0x1000:5",
        "4K@",
        "4K@:5",
        "4K@0x1000",
        "4K@0x1000:",
        "4K@0x1000:0",
        "4K@0x1000:5:",
        "4K@0x1000:5:1:1",
        "4K@0x1000:5x",
        "4KB@0x1000:5",
        "K@0x1000:5",
        "4K@0x:5",
        "4K@1000h:5",
        "4K@08:5",
        "4K@0x1000:4294967296",
        "4K@0x1000:5:2147483648",
        "4K@0x1000:-5",
        "-4K@0x1000:5",
        "0@0x1000:5",
        "16E@0x1000:5",
        "32E@0x1000:5",
        "4K@0x10000000000000000:5",
        "4K@0xfffffffffffff001:5",
        "18446744073709551616@0x1000:5",
        "\"4K@0x1000:5\"",
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct virtio_word word;
        char line[128];
        struct span rest, text;
        bool good;

        text_format(line, sizeof(line), "virtio_mmio.device=%s", cases[i]);
        rest = text_span(line);
        assert_true(virtio_word_next(&rest, &word, &good, &text));
        if (good)
            fail_msg("%s is good", cases[i]);
        assert_int_equal(text.size, rest.data - text.data);
    }
}

static void several(void **state)
{
    struct span rest = text_span("virtio_mmio.device=4K@0x1000:5 virtio_mmio.device=x virtio_mmio.devices=4K@0x1:1 "
                                 "\"a virtio_mmio.device=4K@0x2000:5\" virtio_mmio.device=4K@0x3000:6 -- "
                                 "virtio_mmio.device=4K@0x4000:7");
    struct virtio_word word;
    struct span text;
    bool good;

    (void)state;
    assert_true(virtio_word_next(&rest, &word, &good, &text) && good && word.address == 0x1000);
    assert_true(virtio_word_next(&rest, &word, &good, &text) && !good);
    assert_true(text_equals(text, "virtio_mmio.device=x"));
    assert_true(virtio_word_next(&rest, &word, &good, &text) && good && word.address == 0x3000);
    assert_false(virtio_word_next(&rest, &word, &good, &text)); /* what follows is init's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),
        cmocka_unit_test(bad_ones),
        cmocka_unit_test(several),
    };

    return cmocka_run_group_tests_name("virtio_words", tests, NULL, NULL);
}
