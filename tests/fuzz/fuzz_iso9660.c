/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/iso9660.c storage/iso_records.c storage/disk.c storage/path.c firmware/loader_texts.c */
/* sources: common/text.c common/failure.c */
/*
 * ISO 9660 file systems (tree_target.h). The input is a disk without the 16 sectors that it begins with, which are not
 * looked at.
 */
#include "storage/iso9660.h"
#include "tests/fuzz/tree_target.h"

#define SYSTEM_AREA 32768
#define SECTOR      2048

static bool stop(void *context, const char *name, const struct tree_node *node)
{
    (void)context;
    (void)name;
    (void)node;
    return false;
}

/* A name is looked for from where the last one was found, which may be behind a record that is broken. */
static void forget(const struct tree *tree)
{
    struct failure ignored;

    (void)tree->list(tree, "/", stop, NULL, &ignored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tree_target target = {
        .is = iso_is, .open = iso_open, .forget = forget, .strict = true, .first = SYSTEM_AREA + SECTOR
    };

    check_disk(&target, (struct span){ data, size }, SYSTEM_AREA, SYSTEM_AREA + size);
    return 0;
}
