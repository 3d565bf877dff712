# SPDX-License-Identifier: BSD-2-Clause
"""What storage/ext.c finds in file systems that mke2fs and debugfs made: test_ext lists and reads them, in memory and as a
disk is read; Python knows what was put in. Of a journal e2fsck says what it would have made."""

import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
PATHS = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
UUID = "8d2a6bd3-1f0e-4d5c-9b7a-0123456789ab"
MIB = 1 << 20

pytestmark = pytest.mark.skipif(not shutil.which("mke2fs", path=PATHS["PATH"]), reason="no mke2fs (package e2fsprogs)")


def noise(size):
    return random.Random(size).randbytes(size)


FILES = {
    "vmlinuz": noise(900_001),
    "boot/initrd.img": noise(200_000),
    "boot/grub/grub.cfg": b"set default=0\n",
    "empty": b"",
    "sizes/60": noise(60),
    "sizes/61": noise(61),
    "sizes/120": noise(120),
    "sizes/160": noise(160),
    "sizes/1023": noise(1023),
    "sizes/1024": noise(1024),
    "sizes/4097": noise(4097),
    "sizes/12-blocks": noise(12 * 1024),
    "sizes/13-blocks": noise(12 * 1024 + 1),
    "sizes/65536": noise(65536),
    "a name/größe €": b"UTF-8",
    "a name/" + "n" * 255: b"a long name",
    "/".join(f"d{depth}" for depth in range(31)) + "/deep": b"deep",
    "small folder/a": b"a",
    "small folder/b": b"b",
    "larger folder/" + "x" * 40: b"x",
    "larger folder/" + "y" * 40: b"y",
    "larger folder/" + "z" * 40: b"z",
}
HOLES = {  # what is written where in files of a size
    "holes/all": (300_000, {}),
    "holes/first": (200_000, {150_000: noise(777)}),
    "holes/middle": (3_000_000, {0: noise(5000), 1_000_000: noise(70_000), 2_999_999: b"!"}),
    "holes/last": (5_000_000, {0: noise(5000)}),
}
LONG = "/".join([".."] * 20) + "/boot/grub/" + "./" * 60
LINKS = {  # what they say, and the path that it leads to
    "kernel": ("vmlinuz", "vmlinuz"),
    "boot/up": ("../vmlinuz", "vmlinuz"),
    "boot/out": ("../../../../../vmlinuz", "vmlinuz"),
    "boot/absolute": ("/boot/initrd.img", "boot/initrd.img"),
    "boot/chain": ("absolute", "boot/initrd.img"),
    "folder": ("boot", "boot"),
    "through": ("folder/grub/../../folder/./grub/grub.cfg", "boot/grub/grub.cfg"),
    "59": ("/" * 49 + "sizes/1024", "sizes/1024"),
    "slow": (LONG + "grub.cfg", "boot/grub/grub.cfg"),
    "slower": ("./" * 150 + "vmlinuz", "vmlinuz"),
    "slowest": ("./" * 500 + "vmlinuz", "vmlinuz"),
    "root": ("/", ""),
    "dangling": ("nowhere/at/all", None),
    "of-a-file": ("vmlinuz/x", None),
    "loop": ("loop2", False),
    "loop2": ("loop", False),
}
NAME = re.compile(r"^(name|link) (\w+) (\d+) ([0-9a-f]{8}) (data|-) (\d+) (\d+) (.*)$")
BROKEN = re.compile(r"^broken (\S+): (.*)$")


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=120, env=PATHS)
    assert done.returncode == 0, done.stderr.decode()


def put(root, files, links=(), holes=()):
    root.mkdir(exist_ok=True)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    for name in holes:
        size, pieces = holes[name]
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with open(root / name, "wb") as file:
            for at, data in pieces.items():
                file.seek(at)
                file.write(data)
            file.truncate(size)
    for name in links:
        (root / name).symlink_to(links[name][0])


