# SPDX-License-Identifier: BSD-2-Clause
"""Payloads that are newer than we are: what their protocols let a loader pass over is passed over, with a notice under qv.debug.

Each is a real payload whose header was patched to say more than the specifications do today.
"""

import struct

import pytest

import assets
import cases
import doors
import guest
import machine
import payloads

OWN = f"{doors.GUEST} quiet qvtest.auto"
DEBUG = "qv.debug"
# Offsets in the setup header (boot.rst).
JUMP, VERSION, XLOADFLAGS = 0x201, 0x206, 0x236
SETUP_END = 0x290       # of struct boot_params' room for it, so the longest header that can be copied
MULTIBOOT2, TAG_MODULE_ALIGN, OPTIONAL = 0x1400, 6, 1      # common/layout.h, LAYOUT_MULTIBOOT2


def patched(name, source, *changes):
    """A copy of SOURCE with each (offset, format, value) written into it."""
    data = bytearray(source.read_bytes())
    for offset, layout, value in changes:
        struct.pack_into(layout, data, offset, value)
    path = cases.RUNS / "newer" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def boots(door, image, words, *expected):
    job = doors.Job(image, cases.RUNS / "newer" / f"{door}-{image.stem}", words if doors.find(door).words else "")
    with machine.Machine(doors.find(door).arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait(guest.END, guest.FATAL)
        for text in expected:
            assert text in running.console or text in running.debugcon, running.console
    guest.tidy(job.folder)


@pytest.mark.parametrize("door, leave", [("pvh", "linux64"), ("pvh", "linux32"), ("efi", "linux64"), ("efi", "efi")])
def test_bzimage(made, door, leave, record_property):
    """A later protocol version, a longer header (what follows it in the file is copied too) and flags that nobody knows."""
    record_property("door", doors.find(door).name)
    flags, = struct.unpack_from("<H", made.vmlinuz.read_bytes(), XLOADFLAGS)
    kernel = patched(f"{door}-{leave}", made.vmlinuz, (VERSION, "<H", 0x02FF), (XLOADFLAGS, "<H", flags | 0xF000))
    words = f"{OWN} qv.exit={leave} {DEBUG}"
    boots(door, cases.packed(doors.find(door).image, kernel, made.initrds[:1], words), "", "protocol, 2.255, is newer",
          f"xloadflags 0x{flags | 0xF000:x} have bits that we do not know", f" to {leave}: ")


def test_longer_header(made, record_property):
    """Beyond the end that its byte 0x201 tells, nothing is copied; up to there all is, as far as boot_params has room."""
    record_property("door", "pvh-q35")
    kernel = patched("longer", made.vmlinuz, (JUMP, "<B", SETUP_END - JUMP - 1))
    boots("pvh", cases.packed("elf", kernel, made.initrds[:1], f"{OWN} {DEBUG}"), "", "all are copied")


def test_multiboot2_tag(made, record_property):
    """An optional header tag of a type that is not in the specification: our own header, patched, started by ourselves."""
    record_property("door", "pvh-q35")
    data = (assets.BUILD / "quadrivium.elf").read_bytes()
    tag = data.index(struct.pack("<HHI", TAG_MODULE_ALIGN, OPTIONAL, 8), MULTIBOOT2)
    inner = patched("inner.elf", cases.packed("elf", made.vmlinuz, made.initrds[:1], OWN), (tag, "<H", 0x7777))
    boots("pvh", cases.packed("elf", inner, [], f"{DEBUG} qv.exit=multiboot2"), "",
          f"1 optional multiboot2 tags that we do not know, the first of type {0x7777}")


def test_uki_section(made, record_property):
    """A section that UAPI.5 does not have."""
    record_property("door", "pvh-q35")
    uki = payloads.TABLE["uki"].make()
    data = uki.read_bytes()
    inner = patched("uki.efi", uki, (data.index(b".uname\0\0"), "<8s", b".quirk"))
    boots("pvh", cases.packed("elf", inner, [], DEBUG), "", "1 sections of the UKI that we do not know, the first is .quirk")
