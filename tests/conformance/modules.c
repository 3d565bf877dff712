/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test's modules and its words; see memory.h. A pattern, number n: the 8 bytes "QVMOD" and the digit n and zeros,
 * the length of all of it (u64), and from byte 16 on, for the byte at i, (i * 37 + n) & 0xff. A module is one, or
 * several that a loader joined, each padded to 4 bytes, as initrds are.
 */
#include "tests/conformance/memory.h"

#include "common/string.h"
#include "common/text.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

#define PATTERN_HEAD    16
#define PATTERN_FACTOR  37
#define PATTERN_PADDING 4

static unsigned blobs, patterns;
static bool content_right, order_right;
static uint64_t wrong_at;
static unsigned strings;
static bool strings_right;

void modules_begin(void)
{
    blobs = patterns = 0;
    content_right = order_right = true;
}

/* One pattern at the front of `size` bytes; its length, or 0 where there is none that is right. */
static uint64_t pattern(const uint8_t *bytes, uint64_t size)
{
    static const char magic[5] = { 'Q', 'V', 'M', 'O', 'D' };
    uint64_t length;

    if (size < PATTERN_HEAD || memcmp(bytes, magic, sizeof(magic)) || bytes[6] || bytes[7])
        return 0;
    memcpy(&length, bytes + 8, sizeof(length));
    if (length < PATTERN_HEAD || length > size)
        return 0;
    unsigned number = bytes[5] - (unsigned)'0';

    for (uint64_t i = PATTERN_HEAD; i < length; i++)
        if (bytes[i] != (uint8_t)(i * PATTERN_FACTOR + number)) {
            wrong_at = (uintptr_t)bytes + i;
            return 0;
        }
    if (number != patterns)
        order_right = false;
    patterns++;
    return length;
}

void modules_one(uint64_t start, uint64_t size)
{
    blobs++;
    if (!tables_reach(start, size)) {
        content_right = false;
        return;
    }
    for (uint64_t at = 0; at < size;) {
        wrong_at = start + at;
        uint64_t length = pattern((const uint8_t *)(start + at), size - at);

        if (!length) {
            content_right = false;
            return;
        }
        at += (length + PATTERN_PADDING - 1) & ~(uint64_t)(PATTERN_PADDING - 1);
    }
}

void modules_end(void)
{
    uint64_t wanted = command_line_number("conf.modules=", 0);
    uint64_t wanted_blobs = command_line_number("conf.blobs=", wanted);

    if (content_right)
        check(true, "module-content", "every byte of %u modules is right", patterns);
    else
        check(false, "module-content", "wrong at 0x%lx, behind %u right ones", wrong_at, patterns);
    check(order_right, "module-order", "%u modules are %sin the order given", patterns, order_right ? "" : "not ");
    check(patterns == wanted && blobs == wanted_blobs, "module-count", "%u in %u pieces, shall be %lu in %lu", patterns,
          blobs, wanted, wanted_blobs);
}

void strings_begin(void)
{
    strings = 0;
    strings_right = true;
}

void strings_one(const char *text, uint64_t limit)
{
    struct span rest, word, last = { .data = NULL };
    uint64_t number;

    if (strnlen(text, limit) == limit)
        strings_right = false;
    else if (command_line_number("conf.strings=", 0)) {
        rest = text_span(text);
        while (text_next_word(&rest, &word))
            last = word;
        if (!last.data || !text_prefix(last, "conf.string=", &word) || !text_number(word, &number) || number != strings)
            strings_right = false;
    }
    strings++;
}

void strings_end(void)
{
    if (strings)
        check(strings_right, "module-string", "the strings of %u modules %s", strings,
              strings_right ? "are their own" : "are not");
    else
        skip("module-string", "no module has one");
}

void check_command_line(const char *text, uint64_t limit)
{
    uint64_t length = strnlen(text, limit + 1);

    check(length <= limit, "text-end", "the command line has %lu bytes, shall have %lu at most", length, limit);
    if (length > limit) {
        skip("text", "the command line does not end");
        return;
    }
    report_command_line(text);
    check(command_line_number("conf.id=", 0) && command_line_has("conf.end"), "text", "the command line has %s",
          "conf.id= and conf.end, or lost them");
}
