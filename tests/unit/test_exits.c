/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: handoff/exits.c handoff/efi.c handoff/linux.c handoff/boot_params.c handoff/multiboot2.c */
/* sources: handoff/multiboot.c handoff/pvh.c handoff/symbols.c handoff/place.c handoff/e820.c handoff/launch.c */
/* sources: pagetables/pagetables.c common/map.c common/text.c common/failure.c */
/* The choice of an exit: each combination of faces, machines and words; and the exit by EFI, which places nothing. */
#include "common/text.h"
#include "tests/unit/exit_fixture.h"

enum { EFI, LINUX64, LINUX32, MULTIBOOT2, PVH, MULTIBOOT, EXITS };

/* In the order of their worth. */
static const struct {
    const char *name;
    unsigned face;
} exits[EXITS] = {
    { "efi", FACE_EFI }, { "linux64", FACE_LINUX },       { "linux32", FACE_LINUX }, { "multiboot2", FACE_MULTIBOOT2 },
    { "pvh", FACE_PVH }, { "multiboot", FACE_MULTIBOOT },
};

#define ALL_FACES ((1u << FACES) - 1)

static bool start(const struct handoff_application *application, uint64_t *status, struct failure *reason)
{
    (void)reason;
    assert_ptr_equal(application->file.data, boot.file.data);
    assert_int_equal(application->file.size, boot.file.size);
    assert_string_equal(application->command_line, boot.command_line);
    assert_int_equal(application->initrd_count, boot.module_count);
    for (uint32_t i = 0; i < boot.module_count; i++) {
        assert_ptr_equal(application->initrds[i].data, boot.modules[i].content.data);
        assert_int_equal(application->initrds[i].size, boot.modules[i].content.size);
    }
    assert_ptr_equal(application->device_tree.data, boot.device_tree.data);
    *status = 0x8000000000000015;
    return true;
}

static int setup_exits(void **state)
{
    if (setup(state))
        return -1;
    boot.kind = "chimera";
    boot.faces = ALL_FACES;
    boot.as_linux = (struct linux_kernel){ .has_64bit_entry = true, .init_size = MIB };
    boot.as_multiboot2.has_entry = true;
    cpu.no_execute = true;
    handoff.door = DOOR_LINUX64;
    return 0;
}

static void efi_alive(bool secure)
{
    handoff.door = DOOR_EFI;
    handoff.efi.present = handoff.efi.boot_services = true;
    handoff.efi.secure_boot = secure;
    handoff.start_application = start;
}

static const struct exit *choose(const char *wanted)
{
    memset(&failure, 0, sizeof(failure));
    return exit_choose(&boot, wanted ? text_span(wanted) : (struct span){ NULL, 0 }, &handoff, &failure);
}

static void assert_chosen(const char *wanted, const char *name)
{
    const struct exit *exit = choose(wanted);

    if (!exit)
        fail_msg("%s: %s", failure.what, failure.why);
    assert_string_equal(exit->name, name);
}

static void assert_none(const char *wanted, const char *what, const char *why)
{
    assert_null(choose(wanted));
    assert_string_equal(failure.what, what);
    assert_string_equal(failure.why, why);
}

/* ---- every combination ---- */

struct machine {
    bool alive, secure, verified, pvh, no_execute;
};

static struct machine machine_number(unsigned number)
{
    return (struct machine){ number & 1, number & 2, number & 4, number & 8, number & 16 };
}

static void make(const struct machine *machine, unsigned faces)
{
    boot.faces = faces;
    boot.verified = machine->verified;
    cpu.no_execute = machine->no_execute;
    handoff.door = machine->pvh ? DOOR_PVH : DOOR_EFI;
    handoff.efi.present = machine->alive || machine->secure;
    handoff.efi.boot_services = machine->alive;
    handoff.efi.secure_boot = machine->secure;
    handoff.start_application = machine->alive ? start : NULL;
}

/* Whether it can be done at all. */
static bool may(unsigned exit, const struct machine *machine, unsigned faces)
{
    if (!(faces & exits[exit].face))
        return false;
    if (exit == EFI)
        return machine->alive;
    return machine->verified || !machine->secure;
}

