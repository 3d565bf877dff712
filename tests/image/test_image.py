# SPDX-License-Identifier: BSD-2-Clause
"""The image as files: one body in two faces, its size, and what the tools of each face's world make of it."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("QUADRIVIUM_BUILD", ROOT / "build"))
ELF, EFI = BUILD / "quadrivium.elf", BUILD / "quadrivium.efi"
FIRST = 64              # bytes that hold one magic or the other
MAGIC = range(0x202, 0x206)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_two_files_differ_only_in_their_magic_numbers():
    elf, efi = ELF.read_bytes(), EFI.read_bytes()
    assert len(elf) == len(efi)
    different = [at for at, (one, other) in enumerate(zip(elf, efi)) if one != other]
    assert set(different) <= set(range(FIRST)) | set(MAGIC)
    assert (elf[:4], efi[:2]) == (b"\x7fELF", b"MZ")
    assert (elf[MAGIC.start:MAGIC.stop], efi[MAGIC.start:MAGIC.stop]) == (bytes(4), b"HdrS")


def test_the_body_has_only_relative_relocations():
    """start.S applies no others."""
    kinds = set(re.findall(r"R_X86_64_\w+", output("readelf", "-rW", BUILD / "image.elf")))
    assert kinds == {"R_X86_64_RELATIVE"}


def test_elf_face():
    headers = output("readelf", "-hlnW", ELF)
    assert re.search(r"Type:\s+EXEC", headers)
    entry = int(re.search(r"Entry point address:\s+(0x[0-9a-f]+)", headers)[1], 16)
    assert entry >= 1 << 20
    load = re.search(r"LOAD\s+0x0+ 0x0*100000 0x0*100000 (0x[0-9a-f]+) (0x[0-9a-f]+)", headers)
    assert int(load[1], 16) == ELF.stat().st_size <= int(load[2], 16)
    assert re.search(r"Xen\s+0x00000004", headers) and "Unknown note type: (0x00000012)" in headers


def test_efi_face():
    """Sections are page-aligned, W^X, and file offset == RVA."""
    headers = output("objdump", "-h", "-w", EFI)
    rows = re.findall(r"^\s+\d+ (\.\w+)\s+(\w+)\s+(\w+)\s+\w+\s+(\w+)\s+\S+\s+(.*)$", headers, re.MULTILINE)
    assert [row[0] for row in rows] == [".text", ".rodata", ".sbat", ".reloc", ".data"]
    for name, _, address, offset, flags in rows:
        assert int(offset, 16) % 4096 == 0
        assert int(address, 16) % 0x100000000 == int(offset, 16)
        assert ("CODE" in flags) == (name == ".text")
        assert ("READONLY" in flags) == (name != ".data")
    private = output("objdump", "-p", EFI)
    assert re.search(r"^Subsystem\s+0000000a", private, re.MULTILINE)
    assert re.search(r"^DllCharacteristics\s+0*100$", private, re.MULTILINE)    # NX_COMPAT
    assert re.search(r"^Time/Date\s+.*1970", private, re.MULTILINE)             # a time stamp of 0
    assert re.search(r"^SizeOfImage\s+0*([0-9a-f]+)$", private, re.MULTILINE)


def test_linux_face():
    """`file` knows it for a kernel, of the newest boot protocol that we know."""
    efi = EFI.read_bytes()
    assert efi[0x206:0x208] == b"\x0f\x02"
    assert efi[0x1fe:0x200] == b"\x55\xaa"
    assert efi[0x1f1] == 7
    assert efi[0x1ef] == 0xff       # boot_params' sentinel, for loaders that copy the page instead of zeroing their own


def test_multiboot2_face():
    """grub-file applies GRUB's own check of the header."""
    for image in (ELF, EFI):
        assert subprocess.run(["grub-file", "--is-x86-multiboot2", image]).returncode == 0
        assert subprocess.run(["grub-file", "--is-x86-multiboot", image]).returncode != 0
