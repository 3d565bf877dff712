/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/keys.c common/keyboard.c */
/*
 * The bytes of a terminal, and scan codes. Every key is one that keys.h has; a decoder that was told that nothing
 * follows is as new; and Enter is Enter behind whatever else came.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/keyboard.h"
#include "common/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_key(int key)
{
    require((key >= KEY_NONE && key <= 0xff) || (key >= KEY_UP && key <= KEY_OTHER));
    require(key != '\n' && key != '\b'); /* they have other names */
}

static void terminal(const uint8_t *data, size_t size)
{
    static const struct key_decoder blank;
    struct key_decoder decoder = blank;

    for (size_t i = 0; i < size; i++) {
        struct key_decoder other = decoder;

        check_key(key_decode(&decoder, data[i]));
        require(decoder.count <= sizeof(decoder.pending));
        /* Whatever is pending, one that starts anew is understood. */
        key_decode_end(&other);
        require(other.count == 0 && key_decode_end(&other) == KEY_NONE);
        require(key_decode(&other, 0x1b) == KEY_NONE && key_decode(&other, '[') == KEY_NONE);
        require(key_decode(&other, 'A') == KEY_UP);
    }
    if (decoder.count == 1)
        require(key_decode_end(&decoder) == KEY_ESCAPE);
    require(key_decode(&decoder, '\r') == KEY_ENTER);
}

static void scan_codes(const uint8_t *data, size_t size)
{
    struct keyboard keyboard = { 0 };

    for (size_t i = 0; i < size; i++) {
        check_key(keyboard_decode(&keyboard, data[i]));
        require(keyboard.skip <= 2);
    }
    /* Two codes end whatever had begun; Enter has the same code with all locks. */
    keyboard_decode(&keyboard, 0x9c);
    keyboard_decode(&keyboard, 0x9c);
    require(keyboard_decode(&keyboard, 0x1c) == KEY_ENTER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    terminal(data, size);
    scan_codes(data, size);
    return 0;
}
