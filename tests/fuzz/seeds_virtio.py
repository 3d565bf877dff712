#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_virtio, fuzz_virtio_words and fuzz_acpi_virtio: scripts of devices, command lines, a real DSDT."""

import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAPTURE = HERE.parent / "unit/captured/acpi-virtio.capture"
BASE = 0x10000                          # MEMORY_BASE
SIZE_MAX, SEG_MAX, BLOCK_SIZE = 2, 4, 64
GOOD, ALL, AHEAD, ID, OTHER_ID, LENGTH, SPOIL = 7, 6, 1, 2, 3, 4, 5     # what a device does in a turn

WORDS = {"firecracker": b"console=ttyS0 root=/dev/vda virtio_mmio.device=4K@0xd0000000:5 virtio_mmio.device=4K@0xd0001000:6",
         "microvm": b"virtio_mmio.device=512@0xfeb02e00:47 virtio_mmio.device=512@0xfeb02c00:46",
         "odd": b'virtio_mmio.device=0x200@01000:1:3 "virtio_mmio.device=1M@4096:2" virtio_mmio.device=1E@:x -- init'}


def write(target, name, data):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def script(legacy, features, config, queue, reads):
    """What fuzz_virtio's device says, in the order in which it is asked. CONFIG are numbers; READS, each with its turns."""
    data = bytes([legacy]) + bytes(1 + 2) + bytes([features, not legacy])
    data += b"" if legacy else bytes(2)
    data += b"\0" + b"".join(struct.pack(">I", value)[1:] for value in config) + b"\0" + struct.pack(">H", queue) + b"\0"
    for first, count, turns in reads:
        data += struct.pack(">I", first)[1:] + struct.pack(">H", count) + b"".join(bytes(turn) for turn in turns)
    return data


def scripts():
    good = [(0, 8, [(0, GOOD)]), (9, 4095, [(0, GOOD)] * 2), (1, 16000, [(0, GOOD)] * 8)]
    write("virtio", "modern", script(0, BLOCK_SIZE, (0x4000, 512), 256, good))
    write("virtio", "legacy", script(1, BLOCK_SIZE, (0x4000, 4096), 128, good))
    write("virtio", "segments", script(0, BLOCK_SIZE | SIZE_MAX | SEG_MAX, (0x8000, 4096, 30, 512), 64, good))
    write("virtio", "small", script(0, 0, (1000,), 4, good))
    write("virtio", "foreign", script(0, 0, (1000,), 64, [(0, 8, [(0, ID, 1), (0, AHEAD)])]))
    write("virtio", "far", script(0, 0, (1000,), 64, [(0, 8, [(0, OTHER_ID, 255, 255, 255, 253), (0, AHEAD)])]))
    write("virtio", "twice", script(0, 0, (9000,), 64, [(0, 8000, [(0, GOOD), (0, ID, 0), (0, AHEAD), (0, AHEAD)])]))
    write("virtio", "ahead", script(0, 0, (1000,), 64, [(0, 8, [(0, 0, 0x80, 0)])]))
    write("virtio", "lengths", script(0, 0, (1000,), 64, [(0, 8, [(0, LENGTH, 0, 0, 1, 0), (0, ALL)])]))
    write("virtio", "spoils", script(0, 0, (1000,), 64, [(0, 8, [(0, SPOIL, 255, 0x3F, 0xFF), (0, SPOIL, 9, 0, 1), (0, ALL)])]))


def tables():
    """The DSDT alone, and behind an RSDP, an XSDT and an FADT, as memory."""
    memory = {}
    for line in CAPTURE.read_text().splitlines():
        word, *rest = line.split(" ")
        if word == "memory":
            memory.update(enumerate(bytes.fromhex(rest[1]), int(rest[0], 16)))
    start = next(at for at in memory if bytes(memory.get(at + i, 0) for i in range(4)) == b"DSDT")
    size = struct.unpack("<I", bytes(memory[start + 4 + i] for i in range(4)))[0]
    dsdt = bytes(memory[start + i] for i in range(size))
    write("acpi_virtio", "microvm", dsdt)

    def table(signature, content):
        return struct.pack("<4sI28x", signature, 36 + len(content)) + content

    fadt = table(b"FACP", struct.pack("<II", 0, BASE + 36 + 52 + 268) + bytes(224))
    root = table(b"XSDT", struct.pack("<QQ", BASE + 36 + 52, BASE + 36 + 52 + 268))
    assert len(root) == 52 and len(fadt) == 268
    ssdt = b"SSDT" + dsdt[4:]
    rsdp = struct.pack("<8sB6sBIIQ4x", b"RSD PTR ", 0, b"", 2, 0, 36, BASE + 36)
    write("acpi_virtio", "tables", rsdp + root + fadt + dsdt)
    write("acpi_virtio", "ssdt", rsdp + root + fadt + ssdt)


if __name__ == "__main__":
    scripts()
    tables()
    for key, line in WORDS.items():
        write("virtio_words", key, line)
