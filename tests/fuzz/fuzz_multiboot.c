/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/multiboot.c payloads/multiboot2.c payloads/elf.c common/text.c common/failure.c */
/* Multiboot headers of both versions in one file, which may be an ELF; the same again without looking at that. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "payloads/multiboot.h"
#include "tests/fuzz/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_version_1(struct span file, const struct elf *elf)
{
    struct multiboot_kernel kernel;
    struct failure failure = { 0 };
    uint64_t offset;
    bool found = multiboot_find(file, &offset);

    require(!found || (offset % 4 == 0 && offset <= 8192 - 12 && offset <= file.size - 12));
    if (!multiboot_parse(file, elf, &kernel, &failure)) {
        require(*failure.what && *failure.why);
        return;
    }
    require(found);
    program_check(&kernel.program, file);
    require(kernel.program.end <= 1ull << 32 && program_holds(&kernel.program, kernel.entry));
}

static void check_version_2(struct span file, const struct elf *elf)
{
    struct multiboot2_kernel kernel;
    struct failure failure = { 0 };
    uint64_t offset;
    bool found = multiboot2_find(file, &offset);

    require(!found || (offset % 8 == 0 && offset <= 32768 - 16 && offset <= file.size - 16));
    if (!multiboot2_parse(file, elf, &kernel, &failure)) {
        require(*failure.what && *failure.why);
        return;
    }
    require(found);
    program_check(&kernel.program, file);
    require(kernel.program.end <= 1ull << 32);
    require(kernel.has_entry || (kernel.has_entry_efi64 && kernel.boot_services));
    require(!kernel.has_entry || program_holds(&kernel.program, kernel.entry));
    require(!kernel.has_entry_efi64 || program_holds(&kernel.program, kernel.entry_efi64));
    require(kernel.alignment && !(kernel.alignment & (kernel.alignment - 1)) && kernel.preference <= 2);
    require(kernel.minimum <= kernel.maximum && kernel.required < 1 << 22);
    require(!kernel.relocatable || kernel.program.end - kernel.program.start <= kernel.maximum - kernel.minimum + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    const struct span file = { copy, size };
    struct failure failure;
    struct elf elf;

    if (size)
        memcpy(copy, data, size);
    if (elf_parse(file, &elf, &failure)) {
        check_version_1(file, &elf);
        check_version_2(file, &elf);
    }
    check_version_1(file, NULL);
    check_version_2(file, NULL);
    free(copy);
    return 0;
}
