/* SPDX-License-Identifier: BSD-2-Clause */
/* Each test of payloads/elf.c runs for both classes of ELF: *state is whether it is the 64-bit one. */
#ifndef TESTS_UNIT_ELF_CLASSES_FIXTURE_H
#define TESTS_UNIT_ELF_CLASSES_FIXTURE_H

#include "tests/unit/elf_fixture.h"

static bool class_64 = true, class_32 = false;

#define BOTH(test)                                                              \
    cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, &class_64), \
        cmocka_unit_test_prestate_setup_teardown(test, setup, teardown, &class_32)

static inline void restart(void **state)
{
    synthetic_elf_start(&made, *(bool *)*state);
}

static inline int setup(void **state)
{
    restart(state);
    return 0;
}

static inline bool parse(void)
{
    return parse_elf_bytes(ELF_END);
}

static inline void with_sections(uint16_t count)
{
    made.header.e_shoff = ELF_SECTIONS;
    made.header.e_shnum = count;
    for (uint32_t i = 1; i < count && i < ELF_SECTIONS_MAX; i++)
        made.sections[i] = (Elf64_Shdr){ .sh_type = SHT_PROGBITS, .sh_offset = ELF_CONTENT, .sh_size = 0x100 };
}

#endif
