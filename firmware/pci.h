/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI configuration space by ports (PCI Local Bus Specification 3.0, section 3.2.2.3.2), and what is on its buses.
 * ECAM is not used: who has it has these ports, too, but for QEMU's microvm with pcie=on, where nobody gave addresses.
 */
#ifndef FIRMWARE_PCI_H
#define FIRMWARE_PCI_H

#include <stdbool.h>
#include <stdint.h>

/* Section 6.1, table 6-1. */
#define PCI_VENDOR       0x00 /* and the device id above it */
#define PCI_COMMAND      0x04 /* and the status above it */
#define PCI_REVISION     0x08 /* and the class code above it */
#define PCI_HEADER       0x0c /* its third byte is the header type */
#define PCI_BAR          0x10
#define PCI_CAPABILITIES 0x34

#define PCI_COMMAND_IO            0x001u
#define PCI_COMMAND_MEMORY        0x002u
#define PCI_COMMAND_MASTER        0x004u
#define PCI_COMMAND_NO_INTERRUPTS 0x400u
#define PCI_STATUS_CAPABILITIES   (0x10u << 16)

#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX   0x11

#define PCI_BARS 6

/* How the configuration space of a machine is reached: the ports, or what a test makes up. */
struct pci_access {
    uint32_t (*read)(const struct pci_access *access, uint32_t address);
    void (*write)(const struct pci_access *access, uint32_t address, uint32_t value);
};

struct pci_function {
    const struct pci_access *access;
    uint32_t address; /* bus << 16, device << 11, function << 8 */
    uint16_t vendor, device;
    uint8_t revision;
};

/* The ports; NULL where no host bridge listens there. */
const struct pci_access *pci_ports(void);

/*
 * Calls visit for every function, in the order in which Linux finds them: all of a bus, then what lies behind its
 * bridges. Each bus once, whatever bridges say.
 */
void pci_each(const struct pci_access *access, void (*visit)(void *context, const struct pci_function *function),
              void *context);

/* The aligned 32 bits at a register, and one byte of them. */
uint32_t pci_read(const struct pci_function *function, uint32_t offset);
uint8_t pci_read8(const struct pci_function *function, uint32_t offset);
void pci_write(const struct pci_function *function, uint32_t offset, uint32_t value);

/*
 * Where a base address register points to (section 6.2.5.1). False where nobody gave it an address, or it is the upper
 * half of another one.
 */
bool pci_bar(const struct pci_function *function, unsigned number, bool *is_port, uint64_t *address);

/* A place in the list of capabilities; zeros: before the first one. */
struct pci_capability {
    uint8_t at;   /* its offset */
    uint8_t seen; /* so many, that one included: a list that comes back to itself ends, too */
};

/* Goes on to the next capability of a kind; false where there is none. */
bool pci_capability_next(const struct pci_function *function, uint8_t id, struct pci_capability *capability);

#endif
