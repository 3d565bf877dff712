# SPDX-License-Identifier: BSD-2-Clause
"""Bad input and faults: one line says what is wrong and why, and nothing is started.

BAD is a table: a name, what makes the input from the assets, and what the line on the console shall match. Where nothing else
matters the door is the quickest one. FAULTY_DOORS provoke an exception inside the loader, through each door.
"""

import re
import struct

import pytest

import assets
import cases
import doors
import machine

ERROR = re.compile(r"^quadrivium: error: (?P<what>[^:\n]+): (?P<why>.+)$", re.MULTILINE)
STARTED = re.compile(r"Linux version|GUEST|KASLR|Decompressing Linux|early console in extract_kernel")
SETTLE = 1.0            # seconds after the error in which nothing more shall come
TIMEOUT = 60
WORDS = "console=ttyS0 earlyprintk=ttyS0"
MIB = 1 << 20

# Offsets in the setup header (boot.rst).
SETUP_SECTS, VERSION, LOADFLAGS, PAYLOAD_OFFSET, INIT_SIZE, MAGIC = 0x1F1, 0x206, 0x211, 0x248, 0x260, 0x202
CMDLINE_SIZE = 2047     # of Debian's kernel


class Input:
    """What a bad case is made of; each maker below changes it. MODULES are bytes."""

    def __init__(self, made):
        self.kernel = made.vmlinuz.read_bytes()
        self.vmlinux = made.vmlinux
        self.initrds = [path.read_bytes() for path in made.initrds]
        self.words = WORDS
        self.memory = "512"

    def patch(self, offset, layout, *values):
        data = bytearray(self.kernel)
        struct.pack_into(layout, data, offset, *values)
        self.kernel = bytes(data)


def truncated(given):
    given.kernel, given.initrds = given.kernel[:MIB], []


def truncated_header(given):
    given.kernel, given.initrds = given.kernel[:0x220], []


def foreign(given):
    given.kernel, given.initrds = b"This is a text, and no kernel.\n" * 100, []


def elf(given):
    given.kernel, given.initrds = given.vmlinux.read_bytes()[:4 * MIB], []


def no_kernel(given):
    given.kernel = b""


def old_protocol(given):
    given.patch(VERSION, "<H", 0x0105)


def zimage(given):
    given.patch(LOADFLAGS, "<B", 0)


def wild_setup_sects(given):
    given.kernel, given.initrds = given.kernel[:64 * 512], []
    given.patch(SETUP_SECTS, "<B", 255)


def wild_init_size(given):
    given.patch(INIT_SIZE, "<I", 0xFFFFF000)


def wild_magic(given):
    given.patch(MAGIC, "<I", 0)


