/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executing grub.cfg: which command comes next. `if` and loops lie in blocks one above the other, and all that is
 * executed is counted.
 */
#include <stddef.h>

#include "common/string.h"
#include "menu/grub_private.h"

/* ---- if, and loops ---- */

/* The innermost of the frame that is being executed; NULL: there is none. */
static uint8_t *top_block(struct grub *grub)
{
    return grub->block_count > grub->frame[grub->frame_count - 1].block_base ? &grub->block[grub->block_count - 1]
                                                                             : NULL;
}

static bool skips(struct grub *grub)
{
    const uint8_t *block = top_block(grub);

    return block && *block >= GRUB_BLOCK_SEARCH;
}

static void push_block(struct grub *grub, enum grub_block block)
{
    if (grub->block_count == GRUB_BLOCKS_MAX) {
        grub_report_here(grub, "too many ifs and loops in one another: what follows is not read");
        grub_end_frames(grub, grub->frame_count - 1);
        return;
    }
    grub->block[grub->block_count++] = (uint8_t)block;
}

/* then, elif and else: whether what follows is executed. False where it is out of place. */
static bool turn(uint8_t *block, enum grub_keyword keyword, bool status)
{
    if (!block || *block == GRUB_BLOCK_LOOP)
        return false;
    if (*block >= GRUB_BLOCK_DONE)
        return true;
    if ((keyword == GRUB_THEN) != (*block == GRUB_BLOCK_CONDITION))
        return false;
    if (keyword == GRUB_THEN)
        *block = status ? GRUB_BLOCK_TAKEN : GRUB_BLOCK_SEARCH;
    else if (*block == GRUB_BLOCK_TAKEN)
        *block = GRUB_BLOCK_DONE;
    else
        *block = keyword == GRUB_ELIF ? GRUB_BLOCK_CONDITION : GRUB_BLOCK_TAKEN;
    return true;
}

static void do_keyword(struct grub *grub, enum grub_keyword keyword)
{
    uint8_t *block = top_block(grub);
    bool fits = true;

    switch (keyword) {
    case GRUB_IF:
        push_block(grub, skips(grub) ? GRUB_BLOCK_SKIPPED : GRUB_BLOCK_CONDITION);
        grub->status = true;
        break;
    case GRUB_LOOP:
        if (!skips(grub))
            grub_report_here(grub, "loops are passed over");
        push_block(grub, GRUB_BLOCK_LOOP);
        break;
    case GRUB_THEN:
    case GRUB_ELIF:
    case GRUB_ELSE:
        fits = turn(block, keyword, grub->status);
        break;
    case GRUB_FI:
    case GRUB_DONE:
        fits = block && (*block == GRUB_BLOCK_LOOP) == (keyword == GRUB_DONE);
        grub->block_count -= fits;
        break;
    default:
        break;
    }
    if (!fits)
        grub_report_here(grub, "an if or a loop is not as it should be");
}

/* ---- commands ---- */

static void execute(struct grub *grub, const struct grub_command *command)
{
    const struct grub_function *function;

    if (!command->count)
        return;
    if (++grub->commands > GRUB_COMMANDS_MAX) {
        grub_report_here(grub, "too much is to be done: what follows is not read");
        grub->stopped = true;
        return;
    }
    if (strcmp(command->word[0], "function") == 0) {
        grub_define_function(grub, command);
        return;
    }
    function = grub_find_function(grub, command->word[0]);
    if (function)
        grub_call_function(grub, function, command);
    else
        grub->status = grub_execute(grub, command);
}

static void step(struct grub *grub)
{
    struct grub_frame *frame = &grub->frame[grub->frame_count - 1];
    const bool skipped = skips(grub) || grub->skip_next;
    const uint64_t before = frame->reader.rest.size;
    const uint32_t frames = grub->frame_count;
    struct grub_command *command = &grub->command;

    const bool more = grub_next(&frame->reader, skipped ? NULL : grub_look_up, grub, command);

    grub->bytes += before - frame->reader.rest.size;
    if (grub->bytes > GRUB_BYTES_MAX) {
        grub_report_here(grub, "too much is to be read: what follows is not");
        grub->stopped = true;
        return;
    }
    if (!more) {
        grub_pop_frame(grub);
        return;
    }
    grub->skip_next = false;
    if (command->problem) {
        grub_report(grub, frame->source, command->line, "it %s", command->problem);
    } else if (command->keyword) {
        do_keyword(grub, command->keyword);
    } else {
        if (!skipped)
            execute(grub, command);
        if (grub->frame_count > frames) /* its status comes with the end of what it called */
            grub->frame[frames].end = command->end;
        else
            grub->skip_next = grub_is_decided(grub, command->end);
    }
}

void grub_run(struct grub *grub)
{
    grub->skip_next = false;
    while (grub->frame_count && !grub->fatal && !grub->stopped)
        step(grub);
    grub->frame_count = grub->block_count = 0;
}
