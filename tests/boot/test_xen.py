# SPDX-License-Identifier: BSD-2-Clause
"""PVH guests of a real Xen: Debian's kernel as it is, to prove the harness, and then through Quadrivium."""

import re
import struct

import pytest

import assets
import cases
import cpio
import doors
import guest
import menus
import xen
from menus import DOWN, END, ENTER, ESCAPE, UP

IMAGE = assets.BUILD / "quadrivium.elf"
OWN = "console=hvc0 loglevel=4 qvtest.own=1"
EXTRA = "qvtest.door=pvh-xen qvtest.auto"
MIB = 1 << 20
NO_PAYLOAD = "quadrivium: error: payload: "
LEAVING = re.compile(r"quadrivium \S+: pvh to linux(32|64): bzImage ")
# Offsets in ELF64's headers (elf.h): e_entry, e_phoff, p_paddr.
ELF_ENTRY, ELF_PHOFF, ELF_P_PADDR = 24, 32, 24


def boots(folder, *args, ours=True, **options):
    """Runs a Linux guest; returns its Report, once it has powered off. OURS: it goes through Quadrivium, which says so."""
    with xen.XenGuest(folder, *args, **options) as running:
        running.wait(guest.END, guest.FATAL)
        assert running.wait_for_end() == "poweroff", running.failure("no power-off")
        report = guest.parse(running.console)
        assert "quadrivium: error: " not in running.debugcon + running.console
        assert [bool(LEAVING.search(text)) for text in (running.console, running.debugcon)] == [ours, ours]
        return report


def ends(folder, kernel, *args, **options):
    """Runs a guest that stops by itself; returns its Result."""
    result = xen.run(kernel, *args, folder=folder, **options)
    assert result.end != "timeout", f"{result.console}\n{result.log}"
    return result


def check(report, made, initrds, cmdline, memory, vcpus=1):
    assert report.values["cmdline"] == cmdline
    assert report.blobs == {name: made.blobs[name] for name in list(made.blobs)[:initrds]}
    assert report.values["cpus"] == ("0" if vcpus == 1 else f"0-{vcpus - 1}")
    check_memory(report, memory)
    assert {"APIC", "DSDT", "FACP"} <= report.acpi.keys()
    assert report.values["rsdp"]
    assert report.values["efi"] == "none"


def check_memory(report, memory):
    """Xen gives a PVH guest RAM from 0, without a gap up to its special pages below 4 GiB. The first MiB is Linux's affair."""
    hole, end = 0xFC000000, 1 << 32
    size = memory * MIB
    expected = [(MIB, size - 1)] if size <= hole else [(MIB, hole - 1), (end, end + size - hole - 1)]
    assert [(max(first, MIB), last) for first, last in report.ram if last >= MIB] == expected
    usable = int(report.values["memtotal"]) << 10
    # Less the kernel itself, and its table of pages.
    assert size - size // 50 - 160 * MIB < usable <= size


@pytest.fixture(autouse=True)
def door(record_property):
    record_property("door", "pvh-xen")


@pytest.mark.parametrize("memory, vcpus", [(256, 1), (5120, 2)])
def test_debian_directly(made, tmp_path, memory, vcpus):
    """The harness itself: no Quadrivium."""
    words = f"{OWN} {EXTRA}"
    report = boots(tmp_path, made.vmlinux, made.initrds[0], words, memory, vcpus, ours=False)
    check(report, made, 1, words, memory, vcpus)


def test_typing(made, tmp_path):
    """The harness itself: what is typed reaches the guest's console, and nothing else does."""
    with xen.XenGuest(tmp_path, made.vmlinux, made.initrds[0], "console=hvc0 loglevel=4") as running:
        running.wait("^/ # ", guest.FATAL)
        running.type("echo sum=$((6 * 7))\n")
        running.wait("sum=42", timeout=20)
        running.type("exit\n")
        assert running.wait_for_end() == "poweroff"
        assert "go" not in running.console.split("/ # ", 1)[1].split()


