/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See direct.h. A place for init_size bytes is taken; what is packed, an ELF and its relocations, is unpacked to its
 * start; and the segments then move down within it, each to its own place, as the kernel's parse_elf does:
 *
 *   place                                                                    + init_size
 *   | ELF header  | segment 1       | segment 2 |    headers | relocations |  |
 *   | segment 1       | segment 2 | .bss .brk                         |
 */
#include "payloads/direct.h"

#include <elf.h>

#include "common/checked.h"
#include "common/heap.h"
#include "common/noinit.h"
#include "common/string.h"
#include "payloads/elf.h"
#include "payloads/kaslr_words.h"
#include "payloads/relocations.h"
#include "payloads/slots.h"
#include "payloads/unpack.h"

#define MIB       (1ull << 20)
#define ALIGNMENT (2 * MIB)   /* Linux: MIN_KERNEL_ALIGN, and what it maps itself with */
#define LOWEST    (512 * MIB) /* kaslr.c, choose_random_location: no higher than that begins what chance chooses from */
#define VIRTUAL   (1024 * MIB) /* Linux: KERNEL_IMAGE_SIZE, of a kernel with relocations */
#define BELOW_4G  0xffffffffull
#define TRAILER   sizeof(uint32_t)

/* One start on its way. */
struct direct_start {
    const struct expander *expander;
    const struct direct_machine *machine;
    const struct linux_kernel *kernel; /* the bzImage */
    struct kaslr_words words;
    bool random;     /* chance chooses the addresses */
    uint64_t size;   /* bytes that what is packed has unpacked */
    uint64_t place;  /* physical address */
    uint64_t room;   /* bytes there, whole pages */
    uint64_t needed; /* bytes that the kernel's own unpacker would look for, a multiple of ALIGNMENT */
};

static struct elf elf NOINIT;

/* The last four bytes are the size: gzip's own trailer, and for all others put there by Linux's build (size_append). */
static uint64_t unpacked_size(struct span payload)
{
    uint32_t size;

    memcpy(&size, payload.data + payload.size - TRAILER, sizeof(size));
    return size;
}

/* What can be said before anything is unpacked. */
static bool check(struct direct_start *start, const char *command_line, struct failure *failure)
{
    const struct linux_kernel *kernel = start->kernel;

    kaslr_words_read(command_line, &start->words);
    if (start->machine->confidential)
        return fail(failure, "kernel", "this is a confidential guest");
    if (start->words.encryption.data)
        return fail(failure, "kernel", "%.*s is for its own unpacker", (int)start->words.encryption.size,
                    (const char *)start->words.encryption.data);
    if (!start->words.nokaslr && start->words.limits.data)
        return fail(failure, "kernel", "%.*s is for its own unpacker", (int)start->words.limits.size,
                    (const char *)start->words.limits.data);
    if (!kernel->payload.data || kernel->payload.size <= TRAILER)
        return fail(failure, "kernel", "it does not say where in it the kernel is");
    if (unpack_recognise(kernel->payload) == PACKING_NONE)
        return fail(failure, "kernel", "it is packed in a way that is unknown here");
    start->size = unpacked_size(kernel->payload);
    start->random = kernel->relocatable && !start->words.nokaslr;
    if (!kernel->preferred || kernel->preferred % ALIGNMENT || kernel->alignment % ALIGNMENT ||
        kernel->preferred >= VIRTUAL)
        return fail(failure, "kernel", "its address, 0x%lx, or its alignment, 0x%lx, is unusual", kernel->preferred,
                    kernel->alignment);
    return true;
}

/* As the unpacker chooses; where chance does not, as place_kernel (handoff/linux.c) does. */
static bool choose(struct direct_start *start, struct failure *failure)
{
    const struct linux_kernel *kernel = start->kernel;
    const uint64_t maximum = kernel->above_4g ? UINT64_MAX - 1 : BELOW_4G;
    const uint64_t size = start->size > kernel->init_size ? start->size : kernel->init_size;
    const struct slots slots = { .size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1),
                                 .alignment = kernel->alignment,
                                 .minimum = kernel->preferred < LOWEST ? kernel->preferred : LOWEST,
                                 .maximum = maximum };
    struct map_request request = { .size = slots.size,
                                   .alignment = kernel->alignment,
                                   .minimum = kernel->preferred,
                                   .maximum = start->random || kernel->relocatable
                                                  ? maximum
                                                  : kernel->preferred + slots.size - 1 };
    uint64_t slot;

    if (start->random) {
        if (!slots_pick(&slots, start->expander->map, start->machine->random_physical, &slot))
            return fail(failure, "kernel", "there is no room for %lu bytes", slots.size);
        request.minimum = slot;
        request.maximum = slot + slots.size - 1;
    }
    start->room = slots.size;
    return map_allocate(start->expander->map, &request, MAP_WORK, &start->place, "kernel", failure);
}

static void release(const struct direct_start *start, uint64_t from)
{
    struct failure ignored;

    if (from < start->room)
        map_release(start->expander->map, start->place + from, start->room - from, &ignored);
}

