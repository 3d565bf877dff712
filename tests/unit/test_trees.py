# SPDX-License-Identifier: BSD-2-Clause
"""What storage/cpio.c, storage/fat.c and storage/iso9660.c find in archives and images that real tools made: GNU cpio and our
own tests/boot/cpio.py, mtools and dosfstools, xorriso. test_cpio, test_fat and test_iso9660 list and read them, Python knows
what was put in."""

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
UTF8 = {**os.environ, "LC_ALL": "C.UTF-8"}

sys.path.insert(0, str(ROOT / "tests/boot"))
import cpio as our_cpio  # pylint: disable=wrong-import-position


def noise(size):
    return random.Random(size).randbytes(size)


FILES = {
    "vmlinuz": noise(300_001),
    "loader/loader.conf": b"timeout 5\n",
    "loader/entries/0123456789abcdef0123456789abcdef-6.1.0-18-amd64.conf": b"title Debian\n",
    "loader/entries/debian+3-1.conf": b"",
    "EFI/BOOT/BOOTX64.EFI": noise(4096),
    "EFI/Linux/größe €.efi": noise(4097),
    "EFI/Linux/" + "n" * 250 + ".efi": noise(511),
    "EFI/Linux/lower.efi": noise(512),
    "a/b/c/d/e/f/g/h/i/j/k/l/deep": b"deep",
}
LINE = re.compile(r"^(file|folder|other|link) (\d+) ([0-9a-f]{8}) (data|-) (.*)$")


def described(files):
    """What a reader says of such files: path -> kind, size, checksum."""
    folders = {"/" + str(parent) for name in files for parent in pathlib.PurePath(name).parents if str(parent) != "."}
    rows = {folder: ("folder", 0, 0) for folder in folders}
    rows.update({"/" + name: ("file", len(data), zlib.crc32(data)) for name, data in files.items()})
    return rows


def read(reader, path):
    """Each tree that the reader made of the file, as described() has it; and which files lay in one piece."""
    done = subprocess.run([BUILD / "unit" / reader, path], capture_output=True, timeout=120)
    output = done.stdout.decode()
    assert done.returncode == 0, output[-2000:] + done.stderr.decode()[-2000:]
    trees, in_memory = [{}], set()
    for line in output.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        kind, size, crc, data, name = match.groups()
        if name in trees[-1]:
            trees.append({})
        trees[-1][name] = (kind, int(size), int(crc, 16))
        if data == "data":
            in_memory.add(name)
    return trees, in_memory


def identity(reader, path):
    """The kind, uuid and label that the reader tells of."""
    output = subprocess.run([BUILD / "unit" / reader, path], capture_output=True, check=True).stdout.decode()
    return re.match(r"name (.*?)(?: [0-9a-f-]+)?, uuid (.*), label (.*)", output).groups()


def shown_by_blkid(path):
    """Uuid and label."""
    output = subprocess.run(["/sbin/blkid", "-p", "-o", "export", path], capture_output=True, check=True).stdout.decode()
    found = dict(line.split("=", 1) for line in output.replace("\\", "").splitlines())
    return found.get("UUID", ""), found.get("LABEL", "")


def put(root, files):
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


# ---- cpio ----


def gnu_cpio(root, form, names, output):
    if not shutil.which("cpio"):
        pytest.skip("no cpio (package cpio)")
    with open(output, "wb") as file:
        subprocess.run(["cpio", "-o", "-H", form, "--quiet", "-0"], cwd=root, env=UTF8, stdout=file, check=True,
                       input=b"".join(name.encode() + b"\0" for name in names))


def names_of(root, prefix=""):
    return [prefix + str(path.relative_to(root)) for path in sorted(root.rglob("*"))]


@pytest.mark.parametrize("form", ["newc", "crc"])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_gnu_cpio(form, prefix, tmp_path):
    root = tmp_path / "root"
    files = {**FILES, "\U0001f600.efi": noise(513)}  # mtools has no surrogates; test_fat has
    put(root, files)
    (root / "link").symlink_to("vmlinuz")
    os.mkfifo(root / "fifo")
    gnu_cpio(root, form, names_of(root, prefix), tmp_path / "archive")
    [tree], in_memory = read("test_cpio", tmp_path / "archive")
    wanted = described(files)
    wanted.update({"/link": ("other", 0, 0), "/fifo": ("other", 0, 0)})
    assert tree == wanted
    assert in_memory == {name for name, row in wanted.items() if row[0] == "file"}


