/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/xen_vbd.c common/text.c */
/* Numbers of Xen's virtual block devices: as Linux names them, whatever the tool stack called them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/xen_vbd.h"

#include <cmocka.h>

#define EXTENDED (1u << 28)

static const struct {
    uint32_t number;
    const char *name;
    uint32_t disk, partition;
} known[] = {
    { 51712, "xvda", 0, 0 },               /* 202 << 8 */
    { 51713, "xvda1", 0, 1 },              /* … | partition */
    { 51728, "xvdb", 1, 0 },               /* … | 1 << 4 */
    { 51967, "xvdp15", 15, 15 },           /* the last of these */
    { EXTENDED | 16 << 8, "xvdq", 16, 0 }, /* the first that needs more bits */
    { EXTENDED | 25 << 8, "xvdz", 25, 0 },
    { EXTENDED | 26 << 8, "xvdaa", 26, 0 },
    { EXTENDED | 536 << 8 | 37, "xvdtq37", 536, 37 }, /* xen-vbd-interface's own example */
    { EXTENDED | 701 << 8, "xvdzz", 701, 0 },
    { EXTENDED | 702 << 8, "xvdaaa", 702, 0 },
    { EXTENDED | 0xfffff << 8 | 255, "xvdbgqcv255", 0xfffff, 255 },
    { 768, "xvda", 0, 0 },                   /* hda: 3 << 8 */
    { 832, "xvdb", 1, 0 },                   /* hdb */
    { 5632, "xvdc", 2, 0 },                  /* hdc: 22 << 8 */
    { 5696, "xvdd", 3, 0 },                  /* hdd */
    { 769, "xvda", 0, 0 },                   /* hda1: Linux loses the partition */
    { 2048, "xvda", 0, 0 },                  /* sda: 8 << 8 */
    { 2065, "xvdb1", 1, 1 },                 /* sdb1 */
    { 65 << 8, "xvdq", 16, 0 },              /* sdq */
    { 71 << 8 | 0xf0, "xvddx", 127, 0 },     /* sddx */
    { 128 << 8, "xvddy", 128, 0 },           /* sddy */
    { 135 << 8 | 0xff, "xvdiv15", 255, 15 }, /* sdiv15 */
};

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        struct xen_vbd vbd;

        assert_true(xen_vbd_read(known[i].number, &vbd));
        assert_string_equal(vbd.name, known[i].name);
        assert_int_equal(vbd.disk, known[i].disk);
        assert_int_equal(vbd.partition, known[i].partition);
    }
}

static void unknown(void **state)
{
    static const uint32_t numbers[] = { 0,        255,      1 << 8,       9 << 8,       72 << 8,   127 << 8,
                                        136 << 8, 203 << 8, EXTENDED - 1, EXTENDED * 2, UINT32_MAX };

    (void)state;
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        struct xen_vbd vbd;

        assert_false(xen_vbd_read(numbers[i], &vbd));
    }
}

/* Each disk of the extended form has a name of its own. */
static void names_differ(void **state)
{
    char last[16] = "";

    (void)state;
    for (uint32_t disk = 0; disk < 1 << 20; disk++) {
        struct xen_vbd vbd;

        assert_true(xen_vbd_read(EXTENDED | disk << 8, &vbd));
        if (strlen(last) == strlen(vbd.name))
            assert_true(strcmp(last, vbd.name) < 0);
        else
            assert_true(strlen(last) < strlen(vbd.name));
        strcpy(last, vbd.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(unknown),
                                        cmocka_unit_test(names_differ) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
