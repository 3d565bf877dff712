# SPDX-License-Identifier: BSD-2-Clause
"""quadrivium-pack: what it writes into each header, and what it refuses.

The base images are built here byte by byte, with the offsets of common/layout.h; where $QUADRIVIUM_BUILD (default:
build) holds the real quadrivium.efi and quadrivium.elf, the same tests pack those too.
"""

import os
import pathlib
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
TOOL = BUILD / "quadrivium-pack"
PAGE = 0x1000

LAYOUT = {
    name: int(number, 0)
    for name, number in re.findall(
        r"^#define LAYOUT_(\w+) +(\w+)$", (ROOT / "common/layout.h").read_text(), re.M
    )
}

# Linux setup header (boot.rst), from the start of the image.
SETUP_SECTS, SYSSIZE, BOOT_FLAG, HEADER, INIT_SIZE = 0x1F1, 0x1F4, 0x1FE, 0x202, 0x260
# PE headers (Microsoft "PE Format"), from LAYOUT_PE: after the signature and the COFF header comes the optional one.
NUMBER_OF_SECTIONS, OPTIONAL = 6, 24
SIZE_OF_INITIALIZED_DATA, SIZE_OF_IMAGE, CHECKSUM = OPTIONAL + 8, OPTIONAL + 56, OPTIONAL + 64
CERTIFICATE_TABLE = OPTIONAL + 112 + 4 * 8
SECTION = struct.Struct("<8sIIIIIIHHI")
READ_ONLY_DATA = 0x40000040

MULTIBOOT2_MAGIC = 0xE85250D6
ADDRESS_TAG = LAYOUT["MULTIBOOT2"] + 16 + 16  # in the image built here, behind another tag

BASE_FILE_SIZE = 0x3000
BASE_IMAGE_SIZE = 0x5000  # two pages of .bss


def u16(image, offset):
    return struct.unpack_from("<H", image, offset)[0]


def u32(image, offset):
    return struct.unpack_from("<I", image, offset)[0]


def base_image(kind):
    """A file as the linker script makes it: .text in the file, .bss behind its end."""
    image = bytearray(BASE_FILE_SIZE)
    if kind == "efi":
        struct.pack_into("<2s58xI", image, 0, b"MZ", LAYOUT["PE"])
        image[HEADER : HEADER + 4] = b"HdrS"
    else:
        ident = b"\x7fELF\x02\x01\x01"
        struct.pack_into("<16sHHIQQQIHHHHHH", image, 0, ident, 2, 62, 1, 0x101000, LAYOUT["ELF_PHDRS"], 0, 0,
                         64, 56, LAYOUT["ELF_PHDR_COUNT"], 64, 0, 0)  # fmt: skip
    base = LAYOUT["LINK_BASE"]
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, base, base, BASE_FILE_SIZE, BASE_IMAGE_SIZE, PAGE)
    note = struct.pack("<IIQQQQQQ", 4, 4, 0x2000, base + 0x2000, base + 0x2000, 20, 20, 4)
    image[LAYOUT["ELF_PHDRS"] : LAYOUT["ELF_PHDRS"] + 112] = load + note
    image[SETUP_SECTS] = 7
    struct.pack_into("<I", image, SYSSIZE, (BASE_FILE_SIZE - PAGE) // 16)
    struct.pack_into("<H", image, BOOT_FLAG, 0xAA55)
    struct.pack_into("<I", image, INIT_SIZE, BASE_IMAGE_SIZE - PAGE)
    tags = struct.pack("<HHII4x", 3, 0, 12, base + PAGE)
    tags += struct.pack("<HHIIIII", 2, 0, 24, base + LAYOUT["MULTIBOOT2"], base, base + BASE_FILE_SIZE,
                        base + BASE_IMAGE_SIZE)  # fmt: skip
    tags += struct.pack("<HHI", 0, 0, 8)
    length = 16 + len(tags)
    header = struct.pack("<IIII", MULTIBOOT2_MAGIC, 0, length, -(MULTIBOOT2_MAGIC + length) & 0xFFFFFFFF)
    image[LAYOUT["MULTIBOOT2"] : LAYOUT["MULTIBOOT2"] + length] = header + tags
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 2, 0, 0, 0, 240, 0x22E)
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 0, 0, PAGE, 0, 0x2000, 0x2000, 0x2000, 0,
                           PAGE, PAGE, 0, 0, 0, 0, 0, 0, 0, BASE_IMAGE_SIZE, 0x2000, 0, 10, 0x100, 0, 0, 0, 0, 0, 16)  # fmt: skip
    image[LAYOUT["PE"] : LAYOUT["PE"] + len(coff + optional)] = coff + optional
    text = SECTION.pack(b".text", PAGE, 0x2000, PAGE, 0x2000, 0, 0, 0, 0, 0x60000020)
    bss = SECTION.pack(b".bss", 0x2000, 0x3000, 0, 0, 0, 0, 0, 0, 0xC0000080)
    image[LAYOUT["PE_SECTIONS"] : LAYOUT["PE_SECTIONS"] + 80] = text + bss
    image[0x2000:0x3000] = bytes(range(256)) * 16
    return bytes(image)


