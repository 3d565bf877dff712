/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/options.c common/text.c common/failure.c */
/*
 * A command line. The first byte is the size of the rest buffer, so that all ways to be full are tried; what follows is
 * the text. Every span points into the text, and no word of ours is in the rest.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "menu/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_within(struct span span, struct span text)
{
    require(span.data >= text.data && span.size <= text.size &&
            (uint64_t)(span.data - text.data) <= text.size - span.size);
}

static void check(const struct options *options, struct span text, const char *rest)
{
    struct span left = text_span(rest), word, ours;

    require(options->console_count <= OPTIONS_CONSOLES_MAX && options->unknown_count <= OPTIONS_CONSOLES_MAX);
    for (uint32_t i = 0; i < options->console_count; i++)
        check_within(options->consoles[i], text);
    for (uint32_t i = 0; i < options->unknown_count; i++) {
        check_within(options->unknown[i], text);
        require(text_prefix(options->unknown[i], "qv.", &ours));
    }
    if (options->exit.data)
        check_within(options->exit, text);
    if (options->fault.data)
        check_within(options->fault, text);
    while (text_next_word(&left, &word))
        require(!text_prefix(word, "qv.", &ours));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options options = { 0 };

    if (size < 1)
        return 0;

    uint64_t rest_size = data[0] + 1ull;
    uint8_t *copy = malloc(size);
    char *rest = malloc(rest_size);
    struct span text = { copy, size - 1 };

    memcpy(copy, data + 1, size - 1);
    rest[0] = '\0';
    options_read(&options, text, rest, rest_size);
    require(strnlen(rest, rest_size) < rest_size);
    check(&options, text, rest);
    free(rest);
    free(copy);
    return 0;
}
