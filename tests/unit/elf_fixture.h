/* SPDX-License-Identifier: BSD-2-Clause */
/* A synthetic ELF, and what payloads/elf.c makes of it: for tests of that and of what reads an ELF's kernel further. */
#ifndef TESTS_UNIT_ELF_FIXTURE_H
#define TESTS_UNIT_ELF_FIXTURE_H

#include "payloads/elf.h"
#include "tests/unit/synthetic_elf.h"

/* Behind our other headers. */
#include "tests/unit/kernel_file.h"

static struct synthetic_elf made;
static struct elf elf;

/* Of the first so many bytes. */
static inline bool parse_elf_bytes(uint64_t size)
{
    synthetic_elf_write(&made);
    return elf_parse(file_of(made.bytes, size), &elf, &failure);
}

/* What a test looks at: this, or something made of it. */
static bool parse(void);

static inline void assert_refused(const char *why)
{
    assert_false(parse());
    assert_says(why);
}

#endif
