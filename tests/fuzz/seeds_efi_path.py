# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of fuzz_efi_path: the device paths of OVMF, variables, a DHCP answer as QEMU gives it."""

import struct
from pathlib import Path

END = b"\x7f\xff\x04\x00"
PCI = b"\x02\x01\x0c\x00\xd0\x41\x03\x0a\x00\x00\x00\x00" + b"\x01\x01\x06\x00\x02\x1f"


def node(kind, sub, data):
    return struct.pack("<BBH", kind, sub, 4 + len(data)) + data


def file(name):
    return node(4, 4, (name + "\0").encode("utf-16-le"))


def hard_disk(table):
    return node(4, 1, struct.pack("<IQQ", 1, 2048, 16384) + bytes(range(16)) + bytes([table, table]))


def packet(file_field, options):
    head = struct.pack("<BBBB16x4s84x128s4s", 2, 1, 6, 0, b"\x0a\x00\x02\x02", file_field, b"\x63\x82\x53\x63")
    return head + options + b"\xff"


SEEDS = {
    "disk": PCI + hard_disk(2) + END,
    "mbr": PCI + hard_disk(1) + END,
    "cdrom": PCI + node(4, 2, struct.pack("<IQQ", 1, 40, 16384)) + END,
    "file": file("\\EFI\\BOOT\\BOOTX64.EFI") + END,
    "files": file("\\EFI") + file("BOOT\\ä\U0001f600.efi") + END,
    "uri": PCI + node(3, 11, bytes(33)) + node(3, 24, b"http://10.0.2.2:80/sub/quadrivium.efi?x") + END,
    "broken": PCI + b"\x04\x01\x40\x00" + END,
    "text": "menu-force\0".encode("utf-16-le"),
    "number": "12\0".encode("utf-16-le"),
    "surrogates": b"\x3d\xd8\x00\xde\x00\xdc",
    "ack": packet(b"sub/quadrivium.efi", b"\x35\x01\x05\x36\x04\x0a\x00\x02\x02"),
    "options": packet(b"", b"\x34\x01\x01\x43\x05a.efi\x42\x04srv1"),
}

folder = Path(__file__).parent / "seeds/efi_path"
folder.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (folder / name).write_bytes(data)
