/* SPDX-License-Identifier: BSD-2-Clause */
/* See processor.h. */
#include "tests/conformance/processor.h"

#include "tests/conformance/report.h"

#define A20 0x100000

static const struct {
    char clause[8];
    const uint16_t hidden; /* offset in the two save areas */
} segment_rows[SEGMENT_COUNT] = {
    [SEGMENT_ES] = { "es", offsetof(struct state_save_area, es) },
    [SEGMENT_CS] = { "cs", offsetof(struct state_save_area, cs) },
    [SEGMENT_SS] = { "ss", offsetof(struct state_save_area, ss) },
    [SEGMENT_DS] = { "ds", offsetof(struct state_save_area, ds) },
    [SEGMENT_FS] = { "fs", offsetof(struct state_save_area, fs) },
    [SEGMENT_GS] = { "gs", offsetof(struct state_save_area, gs) },
};

bool descriptor_read(uint64_t selector, struct hidden_segment *segment)
{
    uint64_t offset = selector & ~7ull;

    if (offset == 0 || (selector & 4) || offset + 7 > state.gdtr.limit || !tables_reach(state.gdtr.base, PAGE_SIZE))
        return false;
    uint64_t descriptor = *(const volatile uint64_t *)(state.gdtr.base + offset);

    segment->selector = (uint16_t)selector;
    segment->attributes = (uint16_t)((descriptor >> 40 & 0xff) | (descriptor >> 44 & 0xf00));
    segment->limit = (uint32_t)((descriptor & 0xffff) | (descriptor >> 32 & 0xf0000));
    if (segment->attributes & 0x800)
        segment->limit = segment->limit << 12 | 0xfff;
    segment->base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000);
    return true;
}

static void check_flat_segment(unsigned number)
{
    const char *clause = segment_rows[number].clause;
    const void *area = number == SEGMENT_FS || number == SEGMENT_GS ? &vmcb_save : &host_save;
    struct hidden_segment seen;

    if (state.hidden)
        seen = *(const struct hidden_segment *)((const uint8_t *)area + segment_rows[number].hidden);
    else if (!descriptor_read(state.selector[number], &seen)) {
        /* The GDT need not be there any more, and the hidden part is hidden. */
        skip(clause, "selector 0x%lx, of no GDT that could be read; its base is 0, or we were not here",
             state.selector[number]);
        return;
    }
    unsigned type = number == SEGMENT_CS ? SEGMENT_TYPE_CODE | SEGMENT_TYPE_WRITE : SEGMENT_TYPE_WRITE;
    bool kind = (seen.attributes & (SEGMENT_TYPE_CODE | SEGMENT_TYPE_WRITE)) == type;
    unsigned wanted = SEGMENT_CODE_OR_DATA | SEGMENT_PRESENT | SEGMENT_32BIT;

    check(kind && (seen.attributes & (wanted | SEGMENT_LONG)) == wanted && seen.base == 0 && seen.limit == 0xffffffff,
          clause, "selector 0x%lx: base 0x%lx, limit 0x%x, attributes 0x%x; shall be flat, 32-bit, %s",
          state.selector[number], seen.base, seen.limit, seen.attributes,
          number == SEGMENT_CS ? "code that can be read" : "data that can be written");
}

void check_flat_segments(unsigned segments)
{
    for (unsigned number = 0; number < SEGMENT_COUNT; number++)
        if (segments & 1u << number)
            check_flat_segment(number);
}

void check_a20(void)
{
    static volatile uint32_t here;
    volatile uint32_t *there = (volatile uint32_t *)((uintptr_t)&here ^ A20);
    uint32_t kept = *there;

    here = ~kept;
    bool same = *there == ~kept;
    *there = kept;
    check(!same, "a20", "address bit 20 %s", same ? "is ignored" : "counts");
}

void check_flags_clear(uint64_t flags)
{
    static const struct {
        char clause[4];
        uint32_t bit;
    } rows[] = { { "if", RFLAGS_IF }, { "tf", RFLAGS_TF }, { "df", RFLAGS_DF }, { "vm", RFLAGS_VM } };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (flags & rows[i].bit)
            check(!(state.rflags & rows[i].bit), rows[i].clause, "flags are 0x%lx, shall have 0x%x clear", state.rflags,
                  rows[i].bit);
}

void check_bss(void)
{
    extern uint8_t zeroed[] __attribute__((visibility("hidden")));
    extern uint8_t zeroed_end[] __attribute__((visibility("hidden")));
    const uint8_t *byte = zeroed;

    while (byte < zeroed_end && *byte == 0)
        byte++;
    check(byte == zeroed_end, "bss", "%lu of %lu bytes behind the file's are 0, shall all be",
          (uint64_t)(byte - zeroed), (uint64_t)(zeroed_end - zeroed));
}

void check_whole(void)
{
    extern uint64_t payload_tail __attribute__((visibility("hidden")));

    check(payload_tail == CONFORMANCE_TAIL, "whole", "the file's last word is 0x%lx, shall be 0x%lx", payload_tail,
          (uint64_t)CONFORMANCE_TAIL);
}

void check_register(const char *clause, uint64_t value, uint64_t wanted)
{
    check(value == wanted, clause, "is 0x%lx, shall be 0x%lx", value, wanted);
}
