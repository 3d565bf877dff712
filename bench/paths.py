# SPDX-License-Identifier: BSD-2-Clause
"""The paths: every door with every exit and kernel of ours, and its peers. A row a path; each can make its machine."""

import dataclasses
import threading
from dataclasses import dataclass
from typing import Callable

import cases
import doors
import kernels
import media
import packages
import payloads
import points

WORDS = f"{doors.GUEST} quiet"
# For the clock on the wall: the kernel's first line as soon as there is one, and our phases on qemu-boot-time's port.
LOUD = "console=ttyS0 no_timer_check earlyprintk=ttyS0,115200 loglevel=6"
MARK = f"qv.mark={points.LINUX_EXIT_PORT:#x}"
MEMORY, CPUS, CPU = "512", 1, "max,-la57"
PEER, OURS = "peer", "quadrivium"
# Where a bzImage is also unpacked by us, which costs the same by every door: one without firmware, one each of BIOS and EFI.
DIRECT_DOORS = ("pvh-q35", "multiboot2-bios", "efi")
# Other ways to the same entries of ours: there the kernel as shipped will do.
VARIANTS = ("efi-bios", "efi-kernel", "efi-chain", "linux16-grub", "linux32-efi", "linux64-kexec-file")
PACKING = threading.Lock()              # several paths have the same image
DIRECT = "direct:pvh-q35:none"          # what wall-clock ratios are against
SYSTEMD_BOOT = "systemd-boot:efi:xz"
EFI_PEERS = {"systemd-boot": (SYSTEMD_BOOT,), "GRUB": ("grub:linux32-efi:xz", "grub:efi-handover:xz")}   # the better one counts
# Doors with EFI's boot services, so that the EFI stub can be an exit.
EFI_DOORS = ("efi", "efi-bios", "efi-kernel", "efi-chain", "multiboot2-efi", "efi-handover")


@dataclass(frozen=True)
class Path:
    """A way to start a KERNEL. START(folder, loud) gives QEMU's arguments; POINTS() what is to be watched for."""
    name: str
    kind: str                           # OURS or PEER
    door: doors.Door
    kernel: kernels.Kernel
    how: str
    start: Callable
    points: Callable
    exit: str = ""
    against: str = ""                   # the peer that it is compared with

    @property
    def waits(self):
        """Whether the guest reads a disk, and so waits for the host: each time some more or fewer instructions."""
        return _from_disk(self.door)


def _from_disk(door):
    return door.start is not doors.qemu_kernel and not door.name.startswith("linux64-kexec")


def _boot_points(door, files):
    """What the firmware starts: an option ROM, a boot sector, one of these EFI applications."""
    if door.firmware.startswith("ovmf"):
        return [point for file in files for point in points.application(file)]
    return points.boot_sector() if _from_disk(door) else points.option_roms()


# ---- ours ----

def _image(door, kernel, exit, loud):
    words = cases.joined(LOUD if loud else WORDS, door.needs, f"qv.exit={exit}", kernel.words, MARK if loud else "")
    with PACKING:
        return cases.packed(door.image, kernel.file(), [kernels.initrd()], words, kernel.options)


def ours(door, exit, kernel):
    """Our image, packed with the kernel, through a door, by an exit."""
    name = f"{door.name}:{exit}:{kernel.name}"

    def start(folder, loud, memory=MEMORY, cpus=CPUS, cpu=CPU):
        return door.arguments(doors.Job(_image(door, kernel, exit, loud), folder), memory, cpus, cpu)

    def watch(folder):
        image = _image(door, kernel, exit, False)
        # The firmware starts an EFI application without our trampoline.
        after = points.DOOR if exit == "efi" else points.COPY
        return [*_boot_points(door, _efi_files(folder, image)), *points.ours(), *points.kernel(entered(kernel), after)]
    return Path(name, OURS, door, kernel, f"{door.how}; {kernel.how}; by {exit}", start, watch, exit, _peer_of(door, kernel))


