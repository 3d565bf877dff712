# SPDX-License-Identifier: BSD-2-Clause
"""The doors: how to start an image through each boot protocol, a row a door, and a small function a way of starting.

The same functions start Debian's kernel itself ("bare"), which proves machine, media and guest without our loader.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import assets
import cpio
import media

OVMF = "/usr/share/ovmf/OVMF.fd"
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"


def flash(code, variables, keep=False):
    """QEMU's arguments for a firmware in flash memory. What it writes to its variables is lost, unless KEEP."""
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw,snapshot={'off' if keep else 'on'},file={variables}"]


FIRMWARE = {
    "seabios": [],
    "qboot": [],
    "ovmf": ["-bios", OVMF],
    "ovmf-flash": flash(OVMF_CODE, OVMF_VARS),
}
# What every kernel is told: where to speak, and not to panic where a busy host let its test of the timer interrupt fail.
GUEST = "console=ttyS0 no_timer_check"
# microvm has neither HPET nor ACPI timer. On a busy host Linux's calibration against the PIT fails, and it then waits for ever.
TSC_GIVEN = "tsc_early_khz=2400000"
IMAGE = "image"         # the file's name on the media that GRUB reads
BOOT_IMAGE = f"BOOT_IMAGE=/{IMAGE}"


@dataclass
class Job:
    """What is to be started: an image, what it is given besides, and a folder for the media and logs."""
    image: Path
    folder: Path
    words: str = ""                     # command line of the image
    modules: list = field(default_factory=list)
    string: str = ""                    # command line of the first module, where the door's modules have one
    la57: bool = False


@dataclass(frozen=True)
class Door:
    """One way in. MODULES says how it carries them: a "list", one "blob", or "" for not at all."""
    name: str
    image: str                          # kind: elf or efi
    machine: str
    firmware: str
    modules: str
    start: Callable                     # (Job) -> arguments of QEMU
    how: str                            # in words
    prefix: str = ""                    # what the loader before us puts in front of the words
    suffix: str = ""                    # what it puts behind them where there are modules
    words: bool = True                  # whether a command line can be given
    strings: bool = False               # whether modules have command lines
    needs: str = ""                     # what a kernel must be told on this machine

    def arguments(self, job, memory, cpus, cpu):
        """The arguments that make QEMU's machine and start the job on it."""
        job.folder.mkdir(parents=True, exist_ok=True)
        job.la57 = "+la57" in cpu.split(",")
        return ["-M", self.machine, "-m", memory, "-smp", str(cpus), "-cpu", cpu, *FIRMWARE[self.firmware], *self.start(job)]


def joined(files):
    """The bytes of FILES, each padded to 4 bytes, one after the other: a ramdisk of several initrds."""
    return b"".join(data + bytes(-len(data) % cpio.PADDING) for data in (path.read_bytes() for path in files))


def ramdisk(job):
    """The path of the one blob that holds the modules."""
    if len(job.modules) == 1:
        return job.modules[0]
    path = job.folder / "ramdisk"
    path.write_bytes(joined(job.modules))
    return path


def qemu_kernel(job):
    """QEMU's -kernel: PVH for an ELF with the note, the 16-bit entry for a file with the setup header, LoadImage under EFI."""
    args = ["-kernel", str(job.image), "-append", job.words]
    return args + (["-initrd", str(ramdisk(job))] if job.modules else [])


def _hard_disk(path):
    # On the machine's own AHCI controller, so that the PCI bus and with it the ACPI tables stay as they are.
    return ["-drive", f"id=disk,if=none,format=raw,snapshot=on,file={path}", "-device", "ide-hd,drive=disk,bootindex=0"]


def efi_disk(job):
    """The image as the fallback application of a FAT disk."""
    return _hard_disk(media.disk(job.folder / "disk", {media.EFI_FALLBACK: job.image}))


def efi_folder(job):
    """The same with QEMU's virtual FAT, which is made from a folder."""
    folder = job.folder / "esp"
    (folder / "EFI/BOOT").mkdir(parents=True, exist_ok=True)
    (folder / media.EFI_FALLBACK).write_bytes(job.image.read_bytes())
    return ["-drive", f"id=disk,if=none,format=raw,file=fat:rw:{folder}", "-device", "ide-hd,drive=disk,bootindex=0"]


def _grub(make, kernel, initrd, grub_modules):
    """A starter: GRUB runs KERNEL and, where the job has modules, the INITRD lines for them."""
    def start(job):
        names = [f"m{number}" for number in range(len(job.modules))]
        commands = [f"{kernel} /{IMAGE} {job.words}", *(initrd(names, job.string) if names else []), "boot"]
        files = {IMAGE: job.image} | dict(zip(names, job.modules))
        return _hard_disk(make(job.folder / "disk", commands, grub_modules, files))
    return start


