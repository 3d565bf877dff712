# SPDX-License-Identifier: BSD-2-Clause
"""The points of a boot: their names, in order, and how the plugin (points.c) knows them in code that is not changed for it.

The names are qemu-boot-time's where it has one, else the loader's own phases (common/stamp.h).
"""

import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import assets

FIRMWARE, BOOT, JUMP, KERNEL, USER = NAMED = ("fw_start", "fw_do_boot", "linux_start_boot", "linux_start_kernel",
                                              "linux_start_user")
DOOR, STAMP, COPY = "door", "stamp", "copy"
PHASES = ("cpu", "pagetables", "normalised", "devices", "selected", "loaded", "unpacked", "exit")
ORDER = (FIRMWARE, BOOT, DOOR, *PHASES, COPY, JUMP, KERNEL, USER)
# What lies between: name, the point that it ends at, and what it is.
PARTS = (("firmware", BOOT, "firmware"), ("loader before", DOOR, "the loader before us, or the only one"),
         ("quadrivium", JUMP, "from our first instruction to the kernel's"), ("unpacking", KERNEL, "the kernel's own unpacker"),
         ("kernel", USER, "the kernel, to /init"))
# qemu-boot-time's ports and numbers; and ours, in the range that Cloud Hypervisor's debug port keeps for boot loaders.
LINUX_EXIT_PORT, FW_EXIT_PORT, DEBUG_PORT = 0xF4, 0xF5, 0x80
NUMBERS = {1: FIRMWARE, 2: "linux_start_fwcfg", 3: JUMP, 4: "linux_start_pvhboot", 5: BOOT, 6: KERNEL, 7: USER}
MARK_FIRST = 0x20
KERNEL_ADDRESS = 0xFFFFFFFF80000000     # x86_64/mm.rst: kernel text
INIT_ADDRESS = 0x515600001000           # bench.mk
BOOT_SECTOR = 0x7C00                    # where the BIOS puts it
OPTION_ROMS = ("linuxboot_dma.bin", "linuxboot.bin", "pvh.bin")
ROMS = Path("/usr/share/qemu")
DOOR_SYMBOLS = {"pvh_start": "i386", "multiboot2_start": "i386", "linux32_start": "i386", "linux64_start": "i386:x86-64",
                "multiboot2_efi_start": "i386:x86-64", "efi_start": "i386:x86-64", "efi_handover_start": "i386:x86-64"}
LINK_BASE = 0x100000                    # common/layout.h
REAL_MODE = "LAYOUT_REAL_MODE"
BYTES, ENOUGH = 32, 5                   # that points.c takes, and by which code is known
STAMPS = len(PHASES)
# Instructions behind which QEMU begins a new block, in any mode.
ENDS = re.compile(r"^(j|call|ret|lret|iret|loop|rep|sti|int|hlt|rdtsc|in |out|ins|sys|lgdt|lidt|lmsw|wrmsr|cpuid|popf"
                  r"|mov\w* .*,%(cr|[cdefgs]s))")
CUT_OFF = re.compile(r"^\.byte|.*\(bad\)|^(rex\S*|data16|addr32|lock|[cdefgs]s)$")


@dataclass(frozen=True)
class Point:
    """A line for points.c."""
    name: str
    kind: str
    value: str
    after: str = "-"
    times: int = 1

    def line(self):
        return f"{self.name} {self.after} {self.times} {self.kind} {self.value}"


def block(code, mode):
    """The bytes at the beginning of CODE that QEMU translates as one block, in objdump's MODE."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(code[:BYTES])
        file.flush()
        listing = subprocess.run(["objdump", "-D", "-b", "binary", "-m", mode, "--insn-width=16", file.name],
                                 capture_output=True, text=True, check=True).stdout
    size = 0
    for data, text in re.findall(r"^\s+[0-9a-f]+:\t((?:[0-9a-f]{2} )+)\s*\t(.*)$", listing, re.MULTILINE):
        length = len(data.split())
        if CUT_OFF.match(text):
            break
        size += length
        if ENDS.match(text):
            break
    return code[:size]


def _code(name, code, mode, after="-", times=1):
    """The point where CODE is; or at its second block, where the first is too short to be known by it."""
    data = block(code, mode)
    if len(data) < ENOUGH:
        data = block(code[len(data):], mode)
    return Point(name, "bytes", data.hex(), after, times)


@cache
def _symbols():
    listing = subprocess.run(["nm", assets.BUILD / "image.elf"], capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) for address, name in re.findall(r"^([0-9a-f]+) \w (\w+)$", listing, re.MULTILINE)}


def _layout(name):
    text = (Path(__file__).parents[1] / "common/layout.h").read_text()
    return int(re.search(rf"^#define {name}\s+(0x[0-9a-f]+|\d+)", text, re.MULTILINE)[1], 0)


@cache
def ours():
    """The points of our own image: its doors, stamps, and the trampoline, which copies the payload."""
    image = (assets.BUILD / "quadrivium.elf").read_bytes()

    def code(symbol):
        return image[_symbols()[symbol] - LINK_BASE:]
    found = [_code(DOOR, code(symbol), mode) for symbol, mode in DOOR_SYMBOLS.items()]
    found.append(_code(DOOR, image[_layout(REAL_MODE):], "i8086"))
    return [*found, _code(STAMP, code("stamp"), "i386:x86-64", DOOR, STAMPS),
            _code(COPY, code("trampoline_start"), "i386:x86-64", DOOR)]


def option_roms():
    """Where SeaBIOS boots what QEMU's -kernel gave: the BEV of the option ROM (PnP BIOS specification 1.0A, section 3.2)."""
    found = []
    for name in OPTION_ROMS:
        rom = (ROMS / name).read_bytes()
        pnp, = struct.unpack_from("<H", rom, 0x1A)
        entry, = struct.unpack_from("<H", rom, pnp + 0x1A)
        found.append(_code(BOOT, rom[entry:], "i8086"))
    return found


