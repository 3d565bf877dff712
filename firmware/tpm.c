/* SPDX-License-Identifier: BSD-2-Clause */
/* Measuring into the TPM; see tpm.h. TCG EFI Protocol Specification, family 2.0, chapter 6. */
#include "firmware/tpm.h"

#include <stddef.h>

#include "common/console.h"
#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_texts.h"
#include "firmware/tpm_log.h"

#define EV_IPL               0x0000000d /* TCG PC Client Platform Firmware Profile, "Event Types" */
#define LOG_FORMAT           2          /* section 6.5: crypto agile */
#define LOG_MAX              (1 << 20)  /* bytes; those of firmware have some 64 KiB */
#define PE_COFF_IMAGE        0x10ull    /* the hash is that of Authenticode */
#define EVENT_HEADER_VERSION 1

/* gnu-efi does not know it. Section 6.4. */
struct tcg2_capability {
    UINT8 Size;
    UINT8 StructureVersion[2], ProtocolVersion[2];
    UINT32 HashAlgorithmBitmap, SupportedEventLogs;
    BOOLEAN TPMPresentFlag;
    UINT16 MaxCommandSize, MaxResponseSize;
    UINT32 ManufacturerID, NumberOfPCRBanks, ActivePcrBanks;
};

_Static_assert(offsetof(struct tcg2_capability, HashAlgorithmBitmap) == 8, "EFI_TCG2_BOOT_SERVICE_CAPABILITY");
_Static_assert(offsetof(struct tcg2_capability, TPMPresentFlag) == 16, "EFI_TCG2_BOOT_SERVICE_CAPABILITY");
_Static_assert(sizeof(struct tcg2_capability) == 36, "EFI_TCG2_BOOT_SERVICE_CAPABILITY");

/* Section 6.6.3; packed. */
struct tcg2_event {
    UINT32 Size; /* of all of it */
    UINT32 HeaderSize;
    UINT16 HeaderVersion;
    UINT32 PCRIndex, EventType;
    UINT8 Event[];
} __attribute__((packed));

#define EVENT_HEADER_SIZE (offsetof(struct tcg2_event, Event) - offsetof(struct tcg2_event, HeaderSize))

_Static_assert(EVENT_HEADER_SIZE == 14, "EFI_TCG2_EVENT_HEADER");
_Static_assert(offsetof(struct tcg2_event, PCRIndex) == 10, "EFI_TCG2_EVENT");
_Static_assert(offsetof(struct tcg2_event, Event) == 18, "EFI_TCG2_EVENT");

struct tcg2 {
    EFI_STATUS(EFIAPI *GetCapability)(struct tcg2 *this, struct tcg2_capability *capability);
    EFI_STATUS(EFIAPI *GetEventLog)
    (struct tcg2 *this, UINT32 format, EFI_PHYSICAL_ADDRESS *first, EFI_PHYSICAL_ADDRESS *last, BOOLEAN *truncated);
    EFI_STATUS(EFIAPI *HashLogExtendEvent)
    (struct tcg2 *this, UINT64 flags, EFI_PHYSICAL_ADDRESS data, UINT64 size, struct tcg2_event *event);
    void *SubmitCommand, *GetActivePcrBanks, *SetActivePcrBanks, *GetResultOfSetActivePcrBanks;
};

_Static_assert(offsetof(struct tcg2, HashLogExtendEvent) == 16, "EFI_TCG2_PROTOCOL");

/* Section 7: what was measured since the log was asked for first. */
struct final_events {
    UINT64 Version, NumberOfEvents;
    UINT8 Events[];
};

/* include/linux/efi.h, struct linux_efi_tpm_eventlog. */
struct linux_log {
    UINT32 size, final_events_preboot_size; /* how much of final_events is in the log too */
    UINT8 version;
    UINT8 log[];
} __attribute__((packed));

_Static_assert(sizeof(struct linux_log) == 9, "LINUX_EFI_TPM_EVENT_LOG_GUID");

/* The protocol, where there is a TPM behind it. */
static struct tcg2 *find(void)
{
    static EFI_GUID guid = { 0x607f766c, 0x7455, 0x42be, { 0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f } };
    struct tcg2_capability capability = { .Size = sizeof(capability) };
    struct tcg2 *tcg2 = efi_any_protocol(&guid);

    return tcg2 && !tcg2->GetCapability(tcg2, &capability) && capability.TPMPresentFlag ? tcg2 : NULL;
}

bool tpm_present(void)
{
    return find() != NULL;
}

static struct tcg2_event *make_event(unsigned pcr, const char *description)
{
    const uint64_t max = strlen(description) + 1;
    struct tcg2_event *event = efi_pool(sizeof(*event) + max * sizeof(uint16_t));
    uint16_t *units = efi_pool(max * sizeof(*units));

