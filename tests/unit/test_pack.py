# SPDX-License-Identifier: BSD-2-Clause
"""quadrivium-pack: what it writes into each header and each section, and what it says. Keys are in test_pack_keys.py, errors
in test_pack_refuses.py."""

import os
import re
import shutil
import stat
import struct
import subprocess
import threading

import pytest

from pack_workshop import (CHECKSUM, HEADER, INIT_SIZE, KINDS, LAYOUT, NUMBER_OF_SECTIONS, PAGE, READ_ONLY_DATA, ROOT,
                           SECTION, SIZE_OF_IMAGE, SIZE_OF_INITIALIZED_DATA, SYNTHETIC, SYSSIZE, any_shop, content,
                           sections, shop, u16, u32)  # fmt: skip


def pack_all(shop, kind, **more):
    return shop.pack(f"--linux={shop.kernel}", f"--initrd={shop.initrd}", "--cmdline=root=/dev/xvda1 quiet",
                     "--os-release=ID=debian\nVERSION_ID=12\n", "--uname=6.1.0-18-amd64",
                     output=f"packed.{kind}", **more)  # fmt: skip


def multiboot2_address(image):
    offset = LAYOUT["MULTIBOOT2"] + 16
    while u16(image, offset) != 2:
        assert u16(image, offset) != 0, "no address tag"
        offset += (u32(image, offset + 4) + 7) & ~7
    return struct.unpack_from("<IIII", image, offset + 8)


@pytest.mark.parametrize("kind", KINDS)
def test_every_header_says_the_new_size(any_shop, kind):
    base = (any_shop.folder / f"bin/quadrivium.{kind}").read_bytes()
    image = pack_all(any_shop, kind)
    size, pe, link_base = len(image), LAYOUT["PE"], LAYOUT["LINK_BASE"]
    assert size % PAGE == 0

    assert u32(image, pe + SIZE_OF_IMAGE) == size
    assert u32(image, pe + CHECKSUM) == 0
    assert u16(image, pe + NUMBER_OF_SECTIONS) == u16(base, pe + NUMBER_OF_SECTIONS) + 5
    grown = size - sum(sections(base)[-1][index] for index in (1, 3))  # with .bss, which is in the file now
    assert u32(image, pe + SIZE_OF_INITIALIZED_DATA) == u32(base, pe + SIZE_OF_INITIALIZED_DATA) + grown

    load = struct.unpack_from("<IIQQQQQQ", image, LAYOUT["ELF_PHDRS"])
    assert load == struct.unpack_from("<IIQQQ", base, LAYOUT["ELF_PHDRS"]) + (size, size, load[7])
    assert load[7] == struct.unpack_from("<Q", base, LAYOUT["ELF_PHDRS"] + 48)[0]

    assert u32(image, SYSSIZE) == (size - LAYOUT["ENTRY32"] + 15) // 16
    assert u32(image, INIT_SIZE) >= size - LAYOUT["ENTRY32"]
    assert u32(image, INIT_SIZE) >= u32(base, INIT_SIZE)

    assert multiboot2_address(image) == (link_base + LAYOUT["MULTIBOOT2"], link_base, link_base + size, link_base + size)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_changes(any_shop, kind):
    base = (any_shop.folder / f"bin/quadrivium.{kind}").read_bytes()
    image = bytearray(pack_all(any_shop, kind))
    pe, phdrs = LAYOUT["PE"], LAYOUT["ELF_PHDRS"]
    table_end = LAYOUT["PE_SECTIONS"] + u16(base, pe + NUMBER_OF_SECTIONS) * SECTION.size
    tag = LAYOUT["MULTIBOOT2"] + 16
    while u16(image, tag) != 2:
        tag += (u32(image, tag + 4) + 7) & ~7
    patched = [(phdrs + 32, 16), (SYSSIZE, 4), (INIT_SIZE, 4), (tag + 16, 8), (pe + NUMBER_OF_SECTIONS, 2),
               (pe + SIZE_OF_INITIALIZED_DATA, 4), (pe + SIZE_OF_IMAGE, 4), (table_end, 5 * SECTION.size),
               (table_end - SECTION.size + 16, 8)]  # fmt: skip
    for offset, length in patched:
        image[offset : offset + length] = base[offset : offset + length]
    assert image[: len(base)] == base
    # What was .bss is in the file now.
    assert not any(image[len(base) : u32(base, pe + SIZE_OF_IMAGE)])


