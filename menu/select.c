/* SPDX-License-Identifier: BSD-2-Clause */
/* Selecting an entry; see select.h. Pure: compiled natively for tests as well. */
#include "menu/select.h"

#include <stddef.h>

#include "common/string.h"
#include "common/text.h"
#include "payloads/uki.h"
#include "payloads/unpack.h"

static bool add_module(struct entry *entry, struct span content, const char *string, bool joined,
                       struct failure *failure)
{
    if (!content.size)
        return true;
    if (entry->module_count == BOOT_MODULES_MAX)
        return fail(failure, "modules", "more than %u", BOOT_MODULES_MAX);
    entry->modules[entry->module_count++] = (struct boot_module){ content, string, joined };
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

/*
 * UAPI.5, "UKI Components". Microcode comes before other initrds, because the kernel looks for it in the first bytes.
 * The modules of the entry go behind those of the sections.
 */
static bool take_sections(const struct sections *sections, struct entry *entry, struct failure *failure)
{
    static struct boot_module given[BOOT_MODULES_MAX];
    const uint32_t count = entry->module_count;

    for (uint32_t i = 0; i < count; i++)
        given[i] = entry->modules[i];
    entry->module_count = 0;
    entry->content = section_find(sections, ".linux");
    entry->command_line = section_find(sections, ".cmdline");
    entry->device_tree = section_find(sections, ".dtb");
    entry->os_release = section_find(sections, ".osrel");
    entry->uname = section_find(sections, ".uname");
    if (!add_module(entry, section_find(sections, ".ucode"), "", true, failure) ||
        !add_module(entry, section_find(sections, ".initrd"), "", true, failure))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!add_module(entry, given[i].content, given[i].string, given[i].joined, failure))
            return false;
    }
    return true;
}

bool select_entry(const struct handoff *handoff, const struct sections *sections, const struct physical *physical,
                  const struct expander *expander, struct entry *entry, struct failure *failure)
{
    *entry = (struct entry){ .exact = handoff->door == DOOR_MULTIBOOT2 || handoff->door == DOOR_MULTIBOOT2_EFI };
    if (section_find(sections, ".linux").data) {
        entry->source = "packed";
        entry->packed = true;
        if (!take_sections(sections, entry, failure))
            return false;
    }
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        struct span content;

        if (!module_content(handoff, i, physical, &content, failure))
            return false;
        if (entry->source || expand_recognise(expander, content) == PAYLOAD_DATA) {
            if (!add_module(entry, content, handoff->modules[i].string, !entry->exact, failure))
                return false;
            continue;
        }
        if (entry->module_count)
            return fail(failure, "modules", "module %u is a kernel, but comes after an initrd", i);
        entry->source = "modules";
        entry->content = content;
        entry->command_line = without_path(handoff->modules[i].string);
    }
    return entry->source || fail(failure, "payload", "nothing is packed into the image, and no module is a kernel");
}

/* ---- opening ---- */

#define TAIL_MAX 64 /* bytes, fewer than any archive has */
#define PADDING  4  /* boot.txt loaders put files one after the other into one ramdisk, each padded to this */

/* What lies `used` bytes and their padding behind the start of content. */
static struct span behind(struct span content, uint64_t used)
{
    const uint64_t next = used < content.size ? (used + PADDING - 1) & ~(PADDING - 1ull) : used;

    if (next >= content.size)
        return (struct span){ NULL, 0 };
    return (struct span){ content.data + next, content.size - next };
}

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
    static struct boot module;
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
        rest = behind(rest, used);
        string = "";
    }
    return !rest.size || put_module(boot, rest, string, failure);
}

/*
 * What lies behind the payload in one piece with it. Some files are longer than their headers tell (a vmlinux taken out
 * of a bzImage has its relocations behind it): where each file comes as itself that is nobody's business, where several
 * came as one it is not to be guessed.
 */
static bool put_rest(const struct entry *entry, const struct expander *expander, struct span rest, struct boot *boot,
                     struct failure *failure)
{
    const bool initrd = payload_recognise(boot->file) == PAYLOAD_BZIMAGE;

    if (!rest.size || entry->packed || (entry->exact && !initrd))
        return true;
    if (initrd)
        return put_joined(expander, rest, "", boot, failure);
    /* A few bytes more than the headers tell are common: Xen has 4. */
    for (uint64_t skip = 0; skip < TAIL_MAX && skip < rest.size; skip += PADDING) {
        const struct span next = { rest.data + skip, rest.size - skip };

        if (payload_is_archive(next) || expand_recognise(expander, next) != PAYLOAD_DATA)
            return put_joined(expander, next, "", boot, failure);
    }
    if (rest.size < TAIL_MAX)
        return true;
    return fail(failure, "modules", "the %lu bytes behind the kernel are neither another one nor an archive",
                rest.size);
}

static bool put_modules(const struct entry *entry, const struct expander *expander, struct boot *boot,
                        struct failure *failure)
{
    for (uint32_t i = 0; i < entry->module_count; i++) {
        const struct boot_module *module = &entry->modules[i];
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

/* Whether it is a UKI; *pe is then what it holds. A bzImage is not, though our own packed image has the sections. */
static bool is_uki(struct span content, struct pe *pe)
{
    struct failure ignored; /* who takes it apart will say it */

    return payload_recognise(content) == PAYLOAD_PE && pe_parse(content, pe, &ignored) && pe->is_uki;
}

bool select_open(struct entry *entry, bool whole, const struct expander *expander, struct boot *boot,
                 struct failure *failure)
{
    static struct pe pe;
    struct span content, rest;
    bool uki = false;
    uint64_t used;

    boot->module_count = 0;
    if (!expand(expander, entry->content, &content, &used, failure))
        return false;
    rest = behind(entry->content, used);
    uki = is_uki(content, &pe);
    if (uki) {
        if (content.data == entry->content.data)
            rest = behind(content, pe.size);
        entry->string = entry->command_line;
        entry->command_line = section_find(&pe.sections, ".cmdline");
        if (!entry->packed && !entry->exact && (rest.size >= TAIL_MAX || payload_is_archive(rest)) &&
            !add_module(entry, rest, "", true, failure))
            return false;
        rest = (struct span){ NULL, 0 };
    }
    if (uki && whole && entry->module_count)
        return fail(failure, "modules", "a UKI that is started by its own stub takes no further initrds");
    if (uki && !whole &&
        (!take_sections(&pe.sections, entry, failure) || !expand(expander, entry->content, &content, &used, failure)))
        return false;
    if (!payload_take_apart(content, boot, failure))
        return false;
    if (!uki && content.data == entry->content.data)
        rest = behind(content, boot->file.size);
    boot->unknown_sections = uki ? pe.unknown_count : 0;
    memcpy(boot->unknown_section, pe.unknown_first, sizeof(boot->unknown_section));
    boot->device_tree = entry->device_tree;
    boot->verified = entry->packed;
    return put_rest(entry, expander, rest, boot, failure) && put_modules(entry, expander, boot, failure);
}
