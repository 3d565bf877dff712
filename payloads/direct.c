/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See direct.h. A place for init_size bytes is taken; what is packed, an ELF and its relocations, is unpacked to its
 * start; and the segments then move down within it, each to its own place, as the kernel's parse_elf does:
 *
 *   place                                                                     + init_size
 *   | ELF header  | segment 1       | segment 2 | ELF's tables | relocations |  |
 *   | segment 1       | segment 2 |              .bss .brk           |
 *
 * What is not packed stays where it is, and the segments are copied from there.
 */
#include "payloads/direct.h"

#include "common/checked.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/string.h"
#include "payloads/kaslr_words.h"
#include "payloads/packed_kernel.h"
#include "payloads/slots.h"
#include "payloads/unpack.h"

#define LOWEST 0x20000000ull /* kaslr.c, choose_random_location: chance chooses from no higher than that on */

/* One start on its way. */
struct start {
    const struct expander *expander;
    const struct direct_machine *machine;
    const struct linux_kernel *kernel; /* the bzImage */
    struct kaslr_words words;
    bool random_physical, random_virtual;
    uint64_t size;  /* bytes that what is packed has unpacked */
    uint64_t place; /* physical address */
    uint64_t room;  /* bytes there */
};

static struct packed_kernel packed NOINIT;

static bool for_its_own_unpacker(struct span word, struct failure *failure)
{
    return fail(failure, "kernel", "%.*s is for its own unpacker", (int)word.size, (const char *)word.data);
}

/* What can be said before anything is unpacked. */
static bool check(struct start *start, const char *command_line, struct failure *failure)
{
    kaslr_words_read(command_line, &start->words);
    start->random_virtual = start->kernel->relocatable && !start->words.nokaslr;
    start->random_physical = start->random_virtual;
    if (start->machine->confidential)
        return fail(failure, "kernel", "this is a confidential guest");
    if (start->machine->memory && !start->kernel->repacked)
        return fail(failure, "kernel", "%s", start->machine->memory);
    if (start->words.encryption.data)
        return for_its_own_unpacker(start->words.encryption, failure);
    if (start->random_physical && start->words.limits.data) {
        if (!start->kernel->repacked)
            return for_its_own_unpacker(start->words.limits, failure);
        start->random_physical = false; /* the lowest place is one that they leave to it */
    }
    return packed_kernel_size(start->kernel, &start->size, failure);
}

/* As the unpacker chooses; where chance does not, as place_kernel (handoff/linux.c) does. */
static bool choose(struct start *start, struct failure *failure)
{
    const struct linux_kernel *kernel = start->kernel;
    const struct slots slots = { .size = align_up(kernel->init_size, PACKED_KERNEL_ALIGNMENT),
                                 .alignment = kernel->alignment,
                                 .minimum = kernel->preferred < LOWEST ? kernel->preferred : LOWEST,
                                 .maximum = kernel->above_4g ? UINT64_MAX - 1 : MAP_BELOW_4G };
    struct map_request request = {
        .size = slots.size, .alignment = kernel->alignment, .minimum = kernel->preferred, .maximum = slots.maximum
    };

    start->room = slots.size;
    if (start->random_physical &&
        !slots_pick(&slots, start->expander->map, start->machine->random_physical, &request.minimum))
        return fail(failure, "kernel", "there is no place for the %lu bytes that it needs", slots.size);
    if (start->random_physical || !kernel->relocatable)
        request.maximum = request.minimum + slots.size - 1;
    return map_allocate(start->expander->map, &request, MAP_WORK, &start->place, "kernel", failure);
}

/* Gives back what of the place lies behind so many bytes. */
static void release(const struct start *start, uint64_t from)
{
    struct failure ignored;

    if (from < start->room)
        map_release(start->expander->map, start->place + from, start->room - from, &ignored);
}

/*
 * *unpacked: the ELF and its relocations, wherever they then are. Our decoders need more memory than the kernel's own,
 * a dictionary for one: where there is not as much, the kernel can do it all the same.
 */
static enum direct unpack_there(const struct start *start, struct span *unpacked, struct failure *failure)
{
    const struct span payload = start->kernel->payload;
    bool done, lacking;
    uint64_t used;

    if (unpack_recognise(payload) == PACKING_NONE) {
        *unpacked = (struct span){ payload.data, start->size };
        return DIRECT_DONE;
    }
    *unpacked = (struct span){ (const uint8_t *)start->place, 0 };
    heap_start(start->expander->map, start->expander->reach);
    done = unpack(payload, (uint8_t *)start->place, start->size, &unpacked->size, &used, failure);
    lacking = heap_lacked();
    heap_end();
    if (done && unpacked->size != start->size)
        done = fail(failure, "kernel", "it unpacks to %lu bytes, and says %lu", unpacked->size, start->size);
    return done ? DIRECT_DONE : lacking ? DIRECT_NOT : DIRECT_FAILED;
}

