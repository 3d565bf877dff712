/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/virtio_words.c common/text.c */
/* A command line with words that tell of virtio devices. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/virtio_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizers see whoever reads beyond */
    struct span rest = { exact, size }, text;
    struct virtio_word word;
    bool good;

    memcpy(exact, data, size);
    while (virtio_word_next(&rest, &word, &good, &text)) {
        if (text.data < exact || text.data + text.size > exact + size || rest.data + rest.size != exact + size)
            abort();
        if (good && (!word.size || word.address + word.size < word.address))
            abort();
    }
    free(exact);
    return 0;
}
