# SPDX-License-Identifier: BSD-2-Clause
"""Each exit, held to its protocol's specification by a payload that looks at the state it was entered in.

DIRECT gives the payloads to other loaders, which proves the payloads, and says what those loaders break. The rows of
QUADRIVIUM go through our own; they may break nothing.
"""

import os
import struct
from dataclasses import dataclass

import pytest

import assets
import cases
import conformance
import doors
import machine
import media

TIMEOUT = 90
WORDS = "conf.id=1 conf.modules={modules} conf.blobs={blobs} conf.strings={strings}"
LAST = "conf.end"


def payload_path(name):
    return conformance.PAYLOADS / f"{name}.payload"


# ---- other loaders ----

@dataclass(frozen=True)
class Direct:
    """A payload through another loader. BROKEN: the clauses that it breaks."""
    loader: str
    payload: str
    protocol: str
    start: object               # (Direct, folder, words, modules) -> arguments of QEMU
    machine: str = "q35"
    firmware: str = "seabios"
    modules: int = 3
    joined: bool = False        # the modules arrive as one
    strings: bool = True        # and each with its own string
    broken: frozenset = frozenset()
    memory: str = "256"
    cpu: str = "max"

    @property
    def name(self):
        return f"{self.loader}-{self.payload}-{self.protocol}-{self.firmware}" + ("-la57" if "la57" in self.cpu else "")


def string_of(number):
    return f"word conf.string={number}"


def ide_disk(path):
    return ["-drive", f"id=disk,if=none,format=raw,snapshot=on,file={path}", "-device", "ide-hd,drive=disk,bootindex=0"]


def qemu(row, folder, words, modules):
    """QEMU's -kernel: multiboot takes several modules with strings, all others have one ramdisk."""
    args = ["-kernel", str(payload_path(row.payload)), "-append", words]
    if row.strings:
        return [*args, "-initrd", ",".join(f"{path} {string_of(number)}" for number, path in enumerate(modules))]
    path = folder / "ramdisk"
    path.write_bytes(doors.joined(modules))
    return [*args, "-initrd", str(path)] if modules else args


def grub(make, kernel, module, grub_modules):
    """A starter: GRUB runs the commands KERNEL and, for each module with its string, or for all at once, MODULE."""
    def start(row, folder, words, modules):
        names = [f"m{number}" for number in range(len(modules))]
        lines = [f"{module} /{name} {string_of(number)}" for number, name in enumerate(names)] if row.strings else \
                [f"{module} " + " ".join(f"/{name}" for name in names)] if names else []
        files = {"image": payload_path(row.payload)} | dict(zip(names, modules))
        return ide_disk(make(folder / "disk", [f"{kernel} /image {words}", *lines, "boot"], grub_modules, files))
    return start


def kexec(call):
    """A starter: a Linux guest runs kexec."""
    def start(row, folder, words, modules):
        return doors.DOORS[call].start(doors.Job(payload_path(row.payload), folder, words, modules, la57="+la57" in row.cpu))
    return start


def qemu_efi(row, folder, words, modules):
    """QEMU's -kernel under OVMF, which starts it by LoadImage and has the initrd behind LoadFile2.

    QEMU gives an initrd only to what has a setup header: of that, the few bytes that it reads are put into a copy.
    """
    data = bytearray(payload_path(row.payload).read_bytes())
    assert not any(data[0x1F1:0x268])
    struct.pack_into("<4sH", data, 0x202, b"HdrS", 0x20C)
    struct.pack_into("<I", data, 0x22C, 0x7FFFFFFF)             # initrd_addr_max
    image = folder / "image"
    image.write_bytes(data)
    ramdisk = folder / "ramdisk"
    ramdisk.write_bytes(doors.joined(modules))
    return ["-kernel", str(image), "-append", words, "-initrd", str(ramdisk)]


grub_multiboot = grub(media.grub_bios, "multiboot", "module", ["multiboot"])
grub_multiboot_efi = grub(media.grub_efi, "multiboot", "module", ["multiboot"])
grub_multiboot2 = grub(media.grub_bios, "multiboot2", "module2", ["multiboot2"])
grub_multiboot2_efi = grub(media.grub_efi, "multiboot2", "module2", ["multiboot2"])
grub_linux = grub(media.grub_bios, "linux", "initrd", ["linux"])
grub_linux_efi = grub(media.grub_efi, "linux", "initrd", ["linux"])
grub_chain = grub(media.grub_efi, "chainloader", "", ["chain"])

