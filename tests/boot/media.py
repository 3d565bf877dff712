# SPDX-License-Identifier: BSD-2-Clause
"""Makes disks to boot from: a FAT file system with files in it, and GRUB for BIOS or EFI with its commands built in.

GRUB's core image carries the case's commands as its embedded configuration and only the modules that they need, and runs them in its
rescue parser: no configuration file, no module is read from the disk, so that GRUB costs a fraction of a second.
"""

import struct
import subprocess
import uuid
import zlib

SECTOR = 512
FIRST_SECTOR = 2048                     # of the partition; GRUB's BIOS core image lies in the gap before it
PARTITION_TABLE = 446
PARTITION_ACTIVE = 0x80
PARTITION_FAT16_LBA, PARTITION_EXTENDED, PARTITION_LINUX = 0x0E, 0x05, 0x83
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


def fat(path, files):
    """Writes to PATH a FAT file system without a partition table, with FILES as of disk()."""
    sources = _sources(path.with_name(f"{path.name}.files"), files)
    sectors = _fat_sectors(sources)
    with open(path, "wb") as image:
        image.truncate(sectors * SECTOR)
    _fat(path, sectors, 0, "51564400", sources)
    return path


def iso(path, files):
    """Writes to PATH a CD-ROM, ISO 9660 with Rock Ridge, with FILES as of disk()."""
    root = path.with_name(f"{path.name}.files")
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(source if isinstance(source, bytes) else source.read_bytes())
    _run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", path, root)
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


# UAPI.2 and the Discoverable Partitions Specification.
ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
XBOOTLDR = "bc13c2ff-59e6-4262-a352-b275fd6f7172"
LINUX_DATA = "0fc63daf-8483-4772-8e79-3d69d8477de4"
GPT_ENTRIES, GPT_ENTRY, GPT_HEADER = 128, 128, 92     # how many, and bytes of each (UEFI 2.10, section 5.3)
GPT_RESERVED = GPT_ENTRIES * GPT_ENTRY // SECTOR + 1    # sectors of a table: the entries and the header
PARTITION_PROTECTIVE = 0xEE
ALIGNMENT = 2048                                        # sectors; what partitioning tools take


