/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/efi_tables.c tests/fuzz/memory.c handoff/handoff.c */
/* sources: common/map.c common/arena.c common/text.c common/failure.c common/physical.c */
/*
 * Load options: the first byte is the size of the buffer for the text, less 1. And the way back, of the same bytes as
 * text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/efi_tables.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing but UTF-8 of the Basic Multilingual Plane, and no control characters. */
static void check_utf8(const char *text, uint64_t length)
{
    for (uint64_t i = 0; i < length;) {
        uint8_t first = (uint8_t)text[i++];
        unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : 2;

        if (first < 0x20 || first == 0x7f || (first >= 0x80 && first < 0xc2) || first >= 0xf0 || more > length - i)
            abort();
        while (more--) {
            if (((uint8_t)text[i++] & 0xc0) != 0x80)
                abort();
        }
    }
}

/* UCS-2 has no surrogates, and a NUL only at its end. */
static void check_units(const char *text, uint64_t room)
{
    uint16_t *units = malloc(room * sizeof(*units));
    uint64_t count = efi_options_from_text(text, units, room);

    if (!count || count > room || count > strlen(text) + 1 || units[count - 1])
        abort();
    for (uint64_t i = 0; i + 1 < count; i++) {
        if (!units[i] || (units[i] >= 0xd800 && units[i] < 0xe000))
            abort();
    }
    free(units);
}

static void check_back(const uint8_t *data, size_t size, uint64_t room)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    check_units(text, room);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t room = size ? data[0] + 1u : 0, length;
    char *text;

    if (!size)
        return 0;
    text = malloc(room);
    length = efi_options_text((struct span){ data + 1, size - 1 }, text, room);
    if (length >= room || strlen(text) != length)
        abort();
    check_utf8(text, length);
    check_units(text, room);
    free(text);
    check_back(data + 1, size - 1, room);
    return 0;
}
