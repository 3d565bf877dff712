# SPDX-License-Identifier: BSD-2-Clause
"""Makes disks to boot from: a FAT file system with files in it, and GRUB for BIOS or EFI with its commands built in.

GRUB's core image carries the case's commands as its embedded configuration and only the modules that they need, and runs them in its
rescue parser: no configuration file, no module is read from the disk, so that GRUB costs a fraction of a second.
"""

import struct
import subprocess

SECTOR = 512
FIRST_SECTOR = 2048                     # of the partition; GRUB's BIOS core image lies in the gap before it
PARTITION_TABLE = 446
PARTITION_ACTIVE = 0x80
PARTITION_FAT16_LBA = 0x0E
FAT_SLACK = 4 << 20                     # for the FAT's own tables and the rounding to clusters
MINIMUM = 8 << 20                       # FAT16 wants at least 4085 clusters
EFI_FALLBACK = "EFI/BOOT/BOOTX64.EFI"   # UEFI 3.5.1.1: what the firmware starts from removable media
GRUB_LIBRARY = "/usr/lib/grub"
PARTITION = "(hd0,msdos1)"

COMMON_MODULES = ["part_msdos", "fat", "boot", "echo"]
BIOS_MODULES = [*COMMON_MODULES, "biosdisk", "serial", "terminal"]
EFI_MODULES = [*COMMON_MODULES, "efi_gop"]
SERIAL = ["serial --unit=0 --speed=115200", "terminal_output serial"]


def disk(path, files, boot_code=b""):
    """Writes to PATH a disk with one FAT16 partition that holds FILES, a dictionary from name to Path or bytes.

    BOOT_CODE is what the BIOS starts: sector 0 and what follows in the gap before the partition.
    """
    sources = {}
    for number, (name, source) in enumerate(files.items()):
        if isinstance(source, bytes):
            data, source = source, path.with_name(f"{path.name}.{number}")
            source.write_bytes(data)
        sources[name] = source
    size = sum(source.stat().st_size for source in sources.values()) + FAT_SLACK
    sectors = -(-max(size, MINIMUM) // SECTOR // 64) * 64
    assert len(boot_code) <= FIRST_SECTOR * SECTOR, "the boot code does not fit before the partition"
    with open(path, "wb") as image:
        image.write(boot_code)
        image.truncate((FIRST_SECTOR + sectors) * SECTOR)
        image.seek(PARTITION_TABLE)
        image.write(struct.pack("<B3sB3sII", PARTITION_ACTIVE, b"\xfe\xff\xff", PARTITION_FAT16_LBA, b"\xfe\xff\xff",
                                FIRST_SECTOR, sectors) + bytes(48) + b"\x55\xaa")
    volume = f"{path}@@{FIRST_SECTOR * SECTOR}"
    _run("mformat", "-i", volume, "-T", sectors, "-h", 64, "-s", 32, "-H", FIRST_SECTOR, "-N", "51564456", "::")
    folders = sorted({"/".join(name.split("/")[:depth + 1]) for name in sources for depth in range(name.count("/"))})
    if folders:
        _run("mmd", "-i", volume, *(f"::{folder}" for folder in folders))
    for name, source in sources.items():
        _run("mcopy", "-i", volume, source, f"::{name}")
    return path


def grub_bios(path, commands, modules, files):
    """A disk from which the BIOS starts GRUB, which runs COMMANDS with FILES on (hd0,msdos1)."""
    core = _core(path, "i386-pc", [*SERIAL, *commands], [*BIOS_MODULES, *modules])
    boot = open(f"{GRUB_LIBRARY}/i386-pc/boot.img", "rb").read()
    # boot.img reads the core image from sector 1, and the core's first sector reads the rest from sector 2, as they are built.
    return disk(path, files, boot[:PARTITION_TABLE] + bytes(SECTOR - PARTITION_TABLE) + core)


def grub_efi(path, commands, modules, files):
    """A disk from which EFI firmware starts GRUB, which runs COMMANDS with FILES on (hd0,msdos1)."""
    core = _core(path, "x86_64-efi", commands, [*EFI_MODULES, *modules])
    return disk(path, files | {EFI_FALLBACK: core})


def _core(path, platform, commands, modules):
    config, core = path.with_suffix(".cfg"), path.with_suffix(".core")
    config.write_text("".join(f"{command}\n" for command in [f"set root={PARTITION}", *commands]))
    _run("grub-mkimage", "-O", platform, "-p", f"{PARTITION}/grub", "-c", config, "-o", core, *modules)
    return core.read_bytes()


def _run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