static bool unpack_there(const struct direct_start *start, struct failure *failure)
{
    uint64_t size, used;
    bool done;

    heap_start(start->expander->map, start->expander->reach);
    done = unpack(start->kernel->payload, (uint8_t *)start->place, start->size, &size, &used, failure);
    heap_end();
    if (done && size != start->size)
        return fail(failure, "kernel", "it unpacks to %lu bytes, and says %lu", size, start->size);
    return done;
}

/* Whether the ELF is a kernel as we know them, which can move down within its place. */
static bool check_elf(struct direct_start *start, struct failure *failure)
{
    const struct span file = { (const uint8_t *)start->place, start->size };
    const struct program *program = &elf.program;
    uint64_t behind = UINT64_MAX;

    if (!elf_parse(file, &elf, failure))
        return false;
    if (!elf.is_64 || elf.machine != EM_X86_64 || program->start != start->kernel->preferred)
        return fail(failure, "kernel", "what is packed in it is no 64-bit kernel for 0x%lx", start->kernel->preferred);
    if (!program_holds(program, elf.entry_physical))
        return fail(failure, "kernel", "its entry, 0x%lx, is outside what is loaded", elf.entry_physical);
    if (program->end - program->start > start->room)
        return fail(failure, "kernel", "it has %lu bytes, more than its init_size", program->end - program->start);
    for (uint32_t i = program->count; i--;) {
        const struct program_segment *segment = &program->segments[i];
        const uint64_t from = (uint64_t)(segment->content.data - file.data), to = segment->address - program->start;

        /* None is written over one that has not moved yet. */
        if (segment->content.size && (from < to || to + segment->content.size > behind))
            return fail(failure, "kernel", "its segments are in an unusual order");
        if (segment->content.size)
            behind = from;
    }
    start->needed = program->end - program->start > start->size ? program->end - program->start : start->size;
    start->needed = (start->needed + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    return true;
}

/* Lets chance choose the virtual address, and puts right what depends on it. */
static bool relocate(const struct direct_start *start, struct failure *failure)
{
    const uint64_t linked = start->kernel->preferred;
    const struct span table = { (const uint8_t *)start->place + elf.size, start->size - elf.size };
    struct relocations relocations;
    uint64_t virtual;

    if (!relocations_parse(table, &relocations, failure))
        return false;
    if (!slots_pick_within(start->needed, start->kernel->alignment, linked, VIRTUAL, start->machine->random_virtual,
                           &virtual))
        return fail(failure, "kernel", "its %lu bytes are more than its virtual memory", start->needed);
    return virtual == linked || relocations_apply(&relocations, &elf.program, virtual - linked, failure);
}

/* Moves the segments to where they run, and says so in *program. */
static void settle(const struct direct_start *start, struct program *program)
{
    *program = elf.program;
    for (uint32_t i = 0; i < program->count; i++) {
        struct program_segment *segment = &program->segments[i];
        uint8_t *to = (uint8_t *)(start->place + segment->address - elf.program.start);

        memmove(to, segment->content.data, segment->content.size);
        segment->address = (uint64_t)to;
        segment->content.data = to;
    }
    /* Not before the last has moved: what shall be zero may lie over it. */
    for (uint32_t i = 0; i < program->count; i++) {
        struct program_segment *segment = &program->segments[i];

        memset((uint8_t *)segment->content.data + segment->content.size, 0,
               segment->memory_size - segment->content.size);
        segment->content.size = segment->memory_size;
    }
    program->start = start->place;
    program->end = start->place + (elf.program.end - elf.program.start);
}

static void fill(const struct direct_start *start, struct boot *boot)
{
    struct linux_kernel *kernel = &boot->as_linux;
    const uint64_t entry = elf.entry_physical - elf.program.start;

    kernel->needs_five_levels = kernel->has_five_levels && start->machine->five_levels && !start->words.no5lvl;
    kernel->five_levels = kernel->needs_five_levels;
    kernel->randomised = start->random;
    kernel->relocatable = false;
    kernel->code = kernel->payload = (struct span){ NULL, 0 };
    kernel->program = &boot->vmlinux;
    kernel->preferred = boot->vmlinux.start;
    kernel->entry = boot->vmlinux.start + entry;
    kernel->init_size = boot->vmlinux.end - boot->vmlinux.start;
}

enum direct direct_unpack(const struct expander *expander, const struct direct_machine *machine, struct boot *boot,
                          struct failure *failure)
{
    struct direct_start start = { .expander = expander, .machine = machine, .kernel = &boot->as_linux };

    if (!check(&start, boot->command_line, failure) || !choose(&start, failure))
        return DIRECT_NOT;
    if (!expander->reach(start.place, start.room) ||
        !expander->reach((uint64_t)start.kernel->payload.data, start.kernel->payload.size)) {
        release(&start, 0);
        fail(failure, "kernel", "its place at 0x%lx is out of our reach", start.place);
        return DIRECT_NOT;
    }
    if (!unpack_there(&start, failure)) {
        release(&start, 0);
        return DIRECT_FAILED;
    }
    if (!check_elf(&start, failure) || (start.random && !relocate(&start, failure))) {
        release(&start, 0);
        return DIRECT_NOT;
    }
    settle(&start, &boot->vmlinux);
    release(&start, start.needed);
    fill(&start, boot);
    return DIRECT_DONE;
}
