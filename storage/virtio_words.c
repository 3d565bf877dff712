/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of the command line that tell of virtio devices; see virtio_words.h. Pure: compiled natively for tests as well.
 */
#include "storage/virtio_words.h"

#include "common/checked.h"
#include "common/text.h"

/* A digit of a base, or -1. */
static int digit(uint8_t character, unsigned base)
{
    int value = -1;

    if (character >= '0' && character <= '9')
        value = character - '0';
    else if (text_lower((char)character) >= 'a' && text_lower((char)character) <= 'f')
        value = text_lower((char)character) - 'a' + 10;
    return value < (int)base ? value : -1;
}

/* A number as C has them: hexadecimal after 0x, octal after 0, else decimal. Takes it off *text. */
static bool take_number(struct span *text, uint64_t *value)
{
    unsigned base = 10, digits = 0;
    int next;

    if (text->size > 2 && text->data[0] == '0' && text_lower((char)text->data[1]) == 'x' &&
        digit(text->data[2], 16) >= 0) {
        base = 16;
        *text = (struct span){ text->data + 2, text->size - 2 };
    } else if (text->size > 1 && text->data[0] == '0') {
        base = 8;
    }
    for (*value = 0; text->size && (next = digit(*text->data, base)) >= 0; digits++) {
        if (!checked_multiply(*value, base, value) || !checked_add(*value, (unsigned)next, value))
            return false;
        *text = (struct span){ text->data + 1, text->size - 1 };
    }
    return digits;
}

static bool take_character(struct span *text, char character)
{
    if (!text->size || text_lower((char)*text->data) != character)
        return false;
    *text = (struct span){ text->data + 1, text->size - 1 };
    return true;
}

/* Linux's memparse: a number and perhaps K, M, G, T, P or E. */
static bool take_size(struct span *text, uint64_t *size)
{
    static const char suffixes[] = "kmgtpe";

    if (!take_number(text, size))
        return false;
    for (unsigned i = 0; suffixes[i]; i++) {
        if (take_character(text, suffixes[i]))
            return checked_multiply(*size, 1ull << 10 * (i + 1), size);
    }
    return true;
}

static bool parse(struct span text, struct virtio_word *word)
{
    uint64_t interrupt, id, end;

    return take_size(&text, &word->size) && take_character(&text, '@') && take_number(&text, &word->address) &&
           take_character(&text, ':') && take_number(&text, &interrupt) && interrupt && interrupt <= UINT32_MAX &&
           (!text.size || (take_character(&text, ':') && take_number(&text, &id) && id <= INT32_MAX && !text.size)) &&
           word->size && checked_add(word->address, word->size, &end);
}

bool virtio_word_next(struct span *rest, struct virtio_word *word, bool *good, struct span *text)
{
    struct span value;

    while (text_next_word(rest, text)) {
        if (text_equals(*text, "--"))
            return false;
        if (!text_prefix(*text, "virtio_mmio.device=", &value))
            continue;
        *good = parse(value, word);
        return true;
    }
    return false;
}