/* Whether it is done without being asked for. */
static bool likes(unsigned exit, const struct machine *machine, unsigned faces)
{
    if (exit == EFI && faces & FACE_LINUX)
        return machine->secure ? !machine->verified : machine->no_execute;
    return !(exit == MULTIBOOT2 && machine->pvh && faces & FACE_PVH);
}

static void every_combination(void **state)
{
    (void)state;
    for (unsigned faces = 0; faces <= ALL_FACES; faces++) {
        for (unsigned number = 0; number < 32; number++) {
            const struct machine machine = machine_number(number);
            const struct exit *chosen;
            unsigned best = 0;

            make(&machine, faces);
            for (unsigned exit = 0; exit < EXITS; exit++) {
                chosen = choose(exits[exit].name);
                assert_int_equal(!!chosen, may(exit, &machine, faces));
                if (chosen)
                    assert_string_equal(chosen->name, exits[exit].name);
                else
                    assert_true(*failure.what && *failure.why);
            }
            while (best < EXITS && !(may(best, &machine, faces) && likes(best, &machine, faces)))
                best++;
            chosen = choose(NULL);
            assert_int_equal(!!chosen, best < EXITS);
            if (chosen)
                assert_string_equal(chosen->name, exits[best].name);
            else
                assert_true(*failure.what && *failure.why);
        }
    }
}

/* Whatever the machine, a payload that nobody verified never leaves past the firmware under Secure Boot. */
static void secure_boot_holds(void **state)
{
    static const char *const words[] = { NULL, "efi", "linux64", "linux32", "multiboot2", "pvh", "multiboot", "x" };

    (void)state;
    efi_alive(true);
    for (unsigned faces = 0; faces <= ALL_FACES; faces++) {
        for (unsigned broken = 0; broken <= ALL_FACES; broken++) {
            for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
                boot.faces = faces & ~broken;
                boot.broken = broken;
                const struct exit *exit = choose(words[i]);

                assert_true(!exit || !strcmp(exit->name, "efi"));
            }
        }
    }
}

/* ---- what is said ---- */

static void by_name(void **state)
{
    (void)state;
    boot.faces = FACE_LINUX;
    boot.kind = "bzImage";
    assert_chosen(NULL, "linux64");
    assert_chosen("linux32", "linux32");
    assert_none("pvh", "qv.exit", "pvh is no way to start a payload of the kind bzImage");
    assert_none("multiboot9", "qv.exit", "there is no exit multiboot9");
    assert_none("linux6", "qv.exit", "there is no exit linux6");
    assert_none("linux644", "qv.exit", "there is no exit linux644");
    assert_none("", "qv.exit", "there is no exit ");
    boot.as_linux.has_64bit_entry = false;
    assert_chosen(NULL, "linux32");
    assert_none("linux64", "kernel", "it has no 64-bit entry");
    boot.as_linux.has_64bit_entry = true;
    boot.as_linux.program = &boot.vmlinux;
    assert_chosen(NULL, "linux64");
    assert_none("linux32", "kernel", "a vmlinux has no 32-bit entry");
    boot.faces = 0;
    assert_none(NULL, "kernel", "nothing starts a payload of the kind bzImage");
}

static void without_firmware(void **state)
{
    (void)state;
    assert_none("efi", "efi", "an EFI application needs EFI boot services, and there are none");
    boot.faces = FACE_EFI;
    assert_none(NULL, "efi", "an EFI application needs EFI boot services, and there are none");
}

static void secure_boot(void **state)
{
    (void)state;
    efi_alive(true);
    boot.faces = FACE_LINUX | FACE_MULTIBOOT2;
    assert_none("linux64", "Secure Boot", "only the firmware may start what it has not verified, not linux64");
    assert_none(NULL, "Secure Boot", "only the firmware may start what it has not verified, not linux64");
    boot.verified = true;
    assert_chosen(NULL, "linux64");
    boot.faces |= FACE_EFI;
    assert_chosen(NULL, "linux64");
    assert_chosen("efi", "efi"); /* who asks has a signature, or sees why not */
    boot.verified = false;
    assert_chosen(NULL, "efi");
    /* A kernel that started us by kexec says that Secure Boot was on. */
    handoff.efi.boot_services = false;
    handoff.start_application = NULL;
    assert_none("linux64", "Secure Boot", "there is no firmware any more that could verify the payload");
    assert_none(NULL, "Secure Boot", "there is no firmware any more that could verify the payload");
    boot.verified = true;
    assert_chosen(NULL, "linux64");
}

