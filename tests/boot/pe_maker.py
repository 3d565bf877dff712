# SPDX-License-Identifier: BSD-2-Clause
"""Makes small PE files for x86-64 EFI out of sections: unified kernel images with several profiles, and addons (UAPI.5).

Their entry point returns at once: what reads the sections never comes there.
"""

import struct

# Microsoft's PE format: offsets, sizes and numbers of its headers.
PE, FILE_HEADER, OPTIONAL_HEADER, DIRECTORIES = 0x40, 24, 112, 16
AMD64, EXECUTABLE, PE32_PLUS, EFI_APPLICATION, NX_COMPAT = 0x8664, 0x22E, 0x20B, 10, 0x100
SECTION_HEADER, CODE, DATA = 40, 0x60000020, 0x40000040
FILE_ALIGNMENT, PAGE = 512, 4096
STUB = (".text", b"\x31\xc0\xc3")               # xor %eax, %eax; ret


def _aligned(number, alignment):
    return -(-number // alignment) * alignment


def make(sections):
    """The PE whose content are SECTIONS: pairs of a name and bytes, in this order, of which a name may come again."""
    sections = [STUB, *sections]
    table = PE + FILE_HEADER + OPTIONAL_HEADER + 8 * DIRECTORIES
    headers = _aligned(table + SECTION_HEADER * len(sections), FILE_ALIGNMENT)
    rows, contents, place, offset = [], [], _aligned(headers, PAGE), headers
    for name, data in sections:
        size = _aligned(len(data), FILE_ALIGNMENT)
        rows.append(struct.pack("<8sIIIIIIHHI", name.encode(), len(data), place, size, offset, 0, 0, 0, 0,
                                CODE if name == STUB[0] else DATA))
        contents.append(data.ljust(size, b"\0"))
        place += _aligned(max(len(data), 1), PAGE)
        offset += size
    head = struct.pack("<2s58xI", b"MZ", PE)
    head += struct.pack("<4sHHIIIHH", b"PE", AMD64, len(sections), 0, 0, 0, OPTIONAL_HEADER + 8 * DIRECTORIES, EXECUTABLE)
    entry = _aligned(headers, PAGE)
    head += struct.pack("<HBBIIIII", PE32_PLUS, 0, 0, PAGE, 0, 0, entry, entry)
    head += struct.pack("<QIIHHHHHHIIIIHH", 0, PAGE, FILE_ALIGNMENT, 0, 0, 0, 0, 0, 0, 0, place, headers, 0, EFI_APPLICATION,
                        NX_COMPAT)
    head += struct.pack("<QQQQII", 0, 0, 0, 0, 0, DIRECTORIES) + bytes(8 * DIRECTORIES)
    return (head + b"".join(rows)).ljust(headers, b"\0") + b"".join(contents)


def uki(kernel, initrds, cmdline, *profiles):
    """A unified kernel image. PROFILES are further ones: each a dictionary from a section's name to bytes."""
    sections = [(".osrel", b"ID=quadrivium\nPRETTY_NAME=Tests\n"), (".cmdline", cmdline.encode()), (".initrd", initrds),
                (".linux", kernel)]
    if profiles:
        sections.append((".profile", b"ID=regular\n"))
    for profile in profiles:
        sections += profile.items()
    return make(sections)


def addon(cmdline):
    """An addon that adds to the command line."""
    return make([(".cmdline", cmdline.encode())])
