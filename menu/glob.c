/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shell patterns; see glob.h. POSIX.1-2017, Shell & Utilities, 2.13, "Pattern Matching Notation". Where the text after
 * a `*` does not match, the last `*` takes one more character: going back to an earlier one would find nothing else. So
 * the work is at most the product of both lengths. Pure: compiled natively for tests.
 */
#include "menu/glob.h"

#include <stddef.h>
#include <stdint.h>

#define CONTINUATIONS_MAX 3 /* bytes behind the first of a UTF-8 character */

/*
 * Takes a character: its UTF-8 bytes as one number, in whose order characters are, with ASCII letters made small. What
 * is not UTF-8 is taken byte by byte.
 */
static uint32_t take(const char **text)
{
    uint32_t character = (uint8_t) * (*text)++;

    if (character >= 'A' && character <= 'Z')
        return character | 0x20;
    for (int i = 0; character >= 0xc0 && i < CONTINUATIONS_MAX && ((uint8_t) * *text & 0xc0) == 0x80; i++)
        character = character << 8 | (uint8_t) * (*text)++;
    return character;
}

/* Takes a character of a pattern; one behind a backslash is itself. */
static uint32_t take_escaped(const char **pattern)
{
    if (**pattern == '\\' && (*pattern)[1])
        ++*pattern;
    return take(pattern);
}

/* Takes what follows a `[`, with its `]`. False where there is none, and nothing is taken. */
static bool take_bracket(const char **pattern, uint32_t character, bool *matches)
{
    const char *at = *pattern;
    bool negated = *at == '!' || *at == '^', found = false;
    const char *first = at += negated;

    for (; *at != ']' || at == first;) {
        uint32_t low, high;

        if (!*at)
            return false;
        low = high = take_escaped(&at);
        if (at[0] == '-' && at[1] && at[1] != ']') {
            at++;
            high = take_escaped(&at);
        }
        found |= low <= character && character <= high;
    }
    *pattern = at + 1;
    *matches = found != negated;
    return true;
}

/*
 * Matches one character of the text, which has one, with the pattern, which has no `*` here. *open is where a `[`
 * without `]` was found, since none behind it has one either; NULL: nowhere yet.
 */
static bool match_one(const char **pattern, const char **text, const char **open)
{
    uint32_t character = take(text);
    bool matches;

    switch (**pattern) {
    case '\0':
        return false;
    case '?':
        ++*pattern;
        return true;
    case '[':
        ++*pattern;
        if (!*open && take_bracket(pattern, character, &matches))
            return matches;
        *open = *pattern;
        return character == '[';
    default:
        return take_escaped(pattern) == character;
    }
}

bool glob_matches(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL; /* behind the last `*`, and the text that it has not taken */
    const char *open = NULL;

    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (!*text) {
            return !*pattern;
        } else if (!match_one(&pattern, &text, &open)) {
            if (!star)
                return false;
            take(&resume);
            pattern = star;
            text = resume;
        }
    }
}

bool glob_same(const char *a, const char *b)
{
    while (*a && *b) {
        if (take(&a) != take(&b))
            return false;
    }
    return *a == *b;
}