    if (event && units) {
        const uint64_t size = utf16_from_utf8(description, units, max) * sizeof(*units);

        *event = (struct tcg2_event){ .Size = (UINT32)(sizeof(*event) + size),
                                      .HeaderSize = EVENT_HEADER_SIZE,
                                      .HeaderVersion = EVENT_HEADER_VERSION,
                                      .PCRIndex = pcr,
                                      .EventType = EV_IPL };
        memcpy(event->Event, units, size);
    } else {
        efi_pool_free(event);
        event = NULL;
    }
    efi_pool_free(units);
    return event;
}

static EFI_STATUS try(struct tcg2 *tcg2, unsigned pcr, UINT64 flags, struct span data, const char *description)
{
    struct tcg2_event *event = make_event(pcr, description);
    EFI_STATUS status =
        event ? tcg2->HashLogExtendEvent(tcg2, flags, (uint64_t)data.data, data.size, event) : EFI_OUT_OF_RESOURCES;

    efi_pool_free(event);
    /* The log may be full: the measurement itself is done then (section 6.6.5). */
    return status == EFI_VOLUME_FULL ? EFI_SUCCESS : status;
}

static void measure(unsigned pcr, bool pe, struct span data, const char *description)
{
    struct tcg2 *tcg2 = find();
    EFI_STATUS status = EFI_UNSUPPORTED;

    if (!tcg2)
        return;
    if (pe)
        status = try(tcg2, pcr, PE_COFF_IMAGE, data, description);
    if (status) /* none, or not as the firmware reads one */
        status = try(tcg2, pcr, 0, data, description);
    if (status)
        warn("the TPM does not measure %s into PCR %u (status 0x%lx)", description, pcr, (uint64_t)status);
}

void tpm_measure(unsigned pcr, struct span data, const char *description)
{
    measure(pcr, false, data, description);
}

void tpm_measure_text(unsigned pcr, const char *text, const char *description)
{
    const uint64_t max = strlen(text) + 1;
    uint16_t *units;

    if (!tpm_present())
        return;
    units = efi_pool(max * sizeof(*units));
    if (units) {
        const uint64_t count = utf16_from_utf8(text, units, max);

        measure(pcr, false, (struct span){ (const uint8_t *)units, count * sizeof(*units) }, description);
    } else {
        warn("no memory to measure %s", description);
    }
    efi_pool_free(units);
}

void tpm_measure_payload(struct span file, bool is_pe, const char *description)
{
    measure(TPM_PCR_CODE, is_pe, file, description);
}

/* ---- the event log ---- */

static const struct final_events *find_final_events(void)
{
    static const EFI_GUID guid = { 0x1e2ed096, 0x30e2, 0x4254, { 0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25 } };
    const EFI_SYSTEM_TABLE *system = efi_system_table();

    for (uint64_t i = 0; i < system->NumberOfTableEntries; i++) {
        if (!memcmp(&system->ConfigurationTable[i].VendorGuid, &guid, sizeof(guid)))
            return system->ConfigurationTable[i].VendorTable;
    }
    return NULL;
}

/* The whole log; absent where there is none that we can read. */
static struct span read_log(struct tcg2 *tcg2)
{
    EFI_PHYSICAL_ADDRESS first = 0, last = 0;
    BOOLEAN truncated;
    struct span log;

    if (tcg2->GetEventLog(tcg2, LOG_FORMAT, &first, &last, &truncated) || !first || last < first)
        return (struct span){ NULL, 0 };
    log = (struct span){ (const uint8_t *)first, LOG_MAX };
    log.size = tpm_log_size(log, last - first);
    return log;
}

bool tpm_hand_on_log(struct memory_map *map, struct failure *failure)
{
    static EFI_GUID guid = { 0xb7799cb0, 0xeca2, 0x4943, { 0x96, 0x67, 0x1f, 0xae, 0x07, 0xb7, 0x47, 0xfa } };
    struct tcg2 *tcg2 = find();
    const struct final_events *final = tcg2 ? find_final_events() : NULL;
    const struct span log = tcg2 ? read_log(tcg2) : (struct span){ NULL, 0 };
    struct map_request request = { .size = sizeof(struct linux_log) + log.size, .high = true };
    struct linux_log *table;
    uint64_t address, again = 0;

    if (!log.size)
        return true;
    if (final)
        again = tpm_log_events_size(log, (struct span){ final->Events, LOG_MAX }, final->NumberOfEvents);
    if (!map_allocate(map, &request, MAP_WORK, &address, "event log", failure))
        return false;
    table = (struct linux_log *)address;
    *table = (struct linux_log){ (UINT32)log.size, (UINT32)again, LOG_FORMAT };
    memcpy(table->log, log.data, log.size);
    return !efi_system_table()->BootServices->InstallConfigurationTable(&guid, table) ||
           fail(failure, "event log", "the firmware does not take it");
}
