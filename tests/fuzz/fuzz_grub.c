/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/grub_conf.c menu/grub_run.c menu/grub_words.c menu/grub_variables.c menu/grub_test.c */
/* sources: menu/grub_frames.c */
/* sources: menu/grub_env.c menu/grub_files.c menu/grub_commands.c menu/grub_menu.c menu/grub_build.c menu/grub_bls.c */
/* sources: menu/bls.c menu/conf.c menu/files.c menu/entries.c menu/version.c menu/glob.c storage/path.c */
/* sources: common/arena.c common/map.c common/text.c common/failure.c */
/*
 * A grub.cfg, with a grubenv, another configuration and two entries of UAPI.1 that it may lead to, read for a BIOS or
 * for EFI. It ends; every entry is sound; the default is one of them.
 */
#include "menu/grub_conf.h"
#include "tests/fuzz/volume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = { "/boot/grub/grub.cfg",    "/boot/grub/grubenv",     "/boot/grub/custom.cfg",
                                     "/loader/entries/a.conf", "/loader/entries/b.conf", NULL };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome outcome;
    const struct volumes_view view = { .volume = volumes, .count = 2, .efi = size % 2 };
    struct failure failure = { 0 };

    volumes_start(paths, data, size);
    if (!grub_entries_add(&view, &volumes[0], paths[0], &list, &outcome, &failure))
        check_failure(&failure);
    else
        require(outcome.added == list.count);
    check_entries();
    check_default(outcome.conf.default_entry);
    require(outcome.file_count <= OUTCOME_FILES_MAX && outcome.folder_count <= OUTCOME_FOLDERS_MAX);
    require(!outcome.unknown_count == !outcome.unknown[0]);
    volumes_end();
    return 0;
}