def sections(image):
    """(name, address, size, raw size, flags) of each section; the address is the file offset, too."""
    table = []
    for i in range(u16(image, LAYOUT["PE"] + NUMBER_OF_SECTIONS)):
        name, size, rva, raw_size, raw, *_, flags = SECTION.unpack_from(image, LAYOUT["PE_SECTIONS"] + i * SECTION.size)
        assert raw_size == 0 or raw == rva
        table.append((name.rstrip(b"\0").decode(), rva, size, raw_size, flags))
    return table


def content(image, name):
    found = [image[rva : rva + size] for other, rva, size, _, _ in sections(image) if other == name]
    assert len(found) == 1, f"{len(found)} sections {name}"
    return found[0]


class Workshop:
    """A folder with a copy of the tool, base images beside it, and inputs."""

    def __init__(self, folder, bases):
        self.folder = folder
        (folder / "bin").mkdir()
        self.tool = folder / "bin/quadrivium-pack"
        shutil.copy(TOOL, self.tool)
        for kind, base in bases.items():
            (folder / f"bin/quadrivium.{kind}").write_bytes(base)
        self.kernel = self.file("vmlinuz", b"\x11" * 0x1FE + b"\x55\xaa\x11\x11HdrS" + b"\x22" * 5000)
        self.initrd = self.file("initrd", b"\x33" * 4097)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def run(self, *arguments, output="out.efi", umask=0o022, stdin=None):
        command = [self.tool, *arguments] + ([f"--output={self.folder / output}"] if output else [])
        return subprocess.run(command, capture_output=True, text=True, umask=umask, stdin=stdin, timeout=60)

    def pack(self, *arguments, output="out.efi", **more):
        done = self.run(*arguments, output=output, **more)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return (self.folder / output).read_bytes()

    def refused(self, *arguments, output="out.efi", code=1):
        """The one line that says why; and nothing may have been written."""
        before = sorted(self.folder.rglob("*"))
        done = self.run(*arguments, output=output)
        assert done.returncode == code
        assert done.stdout == ""
        assert re.fullmatch(r"quadrivium-pack: error: .+: .+\n", done.stderr), done.stderr
        assert sorted(self.folder.rglob("*")) == before
        return done.stderr


KINDS = ["efi", "elf"]
SYNTHETIC = {kind: base_image(kind) for kind in KINDS}
REAL = {kind: BUILD / f"quadrivium.{kind}" for kind in KINDS}


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path, SYNTHETIC)


@pytest.fixture(params=["synthetic", "real"])
def any_shop(request, tmp_path):
    if request.param == "synthetic":
        return Workshop(tmp_path, SYNTHETIC)
    if not all(path.exists() for path in REAL.values()):
        pytest.skip("no real image built")
    return Workshop(tmp_path, {kind: path.read_bytes() for kind, path in REAL.items()})


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


# What it writes


