/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI configuration space by I/O ports: mechanism #1 of PCI Local Bus Specification 3.0, section 3.2.2.3.2. */
#include <stddef.h>

#include "common/io.h"
#include "firmware/pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

static uint32_t read(const struct pci_access *access, uint32_t address)
{
    (void)access;
    io_write32(CONFIG_ADDRESS, CONFIG_ENABLE | address);
    return io_read32(CONFIG_DATA);
}

static void write(const struct pci_access *access, uint32_t address, uint32_t value)
{
    (void)access;
    io_write32(CONFIG_ADDRESS, CONFIG_ENABLE | address);
    io_write32(CONFIG_DATA, value);
}

static const struct pci_access ports = { read, write };

const struct pci_access *pci_ports(void)
{
    uint32_t before = io_read32(CONFIG_ADDRESS), kept;

    io_write32(CONFIG_ADDRESS, CONFIG_ENABLE);
    kept = io_read32(CONFIG_ADDRESS);
    io_write32(CONFIG_ADDRESS, before);
    return kept == CONFIG_ENABLE ? &ports : NULL;
}
