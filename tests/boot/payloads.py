# SPDX-License-Identifier: BSD-2-Clause
"""What the tests start through Quadrivium besides Debian's kernel: a row a payload, each made when a test wants it.

All come from Debian's packages, as files (packages.py), or are made of what is there. They lie in build/assets/payloads-KEY, where
KEY is a hash of this program.
"""

import fcntl
import functools
import gzip
import hashlib
import lzma
import re
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import assets
import cases
import doors
import guest
import media
import packages

OWN = f"{doors.GUEST} loglevel=4 qvtest.own=1"
UKI = f"{doors.GUEST} loglevel=4 qvtest.uki=1 qvtest.auto"   # packed into the unified kernel image
INNER = f"{doors.GUEST} loglevel=4 qvtest.inner=1"           # packed into the inner image of a chain
# As xen_host.py's, on the first serial port. Dom0's console is Xen's.
XEN_WORDS = ("console=com1 com1=115200,8n1 loglvl=warning dom0_mem=256M,max:256M noreboot spec-ctrl=no bootscrub=0 "
             "dom0_max_vcpus=1")
DOM0_WORDS = "console=hvc0 loglevel=4 mitigations=off qvtest.own=1 qvtest.auto"
DOM0_END = " -- "       # what stands behind it on Xen's command line goes to dom0 (xen/arch/x86/setup.c, kextra)
# SMAP kills dom0, MONITOR makes an idle Xen panic (xen_host.py).
XEN_CPU = "EPYC,-smap,-monitor,-rdtscp"
OVMF_LZMA = uuid.UUID("ee4e5898-3914-4259-9d6e-dc7bd79403cf").bytes_le      # PI 1.7 volume 3: an LZMA section
OVMF_SHELL = uuid.UUID("7c04a583-9e3e-4f1c-ad65-e05268d0b4d1").bytes_le     # ShellPkg.dec: the shell's file
FFS_HEADER, FFS_APPLICATION, FFS_TYPE = 24, 9, 18
SECTION_PE32 = 0x10
SYSTEMD = "/usr/lib/systemd/boot/efi"
UKI_ALIGNMENT = 4096
GRUB_WORD = "GRUB speaks"
GRUB_MODULES = ["echo", "halt", "sleep"]
ENTRY_TITLE = "An entry of the tests"


@dataclass(frozen=True)
class Payload:
    """A row of the table. SUCCESS is what its console shows when it runs; guest.END: a guest whose report is checked."""
    name: str
    make: Callable                          # () -> the path of the file
    exits: str                              # by which it can be entered
    success: str
    words: str = ""                         # its own command line
    modules: Callable = lambda: []          # () -> what belongs to it: initrds, or dom0's kernel and initrd
    strings: tuple = ()                     # of these modules; where there is but one blob, for Xen behind `--`
    cpu: str = ""                           # a model that it needs
    memory: int = 128                       # MiB that it needs
    files: Callable = lambda: {}            # () -> what it reads from the disk that it was started from
    inside: str = ""                        # the command line that is inside it already
    timeout: int = 60

    @property
    def guest(self):
        return self.success == guest.END