def _one_line(command):
    return lambda names, string: [f"{command} " + " ".join(f"/{name}" for name in names)]


def _line_each(command):
    return lambda names, string: [f"{command} /{name} {string if name == names[0] else ''}" for name in names]


def _chainload(names, string):
    raise ValueError("a chain-loaded image has no modules")


def _kexec(call):
    """A starter: a first Linux guest runs kexec with the system call that CALL chooses, -c or -s."""
    def start(job):
        files = {"image": job.image.read_bytes(), "arguments": f"{call}\n".encode(), "words": f"{job.words}\n".encode()}
        if job.modules:
            files["ramdisk"] = joined(job.modules)
        made = assets.make()
        initrd = job.folder / "kexec.cpio"
        initrd.write_bytes(made.kexec.read_bytes() + cpio.archive(files))
        # The decompressor turns 5-level paging on, which vmlinux by PVH does not pass through; it is what costs the time.
        kernel = made.vmlinuz if job.la57 else made.vmlinux
        return ["-kernel", str(kernel), "-initrd", str(initrd), "-append", f"{GUEST} quiet"]
    return start


_multiboot2 = ("multiboot2", _line_each("module2"), ["multiboot2"])
_linux = ("linux", _one_line("initrd"), ["linux"])
_linux16 = ("linux16", _one_line("initrd16"), ["linux16"])
_linuxefi = ("linuxefi", _one_line("initrdefi"), ["linuxefi"])

DOORS = {door.name: door for door in (
    Door("pvh-q35", "elf", "q35", "seabios", "blob", qemu_kernel,
         "QEMU's PVH loader, machine q35"),
    Door("pvh-pc", "elf", "pc", "seabios", "blob", qemu_kernel,
         "QEMU's PVH loader, machine pc"),
    Door("pvh-microvm", "elf", "microvm", "qboot", "blob", qemu_kernel,
         "QEMU's PVH loader, machine microvm", needs=TSC_GIVEN),
    Door("efi", "efi", "q35", "ovmf-flash", "", efi_disk,
         "OVMF, as the fallback application of a disk", words=False),
    Door("efi-bios", "efi", "q35", "ovmf", "", efi_folder,
         "OVMF by -bios, from a virtual FAT", words=False),
    Door("efi-kernel", "efi", "q35", "ovmf", "blob", qemu_kernel,
         "OVMF, from QEMU's -kernel, initrd by LoadFile2", suffix="initrd=initrd"),
    Door("efi-chain", "efi", "q35", "ovmf", "", _grub(media.grub_efi, "chainloader", _chainload, ["chain"]),
         "GRUB on OVMF, chainloader"),
    Door("multiboot2-bios", "elf", "q35", "seabios", "list", _grub(media.grub_bios, *_multiboot2),
         "GRUB on SeaBIOS, multiboot2", strings=True),
    Door("multiboot2-efi", "elf", "q35", "ovmf", "list", _grub(media.grub_efi, *_multiboot2),
         "GRUB on OVMF, multiboot2 with boot services kept", strings=True),
    Door("linux16", "efi", "q35", "seabios", "blob", qemu_kernel,
         "QEMU's -kernel on SeaBIOS, 16-bit entry"),
    Door("linux16-grub", "efi", "q35", "seabios", "blob", _grub(media.grub_bios, *_linux16),
         "GRUB on SeaBIOS, linux16", BOOT_IMAGE),
    Door("linux32", "efi", "q35", "seabios", "blob", _grub(media.grub_bios, *_linux),
         "GRUB on SeaBIOS, linux, 32-bit entry", BOOT_IMAGE),
    # Without Secure Boot, GRUB 2.06's `linux` leaves boot services itself and takes the 32-bit entry; `linuxefi` hands over.
    Door("linux32-efi", "efi", "q35", "ovmf", "blob", _grub(media.grub_efi, *_linux),
         "GRUB on OVMF, linux, 32-bit entry", BOOT_IMAGE),
    Door("linux64-kexec", "efi", "q35", "seabios", "blob", _kexec("-c"),
         "kexec in a Linux guest, kexec_load, 64-bit entry"),
    Door("linux64-kexec-file", "efi", "q35", "seabios", "blob", _kexec("-s"),
         "kexec in a Linux guest, kexec_file_load, 64-bit entry"),
    Door("efi-handover", "efi", "q35", "ovmf", "blob", _grub(media.grub_efi, *_linuxefi),
         "GRUB on OVMF, linuxefi, EFI handover entry", BOOT_IMAGE),
)}

# What a person types.
SHORT_NAMES = {"pvh": "pvh-q35", "multiboot2": "multiboot2-bios", "linux64": "linux64-kexec", "kexec": "linux64-kexec",
               "microvm": "pvh-microvm", "handover": "efi-handover"}


def find(name):
    """The door of this name or short name; KeyError where there is none."""
    return DOORS[SHORT_NAMES.get(name, name)]
