/* SPDX-License-Identifier: BSD-2-Clause */
/* See kaslr_words.h. Pure: compiled natively for tests. */
#include "payloads/kaslr_words.h"

#include "common/text.h"

/* Words as cmdline_find_option_bool of Linux's arch/x86/boot/cmdline.c has them: it knows no quotes. */
static bool has_word(const char *line, const char *word)
{
    struct span here = { (const uint8_t *)line, 0 };

    for (;; line++) {
        if ((uint8_t)*line > ' ') {
            here.size++;
            continue;
        }
        if (here.size && text_equals(here, word))
            return true;
        if (!*line)
            return false;
        here = (struct span){ (const uint8_t *)line + 1, 0 };
    }
}

/* memmap= may take memory from the map, mem= cuts it, and whole GiB are kept for huge pages. */
static bool is_limit(struct span word)
{
    struct span value;

    if (text_prefix(word, "hugepagesz=", &value))
        return !text_equals(value, "2M");
    return text_prefix(word, "mem=", &value) || text_prefix(word, "memmap=", &value) ||
           text_equals(word, "movable_node");
}

void kaslr_words_read(const char *command_line, struct kaslr_words *words)
{
    struct span rest = text_span(command_line), word, value;

    *words = (struct kaslr_words){ .nokaslr = has_word(command_line, "nokaslr"),
                                   .no5lvl = has_word(command_line, "no5lvl") };
    while (text_next_word(&rest, &word)) {
        if (word.data[0] == '"') /* in front of a whole parameter they are none of it */
            word = (struct span){ word.data + 1, word.size - 1 };
        if (is_limit(word))
            words->limits = word;
        if (text_prefix(word, "mem_encrypt=", &value))
            words->encryption = word;
    }
}