@pytest.mark.parametrize("form", ["newc", "crc"])
def test_hard_links(form, tmp_path):
    root = tmp_path / "root"
    files = {"a/first": noise(5000), "alone": b"alone"}
    put(root, files)
    for name in ("b", "a/zlast", "c"):
        os.link(root / "a/first", root / name)
        files[name] = files["a/first"]
    gnu_cpio(root, form, names_of(root), tmp_path / "archive")
    assert read("test_cpio", tmp_path / "archive")[0] == [described(files)]
    files.pop("c")  # a link that was not put in: the data comes at the end
    gnu_cpio(root, form, [name for name in names_of(root) if name != "c"], tmp_path / "archive")
    assert read("test_cpio", tmp_path / "archive")[0] == [described(files)]


def test_two_archives(tmp_path):
    root, files = tmp_path / "root", dict(FILES)
    put(root, FILES)
    gnu_cpio(root, "newc", names_of(root), tmp_path / "archive")
    later = {"vmlinuz": b"another", "more": b"more"}
    with open(tmp_path / "archive", "ab") as file:
        file.write(our_cpio.archive(later) + bytes(1000) + our_cpio.archive({"last": b"last"}))
    files.update(later, last=b"last")
    assert read("test_cpio", tmp_path / "archive")[0] == [described(files)]


def test_our_cpio(tmp_path):
    """Files alone: their folders are only implied."""
    (tmp_path / "archive").write_bytes(our_cpio.archive(FILES))
    assert read("test_cpio", tmp_path / "archive")[0] == [described(FILES)]


# ---- FAT ----


def make_fat(image, *command):
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]}")
    subprocess.run([*command], check=True, capture_output=True)
    assert image.exists()


def mcopy(image, root):
    for path in sorted(root.iterdir()):
        subprocess.run(["mcopy", "-s", "-i", image, path, "::"], check=True, env=UTF8)


MTOOLS = {
    "fat12": ("FAT12", "-T 4000 -c 1"),
    "fat12-floppy": ("FAT12", "-f 1440"),
    "fat12-sectors-of-1024": ("FAT12", "-S 3 -T 3000"),
    "fat12-sectors-of-4096": ("FAT12", "-S 5 -T 2000"),
    "fat16": ("FAT16", "-T 20000 -c 2"),
    "fat16-wide": ("FAT16", "-T 300000 -c 64"),
    "fat32": ("FAT32", "-F -T 70000 -c 1"),
    "fat32-sectors-of-2048": ("FAT32", "-F -S 4 -T 67000 -c 1"),
}


@pytest.mark.parametrize("name", MTOOLS)
def test_mtools(name, tmp_path):
    kind, options = MTOOLS[name]
    image, root = tmp_path / "image", tmp_path / "root"
    make_fat(image, "mformat", "-C", "-i", image, "-v", "A LABEL", *options.split(), "::")
    put(root, FILES)
    mcopy(image, root)
    trees, in_memory = read("test_fat", image)
    assert trees == [described(FILES)] * 2  # in memory, and read
    assert in_memory == {"/" + path for path in FILES}
    assert identity("test_fat", image) == (kind, *shown_by_blkid(image))


@pytest.mark.parametrize("bits", [12, 16, 32])
def test_dosfstools(bits, tmp_path):
    image, root = tmp_path / "image", tmp_path / "root"
    size = {12: 2000, 16: 20000, 32: 34000}[bits]
    make_fat(image, "mkfs.fat", "-F", str(bits), "-n", "LABEL", "-C", image, str(size))
    put(root, FILES)
    mcopy(image, root)
    assert read("test_fat", image)[0] == [described(FILES)] * 2
    assert identity("test_fat", image) == (f"FAT{bits}", *shown_by_blkid(image))


def test_fragments(tmp_path):
    """Files that lie between others, and where others were: some in one piece, some not; all are read whole."""
    image, files = tmp_path / "image", {}
    make_fat(image, "mformat", "-C", "-i", image, "-T", "20000", "-c", "2", "::")

    def add(name, size):
        (tmp_path / name).write_bytes(noise(size))
        subprocess.run(["mcopy", "-i", image, tmp_path / name, "::"], check=True)
        files[name] = noise(size)

    for number in range(40):
        add(f"small {number}", 3000 + number)
    for number in range(0, 40, 2):
        subprocess.run(["mdel", "-i", image, f"::small {number}"], check=True)
        files.pop(f"small {number}")
    subprocess.run(["mattrib", "-i", image, "+h", "::small 1"], check=True)
    add("large", 9_900_000)
    trees, in_memory = read("test_fat", image)
    assert trees == [described(files)] * 2
    assert "/small 1" in in_memory and "/large" not in in_memory


# ---- ISO 9660 ----


