# SPDX-License-Identifier: BSD-2-Clause
"""Real payloads through every door and by every exit. exits.txt is the matrix; `make docs` writes docs/exits.md from it."""

import os
import re

import pytest

import assets
import cases
import cpio
import doors
import elf_maker
import exits
import guest
import machine
import payloads

ERROR = r"^quadrivium: error: (?P<text>.*)\n"
WAY = r"^quadrivium \S+: \S+ to (\w+): "        # what the loader says before it leaves
SETTLE = 1.0
STARTED = re.compile(r"Linux version|GUEST|Xen version|Decompressing Linux")
LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
ROWS = [row for row in exits.table() if row.wanted]


def check_report(row, report):
    """The guest got its first initrd whole, and its command line."""
    assert report.blobs == {"first": assets.make().blobs["first"]}
    words = report.values["cmdline"].split()
    if row.bare:
        # Loaders add words of their own.
        words = [word for word in words if word in row.command_line()]
    assert words == row.command_line()


def fails(row, running):
    """The one line of an error; nothing is started."""
    if row.door_name == exits.XEN_DOOR:
        running.wait_for_end()
    else:
        running.wait(ERROR, timeout=row.payload.timeout)
        running.idle(SETTLE)
    said = machine.printable(running.debugcon if row.door_name == exits.XEN_DOOR else running.console) + "\n"
    errors = re.findall(ERROR, said, re.MULTILINE)
    assert len(errors) == 1 and re.search(row.error, errors[0]), said
    assert row.door_name.startswith("linux64") or not STARTED.search(said), said
    return errors[0]


