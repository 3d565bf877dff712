/* SPDX-License-Identifier: BSD-2-Clause */
/* Measuring into the TPM; see tpm.h. TCG EFI Protocol Specification, family 2.0, chapter 6. */
#include "firmware/tpm.h"

#include <stddef.h>

#include "common/console.h"
#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_texts.h"
#include "payloads/uki.h"

#define EV_IPL               0x0000000d /* TCG PC Client Platform Firmware Profile, "Event Types" */
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
    void *GetEventLog;
    EFI_STATUS(EFIAPI *HashLogExtendEvent)
    (struct tcg2 *this, UINT64 flags, EFI_PHYSICAL_ADDRESS data, UINT64 size, struct tcg2_event *event);
    void *SubmitCommand, *GetActivePcrBanks, *SetActivePcrBanks, *GetResultOfSetActivePcrBanks;
};

_Static_assert(offsetof(struct tcg2, HashLogExtendEvent) == 16, "EFI_TCG2_PROTOCOL");

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

void tpm_measure_payload(struct span file, const char *description)
{
    measure(TPM_PCR_CODE, pe_is(file), file, description);
}