LINKS = {  # what they say, and the file that it leads to
    "kernel": ("vmlinuz", "vmlinuz"),
    "EFI/up": ("../vmlinuz", "vmlinuz"),
    "EFI/absolute": ("/loader/loader.conf", "loader/loader.conf"),
    "EFI/chain": ("absolute", "loader/loader.conf"),
    "through": ("EFI/Systems/./../../a/b/../b/c/d/e/f/g/h/i/j/k/l/deep", "a/b/c/d/e/f/g/h/i/j/k/l/deep"),
    "long": ("./" * 400 + "vmlinuz", "vmlinuz"),
    "EFI/Systems": ("Linux", None),     # a folder
    "deep/er": ("../a/b", None),
}


def make_iso(image, root, *options):
    if not shutil.which("xorriso"):
        pytest.skip("no xorriso (package xorriso)")
    alphabet = [] if "-R" in options else ["-rockridge", "off"]  # which it has without being asked, too
    subprocess.run(["xorriso", *alphabet, "-as", "mkisofs", "-quiet", *options, "-o", image, root], check=True,
                   capture_output=True, env=UTF8)


def read_iso(image, label):
    tree, again = read("test_iso9660", image)[0]
    assert tree == again
    name, uuid, told = identity("test_iso9660", image)
    assert (name, told) == (f"ISO 9660 {label}", label)
    assert (uuid, told) == shown_by_blkid(image)
    return tree


@pytest.mark.parametrize("options", ["-R", "-R -J", "-R -rr_reloc_dir /moved", "-R -J -joliet-long -iso-level 3 -r"])
def test_rock_ridge(options, tmp_path):
    root, files = tmp_path / "root", {**FILES, "deep/" + "/".join(["f" * 20] * 15) + "/x": b"x", "x" * 200: b"", "n" * 255: b"n",
                                      "dir/\U0001f600.efi": b"!", "Case": b"1", "case": b"2"}
    put(root, files)
    for name, (says, _) in LINKS.items():
        (root / name).symlink_to(says)
    (root / "none").symlink_to("nowhere/at all")
    os.mkfifo(root / "fifo")
    # Folders that are too deep for ISO 9660 itself lie in /moved, which is not told of, and are found where they belong.
    make_iso(tmp_path / "image", root, *options.split(), "-V", "A Label of 32 characters at most")
    wanted = described({**files, **{name: b"" for name in LINKS}})
    for name, (_, leads) in LINKS.items():
        wanted["/" + name] = ("link", *(described(files)["/" + leads][1:] if leads else (0, 0)))
    wanted["/fifo"], wanted["/none"] = ("other", 0, 0), ("link", 0, 0)
    assert read_iso(tmp_path / "image", "A Label of 32 characters at most") == wanted


@pytest.mark.parametrize("options", ["-J", "-J -joliet-long"])
def test_joliet(options, tmp_path):
    root, files = tmp_path / "root", {name: data for name, data in FILES.items() if len(name) < 100}
    if "long" in options:
        files["n" * 95 + ".conf"] = b"title\n"
    put(root, files)
    make_iso(tmp_path / "image", root, *options.split(), "-V", "LABEL")
    assert read_iso(tmp_path / "image", "LABEL") == described(files)


def test_plain_names(tmp_path):
    root = tmp_path / "root"
    files = {"EFI/LINUX/DEBIAN.EFI": noise(5000), "NOEXT": b"", "a/b/c/d/e/f/lower.txt": b"!", "x.y": b"x"}
    put(root, files)
    make_iso(tmp_path / "image", root, "-iso-level", "2", "-V", "PLAIN")
    assert read_iso(tmp_path / "image", "PLAIN") == described({name.lower(): data for name, data in files.items()})


@pytest.mark.parametrize("kind", ["cpio", "fat", "iso9660"])
def test_a_thousand_entries(kind, tmp_path):
    files = {f"loader/entries/entry-number-{number}.conf": b"title %d\n" % number for number in range(1000)}
    files["vmlinuz"] = noise(3_000_000)
    image, root = tmp_path / "image", tmp_path / "root"
    if kind == "cpio":
        image.write_bytes(our_cpio.archive(files))
    elif kind == "iso9660":
        put(root, files)
        make_iso(image, root, "-R")
    else:
        put(root, files)
        make_fat(image, "mformat", "-C", "-i", image, "-T", "20000", "-c", "2", "::")
        mcopy(image, root)
    start = time.monotonic()
    trees, _ = read(f"test_{kind}", image)
    assert time.monotonic() - start < 20  # with the sanitizers; a quadratic walk takes minutes
    assert all(tree == described(files) for tree in trees) and trees
