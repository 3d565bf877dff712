/* SPDX-License-Identifier: BSD-2-Clause */
/* The Boot Loader Interface; see loader_interface.h. Names and formats: systemd.io/BOOT_LOADER_INTERFACE. */
#include "firmware/loader_interface.h"

#include "common/noinit.h"
#include "common/stamp.h"
#include "common/string.h"
#include "common/text.h"
#include "cpu/cpu.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_texts.h"

#define NAME_MAX      40  /* characters of a variable's name */
#define TEXT_MAX      256 /* bytes of a short text */
#define PATH_TEXT_MAX 1024

#define THIS_BOOT (EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)
#define KEPT      (THIS_BOOT | EFI_VARIABLE_NON_VOLATILE)

/* LoaderFeatures: what is true of us. */
#define FEATURE_CONFIG_TIMEOUT          (1ull << 0)
#define FEATURE_CONFIG_TIMEOUT_ONE_SHOT (1ull << 1)
#define FEATURE_ENTRY_DEFAULT           (1ull << 2)
#define FEATURE_ENTRY_ONESHOT           (1ull << 3)
#define FEATURE_BOOT_COUNTING           (1ull << 4)
#define FEATURE_XBOOTLDR                (1ull << 5)
#define FEATURE_RANDOM_SEED             (1ull << 6)
#define FEATURE_SORT_KEY                (1ull << 8)
#define FEATURE_SAVED_ENTRY             (1ull << 9)
#define FEATURE_DEVICETREE              (1ull << 10)
#define FEATURE_MENU_DISABLE            (1ull << 13)
#define FEATURE_MULTI_PROFILE_UKI       (1ull << 14)
#define FEATURE_TYPE1_UKI               (1ull << 16)

/* UEFI 2.10, section 8.5.4. */
#define OS_INDICATIONS_BOOT_TO_FW_UI 1ull

/* By this bootctl knows whose a file is (systemd, src/boot/bootctl.c). */
static const char marker[] __attribute__((used)) = "#### LoaderInfo: quadrivium " QUADRIVIUM_VERSION " ####";

static EFI_GUID loader_guid = { 0x4a67b082, 0x0a4c, 0x41cf, { 0xb6, 0xc7, 0x44, 0x0b, 0x29, 0xbb, 0x8c, 0x4f } };
static EFI_GUID global_guid = EFI_GLOBAL_VARIABLE;
static EFI_GUID seed_table_guid = { 0x1ce1e5bc, 0x7ceb, 0x42f2, { 0x81, 0xe5, 0x8a, 0xad, 0xf1, 0x80, 0xf5, 0x7b } };

/* A loader before us has introduced itself, and we are but the stub of what it starts: the variables are its. */
static bool is_stub;

/* ---- variables ---- */

static EFI_STATUS write(EFI_GUID *guid, const char *name, UINT32 attributes, const void *data, uint64_t size)
{
    CHAR16 wide[NAME_MAX];

    if (!efi_alive())
        return EFI_UNSUPPORTED;
    utf16_from_utf8(name, wide, NAME_MAX);
    return efi_system_table()->RuntimeServices->SetVariable(wide, guid, attributes, size, (void *)data);
}

/* The bytes of a variable; 0 where there is none, or it is larger than `size`. */
static uint64_t read(EFI_GUID *guid, const char *name, void *data, uint64_t size)
{
    CHAR16 wide[NAME_MAX];
    UINTN length = size;

    if (!efi_alive())
        return 0;
    utf16_from_utf8(name, wide, NAME_MAX);
    if (efi_system_table()->RuntimeServices->GetVariable(wide, guid, NULL, &length, data) || length > size)
        return 0;
    return length;
}

static bool exists(const char *name)
{
    CHAR16 wide[NAME_MAX];
    UINTN length = 0;

    utf16_from_utf8(name, wide, NAME_MAX);
    return efi_system_table()->RuntimeServices->GetVariable(wide, &loader_guid, NULL, &length, NULL) ==
           EFI_BUFFER_TOO_SMALL;
}

