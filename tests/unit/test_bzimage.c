/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/bzimage.c common/text.c common/failure.c */
/*
 * Kernels built field by field, broken in one place a test; and Debian's own, where the boot tests have fetched it.
 * What the parser sees is a copy of just that size, so that the sanitizer sees every byte read behind it.
 */
#include "payloads/bzimage.h"
#include "payloads/pe.h"
#include "tests/unit/content_of.h"
#include "tests/unit/kernel_file.h"
#include "tests/unit/synthetic_kernel.h"

#define REAL_KERNEL "build/assets/vmlinuz"

static struct synthetic_kernel made;
static struct linux_kernel kernel;
static uint64_t kernel_size;

static int setup(void **state)
{
    (void)state;
    synthetic_start(&made, 0x020f);
    return 0;
}

static struct span made_file(uint64_t size)
{
    return file_of(synthetic_file(&made, size).data, size);
}

static bool parse_bytes(uint64_t size)
{
    return bzimage_parse(made_file(size), &kernel, &kernel_size, &failure);
}

static bool parse(void)
{
    return parse_bytes(KERNEL_SIZE);
}

static void assert_refused(const char *why)
{
    assert_false(parse());
    assert_says(why);
}

static void newest(void **state)
{
    (void)state;
    assert_true(parse());
    assert_int_equal(kernel_size, KERNEL_SIZE);
    assert_ptr_equal(kernel.setup.data, file.data + 0x1f1);
    assert_int_equal(kernel.setup.size, 0x26c - 0x1f1);
    assert_ptr_equal(kernel.code.data, file.data + KERNEL_CODE);
    assert_int_equal(kernel.code.size, KERNEL_CODE_SIZE);
    assert_int_equal(kernel.version, 0x020f);
    assert_true(kernel.relocatable && kernel.has_64bit_entry && kernel.above_4g);
    assert_int_equal(kernel.preferred, KERNEL_PREFERRED);
    assert_int_equal(kernel.alignment, KERNEL_ALIGNMENT);
    assert_int_equal(kernel.minimum_alignment, KERNEL_ALIGNMENT);
    assert_int_equal(kernel.init_size, KERNEL_INIT_SIZE);
    assert_int_equal(kernel.initrd_last, 0x7fffffff);
    assert_int_equal(kernel.command_line_max, 2047);
}

/* What a header does not have is not believed: the bytes behind it are 0xee here, and mean nothing. */
static void each_version(void **state)
{
    (void)state;
    for (uint16_t version = 0x0205; version <= 0x020f; version++) {
        synthetic_start(&made, version);
        if (version < 0x0206) {
            assert_refused("2.05, is older than 2.06");
            continue;
        }
        assert_true(parse());
        assert_int_equal(kernel.version, version);
        assert_int_equal(kernel.setup.size, 0x202 - 0x1f1 + synthetic_header_end(version));
        assert_int_equal(kernel.preferred, version < 0x020a ? 0x100000 : KERNEL_PREFERRED);
        assert_int_equal(kernel.init_size, version < 0x020a ? 4 * KERNEL_CODE_SIZE : KERNEL_INIT_SIZE);
        assert_int_equal(kernel.has_64bit_entry, version >= 0x020c);
        assert_int_equal(kernel.above_4g, version >= 0x020c);
        assert_int_equal(kernel.command_line_max, 2047);
        assert_int_equal(kernel.minimum_alignment, KERNEL_ALIGNMENT);
    }
}

static void versions_long_gone(void **state)
{
    (void)state;
    made.header.version = 0x0000;
    assert_refused("0.00, is older");
    made.header.version = 0x0200;
    assert_refused("2.00, is older");
}

/* A header of the future is passed on whole, up to where struct boot_params has other fields. */
static void future_version(void **state)
{
    (void)state;
    synthetic_start(&made, 0x0214); /* 2.20 */
    made.header_end = 0x280 - 0x202;
    assert_true(parse());
    assert_int_equal(kernel.version, 0x0214);
    assert_int_equal(kernel.setup.size, 0x280 - 0x1f1);
    made.header_end = 0x290 - 0x202;
    assert_true(parse());
    assert_int_equal(kernel.setup.size, 0x290 - 0x1f1);
    made.header_end = 0xff;
    assert_true(parse());
    assert_int_equal(kernel.setup.size, LINUX_SETUP_MAX);
}