/* Moves the segments to where they run. What is behind the ELF is still there. */
static void move(const struct start *start)
{
    struct program *program = &packed.elf.program;

    for (uint32_t i = 0; i < program->count; i++) {
        struct program_segment *segment = &program->segments[i];
        uint8_t *to = (uint8_t *)(start->place + segment->address - program->start);

        memmove(to, segment->content.data, segment->content.size);
        segment->content.data = to;
    }
}

/* Lets chance choose the virtual address, and puts right what depends on it. */
static bool relocate(const struct start *start, struct failure *failure)
{
    const uint64_t linked = start->kernel->preferred;
    uint64_t virtual;

    if (!slots_pick_within(packed.needed, start->kernel->alignment, linked, PACKED_KERNEL_VIRTUAL,
                           start->machine->random_virtual, &virtual))
        return fail(failure, "kernel", "its %lu bytes are more than its virtual memory", packed.needed);
    return virtual == linked || relocations_apply(&packed.relocations, &packed.elf.program, virtual - linked, failure);
}

/* Zeroes what shall be zero, over the relocations too, and says in *program where all lies. */
static void settle(const struct start *start, struct program *program)
{
    const struct program *linked = &packed.elf.program;

    *program = *linked;
    for (uint32_t i = 0; i < program->count; i++) {
        struct program_segment *segment = &program->segments[i];

        segment->address = (uint64_t)segment->content.data;
        memset((uint8_t *)segment->address + segment->content.size, 0, segment->memory_size - segment->content.size);
        segment->content.size = segment->memory_size;
    }
    program->start = start->place;
    program->end = start->place + (linked->end - linked->start);
}

static void fill(const struct start *start, struct boot *boot)
{
    struct linux_kernel *kernel = &boot->as_linux;

    kernel->needs_five_levels = kernel->has_five_levels && start->machine->five_levels && !start->words.no5lvl;
    kernel->five_levels = kernel->needs_five_levels;
    kernel->randomised = start->random_virtual;
    kernel->relocatable = false;
    kernel->code = kernel->payload = (struct span){ NULL, 0 };
    kernel->program = &boot->vmlinux;
    kernel->preferred = boot->vmlinux.start;
    kernel->entry = boot->vmlinux.start + (packed.elf.entry_physical - packed.elf.program.start);
    kernel->init_size = boot->vmlinux.end - boot->vmlinux.start;
}

/* What follows once there is a place. Where it does not succeed the place is given back by the caller. */
static enum direct start_there(struct start *start, struct failure *failure)
{
    const struct span payload = start->kernel->payload;
    struct span unpacked;
    enum direct result;

    if (!start->expander->reach(start->place, start->room) ||
        !start->expander->reach((uint64_t)payload.data, payload.size)) {
        fail(failure, "kernel", "its place at 0x%lx is out of our reach", start->place);
        return DIRECT_NOT;
    }
    result = unpack_there(start, &unpacked, failure);
    if (result != DIRECT_DONE)
        return result;
    if (!packed_kernel_parse(unpacked, start->kernel, &packed, failure))
        return DIRECT_NOT;
    move(start);
    if (start->random_virtual && packed.has_relocations && !relocate(start, failure))
        return DIRECT_NOT;
    return DIRECT_DONE;
}

enum direct direct_unpack(const struct expander *expander, const struct direct_machine *machine, struct boot *boot,
                          struct failure *failure)
{
    struct start start = { .expander = expander, .machine = machine, .kernel = &boot->as_linux };
    enum direct result;

    if (!check(&start, boot->command_line, failure) || !choose(&start, failure))
        return DIRECT_NOT;
    result = start_there(&start, failure);
    if (result == DIRECT_DONE && start.random_virtual && !packed.has_relocations) {
        /* A kernel that was built without KASLR: only now do we know. */
        release(&start, 0);
        start.random_physical = start.random_virtual = false;
        if (!choose(&start, failure))
            return DIRECT_NOT;
        result = start_there(&start, failure);
    }
    if (result != DIRECT_DONE) {
        release(&start, 0);
        return result;
    }
    settle(&start, &boot->vmlinux);
    release(&start, packed.needed);
    fill(&start, boot);
    return DIRECT_DONE;
}
