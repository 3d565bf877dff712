/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a grub.cfg that a test has made, on a file system of volume_fixture.h. For one .c file of a program. */
#ifndef TESTS_UNIT_GRUB_FIXTURE_H
#define TESTS_UNIT_GRUB_FIXTURE_H

#include "menu/grub_conf.h"
#include "tests/unit/volume_fixture.h"

#include <cmocka.h>

#define CFG "/boot/grub/grub.cfg"

static struct outcome outcome;
static bool efi;

static inline int end(void **state)
{
    (void)state;
    volumes_end();
    return 0;
}

static inline int setup(void **state)
{
    (void)state;
    volumes_start(VOLUME_ROOM_SIZE);
    efi = false;
    return 0;
}

static inline bool read_at(const struct volume *volume, const char *path)
{
    const struct volumes_view view = { .volume = volumes, .count = volume_count, .efi = efi };

    return grub_entries_add(&view, volume, path, &list, &outcome, &failure);
}

/* A configuration on a file system that has the files made before, too, and no others. */
static inline void read_text(const char *text)
{
    make_text(CFG, text);
    add_volume(0, PARTITIONS_GPT, 2, "1111-2222");
    assert_true(read_at(&volumes[volume_count - 1], CFG));
}

#define MENU                                                                                    \
    "menuentry A --id a { linux /a }\nsubmenu S --id s { menuentry B --id 'b>c' { linux /b }\n" \
    "submenu T --id t { menuentry C --id c { linux /c } } }\nmenuentry D --id d { linux /d }\n" \
    "menuentry 'bad' { linux }\n"

#endif
