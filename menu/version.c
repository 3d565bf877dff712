/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Comparing versions; see version.h. UAPI.10, Version Format Specification, "Version Comparison": the steps below have
 * its numbers. Each round takes at least one byte of either text, so that it ends. Pure: compiled natively for tests.
 */
#include "menu/version.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/string.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Step 1: bytes without a meaning only separate. */
static const char *skip_separators(const char *text)
{
    while (*text && !is_digit(*text) && !is_letter(*text) && !strchr("-.~^", *text))
        text++;
    return text;
}

/*
 * Steps 2, 4, 5 and 6: the text that begins with this byte is lower, unless both do, which skips it, and the separators
 * behind it, too. By the letter of the specification these would wait for step 1, but then `~a` were newer than `~_1`,
 * that newer than `~0a`, and that as old as `~a`; it would be no order.
 */
static int compare_mark(char mark, const char **a, const char **b)
{
    bool in_a = **a == mark, in_b = **b == mark;

    if (in_a != in_b)
        return in_a ? -1 : 1;
    if (in_a) {
        *a = skip_separators(*a + 1);
        *b = skip_separators(*b + 1);
    }
    return 0;
}

static size_t run_of_digits(const char *text)
{
    size_t length = 0;

    while (is_digit(text[length]))
        length++;
    return length;
}

/* Step 7, with numbers of any length. One that is not there is 0. */
static int compare_numbers(const char **a, const char **b)
{
    while (**a == '0')
        ++*a;
    while (**b == '0')
        ++*b;

    size_t a_length = run_of_digits(*a), b_length = run_of_digits(*b);
    int order = a_length != b_length ? (a_length < b_length ? -1 : 1) : memcmp(*a, *b, a_length);

    *a += a_length;
    *b += b_length;
    return order;
}

/* Step 8; in ASCII, capital letters are lower. */
static int compare_letters(const char **a, const char **b)
{
    while (is_letter(**a) && **a == **b) {
        ++*a;
        ++*b;
    }
    if (is_letter(**a) && is_letter(**b))
        return **a < **b ? -1 : 1;
    return is_letter(**a) - is_letter(**b);
}

int version_compare(const char *a, const char *b)
{
    for (;;) {
        int order;

        a = skip_separators(a);
        b = skip_separators(b);
        order = compare_mark('~', &a, &b);
        if (order)
            return order;
        if (!*a || !*b) /* step 3 */
            return (*a != '\0') - (*b != '\0');
        if ((order = compare_mark('-', &a, &b)) || (order = compare_mark('^', &a, &b)) ||
            (order = compare_mark('.', &a, &b)))
            return order;
        order = is_digit(*a) || is_digit(*b) ? compare_numbers(&a, &b) : compare_letters(&a, &b);
        if (order)
            return order;
    }
}
