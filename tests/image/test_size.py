# SPDX-License-Identifier: BSD-2-Clause
"""What each part of the image adds to it, by the linker's own map; `make docs` writes docs/size.md from it."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("QUADRIVIUM_BUILD", ROOT / "build"))
DOCUMENT = ROOT / "docs/size.md"
IMAGE = BUILD / "quadrivium.efi"
LIMIT = 768 * 1024      # bytes
IN_FILE = (".text", ".rodata", ".data", ".init_array", ".sbat", ".reloc", ".got")
PART = re.compile(r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$", re.MULTILINE)

WHAT = {
    "entries": "doors: headers, stubs, normalisers; main", "menu": "configuration formats, the menu, the choice",
    "storage": "drivers, partitions, file systems, EFI volumes, network", "payloads": "kinds of kernel, FIT, unpacking",
    "handoff": "the handoff, exits", "firmware": "EFI, ACPI, Xen, TPM, power", "cpu": "descriptor tables, exceptions, TSC",
    "pagetables": "page tables", "common": "consoles, text, memory map, heap",
    "libz.a": "gzip, CRC-32", "libzstd.a": "zstd", "liblz4.a": "lz4", "liblzma.a": "xz, lzma", "libfdt.a": "device trees, of FIT",
    "libmbedcrypto.a": "SHA-256, SHA-512, RSA: FIT, random seed, TPM", "libgcc.a": "division of long numbers",
}


def sizes():
    """Bytes in the file by part: a folder of ours, or a library."""
    text = (BUILD / "image.map").read_text()
    text = text[text.index("Linker script and memory map"):]
    # A long section name stands on a line of its own.
    text = re.sub(r"^( \.\S+)\n\s+(0x)", r"\1 \2", text, flags=re.MULTILINE)
    found = {}
    for section, size, origin in PART.findall(text):
        if not section.startswith(IN_FILE):
            continue
        library = re.search(r"(lib\w+\.a)\(", origin)
        part = library[1] if library else Path(origin).parent.name
        found[part] = found.get(part, 0) + int(size, 16)
    return found


def test_size():
    assert IMAGE.stat().st_size <= LIMIT


def test_parts():
    """Every part is known, and together they are what the file holds, less the gaps between sections."""
    found = sizes()
    assert set(found) == set(WHAT), set(found) ^ set(WHAT)
    total = sum(found.values())
    assert 0.9 * IMAGE.stat().st_size < total < IMAGE.stat().st_size
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        write(found)


def write(found):
    size = IMAGE.stat().st_size
    rest = size - sum(found.values())
    rows = [f"| `{part}{'' if part.endswith('.a') else '/'}` | {WHAT[part]} | {bytes_ / 1024:.1f} |"
            for part, bytes_ in sorted(found.items(), key=lambda row: -row[1])]
    DOCUMENT.write_text(f"""# Size

`build/quadrivium.efi` has {size / 1024:.0f} KiB (limit {LIMIT // 1024}), with everything in; `quadrivium.elf` as many. This page is written by `make docs`
(tests/image/test_size.py), from the linker's map.

| part | what it is for | KiB |
|---|---|---:|
""" + "\n".join(rows) + f"\n| | headers, padding between sections | {rest / 1024:.1f} |\n")
