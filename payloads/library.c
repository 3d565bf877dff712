/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the libraries want that a C library would have, but for malloc (common/heap.h), memcpy and its like
 * (common/string.h), and __stack_chk_fail (entries/main.c). Only in the image.
 */
#include "payloads/library.h"

#include <stdbool.h>

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
