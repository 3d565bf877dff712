/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the libraries want that a C library would have, but for malloc (common/heap.h), memcpy and its like
 * (common/string.h), and __stack_chk_fail (entries/main.c). Only in the image.
 */
#include "payloads/library.h"

#include <stdbool.h>
#include <stddef.h>

/* .init_array (System V gABI, "Initialization and Termination Functions"): entries/image.lds.S. */
typedef void constructor(void);
extern constructor *const constructors_start[], *const constructors_end[];

/* liblzma has one, which chooses the CRC64 that this CPU does best; nothing works without it. */
static void construct(void)
{
    static bool constructed;

    if (constructed)
        return;
    constructed = true;
    for (constructor *const *each = constructors_start; each < constructors_end; each++)
        (*each)();
}

uint64_t library_enter(void)
{
    uint64_t flags = __builtin_ia32_readeflags_u64();

    __asm__ volatile("cli" : : : "memory");
    construct();
    return flags;
}

void library_leave(uint64_t flags)
{
    __builtin_ia32_writeeflags_u64(flags);
}

/*
 * zstd_decompress.o calls these for the formats that zstd had before its first release, in 2016. unpack_zstd.c uses
 * none of the functions that do so; standing here they keep 90 KiB out of the image. An invalid opcode is an exception
 * dump.
 */
static void __attribute__((used)) old_format(void)
{
    __builtin_trap();
}

#define OLD_FORMAT(name) __attribute__((alias("old_format"))) void name(void)

#define OLD_FORMATS(version)                               \
    OLD_FORMAT(ZSTD##version##_createDCtx);                \
    OLD_FORMAT(ZSTD##version##_decompress_usingDict);      \
    OLD_FORMAT(ZSTD##version##_findFrameSizeInfoLegacy);   \
    OLD_FORMAT(ZSTD##version##_freeDCtx);                  \
    OLD_FORMAT(ZSTD##version##_getFrameParams);            \
    OLD_FORMAT(ZBUFF##version##_createDCtx);               \
    OLD_FORMAT(ZBUFF##version##_decompressContinue);       \
    OLD_FORMAT(ZBUFF##version##_decompressInitDictionary); \
    OLD_FORMAT(ZBUFF##version##_freeDCtx)

OLD_FORMATS(v05);
OLD_FORMATS(v06);
OLD_FORMATS(v07);

/*
 * libmbedcrypto's big numbers and hashes bring more than fit_verify.c uses, and that calls what no image has: files and
 * a console, for numbers in files and for tests of themselves; calendar time; and the table of all hashes, for checking
 * HMACs in constant time, which would bring 40 KiB.
 */
#define NEVER_CALLED(name) __attribute__((alias("never_called"))) void name(void)

static void __attribute__((used)) never_called(void)
{
    __builtin_trap();
}

NEVER_CALLED(__printf_chk);
NEVER_CALLED(fgets);
NEVER_CALLED(fwrite);
NEVER_CALLED(gmtime_r);
NEVER_CALLED(putchar);
NEVER_CALLED(puts);
NEVER_CALLED(mbedtls_md_clone);
NEVER_CALLED(mbedtls_md_finish);
NEVER_CALLED(mbedtls_md_free);
NEVER_CALLED(mbedtls_md_get_size);
NEVER_CALLED(mbedtls_md_get_type);
NEVER_CALLED(mbedtls_md_hmac_reset);
NEVER_CALLED(mbedtls_md_init);
NEVER_CALLED(mbedtls_md_setup);
NEVER_CALLED(mbedtls_md_starts);
NEVER_CALLED(mbedtls_md_update);

/* libfdt calls these two (C11 7.24.5.1, 7.24.5.5). */
void *memchr(const void *bytes, int value, size_t size);
char *strrchr(const char *text, int character);

void *memchr(const void *bytes, int value, size_t size)
{
    for (const uint8_t *at = bytes; size; at++, size--) {
        if (*at == (uint8_t)value)
            return (void *)at;
    }
    return NULL;
}

char *strrchr(const char *text, int character)
{
    const char *last = NULL;

    do {
        if (*text == (char)character)
            last = text;
    } while (*text++);
    return (char *)last;
}