def boots(row, running):
    """The payload says that it runs; returns by which exit it was entered, where the loader's line was seen."""
    running.wait(row.payload.success, guest.FATAL, timeout=row.payload.timeout)
    if row.payload.guest:
        check_report(row, guest.parse(running.console))
    # A chain has a line for each of its links, on the consoles that each of them has.
    ways = re.findall(WAY, running.console, re.MULTILINE) + re.findall(WAY, running.debugcon, re.MULTILINE)
    assert not row.exit or not ways or row.exit in ways
    return row.exit or (ways[0] if ways else "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_exit(row, made, record_property):
    if not row.bare:
        record_property("door", row.door_name)
    with row.machine() as running:
        if row.error:
            error, way = fails(row, running), row.exit
        else:
            error, way = "", boots(row, running)
        record_property("seconds", round(running.seconds, 1))
    if not row.bare:
        record_property("cell", [row.door_name, way, row.payload_name, error])
    guest.tidy(row.folder)


def test_every_pair():
    """The table has a row for each main door and each exit: one that boots, or one that says why it cannot."""
    there = {(row.door_name, row.exit) for row in exits.table() if not row.bare}
    main = ["pvh-q35", "pvh-xen", "efi", "multiboot2-bios", "multiboot2-efi", "linux16", "linux32", "linux64-kexec",
            "efi-handover"]
    # Xen's guests have neither a BIOS nor a serial port; the one payload by multiboot that Debian has wants both.
    missing = {(door, name) for door in main for name in exits.NAMES} - there - {("pvh-xen", "multiboot")}
    assert not missing


def test_names_are_unique():
    names = [row.name for row in exits.table()]
    assert len(names) == len(set(names))
    assert {row.payload_name for row in exits.table()} == payloads.TABLE.keys()


@pytest.mark.parametrize("row", [row for row in exits.table() if not row.bare and not row.error], ids=lambda row: row.name)
def test_row_can_be(row):
    assert row.exit in ("", *row.payload.exits.split())
    assert row.memory.endswith("G") or int(row.memory) >= row.payload.memory


MIB, GIB = 1 << 20, 1 << 30
# Machine, memory, address, memory size of a payload made for the purpose, and the error. Of 5 GiB `pc` has RAM up to 3 GiB,
# and q35 up to 2.
PLACES = [
    ("pvh-q35", "512", 1 * MIB, 0, ""),         # where QEMU puts our own image
    ("pvh-q35", "512", 2 * MIB, 0, ""),
    ("pvh-q35", "512", 4 * MIB, 0, ""),
    ("pvh-q35", "512", 16 * MIB, 300 * MIB, ""),
    ("pvh-pc", "5G", 3 * GIB - 64 * MIB, 0, ""),
    ("pvh-q35", "5G", 3 * GIB - 64 * MIB, 0, "."),
    ("pvh-q35", "512", 0xFEC00000, 0, "."),     # an interrupt controller
    ("pvh-q35", "128", 1 * MIB, 126 * MIB, "."),
    ("pvh-q35", "128", 1 * MIB, 3 * GIB, "."),
]


@pytest.mark.parametrize("way", ["pvh", "multiboot2", "multiboot"])
@pytest.mark.parametrize("name, memory, address, size, error", PLACES,
                         ids=[f"{name}-{memory}-{address:x}-{size:x}" for name, memory, address, size, _ in PLACES])
def test_place(name, memory, address, size, error, way, tmp_path, record_property):
    """A payload is put where it is linked, or there is an error that says why not."""
    record_property("door", name)
    payload = elf_maker.make(tmp_path / "payload", address, size)
    job = doors.Job(assets.BUILD / "quadrivium.elf", tmp_path / "run", f"qv.exit={way}", [payload])
    with machine.Machine(doors.DOORS[name].arguments(job, memory, 1, exits.DEFAULT_CPU), job.folder) as running:
        said = running.wait(rf"^{elf_maker.WORD} (\w+)\n|{ERROR}", timeout=30)
    assert (error and said["text"]) or int(said[1], 16) == address, said[0]


@pytest.mark.parametrize("size", [4097, 5002, 64 * MIB + 1, pytest.param(GIB + 5, marks=LARGE)])
@pytest.mark.parametrize("address", [1 * MIB, 16 * MIB])
def test_module(address, size, tmp_path, record_property):
    """A module of any size arrives whole, and begins with a page; what makes it large is a hole in the file."""
    record_property("door", "pvh-pc")
    payload, blob = elf_maker.make(tmp_path / "payload", address), tmp_path / "blob"
    module = cpio.archive({"file": b"content"})
    start = -(-payload.stat().st_size // cpio.PADDING) * cpio.PADDING
    with open(blob, "wb") as file:
        file.write(payload.read_bytes())
        file.seek(start)
        file.write(module)
        file.seek(start + size - 4)
        file.write(b"tail")
    job = doors.Job(assets.BUILD / "quadrivium.elf", tmp_path / "run", "qv.exit=pvh", [blob])
    with machine.Machine(doors.DOORS["pvh-pc"].arguments(job, "4G", 1, exits.DEFAULT_CPU), job.folder) as running:
        running.wait(rf"^{elf_maker.WORD} {address:08x}\n", ERROR, timeout=60)
        at, length, first, last = running.wait(elf_maker.MODULE, timeout=5).groups()
    assert (int(at, 16) % 4096, int(length, 16)) == (0, size)
    assert (bytes.fromhex(first)[::-1], bytes.fromhex(last)[::-1]) == (module[:4], b"tail")


@LARGE
def test_initrd_above_4_gib(made, tmp_path, record_property):
    """An initrd for which there is no room below 4 GiB lies above, and Linux finds it there; zeros make it large."""
    record_property("door", "pvh-q35")
    blob = tmp_path / "blob"
    with open(blob, "wb") as file:
        file.write(doors.joined([made.vmlinuz, *made.initrds]))
        file.truncate(file.tell() + 1100 * MIB)
    job = doors.Job(assets.BUILD / "quadrivium.elf", tmp_path / "run", f"{doors.GUEST} qvtest.auto", [blob])
    with machine.Machine(doors.DOORS["pvh-q35"].arguments(job, "6G", 1, exits.DEFAULT_CPU), job.folder) as running:
        place = running.wait(r"RAMDISK: \[mem 0x(\w+)-", guest.FATAL)[1]
        running.wait(guest.END, guest.FATAL)
        assert guest.parse(running.console).blobs == made.blobs
    assert int(place, 16) >= 4 * GIB


def test_dom0_shell(made, tmp_path, record_property):
    """What is typed on the serial port reaches the shell in dom0."""
    record_property("door", "multiboot2-bios")
    wanted = ("multiboot2-bios", "multiboot2", "xen-dom0")
    row = next(row for row in ROWS if (row.door_name, row.exit, row.payload_name) == wanted)
    job = row.job()
    job.folder, job.string = tmp_path / "run", job.string.replace("qvtest.auto", "")
    with machine.Machine(row.door.arguments(job, row.memory, 1, row.payload.cpu), job.folder) as running:
        running.wait("^/ # ", guest.FATAL)
        running.type("echo sum=$((6 * 7)) $(dmesg | grep -c 'Xen version')\n")
        running.wait("^sum=42 [1-9]", timeout=20)


def test_efi_shell_returns(tmp_path, record_property):
    """An EFI application that ends gives its status to us, and we say so."""
    record_property("door", "efi")
    image = cases.packed("efi", payloads.TABLE["shell"].make(), [], "qv.exit=efi")
    job = doors.Job(image, tmp_path / "run")
    with machine.Machine(doors.DOORS["efi"].arguments(job, "256", 1, exits.DEFAULT_CPU), job.folder) as running:
        running.wait("Shell> ", guest.FATAL)
        running.type("exit 5\r")
        running.wait(r"^quadrivium: the payload returned: status 0x0*5\n", timeout=20)
