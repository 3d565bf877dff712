/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `[ … ]`; see grub_test.h. GNU GRUB manual, "test": -a binds more than -o, and ! only what follows it. Pure: compiled
 * natively for tests.
 */
#include "menu/grub_test.h"

#include <stddef.h>

#include "common/string.h"

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* What stands at the beginning of a text as a decimal number, as strtol has it; too large ones stay where they end. */
static int64_t number(const char *text)
{
    const bool negative = *text == '-';
    int64_t value = 0;

    for (text += negative; *text >= '0' && *text <= '9' && value < INT64_MAX / 100; text++)
        value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a, b);
}

static int compare_numbers(const char *a, const char *b)
{
    return sign(number(a), number(b));
}

/* Which results of a comparison make it true. */
#define LESS    1u
#define EQUAL   2u
#define GREATER 4u

static const struct {
    char name[5];
    uint8_t results;
    int (*compare)(const char *a, const char *b);
} comparisons[] = {
    { "=", EQUAL, compare_texts },
    { "==", EQUAL, compare_texts },
    { "!=", LESS | GREATER, compare_texts },
    { "<", LESS, compare_texts },
    { "<=", LESS | EQUAL, compare_texts },
    { ">", GREATER, compare_texts },
    { ">=", GREATER | EQUAL, compare_texts },
    { "-eq", EQUAL, compare_numbers },
    { "-ne", LESS | GREATER, compare_numbers },
    { "-lt", LESS, compare_numbers },
    { "-le", LESS | EQUAL, compare_numbers },
    { "-gt", GREATER, compare_numbers },
    { "-ge", GREATER | EQUAL, compare_numbers },
};

#define COMPARISONS (sizeof(comparisons) / sizeof(*comparisons))

static size_t find_comparison(const char *word)
{
    size_t row = 0;

    while (row < COMPARISONS && strcmp(comparisons[row].name, word) != 0)
        row++;
    return row;
}

static bool is_true(size_t row, const char *a, const char *b)
{
    const int result = comparisons[row].compare(a, b);

    return comparisons[row].results & (result < 0 ? LESS : result > 0 ? GREATER : EQUAL);
}

/* Of -X: X; else NUL. */
static char letter(const char *word)
{
    return word[0] == '-' && word[1] && !word[2] ? word[1] : '\0';
}

/* The truth of what begins at words[0], and of how many words it is. */
static bool evaluate(const char *const *words, uint32_t count, bool (*file)(void *context, char kind, const char *path),
                     void *context, uint32_t *used)
{
    const size_t row = count >= 3 ? find_comparison(words[1]) : COMPARISONS;

    if (row < COMPARISONS) {
        *used = 3;
        return is_true(row, words[0], words[2]);
    }
    *used = 2;
    switch (count >= 2 ? letter(words[0]) : '\0') {
    case 'n':
        return *words[1];
    case 'z':
        return !*words[1];
    case 'd':
    case 'e':
    case 'f':
    case 's':
        return file(context, letter(words[0]), words[1]);
    default:
        *used = 1;
        return *words[0];
    }
}

bool grub_test(const char *const *words, uint32_t count, bool (*file)(void *context, char kind, const char *path),
               void *context)
{
    bool any = false, all = true, negated = false, empty = true;

    for (uint32_t at = 0, used; at < count; at += used) {
        const char kind = letter(words[at]);

        used = 1;
        if (!empty && kind == 'a') {
            negated = false;
        } else if (!empty && kind == 'o') {
            any = any || all;
            all = empty = true; /* nothing is true */
            negated = false;
        } else if (strcmp(words[at], "!") == 0 && at + 1 < count) {
            negated = !negated;
        } else {
            all = (evaluate(words + at, count - at, file, context, &used) != negated) && all;
            negated = empty = false;
        }
    }
    return any || all;
}
