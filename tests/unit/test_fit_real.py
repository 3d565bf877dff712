# SPDX-License-Identifier: BSD-2-Clause
"""What payloads/fit.c finds in FITs that mkimage made and signed, and in those that somebody changed afterwards. test_fit
says it; what mkimage was given, and openssl's keys, are what it is compared with."""

import gzip
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
READER = BUILD / "unit/test_fit"
TOOL = BUILD / "quadrivium-pack"

pytestmark = pytest.mark.skipif(not shutil.which("mkimage") or not shutil.which("dtc"),
                                reason="no mkimage or dtc (packages u-boot-tools, device-tree-compiler)")  # fmt: skip

KERNEL = b"\x11" * 0x1FE + b"\x55\xaa\x11\x11HdrS" + b"\x22" * 5001
RAMDISKS = [b"070701" + b"\x33" * 4095, b"070702" + b"\x44" * 77]
BOOTARGS = "root=/dev/vda1 quiet"
HEADERS = 0x2000  # the section table is in these bytes of an image
HASHES = ("crc32", "sha256", "sha512")
HINT = 'key-name-hint = "dev"; sign-images = "kernel", "ramdisk", "fdt";'


def run(*command, **more):
    return subprocess.run(command, capture_output=True, check=True, timeout=60, **more).stdout


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A folder with two key pairs for each size: what mkimage wants, and a .fitkey section for each."""
    folder = tmp_path_factory.mktemp("keys")
    for name, bits in (("dev", 2048), ("other", 2048), ("big", 4096)):
        run("openssl", "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-batch", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")  # fmt: skip
        for hint in ("", "dev:", "big:"):
            packed = folder / "packed.efi"
            run(TOOL, f"--image={BUILD}/quadrivium.efi", f"--fit-key={hint}{folder}/{name}.crt", f"--output={packed}")
            whole = packed.read_bytes()
            size, at = struct.unpack_from("<II", whole, whole.index(b".fitkey\0", 0, HEADERS) + 8)
            (folder / f"{hint}{name}.fitkey").write_bytes(whole[at : at + size])
    return folder


class Workshop:
    def __init__(self, folder):
        self.folder = folder
        self.its = self.source()

    def file(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def image(self, name, kind, data, compression="none", hashes=HASHES):
        self.file(name, data)
        nodes = "".join(f'hash-{i} {{ algo = "{hash}"; }};' for i, hash in enumerate(hashes, 1))
        return f"""{name} {{ description = "{name}"; data = /incbin/("{name}"); type = "{kind}"; arch = "x86_64";
            os = "linux"; compression = "{compression}"; load = <0x1000000>; entry = <0x1000000>; {nodes} }};"""

    def source(self, kernel=KERNEL, compression="none", hashes=HASHES, signature=None, algorithm="sha256,rsa2048"):
        """Three configurations: `plain` is a kernel alone, `full` the default with everything, `second` in between."""
        self.file("tree.dts", f'/dts-v1/; / {{ chosen {{ bootargs = "{BOOTARGS}"; }}; }};'.encode())
        tree = run("dtc", "-O", "dtb", "tree.dts", cwd=self.folder)
        images = self.image("kernel-1", "kernel", kernel, compression, hashes)
        images += self.image("kernel-2", "kernel", kernel[::-1], "none", hashes)
        images += self.image("rd-1", "ramdisk", RAMDISKS[0], "none", hashes)
        images += self.image("rd-2", "ramdisk", RAMDISKS[1], "none", hashes)
        images += self.image("fdt-1", "flat_dt", tree, "none", hashes)
        self.tree = tree
        sign = f'signature-1 {{ algo = "{algorithm}"; {signature} }};' if signature else ""
        return f"""/dts-v1/; / {{ description = "made by mkimage"; images {{ {images} }};
            configurations {{ default = "full";
            plain {{ description = "kernel alone"; kernel = "kernel-1"; {sign} }};
            full {{ description = "everything"; kernel = "kernel-1"; ramdisk = "rd-1", "rd-2"; fdt = "fdt-1"; {sign} }};
            second {{ description = "other kernel"; kernel = "kernel-2"; ramdisk = "rd-2"; {sign} }};
            }}; }};"""

    def make(self, *arguments, keys=None, its=None):
        (self.folder / "x.its").write_text(its or self.its)
        if keys:
            (self.folder / "control.dts").write_text("/dts-v1/; / { };")
            run("dtc", "-O", "dtb", "-o", "control.dtb", "control.dts", cwd=self.folder)
            arguments = [*arguments, "-k", str(keys), "-K", "control.dtb", "-r"]
        run("mkimage", "-f", "x.its", *arguments, "x.itb", cwd=self.folder)
        return self.folder / "x.itb"

    def signed(self, keys, *arguments, **more):
        return self.make(*arguments, keys=keys, its=self.source(signature=HINT, **more))


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


class Found:
    def __init__(self, path, configuration="full", key=None):
        done = run(READER, path, configuration, *([key] if key else []), text=True, errors="replace")
        self.error = next(iter(re.findall(r"^error (.*)$", done, re.M)), None)
        self.fields = dict(re.findall(r"^(\w+) (.*)$", done, re.M))
        self.configurations = re.findall(r"^configuration (\S+) (.*)$", done, re.M)
        whole = pathlib.Path(path).read_bytes()
        self.parts = [(name, whole[int(at) : int(at) + int(size)])
                      for name, at, size in re.findall(r"^(kernel|ramdisk|fdt) (\d+) (\d+)$", done, re.M)]  # fmt: skip
        self.verified = self.fields.get("verified") == "1"


def wanted(shop, kernel=KERNEL):
    return [("kernel", kernel), *(("ramdisk", ramdisk) for ramdisk in RAMDISKS), ("fdt", shop.tree)]


PLACES = {"inside": [], "outside": ["-E"], "aligned": ["-E", "-B", "1000"], "position": ["-E", "-p", "8000"]}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_parts(shop, place):
    path = shop.make(*place)
    found = Found(path)
    assert found.error is None
    assert found.parts == wanted(shop)
    assert found.configurations == [("plain", "kernel alone"), ("full", "everything"), ("second", "other kernel")]
    assert found.fields["default"] == "1"
    assert found.fields["description"] == "made by mkimage"
    assert found.fields["command_line"] == BOOTARGS
    assert found.fields["compression"] == "none" and not found.verified
    assert Found(path, "plain").parts == wanted(shop)[:1]
    assert Found(path, "second").parts == [("kernel", KERNEL[::-1]), ("ramdisk", RAMDISKS[1])]
    size = path.stat().st_size
    assert size - 0x1000 < int(found.fields["size"]) <= size
    with path.open("ab") as file:
        file.write(b"070701" * 1000)
    assert Found(path).fields == found.fields
    os.truncate(path, int(found.fields["size"]) - 1)
    assert Found(path).error


COMPRESSIONS = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": lambda data: run("zstd", "-c", input=data),
    "lz4": lambda data: run("lz4", "-c", input=data),
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_compressions(shop, name):
    packed = COMPRESSIONS[name](KERNEL)
    its = shop.source(kernel=packed, compression=name)
    if name == "xz":  # a word that mkimage 2023.01 does not know, and takes as it is
        its = its.replace('compression = "xz"', 'compression = "none"', 1)
        name = "none"
    found = Found(shop.make(its=its))
    assert found.error is None
    assert found.parts == wanted(shop, packed) and found.fields["compression"] == name


@pytest.mark.parametrize("place", [[], ["-E"]], ids=["inside", "outside"])
@pytest.mark.parametrize("hash", HASHES)
def test_changed_images(shop, hash, place):
    path = shop.make(*place, its=shop.source(hashes=[hash]))
    whole = path.read_bytes()
    for name, data in (("kernel-1", KERNEL), ("rd-1", RAMDISKS[0]), ("rd-2", RAMDISKS[1]), ("fdt-1", shop.tree)):
        for offset in (0, len(data) // 2, len(data) - 1):
            changed = bytearray(whole)
            changed[whole.index(data) + offset] ^= 1
            path.write_bytes(changed)
            assert Found(path).error == f"hash-1 of image {name}, {hash}, does not match its data"
            assert (Found(path, "plain").error is None) == (name != "kernel-1")


# ---- signatures ----


@pytest.mark.parametrize("place", [[], ["-E"]], ids=["inside", "outside"])
def test_signed(shop, keys, place):
    path = shop.signed(keys, *place)
    for name in ("dev", "dev:dev"):
        for configuration in ("plain", "full", "second"):
            found = Found(path, configuration, keys / f"{name}.fitkey")
            assert found.error is None and found.verified
    assert Found(path, "full", keys / "dev.fitkey").parts == wanted(shop)
    assert not Found(path).verified


def test_signed_with_4096_bits(shop, keys):
    its = shop.source(signature=HINT.replace('"dev"', '"big"'), algorithm="sha256,rsa4096")
    path = shop.make(keys=keys, its=its)
    assert Found(path, "full", keys / "big.fitkey").verified
    assert Found(path, "full", keys / "big:big.fitkey").verified
    assert "is by a key that is not known: big" in Found(path, "full", keys / "dev.fitkey").error


def test_one_of_several_keys(shop, keys):
    section = shop.folder / "keys"
    section.write_bytes(b"".join((keys / f"{name}.fitkey").read_bytes() for name in ("other", "big", "dev")))
    assert Found(shop.signed(keys), "full", section).verified


def test_wrong_key(shop, keys):
    path = shop.signed(keys)
    assert Found(path, "full", keys / "other.fitkey").error == "signature-1 of configuration full is wrong"
    assert Found(path, "full", keys / "dev:other.fitkey").error == "signature-1 of configuration full is wrong"
    assert "is by a key that is not known: dev" in Found(path, "full", keys / "big:dev.fitkey").error


def test_not_signed(shop, keys):
    assert Found(shop.make(), "full", keys / "dev.fitkey").error == "configuration full is not signed"


def test_ramdisk_that_is_not_signed(shop, keys):
    """mkimage leaves it out where sign-images does not name it."""
    path = shop.make(keys=keys, its=shop.source(signature='key-name-hint = "dev";'))
    assert Found(path, "full", keys / "dev.fitkey").error == "signature-1 does not cover image rd-1"
    assert Found(path, "plain", keys / "dev.fitkey").verified


def test_weak_hash(shop, keys):
    path = shop.signed(keys, hashes=["crc32"])
    assert Found(path, "full", keys / "dev.fitkey").error == "image kernel-1 has no hash by sha256 or sha512"
    assert Found(path).error is None


def test_changed_data_of_a_signed_one(shop, keys):
    path = shop.signed(keys)
    whole = bytearray(path.read_bytes())
    whole[whole.index(KERNEL) + 600] ^= 1
    path.write_bytes(whole)
    assert "of image kernel-1" in Found(path, "full", keys / "dev.fitkey").error


def test_every_bit_of_the_tree(shop, keys):
    """A changed tree is refused, or what it gives is what was signed."""
    path = shop.signed(keys, "-E", hashes=["sha256"])
    whole = path.read_bytes()
    total = struct.unpack_from(">I", whole, 4)[0]
    nodes = ["/configurations/full/signature-1", *(f"/images/{name}/hash-1" for name in ("kernel-1", "rd-1", "rd-2", "fdt-1"))]
    values = [run("fdtget", "-t", "bx", path, node, "value", text=True).split() for node in nodes]
    tried, wrong = range(0, total, 1 if os.environ.get("QUADRIVIUM_ALL") else 7), set()
    for at in tried:
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        found = Found(path, "full", keys / "dev.fitkey")
        assert found.error or "kernel" not in found.fields or found.parts == wanted(shop), at
        assert not found.parts or found.verified
        if "is wrong" in (found.error or ""):
            wrong.add(at)
    for value in values:
        at = whole.index(bytes(int(byte, 16) for byte in value))
        assert wrong.issuperset(set(tried).intersection(range(at, at + len(value))))


def put(path, node, name, value, kind="s"):
    run("fdtput", "-t", kind, path, node, name, *([value] if isinstance(value, str) else value))


CHANGES = {
    "kernel": ("/configurations/full", "kernel", "kernel-2"),
    "fewer ramdisks": ("/configurations/full", "ramdisk", "rd-1"),
    "description": ("/configurations/full", "description", "everythinh"),
    "of the root": ("/", "description", "made by nobody"),
    "compression": ("/images/kernel-1", "compression", "gzip"),
    "algorithm of a hash": ("/images/rd-1/hash-3", "algo", "sha257"),
    "load address": ("/images/kernel-1", "load", "x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_changed_properties(shop, keys, change):
    path = shop.signed(keys)
    put(path, *change)
    if change[2] == "kernel-2":  # which the list of what is signed does not have
        assert "does not cover image kernel-2" in Found(path, "full", keys / "dev.fitkey").error
        put(path, "/configurations/full/signature-1", "hashed-nodes",
            run("fdtget", path, "/configurations/full/signature-1", "hashed-nodes", text=True)
            .strip().replace("kernel-1", "kernel-2").split(" "))  # fmt: skip
    assert Found(path, "full", keys / "dev.fitkey").error == "signature-1 of configuration full is wrong"


def test_what_may_change(shop, keys):
    """Nodes of others and mkimage's own remarks are not signed; neither are images that nobody uses."""
    path = shop.signed(keys)
    put(path, "/configurations/full/signature-1", "signer-version", "2099.01")
    put(path, "/configurations/second", "kernel", "kernel-1")
    put(path, "/images/kernel-2", "type", "other")
    put(path, "/configurations", "default", "plain")
    found = Found(path, "full", keys / "dev.fitkey")
    assert found.verified and found.parts == wanted(shop)
    assert found.fields["default"] == "0"
    assert Found(path, "second", keys / "dev.fitkey").error


