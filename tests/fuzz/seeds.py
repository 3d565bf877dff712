#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of the fuzz targets that take physical memory (tests/fuzz/memory.h) from the captures of real boots:
the structure comes first, what it points to follows, and the pointers are put right."""

import gzip
import lzma
import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAPTURED = HERE.parent / "unit/captured"
BASE = 0x10000
BOOT_PARAMS_SIZE = 4096


class Memory:
    """A capture."""

    def __init__(self, name):
        self.bytes = {}
        for line in (CAPTURED / f"{name}.capture").read_text().splitlines():
            word, *rest = line.split(" ")
            if word == "argument":
                self.argument = int(rest[0], 16)
            elif word == "memory":
                self.bytes.update(enumerate(bytes.fromhex(rest[1]), int(rest[0], 16)))

    def get(self, address, size):
        return bytes(self.bytes.get(address + i, 0) for i in range(size))

    def text(self, address):
        size = 0
        while self.bytes.get(address + size, 0):
            size += 1
        return self.get(address, size) + b"\0"


class Seed:
    """Bytes that lie at BASE."""

    def __init__(self, data):
        self.data = bytearray(data)

    def add(self, data):
        """Adds what something points to; returns its address."""
        self.data += bytes(-len(self.data) % 8)
        address = BASE + len(self.data)
        self.data += data
        return address

    def put(self, offset, form, *values):
        struct.pack_into("<" + form, self.data, offset, *values)

    def get(self, offset, form):
        return struct.unpack_from("<" + form, self.data, offset)[0]

    def write(self, target, name):
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(self.data)


def pvh(name):
    memory = Memory(name)
    seed = Seed(memory.get(memory.argument, 56))
    modules, words, entries = seed.get(12, "I"), seed.get(24, "Q"), seed.get(48, "I")
    if modules:
        seed.put(16, "Q", seed.add(memory.get(seed.get(16, "Q"), 32 * modules)))
    seed.put(24, "Q", seed.add(memory.text(words)))
    seed.put(40, "Q", seed.add(memory.get(seed.get(40, "Q"), 24 * entries)))
    seed.write("pvh", name.removeprefix("pvh-"))


def multiboot2(name):
    memory = Memory(name)
    size = struct.unpack("<I", memory.get(memory.argument, 4))[0]
    Seed(memory.get(memory.argument, size)).write("multiboot2", name.removeprefix("multiboot2-"))


def linux(name, setup_data=b""):
    memory = Memory(name)
    seed = Seed(memory.get(memory.argument, BOOT_PARAMS_SIZE))
    if seed.get(0x1C0, "I") == 0x34364C45:
        system = Seed(memory.get(seed.get(0x1C4, "I"), 0x78))
        tables = memory.get(system.get(0x70, "Q"), 24 * system.get(0x68, "Q"))
        system.put(0x70, "Q", seed.add(tables))
        seed.put(0x1C4, "I", seed.add(system.data))
    if seed.get(0x250, "Q"):
        seed.put(0x250, "Q", seed.add(memory.get(seed.get(0x250, "Q"), 48)))
    elif setup_data:
        seed.put(0x250, "Q", seed.add(setup_data))
    seed.put(0x228, "I", seed.add(memory.text(seed.get(0x228, "I"))))
    seed.write("linux", name)


def efi_map():
    memory = Memory("linux32-efi")
    params = Seed(memory.get(memory.argument, BOOT_PARAMS_SIZE))
    size, stride, address = params.get(0x1D4, "I"), params.get(0x1C8, "I"), params.get(0x1D0, "I")
    descriptors = memory.get(address, size)
    for ended in (0, 1):
        Seed(bytes([stride, ended]) + descriptors[:stride * 24]).write("efi_map", f"ovmf-{'ended' if ended else 'alive'}")
    Seed(bytes([40, 1]) + struct.pack("<IIQQQQ", 7, 0, 0x1000, 0, 1 << 52, 15)).write("efi_map", "wraps")


def efi_options():
    for name, room, data in (("plain", 255, "quiet splash\0".encode("utf-16-le")),
                             ("mark", 63, "quiet".encode("utf-16")),
                             ("own-name", 63, "\\EFI\\BOOT\\BOOTX64.EFI quiet\0".encode("utf-16-le")),
                             ("scripts", 63, "r\u00e4\u20ac\0".encode("utf-16-le")),
                             ("device-path", 63, bytes.fromhex("0104180000000000")),
                             ("no-room", 3, "quiet".encode("utf-16-le"))):
        Seed(bytes([room]) + data).write("efi_options", name)


def acpi(name):
    """RSDP, root table with the FADT alone, FADT, and of the DSDT what is around \\_S5."""
    memory = Memory(name)
    rsdp = Seed(memory.get(memory.argument, 36))
    wide = rsdp.data[15] >= 2 and rsdp.get(24, "Q") != 0
    root = memory.get(rsdp.get(24, "Q") if wide else rsdp.get(16, "I"), 36 + 8 * 8)
    entries = [struct.unpack_from("<Q" if wide else "<I", root, 36 + (8 if wide else 4) * i)[0] for i in range(4)]
    address = next(entry for entry in entries if memory.get(entry, 4) == b"FACP")
    fadt = Seed(memory.get(address, struct.unpack("<I", memory.get(address + 4, 4))[0]))
    dsdt = fadt.get(40, "I")
    aml = memory.get(dsdt, struct.unpack("<I", memory.get(dsdt + 4, 4))[0])
    at = aml.index(b"_S5_")
    aml = aml[:4] + struct.pack("<I", 36 + len(aml[at - 8:at + 24])) + aml[8:36] + aml[at - 8:at + 24]
    fadt.put(40, "I", rsdp.add(aml))
    table = Seed(root[:36] + struct.pack("<Q" if wide else "<I", rsdp.add(fadt.data)))
    table.put(4, "I", len(table.data))
    rsdp.put(24 if wide else 16, "Q" if wide else "I", rsdp.add(table.data))
    rsdp.write("acpi", name.removeprefix("acpi-"))


def uki(name, sections, magic=0x20B, directories=16, certificates=b"", symbols=b"", rest=b""):
    """A PE file; sections are pairs of a name and the content."""
    fixed = 96 if magic == 0x10B else 112
    table = 0x40 + 24 + fixed + 8 * directories
    at = headers = table + 40 * len(sections)
    seed = Seed(bytes(headers) + b"".join(content for _, content in sections))
    seed.data += symbols
    end = len(seed.data) - len(symbols)
    seed.data += bytes(-len(seed.data) % 8)
    seed.put(0, "2s58xI", b"MZ", 0x40)
    seed.put(0x40, "4sHHIIIHH", b"PE", 0x8664, len(sections), 0, end if symbols else 0,
             len(symbols) // 18, table - 0x58, 0x22E)
    seed.put(0x58, "H", magic)
    seed.put(0x58 + 60, "I4xHH", headers, 10, 0x100)
    seed.put(0x58 + fixed - 4, "I", directories)
    if certificates:
        seed.put(0x58 + fixed + 8 * 4, "II", len(seed.data), len(certificates))
    for number, (section, content) in enumerate(sections):
        seed.put(table + 40 * number, "8sIIII", section.encode(), len(content), 0x1000 * number, len(content), at)
        at += len(content)
    seed.data += certificates + rest
    seed.write("uki", name)


def ukis():
    stub = [(".text", b"\xc3" * 16), (".reloc", bytes(12)), (".sbat", b"sbat,1\n")]
    kernel = [*stub, (".osrel", b"ID=x\n"), (".cmdline", b"quiet"), (".initrd", b"070701"), (".linux", b"HdrS")]
    uki("plain", stub)
    uki("unified", kernel)
    uki("followed", kernel, rest=b"070701")
    uki("profiles", [*kernel, (".profile", b"ID=a"), (".profile", b"ID=b"), (".cmdline", b"b"), (".dtb", b"1"),
                     (".dtb", b"2")])
    uki("twice", [*kernel, (".linux", b"HdrS")])
    uki("unknown", [*kernel, (".mine", b"1"), ("/4", b"2"), (".bss", b"")])
    uki("pe32", kernel, magic=0x10B)
    uki("no-directories", kernel, directories=0)
    uki("signed", kernel, certificates=struct.pack("<IHH", 16, 0x200, 2) + bytes(8))
    uki("symbols", kernel, symbols=bytes(36) + struct.pack("<I4s", 8, b"abc"))


ELF_NOTES = [(b"Xen\0", 6, b"linux\0"), (b"GNU\0", 3, bytes(20)), (b"Linux\0", 0, b"6.1\0"),
             (b"Xen\0", 18, struct.pack("<Q", 0x1000010)), (b"Xen\0", 19, struct.pack("<III", 0x1000, 0, 0xFFFFFFFF))]


def elf_notes(notes, align):
    """Notes as a PT_NOTE or SHT_NOTE holds them."""
    data = b""
    for owner, number, descriptor in notes:
        data += struct.pack("<III", len(owner), len(descriptor), number) + owner
        data += bytes(-len(data) % align) + descriptor
        data += bytes(-len(data) % align)
    return data


def elf(target, name, wide=True, notes=(), align=4, sections=False, content=bytes(64), machine=None, rest=b""):
    """An ELF of two segments that load, and its notes in a segment or in a section. `content` is the first segment's,
    and lies at an offset that is 8-aligned."""
    ehdr, phdr, shdr = (64, 56, 64) if wide else (52, 32, 40)
    notes = elf_notes(notes, align)
    count = 2 + bool(notes and not sections)
    body = (ehdr + count * phdr + 7) & ~7
    at = body + len(content)
    table = (at + len(notes) + 7) & ~7
    seed = Seed(bytes(body) + content + notes + bytes(table - at - len(notes)))
    seed.put(0, "4sBBB", b"\x7fELF", 2 if wide else 1, 1, 1)
    seed.put(16, "HHI", 2, machine or (62 if wide else 3), 1)
    seed.put(24, "QQQ" if wide else "III", 0x1000010, ehdr, table if sections else 0)
    seed.put(52 if wide else 40, "HHHHHH", ehdr, phdr, count, shdr, 2 if sections else 0, 0)
    segments = [(1, body, 0x1000000, len(content), len(content), 0x1000), (1, body, 0x1200000, 8, 0x4000, 0x1000),
                (4, at, 0x1001000, len(notes), len(notes), align)]
    for number, (kind, offset, address, size, memory, alignment) in enumerate(segments[:count]):
        virtual = address + (0xFFFFFFFF80000000 if wide else 0xC0000000)
        seed.put(ehdr + number * phdr, "IIQQQQQQ" if wide else "IIIIIIII",
                 *((kind, 7, offset, virtual, address, size, memory, alignment) if wide else
                   (kind, offset, virtual, address, size, memory, 7, alignment)))
    if sections:
        seed.data += bytes(2 * shdr)
        fields = (0, 7, 0, 0, at, len(notes), 0, 0, align, 0)
        seed.put(table + shdr, "IIQQQQIIQQ" if wide else "IIIIIIIIII", *fields)
    seed.data += rest
    seed.write(target, name)


def elfs():
    elf("elf", "plain")
    elf("elf", "plain32", wide=False)
    elf("elf", "x32", wide=False, machine=62)
    elf("elf", "linux", notes=ELF_NOTES)
    elf("elf", "linux32", wide=False, notes=ELF_NOTES)
    elf("elf", "aligned8", notes=ELF_NOTES, align=8)
    elf("elf", "sections", notes=ELF_NOTES, sections=True)
    elf("elf", "sections32", wide=False, notes=ELF_NOTES, sections=True)
    elf("elf", "followed", notes=ELF_NOTES, sections=True, rest=b"070701")


def multiboot_headers():
    """Headers of both versions: flat files by their addresses, and ELFs."""
    def header(flags, *fields):
        return struct.pack("<III", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF) + struct.pack(
            f"<{len(fields)}I", *fields)

    def header2(*tags):
        body = b""
        for kind, flags, *numbers in (*tags, (0, 0)):
            body += struct.pack(f"<HHI{len(numbers)}I", kind, flags, 8 + 4 * len(numbers), *numbers)
            body += bytes(-len(body) % 8)
        size = 16 + len(body)
        return struct.pack("<IIII", 0xE85250D6, 0, size, -(0xE85250D6 + size) & 0xFFFFFFFF) + body

    everything = [(1, 0, 1, 6), (1, 1, 9, 99), (4, 0, 3), (5, 1, 1024, 768, 32), (6, 0), (7, 1), (8, 1, 0x1000000),
                  (9, 1, 0x1000008), (10, 0, 0x1000000, 0xFFFFFFFF, 0x1000, 2), (77, 1)]
    Seed(header(0x10003, 0x100000, 0x100000, 0x100040, 0x101000, 0x100020) + bytes(64)).write("multiboot", "flat")
    Seed(bytes(8) + header(0x10006, 0x100008, 0x100000, 0, 0, 0x100020, 0, 1024, 768, 32)).write("multiboot", "video")
    Seed(header2((2, 0, 0x100000, 0xFFFFFFFF, 0, 0x101000), (3, 0, 0x100010))).write("multiboot", "flat2")
    Seed(header2((2, 0, 0x1000000, 0x1000000, 0x1000040, 0), *everything)).write("multiboot", "everything2")
    for wide in (False, True):
        bits = 64 if wide else 32
        elf("multiboot", f"elf{bits}", wide=wide, content=header(3) + bytes(20))
        elf("multiboot", f"elf{bits}-2", wide=wide, content=header2(*everything))
        elf("multiboot", f"elf{bits}-both", wide=wide, notes=ELF_NOTES,
            content=header2((3, 0, 0x1000010), *everything) + header(0))


def unpack():
    """Streams behind the two bytes that choose the room for what is in them, and for its head."""
    content = b"".join(b"line %d of a file\n" % i for i in range(200)) + bytes(1000)

    def tool(*command):
        return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout

    gzipped = gzip.compress(content, mtime=0)
    legacy = tool("lz4", "-lc")
    skippable = struct.pack("<II", 0x184D2A53, 3) + b"abc"
    for name, stream in (
            ("gzip", gzipped), ("gzip-followed", gzipped + b"070701"), ("gzip-cut", gzipped[:-9]),
            ("gzip-stored", gzip.compress(content[:100], 0, mtime=0)),
            ("gzip-named", gzipped[:3] + b"\x18" + gzipped[4:10] + b"name\0remark\0" + gzipped[10:]),
            ("zstd", tool("zstd", "-19", "-c")), ("zstd-plain", tool("zstd", "-c", "--no-check", "--no-content-size")),
            ("zstd-skippable", skippable + tool("zstd", "-c")), ("zstd-fast", tool("zstd", "--fast=3", "-c")),
            ("lz4", tool("lz4", "-c")), ("lz4-linked", tool("lz4", "-q", "-BD", "-BX", "-c")),
            ("lz4-sized", skippable + tool("lz4", "--content-size", "--no-frame-crc", "-B4", "-c")),
            ("lz4-legacy", legacy), ("lz4-legacy-followed", legacy + struct.pack("<I", len(content))),
            ("xz", lzma.compress(content)), ("xz-crc32", lzma.compress(content, check=lzma.CHECK_CRC32) + bytes(4)),
            ("xz-sha256", lzma.compress(content, check=lzma.CHECK_SHA256)),
            ("xz-filters", lzma.compress(content, check=lzma.CHECK_NONE, filters=[
                {"id": lzma.FILTER_X86}, {"id": lzma.FILTER_DELTA, "dist": 3},
                {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 4096}])),
            ("xz-blocks", tool("xz", "--block-size=1000", "-0", "-c")),
            ("lzma", lzma.compress(content, format=lzma.FORMAT_ALONE)),
            ("lzma-sized", lzma.compress(content, format=lzma.FORMAT_ALONE)[:5] + struct.pack("<Q", len(content)) +
             lzma.compress(content, format=lzma.FORMAT_ALONE)[13:] + b"070701")):
        Seed(b"\x08\x20" + stream).write("unpack", name)
    Seed(b"\xff\xff" + gzip.compress(bytes(300000), mtime=0)).write("unpack", "gzip-zeros")


def relocations():
    """Kernels as they are packed in a bzImage: an ELF of two segments, and the relocations behind it."""
    folder = HERE / "seeds/relocations"
    folder.mkdir(parents=True, exist_ok=True)
    linked, virtual, first = 0x1000000, 0xFFFFFFFF80000000, 0x200
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, linked + 8, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    loads = b"".join(struct.pack("<IIQQQQQQ", 1, 7, first + offset, virtual + linked + offset, linked + offset, 0x40, memory, 0x200000)
                     for offset, memory in ((0, 0x40), (0x80, 0x100)))
    elf_bytes = (header + loads).ljust(first, b"\0") + bytes(range(0xC0))
    at = [(virtual + linked + offset) & 0xFFFFFFFF for offset in (0, 8, 0x38, 0x80, 0xBC, 0x3D, 0x100)]
    tables = {"three": [0, at[1], at[2], 0, at[3], 0, at[0], at[4]], "two": [0, at[2], 0, at[0], at[4]], "none": [],
              "outside": [0, at[5], 0, at[6]], "unended": [at[1], 0, at[0]], "empty": [0, 0, 0]}
    for name, table in tables.items():
        (folder / name).write_bytes(struct.pack("<Q", 77) + elf_bytes + struct.pack(f"<{len(table)}I", *table))


def exits():
    """The seeds of the parsers of payloads, each on a plain machine and on one that has everything."""
    for target in ("elf", "multiboot", "bzimage", "uki"):
        for path in sorted((HERE / "seeds" / target).iterdir()):
            for machine, first, second in (("plain", 0x00, 0x00), ("efi", 0xE5, 0x1F), ("tight", 0x7A, 0x03)):
                Seed(bytes([first, second]) + path.read_bytes()).write("exits", f"{target}-{path.name}-{machine}")


def carried():
    """Files in one ramdisk, and compressed ones; each module begins with its size and its string's."""
    def module(content, string=b""):
        return struct.pack("<HB", len(content), len(string)) + string + content

    def joined(*files):
        data = b""
        for file in files:
            data += bytes(-len(data) % 4) + file
        return data

    def packed(content):
        return gzip.compress(content, mtime=0)

    kernel, xen, unified = ((HERE / "seeds" / name).read_bytes()
                            for name in ("bzimage/2.15", "multiboot/elf64-both", "uki/unified"))
    initrd = b"070701" + bytes(20)
    for name, data in (
            ("packed-kernel", module(packed(kernel), b"quiet") + module(packed(initrd))),
            ("xz-kernel", module(lzma.compress(kernel, check=lzma.CHECK_CRC32)) + module(initrd)),
            ("xen", module(xen, b"/xen x") + module(packed(kernel), b"root") + module(initrd)),
            ("xen-blob", module(joined(xen, kernel, initrd))),
            ("xen-packed-blob", module(joined(packed(xen), packed(kernel), packed(initrd)))),
            ("xen-and-blob", module(xen) + module(joined(kernel, xen, initrd), b"root")),
            ("xen-and-junk", module(joined(xen, b"relocations"))),
            ("uki", module(unified, b"/uki more") + module(initrd)),
            ("uki-blob", module(joined(unified, initrd))), ("uki-packed", module(packed(unified)))):
        Seed(data).write("carried", name)


def main():
    for name in ("pvh-q35", "pvh-microvm", "pvh-xen"):
        pvh(name)
    for name in ("multiboot2-bios", "multiboot2-efi"):
        multiboot2(name)
    linux("linux32", struct.pack("<QII", 0, 1, 40) + struct.pack("<QQI", 0x100000000, 0x1000, 1) * 2)
    linux("linux32-efi")
    linux("linux64-kexec")
    efi_map()
    efi_options()
    elfs()
    multiboot_headers()
    ukis()
    unpack()
    exits()
    carried()
    for name in ("acpi-q35", "acpi-microvm"):
        acpi(name)
    relocations()


if __name__ == "__main__":
    main()
