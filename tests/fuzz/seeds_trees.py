#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_cpio, fuzz_fat and fuzz_iso9660 with cpio, mtools and xorriso: small trees with what such trees can
have."""

import os
import subprocess
import tempfile
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"
FATS = {"fat12": "-h 1 -s 20 -t 1 -c 1 -r 1 -L 1 -d 1", "fat16": "-T 4200 -c 1 -r 1 -d 1",
        "fat12-1024": "-S 3 -T 20 -c 1 -r 2 -d 1", "fat12-wide": "-T 40 -c 4 -r 2 -d 2"}
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
