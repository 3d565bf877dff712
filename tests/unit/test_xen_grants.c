/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/xen_grants.c firmware/xen_frames.c common/map.c common/text.c common/failure.c */
/* The grant table: entries as the other domain sees them, taken back, used up, and still in use at the end. */
#include "firmware/xen_grants.h"

#include "tests/unit/assert_failure.h"
#include "tests/unit/xen_fixture.h"

#define PER_FRAME 512
#define ALL       (8 * PER_FRAME - GNTTAB_NR_RESERVED_ENTRIES) /* as many frames as we use */

static uint32_t references[ALL];

static struct grant_entry_v1 *entry(uint32_t reference)
{
    assert_int_not_equal(xen.grants[reference / PER_FRAME], 0);
    return &((struct grant_entry_v1 *)xen.grants[reference / PER_FRAME])[reference % PER_FRAME];
}

static int setup(void **state)
{
    xen_setup(state);
    for (unsigned i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++)
        ((struct grant_entry_v1 *)xen.grant_pages[0])[i] = (struct grant_entry_v1){ GTF_permit_access, 0, 0xfeff8 + i };
    assert_true(xen_grants_start(&map, &failure));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return !xen_grants_end(&failure);
}

static void an_entry(void **state)
{
    uint32_t first, second;

    (void)state;
    assert_true(xen_grants_start(&map, &failure));
    assert_int_equal(xen.mapped, 1);
    assert_true(xen.grants[0] < XEN_HOLES_END);
    assert_true(xen_grant(5, 0x12345000, false, &first, &failure));
    assert_true(xen_grant(0, 0xfffffffull << 12, true, &second, &failure));
    assert_int_equal(first, GNTTAB_NR_RESERVED_ENTRIES);
    assert_int_equal(second, GNTTAB_NR_RESERVED_ENTRIES + 1);
    assert_int_equal(entry(first)->flags, GTF_permit_access);
    assert_int_equal(entry(first)->domid, 5);
    assert_int_equal(entry(first)->frame, 0x12345);
    assert_int_equal(entry(second)->flags, GTF_permit_access | GTF_readonly);
    assert_int_equal(entry(second)->frame, 0xfffffff);
    assert_true(xen_grant_revoke(first));
    assert_int_equal(entry(first)->flags, GTF_invalid);
    assert_int_equal(entry(second)->flags, GTF_permit_access | GTF_readonly);
    assert_true(xen_grant_revoke(second));
}

static void pages_that_are_none(void **state)
{
    uint32_t reference;

    (void)state;
    assert_false(xen_grant(0, 0x1234, false, &reference, &failure));
    assert_failure(&failure, "Xen's grants", "0x1234 is no page");
    assert_false(xen_grant(0, 1ull << 44, false, &reference, &failure));
    assert_failure(&failure, "Xen's grants", "no page");
}

static void revoked_in_vain(void **state)
{
    uint32_t reference;

    (void)state;
    assert_true(xen_grant(0, 0x1000, false, &reference, &failure));
    for (unsigned i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++)
        assert_false(xen_grant_revoke(i)); /* the tool stack's */
    assert_false(xen_grant_revoke(reference + 1));
    assert_false(xen_grant_revoke(UINT32_MAX));
    entry(reference)->flags |= GTF_writing;
    assert_false(xen_grant_revoke(reference));
    entry(reference)->flags ^= GTF_writing | GTF_reading;
    assert_false(xen_grant_revoke(reference));
    assert_int_equal(entry(reference)->flags, GTF_permit_access | GTF_reading);
    assert_false(xen_grants_end(&failure));
    assert_failure(&failure, "Xen's grants", "1 pages may still be mapped");
    assert_int_equal(xen.mapped, 1);
    entry(reference)->flags ^= GTF_reading;
    assert_true(xen_grant_revoke(reference));
    assert_false(xen_grant_revoke(reference));
    for (unsigned i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; i++) {
        assert_int_equal(entry(i)->flags, GTF_permit_access);
        assert_int_equal(entry(i)->frame, 0xfeff8 + i);
    }
}