static EFI_STATUS write_text(const char *name, UINT32 attributes, const char *text)
{
    static uint16_t units[PATH_TEXT_MAX + 1] NOINIT;
    const uint64_t count = utf16_from_utf8(text, units, PATH_TEXT_MAX + 1);

    return count ? write(&loader_guid, name, attributes, units, count * sizeof(*units)) : EFI_INVALID_PARAMETER;
}

/* Asking whether it is there is much quicker than that. The attributes are those that it was written with. */
static EFI_STATUS take_away(const char *name, UINT32 attributes)
{
    return exists(name) ? write(&loader_guid, name, attributes, NULL, 0) : EFI_NOT_FOUND;
}

static void read_id(const char *name, char *id)
{
    uint16_t units[LOADER_ID_MAX];
    const struct span variable = { (const uint8_t *)units, read(&loader_guid, name, units, sizeof(units)) };

    utf8_from_utf16(variable, id, LOADER_ID_MAX);
}

static bool read_timeout(const char *name, struct loader_wishes *wishes)
{
    uint16_t units[NAME_MAX];
    const struct span variable = { (const uint8_t *)units, read(&loader_guid, name, units, sizeof(units)) };

    return variable.size && loader_timeout_read(variable, &wishes->timeout, &wishes->seconds);
}

void loader_interface_read(struct loader_wishes *wishes)
{
    *wishes = (struct loader_wishes){ .timeout = LOADER_TIMEOUT_NONE };
    if (!efi_alive() || is_stub)
        return;
    read_id("LoaderEntryOneShot", wishes->one_shot);
    take_away("LoaderEntryOneShot", KEPT);
    read_id("LoaderEntryDefault", wishes->default_entry);
    read_id("LoaderEntryLastBooted", wishes->last_booted);
    wishes->ask = read_timeout("LoaderConfigTimeoutOneShot", wishes);
    if (!wishes->ask)
        read_timeout("LoaderConfigTimeout", wishes);
    else if (!wishes->seconds)
        wishes->timeout = LOADER_TIMEOUT_FORCE; /* of this variable 0 means: for ever */
    take_away("LoaderConfigTimeoutOneShot", KEPT);
}

/* ---- who we are ---- */

static void write_time(const char *name, uint64_t ticks)
{
    const char *source;
    char text[TEXT_MAX];
    uint64_t microseconds;

    if (!loader_microseconds(ticks, tsc_frequency(&source), &microseconds))
        return;
    text_format(text, sizeof(text), "%lu", microseconds);
    write_text(name, THIS_BOOT, text);
}

static void introduce_firmware(void)
{
    const EFI_SYSTEM_TABLE *system = efi_system_table();
    char vendor[TEXT_MAX / 2] = "", text[TEXT_MAX];
    uint64_t size = 0;

    while (system->FirmwareVendor && size < sizeof(vendor) / 2 && system->FirmwareVendor[size])
        size++;
    utf8_from_utf16((struct span){ (const uint8_t *)system->FirmwareVendor, size * sizeof(CHAR16) }, vendor,
                    sizeof(vendor));
    text_format(text, sizeof(text), "%s %u.%02u", vendor, system->FirmwareRevision >> 16,
                system->FirmwareRevision & 0xffff);
    write_text("LoaderFirmwareInfo", THIS_BOOT, text);
    text_format(text, sizeof(text), "UEFI %u.%02u", system->Hdr.Revision >> 16, system->Hdr.Revision & 0xffff);
    write_text("LoaderFirmwareType", THIS_BOOT, text);
}

