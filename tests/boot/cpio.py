# SPDX-License-Identifier: BSD-2-Clause
"""Writes cpio archives of the "newc" kind (the kernel's initramfs format, buffer-format.rst), byte for byte repeatable."""

import stat

PADDING = 4


def _member(number, name, mode, data=b""):
    name = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(data)


def _padded(data):
    return data + b"\0" * (-len(data) % PADDING)


def archive(files):
    """The archive of FILES, a dictionary from path to bytes (a file, executable), str (a symbolic link) or None (a folder)."""
    out = []
    for number, (name, data) in enumerate(files.items(), 1):
        if data is None:
            out.append(_member(number, name, stat.S_IFDIR | 0o755))
        elif isinstance(data, str):
            out.append(_member(number, name, stat.S_IFLNK | 0o777, data.encode()))
        else:
            out.append(_member(number, name, stat.S_IFREG | 0o755, data))
    out.append(_member(0, "TRAILER!!!", 0))
    return b"".join(out)