def test_mixed(shop, keys):
    """Each configuration's signature is its own, though their images are signed, too."""
    path = shop.signed(keys)
    for name in ("value", "hashed-nodes", "hashed-strings"):
        kind = "s" if name == "hashed-nodes" else "x"
        value = run("fdtget", "-t", kind, path, "/configurations/second/signature-1", name, text=True).split()
        put(path, "/configurations/full/signature-1", name, value, kind)
    assert Found(path, "full", keys / "dev.fitkey").error
    put(path, "/configurations/full", "kernel", "kernel-2")
    put(path, "/configurations/full", "ramdisk", "rd-2")
    run("fdtput", "-d", path, "/configurations/full", "fdt")
    assert Found(path, "full", keys / "dev.fitkey").error


def test_new_property(shop, keys):
    path = shop.signed(keys)
    put(path, "/configurations/plain", "extra", "x")
    assert Found(path, "plain", keys / "dev.fitkey").error == "the name of property extra is not signed"
    put(path, "/configurations/second", "description", "x")
    run("fdtput", "-d", path, "/configurations/plain", "extra")
    assert Found(path, "plain", keys / "dev.fitkey").verified
    put(path, "/configurations/plain", "ramdisk", "rd-1")
    assert Found(path, "plain", keys / "dev.fitkey").error == "signature-1 does not cover image rd-1"