def test_no_kernel(tmp_path):
    """The harness itself: a guest that cannot be made is told from one that ends."""
    result = ends(tmp_path, __file__)
    assert result.end == "failed"
    assert "no loader found" in result.log


@pytest.mark.parametrize("memory, vcpus", [(64, 1), (256, 2), (5120, 4)])
def test_no_payload(tmp_path, memory, vcpus):
    """The bare image says on its console and on port 0xe9 what it lacks, and nothing else, and ends as a crash."""
    result = ends(tmp_path, IMAGE, memory=memory, vcpus=vcpus)
    assert result.end == "crash", result.log
    for said in (result.console, result.debug):
        line, = said.splitlines()
        assert line.startswith(NO_PAYLOAD), result.log


@pytest.mark.parametrize("onerror, end", [("halt", "crash"), ("reboot", "reboot"), ("poweroff", "poweroff")])
def test_on_error(tmp_path, onerror, end):
    assert ends(tmp_path, IMAGE, cmdline=f"qv.onerror={onerror}").end == end


@pytest.mark.parametrize("initrds, memory, vcpus, words", [
    (1, 256, 1, ""),
    (2, 5120, 2, ""),
    (2, 128, 1, "qv.exit=linux32"),
])
def test_packed(made, tmp_path, initrds, memory, vcpus, words):
    image = cases.packed("elf", made.vmlinuz, made.initrds[:initrds], OWN)
    report = boots(tmp_path, image, cmdline=f"{EXTRA} {words}".strip(), memory=memory, vcpus=vcpus)
    check(report, made, initrds, f"{OWN} {EXTRA}", memory, vcpus)


@pytest.mark.parametrize("initrds, memory, vcpus", [(1, 256, 1), (2, 5120, 2)])
def test_modules(made, tmp_path, initrds, memory, vcpus):
    """Kernel and initrds joined in the one ramdisk that xl can give."""
    ramdisk = tmp_path / "ramdisk"
    ramdisk.write_bytes(doors.joined([made.vmlinuz, *made.initrds[:initrds]]))
    words = f"{OWN} {EXTRA}"
    report = boots(tmp_path, IMAGE, ramdisk, words, memory, vcpus)
    check(report, made, initrds, words, memory, vcpus)


def test_note(tmp_path):
    """Xen enters by the ELF note: also where e_entry is the image's first byte, at which there is no code."""
    image = bytearray(IMAGE.read_bytes())
    program_headers, = struct.unpack_from("<Q", image, ELF_PHOFF)
    first_byte, = struct.unpack_from("<Q", image, program_headers + ELF_P_PADDR)
    struct.pack_into("<Q", image, ELF_ENTRY, first_byte)
    changed = tmp_path / "changed.elf"
    changed.write_bytes(image)
    result = ends(tmp_path, changed, verbose=True)
    note = re.search(r"ELF: note: PHYS32_ENTRY = (0x[0-9a-f]+)", result.log)
    assert note and int(note[1], 16) > first_byte, result.log
    assert NO_PAYLOAD in result.debug, result.log


@pytest.mark.parametrize("fault, exception", [("ud", "#UD, vector 6"), ("gp", "#GP, vector 13"), ("stack", "#PF, vector 14")])
def test_exception(tmp_path, fault, exception):
    """A deliberate exception is dumped on both consoles, with a back trace, and ends as a crash."""
    result = ends(tmp_path, IMAGE, cmdline=f"qv.fault={fault}")
    assert result.end == "crash", result.log
    for said in (result.debug, result.console):
        assert f"quadrivium: error: exception: {exception}" in said, result.log
        assert re.search(r"^RIP .*\n(.*\n)+back trace: 0x", said, re.MULTILINE), said


# ---- the PV console ----

