/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening the parts of an entry; see open.h. Pure: compiled natively for tests as well. */
#include "menu/open.h"

#include <stddef.h>

#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "payloads/uki.h"
#include "payloads/unpack.h"

#define TAIL_MAX 64 /* bytes, fewer than any archive has */

static bool put_module(struct boot *boot, struct span content, const char *string, struct failure *failure)
{
    if (boot->module_count == BOOT_MODULES_MAX)
        return fail(failure, "modules", "more than %u", BOOT_MODULES_MAX);
    boot->modules[boot->module_count++] = (struct boot_module){ .content = content, .string = string };
    return true;
}

/* A module that is a kernel is given unpacked, as its payload will want to start it; a Linux wants initrds as they are.
 */
static bool put_kernel(const struct expander *expander, struct boot *boot, struct span packed, const char *string,
                       uint64_t *used, struct failure *failure)
{
    static struct boot module NOINIT;
    struct span content;

    if (!expand(expander, packed, &content, used, failure) || !payload_take_apart(content, &module, failure))
        return false;
    if (content.data == packed.data)
        *used = module.file.size;
    return put_module(boot, module.file, string, failure);
}

/* Whether the payload takes its modules as one initrd, so that it is nobody's business what is in them. */
static bool takes_initrd(const struct boot *boot)
{
    return boot->faces & FACE_LINUX;
}

/* Each kernel at the front is a module, and what then remains is one. */
static bool put_joined(const struct expander *expander, struct span rest, const char *string, struct boot *boot,
                       struct failure *failure)
{
    uint64_t used;

    while (rest.size && !takes_initrd(boot) && expand_recognise(expander, rest) != PAYLOAD_DATA) {
        if (!put_kernel(expander, boot, rest, string, &used, failure))
            return false;
        rest = parts_behind(rest, used);
        string = "";
    }
    return !rest.size || put_module(boot, rest, string, failure);
}

/*
 * What lies behind the payload in one piece with it. Some files are longer than their headers tell (a vmlinux taken out
 * of a bzImage has its relocations behind it): where each file comes as itself that is nobody's business, where several
 * came as one it is not to be guessed.
 */
static bool put_rest(const struct parts *parts, const struct expander *expander, struct span rest, struct boot *boot,
                     struct failure *failure)
{
    const bool initrd = payload_recognise(boot->file) == PAYLOAD_BZIMAGE;

    if (!rest.size || parts->packed || (parts->exact && !initrd))
        return true;
    if (initrd)
        return put_joined(expander, rest, "", boot, failure);
    /* A few bytes more than the headers tell are common: Xen has 4. */
    for (uint64_t skip = 0; skip < TAIL_MAX && skip < rest.size; skip += PARTS_PADDING) {
        const struct span next = { rest.data + skip, rest.size - skip };

        if (payload_is_archive(next) || expand_recognise(expander, next) != PAYLOAD_DATA)
            return put_joined(expander, next, "", boot, failure);
    }
    if (rest.size < TAIL_MAX)
        return true;
    return fail(failure, "modules", "the %lu bytes behind the kernel are neither another one nor an archive",
                rest.size);
}

static bool put_modules(const struct parts *parts, const struct expander *expander, struct boot *boot,
                        struct failure *failure)
{
    for (uint32_t i = 0; i < parts->module_count; i++) {
        const struct boot_module *module = &parts->modules[i];
        bool compressed = unpack_recognise(module->content) != PACKING_NONE && !takes_initrd(boot);
        uint64_t used;
        bool done;

        if (module->joined)
            done = put_joined(expander, module->content, module->string, boot, failure);
        else if (compressed && expand_recognise(expander, module->content) != PAYLOAD_DATA)
            done = put_kernel(expander, boot, module->content, module->string, &used, failure);
        else
            done = put_module(boot, module->content, module->string, failure);
        if (!done)
            return false;
    }
    return true;
}

/*
 * Whether it is a UKI; *pe is then what it holds. A bzImage is not, though our own packed image has the sections,
 * unless its entry says so.
 */
static bool is_uki(const struct parts *parts, struct span content, struct pe *pe)
{
    struct failure ignored; /* who takes it apart will say it */

    return (parts->is_uki || payload_recognise(content) == PAYLOAD_PE) && pe_parse(content, pe, &ignored) && pe->is_uki;
}

bool parts_open(struct parts *parts, const struct expander *expander, struct boot *boot, struct failure *failure)
{
    static struct pe pe NOINIT;
    struct span content, rest;
    bool uki = false;
    uint64_t used;

    boot->module_count = 0;
    if (!expand(expander, parts->content, &content, &used, failure))
        return false;
    rest = parts_behind(parts->content, used);
    uki = is_uki(parts, content, &pe);
    if (uki) {
        if (content.data == parts->content.data)
            rest = parts_behind(content, pe.size);
        parts->options = parts->command_line;
        parts->command_line = section_find_in(&pe.sections, parts->profile, ".cmdline");
        if (!parts->packed && !parts->exact && (rest.size >= TAIL_MAX || payload_is_archive(rest)) &&
            !parts_add_module(parts, rest, "", true, failure))
            return false;
        rest = (struct span){ NULL, 0 };
    }
    if (uki && parts->whole && parts->module_count)
        return fail(failure, "modules", "a UKI that is started by its own stub takes no further initrds");
    if (uki && !parts->whole) {
        parts->uki = (struct span){ content.data, pe.size };
        if (!parts_take_sections(parts, &pe.sections, failure) ||
            !expand(expander, parts->content, &content, &used, failure))
            return false;
    }
    if (!payload_take_apart(content, boot, failure))
        return false;
    if (!uki && content.data == parts->content.data)
        rest = parts_behind(content, boot->file.size);
    boot->unknown_sections = uki ? pe.unknown_count : 0;
    memcpy(boot->unknown_section, pe.unknown_first, sizeof(boot->unknown_section));
    boot->device_tree = parts->device_tree;
    boot->verified = parts->verified;
    boot->origin.volume = parts->volume;
    boot->origin.path = parts->path;
    return put_rest(parts, expander, rest, boot, failure) && put_modules(parts, expander, boot, failure);
}