# What other loaders break, each found by these payloads.
QEMU_PVH = frozenset({
    "pvh.tr",                   # the task register is what reset left: a limit of 0xffff
})
GRUB_LINUX_EFI = frozenset({
    "linux32.header",           # boot_flag is zeroed, by its bytes' names in an older structure (padding11, ps_mouse)
    "linux32.rsdp",             # acpi_rsdp_addr is left 0
})
GRUB_LINUX = GRUB_LINUX_EFI | {
    # GRUB's structure ends at 0x400, and what lies behind it is whatever was there; under EFI that happens to be zero.
    "linux32.padding",
    "linux32.e820-rest",
}
KEXEC = frozenset({
    "linux64.header",           # 0x1ff, the upper byte of boot_flag, is zeroed: the older structure again
    "linux64.loadflags",        # zeroed
    "linux64.code32-start",     # not changed, though the kernel was moved
    "linux64.rsdp",             # acpi_rsdp_addr is left 0
})

DIRECT = [
    *(Direct("QEMU", payload, "pvh", qemu, joined=True, strings=False, broken=QEMU_PVH)
      for payload in ("pvh", "pvh32", "pvh-reloc")),
    *(Direct("QEMU", payload, "multiboot", qemu) for payload in ("multiboot", "multiboot-flat")),
    *(Direct("GRUB", payload, "multiboot", grub_multiboot)
      for payload in ("multiboot", "multiboot-flat")),
    *(Direct("GRUB", payload, "multiboot2", grub_multiboot2)
      for payload in ("multiboot2", "multiboot2-flat", "multiboot2-reloc")),
    *(Direct("GRUB", payload, "multiboot2", grub_multiboot2_efi, firmware="ovmf")
      for payload in ("multiboot2", "multiboot2-reloc")),
    Direct("GRUB", "multiboot2-efi", "multiboot2-efi", grub_multiboot2_efi, firmware="ovmf"),
    Direct("GRUB", "linux", "linux32", grub_linux, joined=True, strings=False, broken=GRUB_LINUX),
    Direct("GRUB", "linux", "linux32", grub_linux_efi, firmware="ovmf", joined=True, strings=False, broken=GRUB_LINUX_EFI),
    Direct("kexec", "linux", "linux64", kexec("linux64-kexec"), joined=True, strings=False, broken=KEXEC, memory="512"),
    Direct("OVMF", "efi", "efi", qemu_efi, firmware="ovmf", joined=True, strings=False),
    Direct("GRUB", "efi", "efi", grub_chain, firmware="ovmf", modules=0, strings=False),
]


def run(name, arguments, loader, protocol, payload, folder):
    """Starts the machine, and returns the conformance.Run of the payload in it, whose clauses are those of the table."""
    with machine.Machine(arguments, folder) as running:
        running.wait(conformance.END, r"quadrivium: error: .*|^error: .*", timeout=TIMEOUT)
        result = conformance.read(running.console)
    rows = conformance.keep(f"{loader}: {name}", result)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        # Not those that an older version of the tests left there.
        known = {f"{row.loader}: {row.name}" for row in DIRECT} | {f"{QUADRIVIUM_NAME}: {row.name}" for row in QUADRIVIUM}
        conformance.write_document({key: rows[key] for key in rows.keys() & known})
    wanted = conformance.expected(protocol, payload)
    assert set(result.verdicts) == wanted, \
        f"not in the table: {sorted(set(result.verdicts) - wanted)}; not printed: {sorted(wanted - set(result.verdicts))}"
    return result


