# SPDX-License-Identifier: BSD-2-Clause
"""What only the EFI door has: an image that the firmware loads anywhere."""

import struct

import pytest

import cases
import doors
import guest
import machine
import payloads

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


PE_ENTRY = 24 + 16                  # of AddressOfEntryPoint, from the PE signature (PE format, optional header)
MOV_RAX, RET = b"\x48\xb8", b"\xc3"
OUT_OF_RESOURCES = 1 << 63 | 9      # UEFI 2.10, appendix D


@pytest.mark.parametrize("leave", ["", "qv.exit=efi"])
def test_stub_gives_up(made, leave, record_property):
    """A kernel whose EFI stub returns an error is started by the Linux protocol, unless the user wanted the stub."""
    record_property("door", "efi")
    kernel = bytearray(made.vmlinuz.read_bytes())
    pe, = struct.unpack_from("<I", kernel, 0x3C)
    entry, = struct.unpack_from("<I", kernel, pe + PE_ENTRY)
    code = MOV_RAX + struct.pack("<Q", OUT_OF_RESOURCES) + RET
    kernel[entry:entry + len(code)] = code
    job = doors.Job(cases.RUNS / "efi", cases.RUNS / f"stub-gives-up{leave}")
    job.folder.mkdir(parents=True, exist_ok=True)
    path = job.folder / "vmlinuz"
    path.write_bytes(kernel)
    job.image = cases.packed("efi", path, made.initrds, f"console=ttyS0 loglevel=4 qvtest.auto {leave}")
    with machine.Machine(doors.DOORS["efi"].arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait(rf"^quadrivium: the payload returned: status 0x{OUT_OF_RESOURCES:x}$", guest.FATAL)
        if leave:
            running.wait("BdsDxe|Shell>", "GUEST")      # the firmware goes on
        else:
            running.wait(guest.END, guest.FATAL)
            assert "efi to linux64: bzImage (packed), 1 module" in running.console
            assert guest.parse(running.console).blobs == made.blobs
    guest.tidy(job.folder)


def test_application_returns(made, record_property):
    """An application's status is printed, and is ours: here that of the EFI shell, which is told to end with it."""
    record_property("door", "efi")
    job = doors.Job(cases.packed("efi", payloads.TABLE["shell"].make(), [], "qvtest.words=1"), cases.RUNS / "shell-returns")
    with machine.Machine(doors.DOORS["efi"].arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait("^Shell> ", guest.FATAL)
        running.type("exit 7\r")
        running.wait(r"^quadrivium: the payload returned: status 0x7$", guest.FATAL)
    guest.tidy(job.folder)
