/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio block devices on PCI: Virtio 1.2, section 4.1, by memory where the device has it, else by legacy ports. */
#include <stddef.h>

#include "common/checked.h"
#include "common/console.h"
#include "common/io.h"
#include "common/string.h"
#include "common/text.h"
#include "firmware/efi.h"
#include "firmware/pci.h"
#include "storage/virtio_disk.h"

#define VENDOR              0x1af4
#define DEVICE_TRANSITIONAL 0x1001
#define DEVICE_MODERN       (0x1040 + VIRTIO_ID_BLOCK)

/* Section 4.1.4: struct virtio_pci_cap. */
#define CAP_TYPE       3
#define CAP_BAR        4
#define CAP_OFFSET     8
#define CAP_LENGTH     12
#define CAP_MULTIPLIER 16
#define TYPE_COMMON    1
#define TYPE_NOTIFY    2
#define TYPE_DEVICE    4
#define TYPES          5

/* Section 4.1.4.3: struct virtio_pci_common_cfg. */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE        4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE        12
#define COMMON_DEVICE_STATUS         20
#define COMMON_CONFIG_GENERATION     21
#define COMMON_QUEUE_SELECT          22
#define COMMON_QUEUE_SIZE            24
#define COMMON_QUEUE_ENABLE          28
#define COMMON_QUEUE_NOTIFY_OFFSET   30
#define COMMON_QUEUE_DESCRIPTORS     32
#define COMMON_QUEUE_AVAILABLE       40
#define COMMON_QUEUE_USED            48
#define COMMON_SIZE                  56
#define CONFIG_SIZE                  24 /* of struct virtio_blk_config: as far as it is read */
#define NOTIFY_SIZE                  2

/* Section 4.1.4.10: the legacy header, in the ports of BAR 0. */
#define LEGACY_DEVICE_FEATURES 0
#define LEGACY_DRIVER_FEATURES 4
#define LEGACY_QUEUE_ADDRESS   8
#define LEGACY_QUEUE_SIZE      12
#define LEGACY_QUEUE_SELECT    14
#define LEGACY_QUEUE_NOTIFY    16
#define LEGACY_DEVICE_STATUS   18
#define LEGACY_CONFIG          20
#define LEGACY_CONFIG_MSIX     24 /* where MSI-X is on */
#define LEGACY_PAGE_SHIFT      12

#define MSIX_ENABLED (1u << 31) /* of the capability's first 32 bits: PCI 3.0, section 6.8.2.3 */

struct own {
    struct pci_function function;
    uint16_t command;                           /* as it was found */
    uint16_t port, config_port;                 /* legacy */
    volatile uint8_t *common, *config, *notify; /* modern */
};

_Static_assert(sizeof(struct own) <= sizeof(((struct virtio_transport *)NULL)->own), "kept in the transport");

static const struct own *own_of(const struct virtio_transport *transport)
{
    return (const struct own *)transport->own;
}

static void let_go(const struct virtio_transport *transport)
{
    pci_write(&own_of(transport)->function, PCI_COMMAND, own_of(transport)->command);
}

/* ---- modern ---- */

static volatile uint8_t *common8(const struct virtio_transport *transport, unsigned offset)
{
    return own_of(transport)->common + offset;
}

static volatile uint16_t *common16(const struct virtio_transport *transport, unsigned offset)
{
    return (volatile uint16_t *)common8(transport, offset);
}

static volatile uint32_t *common32(const struct virtio_transport *transport, unsigned offset)
{
    return (volatile uint32_t *)common8(transport, offset);
}

static uint8_t status(const struct virtio_transport *transport)
{
    return *common8(transport, COMMON_DEVICE_STATUS);
}

static void set_status(const struct virtio_transport *transport, uint8_t value)
{
    *common8(transport, COMMON_DEVICE_STATUS) = value;
}

static uint64_t features(const struct virtio_transport *transport)
{
    uint64_t low;

    *common32(transport, COMMON_DEVICE_FEATURE_SELECT) = 0;
    low = *common32(transport, COMMON_DEVICE_FEATURE);
    *common32(transport, COMMON_DEVICE_FEATURE_SELECT) = 1;
    return low | (uint64_t)*common32(transport, COMMON_DEVICE_FEATURE) << 32;
}

static void set_features(const struct virtio_transport *transport, uint64_t value)
{
    for (uint32_t half = 0; half < 2; half++) {
        *common32(transport, COMMON_DRIVER_FEATURE_SELECT) = half;
        *common32(transport, COMMON_DRIVER_FEATURE) = (uint32_t)(value >> 32 * half);
    }
}

static uint32_t queue_max(const struct virtio_transport *transport)
{
    *common16(transport, COMMON_QUEUE_SELECT) = 0;
    return *common16(transport, COMMON_QUEUE_SIZE);
}

static void set_address(const struct virtio_transport *transport, unsigned offset, uint64_t address)
{
    *common32(transport, offset) = (uint32_t)address;
    *common32(transport, offset + 4) = (uint32_t)(address >> 32);
}

