# SPDX-License-Identifier: BSD-2-Clause
"""quadrivium-pack --recompress: what becomes of a bzImage, and which are refused."""

import gzip
import struct
import subprocess

import pytest

from pack_workshop import BOOT_FLAG, HEADER, INIT_SIZE, SYSSIZE, content, shop, u16, u32  # fmt: skip

SECTORS, SECTOR = 3, 512
SETUP = (SECTORS + 1) * SECTOR
LINKED, VIRTUAL = 0x1000000, 0xFFFFFFFF80000000
VERSION, LOADFLAGS, ALIGNMENT, RELOCATABLE, XLOADFLAGS = 0x206, 0x211, 0x230, 0x234, 0x236
PAYLOAD_OFFSET, PAYLOAD_LENGTH, PREF_ADDRESS, JUMP_END = 0x248, 0x24C, 0x258, 0x201
HEADER_END = 0x26C
HALT = b"\xfa\xf4\xeb\xfd"
PROGRAMS = {"zstd": ["zstd", "-q", "-d", "-c"], "lz4": ["lz4", "-q", "-d", "-c"], "none": ["cat"]}


def packed_kernel(relocations=(0, LINKED + 8, 0, LINKED + 32), linked=LINKED):
    """An ELF of one segment, and the relocations behind it."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, linked + 8, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, VIRTUAL + linked, linked, 0x2000, 0x3000, 0x200000)
    table = [(VIRTUAL + entry) & 0xFFFFFFFF if entry else 0 for entry in relocations]
    return (header + load).ljust(0x1000, b"\0") + bytes(range(256)) * 32 + struct.pack(f"<{len(table)}I", *table)


def bzimage(kernel=None, pack=gzip.compress):
    payload = pack(packed_kernel() if kernel is None else kernel)
    setup = bytearray(b"\x90" * SETUP)
    setup[:2] = b"MZ"
    setup[0x1F1:HEADER_END] = bytes(HEADER_END - 0x1F1)
    setup[0x1F1] = SECTORS
    code = bytes(0x400) + payload + bytes(-len(payload) % 16)
    for at, form, value in ((SYSSIZE, "I", len(code) // 16), (BOOT_FLAG, "H", 0xAA55), (VERSION, "H", 0x20F),
                            (LOADFLAGS, "B", 1), (ALIGNMENT, "I", 0x200000), (RELOCATABLE, "B", 1), (XLOADFLAGS, "H", 3),
                            (JUMP_END, "B", HEADER_END - 0x202), (PAYLOAD_OFFSET, "I", 0x400),
                            (PAYLOAD_LENGTH, "I", len(payload)), (PREF_ADDRESS, "Q", LINKED),
                            (INIT_SIZE, "I", 0x10000)):  # fmt: skip
        struct.pack_into(f"<{form}", setup, at, value)
    setup[HEADER:HEADER + 4] = b"HdrS"
    return bytes(setup + code)


def unpacked(kernel, how):
    """What is packed in the bzImage, and the size behind it."""
    at = SETUP + u32(kernel, PAYLOAD_OFFSET)
    payload = kernel[at:at + u32(kernel, PAYLOAD_LENGTH)]
    done = subprocess.run(PROGRAMS[how], input=payload[:-4], capture_output=True, check=True)
    return done.stdout, u32(payload, len(payload) - 4)


@pytest.mark.parametrize("how", PROGRAMS)
def test_recompressed(shop, how):
    path = shop.file("kernel", bzimage())
    kernel = content(shop.pack(f"--linux={path}", f"--recompress={how}"), ".linux")
    assert unpacked(kernel, how) == (packed_kernel(), len(packed_kernel()))
    assert len(kernel) == SETUP + u32(kernel, SYSSIZE) * 16
    # Nothing is left by which another loader would know it, and code that halts for one that does not look.
    assert u16(kernel, BOOT_FLAG) == 0 and kernel[HEADER:HEADER + 4] == b"HdrQ" and kernel[:2] == b"\0\0"
    assert kernel[HEADER_END:HEADER_END + 4] == HALT
    # All else that the setup part says is as it was.
    before = bytearray(bzimage()[:SETUP])
    for at, size in ((0, 2), (SYSSIZE, 4), (BOOT_FLAG, 2), (HEADER, 4), (PAYLOAD_OFFSET, 8), (HEADER_END, 4)):
        before[at:at + size] = kernel[at:at + size]
    assert kernel[:SETUP] == before


def test_again(shop):
    """What was packed again can be packed again; the same input gives the same output."""
    first = shop.file("first", content(shop.pack(f"--linux={shop.file('kernel', bzimage())}", "--recompress=zstd"), ".linux"))
    second = content(shop.pack(f"--linux={first}", "--recompress=lz4"), ".linux")
    assert unpacked(second, "lz4")[0] == packed_kernel()
    assert second == content(shop.pack(f"--linux={shop.folder / 'kernel'}", "--recompress=lz4"), ".linux")


KERNELS = {
    "no bzImage": (packed_kernel(), "it is no bzImage"),
    "unknown packing": (bzimage(pack=lambda kernel: b"BZh9" + kernel), "packed in a way that we do not know"),
    "truncated": (bzimage(pack=lambda kernel: gzip.compress(kernel)[:200] + struct.pack("<I", len(kernel))), "gzip stream is"),
    "wrong size": (bzimage(pack=lambda kernel: gzip.compress(kernel)[:-4] + b"\0\1\0\0"), "gzip stream|256 bytes"),
    "another address": (bzimage(packed_kernel(linked=2 * LINKED)), "no 64-bit kernel for 0x1000000"),
    "no relocations": (bzimage(packed_kernel(relocations=(1, 0, 1))), "are no relocations"),
    "no ELF": (bzimage(bytes(1000)), "it is no ELF"),
}


@pytest.mark.parametrize("name", KERNELS)
def test_refused(shop, name):
    kernel, why = KERNELS[name]
    line = shop.refused(f"--linux={shop.file('kernel', kernel)}", "--recompress=zstd")
    assert any(part in line for part in why.split("|")), line


def test_usage(shop):
    path = shop.file("kernel", bzimage())
    assert "xz is none of zstd, lz4 and none" in shop.refused(f"--linux={path}", "--recompress=xz")
    assert "--linux is missing" in shop.refused("--cmdline=x", "--recompress=zstd", code=2)
    assert "--recompress is there twice" in shop.refused("--recompress=zstd", "--recompress=lz4", code=2)
