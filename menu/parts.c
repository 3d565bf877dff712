/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of an entry; see parts.h. Pure: compiled natively for tests as well. */
#include "menu/parts.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"

struct span parts_behind(struct span content, uint64_t used)
{
    const uint64_t next = used < content.size ? align_up(used, PARTS_PADDING) : used;

    if (next >= content.size)
        return (struct span){ NULL, 0 };
    return (struct span){ content.data + next, content.size - next };
}

bool parts_add_module(struct parts *parts, struct span content, const char *string, bool joined,
                      struct failure *failure)
{
    if (!content.size)
        return true;
    if (parts->module_count == BOOT_MODULES_MAX)
        return fail(failure, "modules", "more than %u", BOOT_MODULES_MAX);
    parts->modules[parts->module_count++] = (struct boot_module){ content, string, joined };
    return true;
}

bool parts_add_microcode(struct parts *parts, struct span content, struct failure *failure)
{
    const uint32_t count = parts->module_count;

    if (!parts_add_module(parts, content, "", true, failure))
        return false;
    if (parts->module_count == count)
        return true;

    const struct boot_module added = parts->modules[count];

    memmove(&parts->modules[1], &parts->modules[0], count * sizeof(added));
    parts->modules[0] = added;
    parts->microcode_count++;
    return true;
}

/* One that has no profiles has the first. */
static bool has_profile(const struct sections *sections, unsigned profile)
{
    return profile == SECTIONS_FIRST_PROFILE || (sections->count && profile > SECTIONS_BASE_PROFILE &&
                                                 profile <= sections->section[sections->count - 1].profile);
}

bool parts_take_sections(struct parts *parts, const struct sections *sections, struct failure *failure)
{
    static struct boot_module given[BOOT_MODULES_MAX] NOINIT;
    const uint32_t count = parts->module_count;
    const unsigned profile = parts->profile;

    if (!has_profile(sections, profile))
        return fail(failure, "profile", "there is no profile %u", profile - SECTIONS_FIRST_PROFILE);
    for (uint32_t i = 0; i < count; i++)
        given[i] = parts->modules[i];
    parts->module_count = parts->microcode_count;
    parts->content = section_find_in(sections, profile, ".linux");
    parts->command_line = section_find_in(sections, profile, ".cmdline");
    if (!parts->device_tree.data)
        parts->device_tree = section_find_in(sections, profile, ".dtb");
    parts->os_release = section_find_in(sections, profile, ".osrel");
    parts->uname = section_find_in(sections, profile, ".uname");
    if (!parts_add_module(parts, section_find_in(sections, profile, ".ucode"), "", true, failure) ||
        !parts_add_module(parts, section_find_in(sections, profile, ".initrd"), "", true, failure))
        return false;
    for (uint32_t i = parts->microcode_count; i < count; i++) {
        if (!parts_add_module(parts, given[i].content, given[i].string, given[i].joined, failure))
            return false;
    }
    return true;
}