static void introduce_image(void)
{
    static char path[PATH_TEXT_MAX] NOINIT;
    const EFI_LOADED_IMAGE *own = efi_own_image();
    struct efi_partition partition;
    char guid[LOADER_GUID_TEXT];

    if (own && efi_path_file(efi_path(own->FilePath), path, sizeof(path)))
        write_text("LoaderImageIdentifier", THIS_BOOT, path);
    if (own && efi_path_partition(efi_device_path(own->DeviceHandle), &partition) && partition.table == EFI_PATH_GPT) {
        loader_guid_text(partition.signature, guid);
        write_text("LoaderDevicePartUUID", THIS_BOOT, guid);
    }
}

void loader_interface_introduce(const struct handoff *handoff, bool stub)
{
    static const UINT64 features = FEATURE_CONFIG_TIMEOUT | FEATURE_CONFIG_TIMEOUT_ONE_SHOT | FEATURE_ENTRY_DEFAULT |
                                   FEATURE_ENTRY_ONESHOT | FEATURE_BOOT_COUNTING | FEATURE_XBOOTLDR |
                                   FEATURE_RANDOM_SEED | FEATURE_SORT_KEY | FEATURE_SAVED_ENTRY | FEATURE_DEVICETREE |
                                   FEATURE_MENU_DISABLE | FEATURE_MULTI_PROFILE_UKI | FEATURE_TYPE1_UKI;

    if (!handoff->efi.boot_services || !efi_alive())
        return;
    is_stub = stub && exists("LoaderInfo");
    if (is_stub)
        return;
    tsc_begin(); /* for loader_interface_selected */
    write_text("LoaderInfo", THIS_BOOT, "quadrivium " QUADRIVIUM_VERSION);
    write(&loader_guid, "LoaderFeatures", THIS_BOOT, &features, sizeof(features));
    introduce_firmware();
    introduce_image();
}

void loader_interface_leave(void)
{
    if (efi_alive() && !is_stub)
        write_time("LoaderTimeExecUSec", __builtin_ia32_rdtsc());
}

/* ---- entries ---- */

/* How many units the first `count` ids take at most. */
static uint64_t units_of(const char *(*id)(const void *context, uint32_t index), const void *context, uint32_t count)
{
    uint64_t units = 0;

    for (uint32_t i = 0; i < count; i++)
        units += strlen(id(context, i)) + 1;
    return units;
}

void loader_interface_entries(const char *(*id)(const void *context, uint32_t index), const void *context,
                              uint32_t count)
{
    const uint64_t max = units_of(id, context, count);
    uint16_t *units;

    if (!efi_alive() || is_stub || !max)
        return;
    units = efi_pool(max * sizeof(*units));
    /* A firmware may have no room for a variable of that size: then it gets the first of them. */
    for (EFI_STATUS status = EFI_NOT_READY; units && count && status; count /= 2) {
        uint64_t at = 0;

        for (uint32_t i = 0; i < count; i++)
            at += utf16_from_utf8(id(context, i), units + at, max - at);
        status = write(&loader_guid, "LoaderEntries", THIS_BOOT, units, at * sizeof(*units));
    }
    efi_pool_free(units);
}

void loader_interface_selected(const char *id, const char *counted_path)
{
    static char path[PATH_TEXT_MAX] NOINIT;
    char last[LOADER_ID_MAX];

    if (!efi_alive() || is_stub)
        return;
    write_text("LoaderEntrySelected", THIS_BOOT, id);
    read_id("LoaderEntryLastBooted", last);
    if (strcmp(last, id)) /* each writing wears the flash */
        write_text("LoaderEntryLastBooted", KEPT, id);
    if (counted_path && strlen(counted_path) < sizeof(path)) {
        memcpy(path, counted_path, strlen(counted_path) + 1);
        loader_path_to_efi(path);
        write_text("LoaderBootCountPath", THIS_BOOT, path);
    } else {
        take_away("LoaderBootCountPath", THIS_BOOT); /* of one that was tried before, in vain */
    }
    write_time("LoaderTimeInitUSec", stamps.ticks[PHASE_DOOR]); /* by now it is known how fast they tick */
}