/* A header shorter than its own version needs contradicts itself. */
static void short_header(void **state)
{
    (void)state;
    made.header_end = synthetic_header_end(0x020a);
    assert_true(parse()); /* has all that we need */
    made.header_end--;
    assert_refused("its setup header has 114 bytes, its protocol 2.15 has 115");
    made.header_end = 0x212 - 0x202; /* loadflags is the last */
    assert_refused("its setup header has 33 bytes");
    synthetic_start(&made, 0x0208);
    made.header_end = synthetic_header_end(0x0207);
    assert_refused("its protocol 2.08");
    synthetic_start(&made, 0x0206);
    made.header_end--;
    assert_refused("its protocol 2.06");
}

static void setup_sectors(void **state)
{
    (void)state;
    made.header.setup_sects = 0; /* means 4 */
    assert_true(parse_bytes(5 * 512 + KERNEL_CODE_SIZE));
    assert_ptr_equal(kernel.code.data, file.data + 5 * 512);
    made.header.setup_sects = 1;
    made.header_end = 0xff; /* ends at 0x301, before the code at 0x400: it cannot run into it */
    assert_true(parse());
    assert_ptr_equal(kernel.code.data, file.data + 2 * 512);
    made.header.setup_sects = 0xff;
    assert_refused("it is truncated: 6704 of 135728 bytes");
}

static void truncated(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < KERNEL_SIZE; size += size < 0x300 ? 1 : 101) {
        assert_false(parse_bytes(size));
        assert_int_equal(bzimage_is(made_file(size)), size >= 0x206);
    }
    assert_false(parse_bytes(KERNEL_SIZE - 1));
    assert_string_equal(failure.why, "it is truncated: 6703 of 6704 bytes");
    assert_false(bzimage_parse((struct span){ NULL, 0 }, &kernel, &kernel_size, &failure));
}

static void no_code(void **state)
{
    (void)state;
    made.header.syssize = 0;
    assert_refused("truncated");
    made.header.syssize = UINT32_MAX;
    assert_refused("truncated");
    made.header.syssize = KERNEL_CODE_SIZE / 16 + 0x10000000; /* 4 GiB more than 32 bits would say */
    assert_refused("truncated");
}

static void no_kernel_at_all(void **state)
{
    (void)state;
    made.header.boot_flag = 0xaa54;
    assert_refused("no bzImage");
    assert_false(bzimage_is(made_file(KERNEL_SIZE)));
    setup(NULL);
    made.header.header ^= 1;
    assert_refused("no bzImage");
    memset(&made, 0, sizeof(made));
    assert_refused("no bzImage");
}

static void zimage(void **state)
{
    (void)state;
    made.header.loadflags = 0;
    assert_refused("zImage");
    made.header.loadflags = 0xff & ~LOADED_HIGH;
    assert_refused("zImage");
}

static void init_size(void **state)
{
    (void)state;
    made.header.init_size = KERNEL_CODE_SIZE;
    assert_true(parse());
    made.header.init_size--;
    assert_refused("its init_size, 4655 bytes, is less than its own 4656");
    made.header.init_size = 0;
    assert_refused("init_size");
    made.header.init_size = UINT32_MAX;
    assert_true(parse());
    assert_int_equal(kernel.init_size, UINT32_MAX);
}

static void alignment(void **state)
{
    (void)state;
    made.header.kernel_alignment = 0x300000;
    assert_refused("its alignment, 0x300000, is no power of two");
    made.header.relocatable_kernel = 0; /* then it does not matter */
    assert_true(parse());
    assert_false(kernel.relocatable);
    setup(NULL);
    made.header.kernel_alignment = 0;
    assert_true(parse());
    assert_int_equal(kernel.alignment, 4096);
    made.header.kernel_alignment = 16; /* less than pages cannot be had, nor is it needed */
    assert_true(parse());
    assert_int_equal(kernel.alignment, 4096);
    assert_int_equal(kernel.minimum_alignment, 4096);
    made.header.kernel_alignment = 0x80000000;
    assert_true(parse());
    assert_int_equal(kernel.alignment, 0x80000000);
}

