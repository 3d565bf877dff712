/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and applying Linux's relocations; see relocations.h. Pure: compiled natively for tests. */
#include "payloads/relocations.h"

#include "common/string.h"

#define ENTRY     sizeof(uint32_t)
#define LISTS_NEW 2
#define LISTS_OLD 3

enum kind { FIELD_64, FIELD_32, FIELD_INVERSE_32 };

static uint32_t entry_at(struct span table, uint64_t index)
{
    uint32_t entry;

    memcpy(&entry, table.data + index * ENTRY, ENTRY);
    return entry;
}

bool relocations_parse(struct span table, struct relocations *relocations, struct failure *failure)
{
    const uint64_t count = table.size / ENTRY;
    struct span lists[LISTS_OLD];
    uint32_t found = 0;

    if (table.size % ENTRY || !count || entry_at(table, 0))
        return fail(failure, "kernel", "the %lu bytes behind its ELF are no relocations", table.size);
    for (uint64_t i = 0; i < count; i++) {
        if (entry_at(table, i)) {
            lists[found - 1].size += ENTRY;
            continue;
        }
        if (found == LISTS_OLD)
            return fail(failure, "kernel", "its relocations are more than %u lists", LISTS_OLD);
        lists[found++] = (struct span){ table.data + (i + 1) * ENTRY, 0 };
    }
    if (found < LISTS_NEW)
        return fail(failure, "kernel", "its relocations are one list, and not 2 or %u", LISTS_OLD);
    relocations->fields64 = lists[0];
    relocations->inverse32 = found == LISTS_OLD ? lists[1] : (struct span){ NULL, 0 };
    relocations->fields32 = lists[found - 1];
    return true;
}

/* The bytes of a field at a physical address as linked. The segment that held the last one mostly holds this one. */
static uint8_t *find(const struct program *program, uint32_t *last, uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < program->count; i++) {
        const struct program_segment *segment = &program->segments[*last];
        const uint64_t offset = address - segment->address;

        if (offset < segment->content.size && size <= segment->content.size - offset)
            return (uint8_t *)segment->content.data + offset;
        *last = (*last + 1) % program->count;
    }
    return NULL;
}

static bool apply(struct span list, enum kind kind, const struct program *program, uint64_t delta,
                  struct failure *failure)
{
    const uint64_t size = kind == FIELD_64 ? sizeof(uint64_t) : sizeof(uint32_t);
    uint32_t last = 0;

    for (uint64_t i = 0; i < list.size / ENTRY; i++) {
        const uint64_t address = (uint64_t)(int32_t)entry_at(list, i);
        uint8_t *field = find(program, &last, address - RELOCATIONS_VIRTUAL, size);
        uint64_t value = 0;

        if (!field)
            return fail(failure, "kernel", "it has a relocation at 0x%lx, outside its segments", address);
        memcpy(&value, field, size);
        value = kind == FIELD_INVERSE_32 ? value - delta : value + delta;
        memcpy(field, &value, size);
    }
    return true;
}

bool relocations_apply(const struct relocations *relocations, const struct program *program, uint64_t delta,
                       struct failure *failure)
{
    return apply(relocations->fields32, FIELD_32, program, delta, failure) &&
           apply(relocations->inverse32, FIELD_INVERSE_32, program, delta, failure) &&
           apply(relocations->fields64, FIELD_64, program, delta, failure);
}