@pytest.mark.parametrize("row", DIRECT, ids=[row.name for row in DIRECT])
def test_direct(row, made):
    folder = conformance.RUNS / "direct" / row.name
    folder.mkdir(parents=True, exist_ok=True)
    blobs = min(row.modules, 1) if row.joined else row.modules
    words = f"{WORDS.format(modules=row.modules, blobs=blobs, strings=int(row.strings))} {LAST}"
    start = row.start(row, folder, words, conformance.modules(row.modules))
    arguments = ["-M", row.machine, "-m", row.memory, "-cpu", row.cpu, *doors.FIRMWARE[row.firmware], *start]
    result = run(row.name, arguments, row.loader, row.protocol, row.payload, folder)
    assert words in result.command_line        # GRUB and QEMU put the file in front of it, OVMF "initrd=" behind
    assert result.failed == row.broken, {name: result.texts[name] for name in result.failed ^ row.broken}


# ---- our own loader ----

QUADRIVIUM_NAME = "quadrivium"
# Which payloads an exit takes; where a row is about the door, the first stands for all.
EXITS = {"linux64": ("linux",), "linux32": ("linux",), "pvh": ("pvh", "pvh32", "pvh-reloc"),
         "multiboot": ("multiboot", "multiboot-flat"), "multiboot2": ("multiboot2", "multiboot2-flat", "multiboot2-reloc"),
         "efi": ("efi",)}
# Exits for which the modules are joined to one initrd.
JOINED = ("linux64", "linux32", "efi")
# Known by their multiboot header alone: quadrivium-pack takes only what is a bzImage, an ELF or a PE.
FLAT = ("multiboot-flat", "multiboot2-flat")
EFI_DOORS = ("efi", "multiboot2-efi")
BIOS_DOORS = ("pvh-q35", "multiboot2-bios", "linux16")


@dataclass(frozen=True)
class Row:
    """A payload through our loader. FORM: packed into the image, or given by the loader before ours as its module."""
    door: str
    exit: str
    payload: str
    form: str = "packed"
    memory: str = "256"
    cpu: str = "max,-la57"
    modules: int = 3

    @property
    def name(self):
        return ":".join((self.door, self.exit, self.payload, self.form, self.memory, self.cpu, str(self.modules)))

    @property
    def protocol(self):
        return self.payload if self.payload == "multiboot2-efi" else self.exit


def quadrivium_rows():
    rows = []
    for door in (*BIOS_DOORS, *EFI_DOORS):
        for exit, payloads in EXITS.items():
            if door in EFI_DOORS or exit != "efi":
                # Its variants differ in how they are placed: one door with a BIOS and one without will do.
                chosen = payloads if door in ("pvh-q35", "efi") else payloads[:1]
                rows += [Row(door, exit, payload) for payload in chosen if payload not in FLAT]
                if door in ("multiboot2-bios", "multiboot2-efi"):
                    rows += [Row(door, exit, payload, "modules") for payload in payloads if payload in (payloads[0], *FLAT)]
        if door in EFI_DOORS:
            rows.append(Row(door, "multiboot2", "multiboot2-efi"))
    rows.append(Row("multiboot2-efi", "multiboot2", "multiboot2-efi", "modules"))
    for door in ("pvh-q35", "efi"):
        for memory, cpu in (("128", "qemu64"), ("5G", "max,-la57"), ("256", "max")):
            rows += [Row(door, exit, payloads[0], memory=memory, cpu=cpu) for exit, payloads in EXITS.items()
                     if door in EFI_DOORS or exit != "efi"]
        rows += [Row(door, exit, payloads[0], modules=0) for exit, payloads in EXITS.items()
                 if door in EFI_DOORS or exit != "efi"]
    return rows


QUADRIVIUM = quadrivium_rows()


def start_with_modules(row, door, folder, own, given, modules):
    """GRUB starts our image with the payload as its first module and all others behind, each with its string."""
    files = {"image": assets.BUILD / f"quadrivium.{door.image}", "payload": payload_path(row.payload)}
    files |= {f"m{number}": path for number, path in enumerate(modules)}
    lines = [f"multiboot2 /image {given}", f"module2 /payload {own}",
             *(f"module2 /m{number} {string_of(number)}" for number in range(len(modules))), "boot"]
    make = media.grub_efi if door.firmware.startswith("ovmf") else media.grub_bios
    return ["-M", door.machine, "-m", row.memory, "-cpu", row.cpu, *doors.FIRMWARE[door.firmware],
            *ide_disk(make(folder / "disk", lines, ["multiboot2"], files))]


