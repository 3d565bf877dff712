/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One of Linux's decoders by itself, for bench/unpack.c: what arch/x86/boot/compressed/misc.c has around it. Nothing of
 * Linux is in this tree: the source is Debian's package, and linux_xz.c and its like include it (bench.mk).
 *
 * Include lib/decompress_unX.c of Linux behind this, and then say LINUX_DECODER(name).
 */
#ifndef BENCH_LINUX_DECODER_H
#define BENCH_LINUX_DECODER_H

#include <linux/linkage.h>
#include <linux/types.h>

#define HEAP_SIZE 0x400000 /* more than BOOT_HEAP_SIZE, 0x30000 with zstd, so that none lacks any */

/* linux_string.c; a call, as in the kernel's unpacker. */
void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#define STATIC        static
#define malloc        linux_malloc
#define free          linux_free
#define memzero(s, n) memset((s), 0, (n))
#define memmove       memmove

static unsigned char heap[HEAP_SIZE] __attribute__((aligned(16)));
static unsigned long free_mem_ptr, free_mem_end_ptr;
static const char *failed;

#include <linux/decompress/mm.h>

static void remember(char *why)
{
    failed = why;
}

/* The function that bench/unpack.c calls. */
#define LINUX_DECODER(name)                                                                   \
    const char *name(unsigned char *packed, long packed_size, unsigned char *out, long size); \
                                                                                              \
    const char *name(unsigned char *packed, long packed_size, unsigned char *out, long size)  \
    {                                                                                         \
        free_mem_ptr = (unsigned long)heap;                                                   \
        free_mem_end_ptr = free_mem_ptr + HEAP_SIZE;                                          \
        malloc_ptr = 0;                                                                       \
        malloc_count = 0;                                                                     \
        failed = NULL;                                                                        \
        __decompress(packed, packed_size, NULL, NULL, out, size, NULL, remember);             \
        return failed;                                                                        \
    }

#endif