def test_removed_hash(shop, keys):
    path = shop.signed(keys)
    run("fdtput", "-r", path, "/images/kernel-1/hash-2")
    found = Found(path, "full", keys / "dev.fitkey")
    assert found.error == "signature-1 covers a node that is not there: /images/kernel-1/hash-2"


def test_added_hash(shop, keys):
    path = shop.signed(keys)
    run("fdtput", "-c", path, "/images/kernel-1/hash-9")
    assert "does not cover hash-9 of image kernel-1" in Found(path, "full", keys / "dev.fitkey").error


@pytest.mark.parametrize("node", ["/images/kernel-1@1", "/configurations/full@1", "/images/rd-1/hash-1@1", "/x@1"])
def test_at_signs(shop, keys, node):
    path = shop.signed(keys)
    run("fdtput", "-c", path, node)
    assert f"the node name {node.split('/')[-1]} has a '@'" in Found(path, "full", keys / "dev.fitkey").error


def test_second_root(shop, keys):
    """As in CVE-2021-27138: another root behind the first, with other images in it."""
    path = shop.signed(keys)
    good = path.read_bytes()
    evil = shop.make(its=shop.its.replace("everything", "evil")).read_bytes()

    def fields(whole):
        return list(struct.unpack_from(">10I", whole))

    def structure(whole):
        head = fields(whole)
        return whole[head[2] : head[2] + head[9]]

    for order in ((good, evil), (evil, good)):
        block = structure(order[0])[:-4] + structure(order[1])
        head = fields(good)
        strings = good[head[3] : head[3] + head[8]]
        head[1], head[3], head[9] = head[2] + len(block) + len(strings), head[2] + len(block), len(block)
        path.write_bytes(struct.pack(">10I", *head) + good[40 : head[2]] + block + strings)
        assert Found(path, "full", keys / "dev.fitkey").error == "there is something behind its root node"
