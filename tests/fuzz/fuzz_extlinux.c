/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/extlinux.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c storage/path.c */
/* sources: common/arena.c common/map.c common/text.c common/failure.c */
/* An extlinux.conf, with another one that it may include. Every entry is sound, and the default is one of them. */
#include "menu/extlinux.h"
#include "tests/fuzz/volume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = { "/boot/extlinux/extlinux.conf", "/boot/extlinux/x.conf", NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome outcome;
    struct failure failure = { 0 };

    volumes_start(paths, data, size);
    if (!extlinux_entries_add(&volumes[0], paths[0], &list, &outcome, &failure))
        check_failure(&failure);
    else
        require(outcome.added == list.count);
    check_entries();
    check_default(outcome.conf.default_entry);
    require(outcome.file_count <= OUTCOME_FILES_MAX && !outcome.unknown_count == !outcome.unknown[0]);
    volumes_end();
    return 0;
}
