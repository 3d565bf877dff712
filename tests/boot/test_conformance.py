# SPDX-License-Identifier: BSD-2-Clause
"""Each exit, held to its protocol's specification by a payload that looks at the state it was entered in.

DIRECT gives the payloads to other loaders, which proves the payloads, and says what those loaders break. The rows of
QUADRIVIUM go through our own; they may break nothing.
"""

import os
import struct
from dataclasses import dataclass, field

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
    lost: frozenset = frozenset()       # clauses that are not printed, because others are broken

    @property
    def name(self):
        return f"{self.loader}-{self.payload}-{self.protocol}-{self.firmware}" + ("-la57" if "la57" in self.cpu else "")


def string_of(number):
    return f"word conf.string={number}"


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
        disk = make(folder / "disk", [f"{kernel} /image {words}", *lines, "boot"], grub_modules, files)
        return ["-drive", f"id=disk,if=none,format=raw,snapshot=on,file={disk}", "-device", "ide-hd,drive=disk,bootindex=0"]
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
GRUB_MULTIBOOT = frozenset()
GRUB_MULTIBOOT2 = frozenset()
GRUB_MULTIBOOT2_I386_EFI = frozenset()
GRUB_MULTIBOOT2_EFI = frozenset()
GRUB_LINUX = frozenset()
GRUB_LINUX_EFI = frozenset()
KEXEC = frozenset()
KEXEC_FILE = frozenset()
OVMF_KERNEL = frozenset()
GRUB_CHAIN = frozenset()

DIRECT = [
    *(Direct("QEMU", payload, "pvh", qemu, joined=True, strings=False, broken=QEMU_PVH)
      for payload in ("pvh", "pvh32", "pvh-reloc")),
    *(Direct("QEMU", payload, "multiboot", qemu) for payload in ("multiboot", "multiboot-flat")),
    *(Direct("GRUB", payload, "multiboot", grub_multiboot, broken=GRUB_MULTIBOOT)
      for payload in ("multiboot", "multiboot-flat")),
    *(Direct("GRUB", payload, "multiboot2", grub_multiboot2, broken=GRUB_MULTIBOOT2)
      for payload in ("multiboot2", "multiboot2-flat", "multiboot2-reloc")),
    *(Direct("GRUB", payload, "multiboot2", grub_multiboot2_efi, firmware="ovmf", broken=GRUB_MULTIBOOT2_I386_EFI)
      for payload in ("multiboot2", "multiboot2-reloc")),
    Direct("GRUB", "multiboot2-efi", "multiboot2-efi", grub_multiboot2_efi, firmware="ovmf", broken=GRUB_MULTIBOOT2_EFI),
    Direct("GRUB", "linux", "linux32", grub_linux, joined=True, strings=False, broken=GRUB_LINUX),
    Direct("GRUB", "linux", "linux32", grub_linux_efi, firmware="ovmf", joined=True, strings=False, broken=GRUB_LINUX_EFI),
    Direct("kexec", "linux", "linux64", kexec("linux64-kexec"), joined=True, strings=False, broken=KEXEC, memory="512"),
    Direct("OVMF", "efi", "efi", qemu_efi, firmware="ovmf", joined=True, strings=False, broken=OVMF_KERNEL),
    Direct("GRUB", "efi", "efi", grub_chain, firmware="ovmf", modules=0, strings=False, broken=GRUB_CHAIN),
]


def run(name, arguments, loader, protocol, payload, folder, lost=frozenset()):
    """Starts the machine, and returns the conformance.Run of the payload in it, whose clauses are those of the table."""
    with machine.Machine(arguments, folder) as running:
        running.wait(conformance.END, r"quadrivium: error: .*|^error: .*", timeout=TIMEOUT)
        result = conformance.read(running.console)
    rows = conformance.keep(loader, name, result)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        conformance.write_document(rows)
    wanted = conformance.expected(protocol, payload) - lost
    assert set(result.verdicts) == wanted, \
        f"not in the table: {sorted(set(result.verdicts) - wanted)}; not printed: {sorted(wanted - set(result.verdicts))}"
    return result


@pytest.mark.parametrize("row", DIRECT, ids=[row.name for row in DIRECT])
def test_direct(row, made):
    folder = conformance.RUNS / "direct" / row.name
    folder.mkdir(parents=True, exist_ok=True)
    words = WORDS.format(modules=row.modules, blobs=min(row.modules, 1) if row.joined else row.modules, strings=int(row.strings))
    words = f"{words} {LAST}"
    start = row.start(row, folder, words, conformance.modules(row.modules))
    arguments = ["-M", row.machine, "-m", row.memory, "-cpu", row.cpu, *doors.FIRMWARE[row.firmware], *start]
    result = run(row.name, arguments, row.loader, row.protocol, row.payload, folder, row.lost)
    assert result.command_line.endswith(words)
    assert result.failed == row.broken, {name: result.texts[name] for name in result.failed ^ row.broken}