@pytest.mark.parametrize("kind", KINDS)
def test_sections(any_shop, kind):
    image = pack_all(any_shop, kind)
    assert content(image, ".linux") == any_shop.kernel.read_bytes()
    assert content(image, ".initrd") == any_shop.initrd.read_bytes()
    assert content(image, ".cmdline") == b"root=/dev/xvda1 quiet"
    assert content(image, ".osrel") == b"ID=debian\nVERSION_ID=12\n"
    assert content(image, ".uname") == b"6.1.0-18-amd64"
    end = 0
    for name, rva, size, raw_size, flags in sections(image):
        assert rva % PAGE == 0 and rva >= end, name
        end = rva + max(size, raw_size)
        if name in (".linux", ".initrd", ".cmdline", ".osrel", ".uname"):
            assert flags == READ_ONLY_DATA
            assert raw_size == (size + PAGE - 1) // PAGE * PAGE
            assert not any(image[rva + size : rva + raw_size])
    assert end == len(image)


@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_is_in_a_section(any_shop, kind):
    """Else a signature would not cover it."""
    image = pack_all(any_shop, kind)
    end = LAYOUT["TEXT"]
    for name, rva, _, raw_size, _ in sections(image):
        assert rva == end, name
        end = rva + raw_size
    assert end == len(image)


def test_efi_and_elf_differ_in_their_magic_only(any_shop):
    efi, elf = bytearray(pack_all(any_shop, "efi")), bytearray(pack_all(any_shop, "elf"))
    assert efi[:2] == b"MZ" and elf[:4] == b"\x7fELF"
    assert efi[HEADER : HEADER + 4] == b"HdrS" and elf[HEADER : HEADER + 4] != b"HdrS"
    efi[HEADER : HEADER + 4] = elf[HEADER : HEADER + 4]
    assert efi[64:] == elf[64:]


def test_binutils_can_read_it(any_shop):
    pack_all(any_shop, "efi")
    packed = any_shop.folder / "packed.efi"
    listing = subprocess.run(["objdump", "-h", packed], capture_output=True, text=True, check=True).stdout
    assert "pei-x86-64" in listing
    rows = {row[1]: row for row in (line.split() for line in listing.splitlines()) if len(row) == 7}
    assert int(rows[".linux"][2], 16) == any_shop.kernel.stat().st_size
    out = any_shop.folder / "extracted"
    subprocess.run(["objcopy", "-O", "binary", "--only-section=.cmdline", packed, out], check=True)
    assert out.read_bytes().startswith(b"root=/dev/xvda1 quiet")