def entered(kernel):
    """The file whose code is entered: of a kernel that is compressed as a whole, or unpacked by us, vmlinux."""
    return kernels.shipped() if kernel.name == "xz" else kernels.KERNELS["none"].file()


def _efi_files(folder, image):
    """The EFI applications that the firmware may start from what START made in FOLDER: GRUB's core image, or the image."""
    core = folder / "disk.core"
    return [core.read_bytes() if core.exists() else image.read_bytes()]


def _peer_of(door, kernel):
    """The name of the path without us that is nearest: the same door with the kernel itself."""
    if door.name in ("pvh-q35", "pvh-pc", "pvh-microvm"):
        return f"direct:{door.name}:none" if kernel.name == "none" else "direct:linux16:xz"
    return {"multiboot2-bios": "grub:linux32:xz", "multiboot2-efi": "grub:linux32-efi:xz", "linux16": "direct:linux16:xz",
            "linux16-grub": "grub:linux16-grub:xz", "linux32": "grub:linux32:xz", "linux32-efi": "grub:linux32-efi:xz",
            "efi-handover": "grub:efi-handover:xz", "efi": SYSTEMD_BOOT, "efi-bios": "direct:efi-kernel:xz",
            "efi-kernel": "direct:efi-kernel:xz", "efi-chain": "grub:efi-handover:xz"}.get(door.name, "direct:linux16:xz")


# ---- peers ----

def bare(label, door, kernel):
    """The kernel itself through one of our doors, by what starts us there."""
    def start(folder, loud, memory=MEMORY, cpus=CPUS, cpu=CPU):
        words = cases.joined(LOUD if loud else WORDS, door.needs)
        return door.arguments(doors.Job(kernel.file(), folder, words, [kernels.initrd()]), memory, cpus, cpu)

    def watch(folder):
        boot = _boot_points(door, _efi_files(folder, kernel.file()))
        return [*boot, *points.kernel(kernel.file(), points.BOOT if boot and door.firmware != "qboot" else "-")]
    return Path(f"{label}:{door.name}:{kernel.name}", PEER, door, kernel, f"{door.how}; {kernel.how}", start, watch)


def _entries(loud, words=""):
    """The files of an entry of type 1, as systemd-boot and we read it (UAPI.1). WORDS are ours."""
    options = cases.joined(LOUD if loud else WORDS, words)
    entry = f"title Linux\nlinux /vmlinuz\ninitrd /initrd\noptions {options}\n"
    return {"vmlinuz": kernels.shipped(), "initrd": kernels.initrd(), "loader/loader.conf": b"timeout 0\n",
            "loader/entries/linux.conf": entry.encode()}


def _syslinux_files(loud):
    config = f"DEFAULT linux\nPROMPT 0\nLABEL linux\nLINUX /vmlinuz\nINITRD /initrd\nAPPEND {LOUD if loud else WORDS}\n"
    modules = "/usr/lib/syslinux/modules/efi64/ldlinux.e64"
    return {"vmlinuz": kernels.shipped(), "initrd": kernels.initrd(), "EFI/BOOT/syslinux.cfg": config.encode(),
            "EFI/BOOT/ldlinux.e64": packages.read("syslinux-common", modules)}


def esp(name, how, loader, files, exit="", kernel="xz"):
    """A loader on an EFI system partition with what it reads there. EXIT: it is ours, and leaves by that."""
    door, kernel = doors.DOORS["efi"], kernels.KERNELS[kernel]
    words = (kernel.words,) if exit == "linux64" else ()

    def start(folder, loud, memory=MEMORY, cpus=CPUS, cpu=CPU):
        folder.mkdir(parents=True, exist_ok=True)
        disk = media.gpt_disk(folder / "disk", [(media.ESP, {media.EFI_FALLBACK: loader(loud), **files(loud, *words)})])
        return _efi_machine(disk, memory, cpus, cpu)

    def watch(folder):
        file = loader(False).read_bytes()
        after = points.COPY if exit == "linux64" else points.DOOR if exit else points.BOOT
        return [*points.application(file), *(points.ours() if exit else []), *points.kernel(entered(kernel), after)]
    return Path(name, OURS if exit else PEER, door, kernel, f"OVMF; {how}", start, watch, exit, SYSTEMD_BOOT if exit else "")


