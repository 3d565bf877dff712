# SPDX-License-Identifier: BSD-2-Clause
"""quadrivium-pack: what it refuses, with one line that says why, and without writing anything."""

import os
import resource
import signal
import struct
import subprocess

import pytest

from pack_workshop import (ADDRESS_TAG, BOOT_FLAG, CERTIFICATE_TABLE, HEADER, LAYOUT, MULTIBOOT2_MAGIC, NUMBER_OF_SECTIONS,
                           OPTIONAL, PAGE, SETUP_SECTS, SIZE_OF_IMAGE, SYNTHETIC, shop)  # fmt: skip

USAGE = {
    "no output": ([], None, "--output is missing"),
    "nothing to pack": ([], "out.efi", "nothing to pack"),
    "no suffix": (["--cmdline=x"], "out", "neither in .efi nor in .elf"),
    "other suffix": (["--cmdline=x"], "out.bin", "neither in .efi nor in .elf"),
    "unknown option": (["--lunix=x"], "out.efi", "--lunix=x"),
    "no argument": (["--cmdline=x", "--linux"], None, "--linux"),
    "stray word": (["vmlinuz"], "out.efi", "vmlinuz is not an option"),
    "twice": (["--cmdline=x", "--cmdline=y"], "out.efi", "--cmdline is there twice"),
    "two images": (["--cmdline=x", "--image=a", "--image=b"], "out.efi", "--image is there twice"),
    "no colon": (["--section=.x"], "out.efi", "not NAME:FILE"),
    "no end of sections": (["--section=.x:/proc/version"] * 257, "out.efi", "more than 256 times"),
}


@pytest.mark.parametrize("arguments, output, why", USAGE.values(), ids=USAGE.keys())
def test_usage(shop, arguments, output, why):
    line = shop.refused(*arguments, output=output, code=2)
    assert line.startswith("quadrivium-pack: error: usage: ") and why in line


INPUTS = {
    "missing kernel": (["--linux=/nonexistent"], "/nonexistent: No such file"),
    "folder": (["--linux=/"], "/: Is a directory"),
    "no kernel": (["--linux={initrd}"], "initrd: not a kernel"),
    "PE without MZ": (["--linux={pe}"], "pe: not a kernel"),
    "short MZ": (["--linux={short}"], "short: not a kernel"),
    "no kernel, as a section": (["--section=.linux:{initrd}"], "initrd: not a kernel"),
    "MZ without PE": (["--linux={mz}"], "mz: not a kernel"),
    "empty kernel": (["--linux={empty}"], "empty: the file is empty"),
    "empty initrd": (["--initrd={initrd}", "--initrd={empty}"], "empty: the file is empty"),
    "empty section": (["--section=.x:{empty}"], "empty: the file is empty"),
    "empty text": (["--cmdline="], "cmdline: the text is empty"),
    "text of newlines": (["--cmdline=@{newlines}"], "newlines: the text is empty"),
    "two lines": (["--cmdline=a\nb"], "cmdline: there is more than one line"),
    "two lines of uname": (["--uname=a\nb"], "uname: there is more than one line"),
    "NUL": (["--cmdline=@{nul}"], "nul: there is a NUL"),
    "NUL in os-release": (["--os-release=@{nul}"], "nul: there is a NUL"),
    "NUL, as a section": (["--section=.cmdline:{nul}"], "nul: there is a NUL"),
    "no device tree": (["--devicetree={initrd}"], "initrd: not a flattened device tree"),
    "long name": (["--section=.toolong8:{initrd}"], ".toolong8 is not a name"),
    "no dot": (["--section=name:{initrd}"], "name is not a name"),
    "dot only": (["--section=.:{initrd}"], ". is not a name"),
    "control character": (["--section=.a\x1b:{initrd}"], ".a\\x1b is not a name"),
    "name of the base image": (["--section=.text:{initrd}"], ".text is in the image already"),
    "name twice": (["--cmdline=a", "--section=.cmdline:{initrd}"], ".cmdline is in the image already"),
    "larger than 2 GiB": (["--initrd={sparse}"], "sparse: with it .initrd is larger than 2 GiB"),
    "missing image": (["--cmdline=x", "--image=/nonexistent"], "/nonexistent: No such file"),
    "kernel as image": (["--cmdline=x", "--image={kernel}"], "not a Quadrivium image"),
    "wrong kind": (["--cmdline=x", "--image={elf}"], "its suffix says efi"),
}


