# SPDX-License-Identifier: BSD-2-Clause
"""Besides kernels (test_kernels.py), what else we meet in newer releases of Debian: firmware, systemd's stub, Xen."""

import os

import pytest

import assets
import cases
import doors
import exits
import guest
import machine
import packages
import payloads
import release_kernels
import secure

pytestmark = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
RUNS = cases.RUNS / "releases"
STABLE, UNSTABLE = "trixie", "sid"
OWN = f"{doors.GUEST} loglevel=4 qvtest.auto"
STRICT = "OVMF_CODE_4M.secboot.strictnx.fd"     # no memory is both written to and executed, not even for what has no NX_COMPAT


def boots(name, arguments, said):
    """Whether the loader says so before it leaves, and the guest gets its initrd."""
    with machine.Machine(arguments, RUNS / name) as running:
        running.wait(guest.END, guest.FATAL)
        console = machine.printable(running.console)
    assert said in console and "quadrivium: warning" not in console, console
    assert guest.parse(console).blobs == {"first": assets.make().blobs["first"]}
    guest.tidy(RUNS / name)


# ---- firmware ----

def firmware(code):
    """QEMU's arguments for a machine with a build of OVMF."""
    package = packages.newest(UNSTABLE, "ovmf-generic")
    folder = RUNS / package.stem
    with packages.locked():
        if not folder.exists():
            packages.unpack(package, folder, "./usr/share/OVMF/*")
    there = folder / "usr/share/OVMF"
    flash = secure.flash if "secboot" in code else lambda variables, code: doors.flash(code, variables)
    return [*secure.MACHINE, *flash(there / "OVMF_VARS_4M.fd", there / code)]


def newer_stub():
    return packages.newest(UNSTABLE, "systemd-boot-efi")


PAYLOADS = {
    "stub": (lambda: assets.make().vmlinuz, "", "efi to efi: bzImage"),
    "unpacked": (lambda: assets.make().vmlinuz, "qv.unpack=loader", "efi to linux64: bzImage"),
    "newer": (release_kernels.Kernel(STABLE).make, "qv.unpack=loader", "efi to linux64: bzImage"),
    "uki": (payloads.uki("newer-uki", OWN, newer_stub), "", "efi to efi: bzImage"),
    "whole-uki": (payloads.uki("newer-uki", OWN, newer_stub), "qv.exit=efi", "efi to efi: UKI"),
}


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("code", ["OVMF_CODE_4M.fd", STRICT])
def test_firmware(code, name, made, record_property):
    """We, and what we start from it, run under the firmware of today, and where it is strict about what may be executed."""
    make, words, said = PAYLOADS[name]
    record_property("door", "efi")
    initrds, own = ([], exits.NO_WORDS) if "uki" in name else (made.initrds[:1], OWN)
    job = doors.Job(cases.packed("efi", make(), initrds, cases.joined(own, words)), RUNS / f"{name}-{code}")
    job.folder.mkdir(parents=True, exist_ok=True)
    boots(job.folder.name, [*firmware(code), *doors.efi_disk(job)], said)


# ---- Xen ----

@pytest.mark.parametrize("name", ["pvh-q35", "multiboot2-bios", "multiboot2-efi", "efi-kernel"])
def test_xen(name, made, record_property):
    """Debian 13's Xen with Debian 13's kernel as its dom0."""
    door = doors.find(name)
    record_property("door", door.name)
    package = packages.newest(STABLE, r"xen-hypervisor-[\d.]+-amd64")
    xen = payloads.product(f"{package.name}.gz", lambda: packages.read_file(package, "/boot/xen-*-amd64.gz"))()
    words = f"{payloads.XEN_WORDS} -- {payloads.DOM0_WORDS}"
    image = cases.packed(door.image, xen, [release_kernels.Kernel(STABLE).make(), made.initrds[0]], words)
    job = doors.Job(image, RUNS / f"xen-{name}")
    boots(job.folder.name, door.arguments(job, "1024", 1, payloads.XEN_CPU), " to multiboot2: ELF (packed), 2 modules")
