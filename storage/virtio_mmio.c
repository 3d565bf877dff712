/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio block devices in memory: Virtio 1.2, section 4.2, of ACPI (QEMU's microvm) and of the command line (it, too,
 * and Firecracker). */
#include <stddef.h>

#include "common/console.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/acpi.h"
#include "firmware/acpi_virtio.h"
#include "firmware/efi.h"
#include "storage/virtio_disk.h"
#include "storage/virtio_words.h"

#define PLACES_MAX 64

/* Section 4.2.2, and 4.2.4 for those of version 1. */
#define MAGIC                  0x000
#define VERSION                0x004
#define DEVICE_ID              0x008
#define DEVICE_FEATURES        0x010
#define DEVICE_FEATURES_SELECT 0x014
#define DRIVER_FEATURES        0x020
#define DRIVER_FEATURES_SELECT 0x024
#define LEGACY_GUEST_PAGE_SIZE 0x028
#define QUEUE_SELECT           0x030
#define QUEUE_SIZE_MAX         0x034
#define QUEUE_SIZE             0x038
#define LEGACY_QUEUE_ALIGN     0x03c
#define LEGACY_QUEUE_PAGE      0x040
#define QUEUE_READY            0x044
#define QUEUE_NOTIFY           0x050
#define STATUS                 0x070
#define QUEUE_DESCRIPTORS      0x080
#define QUEUE_AVAILABLE        0x090
#define QUEUE_USED             0x0a0
#define CONFIG_GENERATION      0x0fc
#define CONFIG                 0x100
#define REGISTERS_SIZE         0x118 /* as far as we read */

#define MAGIC_VALUE    0x74726976 /* "virt" */
#define VERSION_LEGACY 1
#define VERSION_MODERN 2
#define PAGE           4096u

static volatile uint32_t *at(const struct virtio_transport *transport, uint64_t offset)
{
    return (volatile uint32_t *)(transport->own[0] + offset);
}

static uint8_t status(const struct virtio_transport *transport)
{
    return (uint8_t)*at(transport, STATUS);
}

static void set_status(const struct virtio_transport *transport, uint8_t value)
{
    *at(transport, STATUS) = value;
}

static uint64_t features(const struct virtio_transport *transport)
{
    uint64_t low;

    *at(transport, DEVICE_FEATURES_SELECT) = 0;
    low = *at(transport, DEVICE_FEATURES);
    *at(transport, DEVICE_FEATURES_SELECT) = 1;
    return low | (uint64_t)*at(transport, DEVICE_FEATURES) << 32;
}

static void set_features(const struct virtio_transport *transport, uint64_t value)
{
    for (uint32_t half = 0; half < 2; half++) {
        *at(transport, DRIVER_FEATURES_SELECT) = half;
        *at(transport, DRIVER_FEATURES) = (uint32_t)(value >> 32 * half);
    }
}

static uint32_t queue_max(const struct virtio_transport *transport)
{
    *at(transport, QUEUE_SELECT) = 0;
    return *at(transport, QUEUE_SIZE_MAX);
}

static void set_address(const struct virtio_transport *transport, uint64_t offset, uint64_t address)
{
    *at(transport, offset) = (uint32_t)address;
    *at(transport, offset + 4) = (uint32_t)(address >> 32);
}

static bool queue_set(const struct virtio_transport *transport, uint16_t size, uint64_t descriptors, uint64_t available,
                      uint64_t used, struct failure *failure)
{
    (void)failure;
    *at(transport, QUEUE_SELECT) = 0;
    *at(transport, QUEUE_SIZE) = size;
    set_address(transport, QUEUE_DESCRIPTORS, descriptors);
    set_address(transport, QUEUE_AVAILABLE, available);
    set_address(transport, QUEUE_USED, used);
    *at(transport, QUEUE_READY) = 1;
    return true;
}