static bool queue_set(const struct virtio_transport *transport, uint16_t size, uint64_t descriptors, uint64_t available,
                      uint64_t used, struct failure *failure)
{
    *common16(transport, COMMON_QUEUE_SELECT) = 0;
    *common16(transport, COMMON_QUEUE_SIZE) = size;
    if (*common16(transport, COMMON_QUEUE_SIZE) != size)
        return fail(failure, "virtio", "the device takes no queue of %u entries", size);
    set_address(transport, COMMON_QUEUE_DESCRIPTORS, descriptors);
    set_address(transport, COMMON_QUEUE_AVAILABLE, available);
    set_address(transport, COMMON_QUEUE_USED, used);
    *common16(transport, COMMON_QUEUE_ENABLE) = 1;
    return true;
}

static void notify(const struct virtio_transport *transport)
{
    *(volatile uint16_t *)own_of(transport)->notify = 0;
}

static uint64_t config(const struct virtio_transport *transport, uint32_t offset, unsigned size)
{
    const volatile uint8_t *at = own_of(transport)->config + offset;

    if (size == sizeof(uint64_t)) /* section 4.1.3.1: in halves */
        return *(const volatile uint32_t *)at | (uint64_t) * (const volatile uint32_t *)(at + 4) << 32;
    return *(const volatile uint32_t *)at;
}

static uint32_t generation(const struct virtio_transport *transport)
{
    return *common8(transport, COMMON_CONFIG_GENERATION);
}

static const struct virtio_transport modern = { .status = status,
                                                .set_status = set_status,
                                                .features = features,
                                                .set_features = set_features,
                                                .queue_max = queue_max,
                                                .queue_set = queue_set,
                                                .notify = notify,
                                                .config = config,
                                                .generation = generation,
                                                .let_go = let_go };

/* ---- legacy ---- */

static uint16_t port_of(const struct virtio_transport *transport, uint16_t offset)
{
    return (uint16_t)(own_of(transport)->port + offset);
}

static uint8_t legacy_status(const struct virtio_transport *transport)
{
    return io_read8(port_of(transport, LEGACY_DEVICE_STATUS));
}

static void legacy_set_status(const struct virtio_transport *transport, uint8_t value)
{
    io_write8(port_of(transport, LEGACY_DEVICE_STATUS), value);
}

static uint64_t legacy_features(const struct virtio_transport *transport)
{
    return io_read32(port_of(transport, LEGACY_DEVICE_FEATURES));
}

static void legacy_set_features(const struct virtio_transport *transport, uint64_t value)
{
    io_write32(port_of(transport, LEGACY_DRIVER_FEATURES), (uint32_t)value);
}

static uint32_t legacy_queue_max(const struct virtio_transport *transport)
{
    io_write16(port_of(transport, LEGACY_QUEUE_SELECT), 0);
    return io_read16(port_of(transport, LEGACY_QUEUE_SIZE));
}

static bool legacy_queue_set(const struct virtio_transport *transport, uint16_t size, uint64_t descriptors,
                             uint64_t available, uint64_t used, struct failure *failure)
{
    (void)size;
    (void)available;
    (void)used;
    if (descriptors >> LEGACY_PAGE_SHIFT > UINT32_MAX)
        return fail(failure, "virtio", "a legacy device reaches no queue at 0x%lx", descriptors);
    io_write32(port_of(transport, LEGACY_QUEUE_ADDRESS), (uint32_t)(descriptors >> LEGACY_PAGE_SHIFT));
    return true;
}

static void legacy_notify(const struct virtio_transport *transport)
{
    io_write16(port_of(transport, LEGACY_QUEUE_NOTIFY), 0);
}

static uint64_t legacy_config(const struct virtio_transport *transport, uint32_t offset, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)io_read8((uint16_t)(own_of(transport)->config_port + offset + i)) << 8 * i;
    return value;
}

static const struct virtio_transport legacy = { .legacy = true,
                                                .fixed_size = true,
                                                .status = legacy_status,
                                                .set_status = legacy_set_status,
                                                .features = legacy_features,
                                                .set_features = legacy_set_features,
                                                .queue_max = legacy_queue_max,
                                                .queue_set = legacy_queue_set,
                                                .notify = legacy_notify,
                                                .config = legacy_config,
                                                .let_go = let_go };

/* ---- finding them ---- */

/* The first capability of each type: the device's own order of preference. */
struct places {
    uint8_t at[TYPES]; /* 0: none */
};

static void find_places(const struct pci_function *function, struct places *places)
{
    struct pci_capability capability = { 0 };

    *places = (struct places){ 0 };
    while (pci_capability_next(function, PCI_CAPABILITY_VENDOR, &capability)) {
        uint8_t type = pci_read8(function, capability.at + CAP_TYPE);

        if (type < TYPES && !places->at[type] && pci_read8(function, capability.at + CAP_BAR) < PCI_BARS)
            places->at[type] = capability.at;
    }
}