static void minimum_alignment(void **state)
{
    static const struct {
        uint8_t bits;
        uint64_t minimum;
    } cases[] = { { 0, 0x1000 },    { 4, 0x1000 },
                  { 13, 0x2000 },   { 20, 0x100000 },
                  { 21, 0x200000 }, { 22, 0x200000 }, /* more than is wanted */
                  { 31, 0x200000 }, { 32, 0x200000 } /* impossible */,
                  { 64, 0x200000 }, { 255, 0x200000 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        made.header.min_alignment = cases[i].bits;
        assert_true(parse());
        assert_int_equal(kernel.minimum_alignment, cases[i].minimum);
        assert_int_equal(kernel.alignment, KERNEL_ALIGNMENT);
    }
}

static void limits_and_flags(void **state)
{
    (void)state;
    made.header.initrd_addr_max = 0;
    assert_true(parse());
    assert_int_equal(kernel.initrd_last, 0x37ffffff);
    made.header.xloadflags = XLF_CAN_BE_LOADED_ABOVE_4G; /* by a 64-bit entry only, which it lacks */
    assert_true(parse());
    assert_false(kernel.has_64bit_entry || kernel.above_4g);
    made.header.xloadflags = XLF_KERNEL_64;
    assert_true(parse());
    assert_true(kernel.has_64bit_entry && !kernel.above_4g && !kernel.five_levels);
    made.header.xloadflags |= XLF_5LEVEL_ENABLED; /* that it would like them, not that it can be entered with them */
    assert_true(parse());
    assert_true(!kernel.five_levels && kernel.has_five_levels);
    made.header.xloadflags |= XLF_5LEVEL;
    assert_true(parse());
    assert_true(kernel.five_levels && kernel.has_five_levels);
    made.header.version = 0x020b; /* which had no such field */
    assert_true(parse());
    assert_false(kernel.five_levels || kernel.has_64bit_entry);
    made.header.version = 0x020f;
    made.header.syssize = 0x200 / 16; /* the 64-bit entry would be the first byte behind it */
    made.header.payload_offset = made.header.payload_length = 0;
    assert_refused("its 64-bit entry lies behind its 512 bytes");
}

static void payload_outside(void **state)
{
    (void)state;
    made.header.payload_offset = KERNEL_CODE_SIZE - 0x1000;
    assert_true(parse());
    made.header.payload_offset++;
    assert_refused("its payload (4096 bytes at 0x231) lies outside its 4656 bytes");
    made.header.payload_offset = UINT32_MAX;
    assert_refused("payload");
    made.header.payload_offset = 0x100;
    made.header.payload_length = UINT32_MAX - 0x80; /* the sum wraps in 32 bits */
    assert_refused("payload");
    synthetic_start(&made, 0x0207); /* which has no such fields */
    made.header.payload_offset = UINT32_MAX;
    assert_true(parse());
}

static void payload(void **state)
{
    (void)state;
    assert_true(parse());
    assert_ptr_equal(kernel.payload.data, kernel.code.data + 0x100);
    assert_int_equal(kernel.payload.size, 0x1000);
    synthetic_start(&made, 0x0207);
    assert_true(parse());
    assert_null(kernel.payload.data);
}

/* By quadrivium-pack: neither of the magic numbers is there by which others know a kernel. */
static void packed_again(void **state)
{
    (void)state;
    assert_true(parse());
    assert_false(kernel.repacked);
    made.header.header = BZIMAGE_REPACKED;
    assert_refused("it is no bzImage");
    made.header.boot_flag = 0;
    assert_true(parse());
    assert_true(kernel.repacked);
    made.header.version = 0x020b;
    assert_refused("a protocol that is too old for that");
    made.header.version = 0x020f;
    made.header.header = 0x53726448;
    assert_refused("it is no bzImage");
}

/* ---- what follows the kernel ---- */

static void something_behind(void **state)
{
    (void)state;
    assert_true(parse_bytes(KERNEL_SIZE + 1000));
    assert_int_equal(kernel_size, KERNEL_SIZE);
    assert_int_equal(kernel.code.size, KERNEL_CODE_SIZE);
}

#define PE_OFFSET 0x40

/* Makes the kernel a PE file with a certificate table at `offset`. */
static void sign(uint32_t offset, uint32_t size)
{
    struct pe_headers pe = { .Signature = PE_SIGNATURE };
    const uint32_t at = PE_OFFSET;

    pe.optional.DataDirectory[PE_DIRECTORY_CERTIFICATE_TABLE] = (struct pe_data_directory){ offset, size };
    memcpy(made.bytes, "MZ", 2);
    memcpy(made.bytes + PE_DOS_E_LFANEW, &at, sizeof(at));
    memcpy(made.bytes + at, &pe, sizeof(pe));
}

static void signature_behind(void **state)
{
    (void)state;
    sign(KERNEL_SIZE, 1234);
    assert_true(parse_bytes(KERNEL_SIZE + 1234));
    assert_int_equal(kernel_size, KERNEL_SIZE + 1234);
    assert_int_equal(kernel.code.size, KERNEL_CODE_SIZE);
    assert_true(parse_bytes(KERNEL_SIZE + 5000)); /* an initrd behind the signature */
    assert_int_equal(kernel_size, KERNEL_SIZE + 1234);
    sign(KERNEL_SIZE + 8, 1234); /* aligned */
    assert_true(parse_bytes(KERNEL_SIZE + 5000));
    assert_int_equal(kernel_size, KERNEL_SIZE + 8 + 1234);
}

/* What cannot be a signature is none, and what lies behind the kernel is somebody else's. */
static void no_signature_behind(void **state)
{
    static const struct pe_data_directory tables[] = {
        { 0, 0 },
        { KERNEL_SIZE, 1001 },         /* beyond the file */
        { KERNEL_SIZE, UINT32_MAX },   /* the sum wraps */
        { KERNEL_SIZE - 8, 100 },      /* in the kernel */
        { KERNEL_SIZE + 0x1000, 100 }, /* somewhere */
        { UINT32_MAX, UINT32_MAX },
    };
    const uint32_t far[] = { KERNEL_SIZE - 20, KERNEL_SIZE, UINT32_MAX - 3, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        sign(tables[i].VirtualAddress, tables[i].Size);
        assert_true(parse_bytes(KERNEL_SIZE + (tables[i].Size == 100 ? 0x2000 : 1000)));
        assert_int_equal(kernel_size, KERNEL_SIZE);
    }
    sign(KERNEL_SIZE, 100);
    made.bytes[PE_OFFSET] = 'p';
    assert_true(parse_bytes(KERNEL_SIZE + 1000));
    assert_int_equal(kernel_size, KERNEL_SIZE);
    for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
        memcpy(made.bytes + PE_DOS_E_LFANEW, &far[i], sizeof(far[i])); /* e_lfanew out of the kernel */
        assert_true(parse_bytes(KERNEL_SIZE + 1000));
        assert_int_equal(kernel_size, KERNEL_SIZE);
    }
}