def boot_sector():
    """Where the BIOS starts a disk."""
    return [Point(BOOT, "at", f"{BOOT_SECTOR:x}")]


def application(data, name=BOOT):
    """Where EFI firmware starts the PE file DATA."""
    pe, = struct.unpack_from("<I", data, 0x3C)
    entry, = struct.unpack_from("<I", data, pe + 24 + 16)
    count, optional = struct.unpack_from("<H12xH", data, pe + 6)
    for section in range(count):
        size, address, raw, offset = struct.unpack_from("<IIII", data, pe + 24 + optional + 40 * section + 8)
        if address <= entry < address + raw:
            return [_code(name, data[entry - address + offset:], "i386:x86-64")]
    raise ValueError("the entry point of the application lies in no section")


def kernel(path, after):
    """Where the kernel at PATH is entered, by whichever protocol, once AFTER has been passed; where it runs at its own address;
    and where /init does.
    """
    data = path.read_bytes()
    found = _elf(data, after) if data[:4] == b"\x7fELF" else _bzimage(data, after)
    return [*found, Point(KERNEL, "from", f"{KERNEL_ADDRESS:x}", JUMP), Point(USER, "at", f"{INIT_ADDRESS:x}", KERNEL)]


def _bzimage(data, after):
    start = (data[0x1F1] + 1) * 512
    pe, = application(data, JUMP)
    # The EFI handover entry (boot.rst, handover_offset) of a 64-bit kernel is 0x200 behind the number.
    handover, = struct.unpack_from("<I", data, 0x264)
    return [_code(JUMP, data[start:], "i386", after), _code(JUMP, data[start + 0x200:], "i386:x86-64", after),
            _code(JUMP, data[start + handover + 0x200:], "i386:x86-64", after),
            Point(JUMP, pe.kind, pe.value, after)]


def _elf(data, after):
    """Both entries of vmlinux: e_entry, and that of the note XEN_ELFNOTE_PHYS32_ENTRY."""
    offset, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    headers = [struct.unpack_from("<IIQQQQQQ", data, offset + 56 * number) for number in range(count)]

    def at(address):
        place, = [where + address - physical for kind, _, where, _, physical, size, *_ in headers
                  if kind == 1 and physical <= address < physical + size]
        return data[place:]
    found = [_code(JUMP, at(struct.unpack_from("<Q", data, 24)[0]), "i386:x86-64", after)]
    for kind, _, where, _, _, size, *_ in headers:
        note = data[where:where + size].find(struct.pack("<II", 18, 0x006E6558)) if kind == 4 else -1   # "Xen"
        if note >= 0:
            found.append(_code(JUMP, at(struct.unpack_from("<I", data, where + note + 8)[0]), "i386", after))
    return found


# ---- what came out ----

def parse(text):
    """The points in a log of points.c, from name to instructions, in their order; ValueError where the order is another."""
    found, stamps = {FIRMWARE: 0}, iter(PHASES)
    for line in text.splitlines():
        name, _, count = line.partition(" ")
        if name == STAMP:
            name = next(stamps)
        if name not in ORDER:
            raise ValueError(f"unknown point: {line}")
        found[name] = int(count)
    wanted = [name for name in ORDER if name in found]
    if wanted != sorted(wanted, key=lambda name: found[name]):
        raise ValueError(f"points out of order: {found}")
    return {name: found[name] for name in wanted}


def least(boots):
    """Of several BOOTS the one with the fewest instructions: it waited least for the host."""
    return min(boots, key=lambda found: found[USER])


def parts(found):
    """What each of PARTS cost, from name to instructions, of points as of parse(); 0 for a part that this boot has not."""
    found = {BOOT: found.get(DOOR, found.get(JUMP, 0))} | found     # firmware that itself loads what -kernel names
    result, last = {}, 0
    for name, end, _ in PARTS:
        if name == "quadrivium" and DOOR not in found:
            # There was but one loader, if any: all before the kernel is its.
            result["loader before"] += found.get(JUMP, last) - last
            result[name], last = 0, found.get(JUMP, last)
            continue
        result[name] = found.get(end, last) - last
        last = found.get(end, last)
    return result


def marks(data):
    """The names of the bytes DATA that came out of a port: qemu-boot-time's numbers, and our phases."""
    named = NUMBERS | {MARK_FIRST + number: name for number, name in enumerate((DOOR, *PHASES))}
    return [named[byte] for byte in data if byte in named]
