# SPDX-License-Identifier: BSD-2-Clause
"""For tests of quadrivium-pack: base images, built here byte by byte with the offsets of common/layout.h, a place to pack
them in, and what to read of the result. Where $QUADRIVIUM_BUILD (default: build) holds the real quadrivium.efi and
quadrivium.elf, `any_shop` is one that packs those, too."""

import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
TOOL = BUILD / "quadrivium-pack"
PAGE = 0x1000

LAYOUT = {
    name: int(number, 0)
    for name, number in re.findall(
        r"^#define LAYOUT_(\w+) +(\w+)$", (ROOT / "common/layout.h").read_text(), re.M
    )
}

# Linux setup header (boot.rst), from the start of the image.
SETUP_SECTS, SYSSIZE, BOOT_FLAG, HEADER, INIT_SIZE = 0x1F1, 0x1F4, 0x1FE, 0x202, 0x260
# PE headers (Microsoft "PE Format"), from LAYOUT_PE: after the signature and the COFF header comes the optional one.
NUMBER_OF_SECTIONS, OPTIONAL = 6, 24
SIZE_OF_INITIALIZED_DATA, SIZE_OF_IMAGE, CHECKSUM = OPTIONAL + 8, OPTIONAL + 56, OPTIONAL + 64
CERTIFICATE_TABLE = OPTIONAL + 112 + 4 * 8
SECTION = struct.Struct("<8sIIIIIIHHI")
READ_ONLY_DATA = 0x40000040

MULTIBOOT2_MAGIC = 0xE85250D6
ADDRESS_TAG = LAYOUT["MULTIBOOT2"] + 16 + 16  # in the image built here, behind another tag

BASE_FILE_SIZE = 0x3000
BASE_IMAGE_SIZE = 0x5000  # two pages of .bss


def u16(image, offset):
    return struct.unpack_from("<H", image, offset)[0]


def u32(image, offset):
    return struct.unpack_from("<I", image, offset)[0]


def base_image(kind):
    """A file as the linker script makes it: .text in the file, .bss behind its end."""
    image = bytearray(BASE_FILE_SIZE)
    if kind == "efi":
        struct.pack_into("<2s58xI", image, 0, b"MZ", LAYOUT["PE"])
        image[HEADER : HEADER + 4] = b"HdrS"
    else:
        ident = b"\x7fELF\x02\x01\x01"
        struct.pack_into("<16sHHIQQQIHHHHHH", image, 0, ident, 2, 62, 1, 0x101000, LAYOUT["ELF_PHDRS"], 0, 0,
                         64, 56, LAYOUT["ELF_PHDR_COUNT"], 64, 0, 0)  # fmt: skip
    base = LAYOUT["LINK_BASE"]
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, base, base, BASE_FILE_SIZE, BASE_IMAGE_SIZE, PAGE)
    note = struct.pack("<IIQQQQQQ", 4, 4, 0x2000, base + 0x2000, base + 0x2000, 20, 20, 4)
    image[LAYOUT["ELF_PHDRS"] : LAYOUT["ELF_PHDRS"] + 112] = load + note
    image[SETUP_SECTS] = 7
    struct.pack_into("<I", image, SYSSIZE, (BASE_FILE_SIZE - PAGE) // 16)
    struct.pack_into("<H", image, BOOT_FLAG, 0xAA55)
    struct.pack_into("<I", image, INIT_SIZE, BASE_IMAGE_SIZE - PAGE)
    tags = struct.pack("<HHII4x", 3, 0, 12, base + PAGE)
    tags += struct.pack("<HHIIIII", 2, 0, 24, base + LAYOUT["MULTIBOOT2"], base, base + BASE_FILE_SIZE,
                        base + BASE_IMAGE_SIZE)  # fmt: skip
    tags += struct.pack("<HHI", 0, 0, 8)
    length = 16 + len(tags)
    header = struct.pack("<IIII", MULTIBOOT2_MAGIC, 0, length, -(MULTIBOOT2_MAGIC + length) & 0xFFFFFFFF)
    image[LAYOUT["MULTIBOOT2"] : LAYOUT["MULTIBOOT2"] + length] = header + tags
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 2, 0, 0, 0, 240, 0x22E)
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 0, 0, PAGE, 0, 0x2000, 0x2000, 0x2000, 0,
                           PAGE, PAGE, 0, 0, 0, 0, 0, 0, 0, BASE_IMAGE_SIZE, 0x2000, 0, 10, 0x100, 0, 0, 0, 0, 0, 16)  # fmt: skip
    image[LAYOUT["PE"] : LAYOUT["PE"] + len(coff + optional)] = coff + optional
    text = SECTION.pack(b".text", PAGE, 0x2000, PAGE, 0x2000, 0, 0, 0, 0, 0x60000020)
    bss = SECTION.pack(b".bss", 0x2000, 0x3000, 0, 0, 0, 0, 0, 0, 0xC0000080)
    image[LAYOUT["PE_SECTIONS"] : LAYOUT["PE_SECTIONS"] + 80] = text + bss
    image[0x2000:0x3000] = bytes(range(256)) * 16
    return bytes(image)


