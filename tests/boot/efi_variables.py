# SPDX-License-Identifier: BSD-2-Clause
"""OVMF's variable store as a file: reading it after a boot, and adding variables before one.

The layout is that of EDK2's MdeModulePkg/Include/Guid/VariableFormat.h: a firmware volume header, a store header, and variables with
authentication fields one after the other, each aligned to 4 bytes. Only what the firmware keeps is in the file: volatile variables are
in its memory.
"""

import struct
import uuid

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
LOADER = uuid.UUID("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f")
AUTHENTICATED_STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792").bytes_le
KEPT = 7                        # attributes: non-volatile, boot services, run time
START, ADDED, ALIGNMENT = 0x55AA, 0x3F, 4
VARIABLE = struct.Struct("<HBBIQ16sIII16s")     # start, state, reserved, attributes, count, time, key, name's and data's size, vendor
STORE_HEADER = 28


def _variables(data):
    """Yields (offset, state, vendor, name, attributes, value) of each, and last (offset of the free space, ...)."""
    at = data.index(AUTHENTICATED_STORE) + STORE_HEADER
    while True:
        start, state, _, attributes, _, _, _, name_size, size, vendor = VARIABLE.unpack_from(data, at)
        if start != START:
            yield at, None, None, None, None, None
            return
        name = at + VARIABLE.size
        value = name + name_size
        yield (at, state, uuid.UUID(bytes_le=vendor), data[name:value].decode("utf-16-le").rstrip("\0"), attributes,
               data[value:value + size])
        at = -(-(value + size) // ALIGNMENT) * ALIGNMENT


def read(path, vendor=LOADER):
    """The variables of VENDOR in the store at PATH, as a dictionary from name to bytes."""
    return {name: value for _, state, owner, name, _, value in _variables(path.read_bytes())
            if owner == vendor and state in (ADDED, ADDED & ~1)}


def add(path, variables, vendor=LOADER, attributes=KEPT):
    """Adds VARIABLES, a dictionary from name to bytes, to the store at PATH, in which they must not be."""
    data = bytearray(path.read_bytes())
    at = [found[0] for found in _variables(data)][-1]
    for name, value in variables.items():
        wide = text(name)
        head = VARIABLE.pack(START, ADDED, 0, attributes, 0, bytes(16), 0, len(wide), len(value), vendor.bytes_le)
        variable = head + wide + value
        data[at:at + len(variable)] = variable
        at += -(-len(variable) // ALIGNMENT) * ALIGNMENT
    path.write_bytes(data)


def text(value):
    """VALUE as the Boot Loader Interface has its texts."""
    return (value + "\0").encode("utf-16-le")


def plain(value):
    """The text of such a VALUE, which must end with its NUL."""
    value = value.decode("utf-16-le")
    assert value.endswith("\0"), value
    return value[:-1]


def boot_option(description, path, optional=b""):
    """The content of a Boot#### variable for a device path without its end node (UEFI 2.10, section 3.1.3).

    OPTIONAL are the load options of what it names.
    """
    path += b"\x7f\xff\x04\x00"
    return struct.pack("<IH", 1, len(path)) + text(description) + path + optional


def file_path(number, first, last, guid, file):
    """A device path that is a partition and a file on it (UEFI 2.10, sections 10.3.5.1 and 10.3.5.4)."""
    partition = struct.pack("<IQQ16sBB", number, first, last - first + 1, guid.bytes_le, 2, 2)
    return b"".join(struct.pack("<BBH", 4, kind, 4 + len(data)) + data for kind, data in ((1, partition), (4, text(file))))


def any_file_path(name):
    """A device path that is a file only, which boot managers complete (UEFI 2.10, section 3.1.2)."""
    wide = text("\\" + name.replace("/", "\\"))
    return struct.pack("<BBH", 4, 4, 4 + len(wide)) + wide


def uri_path(uri):
    """A device path that is a URI only, which boot managers complete (UEFI 2.10, section 3.1.2)."""
    return struct.pack("<BBH", 3, 24, 4 + len(uri)) + uri.encode()
