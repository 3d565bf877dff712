/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening an entry: what a test puts together, file by file, it finds again part by part. For tests of menu/carried.c
 * and menu/open.c.
 */
#ifndef TESTS_UNIT_OPEN_FIXTURE_H
#define TESTS_UNIT_OPEN_FIXTURE_H

#include "common/multiboot.h"
#include "tests/unit/carried_fixture.h"
#include "tests/unit/synthetic_elf.h"

#define BLOB_MAX 0x40000

static struct synthetic_elf xen;
static uint8_t blob[BLOB_MAX];
static uint64_t blob_size;

static inline int setup_open(void **state)
{
    static const uint32_t header[3] = { MULTIBOOT_HEADER_MAGIC, 0, -MULTIBOOT_HEADER_MAGIC };

    synthetic_elf_start(&xen, true);
    memcpy(xen.bytes + ELF_NOTES, header, sizeof(header));
    xen.header.e_phnum = 2;
    xen.header.e_entry = ELF_VIRTUAL + ELF_LINKED;
    synthetic_elf_write(&xen);
    blob_size = 0;
    return setup(state);
}

static inline struct span xen_file(void)
{
    return (struct span){ xen.bytes, ELF_END };
}

static inline struct span kernel_file(void)
{
    return synthetic_file(&kernel, KERNEL_SIZE);
}

/* An initrd's bytes differ by its letter. */
static inline struct span initrd(char letter, uint64_t size)
{
    static uint8_t bytes[26][64];
    uint8_t *at = bytes[letter - 'a'];

    memset(at, letter, size);
    memcpy(at, "070701", 6);
    return (struct span){ at, size };
}

/* Adds to the blob, as boot.txt loaders do: each file begins at a multiple of 4. Returns where its bytes are. */
static inline uint64_t join(struct span file)
{
    uint64_t at = (blob_size + 3) & ~3ull;

    memset(blob + blob_size, 0, at - blob_size);
    memcpy(blob + at, file.data, file.size);
    blob_size = at + file.size;
    return at;
}

static inline uint64_t join_packed(const char *packer, struct span content)
{
    struct packed packed = { 0 };
    uint64_t at;

    packer_named(packer)->pack(&packed, content, 1);
    at = join((struct span){ packed.data, packed.size });
    free(packed.data);
    return at;
}

static inline const uint8_t *blob_module(const char *string)
{
    return module(blob, blob_size, string);
}

static inline bool open_it(bool whole)
{
    if (!select_it())
        return false;
    entry.whole = whole;
    return parts_open(&entry, &expander, &boot, &failure);
}

static inline void opens(bool whole)
{
    if (!open_it(whole))
        fail_msg("%s: %s", failure.what, failure.why);
}

static inline void assert_closed(bool whole, const char *what, const char *why)
{
    assert_false(open_it(whole));
    assert_failure(&failure, what, why);
}

static inline void assert_bytes(struct span span, struct span expected)
{
    assert_int_equal(span.size, expected.size);
    assert_memory_equal(span.data, expected.data, expected.size);
}

static inline void assert_module(unsigned index, struct span expected, const char *string)
{
    assert_true(index < boot.module_count);
    assert_bytes(boot.modules[index].content, expected);
    assert_string_equal(boot.modules[index].string, string);
}

#endif
