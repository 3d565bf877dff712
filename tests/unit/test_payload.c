/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/payload.c payloads/bzimage.c common/text.c common/failure.c */
/* What a run of bytes is, by its first few hundred and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "payloads/payload.h"
#include "tests/unit/synthetic_kernel.h"

#include <cmocka.h>

/* Recognises a copy of just that size, so that the sanitizer sees what is read behind it. */
static enum payload_kind recognise(const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    enum payload_kind kind;

    memcpy(copy, bytes, size);
    kind = payload_recognise((struct span){ copy, size });
    free(copy);
    return kind;
}

static void nothing(void **state)
{
    (void)state;
    assert_int_equal(payload_recognise((struct span){ NULL, 0 }), PAYLOAD_DATA);
    assert_int_equal(recognise("", 0), PAYLOAD_DATA);
}

static void data(void **state)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0 };

    (void)state;
    assert_int_equal(recognise("070701", 6), PAYLOAD_DATA);
    assert_int_equal(recognise(gzip, sizeof(gzip)), PAYLOAD_DATA);
}

static void bzimage(void **state)
{
    static struct synthetic_kernel kernel;

    (void)state;
    synthetic_start(&kernel, 0x020f);
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);

    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x206), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x205), PAYLOAD_DATA);
    memcpy(kernel.bytes, "MZ", 2); /* with an EFI stub it is a bzImage all the same */
    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
    assert_int_equal(recognise(file.data, 0x205), PAYLOAD_PE);
    memcpy(kernel.bytes, "\x7f\x45LF", 4); /* both at once: whoever made that wants boot.txt */
    assert_int_equal(recognise(file.data, file.size), PAYLOAD_BZIMAGE);
}

static void elf(void **state)
{
    (void)state;
    assert_int_equal(recognise("\x7f\x45LF", 4), PAYLOAD_ELF);
    assert_int_equal(recognise("\x7f\x45LF", 3), PAYLOAD_DATA);
    assert_int_equal(recognise("\x7f\x45Lf", 4), PAYLOAD_DATA);
}

static void pe(void **state)
{
    uint8_t bytes[0x40] = { 'M', 'Z' };

    (void)state;
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_PE);
    assert_int_equal(recognise(bytes, sizeof(bytes) - 1), PAYLOAD_DATA); /* no room for e_lfanew */
    bytes[1] = 'z';
    assert_int_equal(recognise(bytes, sizeof(bytes)), PAYLOAD_DATA);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(payload_kind_name(PAYLOAD_DATA), "data");
    assert_string_equal(payload_kind_name(PAYLOAD_BZIMAGE), "bzImage");
    assert_string_equal(payload_kind_name(PAYLOAD_ELF), "ELF");
    assert_string_equal(payload_kind_name(PAYLOAD_PE), "PE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing), cmocka_unit_test(data), cmocka_unit_test(bzimage),
        cmocka_unit_test(elf),     cmocka_unit_test(pe),   cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