@pytest.mark.parametrize("kind", KINDS)
def test_every_header_says_the_new_size(any_shop, kind):
    base = (any_shop.folder / f"bin/quadrivium.{kind}").read_bytes()
    image = pack_all(any_shop, kind)
    size, pe, link_base = len(image), LAYOUT["PE"], LAYOUT["LINK_BASE"]
    assert size % PAGE == 0

    assert u32(image, pe + SIZE_OF_IMAGE) == size
    assert u32(image, pe + CHECKSUM) == 0
    assert u16(image, pe + NUMBER_OF_SECTIONS) == u16(base, pe + NUMBER_OF_SECTIONS) + 5
    grown = size - u32(base, pe + SIZE_OF_IMAGE)
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
               (pe + SIZE_OF_INITIALIZED_DATA, 4), (pe + SIZE_OF_IMAGE, 4), (table_end, 5 * SECTION.size)]  # fmt: skip
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


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def rsa_key(shop, name, bits=2048, exponent=65537):
    """A private key's file, and its modulus."""
    path = shop.folder / name
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-pkeyopt",
            f"rsa_keygen_pubexp:{exponent}", "-out", path)  # fmt: skip
    modulus = openssl("rsa", "-in", path, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    return path, bytes.fromhex(modulus)


def fit_key(name, modulus, exponent=b"\x01\0\x01"):
    numbers = (struct.pack(">I", len(number)) + number for number in (modulus, exponent))
    return name.ljust(64, b"\0") + b"".join(numbers)


def test_fit_keys(shop):
    """Public keys and certificates, with and without names, in both forms."""
    key, modulus = rsa_key(shop, "key")
    long_key, long_modulus = rsa_key(shop, "long.key", 4096, 3)
    public = shop.file("public.pem", openssl("pkey", "-in", key, "-pubout"))
    binary = shop.file("public.der", openssl("pkey", "-in", key, "-pubout", "-outform", "DER"))
    request = ("req", "-x509", "-batch", "-subj", "/CN=x", "-key", long_key)
    certificate = shop.file("a:b.crt", openssl(*request))
    binary_certificate = shop.file("crt.der", openssl(*request, "-outform", "DER"))
    image = shop.pack(f"--fit-key={public}", f"--fit-key=dev:{binary}", f"--fit-key={certificate}",
                      f"--fit-key={'n' * 63}:{binary_certificate}")  # fmt: skip
    section = content(image, ".fitkey")
    assert section == (fit_key(b"", modulus) + fit_key(b"dev", modulus) + fit_key(b"", long_modulus, b"\3")
                       + fit_key(b"n" * 63, long_modulus, b"\3"))  # fmt: skip
    again = shop.pack(f"--section=.fitkey:{shop.file('section', section)}")
    assert content(again, ".fitkey") == section


def test_bad_fit_keys(shop):
    key, modulus = rsa_key(shop, "key")
    public = shop.file("public.pem", openssl("pkey", "-in", key, "-pubout"))
    short, _ = rsa_key(shop, "short.key", 1024)
    short = shop.file("short.pem", openssl("pkey", "-in", short, "-pubout"))
    curve = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    curve = shop.file("curve.pem", openssl("pkey", "-pubout", stdin=curve))
    for path in (key, shop.kernel, shop.file("cut.pem", public.read_bytes()[:200])):
        assert f"{path.name}: neither a public key nor a certificate" in shop.refused(f"--fit-key={path}")
    assert "short.pem: it is a key of RSA with 1024 bits" in shop.refused(f"--fit-key={short}")
    assert "curve.pem: it is a key of EC with 256 bits" in shop.refused(f"--fit-key={curve}")
    assert "is longer than 63 characters" in shop.refused(f"--fit-key={'n' * 64}:{public}")
    assert "it has more than 8 keys" in shop.refused(*[f"--fit-key={public}"] * 9)
    entry = fit_key(b"", modulus)
    for section in (entry[:-1], b"n" * 64 + entry[64:], entry + b"x", fit_key(b"", modulus[:-1] + b"\0")):
        shop.refused(f"--section=.fitkey:{shop.file('section', section)}")


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


# What it says


def test_help_and_version(shop):
    done = shop.run("--help", output=None)
    assert done.returncode == 0 and done.stderr == ""
    for option in "linux initrd cmdline os-release uname devicetree fit-key section image output help version".split():
        assert f"--{option}" in done.stdout
    done = shop.run("--version", output=None)
    assert done.returncode == 0 and re.fullmatch(r"quadrivium-pack \S+\n", done.stdout)


def test_man_page_has_every_option(shop):
    page = (ROOT / "docs/quadrivium-pack.1").read_text()
    for option in re.findall(r"--([a-z-]+)", shop.run("--help", output=None).stdout):
        assert f"Fl -{option}" in page


# What it refuses

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
