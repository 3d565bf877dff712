/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/version.c */
/* UAPI.10: every example of its chapter "Examples", and what its steps say that no example shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "menu/version.h"

#include <cmocka.h>

static void expect(const char *a, const char *relation, const char *b)
{
    int forward = version_compare(a, b), backward = version_compare(b, a);
    int wanted = *relation == '<' ? -1 : *relation == '>';

    forward = (forward > 0) - (forward < 0);
    backward = (backward > 0) - (backward < 0);
    if (forward != wanted || backward != -wanted)
        print_error("'%s' %s '%s' comes out as %d and %d\n", a, relation, b, forward, backward);
    assert_int_equal(forward, wanted);
    assert_int_equal(backward, -wanted);
}

static void examples(void **state)
{
    (void)state;
    expect("11", "==", "11");
    expect("systemd-123", "==", "systemd-123");
    expect("bar-123", "<", "foo-123");
    expect("123a", ">", "123");
    expect("123.a", ">", "123");
    expect("123.a", "<", "123.b");
    expect("123a", ">", "123.a");
    expect("11α", "==", "11β");
    expect("B", "<", "a");
    expect("", "<", "0");
    expect("0.", ">", "0");
    expect("0.0", ">", "0");
    expect("0", ">", "~");
    expect("", ">", "~");
    expect("1_", "==", "1");
    expect("_1", "==", "1");
    expect("1_", "<", "1.2");
    expect("1_2_3", ">", "1.3.3");
    expect("1+", "==", "1");
    expect("+1", "==", "1");
    expect("1+", "<", "1.2");
    expect("1+2+3", ">", "1.3.3");
}

/* "each entry compares smaller than every entry to its right" */
static void the_long_example(void **state)
{
    static const char *const versions[] = { "122.1",   "123~rc1-1", "123",     "123-a",   "123-a.1", "123-1",
                                            "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1",  "124-1" };
    const size_t count = sizeof(versions) / sizeof(*versions);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        expect(versions[i], "==", versions[i]);
        for (size_t k = i + 1; k < count; k++)
            expect(versions[i], "<", versions[k]);
    }
}

static void numbers(void **state)
{
    (void)state;
    expect("9", "<", "10");
    expect("010", "==", "10");
    expect("1.02", "==", "1.2");
    expect("a", ">", "0"); /* 0 is no number, too, and then one has ended */
    expect("1a", "<", "10");
    expect("18446744073709551616", ">", "18446744073709551615"); /* longer than a machine's */
    expect("99999999999999999999999999999998", "<", "99999999999999999999999999999999");
    expect("00000000000000000000000000000001", "==", "1");
}

static void letters(void **state)
{
    (void)state;
    expect("abc", "<", "abd");
    expect("ab", "<", "abc");
    expect("Z", "<", "a");
    expect("ab1", "<", "abc");
    expect("rc1", "<", "rc2");
}

static void marks(void **state)
{
    (void)state;
    expect("1~1", "<", "1");
    expect("1~~", "<", "1~a");
    expect("1-1", "<", "1^1");
    expect("1^1", "<", "1.1");
    expect("1-1", ">", "1");
    expect("1--1", "<", "1-1");
    expect("~", "==", "~");
    expect("1~_rc", "==", "1~rc");
    expect("1~_", "==", "1~");
}

static void kernels(void **state)
{
    (void)state;
    expect("6.1.0-9-amd64", "<", "6.1.0-18-amd64");
    expect("6.1.0-18-amd64", "<", "6.10.3+bpo-amd64");
    expect("6.6~rc1", "<", "6.6");
    expect("3.7.2-201.fc18.x86_64", "<", "3.8.0-2.fc19.x86_64");
    expect("", "==", "αβγ");
}

/* All texts of up to three bytes: no three of them go round. */
static void an_order(void **state)
{
    static const char bytes[] = "01aZ~-_";
    static char text[400][4];
    static signed char order[400][400];
    const int base = sizeof(bytes) - 1;
    int count = 0;

    (void)state;
    for (int i = 0; i < base * base * base; i++) {
        const char three[] = { bytes[i / base / base], bytes[i / base % base], bytes[i % base], '\0' };

        memcpy(text[count++], three, 4);
        if (i < base * base)
            memcpy(text[count++], three + 1, 3);
    }
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < count; k++) {
            int result = version_compare(text[i], text[k]);

            order[i][k] = (result > 0) - (result < 0);
        }
    }
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < count; k++) {
            assert_int_equal(order[i][k], -order[k][i]);
            for (int m = 0; m < count; m++) {
                int together = order[i][k] ? order[i][k] : order[k][m];

                if (order[i][k] * order[k][m] >= 0 && order[i][m] != together) {
                    print_error("'%s' '%s' '%s'\n", text[i], text[k], text[m]);
                    assert_int_equal(order[i][m], together);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples), cmocka_unit_test(the_long_example),
        cmocka_unit_test(numbers),  cmocka_unit_test(letters),
        cmocka_unit_test(marks),    cmocka_unit_test(kernels),
        cmocka_unit_test(an_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
