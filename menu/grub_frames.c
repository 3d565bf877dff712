/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What executing grub.cfg keeps: variables, functions, and the frames in which files, functions and the bodies of
 * entries lie one above the other, so that nothing calls itself; and what is told of a line.
 */
#include <stdarg.h>
#include <stddef.h>

#include "common/console.h"
#include "common/string.h"
#include "common/text.h"
#include "menu/conf.h"
#include "menu/files.h"
#include "menu/grub_private.h"
#include "storage/path.h"

/* ---- what is told ---- */

void grub_report(struct grub *grub, const struct grub_source *source, uint32_t line, const char *why, ...)
{
    struct failure failure;
    va_list arguments;

    if (grub->reports++ >= GRUB_REPORTS_MAX)
        return;
    conf_fail(&failure, source->path, line, "it cannot be told why");
    va_start(arguments, why);
    text_vformat(failure.why, sizeof(failure.why), why, arguments);
    va_end(arguments);
    warn("%s: %s", failure.what, failure.why);
}

const struct grub_source *grub_source(const struct grub *grub)
{
    return grub->frame[grub->frame_count - 1].source;
}

void grub_report_here(struct grub *grub, const char *why)
{
    grub_report(grub, grub_source(grub), grub->command.line, "%s", why);
}

/* ---- variables ---- */

void grub_set_variable(struct grub *grub, const char *name, const char *value)
{
    if (!grub_set(&grub->variables, name, value))
        grub_report(grub, grub_source(grub), grub->command.line, "there is no room for the variable %s", name);
}

const char *grub_variable(const struct grub *grub, const char *name)
{
    const char *value = grub_get(&grub->variables, name);

    return value ? value : "";
}

const char *grub_keep(struct grub *grub, const char *text)
{
    const char *kept = entries_text(grub->entries, text_span(text), grub->failure);

    grub->fatal = grub->fatal || !kept;
    return kept;
}

/* The innermost function's arguments, $1 to $9; further ones there are not. */
static const char *find_argument(const struct grub *grub, char digit)
{
    for (uint32_t i = grub->frame_count; i > 0; i--) {
        const struct grub_frame *frame = &grub->frame[i - 1];

        if (frame->kind == GRUB_FRAME_FUNCTION)
            return digit >= '1' && (uint32_t)(digit - '1') < frame->argument_count ? frame->argument[digit - '1'] : "";
    }
    return "";
}

const char *grub_look_up(void *context, const char *name)
{
    const struct grub *grub = context;

    if (name[0] >= '0' && name[0] <= '9')
        return name[1] ? "" : find_argument(grub, name[0]);
    if (name[0] == '?')
        return grub->status ? "0" : "1";
    return grub_get(&grub->variables, name);
}

/* ---- frames ---- */

static struct grub_frame *push_frame(struct grub *grub, enum grub_frame_kind kind, struct grub_reader text,
                                     const struct grub_source *source)
{
    struct grub_frame *frame;

    if (grub->frame_count == GRUB_FRAMES_MAX) {
        grub_report_here(grub, "too many files and functions in one another");
        return NULL;
    }
    frame = &grub->frame[grub->frame_count++];
    frame->kind = kind;
    frame->reader = text;
    frame->source = source;
    frame->end = GRUB_END_LINE;
    frame->block_base = grub->block_count;
    frame->argument_count = 0;
    return frame;
}

/* Whether the next command is passed over, because of the && or || behind the last. */
bool grub_is_decided(const struct grub *grub, enum grub_end end)
{
    return end != GRUB_END_LINE && grub->status == (end == GRUB_END_OR);
}

void grub_pop_frame(struct grub *grub)
{
    const struct grub_frame *frame = &grub->frame[grub->frame_count - 1];

    if (grub->block_count > frame->block_base)
        grub_report(grub, frame->source, frame->reader.line, "an if or a loop is not closed");
    grub->block_count = frame->block_base;
    grub->frame_count--;
    grub->skip_next = grub_is_decided(grub, frame->end);
}

/* Nothing more of the frame with this index, and of those above it, is executed. */
void grub_end_frames(struct grub *grub, uint32_t index)
{
    const uint32_t blocks = grub->frame_count > index ? grub->frame[index].block_base : grub->block_count;

    for (uint32_t i = index; i < grub->frame_count; i++) {
        grub->frame[i].reader.rest.size = 0;
        grub->frame[i].block_base = blocks;
    }
    grub->block_count = blocks;
}

