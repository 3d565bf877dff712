/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: common/text.c common/failure.c payloads/kaslr_words.c */
/*
 * Words and numbers. Words are within the text, in order, apart by blanks alone, and none has a blank outside quotes. A
 * number that is taken is printed and read again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "payloads/kaslr_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void check_word(struct span word)
{
    bool quoted = false;

    require(word.size > 0 && !is_blank(word.data[0]));
    for (uint64_t i = 0; i < word.size; i++) {
        if (word.data[i] == '"')
            quoted = !quoted;
        require(quoted || !is_blank(word.data[i]));
    }
}

static void check_number(struct span word)
{
    char decimal[24], hexadecimal[24];
    uint64_t value, again;

    if (!text_number(word, &value))
        return;
    text_format(decimal, sizeof(decimal), "%lu", value);
    text_format(hexadecimal, sizeof(hexadecimal), "0x%lx", value);
    require(text_number(text_span(decimal), &again) && again == value);
    require(text_number(text_span(hexadecimal), &again) && again == value);
}

/* Whatever is printed, no control character comes out, and the length is that of %.*s's four bytes a byte at most. */
static void check_escapes(struct span word)
{
    char buffer[64];
    size_t length = text_format(buffer, sizeof(buffer), "%.*s", (int)word.size, (const char *)word.data);

    require(length <= 4 * word.size && strlen(buffer) == (length < sizeof(buffer) ? length : sizeof(buffer) - 1));
    for (const char *byte = buffer; *byte; byte++)
        require(*byte >= 0x20 && *byte < 0x7f);
}

/* What is found in a line lies in it. */
static void check_line(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    struct kaslr_words words;
    struct span found;

    if (size)
        memcpy(line, data, size);
    line[size] = '\0';
    kaslr_words_read(line, &words);
    found = stub_word(line, size & 1);
    require(!found.data || (found.size && (const char *)found.data >= line &&
                            (const char *)found.data + found.size <= line + strlen(line)));
    require(!words.limits.data || (const char *)words.limits.data + words.limits.size <= line + strlen(line));
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct span rest = { copy, size }, word;
    const uint8_t *end = copy;

    if (size)
        memcpy(copy, data, size);
    check_number(rest);
    check_line(data, size);
    while (text_next_word(&rest, &word)) {
        for (; end < word.data; end++)
            require(is_blank(*end));
        require(word.data == end);
        end += word.size;
        require(rest.data == end && rest.size == size - (size_t)(end - copy));
        check_word(word);
        check_number(word);
        check_escapes(word);
    }
    require(!rest.size);
    free(copy);
    return 0;
}