@pytest.mark.parametrize("arguments, why", INPUTS.values(), ids=INPUTS.keys())
def test_bad_input(shop, arguments, why):
    files = {
        "initrd": shop.initrd,
        "kernel": shop.kernel,
        "elf": shop.folder / "bin/quadrivium.elf",
        "empty": shop.file("empty", b""),
        "newlines": shop.file("newlines", b"\n\n"),
        "nul": shop.file("nul", b"a\0b"),
        "mz": shop.file("mz", b"MZ" + bytes(58) + b"\xff\xff\xff\xff"),
        "pe": shop.file("pe", b"ZM" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"),
        "short": shop.file("short", b"MZ" + bytes(58)),
        "sparse": shop.file("sparse", b""),
    }
    os.truncate(files["sparse"], 1 << 31)
    assert why in shop.refused(*(argument.format(**files) for argument in arguments))


def test_unwritable_output(shop):
    assert "No such file" in shop.refused("--cmdline=x", output="missing/out.efi")
    (shop.folder / "folder.efi").mkdir()
    assert "Is a directory" in shop.refused("--cmdline=x", output="folder.efi")


def test_full_disk(shop):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, PAGE))

    command = [shop.tool, "--cmdline=x", f"--output={shop.folder}/out.efi"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 1 and "out.efi: File too large" in done.stderr
    assert not list(shop.folder.glob("out.efi*"))


def test_old_output_survives_an_error(shop):
    shop.file("out.efi", b"old")
    shop.refused("--linux=/nonexistent")
    assert (shop.folder / "out.efi").read_bytes() == b"old"


def at(offset, form, value):
    return lambda image: struct.pack_into(form, image, offset, value)


def multiboot2(architecture, length):
    checksum = -(MULTIBOOT2_MAGIC + architecture + length) & 0xFFFFFFFF
    return lambda image: struct.pack_into("<III", image, LAYOUT["MULTIBOOT2"] + 4, architecture, length, checksum)


PE, MULTIBOOT2 = LAYOUT["PE"], LAYOUT["MULTIBOOT2"]
FOREIGN = {
    "magic": (at(0, "<H", 0), "neither its MZ nor its ELF"),
    "e_lfanew": (at(0x3C, "<I", 0x80), "neither its MZ nor its ELF"),
    "HdrS": (at(HEADER, "<I", 0), "HdrS"),
    "boot flag": (at(BOOT_FLAG, "<H", 0), "no Linux setup header"),
    "setup_sects": (at(SETUP_SECTS, "<B", 4), "no Linux setup header"),
    "first program header": (at(LAYOUT["ELF_PHDRS"], "<I", 4), "program header"),
    "p_paddr": (at(LAYOUT["ELF_PHDRS"] + 24, "<Q", 0x200000), "program header"),
    "load offset": (at(LAYOUT["ELF_PHDRS"] + 8, "<Q", 0x1000), "program header"),
    "multiboot2 magic": (at(MULTIBOOT2, "<I", 0), "no multiboot2 header"),
    "multiboot2 checksum": (at(MULTIBOOT2 + 12, "<I", 0), "no multiboot2 header"),
    "multiboot2 architecture": (multiboot2(4, 72), "no multiboot2 header"),
    "multiboot2 header too long": (multiboot2(0, LAYOUT["PE"] - LAYOUT["MULTIBOOT2"] + 8), "no multiboot2 header"),
    "multiboot2 tag half outside": (multiboot2(0, 16 + 16 + 16), "no multiboot2 header"),
    "multiboot2 tag of 0 bytes": (at(MULTIBOOT2 + 20, "<I", 0), "no multiboot2 header"),
    "multiboot2 tag past the end": (at(MULTIBOOT2 + 20, "<I", 0xFFFFFFF0), "no multiboot2 header"),
    "no address tag": (at(ADDRESS_TAG, "<H", 4), "no multiboot2 header"),
    "short address tag": (at(ADDRESS_TAG + 4, "<I", 16), "no multiboot2 header"),
    "load_addr": (at(ADDRESS_TAG + 12, "<I", 0x200000), "for another address"),
    "PE signature": (at(PE, "<I", 0), "no PE header"),
    "machine": (at(PE + 4, "<H", 0x14C), "is not AMD64"),
    "file alignment": (at(PE + OPTIONAL + 36, "<I", 512), "not aligned to pages"),
    "signed": (at(PE + CERTIFICATE_TABLE, "<Q", 0x10000003000), "pack first, sign then"),
    "SizeOfImage over 2 GiB": (at(PE + SIZE_OF_IMAGE, "<I", 0x80000000), "too large"),
    "file longer than SizeOfImage": (at(PE + SIZE_OF_IMAGE, "<I", 0x2000), "longer than SizeOfImage"),
    "SizeOfImage no page": (at(PE + SIZE_OF_IMAGE, "<I", 0x5001), "impossible"),
    "section count": (at(PE + NUMBER_OF_SECTIONS, "<H", 64), "64 sections"),
    "section outside": (at(LAYOUT["PE_SECTIONS"] + 40 + 8, "<I", 0x10000), "ends outside"),
    "truncated": (lambda image: image.__delitem__(slice(0x1FFF, None)), "too few"),
}


@pytest.mark.parametrize("breakage, why", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_image(shop, breakage, why):
    base = bytearray(SYNTHETIC["efi"])
    breakage(base)
    assert why in shop.refused("--cmdline=x", f"--image={shop.file('base', base)}")


FOREIGN_ELF = {
    "class": at(4, "<B", 1),
    "machine": at(18, "<H", 3),
    "e_phoff": at(32, "<Q", 0x80),
    "e_phentsize": at(54, "<H", 32),
    "e_phnum": at(56, "<H", 3),
}


@pytest.mark.parametrize("breakage", FOREIGN_ELF.values(), ids=FOREIGN_ELF.keys())
def test_foreign_elf(shop, breakage):
    base = bytearray(SYNTHETIC["elf"])
    breakage(base)
    line = shop.refused("--cmdline=x", f"--image={shop.file('base', base)}", output="out.elf")
    assert "neither its MZ nor its ELF" in line


def test_hdrs_in_the_elf(shop):
    base = bytearray(SYNTHETIC["elf"])
    base[HEADER : HEADER + 4] = b"HdrS"
    assert "HdrS" in shop.refused("--cmdline=x", f"--image={shop.file('base', base)}", output="out.elf")
