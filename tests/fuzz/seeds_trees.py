#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_cpio, fuzz_fat, fuzz_ext and fuzz_iso9660 with cpio, mtools, mke2fs and xorriso: small trees with what
such trees can have."""

import os
import struct
import subprocess
import tempfile
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"
FATS = {"fat12": "-h 1 -s 20 -t 1 -c 1 -r 1 -L 1 -d 1", "fat16": "-T 4200 -c 1 -r 1 -d 1",
        "fat12-1024": "-S 3 -T 20 -c 1 -r 2 -d 1", "fat12-wide": "-T 40 -c 4 -r 2 -d 2"}
EXTS = {"ext2": ("-t ext2 -b 1024 -I 128", ""), "ext4": ("-t ext4 -b 1024 -I 256", ",^metadata_csum,inline_data"),
        "ext4-checksums": ("-t ext4 -b 1024", ",^64bit"), "ext4-2k": ("-t ext4 -b 2048", ",^metadata_csum,meta_bg")}
UUID = "8d2a6bd3-1f0e-4d5c-9b7a-0123456789ab"
ISOS = {"plain": (["-rockridge", "off"], []), "joliet": (["-rockridge", "off"], ["-J"]), "rock-ridge": ([], ["-R"]),
        "moved": ([], ["-R", "-rr_reloc_dir", "/moved"])}
SYSTEM_AREA = 32768                     # of an ISO 9660, which no seed has
CONF = b"title Debian\nlinux /vmlinuz\n"


def make_tree(root):
    (root / "loader/entries").mkdir(parents=True)
    (root / "loader/entries/a-rather-long-name.conf").write_bytes(CONF)
    (root / "loader/entries/b+3-1.conf").write_bytes(CONF * 3)
    (root / "EFI/Linux").mkdir(parents=True)
    (root / "EFI/Linux/Größe.efi").write_bytes(b"MZ" + bytes(1200))
    (root / "vmlinuz").write_bytes(b"kernel" * 200)
    (root / "empty").touch()


def cpio(root, form, names):
    return subprocess.run(["cpio", "-o", "-H", form, "--reproducible", "--renumber-inodes", "--quiet"], cwd=root,
                          input="\n".join(names).encode(), capture_output=True, check=True).stdout


def names_of(root):
    return ["."] + sorted("./" + str(path.relative_to(root)) for path in root.rglob("*"))


def make_cpio(folder):
    root = folder / "cpio"
    make_tree(root)
    os.link(root / "vmlinuz", root / "EFI/hard")
    os.link(root / "vmlinuz", root / "zlast")
    (root / "soft").symlink_to("vmlinuz")
    SEEDS.joinpath("cpio").mkdir(parents=True, exist_ok=True)
    whole, summed = cpio(root, "newc", names_of(root)), cpio(root, "crc", names_of(root))
    files = cpio(root, "newc", ["vmlinuz", "loader/entries/b+3-1.conf"])
    for name, data in {"newc": whole, "crc": summed, "files": files, "two": files + whole,
                       "bare": files[: files.index(b"TRAILER!!!") - 110], "compressed": files + b"\x1f\x8b\x08rest"}.items():
        SEEDS.joinpath("cpio", name).write_bytes(data)


def make_fat(folder):
    root = folder / "fat"
    make_tree(root)
    SEEDS.joinpath("fat").mkdir(parents=True, exist_ok=True)
    for name, options in FATS.items():
        image = folder / name
        subprocess.run(["mformat", "-C", "-i", image, "-N", "12345678", *options.split(), "::"], check=True)
        for path in sorted(root.iterdir()):
            subprocess.run(["mcopy", "-s", "-i", image, path, "::"], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        SEEDS.joinpath("fat", name).write_bytes(image.read_bytes().rstrip(b"\0"))
    fat12 = bytearray(SEEDS.joinpath("fat", "fat12").read_bytes())
    SEEDS.joinpath("fat", "fat32").write_bytes(as_fat32(fat12))


def as_fat32(image):
    """A small FAT32, as no tool makes it: the FAT12's root becomes the first cluster behind the others."""
    fat, root, clusters = image[512:1024], image[1024:1536], image[1536:]
    clusters += bytes(-len(clusters) % 512)
    count = len(clusters) // 512
    table = [0x0FFFFFF8, 0x0FFFFFFF]
    for number in range(2, count + 2):
        pair = int.from_bytes(fat[number * 3 // 2 :][:2], "little")
        value = pair >> 4 if number % 2 else pair & 0xFFF
        table.append(0x0FFFFFFF if value >= 0xFF8 else value)
    table.append(0x0FFFFFFF)
    boot = bytearray(image[:512])
    boot[17:19], boot[19:21], boot[22:24] = bytes(2), (3 + count).to_bytes(2, "little"), bytes(2)
    boot[36:40], boot[40:44], boot[44:48] = (1).to_bytes(4, "little"), bytes(4), (count + 2).to_bytes(4, "little")
    return boot + b"".join(value.to_bytes(4, "little") for value in table).ljust(512, b"\0") + clusters + root


def journal(blocks):
    """The smallest journal: one transaction, with these blocks of 1 KiB; then one that is not finished."""
    def header(kind, sequence):
        return struct.pack(">III", 0xC03B3998, kind, sequence)

    def descriptor(sequence, numbers):
        flags = [2 if at else 0 for at in range(len(numbers))]
        flags[-1] |= 8
        tags = b"".join(struct.pack(">IHH", number, 0, flag) + bytes(0 if flag & 2 else 16)
                        for number, flag in zip(numbers, flags))
        return header(1, sequence) + tags

    log = [header(4, 0) + struct.pack(">IIIII", 1024, 16, 1, 5, 1) + bytes(4) + struct.pack(">III", 0, 1, 0)]
    log += [descriptor(5, list(blocks)), *blocks.values(), header(5, 5) + struct.pack(">II", 20, 77), header(2, 5)]
    log += [descriptor(6, [8]), bytes(1024)]
    return b"".join(block.ljust(1024, b"\0") for block in log).ljust(16 * 1024, b"\0")


def make_ext(folder):
    """With files of several extents, links of all kinds, a folder with a tree of hashes."""
    root = folder / "ext"
    make_tree(root)
    (root / "soft").symlink_to("EFI/../vmlinuz")
    (root / "EFI/slow").symlink_to("/" * 60 + "loader/entries")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "fifo")
    with open(root / "holes", "wb") as file:
        for at in range(0, 24, 4):
            file.seek(at * 1024)
            file.write(b"hole")
    for number in range(24):
        (root / "loader/entries" / f"{number}{'n' * 50}").touch()
    SEEDS.joinpath("ext").mkdir(parents=True, exist_ok=True)

    def write(name, options, features, *commands):
        image = folder / name
        subprocess.run(["mke2fs", "-q", "-F", "-U", UUID, "-E", f"hash_seed={UUID},no_copy_xattrs", "-m", "0", "-N", "56",
                        "-O", "^has_journal,^resize_inode" + features, "-d", root, *options.split(), image, "130k"], check=True)
        subprocess.run(["debugfs", "-w", "-f", "-", image], input="\n".join(commands).encode(), check=True, capture_output=True)
        SEEDS.joinpath("ext", name).write_bytes(image.read_bytes().rstrip(b"\0"))

    for name, (options, features) in EXTS.items():
        write(name, options, features)
    first = (SEEDS / "ext" / "ext2").read_bytes()
    (folder / "journal").write_bytes(journal({first.index(b"kernelkernel") // 1024: b"changed" * 140}))
    write("ext3", *EXTS["ext2"], f"write {folder}/journal journal", "set_super_value journal_inum 50",
          "feature has_journal needs_recovery")


def make_iso(folder):
    root = folder / "iso"
    make_tree(root)
    SEEDS.joinpath("iso9660").mkdir(parents=True, exist_ok=True)
    for name, (before, options) in ISOS.items():
        if name == "moved":
            root.joinpath(*"abcdefghij").mkdir(parents=True)
        elif name == "rock-ridge":
            (root / ("n" * 250)).symlink_to("EFI/../EFI/" + "./" * 120 + "Linux")
            (root / "EFI/kernel").symlink_to("/vmlinuz")
        image = folder / name
        subprocess.run(["xorriso", *before, "-as", "mkisofs", "-quiet", "-no-pad", *options, "-o", image, root], check=True,
                       env={**os.environ, "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "1700000000"}, capture_output=True)
        SEEDS.joinpath("iso9660", name).write_bytes(image.read_bytes()[SYSTEM_AREA:].rstrip(b"\0"))


with tempfile.TemporaryDirectory() as made:
    make_iso(Path(made))
    make_cpio(Path(made))
    make_fat(Path(made))
    make_ext(Path(made))