def partition_guid(path, number):
    """The unique GUID of partition NUMBER, from 1 on, of the disk that gpt_disk writes to PATH."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{path.name}/{number}")


def gpt_disk(path, partitions):
    """Writes to PATH a disk with a GPT and these PARTITIONS: pairs of a type GUID and a dictionary from name to Path or bytes,
    the files of its FAT. The unique GUIDs depend on the name of PATH and the partition's number only: partition_guid.
    """
    layout, first = [], ALIGNMENT
    for number, (kind, files) in enumerate(partitions, 1):
        sources = _sources(path.with_name(f"{path.name}.{number}"), files)
        sectors = _fat_sectors(sources)
        layout.append((uuid.UUID(kind), first, sectors, sources))
        first += -(-sectors // ALIGNMENT) * ALIGNMENT
    path.unlink(missing_ok=True)
    gpt_table(path, [(kind, start, sectors) for kind, start, sectors, _ in layout], first + GPT_RESERVED)
    for number, (_, start, sectors, sources) in enumerate(layout, 1):
        _fat(f"{path}@@{start * SECTOR}", sectors, start, f"515644{number:02x}", sources)
    return path


def gpt_table(path, partitions, total):
    """Writes to PATH, made where it is missing, a GPT for TOTAL sectors with these PARTITIONS: type, first sector, sectors."""
    entries = b"".join(kind.bytes_le + partition_guid(path, number).bytes_le
                       + struct.pack("<QQQ", start, start + sectors - 1, 0) + bytes(72)
                       for number, (kind, start, sectors) in enumerate(partitions, 1)).ljust(GPT_ENTRIES * GPT_ENTRY, b"\0")
    mbr_table(path, 0, [(PARTITION_PROTECTIVE, 1, min(total - 1, 0xFFFFFFFF))])
    with open(path, "r+b") as image:
        image.truncate(total * SECTOR)
        image.seek(SECTOR)
        guid = partition_guid(path, 0)
        image.write(_gpt_header(guid, 1, total - 1, 2, total, entries).ljust(SECTOR, b"\0") + entries)
        image.seek((total - GPT_RESERVED) * SECTOR)
        image.write(entries + _gpt_header(guid, total - 1, 1, total - GPT_RESERVED, total, entries).ljust(SECTOR, b"\0"))


def mbr_table(path, sector, partitions):
    """Writes into SECTOR of PATH, which is made where it is missing, a table of these PARTITIONS: type, first sector, sectors.

    In the table of an extended partition, the first sector counts from that table on.
    """
    path.touch()
    with open(path, "r+b") as image:
        image.seek(sector * SECTOR + PARTITION_TABLE)
        entries = b"".join(struct.pack("<B3sB3sII", 0, b"\x00\x02\x00", kind, b"\xff\xff\xff", first, sectors)
                           for kind, first, sectors in partitions)
        image.write(entries.ljust(4 * 16, b"\0") + b"\x55\xaa")


def gpt_partition(path, number):
    """The first and the last sector of partition NUMBER, from 1 on, of a disk with a GPT."""
    with open(path, "rb") as image:
        image.seek(2 * SECTOR + (number - 1) * GPT_ENTRY + 32)
        return struct.unpack("<QQ", image.read(16))


def gpt_volume(path, number):
    """What mtools calls such a partition: for `mdir -i`, `mcopy -i`."""
    return f"{path}@@{gpt_partition(path, number)[0] * SECTOR}"


def read_file(volume, name):
    """The bytes of a file of a FAT volume, as it is now."""
    return subprocess.run(["mtype", "-i", volume, f"::{name}"], capture_output=True, check=True).stdout


def names(volume, folder):
    """The names in a folder of a FAT volume, as it is now."""
    listed = subprocess.run(["mdir", "-b", "-i", volume, f"::{folder}"], capture_output=True, check=True, text=True).stdout
    return {line.rstrip("/").rsplit("/", 1)[1] for line in listed.splitlines()}


def _gpt_header(guid, here, there, table, total, entries):
    def pack(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, GPT_HEADER, crc, 0, here, there, GPT_RESERVED + 1,
                           total - GPT_RESERVED - 1, guid.bytes_le, table, GPT_ENTRIES, GPT_ENTRY, zlib.crc32(entries))
    return pack(zlib.crc32(pack(0)))


def _sources(folder, files):
    """FILES with Paths only: what is given as bytes is written below FOLDER under its own name."""
    sources = {}
    for name, source in files.items():
        if isinstance(source, bytes):
            data, source = source, folder / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(data)
        sources[name] = source
    return sources


def _fat_sectors(sources):
    clusters = sum(-(-source.stat().st_size // 4096) * 4096 for source in sources.values())
    return -(-max(clusters + FAT_SLACK, MINIMUM) // SECTOR // 64) * 64


def _fat(volume, sectors, start, serial, sources):
    """Formats VOLUME, which begins at sector START of its disk, and fills it."""
    _run("mformat", "-i", volume, "-T", sectors, "-h", 64, "-s", 32, "-H", start, "-N", serial, "::")
    folders = sorted({"/".join(name.split("/")[:depth + 1]) for name in sources for depth in range(name.count("/"))})
    if folders:
        _run("mmd", "-i", volume, *(f"::{folder}" for folder in folders))
    together = {}                       # those that keep their names are copied a folder at a time
    for name, source in sources.items():
        parent, _, last = name.rpartition("/")
        if source.name == last:
            together.setdefault(parent, []).append(source)
        else:
            _run("mcopy", "-i", volume, source, f"::{name}")
    for parent, group in together.items():
        _run("mcopy", "-i", volume, *group, f"::{parent}/")


def _run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
