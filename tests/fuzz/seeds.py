#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of the fuzz targets that take physical memory (tests/fuzz/memory.h) from the captures of real boots:
the structure comes first, what it points to follows, and the pointers are put right."""

import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAPTURED = HERE.parent / "unit/captured"
BASE = 0x10000
BOOT_PARAMS_SIZE = 4096


class Memory:
    """A capture."""

    def __init__(self, name):
        self.bytes = {}
        for line in (CAPTURED / f"{name}.capture").read_text().splitlines():
            word, *rest = line.split(" ")
            if word == "argument":
                self.argument = int(rest[0], 16)
            elif word == "memory":
                self.bytes.update(enumerate(bytes.fromhex(rest[1]), int(rest[0], 16)))

    def get(self, address, size):
        return bytes(self.bytes.get(address + i, 0) for i in range(size))

    def text(self, address):
        size = 0
        while self.bytes.get(address + size, 0):
            size += 1
        return self.get(address, size) + b"\0"


class Seed:
    """Bytes that lie at BASE."""

    def __init__(self, data):
        self.data = bytearray(data)

    def add(self, data):
        """Adds what something points to; returns its address."""
        self.data += bytes(-len(self.data) % 8)
        address = BASE + len(self.data)
        self.data += data
        return address

    def put(self, offset, form, *values):
        struct.pack_into("<" + form, self.data, offset, *values)

    def get(self, offset, form):
        return struct.unpack_from("<" + form, self.data, offset)[0]

    def write(self, target, name):
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(self.data)


def pvh(name):
    memory = Memory(name)
    seed = Seed(memory.get(memory.argument, 56))
    modules, words, entries = seed.get(12, "I"), seed.get(24, "Q"), seed.get(48, "I")
    if modules:
        seed.put(16, "Q", seed.add(memory.get(seed.get(16, "Q"), 32 * modules)))
    seed.put(24, "Q", seed.add(memory.text(words)))
    seed.put(40, "Q", seed.add(memory.get(seed.get(40, "Q"), 24 * entries)))
    seed.write("pvh", name.removeprefix("pvh-"))


def multiboot2(name):
    memory = Memory(name)
    size = struct.unpack("<I", memory.get(memory.argument, 4))[0]
    Seed(memory.get(memory.argument, size)).write("multiboot2", name.removeprefix("multiboot2-"))


def linux(name, setup_data=b""):
    memory = Memory(name)
    seed = Seed(memory.get(memory.argument, BOOT_PARAMS_SIZE))
    if seed.get(0x1C0, "I") == 0x34364C45:
        system = Seed(memory.get(seed.get(0x1C4, "I"), 0x78))
        tables = memory.get(system.get(0x70, "Q"), 24 * system.get(0x68, "Q"))
        system.put(0x70, "Q", seed.add(tables))
        seed.put(0x1C4, "I", seed.add(system.data))
    if seed.get(0x250, "Q"):
        seed.put(0x250, "Q", seed.add(memory.get(seed.get(0x250, "Q"), 48)))
    elif setup_data:
        seed.put(0x250, "Q", seed.add(setup_data))
    seed.put(0x228, "I", seed.add(memory.text(seed.get(0x228, "I"))))
    seed.write("linux", name)


def efi_map():
    memory = Memory("linux32-efi")
    params = Seed(memory.get(memory.argument, BOOT_PARAMS_SIZE))
    size, stride, address = params.get(0x1D4, "I"), params.get(0x1C8, "I"), params.get(0x1D0, "I")
    descriptors = memory.get(address, size)
    for ended in (0, 1):
        Seed(bytes([stride, ended]) + descriptors[:stride * 24]).write("efi_map", f"ovmf-{'ended' if ended else 'alive'}")
    Seed(bytes([40, 1]) + struct.pack("<IIQQQQ", 7, 0, 0x1000, 0, 1 << 52, 15)).write("efi_map", "wraps")


def efi_options():
    for name, room, data in (("plain", 255, "quiet splash\0".encode("utf-16-le")),
                             ("mark", 63, "quiet".encode("utf-16")),
                             ("own-name", 63, "\\EFI\\BOOT\\BOOTX64.EFI quiet\0".encode("utf-16-le")),
                             ("scripts", 63, "r\u00e4\u20ac\0".encode("utf-16-le")),
                             ("device-path", 63, bytes.fromhex("0104180000000000")),
                             ("no-room", 3, "quiet".encode("utf-16-le"))):
        Seed(bytes([room]) + data).write("efi_options", name)


def acpi(name):
    """RSDP, root table with the FADT alone, FADT, and of the DSDT what is around \\_S5."""
    memory = Memory(name)
    rsdp = Seed(memory.get(memory.argument, 36))
    wide = rsdp.data[15] >= 2 and rsdp.get(24, "Q") != 0
    root = memory.get(rsdp.get(24, "Q") if wide else rsdp.get(16, "I"), 36 + 8 * 8)
    entries = [struct.unpack_from("<Q" if wide else "<I", root, 36 + (8 if wide else 4) * i)[0] for i in range(4)]
    address = next(entry for entry in entries if memory.get(entry, 4) == b"FACP")
    fadt = Seed(memory.get(address, struct.unpack("<I", memory.get(address + 4, 4))[0]))
    dsdt = fadt.get(40, "I")
    aml = memory.get(dsdt, struct.unpack("<I", memory.get(dsdt + 4, 4))[0])
    at = aml.index(b"_S5_")
    aml = aml[:4] + struct.pack("<I", 36 + len(aml[at - 8:at + 24])) + aml[8:36] + aml[at - 8:at + 24]
    fadt.put(40, "I", rsdp.add(aml))
    table = Seed(root[:36] + struct.pack("<Q" if wide else "<I", rsdp.add(fadt.data)))
    table.put(4, "I", len(table.data))
    rsdp.put(24 if wide else 16, "Q" if wide else "I", rsdp.add(table.data))
    rsdp.write("acpi", name.removeprefix("acpi-"))


def main():
    for name in ("pvh-q35", "pvh-microvm", "pvh-xen"):
        pvh(name)
    for name in ("multiboot2-bios", "multiboot2-efi"):
        multiboot2(name)
    linux("linux32", struct.pack("<QII", 0, 1, 40) + struct.pack("<QQI", 0x100000000, 0x1000, 1) * 2)
    linux("linux32-efi")
    linux("linux64-kexec")
    efi_map()
    efi_options()
    for name in ("acpi-q35", "acpi-microvm"):
        acpi(name)


if __name__ == "__main__":
    main()
