/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/bzimage.c common/text.c common/failure.c */
/* A kernel. What the parser accepts lies within the file and is consistent enough to be placed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/bzimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink; /* so that no read is optimised away */

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_within(struct span span, struct span file)
{
    require(span.size && span.data >= file.data && span.size <= file.size &&
            (uint64_t)(span.data - file.data) <= file.size - span.size);
    sink = span.data[0];
    sink = span.data[span.size - 1];
}

static void check(const struct linux_kernel *kernel, struct span file, uint64_t size)
{
    check_within(kernel->setup, file);
    check_within(kernel->code, file);
    require(kernel->setup.size <= LINUX_SETUP_MAX && kernel->setup.data == file.data + LINUX_SETUP_OFFSET);
    require(size <= file.size && kernel->code.data + kernel->code.size <= file.data + size);
    require(kernel->version >= 0x0206 && kernel->init_size >= kernel->code.size && kernel->initrd_last);
    require(kernel->alignment >= 4096 && kernel->minimum_alignment >= 4096);
    if (kernel->relocatable) {
        require(!(kernel->alignment & (kernel->alignment - 1)));
        require(!(kernel->minimum_alignment & (kernel->minimum_alignment - 1)));
        require(kernel->minimum_alignment <= kernel->alignment);
    }
    require(kernel->has_64bit_entry || !kernel->above_4g);
}

/* What the beginning says is what the whole file says, if the whole file is sound. */
static void check_peek(const struct linux_kernel *kernel, struct span file)
{
    struct linux_kernel peeked;
    uint64_t lead;

    if (kernel->version < 0x020a)
        return;
    require(bzimage_peek(file, &peeked, &lead));
    require(file.data + lead == kernel->code.data && peeked.init_size == kernel->init_size);
    require(peeked.alignment == kernel->alignment && peeked.preferred == kernel->preferred);
}

static void peek_at_rubbish(struct span file)
{
    struct linux_kernel peeked;
    uint64_t lead;

    if (bzimage_peek(file, &peeked, &lead))
        require(lead >= 512 && peeked.init_size >= peeked.code.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    const struct span file = { copy, size };
    struct linux_kernel kernel;
    struct failure failure;
    uint64_t kernel_size;

    if (size)
        memcpy(copy, data, size);
    if (bzimage_parse(file, &kernel, &kernel_size, &failure)) {
        require(bzimage_is(file));
        check(&kernel, file, kernel_size);
        check_peek(&kernel, file);
    } else {
        require(*failure.what && *failure.why);
        peek_at_rubbish(file);
    }
    free(copy);
    return 0;
}