def _efi_machine(disk, memory, cpus, cpu):
    return ["-M", "q35", "-m", memory, "-smp", str(cpus), "-cpu", cpu, *doors.FIRMWARE["ovmf-flash"],
            *doors._hard_disk(disk)]


def _own_loader(loud):
    return cases.assets.BUILD / "quadrivium.efi"


def _qboot():
    """The direct boot with qboot in SeaBIOS's place."""
    door = dataclasses.replace(doors.DOORS["linux16"], name="qboot", how="QEMU's -kernel on qboot")
    path = bare("direct", door, kernels.KERNELS["xz"])

    def start(folder, loud, **machine):
        return [*path.start(folder, loud, **machine), "-bios", "qboot.rom"]

    def watch(folder):
        return points.kernel(kernels.shipped(), "-")
    return dataclasses.replace(path, start=start, points=watch)


def table():
    """All paths, in order."""
    xz, none = kernels.KERNELS["xz"], kernels.KERNELS["none"]
    rows = [*(bare("direct", doors.DOORS[name], none) for name in ("pvh-q35", "pvh-pc", "pvh-microvm")),
            *(bare("direct", doors.DOORS[name], xz) for name in ("linux16", "efi-kernel")), _qboot(),
            *(bare("grub", doors.DOORS[name], xz) for name in ("linux16-grub", "linux32", "linux32-efi", "efi-handover")),
            esp(SYSTEMD_BOOT, "systemd-boot and an entry of type 1", lambda loud: payloads.TABLE["systemd-boot"].make(),
                _entries),
            esp("syslinux:efi:xz", "syslinux", lambda loud: payloads.TABLE["syslinux"].make(), _syslinux_files),
            esp("efi-entry:efi:xz", "our image and an entry of type 1, from the same disk as systemd-boot", _own_loader, _entries,
                "efi"),
            esp("efi-entry:linux64:xz-direct", "the same, with qv.unpack=loader in the entry", _own_loader, _entries, "linux64",
                "xz-direct")]
    rows += [ours(door, exit, kernel) for door in doors.DOORS.values() for kernel in _kernels(door) for exit in kernel.exits
             if exit != "efi" or door.name in EFI_DOORS]
    return {row.name: row for row in rows}


def _kernels(door):
    """The forms of the kernel that are measured through a DOOR."""
    if door.name in VARIANTS:
        return [kernels.KERNELS["xz"]]
    return [kernel for kernel in kernels.KERNELS.values() if kernel.words != kernels.WE_UNPACK or door.name in DIRECT_DOORS]


# What `make bench-quick` measures, and what is drawn: the direct boots, each door once, and its nearest peer.
QUICK = ("direct:pvh-q35:none", "pvh-q35:pvh:none", "pvh-q35:linux64:none", "pvh-q35:linux64:zstd", "pvh-q35:linux64:lz4")
HEADLINE = (*QUICK, *(f"pvh-q35:linux64:{kernel}-direct" for kernel in ("none", "lz4", "zstd", "xz")),
            "direct:linux16:xz", "direct:qboot:xz", "pvh-q35:linux64:xz", "linux16:linux64:xz", "grub:linux32:xz",
            "multiboot2-bios:linux64:xz", "linux32:linux64:xz", "linux64-kexec:linux64:xz",
            "direct:efi-kernel:xz", SYSTEMD_BOOT, "syslinux:efi:xz", "efi-entry:efi:xz", "efi:efi:xz",
            "efi-entry:linux64:xz-direct", *(f"efi:linux64:{kernel}-direct" for kernel in ("xz", "zstd", "lz4")),
            "grub:linux32-efi:xz", "grub:efi-handover:xz", "multiboot2-efi:efi:xz", "efi-handover:efi:xz")