/* The registers that a capability tells of, `needed` bytes of them at `from`. */
static bool reach(const struct machine *machine, const struct pci_function *function, uint8_t at, uint64_t from,
                  uint64_t needed, volatile uint8_t **registers, struct failure *failure)
{
    uint8_t number = pci_read8(function, at + CAP_BAR);
    uint64_t bar, start, offset = pci_read(function, at + CAP_OFFSET), length = pci_read(function, at + CAP_LENGTH);
    bool is_port;

    if (!checked_within(from, needed, length))
        return fail(failure, "virtio", "%lu bytes of registers where %lu are needed", length, from + needed);
    if (!pci_bar(function, number, &is_port, &bar) || is_port)
        return fail(failure, "virtio", "nobody gave BAR %u an address in memory", number);
    if (!checked_add(bar, offset + from, &start) || start % (needed < sizeof(uint32_t) ? needed : sizeof(uint32_t)))
        return fail(failure, "virtio", "registers at 0x%lx and 0x%lx", bar, offset + from);
    *registers = (volatile uint8_t *)start;
    return virtio_registers(machine, start, needed, failure);
}

static bool make_modern(const struct machine *machine, const struct places *places, struct virtio_transport *transport,
                        struct own *own, struct failure *failure)
{
    const struct pci_function *function = &own->function;
    uint8_t notify_at = places->at[TYPE_NOTIFY];
    uint64_t offset;

    if (!notify_at || !places->at[TYPE_DEVICE])
        return fail(failure, "virtio", "it tells of no registers for %s",
                    notify_at ? "its configuration" : "its queue");
    *transport = modern;
    if (!reach(machine, function, places->at[TYPE_COMMON], 0, COMMON_SIZE, &own->common, failure) ||
        !reach(machine, function, places->at[TYPE_DEVICE], 0, CONFIG_SIZE, &own->config, failure))
        return false;
    pci_write(function, PCI_COMMAND,
              own->command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTERRUPTS);
    *(volatile uint16_t *)(own->common + COMMON_QUEUE_SELECT) = 0;
    offset = *(volatile uint16_t *)(own->common + COMMON_QUEUE_NOTIFY_OFFSET) *
             (uint64_t)pci_read(function, notify_at + CAP_MULTIPLIER);
    return reach(machine, function, notify_at, offset, NOTIFY_SIZE, &own->notify, failure);
}

static bool make_legacy(struct virtio_transport *transport, struct own *own, struct failure *failure)
{
    const struct pci_function *function = &own->function;
    struct pci_capability msix = { 0 };
    uint16_t config_at = LEGACY_CONFIG;
    uint64_t port;
    bool is_port;

    if (function->device != DEVICE_TRANSITIONAL || function->revision)
        return fail(failure, "virtio", "it is no legacy device, and tells of no registers in memory");
    if (!pci_bar(function, 0, &is_port, &port) || !is_port || port + LEGACY_CONFIG_MSIX + CONFIG_SIZE > UINT16_MAX)
        return fail(failure, "virtio", "nobody gave BAR 0 an I/O port");
    if (pci_capability_next(function, PCI_CAPABILITY_MSIX, &msix) && (pci_read(function, msix.at) & MSIX_ENABLED))
        config_at = LEGACY_CONFIG_MSIX;
    *transport = legacy;
    own->port = (uint16_t)port;
    own->config_port = (uint16_t)(port + config_at);
    pci_write(function, PCI_COMMAND, own->command | PCI_COMMAND_IO | PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTERRUPTS);
    return true;
}

struct finding {
    const struct machine *machine;
    struct devices *devices;
};

static void visit(void *context, const struct pci_function *function)
{
    const struct finding *finding = context;
    struct own own = { .function = *function };
    struct virtio_transport transport;
    struct failure failure;
    struct places places;
    char place[32];

    if (function->vendor != VENDOR || (function->device != DEVICE_TRANSITIONAL && function->device != DEVICE_MODERN))
        return;
    text_format(place, sizeof(place), "virtio-pci %02x:%02x.%x", function->address >> 16,
                function->address >> 11 & 0x1f, function->address >> 8 & 7);
    own.command = (uint16_t)pci_read(function, PCI_COMMAND);
    find_places(function, &places);
    if (places.at[TYPE_COMMON] ? make_modern(finding->machine, &places, &transport, &own, &failure)
                               : make_legacy(&transport, &own, &failure)) {
        memcpy(transport.own, &own, sizeof(own));
        virtio_disk_add(&transport, place, finding->machine, finding->devices);
        return;
    }
    warn("%s: %s: %s", place, failure.what, failure.why);
    pci_write(function, PCI_COMMAND, own.command);
}

static void find(const struct machine *machine, struct devices *devices)
{
    struct finding finding = { machine, devices };
    const struct pci_access *ports;

    if (efi_alive()) /* the firmware has them */
        return;
    ports = pci_ports();
    if (ports)
        pci_each(ports, visit, &finding);
}

const struct driver driver_virtio_pci = { .name = "virtio-pci", .find = find, .end = virtio_disks_end };