bool grub_return(struct grub *grub)
{
    for (uint32_t i = grub->frame_count; i > 0; i--) {
        if (grub->frame[i - 1].kind == GRUB_FRAME_FILE)
            continue;
        grub_end_frames(grub, i - 1);
        return true;
    }
    return false;
}

void grub_leave(struct grub *grub)
{
    grub_end_frames(grub, 0);
}

static const struct grub_source *add_source(struct grub *grub, const struct volume *volume, const char *path,
                                            struct span text)
{
    struct outcome *outcome = grub->outcome;
    struct grub_source *source = entries_take(grub->entries, sizeof(*source), grub->failure);

    if (!source) {
        grub->fatal = true;
        return NULL;
    }
    *source = (struct grub_source){ volume, grub_keep(grub, path), text };
    if (!source->path)
        return NULL;
    outcome->files[outcome->file_count++] = (struct outcome_file){ &volume->tree, source->path };
    return source;
}

static bool is_read(const struct volumes_view *view, const struct volume *volume, const char *path)
{
    for (uint32_t i = 0; i < view->read_count; i++) {
        if (view->read[i].tree == &volume->tree && strcmp(view->read[i].path, path) == 0)
            return true;
    }
    return false;
}

bool grub_enter_file(struct grub *grub, const struct volume *volume, const char *path, bool alone)
{
    const struct grub_source *source;
    struct failure failure;
    struct span text;

    if (alone && is_read(grub->view, volume, path)) {
        grub_leave(grub);
        return true;
    }
    if (grub->outcome->file_count == OUTCOME_FILES_MAX) {
        grub_report_here(grub, "too many files are read");
        return false;
    }
    if (!file_text(&volume->tree, path, CONF_FILE_MAX, grub->entries, &text, &failure)) {
        warn("%s: %s: %s", volume->tree.name, failure.what, failure.why);
        return false;
    }
    if (!text.data)
        return false;
    source = add_source(grub, volume, path, text);
    if (!source)
        return false;
    if (strnlen((const char *)text.data, text.size) < text.size) {
        grub_report(grub, source, 0, "it has NULs, and is no text");
        return false;
    }
    if (alone)
        grub_leave(grub);
    return push_frame(grub, GRUB_FRAME_FILE, (struct grub_reader){ text, 1 }, source);
}

bool grub_enter_item(struct grub *grub, const struct grub_item *item)
{
    return push_frame(grub, GRUB_FRAME_ITEM, item->body, item->source);
}

struct grub_function *grub_find_function(struct grub *grub, const char *name)
{
    for (uint32_t i = 0; i < grub->function_count; i++) {
        if (strcmp(grub->function[i].name, name) == 0)
            return &grub->function[i];
    }
    return NULL;
}

void grub_define_function(struct grub *grub, const struct grub_command *command)
{
    struct grub_function *function;

    if (command->count != 2 || !command->block.rest.data || strlen(command->word[1]) >= GRUB_NAME_MAX) {
        grub_report_here(grub, "this is no function");
        return;
    }
    function = grub_find_function(grub, command->word[1]);
    if (!function && grub->function_count == GRUB_FUNCTIONS_MAX) {
        grub_report_here(grub, "there are too many functions");
        return;
    }
    if (!function)
        function = &grub->function[grub->function_count++];
    text_format(function->name, sizeof(function->name), "%s", command->word[1]);
    function->body = command->block;
    function->source = grub_source(grub);
}

void grub_call_function(struct grub *grub, const struct grub_function *function, const struct grub_command *command)
{
    struct grub_frame *frame = push_frame(grub, GRUB_FRAME_FUNCTION, function->body, function->source);

    grub->status = frame;
    if (!frame)
        return;
    for (uint32_t i = 1; i < command->count && frame->argument_count < GRUB_ARGUMENTS_MAX; i++) {
        char *argument = frame->argument[frame->argument_count++];
        const size_t length = strnlen(command->word[i], sizeof(frame->argument[0]) - 1);

        memcpy(argument, command->word[i], length);
        argument[length] = '\0';
    }
}
