# SPDX-License-Identifier: BSD-2-Clause
"""Bad input and faults: one line says what is wrong and why, and nothing is started.

BAD is a table: a name, what makes the input from the assets, and what the line on the console shall match. Where nothing else
matters the door is the quickest one. FAULTY_DOORS provoke an exception inside the loader, through each door.
"""

import gzip
import re
import struct
import subprocess

import pytest

import assets
import cases
import doors
import machine
import payloads

ERROR = re.compile(r"^quadrivium: error: (?P<what>[^:\n]+): (?P<why>.+)$", re.MULTILINE)
STARTED = re.compile(r"Linux version|GUEST|KASLR|Decompressing Linux|early console in extract_kernel")
SETTLE = 1.0            # seconds after the error in which nothing more shall come
TIMEOUT = 60
WORDS = "console=ttyS0 earlyprintk=ttyS0"
MIB = 1 << 20

# Offsets in the setup header (boot.rst).
SETUP_SECTS, VERSION, LOADFLAGS, PAYLOAD_OFFSET, INIT_SIZE, MAGIC = 0x1F1, 0x206, 0x211, 0x248, 0x260, 0x202
CMDLINE_SIZE = 2047     # of Debian's kernel
MULTIBOOT2, TAG_ENTRY = 0x1400, 3       # common/layout.h; the header's tag
E_SHOFF, E_SHENTSIZE = 40, 58           # of an ELF64's header
POINTER_TO_RAW_DATA = 20                # of a section header (PE)


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


def packing(command):
    """A maker: the kernel through this compressor, with a byte in its middle changed."""
    def make(given):
        given.initrds = []
        given.kernel = bytearray(subprocess.run(command.split(), input=given.kernel, capture_output=True, check=True).stdout)
        given.kernel[len(given.kernel) // 2] ^= 0xFF
    return make


def cut_stream(given):
    given.kernel, given.initrds = gzip.compress(given.kernel, 1)[:MIB], []


def bomb(given):
    given.memory = "128"
    given.kernel, given.initrds = gzip.compress(given.kernel + bytes(1 << 30), 1), []


def elf_field(offset, layout, value):
    """A maker: vmlinux with this field (elf.h) changed."""
    def make(given):
        kernel = given.vmlinux.read_bytes()
        # Its section headers end it; behind them come relocations, of the bzImage that it was taken out of.
        sections, = struct.unpack_from("<Q", kernel, E_SHOFF)
        size, count = struct.unpack_from("<HH", kernel, E_SHENTSIZE)
        given.kernel, given.initrds = kernel[:sections + size * count], []
        given.patch(offset, layout, value)
    return make


def multiboot2_tag(given):
    given.kernel, given.initrds = (assets.BUILD / "quadrivium.elf").read_bytes(), []
    given.patch(given.kernel.index(struct.pack("<HHI", TAG_ENTRY, 0, 12), MULTIBOOT2), "<H", 0x77)
    given.words += " qv.exit=multiboot2"


def uki_section(given):
    given.kernel, given.initrds = payloads.TABLE["uki"].make().read_bytes(), []
    given.patch(given.kernel.index(b".linux\0\0") + POINTER_TO_RAW_DATA, "<I", 0xFFFF0000)


def exit_unknown(given):
    given.words += " qv.exit=nonsense"


def exit_impossible(given):
    given.words += " qv.exit=pvh"


# name, maker, and what the line shall match
BAD = [
    ("gzip-broken", packing("gzip -1c"), r"payload: its gzip stream is broken: "),
    ("zstd-broken", packing("zstd -1c --check"), r"payload: its zstd stream is broken"),
    ("lz4-broken", packing("lz4 -1c"), r"payload: its lz4 stream is broken"),
    ("xz-broken", packing("xz -0c"), r"payload: its xz stream is broken"),
    ("gzip-truncated", cut_stream, r"payload: its gzip stream is truncated"),
    ("gzip-bomb", bomb, r"payload: it unpacks to more than the \d+ bytes"),
    ("elf-phnum", elf_field(56, "<H", 0), r"kernel: .*program header"),
    ("elf-phnum-wild", elf_field(56, "<H", 0xFFFF), r"kernel: .*program headers"),
    ("elf-filesz", elf_field(64 + 40, "<Q", 1), r"kernel: its program header 0 has \d+ bytes in the file, 1 in memory"),
    ("elf-offset-wraps", elf_field(64 + 8, "<Q", 2**64 - 4096), r"kernel: its program header 0"),
    ("elf-in-a-hole", elf_field(64 + 56 + 24, "<Q", 0xF0000000), r"kernel: it must lie at 0xf0000000, where there are no"),
    ("elf-overlap", elf_field(64 + 24, "<Q", 0x1C00000), r"kernel: .*overlap"),
    ("multiboot2-tag", multiboot2_tag, r"kernel: .*119"),
    ("uki-section", uki_section, r"kernel: its section .linux|kernel: .*section"),
    ("exit-unknown", exit_unknown, r"qv.exit: there is no exit nonsense"),
    ("exit-impossible", exit_impossible, r"qv.exit: pvh is no way to start a payload of the kind bzImage"),
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
