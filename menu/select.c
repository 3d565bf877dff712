/* SPDX-License-Identifier: BSD-2-Clause */
/* Selecting an entry; see select.h. Pure: compiled natively for tests as well. */
#include "menu/select.h"

#include "common/text.h"
#include "payloads/bzimage.h"

#define PADDING 4 /* boot.txt loaders put files one after the other into one ramdisk, each padded to this */

static bool add_initrd(struct entry *entry, struct span initrd, struct failure *failure)
{
    if (!initrd.size)
        return true;
    if (entry->initrd_count == LINUX_INITRDS_MAX)
        return fail(failure, "initrd", "more than %u", LINUX_INITRDS_MAX);
    entry->initrds[entry->initrd_count++] = initrd;
    return true;
}

static bool module_content(const struct handoff *handoff, uint32_t index, const struct physical *physical,
                           struct span *content, struct failure *failure)
{
    const struct handoff_module *module = &handoff->modules[index];

    *content = (struct span){ physical_view(physical, module->start, module->size), module->size };
    return content->data || fail(failure, "modules", "module %u, %lu bytes at 0x%lx, is out of our reach", index,
                                 module->size, module->start);
}

/* A module's string without its first word, if that is a path: the loader before us may or may not have put one there.
 */
static struct span without_path(const char *string)
{
    struct span text = text_span(string), rest = text, word;

    if (text_next_word(&rest, &word) && (word.data[0] == '/' || word.data[0] == '('))
        return rest;
    return text;
}

/* What follows a kernel in the same module is its first initrd. */
static bool split_module(struct entry *entry, struct failure *failure)
{
    struct linux_kernel kernel;
    uint64_t size, next;

    if (entry->kind != PAYLOAD_BZIMAGE)
        return true;
    if (!bzimage_parse(entry->kernel, &kernel, &size, failure))
        return false;
    next = (size + PADDING - 1) & ~(uint64_t)(PADDING - 1);
    if (next >= entry->kernel.size)
        return true;

    const struct span initrd = { entry->kernel.data + next, entry->kernel.size - next };

    entry->kernel.size = size;
    return add_initrd(entry, initrd, failure);
}

static bool select_packed(const struct sections *sections, struct entry *entry, struct failure *failure)
{
    entry->source = "packed";
    entry->kernel = section_find(sections, ".linux");
    entry->kind = payload_recognise(entry->kernel);
    entry->command_line = section_find(sections, ".cmdline");
    return add_initrd(entry, section_find(sections, ".initrd"), failure);
}

bool select_entry(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  struct entry *entry, struct failure *failure)
{
    *entry = (struct entry){ 0 };
    if (section_find(sections, ".linux").data && !select_packed(sections, entry, failure))
        return false;

    for (uint32_t i = 0; i < handoff->module_count; i++) {
        struct span content;

        if (!module_content(handoff, i, physical, &content, failure))
            return false;

        enum payload_kind kind = payload_recognise(content);

        if (kind == PAYLOAD_DATA) {
            if (!add_initrd(entry, content, failure))
                return false;
            continue;
        }
        if (entry->source)
            return fail(failure, "modules", "module %u is a kernel, but there is one already (%s)", i, entry->source);
        if (entry->initrd_count)
            return fail(failure, "modules", "module %u is a kernel, but comes after an initrd", i);
        entry->source = "modules";
        entry->kernel = content;
        entry->kind = kind;
        entry->command_line = without_path(handoff->modules[i].string);
        if (!split_module(entry, failure))
            return false;
    }
    return entry->source || fail(failure, "payload", "nothing is packed into the image, and no module is a kernel");
}
