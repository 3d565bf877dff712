/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/sections.c common/text.c common/failure.c */
/*
 * The image's table of contents. The input is the image from LAYOUT_PE on; what lies before must not be read and is
 * poisoned. Whatever the parser accepts is then read, byte by byte, and has to lie behind the headers, in order.
 */
#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/sections.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink; /* so that no read is optimised away */

static void check(struct span image, const struct sections *sections)
{
    const uint8_t *end = image.data + LAYOUT_TEXT;

    for (unsigned i = 0; i < sections->count; i++) {
        struct span content = sections->section[i].content;

        if (content.data < end || strlen(sections->section[i].name) > PE_SECTION_NAME_SIZE)
            abort();
        for (uint64_t byte = 0; byte < content.size; byte++)
            sink = content.data[byte];
        end = content.data + content.size;
    }
    if (end > image.data + image.size)
        abort();
    (void)section_find(sections, ".linux");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span image = { NULL, LAYOUT_PE + size };
    struct sections sections;
    struct failure failure;
    uint8_t *copy = malloc(image.size);

    memcpy(copy + LAYOUT_PE, data, size);
    ASAN_POISON_MEMORY_REGION(copy, LAYOUT_PE);
    image.data = copy;
    if (sections_parse(image, &sections, &failure)) {
        if (sections_image_size(image.data) > image.size)
            abort();
        check(image, &sections);
    }
    ASAN_UNPOISON_MEMORY_REGION(copy, LAYOUT_PE);
    free(copy);
    return 0;
}
