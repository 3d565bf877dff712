/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: storage/virtio_disk.c storage/virtqueue.c common/map.c common/text.c common/failure.c */
/* Virtio block devices, good ones and such as break every promise. */
#include "tests/unit/virtio_fixture.h"

static struct block_device *disk;
static uint8_t *buffer; /* of DISK_BYTES, and one sector behind */

static int setup(void **state)
{
    (void)state;
    fake_start();
    if (!buffer)
        buffer = aligned_alloc(4096, DISK_BYTES + 4096);
    memset(buffer, 0xa5, DISK_BYTES + 512);
    return 0;
}

static void assert_map_as_before(void)
{
    assert_int_equal(handoff.map.count, 1);
    assert_int_equal(handoff.map.ranges[0].type, MAP_RAM);
}

static struct block_device *added(void)
{
    virtio_disk_add(&transport, "here", &machine, &devices);
    assert_string_equal(warned, "");
    assert_int_equal(devices.count, 1);
    assert_int_equal(fake.status & 0x7, 7);
    return devices.device[0];
}

/* It is left out with these words, and nothing of it stays. */
static void assert_left_out(const char *why)
{
    virtio_disk_add(&transport, "here", &machine, &devices);
    assert_int_equal(devices.count, 0);
    if (!strstr(warned, why) || strncmp(warned, "here: ", 6))
        fail_msg("\"%s\" does not say \"%s\"", warned, why);
    assert_int_equal(fake.let_go, 1);
    if (fake.resets)
        assert_int_equal(fake.status, 0);
    assert_map_as_before();
}

static void assert_read(uint64_t first, uint64_t count)
{
    uint64_t start = first * disk->block_size, size = count * disk->block_size;

    memset(buffer, 0xa5, size + 512);
    assert_true(disk->read(disk, first, count, buffer, &failure));
    assert_memory_equal(buffer, disk_content + start, size);
    for (unsigned i = 0; i < 512; i++)
        assert_int_equal(buffer[size + i], 0xa5);
}

static void assert_read_fails(uint64_t first, uint64_t count, const char *why)
{
    memset(&failure, 0, sizeof(failure));
    assert_false(disk->read(disk, first, count, buffer, &failure));
    assert_failure(&failure, "vda", why);
}

static void assert_closes(void)
{
    unsigned resets = fake.resets_seen;

    assert_true(disk->close(disk, &failure));
    assert_int_equal(fake.resets_seen, resets + 1);
    assert_int_equal(fake.status, 0);
    assert_int_equal(fake.let_go, 1);
    assert_map_as_before();
}

/* ---- good ones ---- */

static void reads_all(void **state)
{
    (void)state;
    disk = added();
    assert_string_equal(disk->name, "vda");
    assert_int_equal(disk->block_size, 512);
    assert_int_equal(disk->block_count, DISK_SECTORS);
    assert_false(disk->removable);
    assert_int_equal(fake.taken, F_VERSION_1 | F_BLK_SIZE);
    assert_int_equal(fake.size, 64);
    assert_read(0, DISK_SECTORS);
    assert_int_equal(fake.answered, 21); /* of a MiB, and what is left */
    assert_int_equal(fake.most_segments, 1);
    assert_int_equal(fake.longest_segment, 1 << 20);
    assert_int_equal(fake.most_in_flight, 16);
    assert_read(DISK_SECTORS - 1, 1);
    assert_read(4097, 2048);
    assert_closes();
}

static void in_any_order(void **state)
{
    (void)state;
    fake.backwards = true;
    disk = added();
    for (fake.at_once = 1; fake.at_once <= 16; fake.at_once++)
        assert_read(3, DISK_SECTORS - 3);
    assert_closes();
}

/* The ring's numbers wrap around. */
static void many_requests(void **state)
{
    (void)state;
    disk = added();
    fake.at_once = 64;
    for (unsigned i = 0; i < 70000; i++) {
        memset(buffer, 0xa5, 512);
        assert_true(disk->read(disk, i % DISK_SECTORS, 1, buffer, &failure));
        assert_memory_equal(buffer, disk_content + i % DISK_SECTORS * 512, 512);
    }
    assert_closes();
}