def sections(image):
    """(name, address, size, raw size, flags) of each section; the address is the file offset, too."""
    table = []
    for i in range(u16(image, LAYOUT["PE"] + NUMBER_OF_SECTIONS)):
        name, size, rva, raw_size, raw, *_, flags = SECTION.unpack_from(image, LAYOUT["PE_SECTIONS"] + i * SECTION.size)
        assert raw_size == 0 or raw == rva
        table.append((name.rstrip(b"\0").decode(), rva, size, raw_size, flags))
    return table


def content(image, name):
    found = [image[rva : rva + size] for other, rva, size, _, _ in sections(image) if other == name]
    assert len(found) == 1, f"{len(found)} sections {name}"
    return found[0]


class Workshop:
    """A folder with a copy of the tool, base images beside it, and inputs."""

    def __init__(self, folder, bases):
        self.folder = folder
        (folder / "bin").mkdir()
        self.tool = folder / "bin/quadrivium-pack"
        shutil.copy(TOOL, self.tool)
        for kind, base in bases.items():
            (folder / f"bin/quadrivium.{kind}").write_bytes(base)
        self.kernel = self.file("vmlinuz", b"\x11" * 0x1FE + b"\x55\xaa\x11\x11HdrS" + b"\x22" * 5000)
        self.initrd = self.file("initrd", b"\x33" * 4097)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def run(self, *arguments, output="out.efi", umask=0o022, stdin=None):
        command = [self.tool, *arguments] + ([f"--output={self.folder / output}"] if output else [])
        return subprocess.run(command, capture_output=True, text=True, umask=umask, stdin=stdin, timeout=60)

    def pack(self, *arguments, output="out.efi", **more):
        done = self.run(*arguments, output=output, **more)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return (self.folder / output).read_bytes()

    def refused(self, *arguments, output="out.efi", code=1):
        """The one line that says why; and nothing may have been written."""
        before = sorted(self.folder.rglob("*"))
        done = self.run(*arguments, output=output)
        assert done.returncode == code
        assert done.stdout == ""
        assert re.fullmatch(r"quadrivium-pack: error: .+: .+\n", done.stderr), done.stderr
        assert sorted(self.folder.rglob("*")) == before
        return done.stderr


KINDS = ["efi", "elf"]
SYNTHETIC = {kind: base_image(kind) for kind in KINDS}
REAL = {kind: BUILD / f"quadrivium.{kind}" for kind in KINDS}


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path, SYNTHETIC)


@pytest.fixture(params=["synthetic", "real"])
def any_shop(request, tmp_path):
    if request.param == "synthetic":
        return Workshop(tmp_path, SYNTHETIC)
    if not all(path.exists() for path in REAL.values()):
        pytest.skip("no real image built")
    return Workshop(tmp_path, {kind: path.read_bytes() for kind, path in REAL.items()})