def row(path):
    if path.is_dir():
        return ("folder", 0, 0)
    if stat.S_ISREG(path.stat().st_mode):
        return ("file", path.stat().st_size, zlib.crc32(path.read_bytes()))
    return ("other", 0, 0)


def described(root, links=()):
    """path -> whether a link, and the kind, size and checksum of what it leads to; text: why it leads nowhere."""
    rows = {"/lost+found": ("name", "folder", 0, 0)}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = pathlib.Path(folder) / name
            inside = str(path.relative_to(root))
            if inside not in links:
                rows["/" + inside] = ("name", *row(path)) if not path.is_fifo() else ("link", "other", 0, 0)
                continue
            leads = links[inside][1]
            rows["/" + inside] = ("link", *row(root / leads)) if leads is not None and leads is not False else (
                ("link", "absent", 0, 0) if leads is None else "more than 40 symbolic links")
    return rows


class Read:
    """What test_ext said of an image, the second time of which it was read as disks are."""

    def __init__(self, image):
        done = subprocess.run([BUILD / "unit/test_ext", image], capture_output=True, timeout=120)
        output = done.stdout.decode()
        assert done.returncode == 0, output[-2000:] + done.stderr.decode()[-2000:]
        self.trees, self.in_memory, self.calls, self.large = [], set(), {}, {}
        for line in output.splitlines():
            if line.startswith("tree "):
                self.name, self.uuid, self.label, self.warned = line[5:].split("|")
                self.trees.append({})
            elif match := NAME.match(line):
                kind, leads, size, crc, data, calls, large, path = match.groups()
                assert path not in self.trees[-1]
                self.trees[-1][path] = (kind, leads, int(size), int(crc, 16))
                self.calls[path], self.large[path] = int(calls), int(large)
                if data == "data":
                    self.in_memory.add(path)
            elif match := BROKEN.match(line):
                self.trees[-1][match[1]] = match[2]

    def check(self, rows):
        assert len(self.trees) == 2
        for tree in self.trees:
            assert tree.keys() == rows.keys()
            for path, wanted in rows.items():
                if isinstance(wanted, str):
                    assert wanted in tree[path]
                else:
                    assert tree[path] == wanted, path


def make(image, root, *options, size="24M"):
    run("mke2fs", "-q", "-F", "-U", UUID, "-E", "hash_seed=" + UUID + ",no_copy_xattrs", "-d", root, *options, image, size)
    return image


def debugfs(image, *commands):
    done = subprocess.run(["debugfs", "-w", "-f", "-", str(image)], input="\n".join(commands) + "\n", text=True,
                          capture_output=True, timeout=60, env=PATHS)
    errors = [line for line in done.stderr.splitlines() if not line.startswith("debugfs 1.")]
    assert done.returncode == 0 and not errors, done.stderr
    return done.stdout