@functools.cache
def folder():
    """Where what this version of the program makes is kept."""
    assets.ASSETS.mkdir(parents=True, exist_ok=True)
    with open(assets.ASSETS / "payloads.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return assets.kept("payloads", hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16])


def product(name, make, *inputs):
    """A maker: the file NAME, which holds the bytes that MAKE returns; made anew when INPUTS have changed."""
    def path():
        result = folder() / name
        with open(folder() / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            newest = max((source.stat().st_mtime for source in inputs), default=0)
            if not result.exists() or result.stat().st_mtime < newest:
                partial = folder() / f"{name}.part"
                partial.write_bytes(make())
                partial.rename(result)
        return result
    return path


def packaged(name, package, path):
    """A maker: the file PATH of Debian's PACKAGE."""
    return product(name, lambda: packages.read(package, path))


def kept(name):
    """A maker: one of assets.Assets."""
    return lambda: getattr(assets.make(), name)


def initrds(count=1):
    return lambda: assets.make().initrds[:count]


def dom0():
    made = assets.make()
    return [made.vmlinuz, made.initrds[0]]


def cloud_kernel():
    name = packages.dependency("linux-image-cloud-amd64", r"linux-image-[\d.]+-\d+-cloud-amd64")
    return packages.read(name, "/boot/vmlinuz-*")


def efi_shell():
    """The shell that is inside Debian's OVMF: a file of a firmware volume, in a section packed by LZMA (PI 1.7, volume 3)."""
    flash = Path(doors.OVMF).read_bytes()
    guid = flash.index(OVMF_LZMA)
    size, (offset,) = int.from_bytes(flash[guid - 4:guid - 1], "little"), struct.unpack_from("<H", flash, guid + 16)
    volume = lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(flash[guid - 4 + offset:guid - 4 + size])
    for found in re.finditer(re.escape(OVMF_SHELL), volume):
        section = found.start() + FFS_HEADER
        if volume[found.start() + FFS_TYPE] == FFS_APPLICATION and volume[section + 3] == SECTION_PE32:
            return volume[section + 4:section + int.from_bytes(volume[section:section + 3], "little")]
    raise packages.PackageFailure(f"{doors.OVMF}: it holds no shell")


def uki(name, cmdline, package=lambda: packages.fetch("systemd-boot-efi")[0]):
    """A unified kernel image (UAPI.5) of Debian's kernel and the stub in PACKAGE, put together as systemd-stub(7) of 252 says."""
    def make():
        made = assets.make()
        stub = folder() / f"{name}.stub"
        stub.write_bytes(packages.read_file(package(), f"{SYSTEMD}/linuxx64.efi.stub"))
        contents = {".osrel": b"ID=quadrivium\nPRETTY_NAME=Tests\n", ".uname": b"6.1.0-test", ".cmdline": cmdline.encode(),
                    ".initrd": made.initrds[0].read_bytes(), ".linux": made.vmlinuz.read_bytes()}
        listing = subprocess.run(["objdump", "-h", stub], capture_output=True, text=True, check=True).stdout
        there = re.findall(r"^ +\d+ \S+ +(\w+)  (\w+)", listing, re.MULTILINE)
        place = max(int(size, 16) + int(address, 16) for size, address in there)
        command = ["objcopy"]
        for section, data in contents.items():
            place = -(-place // UKI_ALIGNMENT) * UKI_ALIGNMENT
            path = folder() / f"{name}{section}"
            path.write_bytes(data)
            command += ["--add-section", f"{section}={path}", "--change-section-vma", f"{section}={place:#x}",
                        "--set-section-flags", f"{section}=data,readonly"]
            place += len(data)
        result = folder() / f"{name}.objcopy"
        subprocess.run([*command, stub, result], check=True)
        return result.read_bytes()
    return product(name, make)


def grub(platform, *commands):
    """GRUB's image, which says its word and waits; its modules come from Debian's package where the machine has none."""
    def make():
        modules = Path(media.GRUB_LIBRARY) / platform
        if not modules.exists():
            package, = packages.fetch("grub-xen-bin")
            packages.unpack(package, folder() / "grub", f"./usr/lib/grub/{platform}")
            modules = folder() / f"grub/usr/lib/grub/{platform}"
        config, result = folder() / f"{platform}.cfg", folder() / f"{platform}.image"
        config.write_text(f"echo {GRUB_WORD}\n" + "".join(f"{command}\n" for command in commands))
        command = ["grub-mkimage", "-d", modules, "-O", platform, "-p", "/", "-c", config, "-o", result, *GRUB_MODULES]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return result.read_bytes()
    return make


def chain(kind, depth, kernel="vmlinux"):
    """A maker: our image of this KIND, packed with Debian's kernel, packed again into another where DEPTH is 2."""
    def path():
        made = assets.make()
        inner = cases.packed(kind, getattr(made, kernel), made.initrds[:1], INNER)
        return inner if depth == 1 else cases.packed(kind, inner, [], "qvtest.middle=1")
    return path


_memtest = packaged("memtest.efi", "memtest86+", "/boot/memtest86+x64.efi")
_xen = packaged("xen.gz", "xen-hypervisor-4.17-amd64", "/boot/xen-4.17-amd64.gz")
_shim = packaged("xen-shim", "xen-utils-4.17", "/usr/lib/xen-4.17/boot/xen-shim")
_xen_efi = packaged("xen.efi", "xen-hypervisor-4.17-amd64", "/boot/xen-4.17-amd64.efi")


def boot_entries():
    """For systemd-boot: an entry that starts memtest86+, on a disk small enough for doors.py's."""
    entry = f"title {ENTRY_TITLE}\nefi /memtest.efi\n"
    return {"loader/loader.conf": b"timeout 2\nconsole-mode keep\n", "loader/entries/test.conf": entry.encode(),
            "memtest.efi": _memtest().read_bytes()}


_GUEST = dict(success=guest.END, words=OWN, modules=initrds())
_XEN = dict(words=XEN_WORDS, cpu=XEN_CPU)
_CHAIN = dict(success=guest.END, words="qvtest.own=1", inside=INNER, memory=512)
_CHAIN2 = _CHAIN | dict(inside=f"{INNER} qvtest.middle=1")

TABLE = {row.name: row for row in (
    Payload("bzImage", kept("vmlinuz"), "efi linux64 linux32", **_GUEST),
    Payload("vmlinux", kept("vmlinux"), "pvh linux64", **_GUEST, memory=256),
    Payload("cloud", product("cloud", cloud_kernel), "efi linux64 linux32", **_GUEST),
    Payload("uki", uki("uki", UKI), "efi linux64 linux32", guest.END, OWN, inside=UKI, memory=512),
    # Until it asks for dom0's kernel, and all the way to dom0's report.
    Payload("xen", product("xen.elf", lambda: gzip.decompress(_xen().read_bytes())), "multiboot2 multiboot",
            r"Xen version 4\.17", memory=512, **_XEN),
    Payload("xen-dom0", _xen, "multiboot2 multiboot", guest.END, modules=dom0, strings=(DOM0_WORDS, ""), memory=1024, **_XEN),
    # The Xen of pvshim=1 in xl.cfg(5), Debian's only one with PVH's note, by which it wants another Xen beneath it.
    Payload("xen-shim", _shim, "multiboot2 multiboot", r"Xen version 4\.17", memory=512, **_XEN),
    Payload("xen-shim-pv", _shim, "pvh", guest.END, "pv-shim console=xen,pv loglvl=warning spec-ctrl=no", modules=dom0,
            strings=(DOM0_WORDS, ""), memory=512),
    Payload("xen.efi", _xen_efi, "efi", r"Xen 4\.17.* EFI loader"),
    Payload("gnumach", packaged("gnumach.gz", "gnumach-image-1.8-486", "/boot/gnumach-1.8-486.gz"), "multiboot",
            r"GNU Mach 1\.8|^biosmem: .*, available$", words="console=com0"),
    Payload("memtest", _memtest, "efi linux64 linux32", r"Memtest86\+ v6", words="console=ttyS0,115200"),
    Payload("ipxe.efi", packaged("ipxe.efi", "ipxe", "/boot/ipxe.efi"), "efi", r"iPXE.*-- Open Source Network Boot Firmware"),
    Payload("systemd-boot", packaged("systemd-boot.efi", "systemd-boot-efi", f"{SYSTEMD}/systemd-bootx64.efi"), "efi", ENTRY_TITLE,
            files=boot_entries),
    Payload("syslinux", packaged("syslinux.efi", "syslinux-efi", "/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi"), "efi",
            r"Failed to load ldlinux\.e64"),
    Payload("grub.efi", product("grub.efi", grub("x86_64-efi", "sleep 1000")), "efi", GRUB_WORD),
    # Its console and its memory map are Xen's: it runs nowhere else.
    Payload("grub-pvh", product("grub-pvh", grub("i386-xen_pvh", "sleep 1000")), "pvh", GRUB_WORD),
    Payload("shell", product("shell.efi", efi_shell, Path(doors.OVMF)), "efi", r"UEFI Interactive Shell v2"),
    Payload("quadrivium.elf", chain("elf", 1), "pvh multiboot2", **_CHAIN),
    Payload("quadrivium.efi", chain("efi", 1, "vmlinuz"), "efi linux64 linux32 multiboot2", **_CHAIN),
    Payload("two-quadrivia.elf", chain("elf", 2), "pvh multiboot2", **_CHAIN2),
    Payload("two-quadrivia.efi", chain("efi", 2, "vmlinuz"), "efi linux64 linux32 multiboot2", **_CHAIN2),
)}