static bool legacy_queue_set(const struct virtio_transport *transport, uint16_t size, uint64_t descriptors,
                             uint64_t available, uint64_t used, struct failure *failure)
{
    (void)available;
    (void)used;
    if (descriptors / PAGE > UINT32_MAX)
        return fail(failure, "virtio", "a legacy device reaches no queue at 0x%lx", descriptors);
    *at(transport, LEGACY_GUEST_PAGE_SIZE) = PAGE;
    *at(transport, QUEUE_SELECT) = 0;
    *at(transport, QUEUE_SIZE) = size;
    *at(transport, LEGACY_QUEUE_ALIGN) = PAGE;
    *at(transport, LEGACY_QUEUE_PAGE) = (uint32_t)(descriptors / PAGE);
    return true;
}

static void notify(const struct virtio_transport *transport)
{
    *at(transport, QUEUE_NOTIFY) = 0;
}

static uint64_t config(const struct virtio_transport *transport, uint32_t offset, unsigned size)
{
    uint64_t value = *at(transport, CONFIG + offset);

    if (size == sizeof(uint64_t)) /* section 4.2.2.2: in halves */
        value |= (uint64_t)*at(transport, CONFIG + offset + 4) << 32;
    return value;
}

static uint32_t generation(const struct virtio_transport *transport)
{
    return *at(transport, CONFIG_GENERATION);
}

static const struct virtio_transport modern = { .status = status,
                                                .set_status = set_status,
                                                .features = features,
                                                .set_features = set_features,
                                                .queue_max = queue_max,
                                                .queue_set = queue_set,
                                                .notify = notify,
                                                .config = config,
                                                .generation = generation };

/* ---- finding them ---- */

struct finding {
    const struct machine *machine;
    struct devices *devices;
    uint32_t count;
    uint64_t seen[PLACES_MAX];
};

/* What is at an address: a block device is added; another one, or a place for one, is none of ours. */
static void look(struct finding *finding, uint64_t address, uint64_t size)
{
    struct virtio_transport transport = modern;
    struct failure failure;
    uint32_t version;
    char place[40];

    for (uint32_t i = 0; i < finding->count; i++) {
        if (finding->seen[i] == address)
            return;
    }
    if (finding->count == PLACES_MAX)
        return;
    finding->seen[finding->count++] = address;
    text_format(place, sizeof(place), "virtio-mmio 0x%lx", address);
    if (size < REGISTERS_SIZE || address % sizeof(uint32_t)) {
        warn("%s: %lu bytes of registers are none of a virtio device", place, size);
        return;
    }
    if (!virtio_registers(finding->machine, address, REGISTERS_SIZE, &failure)) {
        warn("%s: %s: %s", place, failure.what, failure.why);
        return;
    }
    transport.own[0] = address;
    version = *at(&transport, VERSION);
    if (*at(&transport, MAGIC) != MAGIC_VALUE || (version != VERSION_LEGACY && version != VERSION_MODERN)) {
        warn("%s: there is no virtio device of a version that we know", place);
        return;
    }
    if (*at(&transport, DEVICE_ID) != VIRTIO_ID_BLOCK)
        return;
    if (version == VERSION_LEGACY) {
        transport.legacy = true;
        transport.queue_set = legacy_queue_set;
        transport.generation = NULL;
    }
    virtio_disk_add(&transport, place, finding->machine, finding->devices);
}

/* Linux looks at those of ACPI first. */
static void find(const struct machine *machine, struct devices *devices)
{
    struct finding finding = { .machine = machine, .devices = devices };
    struct span rest = text_span(machine->handoff->command_line), text;
    struct acpi_virtio of_acpi;
    struct virtio_word word;
    bool good;

    if (efi_alive()) /* the firmware has them */
        return;
    if (machine->handoff->rsdp.present) {
        acpi_virtio_find(machine->physical, machine->handoff->rsdp.address, &of_acpi);
        for (uint32_t i = 0; i < of_acpi.count; i++)
            look(&finding, of_acpi.device[i].address, of_acpi.device[i].size);
    }
    while (virtio_word_next(&rest, &word, &good, &text)) {
        if (good)
            look(&finding, word.address, word.size);
        else
            warn("%.*s: not SIZE@ADDRESS:IRQ", (int)text.size, (const char *)text.data);
    }
}

const struct driver driver_virtio_mmio = { .name = "virtio-mmio", .find = find, .end = virtio_disks_end };
