/* SPDX-License-Identifier: BSD-2-Clause */
/* See kaslr_words.h. Pure: compiled natively for tests. */
#include "payloads/kaslr_words.h"

#include <stddef.h>

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

/* In front of a whole parameter quotes are none of it. */
static struct span unquoted(struct span word)
{
    return word.size && word.data[0] == '"' ? (struct span){ word.data + 1, word.size - 1 } : word;
}

void kaslr_words_read(const char *command_line, struct kaslr_words *words)
{
    struct span rest = text_span(command_line), word, value;

    *words = (struct kaslr_words){ .nokaslr = has_word(command_line, "nokaslr"),
                                   .no5lvl = has_word(command_line, "no5lvl") };
    while (text_next_word(&rest, &word)) {
        word = unquoted(word);
        if (is_limit(word))
            words->limits = word;
        if (text_prefix(word, "mem_encrypt=", &value))
            words->encryption = word;
    }
}

/* One of efi='s words, which commas part. */
static bool is_early_dma(struct span list)
{
    struct span word = { list.data, 0 };

    for (uint64_t i = 0; i <= list.size; i++) {
        if (i < list.size && list.data[i] != ',') {
            word.size++;
            continue;
        }
        if (text_equals(word, "disable_early_pci_dma") || text_equals(word, "no_disable_early_pci_dma"))
            return true;
        word = (struct span){ list.data + i + 1, 0 };
    }
    return false;
}

struct span stub_word(const char *command_line, uint32_t modules)
{
    struct span rest = text_span(command_line), word, value;

    while (text_next_word(&rest, &word)) {
        word = unquoted(word);
        if (text_prefix(word, "video=efifb:", &value) || (!modules && text_prefix(word, "initrd=", &value)) ||
            (text_prefix(word, "efi=", &value) && is_early_dma(value)))
            return word;
    }
    return (struct span){ NULL, 0 };
}
