#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_partitions: small disks with tables of each kind, a few entries each; and those of fuzz_carried that are
disks: the FAT of fuzz_fat, whole and in partitions."""

import struct
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds/partitions"
CARRIED = SEEDS.with_name("carried")
DISK = 64 << 10                         # as fuzz_partitions.c has it
SIGN_FIRST, SIGN_LAST, LARGE_BLOCKS = 2, 4, 1
ESP = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
XBOOTLDR = bytes.fromhex("ffc213bce6596242a352b275fd6f7172")


def mbr(*records, first=0):
    """A sector with RECORDS (type, start, size)."""
    packed = b"".join(struct.pack("<B3xB3xII", 0, kind, start, size) for kind, start, size in records).ljust(64, b"\0")
    return bytes([first]).ljust(440, b"\0") + struct.pack("<IH", 0x1234ABCD, 0) + packed + b"\x55\xaa"


def header(block, here, table, count, size):
    blocks = DISK // block
    return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, here, blocks - 1, 4, blocks - 8, bytes(16), table,
                       count, size, 0)


def entry(kind, first, last, name):
    return struct.pack("<16s16sQQQ72s", kind, bytes(range(16)), first, last, 0, name.encode("utf-16-le"))


def disk(size, pieces):
    data = bytearray(size)
    for at, piece in pieces.items():
        data[at:at + len(piece)] = piece
    return bytes(data).rstrip(b"\0")


def gpt(block, size, first):
    entries = [entry(ESP, 8, 10, "EFI"), bytes(128), entry(XBOOTLDR, 11, 11, "größe"), entry(ESP, 12, 11, "back")]
    table = b"".join(each.ljust(size, b"\0") for each in entries)
    last = DISK // block - 1
    pieces = {0: mbr((0xEE, 1, 0xFFFFFFFF), first=first), block: header(block, 1, 2, 4, size), 2 * block: table}
    if first & SIGN_LAST:
        pieces[last * block] = header(block, last, 2, 4, size)
    return disk(DISK, pieces)


CHAIN = {0: mbr((0x83, 5, 10), (0x05, 20, 100), (0xEF, 110, 10), (0x0F, 100, 20)),
         20 * 512: mbr((0x83, 1, 5), (0x05, 10, 10)), 30 * 512: mbr((0x83, 1, 5), (0x05, 30, 10)),
         50 * 512: mbr((0xEA, 1, 5), (0x05, 0, 10)), 100 * 512: mbr((0x83, 1, 5))}
MADE = {
    "mbr": disk(DISK, {0: mbr((0x83, 5, 10), (0xEF, 20, 10))}),
    "mbr-4096": disk(DISK, {0: mbr((0x83, 5, 6), (0x05, 3, 10), first=LARGE_BLOCKS), 3 * 4096: mbr((0x83, 1, 5))}),
    "chain": disk(DISK, CHAIN),
    "gpt": gpt(512, 128, SIGN_FIRST),
    "gpt-256": gpt(512, 256, SIGN_FIRST),
    "gpt-4096": gpt(4096, 128, SIGN_FIRST | LARGE_BLOCKS),
    "gpt-backup": gpt(512, 128, SIGN_LAST),
    "hybrid": disk(DISK, {0: mbr((0xEE, 1, 3), (0x83, 9, 9), first=SIGN_FIRST), 512: header(512, 1, 2, 1, 128),
                          1024: entry(ESP, 9, 9, "")}),
    "none": disk(512, {0: mbr()}),
}

SEEDS.mkdir(parents=True, exist_ok=True)
for name, data in MADE.items():
    SEEDS.joinpath(name).write_bytes(data)


def module(data):
    """The last one of fuzz_carried, without a string."""
    return struct.pack("<HB", len(data), 0) + data


fat = SEEDS.with_name("fat").joinpath("fat12").read_bytes()
CARRIED.joinpath("disk").write_bytes(module(fat.ljust(20 * 512, b"\0")))
CARRIED.joinpath("disk-mbr").write_bytes(module((mbr((0xEF, 1, 20)) + fat).ljust(21 * 512, b"\0")))
