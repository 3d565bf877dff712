/* SPDX-License-Identifier: BSD-2-Clause */
/* What is on PCI buses; see pci.h. Pure: compiled natively for tests as well; pci_ports.c has the ports. */
#include "firmware/pci.h"

#include <stddef.h>

#define BUSES        256
#define BUS_SHIFT    16
#define DEVICE_SHIFT 11
#define DEVICES      32
#define FUNCTIONS    8

#define NO_VENDOR         0xffff
#define HEADER_TYPE_SHIFT 16
#define HEADER_TYPE_MANY  0x80u /* functions */
#define HEADER_TYPE_MASK  0x7fu
#define HEADER_BRIDGE     1u   /* PCI-to-PCI Bridge Architecture 1.2, section 3.2 */
#define BRIDGE_BUSES      0x18 /* primary, secondary, subordinate */
#define BRIDGE_SECONDARY  8

#define BAR_PORT      1u
#define BAR_TYPE      6u
#define BAR_WIDE      4u
#define BAR_PORT_MASK 3u
#define BAR_MASK      15u

#define CAPABILITIES_AT  0x40
#define CAPABILITIES_MAX 48 /* as many as there is room for */

uint32_t pci_read(const struct pci_function *function, uint32_t offset)
{
    return function->access->read(function->access, function->address | (offset & 0xfc));
}

uint8_t pci_read8(const struct pci_function *function, uint32_t offset)
{
    return (uint8_t)(pci_read(function, offset) >> offset % 4 * 8);
}

void pci_write(const struct pci_function *function, uint32_t offset, uint32_t value)
{
    function->access->write(function->access, function->address | (offset & 0xfc), value);
}

/* ---- the buses ---- */

struct walk {
    void (*visit)(void *context, const struct pci_function *function);
    void *context;
    const struct pci_access *access;
    uint8_t waiting[BUSES]; /* the next one is the last; each bus gets here once */
    uint32_t waiting_count;
    uint32_t seen[BUSES / 32];
};

static void await(struct walk *walk, uint8_t bus)
{
    uint32_t *word = &walk->seen[bus / 32], bit = 1u << bus % 32;

    if (*word & bit)
        return;
    *word |= bit;
    walk->waiting[walk->waiting_count++] = bus;
}

/* Visits a function; false where there is none. */
static bool look(struct walk *walk, uint32_t address, uint8_t *header)
{
    struct pci_function function = { .access = walk->access, .address = address };
    uint32_t id = pci_read(&function, PCI_VENDOR);

    function.vendor = (uint16_t)id;
    function.device = (uint16_t)(id >> 16);
    if (function.vendor == NO_VENDOR || !function.vendor)
        return false;
    function.revision = (uint8_t)pci_read(&function, PCI_REVISION);
    *header = (uint8_t)(pci_read(&function, PCI_HEADER) >> HEADER_TYPE_SHIFT);
    walk->visit(walk->context, &function);
    return true;
}

static void look_at_bus(struct walk *walk, uint8_t bus)
{
    uint8_t behind[DEVICES * FUNCTIONS];
    uint32_t count = 0;

    for (uint32_t device = 0; device < DEVICES; device++) {
        bool many = true;

        for (uint32_t number = 0; number < FUNCTIONS && many; number++) {
            uint32_t address = (uint32_t)bus << BUS_SHIFT | device << DEVICE_SHIFT | number << 8;
            const struct pci_function function = { .access = walk->access, .address = address };
            uint8_t header = 0;
            bool there = look(walk, address, &header);

            if (!number)
                many = there && (header & HEADER_TYPE_MANY);
            if (there && (header & HEADER_TYPE_MASK) == HEADER_BRIDGE)
                behind[count++] = (uint8_t)(pci_read(&function, BRIDGE_BUSES) >> BRIDGE_SECONDARY);
        }
    }
    while (count) { /* the first bridge's bus comes next, and what is behind that before the second's */
        if (behind[--count])
            await(walk, behind[count]);
    }
}

void pci_each(const struct pci_access *access, void (*visit)(void *context, const struct pci_function *function),
              void *context)
{
    struct walk walk = { .visit = visit, .context = context, .access = access };

    await(&walk, 0);
    while (walk.waiting_count)
        look_at_bus(&walk, walk.waiting[--walk.waiting_count]);
}

/* ---- a function ---- */

bool pci_bar(const struct pci_function *function, unsigned number, bool *is_port, uint64_t *address)
{
    uint32_t low;

    for (unsigned i = 0; i < number && number < PCI_BARS; i++) { /* the halves that belong to those before */
        low = pci_read(function, PCI_BAR + 4 * i);
        if (!(low & BAR_PORT) && (low & BAR_TYPE) == BAR_WIDE && ++i == number)
            return false;
    }
    if (number >= PCI_BARS)
        return false;
    low = pci_read(function, PCI_BAR + 4 * number);
    *is_port = low & BAR_PORT;
    *address = low & ~(*is_port ? BAR_PORT_MASK : BAR_MASK);
    if (!*is_port && (low & BAR_TYPE) == BAR_WIDE) {
        if (number + 1 == PCI_BARS)
            return false;
        *address |= (uint64_t)pci_read(function, PCI_BAR + 4 * (number + 1)) << 32;
    }
    return *address && low != UINT32_MAX;
}

bool pci_capability_next(const struct pci_function *function, uint8_t id, struct pci_capability *capability)
{
    while (capability->seen < CAPABILITIES_MAX) {
        if (capability->at)
            capability->at = pci_read8(function, capability->at + 1u) & 0xfc;
        else if (pci_read(function, PCI_COMMAND) & PCI_STATUS_CAPABILITIES)
            capability->at = pci_read8(function, PCI_CAPABILITIES) & 0xfc;
        capability->seen++;
        if (capability->at < CAPABILITIES_AT)
            capability->seen = CAPABILITIES_MAX;
        else if (pci_read8(function, capability->at) == id)
            return true;
    }
    return false;
}