static void requests_are_cut(void **state)
{
    static const struct {
        uint64_t features;
        uint32_t size_max, seg_max, block_size, queue_max;
        uint32_t segment, request, segments, in_flight;
    } cases[] = {
        { F_SEG_MAX, 0, 254, 512, 256, 1 << 20, 1 << 20, 1, 16 },
        { F_SIZE_MAX, 65536, 254, 512, 256, 65536, 65536, 1, 16 }, /* without F_SEG_MAX: one */
        { F_SIZE_MAX | F_SEG_MAX, 65536, 254, 512, 256, 65536, 1 << 20, 16, 3 },
        { F_SIZE_MAX | F_SEG_MAX, 65536, 4, 512, 256, 65536, 262144, 4, 10 },
        { F_SIZE_MAX | F_SEG_MAX, 65536, 0, 512, 256, 65536, 65536, 1, 16 },
        { F_SIZE_MAX | F_SEG_MAX, 4097, 254, 512, 256, 4096, 131072, 32, 1 },
        { F_SIZE_MAX | F_SEG_MAX, 5000, 2, 4096, 256, 4096, 8192, 2, 16 },
        { F_SIZE_MAX | F_SEG_MAX, 65536, 254, 512, 8, 65536, 393216, 6, 1 },
        { F_SIZE_MAX, UINT32_MAX, 0, 512, 256, 1 << 20, 1 << 20, 1, 16 },
        { 0, 1, 0, 512, 256, 1 << 20, 1 << 20, 1, 16 }, /* not offered: it does not count */
        { 0, 0, 0, 4096, 3, 1 << 20, 1 << 20, 1, 1 },   /* two entries are too few, and three are none */
        { 0, 0, 0, 512, 4, 1 << 20, 1 << 20, 1, 1 },
        { 0, 0, 0, 512, 17, 1 << 20, 1 << 20, 1, 5 },
        { 0, 0, 0, 512, 1024, 1 << 20, 1 << 20, 1, 16 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        fake.features |= cases[i].features;
        fake.config.size_max = cases[i].size_max;
        fake.config.seg_max = cases[i].seg_max;
        fake.config.block_size = cases[i].block_size;
        fake.queue_max = cases[i].queue_max;
        if (cases[i].queue_max == 3) {
            assert_left_out("a queue of 2 entries");
            continue;
        }
        disk = added();
        assert_read(0, disk->block_count);
        assert_int_equal(fake.longest_segment, cases[i].segment);
        assert_int_equal(fake.longest_request, cases[i].request);
        assert_int_equal(fake.most_segments, cases[i].segments);
        assert_int_equal(fake.most_in_flight, cases[i].in_flight);
        assert_closes();
    }
}

static void large_blocks(void **state)
{
    (void)state;
    fake.config.block_size = 4096;
    fake.config.capacity = DISK_SECTORS - 1; /* the last block is not whole */
    disk = added();
    assert_int_equal(disk->block_size, 4096);
    assert_int_equal(disk->block_count, DISK_SECTORS / 8 - 1);
    assert_read(1, disk->block_count - 1);
    assert_closes();
}

static void legacy_ones(void **state)
{
    static const uint16_t sizes[] = { 4, 8, 128, 256, 1024, 32768 };

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        setup(state);
        transport.legacy = transport.fixed_size = true;
        transport.generation = NULL;
        fake.features = F_BLK_SIZE | F_VERSION_1 | F_UNKNOWN;
        fake.queue_max = sizes[i];
        fake.more_length = -1; /* what such devices say of lengths does not count */
        disk = added();
        assert_int_equal(fake.taken, F_BLK_SIZE);
        assert_read(0, DISK_SECTORS);
        assert_closes();
    }
}

static void names(void **state)
{
    (void)state;
    added();
    fake.config.capacity = 0; /* no medium: Linux counts it */
    virtio_disk_add(&transport, "here", &machine, &devices);
    fake.config.capacity = 8;
    fake.config.block_size = 100; /* no disk: Linux does not */
    virtio_disk_add(&transport, "here", &machine, &devices);
    fake.config.block_size = 512;
    virtio_disk_add(&transport, "here", &machine, &devices);
    assert_int_equal(devices.count, 2);
    assert_string_equal(devices.device[0]->name, "vda");
    assert_string_equal(devices.device[1]->name, "vdc");
    assert_ptr_not_equal(devices.device[0]->own, devices.device[1]->own);
}

static void too_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DEVICES_MAX; i++)
        virtio_disk_add(&transport, "here", &machine, &devices);
    assert_string_equal(warned, "");
    assert_string_equal(devices.device[DEVICES_MAX - 1]->name, "vdp");
    virtio_disk_add(&transport, "here", &machine, &devices);
    assert_int_equal(devices.count, DEVICES_MAX);
    assert_string_equal(warned, "here: one disk too many: 16 are read");
    assert_int_equal(fake.let_go, 1);
}

