/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said on command lines; see words.h. Pure: compiled natively for tests as well. */
#include "menu/words.h"

#include <stddef.h>

#include "common/text.h"

void words_start(struct words *words)
{
    words->ours = words->of_entry = (struct options){ 0 };
    words->refused = false;
    words->given[0] = words->packed[0] = words->line[0] = '\0';
}

/* "@1" in front of the text is a profile of what is packed. Returns the other words. */
static struct span take_profile(struct words *words, struct span text)
{
    static char id[32];
    struct span rest = text, word, digits;
    uint64_t number;

    if (!text_next_word(&rest, &word) || !text_prefix(word, "@", &digits) || !text_number(digits, &number))
        return text;
    text_format(id, sizeof(id), number ? "packed@%lu" : "packed", number);
    words->ours.entry = text_span(id);
    return rest;
}

/*
 * Ours come first, so that those given override them. What of the packed text is the payload's is that of the packed
 * kernel, which has it among its sections; without a kernel it is for any.
 */
static bool read_packed(struct words *words, struct span text, bool has_kernel, struct failure *failure)
{
    char *rest = has_kernel ? words->line : words->packed;
    const uint64_t size = has_kernel ? sizeof(words->line) : sizeof(words->packed);

    if (!options_read(&words->ours, text, rest, size))
        return fail(failure, "command line", "the packed one has %lu bytes, %lu can be", text.size, size - 1);
    words->line[0] = '\0';
    return true;
}

bool words_read(struct words *words, const struct sections *sections, const char *given, bool secure,
                struct failure *failure)
{
    const bool has_kernel = section_find(sections, ".linux").data;
    struct span text = text_span(given);
    struct options before;

    if (!read_packed(words, section_find(sections, ".cmdline"), has_kernel, failure))
        return false;
    before = words->ours;
    if (has_kernel)
        text = take_profile(words, text);
    if (!options_read(&words->ours, text, words->given, sizeof(words->given)))
        return fail(failure, "command line", "longer than %lu bytes", sizeof(words->given) - 1);
    if (!secure)
        return true;
    words->refused = words->ours.mark != before.mark || words->ours.fault.data != before.fault.data;
    words->ours.mark = before.mark;
    words->ours.fault = before.fault;
    return true;
}

bool words_compose(struct words *words, const struct parts *parts, const char *edited, bool secure,
                   struct failure *failure)
{
    const struct span person[] = { text_span(edited ? edited : ""), parts->addons };
    const struct span all[] = { parts->command_line,      parts->addons, parts->options,
                                text_span(words->packed), parts->string, text_span(words->given) };
    const struct span *texts = edited ? person : all;
    const unsigned count = edited ? sizeof(person) / sizeof(*person) : sizeof(all) / sizeof(*all) - (secure ? 2 : 0);

    words->of_entry = (struct options){ 0 };
    words->line[0] = '\0';
    /* How a UKI's own stub is told which profile. */
    if (parts->whole && parts->profile > SECTIONS_FIRST_PROFILE)
        text_format(words->line, sizeof(words->line), "@%u", parts->profile - SECTIONS_FIRST_PROFILE);
    for (unsigned i = 0; i < count; i++) {
        if (!options_read(&words->of_entry, texts[i], words->line, sizeof(words->line)))
            return fail(failure, "command line", "longer than %lu bytes", sizeof(words->line) - 1);
    }
    return true;
}

struct span words_exit(const struct words *words, const struct parts *parts)
{
    if (words->ours.exit.data)
        return words->ours.exit;
    if (words->of_entry.exit.data)
        return words->of_entry.exit;
    return parts->exit[0] ? text_span(parts->exit) : (struct span){ NULL, 0 };
}

bool words_quiet(const struct words *words)
{
    return words->of_entry.quiet && !words->ours.debug && !words->ours.timeline;
}

bool words_unpack(const struct words *words)
{
    if (words->ours.unpack)
        return words->ours.unpack == UNPACK_BY_LOADER;
    return words->of_entry.unpack == UNPACK_BY_LOADER;
}
