/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules in a window of memory, packed sections, and a kernel to put into either: for tests of menu/carried.c and
 * menu/open.c. */
#ifndef TESTS_UNIT_CARRIED_FIXTURE_H
#define TESTS_UNIT_CARRIED_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka.h, which has a macro fail(). */
#include "common/checked.h"
#include "common/text.h"
#include "menu/carried.h"
#include "menu/open.h"
#include "payloads/pe.h"
#include "tests/unit/expander.h"
#include "tests/unit/packers.h"
#include "tests/unit/synthetic_kernel.h"

#include "tests/unit/assert_failure.h"
#include <cmocka.h>

#define MEMORY      0x4000000ull /* where the window begins */
#define MEMORY_SIZE 0x80000
#define ARENA_SIZE  0x4000

static uint8_t memory[MEMORY_SIZE], arena[ARENA_SIZE] __attribute__((aligned(16)));
static uint64_t memory_used;
static struct synthetic_kernel kernel;
static struct handoff handoff;
static struct sections sections;
static struct carried carried;
static struct parts entry; /* what was carried, its sections taken */
static struct boot boot;
static struct failure failure;

static inline const void *view(const struct physical *physical, uint64_t address, uint64_t size)
{
    (void)physical;
    if (address < MEMORY || !checked_within(address - MEMORY, size, MEMORY_SIZE))
        return NULL;
    return memory + (address - MEMORY);
}

static const struct physical physical = { view };

static inline int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    memory_used = 0;
    synthetic_start(&kernel, 0x020f);
    handoff_start(&handoff, DOOR_MULTIBOOT2, arena, sizeof(arena));
    memset(&sections, 0, sizeof(sections));
    memset(&boot, 0, sizeof(boot));
    expander_start();
    return 0;
}

/* Puts a module into memory and into the handoff, and returns where its bytes are. */
static inline const uint8_t *module(const void *bytes, uint64_t size, const char *string)
{
    uint8_t *at = memory + memory_used;

    assert_true(memory_used + size <= MEMORY_SIZE);
    memcpy(at, bytes, size);
    assert_true(handoff_add_module(&handoff, MEMORY + memory_used, size, string, strlen(string), &failure));
    memory_used += (size + 4095) & ~4095ull;
    return at;
}

/* The same, compressed. */
static inline const uint8_t *packed_module(const char *packer, struct span content, const char *string)
{
    struct packed packed = { 0 };
    const uint8_t *at;

    packer_named(packer)->pack(&packed, content, 1);
    at = module(packed.data, packed.size, string);
    free(packed.data);
    return at;
}

static inline const uint8_t *kernel_module(const char *string)
{
    struct span file = synthetic_file(&kernel, KERNEL_SIZE);

    return module(file.data, file.size, string);
}

static inline void pack(const char *name, struct span content)
{
    struct section *section = &sections.section[sections.count++];

    memcpy(section->name, name, strlen(name) + 1);
    section->content = content;
}

static inline bool select_it(void)
{
    if (!carried_find(&handoff, &sections, &physical, &expander, &carried, &failure))
        return false;
    entry = carried.parts;
    if (carried.kind == CARRIED_NOTHING) {
        failure = (struct failure){ "payload", "nothing is packed into the image, and no module is a kernel" };
        return false;
    }
    return !entry.packed || parts_take_sections(&entry, &sections, &failure);
}

static inline void assert_refused(const char *what, const char *why)
{
    assert_false(select_it());
    assert_failure(&failure, what, why);
}

static inline void assert_span(struct span span, const void *data, uint64_t size)
{
    assert_ptr_equal(span.data, data);
    assert_int_equal(span.size, size);
}

/* The words of the entry's own command line, with one blank between them. */
static inline void assert_command_line(const char *expected)
{
    struct span rest = entry.command_line.data ? entry.command_line : entry.string, word;
    char words[256] = "";

    while (text_next_word(&rest, &word)) {
        if (*words)
            strcat(words, " ");
        strncat(words, (const char *)word.data, word.size);
    }
    assert_string_equal(words, expected);
}

#endif