/* ---- errors that leave it as it is ---- */

static void unreadable_sectors(void **state)
{
    static const uint64_t sectors[] = { 0, 5000, DISK_SECTORS - 1 };

    (void)state;
    disk = added();
    for (unsigned i = 0; i < sizeof(sectors) / sizeof(*sectors); i++) {
        fake.broken = sectors[i];
        for (fake.error = 1; fake.error <= 2; fake.error++) {
            char why[32];

            snprintf(why, sizeof(why), "(status %u)", fake.error);
            assert_read_fails(0, DISK_SECTORS, why);
            assert_true((uint16_t)(fake.available->index - fake.seen) == 0); /* none is in flight */
        }
        fake.broken = UINT64_MAX;
        assert_read(0, DISK_SECTORS);
    }
    fake.broken = 0; /* and nothing more is asked for then */
    fake.answered = 0;
    fake.at_once = 1;
    assert_read_fails(0, DISK_SECTORS, "could not read 1048576 bytes at sector 0");
    assert_int_equal(fake.answered, 16);
    assert_closes();
}

static void wrong_lengths(void **state)
{
    static const struct {
        int more;
        bool good;
    } cases[] = { { 0, true }, { -1, true }, { -2, false }, { -512, false }, { 1, false }, { 4096, false } };

    (void)state;
    disk = added();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        fake.more_length = cases[i].more;
        if (cases[i].good)
            assert_read(8, 4096);
        else
            assert_read_fails(8, 4096, "bytes of 1048576 were read at sector 8");
    }
    assert_closes();
}

/* ---- errors after which it is not asked again ---- */

/* The first slot's requests, and what a device may say of them. */
static void says_nothing(void) {}

static void a_foreign_id(void)
{
    fake_used(1, 512);
}

static void an_id_too_large(void)
{
    fake_used(16 * 3, 512);
}

static void a_wrapped_id(void)
{
    fake_used(UINT32_MAX, 512);
}

static void an_id_not_in_flight(void)
{
    fake_used(5 * 3, 512);
}

static void twice(void)
{
    fake_used(0, fake_do(0));
    fake_used(0, 513);
}

static void ahead(void)
{
    fake.used->index = (uint16_t)(fake.used->index + 3);
}

static void behind(void)
{
    fake.used->index--;
}

static void needs_reset(void)
{
    fake.after_ok = VIRTIO_STATUS_NEEDS_RESET;
}

static void is_gone(void)
{
    fake.after_ok = 0xff;
}

static void was_reset(void)
{
    fake.status = 0;
}

static void hostile_devices(void **state)
{
    static const struct {
        void (*turn)(void);
        const char *what, *why;
    } cases[] = {
        { says_nothing, "vda", "the device did not answer for 10 seconds" },
        { a_foreign_id, "virtqueue", "request 1, which it does not have" },
        { an_id_too_large, "virtqueue", "request 48, which it does not have" },
        { a_wrapped_id, "virtqueue", "request 4294967295, which it does not have" },
        { an_id_not_in_flight, "virtqueue", "request 15, which it does not have" },
        { twice, "virtqueue", "request 0, which it does not have" },
        { ahead, "virtqueue", "is done with 3 requests, and has 2" },
        { behind, "virtqueue", "is done with 65535 requests, and has 2" },
        { needs_reset, "vda", "the device has stopped (status 0x4f)" },
        { is_gone, "vda", "the device has stopped (status 0xff)" },
        { was_reset, "vda", "the device has stopped (status 0x0)" },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        setup(state);
        disk = added();
        fake.turn = cases[i].turn;
        assert_false(disk->read(disk, 0, 4096, buffer, &failure));
        assert_failure(&failure, cases[i].what, cases[i].why);
        assert_true(fake.turns <= TURNS);
        fake.after_ok = 0;
        assert_int_equal(fake.resets_seen, 2); /* it cannot write any more */
        assert_int_equal(fake.status, 0);
        fake.turn = NULL;
        fake.turns = 0;
        assert_read_fails(0, 1, "it was given up after an error");
        assert_int_equal(fake.turns, 0);
        assert_closes();
    }
}

/* Its answer says nothing of a status. */
static void no_status(void)
{
    uint16_t head = fake.available->ring[0];

    fake_do(head);
    *(uint8_t *)fake.descriptors[head + 2].address = 0xff;
    fake_used(head, 1 + 512);
    fake.turn = NULL;
    fake.seen++;
}

