# SPDX-License-Identifier: BSD-2-Clause
"""Secure Boot: OVMF that verifies, with the key that Debian ships for tests enrolled, and what we may then start.

Our own image is signed with that key, as an administrator would sign it: what is packed into it is verified with it. What comes as
a module is the firmware's to verify, and nothing that it refused is started by other means.
"""

import dataclasses
import re
import subprocess

import pytest

import assets
import cases
import doors
import guest
import machine
import secure

KEY, CERTIFICATE = "/usr/share/ovmf/PkKek-1-snakeoil.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"
PASSWORD = b"snakeoil\n"
doors.FIRMWARE["ovmf-secure"] = secure.flash("/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd")
WORDS = "console=ttyS0 no_timer_check loglevel=4 qvtest.auto"
ERROR = r"^quadrivium: error: (.+)\n"
REFUSED = r"efi: the firmware does not load the payload: .*Secure Boot refuses it"
RUNS = cases.RUNS / "secure"


def verifying(name):
    """The door of this name on a machine whose firmware verifies."""
    return dataclasses.replace(doors.DOORS[name], machine="q35,smm=on", firmware="ovmf-secure")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """The key without its password, which sbsign cannot be given otherwise."""
    path = tmp_path_factory.mktemp("key") / "key.pem"
    subprocess.run(["openssl", "rsa", "-in", KEY, "-out", path, "-passin", "stdin"], input=PASSWORD, check=True, capture_output=True)
    return secure.Key(path, CERTIFICATE)


def boots(job, door, expected):
    """Boots to the guest's report; the line before must say EXPECTED of door and exit."""
    with machine.Machine(door.arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait(guest.END, guest.FATAL)
        report = guest.parse(running.console)
        assert expected in running.console
        assert report.values["efi"] == "64"
    guest.tidy(job.folder)


def refused(job, door, expected):
    """Nothing is started: EXPECTED is the one error."""
    with machine.Machine(door.arguments(job, "512", 1, "max"), job.folder) as running:
        found = running.wait(ERROR, "Linux version|GUEST")
        running.idle(1)
        assert re.search(expected, found[1]), found[0]
        assert not re.search("Linux version|GUEST|EFI stub", running.console), running.console
    guest.tidy(job.folder)


@pytest.fixture(autouse=True)
def door_property(record_property):
    record_property("door", "efi")


def test_unsigned_image(made):
    """The harness itself: this firmware does not start what nobody signed."""
    job = doors.Job(cases.packed("efi", made.vmlinuz, made.initrds[:1], WORDS), RUNS / "unsigned")
    door = verifying("efi")
    with machine.Machine(door.arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait("Access Denied|Security Violation", "quadrivium|Linux version")
    guest.tidy(job.folder)


def test_packed(made, key):
    """What is packed into the signed image needs no signature of its own, and the kernel knows that Secure Boot is on."""
    words = WORDS.replace("loglevel=4", "ignore_loglevel")
    image = key.sign(cases.packed("efi", made.vmlinuz, made.initrds[:1], words), RUNS / "packed.efi")
    job = doors.Job(image, RUNS / "packed")
    with machine.Machine(verifying("efi").arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait(guest.END, guest.FATAL)
        assert "efi to linux64" in running.console
        assert "Secure boot enabled" in running.console
    guest.tidy(job.folder)


def test_packed_by_efi(made, key):
    """The firmware is asked where the user wants it so; its refusal is the last word."""
    image = key.sign(cases.packed("efi", made.vmlinuz, made.initrds[:1], f"{WORDS} qv.exit=efi"), RUNS / "by-efi.efi")
    refused(doors.Job(image, RUNS / "by-efi"), verifying("efi"), REFUSED)


def test_signed_kernel_by_efi(made, key):
    kernel = key.sign(made.vmlinuz, RUNS / "vmlinuz.signed")
    image = key.sign(cases.packed("efi", kernel, made.initrds[:1], f"{WORDS} qv.exit=efi"), RUNS / "both.efi")
    boots(doors.Job(image, RUNS / "both"), verifying("efi"), "efi to efi")


@pytest.mark.parametrize("words", ["", "qv.exit=linux64", "qv.exit=linux32", "qv.exit=efi"])
def test_module(made, key, words):
    """A kernel that the loader before us gives is nobody's but the firmware's to verify, whatever the command line wants."""
    image = key.sign(assets.BUILD / "quadrivium.efi", RUNS / "bare.efi")
    job = doors.Job(image, RUNS / f"module{words}", f"{WORDS} {words}".strip(), [made.vmlinuz, made.initrds[0]])
    refused(job, verifying("efi-kernel"), REFUSED if words in ("", "qv.exit=efi") else "Secure Boot: only the firmware may start")


@pytest.mark.parametrize("initrds", [0, 1])
def test_signed_module(initrds, made, key):
    """A signed kernel runs with the initrd that came with it, and without the words, so that it has no console.

    The file that the firmware offers it as an initrd is not taken for one where the kernel is all that is in it.
    """
    kernel = key.sign(made.vmlinuz, RUNS / "vmlinuz.module")
    image = key.sign(assets.BUILD / "quadrivium.efi", RUNS / "bare-signed.efi")
    job = doors.Job(image, RUNS / f"signed-module-{initrds}", WORDS, [kernel, *made.initrds[:initrds]])
    # QEMU changes the header of what -kernel names, so that OVMF finds the signature broken, and hands over (CVE-2025-2296).
    with machine.Machine(verifying("efi-kernel").arguments(job, "512", 1, "max"), job.folder) as running:
        running.wait(rf" to efi: bzImage \(modules\), {initrds} module", guest.FATAL)
        running.wait("EFI stub: UEFI Secure Boot is enabled", guest.FATAL)
        assert "what the loader before us wants on the command line is left out" in running.console
        assert ("Loaded initrd from" in running.console) == bool(initrds)
    guest.tidy(job.folder)


def test_elf_module(made, key):
    """A kernel of a kind that the firmware cannot verify."""
    image = key.sign(assets.BUILD / "quadrivium.efi", RUNS / "bare-elf.efi")
    job = doors.Job(image, RUNS / "elf-module", WORDS, [made.vmlinux])
    refused(job, verifying("efi-kernel"), "(Secure Boot: only the firmware may start)|modules: the .* bytes behind the kernel")
