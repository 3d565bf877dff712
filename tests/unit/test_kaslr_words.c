/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/kaslr_words.c common/text.c common/failure.c */
/* What a bzImage's own unpacker would read on the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/text.h"
#include "payloads/kaslr_words.h"

#include <cmocka.h>

static struct kaslr_words words;

static void flags(void **state)
{
    static const char *const yes[] = { "nokaslr", "a nokaslr", "nokaslr b", "a\tnokaslr\nb" };
    static const char *const no[] = { "", " ", "nokaslr=1", "xnokaslr", "a=\"nokaslr\"", "\"nokaslr\"", "nokasl" };

    (void)state;
    for (unsigned i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        kaslr_words_read(yes[i], &words);
        assert_true(words.nokaslr);
        assert_false(words.no5lvl);
    }
    for (unsigned i = 0; i < sizeof(no) / sizeof(*no); i++) {
        kaslr_words_read(no[i], &words);
        assert_false(words.nokaslr);
        assert_null(words.limits.data);
    }
    kaslr_words_read("no5lvl quiet", &words);
    assert_true(words.no5lvl && !words.nokaslr);
}

static void memory(void **state)
{
    static const char *const yes[] = { "mem=1G", "memmap=64M$1G", "\"memmap=64M$1G\"", "hugepagesz=1G",
                                       "movable_node" };
    static const char *const no[] = { "quiet", "dom0_mem=1G", "hugepages=8", "hugepagesz=2M hugepages=8", "mem" };

    (void)state;
    for (unsigned i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        char line[80];

        text_format(line, sizeof(line), "root=/dev/vda %s ro", yes[i]);
        kaslr_words_read(line, &words);
        assert_non_null(words.limits.data);
        assert_null(words.encryption.data);
    }
    for (unsigned i = 0; i < sizeof(no) / sizeof(*no); i++) {
        kaslr_words_read(no[i], &words);
        assert_null(words.limits.data);
    }
    kaslr_words_read("mem_encrypt=on", &words);
    assert_true(text_equals(words.encryption, "mem_encrypt=on"));
    assert_null(words.limits.data);
}

static void for_the_stub(void **state)
{
    static const char *const yes[] = { "video=efifb:auto", "\"video=efifb:1024x768-32\"", "efi=disable_early_pci_dma",
                                       "efi=debug,no_disable_early_pci_dma", "efi=disable_early_pci_dma,debug" };
    static const char *const no[] = { "",
                                      "video=efifb",
                                      "video=hyperv_fb:800x600",
                                      "efi=debug,nochunk",
                                      "efi=noruntime",
                                      "xefi=disable_early_pci_dma",
                                      "efi=",
                                      "efi=," };

    (void)state;
    for (unsigned i = 0; i < sizeof(yes) / sizeof(*yes); i++) {
        char line[80];

        text_format(line, sizeof(line), "root=/dev/vda %s ro", yes[i]);
        assert_non_null(stub_word(line, 1).data);
    }
    for (unsigned i = 0; i < sizeof(no) / sizeof(*no); i++)
        assert_null(stub_word(no[i], 1).data);
    assert_null(stub_word("quiet initrd=\\initrd.img", 1).data); /* it has one already */
    assert_true(text_equals(stub_word("quiet initrd=initrd.img ro", 0), "initrd=initrd.img"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(flags), cmocka_unit_test(memory),
                                        cmocka_unit_test(for_the_stub) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