/* Every entry once, none twice; pages of the table come when they are needed; all come back, in any order. */
static void all_entries(void **state)
{
    static bool seen[8 * PER_FRAME];
    uint32_t one_more;

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        memset(seen, 0, sizeof(seen));
        for (unsigned i = 0; i < ALL; i++) {
            assert_true(xen_grant(1, i * 4096ull, false, &references[i], &failure));
            assert_true(references[i] >= GNTTAB_NR_RESERVED_ENTRIES && references[i] < 8 * PER_FRAME);
            assert_false(seen[references[i]]);
            seen[references[i]] = true;
            assert_int_equal(entry(references[i])->frame, i);
            if (!round)
                assert_int_equal(xen.mapped, references[i] / PER_FRAME + 1);
        }
        assert_false(xen_grant(1, 0, false, &one_more, &failure));
        assert_failure(&failure, "Xen's grants", "all 4088 are in use");
        for (unsigned i = 0; i < ALL; i++)
            assert_true(xen_grant_revoke(references[i * 5 % ALL])); /* ALL is no multiple of 5 */
    }
    assert_true(xen_grants_end(&failure));
    assert_int_equal(xen.mapped, 0);
    assert_false(xen_grant_revoke(references[0]));
    assert_false(xen_grant(1, 0, false, &one_more, &failure));
    assert_failure(&failure, "Xen's grants", "not started");
}

static void what_somebody_left(void **state)
{
    uint32_t reference;

    (void)state;
    entry(8)->flags = GTF_permit_access | GTF_reading;
    entry(9)->flags = GTF_accept_transfer;
    assert_true(xen_grant(1, 0x1000, false, &reference, &failure));
    assert_int_equal(reference, 10);
    assert_true(xen_grant_revoke(reference));
    assert_int_equal(entry(8)->flags, GTF_permit_access | GTF_reading);
}

static void small_table(void **state)
{
    uint32_t reference = 0;

    (void)state;
    xen.grant_frames_max = 1;
    assert_true(xen_grants_start(&map, &failure));
    for (unsigned i = GNTTAB_NR_RESERVED_ENTRIES; i < PER_FRAME; i++)
        assert_true(xen_grant(1, 0x1000, false, &reference, &failure));
    assert_int_equal(reference, PER_FRAME - 1);
    assert_false(xen_grant(1, 0x1000, false, &reference, &failure));
    assert_failure(&failure, "Xen's grants", "all 504 are in use");
    for (unsigned i = GNTTAB_NR_RESERVED_ENTRIES; i < PER_FRAME; i++)
        assert_true(xen_grant_revoke(i));
}

static void refused(void **state)
{
    (void)state;
    xen.grant_frames_max = 0;
    assert_false(xen_grants_start(&map, &failure));
    assert_failure(&failure, "Xen's grants", "how large");
    xen.grant_frames_max = 4;
    xen.grant_version = 2;
    assert_false(xen_grants_start(&map, &failure));
    assert_failure(&failure, "Xen's grants", "version 2");
    xen.grant_version = 1;
    xen.refuse_pages = true;
    assert_false(xen_grants_start(&map, &failure));
    assert_failure(&failure, "Xen's grants", "page 0 of the table");
    assert_true(xen_grants_end(&failure));
    assert_true(map_add(&map, 0, XEN_HOLES_END, MAP_RAM, 0, &failure));
    assert_false(xen_grants_start(&map, &failure));
    assert_failure(&failure, "Xen's grants", "no hole of 4 pages");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(revoked_in_vain, setup, teardown),
        cmocka_unit_test_setup_teardown(all_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(what_somebody_left, setup, teardown),
        cmocka_unit_test_setup_teardown(small_table, xen_setup, teardown),
        cmocka_unit_test_setup_teardown(refused, xen_setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