# The kind in the tree's name, and mke2fs's options.
KINDS = {
    "ext2": ("ext2", "-t ext2 -b 4096"),
    "ext2-1k": ("ext2", "-t ext2 -b 1024"),
    "ext2-plain": ("ext2", "-t ext2 -b 1024 -O none"),
    "ext2-revision-0": ("ext2", "-t ext2 -b 1024 -r 0 -O none"),
    "ext2-2k-128": ("ext2", "-t ext2 -b 2048 -I 128"),
    "ext3": ("ext3", "-t ext3 -b 1024"),
    "ext3-groups": ("ext3", "-t ext3 -b 1024 -g 512 -O ^resize_inode"),
    "ext4": ("ext4", "-t ext4"),
    "ext4-4k": ("ext4", "-t ext4 -b 4096"),
    "ext4-2k": ("ext4", "-t ext4 -b 2048"),
    "ext4-64k": ("ext4", "-t ext4 -b 65536 -N 1000"),
    "ext4-inode-128": ("ext4", "-t ext4 -I 128"),
    "ext4-inode-1024": ("ext4", "-t ext4 -I 1024"),
    "ext4-inline": ("ext4", "-t ext4 -O inline_data"),
    "ext4-inline-1024": ("ext4", "-t ext4 -O inline_data -I 1024 -b 4096"),
    "ext4-inline-64k": ("ext4", "-t ext4 -O inline_data -b 65536 -N 1000"),
    "ext4-block-maps": ("ext4", "-t ext4 -O ^extent,^64bit"),
    "ext4-32bit": ("ext4", "-t ext4 -O ^64bit"),
    "ext4-no-checksums": ("ext4", "-t ext4 -O ^metadata_csum"),
    "ext4-uninit": ("ext4", "-t ext4 -O ^metadata_csum,uninit_bg"),
    "ext4-seed": ("ext4", "-t ext4 -O metadata_csum_seed"),
    "ext4-meta": ("ext4", "-t ext4 -b 1024 -g 512 -O meta_bg,^resize_inode"),
    "ext4-meta-flexless": ("ext4", "-t ext4 -b 1024 -g 256 -O meta_bg,^resize_inode,^flex_bg,^64bit,^has_journal"),
    "ext4-meta-4k": ("ext4", "-t ext4 -b 4096 -g 256 -O meta_bg,^resize_inode"),
    "ext4-sparse2": ("ext4", "-t ext4 -b 1024 -g 512 -O sparse_super2,^resize_inode,meta_bg"),
    "ext4-not-sparse": ("ext4", "-t ext4 -b 1024 -g 512 -O ^sparse_super,^resize_inode,meta_bg"),
    "ext4-bigalloc": ("ext4", "-t ext4 -b 4096 -O bigalloc -C 16384"),
    "ext4-bigalloc-1k": ("ext4", "-t ext4 -b 1024 -O bigalloc -C 8192"),
    "ext4-bigalloc-1k-meta": ("ext4", "-t ext4 -b 1024 -O bigalloc,meta_bg,^resize_inode -C 4096 -g 4096"),
    "ext4-no-types": ("ext4", "-t ext4 -O ^filetype"),
    "ext4-no-hashes": ("ext4", "-t ext4 -O ^dir_index"),
    "ext4-more": ("ext4", "-t ext4 -O large_dir,ea_inode,encrypt,casefold,verity,orphan_file,quota,project,mmp,stable_inodes"),
}


@pytest.fixture(scope="session", name="whole")
def whole_tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("ext") / "root"
    put(root, FILES, LINKS, HOLES)
    os.mkfifo(root / "fifo")
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind, whole, tmp_path):
    name, options = KINDS[kind]
    image = make(tmp_path / "image", whole, "-L", "A läbel", *options.split())
    tree = Read(image)
    tree.check(described(whole, LINKS))
    assert (tree.name, tree.uuid, tree.label, tree.warned) == (f"{name} {UUID[:8]}", UUID, "A läbel", "")
    if kind == "ext4-4k":
        assert "/vmlinuz" in tree.in_memory and not tree.in_memory & {"/empty", "/holes/last", "/fifo"}


@pytest.mark.parametrize("options", ["-b 1024", "-b 4096", "-b 1024 -O inline_data", "-b 4096 -O ^extent,^64bit", "-b 1024 -O ^dir_index"])
def test_many_names(options, tmp_path):
    """Two thousand in a folder: with trees of hashes, and none."""
    root = tmp_path / "root"
    put(root, {f"many/an-entry-with-a-number-{number}.conf": b"title %d\n" % number for number in range(2000)})
    Read(make(tmp_path / "image", root, "-t", "ext4", "-N", "3000", *options.split())).check(described(root))


@pytest.mark.parametrize("options, most", [("-t ext4 -b 4096", 1), ("-t ext4 -b 1024", 4), ("-t ext2 -b 4096", 10)])
def test_large_reads(options, most, tmp_path):
    """A file of 30 MiB is read by a handful of calls, straight into its place."""
    root = tmp_path / "root"
    put(root, {"vmlinuz": noise(30 * MIB)})
    tree = Read(make(tmp_path / "image", root, *options.split(), size="64M"))
    tree.check(described(root))
    assert tree.large["/vmlinuz"] <= most
    assert tree.calls["/vmlinuz"] <= 50
