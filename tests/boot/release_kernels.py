# SPDX-License-Identifier: BSD-2-Clause
"""Kernels of other releases of Debian, through the loader: a row a kernel, a column a way, and the document that shows which were
seen to boot (docs/kernels.md). They are whatever Debian has today: the newest of each release.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import assets
import doors
import packages
import payloads

DOCUMENT = Path(__file__).parents[2] / "docs/kernels.md"
VERSION = r"\d[\w.+]*(?:-\d+)?"                 # of a flavour that is neither "rt" nor "cloud"
PACKAGES = {                                    # a pattern of names, and where such packages have the kernel
    rf"linux-image-{VERSION}-amd64": "/boot/vmlinuz-*",
    rf"linux-binary-{VERSION}-amd64": "/usr/lib/modules/*/vmlinuz",
}
IMAGE, BINARY = PACKAGES
PROTOCOL = 0x206                                # offset in the setup header (boot.rst); kernel_version is the fourth word behind it


@dataclass(frozen=True)
class Kernel:
    """The release, and the pattern of its packages with a kernel."""
    suite: str
    pattern: str = IMAGE

    def make(self):
        """The path of the bzImage."""
        package = packages.newest(self.suite, self.pattern)
        return payloads.product(f"{package.name}.vmlinuz", lambda: packages.read_file(package, PACKAGES[self.pattern]))()


@dataclass(frozen=True)
class Way:
    """What the column says, the door, our words, the exit that is then taken; the ELF inside the bzImage, or the bzImage."""
    title: str
    door: str
    words: str
    exit: str
    elf: bool = False

    @property
    def name(self):
        return "-".join([self.door, self.exit, *(["elf"] if self.elf else []), *(["unpacked"] if "unpack" in self.words else [])])

    def payload(self, kernel):
        path = kernel.make()
        return payloads.product(f"{path.stem}.vmlinux", lambda: assets.unpacked(path.read_bytes()))() if self.elf else path


KERNELS = [Kernel("bullseye"), Kernel("trixie"), Kernel("sid", BINARY), Kernel("experimental", BINARY)]
WAYS = [
    Way("PVH, unpacks itself", "pvh-q35", "", "linux64"),
    Way("PVH, unpacked by us", "pvh-q35", "qv.unpack=loader", "linux64"),
    Way("PVH, by `linux32`", "pvh-q35", "qv.exit=linux32", "linux32"),
    Way("PVH, its ELF", "pvh-microvm", "", "linux64", elf=True),
    Way("PVH, its ELF by `pvh`", "pvh-q35", "qv.exit=pvh", "pvh", elf=True),
    Way("EFI, its stub", "efi-kernel", "", "efi"),
    Way("EFI, unpacked by us", "efi-kernel", "qv.unpack=loader", "linux64"),
    Way("multiboot2, unpacks itself", "multiboot2-bios", "", "linux64"),
]


def words(way):
    """What the kernel is told, and we."""
    return f"{doors.GUEST} loglevel=4 qvtest.own=1 qvtest.auto {doors.find(way.door).needs}".rstrip(), way.words


def version(bzimage):
    """What `uname -r` will say, and the version of the boot protocol."""
    protocol, at = struct.unpack_from("<H6xH", bzimage, PROTOCOL)
    text = bzimage[at + 0x200:].split(b"\0", 1)[0].decode()
    return text.split()[0], f"{protocol >> 8}.{protocol & 0xFF:02}"


def write_document(cells):
    """Writes the table from CELLS: (suite, column, version, protocol, packing) of each that booted."""
    lines = ["# Kernels of other releases", "",
             "The newest kernel that each release of Debian had when this was written, booted to the tests' /init, with two processors "
             "and 1 GiB: an empty cell was not seen to boot. Debian 12's own is in [exits.md](exits.md). Written by `make docs` "
             "(tests/boot/release_kernels.py).", "",
             "| release | kernel | protocol | packed by | " + " | ".join(way.title for way in WAYS) + " |",
             "|---|---|---|---|" + "---|" * len(WAYS)]
    for kernel in KERNELS:
        mine = {title: rest for suite, title, *rest in cells if suite == kernel.suite}
        if mine:
            seen = next(iter(mine.values()))
            lines.append("| " + " | ".join([kernel.suite, *seen, *("yes" if way.title in mine else "" for way in WAYS)]) + " |")
    DOCUMENT.write_text("\n".join([*lines, ""]))