/* The first of several reasons is told, which is of the exit that suits the payload best. */
static void first_reason(void **state)
{
    (void)state;
    boot.faces = FACE_EFI | FACE_MULTIBOOT2;
    boot.as_multiboot2.console_required = true;
    assert_none(NULL, "efi", "an EFI application needs EFI boot services, and there are none");
    assert_none("multiboot2", "multiboot2", "the kernel requires a screen, and there is none");
    boot.faces = FACE_MULTIBOOT2 | FACE_MULTIBOOT;
    assert_chosen(NULL, "multiboot");
}

/* A face that contradicts itself is told for what it is, and another may do. */
static void broken_faces(void **state)
{
    (void)state;
    for (unsigned face = 0; face < FACES; face++)
        boot.refusals[face] = (struct failure){ "kernel", { (char)('0' + face) } };
    boot.faces = FACE_PVH;
    boot.broken = FACE_MULTIBOOT2;
    assert_chosen(NULL, "pvh");
    assert_none("multiboot2", "kernel", "2");
    boot.faces = 0;
    boot.broken = FACE_MULTIBOOT2 | FACE_MULTIBOOT;
    assert_none(NULL, "kernel", "2");
    assert_none("multiboot", "kernel", "3");
    assert_none("pvh", "qv.exit", "pvh is no way to start a payload of the kind chimera");
    boot.broken = FACE_LINUX | FACE_EFI;
    assert_none(NULL, "kernel", "4");
    assert_none("linux32", "kernel", "0");
}

/* ---- EFI ---- */

/* Linux's stub needs about twice the kernel's memory, and NX. Under Secure Boot it is the only way all the same. */
static void tight_memory(void **state)
{
    (void)state;
    efi_alive(false);
    boot.faces = FACE_LINUX | FACE_EFI;
    assert_chosen(NULL, "efi");
    boot.as_linux.init_size = GIB;
    assert_chosen(NULL, "linux64");
    assert_chosen("efi", "efi");
    boot.as_linux.init_size = MIB;
    boot.module_count = 1;
    boot.modules[0].content.size = 2 * GIB;
    assert_chosen(NULL, "linux64");
    handoff.efi.secure_boot = true;
    assert_chosen(NULL, "efi");
    boot.faces = FACE_EFI; /* another application has its own needs */
    handoff.efi.secure_boot = false;
    assert_chosen(NULL, "efi");
}

static void by_efi(void **state)
{
    uint64_t status = 0;

    (void)state;
    efi_alive(false);
    module(MODULES_AT, 0x1000, "");
    module(MODULES_AT + 0x1001, 5, "");
    boot.device_tree = (struct span){ real(LOADER_AT), 40 };
    assert_true(prepare(&exit_efi));
    assert_true(launch_prepare(&launch, &handoff, &failure));
    assert_int_equal(launch.segment_count, 0);
    assert_memory_equal(&handoff.map, &before,
                        offsetof(struct memory_map, ranges) + before.count * sizeof(struct range));
    assert_non_null(launch.run);
    assert_true(launch.run(&launch, &handoff, &status, &failure));
    assert_int_equal(status, 0x8000000000000015);
    boot.module_count = 0; /* nothing stays from the time before */
    boot.device_tree = (struct span){ NULL, 0 };
    assert_true(prepare(&exit_efi));
    assert_true(launch.run(&launch, &handoff, &status, &failure));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup_exits)
    const struct CMUnitTest tests[] = {
        TEST(every_combination), TEST(secure_boot_holds), TEST(by_name),      TEST(without_firmware), TEST(secure_boot),
        TEST(first_reason),      TEST(broken_faces),      TEST(tight_memory), TEST(by_efi),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