@pytest.mark.parametrize("row", QUADRIVIUM, ids=[row.name for row in QUADRIVIUM])
def test_quadrivium(row, made, record_property):
    record_property("door", row.door)
    door = doors.DOORS[row.door]
    folder = conformance.RUNS / "quadrivium" / row.name.replace(":", "/").replace(",", "_")
    folder.mkdir(parents=True, exist_ok=True)
    modules = conformance.modules(row.modules)
    one = row.form == "packed" or row.exit in JOINED
    own = WORDS.format(modules=row.modules, blobs=min(row.modules, 1) if one else row.modules, strings=int(not one))
    given = f"qv.exit={row.exit} {LAST}"
    if row.form == "modules":
        arguments = start_with_modules(row, door, folder, own, given, modules)
    else:
        words = own if door.words else f"{own} {given}"
        image = cases.packed(door.image, payload_path(row.payload), modules, words)
        job = doors.Job(image, folder, given if door.words else "")
        arguments = door.arguments(job, row.memory, 1, row.cpu)
    result = run(row.name, arguments, QUADRIVIUM_NAME, row.protocol, row.payload, folder)
    assert result.command_line == f"{own} {LAST}"
    assert not result.failed, {name: result.texts[name] for name in result.failed}


@pytest.mark.parametrize("loader", ["OVMF", QUADRIVIUM_NAME])
def test_return(loader, made, record_property):
    """An EFI application that returns gives the machine back: the firmware goes on to its shell."""
    record_property("door", "efi")
    door = doors.DOORS["efi-kernel"]
    words = "conf.id=1 return conf.end"
    image = payload_path("efi")
    if loader == QUADRIVIUM_NAME:
        image = cases.packed(door.image, image, [], "conf.id=1 qv.exit=efi")
        words = "return conf.end"
    job = doors.Job(image, conformance.RUNS / f"return/{loader}", words)
    with machine.Machine(door.arguments(job, "256", 1, "max,-la57"), job.folder) as running:
        running.wait(conformance.END, r"quadrivium: error: .*", timeout=TIMEOUT)
        assert not conformance.read(running.console).failed
        running.wait("UEFI Interactive Shell", timeout=TIMEOUT)


# ---- the table ----

def test_clauses():
    """Each id stands in the table once, and each payload and protocol of the table is one that is built and run."""
    built = {path.name.removesuffix(".payload") for path in conformance.PAYLOADS.glob("*.payload")}
    run_with = {(row.protocol, row.payload) for row in [*DIRECT, *QUADRIVIUM]}
    ids = [f"{protocol}.{clause.name}" for clause in conformance.clauses() for protocol in clause.protocols]
    assert len(set(ids)) == len(ids)
    assert {payload for _, payload in run_with} == built
    for clause in conformance.clauses():
        for protocol in clause.protocols:
            payloads = built if clause.payloads == ("all",) else clause.payloads
            assert any((protocol, payload) in run_with for payload in payloads), f"nothing runs {protocol}.{clause.name}"


def test_teeth(made):
    """What is wrong is seen: modules in another order, one with a wrong byte, one's string another's, a word missing."""
    folder = conformance.RUNS / "teeth"
    folder.mkdir(parents=True, exist_ok=True)
    first, second, last = conformance.modules(3)
    data = bytearray(last.read_bytes())
    data[-1] ^= 1
    bad = folder / "bad"
    bad.write_bytes(data)
    row = Direct("QEMU", "multiboot", "multiboot", qemu)
    words = WORDS.format(modules=3, blobs=3, strings=1)
    start = ["-kernel", str(payload_path(row.payload)), "-append", words,
             "-initrd", f"{second} {string_of(1)},{first} {string_of(0)},{bad} {string_of(2)}"]
    with machine.Machine(["-M", row.machine, "-m", row.memory, "-cpu", row.cpu, *start], folder) as running:
        running.wait(conformance.END, timeout=TIMEOUT)
        failed = conformance.read(running.console).failed
    names = ("text", "module-content", "module-order", "module-count", "module-string")
    assert failed == {f"multiboot.{name}" for name in names}
