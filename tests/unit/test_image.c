/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: tools/image.c payloads/sections.c common/text.c common/failure.c */
/*
 * What quadrivium-pack cannot be asked from outside without gigabytes of memory: where an image becomes too large. All
 * else about tools/image.c is in test_pack.py and test_pack_refuses.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/layout.h"
#include "tools/image.h"

#include <cmocka.h>

static void too_large(void **state)
{
    static const uint64_t sizes[] = {
        IMAGE_SIZE_MAX - LAYOUT_TEXT + 1, /* one byte too many */
        IMAGE_SIZE_MAX - LAYOUT_TEXT,     /* but not once it is rounded up to a page */
        UINT32_MAX,
        UINT64_MAX - LAYOUT_TEXT, /* rounding up would wrap */
        UINT64_MAX,               /* adding would */
    };
    struct image image = { .data = calloc(1, LAYOUT_TEXT), .size = LAYOUT_TEXT };
    struct failure failure;
    uint8_t byte = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_false(image_append(&image, ".initrd", (struct span){ &byte, sizes[i] }, &failure));
        assert_non_null(strstr(failure.why, "larger than 2 GiB"));
        assert_int_equal(image.size, LAYOUT_TEXT);
    }
    assert_true(image_append(&image, ".initrd", (struct span){ &byte, 1 }, &failure));
    assert_int_equal(image.size, LAYOUT_TEXT + LAYOUT_PAGE);
    free(image.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
