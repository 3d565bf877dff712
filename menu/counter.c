/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot counting; see counter.h. UAPI.1, "Boot counting": both counters keep their number of digits, so that renaming
 * the file changes nothing else of its folder; "tries done" stops at what its digits can hold. Pure: compiled natively.
 */
#include "menu/counter.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "storage/tree.h"

#define COUNTER_MAX 9999

/* Where the parts of a name lie: offsets, and numbers of digits. */
struct places {
    size_t plus;
    size_t left, left_digits;
    size_t done, done_digits; /* 0: not there */
    size_t end;               /* the suffix begins */
};

/* The length of the name before its suffix, whose case means nothing on FAT; 0 where it does not end so. */
static size_t stem_length(const char *name, const char *suffix)
{
    return text_ends_with(name, suffix) ? strlen(name) - strlen(suffix) : 0;
}

static size_t digits_before(const char *name, size_t end)
{
    size_t start = end;

    while (start > 0 && name[start - 1] >= '0' && name[start - 1] <= '9')
        start--;
    return end - start;
}

/* Finds a counter by its shape, whatever its numbers. There is a name before it. */
static bool find(const char *name, const char *suffix, struct places *places)
{
    size_t end = stem_length(name, suffix), digits = digits_before(name, end), start = end - digits;

    *places = (struct places){ .end = end };
    if (digits && start > 0 && name[start - 1] == '-') {
        places->done = start;
        places->done_digits = digits;
        end = start - 1;
        digits = digits_before(name, end);
        start = end - digits;
    }
    if (!digits || start < 2 || name[start - 1] != '+')
        return false;
    places->left = start;
    places->left_digits = digits;
    places->plus = start - 1;
    return true;
}

/* Reads digits; what is above COUNTER_MAX comes out as some number above it. */
static uint32_t read_number(const char *digits, size_t count)
{
    uint32_t value = 0;

    for (size_t i = 0; i < count && value <= COUNTER_MAX; i++)
        value = value * 10 + (uint32_t)(digits[i] - '0');
    return value;
}

static void read_numbers(const char *name, const struct places *places, struct counter *counter)
{
    *counter = (struct counter){ .counted = true,
                                 .left = read_number(name + places->left, places->left_digits),
                                 .done = read_number(name + places->done, places->done_digits) };
}

static bool in_range(const struct counter *counter)
{
    return counter->left <= COUNTER_MAX && counter->done <= COUNTER_MAX;
}

bool counter_read(const char *name, const char *suffix, struct counter *counter, char *id)
{
    size_t length = strnlen(name, TREE_NAME_MAX + 1);
    bool fits = length <= TREE_NAME_MAX;
    struct places places;

    *counter = (struct counter){ 0 };
    if (!fits)
        length = TREE_NAME_MAX;
    memcpy(id, name, length);
    id[length] = '\0';
    if (!fits || !find(name, suffix, &places))
        return fits;
    read_numbers(name, &places, counter);
    if (!in_range(counter)) {
        *counter = (struct counter){ 0 };
        return false;
    }
    memcpy(id + places.plus, name + places.end, length - places.end + 1);
    return true;
}

/* Writes `digits` digits, of more than the number has zeros before it, and returns what follows them. */
static char *put_number(char *at, uint32_t value, size_t digits)
{
    for (size_t i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

/* The largest number of so many digits that is still a counter. */
static uint32_t largest(size_t digits)
{
    uint32_t value = 0;

    for (size_t i = 0; i < digits && value < COUNTER_MAX; i++)
        value = value * 10 + 9;
    return value;
}

bool counter_next(const char *name, const char *suffix, char *next)
{
    size_t length = strnlen(name, TREE_NAME_MAX + 1);
    struct counter counter;
    struct places places;
    char *at = next;

    if (length > TREE_NAME_MAX || !find(name, suffix, &places))
        return false;
    read_numbers(name, &places, &counter);

    size_t done_digits = places.done_digits ? places.done_digits : 1;
    size_t tail = length - places.end;

    if (!in_range(&counter) || !counter.left ||
        places.left + places.left_digits + 1 + done_digits + tail > TREE_NAME_MAX)
        return false;
    memcpy(at, name, places.left);
    at = put_number(at + places.left, counter.left - 1, places.left_digits);
    *at++ = '-';
    at = put_number(at, counter.done < largest(done_digits) ? counter.done + 1 : counter.done, done_digits);
    memcpy(at, name + places.end, tail + 1);
    return true;
}