bool loader_interface_set_default(const char *id, struct failure *failure)
{
    EFI_STATUS status;

    if (!efi_alive())
        return fail(failure, "default", "there is no firmware that could keep it");
    if (is_stub)
        return fail(failure, "default", "it is for the loader before us to keep");
    status = *id ? write_text("LoaderEntryDefault", KEPT, id) : take_away("LoaderEntryDefault", KEPT);
    return !status || (!*id && status == EFI_NOT_FOUND) ||
           fail(failure, "default", "the firmware does not keep it (status 0x%lx)", (uint64_t)status);
}

/* ---- the firmware's set-up ---- */

bool loader_interface_can_set_up(void)
{
    UINT64 supported = 0;

    return read(&global_guid, "OsIndicationsSupported", &supported, sizeof(supported)) == sizeof(supported) &&
           supported & OS_INDICATIONS_BOOT_TO_FW_UI;
}

bool loader_interface_set_up(struct failure *failure)
{
    UINT64 indications = 0;
    EFI_STATUS status;

    if (!loader_interface_can_set_up())
        return fail(failure, "set-up", "the firmware cannot be asked for it");
    if (read(&global_guid, "OsIndications", &indications, sizeof(indications)) != sizeof(indications))
        indications = 0;
    indications |= OS_INDICATIONS_BOOT_TO_FW_UI;
    status = write(&global_guid, "OsIndications", KEPT, &indications, sizeof(indications));
    if (status)
        return fail(failure, "set-up", "the firmware does not take OsIndications (status 0x%lx)", (uint64_t)status);
    efi_reset(false);
    return fail(failure, "set-up", "the firmware does not reset the machine");
}

/* ---- randomness ---- */

uint32_t loader_interface_token(uint8_t *buffer, uint32_t size)
{
    return (uint32_t)read(&loader_guid, "LoaderSystemToken", buffer, size);
}

/* LINUX_EFI_RANDOM_SEED_TABLE (include/linux/efi.h). */
struct seed_table {
    UINT32 size;
    UINT8 bits[];
};

#define SEED_BEFORE_MAX 512 /* of a loader before us; Linux takes no more than 1024 bytes in all */
#define SEED_MAX        512

static const struct seed_table *seed_before(void)
{
    const EFI_SYSTEM_TABLE *system = efi_system_table();

    for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
        const struct seed_table *table = system->ConfigurationTable[i].VendorTable;

        if (!memcmp(&system->ConfigurationTable[i].VendorGuid, &seed_table_guid, sizeof(seed_table_guid)))
            return table && table->size <= SEED_BEFORE_MAX ? table : NULL;
    }
    return NULL;
}

bool loader_interface_give_seed(struct span seed, struct failure *failure)
{
    const struct seed_table *before;
    struct seed_table *table = NULL;
    uint64_t more;

    if (!efi_alive() || seed.size > SEED_MAX)
        return fail(failure, "random seed", "nobody takes it");
    before = seed_before();
    more = before ? before->size : 0;
    /* Memory that the kernel keeps until it has read it, and then may use. */
    if (efi_system_table()->BootServices->AllocatePool(EfiACPIReclaimMemory, sizeof(*table) + seed.size + more,
                                                       (void **)&table))
        return fail(failure, "random seed", "no memory for its table");
    table->size = (UINT32)(seed.size + more);
    memcpy(table->bits, seed.data, seed.size);
    if (more)
        memcpy(table->bits + seed.size, before->bits, more);
    if (!efi_system_table()->BootServices->InstallConfigurationTable(&seed_table_guid, table))
        return true;
    memset(table->bits, 0, table->size);
    efi_pool_free(table);
    return fail(failure, "random seed", "the firmware does not take its table");
}

void loader_interface_tell_seed(struct span seed)
{
    write(&loader_guid, "LoaderRandomSeed", THIS_BOOT, seed.data, seed.size);
}