def large_initrd(given):
    given.memory = "128"
    given.initrds = [assets.blob("first") * (70 * MIB // assets.BLOBS["first"])]


def long_command_line(given):
    given.words += " qvtest.long=" + "x" * CMDLINE_SIZE


# name, maker, and what the line shall match
BAD = [
    ("kernel-truncated", truncated, r"kernel: it is truncated: 1048576 of \d+ bytes"),
    ("kernel-header-truncated", truncated_header, r"kernel: it is truncated in its setup header"),
    ("kernel-foreign", foreign, r"payload: nothing is packed .* no module is a kernel"),
    ("kernel-elf", elf, r"kernel: its \d+ section headers at 0x\w+ lie outside its 4194304 bytes"),
    ("kernel-missing", no_kernel, r"payload: nothing is packed .* no module is a kernel"),
    ("kernel-old-protocol", old_protocol, r"kernel: its boot protocol, 1\.05, is older"),
    ("kernel-zimage", zimage, r"kernel: it is a zImage"),
    ("kernel-setup-sects", wild_setup_sects, r"kernel: it is truncated: 32768 of \d+ bytes"),
    ("kernel-init-size", wild_init_size, r"kernel: no free memory for 4294963200 bytes"),
    ("kernel-magic", wild_magic, r"efi: an EFI application needs EFI boot services"),
    ("initrd-too-large", large_initrd, r"(kernel|initrd): no free memory"),
    ("command-line-too-long", long_command_line, r"command line: \d+ bytes are more than the 2047"),
]


def run_to(pattern, job, door, memory="512", timeout=TIMEOUT):
    """Boots the job until PATTERN, and a moment longer; returns all that the console said."""
    with machine.Machine(door.arguments(job, memory, 1, "max"), job.folder) as running:
        running.wait(pattern, timeout=timeout)
        running.idle(SETTLE)
        return machine.printable(running.console)


@pytest.mark.parametrize("name, change, expected", BAD, ids=[row[0] for row in BAD])
def test_bad_input(name, change, expected, made, record_property):
    door = doors.find("pvh")
    record_property("door", door.name)
    given = Input(made)
    change(given)
    job = doors.Job(assets.BUILD / "quadrivium.elf", cases.RUNS / "errors" / name, given.words)
    job.folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(part for part in [given.kernel, *given.initrds] if part):
        job.modules.append(job.folder / f"module{number}")
        job.modules[-1].write_bytes(data)
    console = run_to(r"^quadrivium: error: .*\n", job, door, given.memory)
    assert len(ERROR.findall(console)) == 1, console
    assert re.search(expected, ERROR.search(console)[0]), ERROR.search(console)[0]
    assert not STARTED.search(console), console


def test_nothing_to_start(record_property):
    """No payload at all."""
    door = doors.find("pvh")
    record_property("door", door.name)
    job = doors.Job(assets.BUILD / "quadrivium.elf", cases.RUNS / "errors/nothing", WORDS)
    console = run_to(r"^quadrivium: error: .*\n", job, door)
    assert len(ERROR.findall(console)) == 1, console


def test_unknown_word(made, record_property):
    """An unknown qv. word is a warning that names it, and the kernel is started without it."""
    door = doors.find("pvh")
    record_property("door", door.name)
    image = cases.packed("elf", made.vmlinuz, made.initrds[:1], WORDS)
    job = doors.Job(image, cases.RUNS / "errors/unknown-word", "qv.nonsense=1 qvtest.kept=1")
    console = run_to(r"Kernel command line: .*\n", job, door)
    assert re.search(r"^quadrivium: warning: .*qv\.nonsense", console, re.MULTILINE), console
    given = re.search(r"Kernel command line: (.*)", console)[1]
    assert "qvtest.kept=1" in given and "nonsense" not in given


# What qv.fault= provokes, and the exception that it is: the last four show how memory is protected.
FAULTS = {"ud": "#UD", "de": "#DE", "gp": "#GP", "null": "#PF", "text": "#PF", "data": "#PF", "stack": "#PF"}
FAULTY_DOORS = [("pvh-q35", fault) for fault in FAULTS] + [(name, "ud") for name in doors.DOORS if name != "pvh-q35"]


@pytest.mark.parametrize("name, fault", FAULTY_DOORS, ids=[f"{name}-{fault}" for name, fault in FAULTY_DOORS])
def test_exception(name, fault, made, record_property):
    """A fault inside the loader prints registers and a back trace, through each door."""
    record_property("door", name)
    door = doors.DOORS[name]
    word = f"qv.fault={fault}"
    image = cases.packed(door.image, made.vmlinuz, made.initrds[:1], WORDS if door.words else f"{WORDS} {word}")
    job = doors.Job(image, cases.RUNS / f"errors/{name}-{fault}", word if door.words else "")
    console = run_to(r"^back trace:.*\n", job, door, timeout=machine.TIMEOUT)
    assert [what for what, _ in ERROR.findall(console)] == ["exception"], console
    assert FAULTS[fault] in ERROR.search(console)["why"]
    assert re.search(r"^RIP [0-9a-f]{4}:[0-9a-f]{16}", console, re.MULTILINE), console
    # Offsets in the image: where it happened, and at least one caller.
    assert re.search(r"^back trace:( outside the image:)?( 0x[0-9a-f]+){2,}$", console, re.MULTILINE), console
    assert name.startswith("linux64") or not STARTED.search(console), console