/* ---- the real thing ---- */

static void debian_kernel(void **state)
{
    (void)state;
    file = content_of(REAL_KERNEL);
    if (!file.data) {
        print_message("no " REAL_KERNEL " yet: `make check` fetches it before the boot tests\n");
        skip();
    }
    assert_true(file.size > 0);
    assert_true(bzimage_is(file));
    assert_true(bzimage_parse(file, &kernel, &kernel_size, &failure));
    assert_int_equal(kernel_size, file.size); /* its signature is the file's end */
    assert_true(kernel.version >= 0x020f);
    assert_true(kernel.relocatable && kernel.has_64bit_entry && kernel.above_4g);
    assert_int_equal(kernel.preferred, 0x1000000);
    assert_int_equal(kernel.alignment, 0x200000);
    assert_true(kernel.init_size > kernel.code.size);
    assert_int_equal(kernel.initrd_last, 0x7fffffff);
    assert_int_equal(kernel.command_line_max, 2047);
    assert_false(bzimage_parse((struct span){ file.data, file.size / 2 }, &kernel, &kernel_size, &failure));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newest, setup, teardown),
        cmocka_unit_test_setup_teardown(each_version, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_long_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(future_version, setup, teardown),
        cmocka_unit_test_setup_teardown(short_header, setup, teardown),
        cmocka_unit_test_setup_teardown(setup_sectors, setup, teardown),
        cmocka_unit_test_setup_teardown(truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(no_code, setup, teardown),
        cmocka_unit_test_setup_teardown(no_kernel_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(zimage, setup, teardown),
        cmocka_unit_test_setup_teardown(init_size, setup, teardown),
        cmocka_unit_test_setup_teardown(alignment, setup, teardown),
        cmocka_unit_test_setup_teardown(minimum_alignment, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_and_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(payload_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(payload, setup, teardown),
        cmocka_unit_test_setup_teardown(packed_again, setup, teardown),
        cmocka_unit_test_setup_teardown(something_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(signature_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(no_signature_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(debian_kernel, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
