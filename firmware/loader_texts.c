/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of EFI variables; see loader_texts.h. */
#include "firmware/loader_texts.h"

#include "common/string.h"
#include "common/text.h"

#define REPLACEMENT    0xfffd
#define HIGH_SURROGATE 0xd800
#define LOW_SURROGATE  0xdc00
#define SURROGATES_END 0xe000
#define SUPPLEMENTARY  0x10000
#define UNICODE_END    0x110000
#define TIMEOUT_TEXT   24 /* bytes: a word, or a number of 64 bits */
#define MICROSECONDS   1000000
#define FREQUENCY_MAX  (1ull << 43) /* times a million it fits into 64 bits */

/* ---- UTF-16 ---- */

/* The code point at *text, which moves behind it (RFC 3629, section 3). */
static uint32_t take_utf8(const char **text)
{
    static const uint32_t smallest[] = { 0, 0x80, 0x800, SUPPLEMENTARY };
    const uint8_t *bytes = (const uint8_t *)*text;
    uint32_t point = bytes[0];
    unsigned more;

    *text += 1;
    if (point < 0x80)
        return point;
    if (point < 0xc0 || point >= 0xf8)
        return REPLACEMENT;
    more = point < 0xe0 ? 1 : point < 0xf0 ? 2 : 3;
    point &= 0x3fu >> more;
    for (unsigned i = 1; i <= more; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (point < smallest[more] || point >= UNICODE_END || (point >= HIGH_SURROGATE && point < SURROGATES_END))
        return REPLACEMENT;
    *text += more;
    return point;
}

uint64_t utf16_from_utf8(const char *text, uint16_t *units, uint64_t max)
{
    uint64_t count = 0;

    while (*text) {
        uint32_t point = take_utf8(&text);

        if (max - count < (point < SUPPLEMENTARY ? 2 : 3)) /* a unit or a pair, and the NUL */
            return 0;
        if (point >= SUPPLEMENTARY) {
            units[count++] = (uint16_t)(HIGH_SURROGATE | (point - SUPPLEMENTARY) >> 10);
            point = LOW_SURROGATE | ((point - SUPPLEMENTARY) & 0x3ff);
        }
        units[count++] = (uint16_t)point;
    }
    if (count == max)
        return 0;
    units[count++] = 0;
    return count;
}

static unsigned put_utf8(uint32_t point, char *text)
{
    static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };
    unsigned more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < SUPPLEMENTARY ? 2 : 3;

    for (unsigned i = more; i; i--, point >>= 6)
        text[i] = (char)(0x80 | (point & 0x3f));
    text[0] = (char)(first[more] | point);
    return more + 1;
}

/* The code point at *at, which moves behind it; 0 where there is none. */
static uint32_t take_utf16(struct span units, uint64_t *at)
{
    uint32_t point = 0;

    for (unsigned i = 0; i < 2; i++) {
        uint32_t unit;

        if (units.size - *at < 2)
            return 0;
        unit = units.data[*at] | (uint32_t)units.data[*at + 1] << 8;
        if (i ? unit < LOW_SURROGATE || unit >= SURROGATES_END : unit >= LOW_SURROGATE && unit < SURROGATES_END)
            return 0;
        *at += 2;
        if (i)
            return point + (unit - LOW_SURROGATE);
        if (unit < HIGH_SURROGATE || unit >= SURROGATES_END)
            return unit;
        point = SUPPLEMENTARY + ((unit - HIGH_SURROGATE) << 10);
    }
    return 0;
}

bool utf8_from_utf16(struct span units, char *text, uint64_t size)
{
    char bytes[4];
    uint64_t length = 0;

    for (uint64_t at = 0; units.size - at >= 2 && (units.data[at] || units.data[at + 1]);) {
        uint32_t point = take_utf16(units, &at);
        unsigned count = put_utf8(point, bytes);

        if (point < 0x20 || (point >= 0x7f && point < 0xa0) || count >= size - length) {
            text[0] = '\0';
            return false;
        }
        memcpy(text + length, bytes, count);
        length += count;
    }
    text[length] = '\0';
    return true;
}

/* ---- numbers ---- */

bool loader_timeout_read(struct span variable, enum loader_timeout *timeout, uint32_t *seconds)
{
    static const struct {
        const char *text;
        enum loader_timeout timeout;
    } words[] = {
        { "menu-force", LOADER_TIMEOUT_FORCE },
        { "menu-hidden", LOADER_TIMEOUT_HIDDEN },
        { "menu-disabled", LOADER_TIMEOUT_DISABLED },
    };
    char text[TIMEOUT_TEXT];
    uint64_t number;

    if (!utf8_from_utf16(variable, text, sizeof(text)))
        return false;
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!strcmp(text, words[i].text)) {
            *timeout = words[i].timeout;
            *seconds = 0;
            return true;
        }
    }
    if (strchr(text, 'x') || !text_number(text_span(text), &number) || number > UINT32_MAX)
        return false;
    /* What bootctl 252 writes for menu-force. */
    *timeout = number == UINT32_MAX ? LOADER_TIMEOUT_FORCE : LOADER_TIMEOUT_SECONDS;
    *seconds = number == UINT32_MAX ? 0 : (uint32_t)number;
    return true;
}

bool loader_microseconds(uint64_t ticks, uint64_t frequency, uint64_t *microseconds)
{
    if (!frequency || frequency > FREQUENCY_MAX || ticks / frequency >= UINT64_MAX / MICROSECONDS)
        return false;
    *microseconds = ticks / frequency * MICROSECONDS + ticks % frequency * MICROSECONDS / frequency;
    return true;
}

void loader_guid_text(const uint8_t *guid, char text[LOADER_GUID_TEXT])
{
    /* The first three parts are little-endian numbers (UEFI 2.10, appendix A). */
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    char *at = text;

    for (unsigned i = 0; i < sizeof(order); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        at += text_format(at, 3, "%02x", guid[order[i]]);
    }
}

/* ---- paths ---- */

static void replace(char *text, char from, char to)
{
    for (; *text; text++) {
        if (*text == from)
            *text = to;
    }
}

void loader_path_to_efi(char *path)
{
    replace(path, '/', '\\');
}

void loader_path_from_efi(char *path)
{
    replace(path, '\\', '/');
}