def test_readelf_can_read_it(any_shop):
    pack_all(any_shop, "elf")
    packed = any_shop.folder / "packed.elf"
    done = subprocess.run(["readelf", "-hlW", packed], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    size = packed.stat().st_size
    assert re.search(rf"LOAD +0x0+ \S+ 0x0*100000 0x0*{size:x} 0x0*{size:x} ", done.stdout)


def test_output_repeats(any_shop):
    first = pack_all(any_shop, "efi")
    os.utime(any_shop.kernel, (1, 1))
    assert pack_all(any_shop, "efi") == first


def test_order_of_the_options_does_not_matter(shop):
    one = shop.pack(f"--linux={shop.kernel}", "--cmdline=a", f"--initrd={shop.initrd}")
    two = shop.pack("--cmdline", "a", "--initrd", shop.initrd, "--linux", shop.kernel)
    assert one == two


def test_initrds_become_one(shop):
    for number, size in enumerate([5, 8, 3]):
        shop.file(f"i{number}", b"abc"[number : number + 1] * size)
    image = shop.pack(*(f"--initrd={shop.folder}/i{number}" for number in range(3)))
    assert content(image, ".initrd") == b"aaaaa\0\0\0" + b"bbbbbbbb" + b"ccc"


def test_text_from_files(shop):
    shop.file("line", b"console=ttyS0\n\n")
    shop.file("release", b"ID=x\n")
    image = shop.pack(f"--cmdline=@{shop.folder}/line", f"--os-release=@{shop.folder}/release", "--uname=6.1\n")
    assert content(image, ".cmdline") == b"console=ttyS0"
    assert content(image, ".osrel") == b"ID=x\n"
    assert content(image, ".uname") == b"6.1"


def test_device_tree_and_any_section(shop):
    dtb = shop.file("a.dtb", b"\xd0\x0d\xfe\xed" + bytes(40))
    sbat = shop.file("a:b", b"sbat,1\n")
    image = shop.pack(f"--devicetree={dtb}", f"--section=.sbat:{sbat}", f"--section=.mine:{sbat}")
    assert content(image, ".dtb") == dtb.read_bytes()
    assert content(image, ".sbat") == content(image, ".mine") == b"sbat,1\n"


def test_kernels(shop):
    kernels = {
        "bzimage": b"\0" * 0x1FE + b"\x55\xaa\0\0HdrS",
        "elf": b"\x7fELF" + bytes(100),
        "pe": b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(100),
    }
    for name, data in kernels.items():
        assert content(shop.pack(f"--linux={shop.file(name, data)}"), ".linux") == data


def test_packing_again_adds(shop):
    shop.pack(f"--linux={shop.kernel}", output="one.efi")
    shop.pack(f"--image={shop.folder}/one.efi", "--cmdline=quiet")
    two = shop.pack(f"--image={shop.folder}/out.efi", f"--initrd={shop.initrd}", output="two.efi")
    assert content(two, ".linux") == shop.kernel.read_bytes()
    assert content(two, ".cmdline") == b"quiet"
    assert content(two, ".initrd") == shop.initrd.read_bytes()
    assert u32(two, LAYOUT["PE"] + SIZE_OF_IMAGE) == len(two)
    assert ".linux is in the image already" in shop.refused(f"--image={shop.folder}/two.efi", f"--linux={shop.kernel}")


def test_profiles(shop):
    profile = shop.file("profile", b"ID=debug\n")
    line = shop.file("line", b"debug\n")
    image = shop.pack("--cmdline=quiet", f"--section=.profile:{profile}", f"--section=.cmdline:{line}")
    assert [name for name, *_ in sections(image)][-3:] == [".cmdline", ".profile", ".cmdline"]
    assert ".cmdline is in the image already" in shop.refused(
        f"--section=.profile:{profile}", f"--section=.cmdline:{line}", f"--section=.cmdline:{line}", output="no.efi"
    )


def test_names_that_may_repeat(shop):
    one, two = shop.file("one", b"1"), shop.file("two", b"2")
    image = shop.pack(f"--section=.dtbauto:{one}", f"--section=.dtbauto:{two}")
    assert [name for name, *_ in sections(image)][-2:] == [".dtbauto", ".dtbauto"]
    again = f"--section=.mine:{one}"  # not one of UAPI.5's: once in the whole image
    assert ".mine is in the image already" in shop.refused(again, f"--section=.profile:{one}", again)


def test_packing_in_place(shop):
    shop.pack("--cmdline=quiet")
    image = shop.pack(f"--image={shop.folder}/out.efi", "--uname=6")
    assert content(image, ".cmdline") == b"quiet"


def test_old_checksum_is_cleared(shop):
    base = bytearray(SYNTHETIC["efi"])
    struct.pack_into("<I", base, LAYOUT["PE"] + CHECKSUM, 0x1234)
    image = shop.pack(f"--image={shop.file('base', base)}", "--cmdline=x")
    assert u32(image, LAYOUT["PE"] + CHECKSUM) == 0


def test_init_size_never_shrinks(shop):
    base = bytearray(SYNTHETIC["efi"])
    struct.pack_into("<I", base, INIT_SIZE, 0x1000000)
    image = shop.pack(f"--image={shop.file('base', base)}", "--cmdline=x")
    assert u32(image, INIT_SIZE) == 0x1000000


def test_reads_pipes(shop):
    data = shop.kernel.read_bytes() * 100
    reader, writer = os.pipe()

    def feed():
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reader, "rb") as pipe:
        image = shop.pack("--linux=/dev/stdin", stdin=pipe)
    thread.join()
    assert content(image, ".linux") == data


def test_mode_follows_umask(shop):
    shop.pack("--cmdline=x", umask=0o027)
    assert stat.S_IMODE((shop.folder / "out.efi").stat().st_mode) == 0o640


def test_image_of_an_installation(shop):
    (shop.folder / "lib/quadrivium").mkdir(parents=True)
    for kind in KINDS:
        shutil.move(shop.folder / f"bin/quadrivium.{kind}", shop.folder / "lib/quadrivium")
    assert shop.pack("--cmdline=x", output="out.elf")[:4] == b"\x7fELF"
    shutil.rmtree(shop.folder / "lib")
    assert "no quadrivium.efi in " in shop.refused("--cmdline=x", output="other.efi")


def test_full_section_table(shop):
    one = shop.file("one", b"1")
    room = LAYOUT["PE_SECTIONS_MAX"] - 2
    names = [f"--section=.s{number}:{one}" for number in range(room + 1)]
    image = shop.pack(*names[:room])
    assert u16(image, LAYOUT["PE"] + NUMBER_OF_SECTIONS) == LAYOUT["PE_SECTIONS_MAX"]
    assert content(image, f".s{room - 1}") == b"1"
    assert f"no room for .s{room}" in shop.refused(*names)


def test_help_and_version(shop):
    done = shop.run("--help", output=None)
    assert done.returncode == 0 and done.stderr == ""
    for option in "linux initrd cmdline os-release uname devicetree fit-key section recompress image output help version".split():
        assert f"--{option}" in done.stdout
    done = shop.run("--version", output=None)
    assert done.returncode == 0 and re.fullmatch(r"quadrivium-pack \S+\n", done.stdout)


def test_man_page_has_every_option(shop):
    page = (ROOT / "docs/quadrivium-pack.1").read_text()
    for option in re.findall(r"--([a-z-]+)", shop.run("--help", output=None).stdout):
        assert f"Fl -{option}" in page