static void unseen_status(void **state)
{
    (void)state;
    disk = added();
    fake.turn = no_status;
    assert_read_fails(0, 1, "(status 255)");
    assert_read(0, 1);
    assert_closes();
}

static void does_not_let_go(void **state)
{
    (void)state;
    disk = added();
    fake.resets = false;
    assert_false(disk->close(disk, &failure));
    assert_failure(&failure, "virtio", "the device is not reset after 10 seconds");
    assert_int_equal(fake.let_go, 1);
    assert_int_equal(handoff.map.count, 2); /* it may still write there */
    assert_int_equal(handoff.map.ranges[1].type, MAP_WORK);
}

/* As Firecracker's are, once they have run; nobody waits for that. */
static void cannot_be_reset(void **state)
{
    (void)state;
    disk = added();
    fake.fails_for_reset = VIRTIO_STATUS_FAILED;
    fake.turns = 0;
    assert_false(disk->close(disk, &failure));
    assert_failure(&failure, "virtio", "the device cannot be reset (status 0x8f)");
    assert_int_equal(fake.turns, 0);
    assert_int_equal(handoff.map.count, 2);
}

/* ---- such as are left out ---- */

static void no_medium(void **state)
{
    (void)state;
    fake.config.capacity = 0;
    virtio_disk_add(&transport, "here", &machine, &devices);
    assert_int_equal(devices.count, 0);
    assert_string_equal(warned, "");
    assert_int_equal(fake.let_go, 1);
    assert_int_equal(fake.status, 0);
    assert_map_as_before();
}

static void refused(void **state)
{
    static const uint32_t blocks[] = { 0, 256, 513, 8192, UINT32_MAX };

    for (unsigned i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
        setup(state);
        fake.config.block_size = blocks[i];
        assert_left_out("are none that we read");
    }
    setup(state);
    fake.features = F_BLK_SIZE;
    assert_left_out("registers of version 1, and does not offer that");
    setup(state);
    fake.refuses_features = true;
    assert_left_out("refuses the features 0x100000040");
    setup(state);
    fake.resets = false;
    fake.status = 1;
    assert_left_out("is not reset after 10 seconds");
    setup(state);
    fake.generation_steps = 1;
    assert_left_out("does not come to rest");
    setup(state);
    fake.config.capacity = UINT64_MAX;
    assert_left_out("18446744073709551615 sectors");
    setup(state);
    fake.features |= F_SIZE_MAX;
    fake.config.size_max = 511;
    assert_left_out("segments of 511 bytes hold no block of 512");
    setup(state);
    fake.queue_max = 0;
    assert_left_out("a queue of 0 entries");
    setup(state);
    transport.fixed_size = true;
    fake.queue_max = 100;
    assert_left_out("its size of 100 is no power of two");
    setup(state);
    transport.fixed_size = true;
    fake.queue_max = 65536;
    assert_left_out("a queue of 65536 entries");
    setup(state);
    handoff.map.ranges[0].end = handoff.map.ranges[0].start + 4096;
    assert_left_out("virtio queue");
}

static void registers(void **state)
{
    uint64_t start = (uint64_t)ram;

    (void)state;
    assert_true(virtio_registers(&machine, start - 0x200, 0x200, &failure));
    assert_true(virtio_registers(&machine, start + RAM_SIZE, 0x200, &failure));
    assert_false(virtio_registers(&machine, start - 0x1ff, 0x200, &failure));
    assert_failure(&failure, "virtio", "where RAM is");
    assert_false(virtio_registers(&machine, start + RAM_SIZE - 1, 0x200, &failure));
    assert_false(virtio_registers(&machine, UINT64_MAX - 4, 0x200, &failure));
    assert_true(map_carve(&handoff.map, start, 4096, MAP_OURS, &failure));
    assert_false(virtio_registers(&machine, start - 0x1ff, 0x200, &failure));
    assert_failure(&failure, "virtio", "where ours is");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(reads_all),       TEST(in_any_order),       TEST(many_requests), TEST(requests_are_cut),
        TEST(large_blocks),    TEST(legacy_ones),        TEST(names),         TEST(too_many),
        TEST(wrong_lengths),   TEST(unreadable_sectors), TEST(unseen_status), TEST(hostile_devices),
        TEST(does_not_let_go), TEST(cannot_be_reset),    TEST(no_medium),     TEST(refused),
        TEST(registers),
    };

    return cmocka_run_group_tests_name("virtio_disk", tests, NULL, NULL);
}