def test_chosen_console(tmp_path):
    """A console that is named is the only one, and the PV console has no options."""
    result = ends(tmp_path, IMAGE, cmdline="qv.console=xen")
    assert (result.console.startswith(NO_PAYLOAD), result.debug) == (True, ""), result.log
    result = ends(tmp_path, IMAGE, cmdline="qv.console=xen,9600 qv.console=debugcon")
    assert result.console == ""
    assert result.debug.startswith("quadrivium: warning: no console xen,9600\n"), result.log


def in_archive(folder, tree):
    """A ramdisk with TREE, a dictionary of files."""
    ramdisk = folder / "tree.cpio"
    ramdisk.write_bytes(cpio.archive(tree))
    return ramdisk


def test_more_than_the_ring_holds(tmp_path):
    """Several times 2048 bytes, while nobody waits for the console: each line once, and in its order."""
    broken = {f"{number:03}": b"title Broken\nlinux /a\nlinux /b\n" for number in range(150)}
    tree = menus.files({"gone": b"title Gone\nlinux /gone\n", **broken}, "timeout 0\n", IMAGE)
    result = ends(tmp_path, IMAGE, in_archive(tmp_path, tree), "qv.onerror=poweroff")
    assert result.end == "poweroff", result.log
    expected = [f"quadrivium: warning: {name}.conf:3: linux is given twice" for name in broken]
    expected.append("quadrivium: error: gone: cpio archive: there is no /gone")
    assert result.console.split("\n") == [*expected, ""] and result.console == result.debug


def sleeps(running):
    """Whether the processor stands still most of the time, so that it is not the guest's."""
    looks = []
    for _ in range(20):
        running.idle(0.05)
        looks.append("HLT=1" in running.registers)
    return looks.count(True) > len(looks) / 2


@pytest.mark.parametrize("memory, vcpus", [(64, 1), (256, 2), (512, 4)])
def test_menu(tmp_path, memory, vcpus):
    """Drawn and driven on the PV console: arrows, Escape, which is told from them, a filter, and an entry that powers off."""
    entries = {name: menus.entry(f"The {name}") for name in ("first", "second", "third")}
    ramdisk = in_archive(tmp_path, menus.files(entries, "timeout 60\n", IMAGE))
    with xen.XenGuest(tmp_path, IMAGE, ramdisk, memory=memory, vcpus=vcpus) as running:
        menu = menus.Menu(running)
        seen = menu.at("The third")
        assert [line.title for line in menus.listed(seen)] == ["The third", "The second", "The first", "Reboot", "Power off"]
        assert not seen.unknown and not seen.cursor
        menu.go(DOWN, DOWN, to="The first")
        menu.go(UP, to="The second")
        assert sleeps(running), "the guest does not sleep while it waits for keys"
        menu.press("/", "fir")
        menu.see("^Filter: fir$")
        menu.press(ESCAPE)
        menu.gone("Filter")
        menu.go(END, to="Power off")
        menu.press(ENTER)
        assert running.wait_for_end() == "poweroff", running.log


def test_menu_starts_linux(made, tmp_path):
    """A person chooses an entry, and the kernel's own console goes on where the menu ended."""
    tree = {"kernel": made.vmlinuz.read_bytes(), "initrd": made.initrds[0].read_bytes(),
            **{f"loader/entries/{name}.conf":
               menus.entry(f"The {name}", f"console=hvc0 loglevel=4 chosen={name}", initrd="/initrd") for name in ("one", "other")},
            "loader/loader.conf": b"timeout 60\n"}
    with xen.XenGuest(tmp_path, IMAGE, in_archive(tmp_path, tree), memory=512, vcpus=2) as running:
        menu = menus.Menu(running)
        menu.at("The other")
        menu.go(DOWN, to="The one")
        menu.press(ENTER)
        running.wait("^/ # ", guest.FATAL)
        assert LEAVING.search(running.console)
        running.type("cat /proc/cmdline; grep -c ^processor /proc/cpuinfo\n")
        running.wait("^console=hvc0 loglevel=4 chosen=one\n2\n", timeout=20)
        running.type("exit\n")
        assert running.wait_for_end() == "poweroff"
