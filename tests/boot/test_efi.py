# SPDX-License-Identifier: BSD-2-Clause
"""What only the EFI door has: an image that the firmware loads anywhere."""

import struct

import pytest

import cases
import doors
import guest
import machine

IMAGE_BASE = 0x1500 + 24 + 24       # common/layout.h, LAYOUT_PE; the optional header's ImageBase
WORDS = "console=ttyS0 quiet qv.debug qvtest.auto"


@pytest.mark.parametrize("base", [0x4000_0000, 0x1_8000_0000, 0x1_8000_1000])
@pytest.mark.parametrize("leave", ["linux64", "linux32"])
def test_any_address(made, base, leave, record_property):
    """EDK2 tries the preferred address first, so the test prefers one: below and above 4 GiB, 2 MiB-aligned and not."""
    record_property("door", "efi")
    packed = cases.packed("efi", made.vmlinuz, made.initrds, f"{WORDS} qv.exit={leave}")
    image = bytearray(packed.read_bytes())
    assert struct.unpack_from("<Q", image, IMAGE_BASE) == (0,)
    struct.pack_into("<Q", image, IMAGE_BASE, base)
    job = doors.Job(cases.RUNS / f"efi-address/{base:x}-{leave}.efi", cases.RUNS / f"efi-address/{base:x}-{leave}")
    job.folder.mkdir(parents=True, exist_ok=True)
    job.image.write_bytes(image)
    with machine.Machine(doors.DOORS["efi"].arguments(job, "8G", 1, "max"), job.folder) as running:
        running.wait(guest.END, guest.FATAL)
        report = guest.parse(running.console)
        assert f"image         0x{base:x}" in running.console
    assert report.blobs == made.blobs
    assert report.values["cmdline"] == "console=ttyS0 quiet qvtest.auto"
    job.image.unlink()
    guest.tidy(job.folder)
