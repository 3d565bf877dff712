# SPDX-License-Identifier: BSD-2-Clause
"""What storage/ext.c finds in file systems that mke2fs and debugfs made: test_ext lists and reads them, in memory and as a
disk is read; Python knows what was put in. Of a journal e2fsck says what it would have made."""

import os
import pathlib
import random
import re
import shutil
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
LINKS = {  # what they say, and the path that it leads to; None: to nothing; False: round and round
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
    if path.is_file():
        return ("file", path.stat().st_size, zlib.crc32(path.read_bytes()))
    return ("other", 0, 0)


def described(root, links=()):
    """path -> as what it is listed, and the kind, size and checksum of what it leads to; a text: why it leads nowhere."""
    rows = {"/lost+found": ("name", "folder", 0, 0)}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        leads = links[name][1] if name in links else name
        if leads is False:
            rows["/" + name] = "more than 40 symbolic links"
        elif leads is None:
            rows["/" + name] = ("link", "absent", 0, 0)
        else:
            listed = "link" if name in links or path.is_fifo() else "name"
            rows["/" + name] = (listed, *row(root / leads))
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


@pytest.fixture(scope="session", name="roots")
def make_roots(tmp_path_factory):
    """Two folders: with files that have holes, and without."""
    roots = {}
    for holes in ({}, HOLES):
        roots[bool(holes)] = root = tmp_path_factory.mktemp("ext") / "root"
        put(root, FILES, LINKS, holes)
        os.mkfifo(root / "fifo")
    return roots


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind, roots, tmp_path):
    name, options = KINDS[kind]
    whole = roots["inline_data" not in options]  # with inline data mke2fs gets sizes wrong where a file begins with a hole
    image = make(tmp_path / "image", whole, "-L", "A läbel", *options.split())
    tree = Read(image)
    tree.check(described(whole, LINKS))
    assert (tree.name, tree.uuid, tree.label, tree.warned) == (f"{name} {UUID[:8]}", UUID, "A läbel", "")
    if kind == "ext4-4k":
        assert "/vmlinuz" in tree.in_memory and not tree.in_memory & {"/empty", "/holes/last", "/fifo"}


@pytest.mark.parametrize("options", ["-b 1024", "-b 4096", "-b 1024 -O inline_data", "-b 4096 -O ^extent,^64bit",
                                     "-b 1024 -O ^dir_index"])  # fmt: skip
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


def test_the_longest_link(tmp_path):
    root, links = tmp_path / "root", {"link": ("./" * 2044 + "vmlinuz", "vmlinuz")}
    put(root, {"vmlinuz": b"kernel"}, links)
    Read(make(tmp_path / "image", root, "-t", "ext4", "-b", "4096")).check(described(root, links))


@pytest.mark.parametrize("options", ["-t ext4", "-t ext4 -b 4096", "-t ext2", "-t ext2 -b 4096"])
def test_fragments(options, tmp_path):
    """A file of a thousand pieces, for which extents need a tree of depth 2; with holes punched into it."""
    root, image, block = tmp_path / "root", tmp_path / "image", 4096 if "4096" in options else 1024
    put(root, {f"small/{number}": b"small" for number in range(2000)})
    make(image, root, "-N", "2200", *options.split(), size=f"{3 * block + 1000}K" if block == 1024 else "16M")
    data = bytearray(noise(900 * block + 5))
    (tmp_path / "large").write_bytes(data)
    debugfs(image, *(f"rm /small/{number}" for number in range(0, 2000, 2)), f"write {tmp_path}/large large",
            "punch large 3 5", "punch large 500 520", "punch large 840 840")  # fmt: skip
    debugfs(image, f"dump large {tmp_path}/dumped")  # a punch takes more than it was told of block maps
    dumped = (tmp_path / "dumped").read_bytes()
    for at in range(0, len(data), block):
        if dumped[at : at + block] != data[at : at + block]:
            data[at : at + block] = bytes(len(data[at : at + block]))
    assert dumped == data and 0 < dumped.count(bytes(block)) < 100
    rows = described(root)
    for number in range(0, 2000, 2):
        rows.pop(f"/small/{number}")
    rows["/large"] = ("name", "file", len(data), zlib.crc32(data))
    tree = Read(image)
    tree.check(rows)
    assert tree.calls["/large"] > 400


def test_never_written(tmp_path):
    """Extents that were only set aside read as zeros, whatever lies there."""
    root, image = tmp_path / "root", tmp_path / "image"
    put(root, {"file": noise(40_960)})
    make(image, root, "-t", "ext4", "-b", "4096")
    debugfs(image, f"write {root}/file freed", "rm freed", "fallocate file 10 30", "set_inode_field file size 110000")
    Read(image).check({**described(root), "/file": (
        "name", "file", 110000, zlib.crc32(noise(40_960) + bytes(110000 - 40_960)))})


def test_unreadable(tmp_path):
    """What is encrypted, and what was deleted."""
    root, image = tmp_path / "root", tmp_path / "image"
    put(root, {"file": b"file", "folder/x": b"x", "gone": b"gone"})
    make(image, root, "-t", "ext4", "-O", "encrypt")
    debugfs(image, "set_inode_field file flags 0x80800", "set_inode_field folder flags 0x80800",
            "set_inode_field gone links_count 0")  # fmt: skip
    done = subprocess.run([BUILD / "unit/test_ext", image], capture_output=True, timeout=60)
    assert b"is encrypted" in done.stdout and done.returncode == 1
    debugfs(image, "set_inode_field folder flags 0x80000")
    rows = described(root)
    rows.update({"/file": "/file is encrypted", "/gone": "was deleted"})
    Read(image).check(rows)


# ---- journals ----

JOURNALS = {  # what mke2fs and `journal_open` are told
    "ext3": ("-t ext3 -b 1024", ""),
    "ext4": ("-t ext4 -b 4096", ""),
    "ext4-v2": ("-t ext4 -b 1024", "-c -v 2"),
    "ext4-v3": ("-t ext4 -b 1024", "-c -v 3"),
    "ext4-v3-4k": ("-t ext4 -b 4096", "-c -v 3"),
    "ext4-v2-32bit": ("-t ext4 -b 1024 -O ^64bit", "-c -v 2"),
    "ext4-v3-64k": ("-t ext4 -b 65536 -N 1000", "-c -v 3"),
    "ext4-plain": ("-t ext4 -b 1024 -O ^metadata_csum,^64bit", ""),
}
LATER = {"vmlinuz": noise(300_001), "new/folder/file": noise(50_000), "new/escaped": b"\xc0\x3b\x39\x98" + noise(5000)}


def changed_blocks(before, after, size):
    return [at // size for at in range(0, len(before), size) if before[at : at + size] != after[at : at + size]]


def in_journal(image, after, block, opening, tmp_path, more):
    """Writes what makes the image into `after` to its journal, in three transactions; `more` says what follows."""
    blocks = changed_blocks(image.read_bytes(), after, block)
    assert len(blocks) > 20 or block > 4096
    commands = [f"journal_open {opening}"]
    for number, some in enumerate((blocks[::2], blocks[1::2], blocks[::3])):
        # What the first one says of the third's blocks is wrong, and does not count.
        pieces = [bytes(block) if not number and at in blocks[::3] else after[at * block :][:block] for at in some]
        (tmp_path / f"content{number}").write_bytes(b"".join(pieces))
        commands.append(f"journal_write -b {','.join(map(str, some))} {tmp_path}/content{number}")
    debugfs(image, *commands, *more(image), "journal_close")


def dirty(options, opening, tmp_path, more=lambda image: ()):
    """An image of which only the journal knows what is new; the folder of what is in it then, and a clean image."""
    root, image, after = tmp_path / "root", tmp_path / "image", tmp_path / "after"
    block = int(re.search(r"-b (\d+)", options)[1])
    put(root, {"boot/old": b"old", "boot/stays": noise(20_000)})
    make(image, root, *options.split(), size="160M" if block == 65536 else "24M")
    shutil.copy(image, after)
    put(tmp_path / "later", LATER)
    debugfs(after, *(f"mkdir {name}" for name in ("new", "new/folder")), "rm boot/old",
            *(f"write {tmp_path}/later/{name} {name}" for name in LATER))  # fmt: skip
    put(root, LATER)
    (root / "boot/old").unlink()
    assert Read(after).trees[0] == described(root)
    in_journal(image, after.read_bytes(), block, opening, tmp_path, more)
    return image, root


def check_replayed(image, root):
    """What only the journal knows is read, and e2fsck makes the same of it."""
    tree = Read(image)
    assert not tree.warned
    tree.check(described(root))
    done = subprocess.run(["e2fsck", "-fy", image], capture_output=True, timeout=60, env=PATHS)
    assert b"recovering journal" in done.stdout
    Read(image).check(described(root))


@pytest.mark.parametrize("kind", JOURNALS)
def test_journal(kind, tmp_path):
    check_replayed(*dirty(*JOURNALS[kind], tmp_path))


def number_of(image, path, block):
    """Where on the disk a block of a file is."""
    return int(debugfs(image, f"bmap {path} {block}").splitlines()[-1])


@pytest.mark.parametrize("kind", ["ext3", "ext4", "ext4-v2", "ext4-v3"])
def test_journal_ends(kind, tmp_path):
    """Blocks that are written and then revoked; and a transaction that was not finished."""
    (tmp_path / "wrong").write_bytes(bytes(4 * 4096))

    def more(image):
        stays = ",".join(str(number_of(image, "/boot/stays", block)) for block in (0, 3))
        return (f"journal_write -b {stays} {tmp_path}/wrong", f"journal_write -r {stays},9 ",
                f"journal_write -c -b {stays} {tmp_path}/wrong")  # fmt: skip

    check_replayed(*dirty(*JOURNALS[kind], tmp_path, more))


def journal_at(image, block, size):
    return number_of(image, "<8>", block) * size


def patch(image, at, data):
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(data)


def test_journal_not_replayed(tmp_path):
    """What is wrong with a journal is said, and the file system is read as it is; or as far as the journal goes."""
    before = tmp_path / "root-before"
    put(before, {"boot/old": b"old", "boot/stays": noise(20_000)})

    def check(image, why):
        tree = Read(image)
        assert tree.warned == f"ext{tree.name[3]} {UUID[:8]}: the journal was not replayed: journal: {why}"
        tree.check(described(before))

    image, _ = dirty("-t ext4 -b 1024", "-c -v 3", tmp_path)
    start, copy = journal_at(image, 0, 1024), tmp_path / "copy"
    shutil.copy(image, copy)
    patch(copy, start + 2 * 1024 + 100, b"!")
    check(copy, "its block 2 has a wrong checksum")
    shutil.copy(image, copy)
    patch(copy, start + 0x100, b"!")
    check(copy, "the checksum of its superblock is wrong")
    shutil.copy(image, copy)
    patch(copy, start + 1024 + 0x10, b"!")  # of a descriptor: there is no transaction
    assert not Read(copy).warned
    Read(copy).check(described(before))


JOURNAL_FEATURES = {
    0x4: "it has asynchronous commits without checksums",
    0x40: "it needs features that are not known, incompat 0x40",
}


def test_journal_features(tmp_path):
    image, root = dirty("-t ext3 -b 1024", "", tmp_path)
    start = journal_at(image, 0, 1024)
    patch(image, start + 0x2B, b"\x20")
    tree = Read(image)
    assert tree.warned == f"ext3 {UUID[:8]}: fast commits in the journal were not replayed"
    tree.check(described(root))
    for feature, why in JOURNAL_FEATURES.items():
        patch(image, start + 0x2B, bytes([feature]))
        assert Read(image).warned == f"ext3 {UUID[:8]}: the journal was not replayed: journal: {why}"
    debugfs(image, "set_super_value journal_inum 0")
    assert Read(image).warned == f"ext3 {UUID[:8]}: the journal was not replayed: journal: it is on another disk"


@pytest.mark.parametrize("blocks", [16384, 16385])
def test_large_journal(blocks, tmp_path):
    root, image = tmp_path / "root", tmp_path / "image"
    put(root, {"file": noise(1000)})
    make(image, root, "-t", "ext4", "-b", "1024", "-J", "size=18", size="64M")
    (tmp_path / "content").write_bytes(bytes(blocks * 1024))
    debugfs(image, "journal_open", f"journal_write -b 45000-{45000 + blocks - 1} {tmp_path}/content", "journal_close")
    tree = Read(image)
    tree.check(described(root))
    why = f"ext4 {UUID[:8]}: the journal was not replayed: journal: it has too many blocks"
    assert tree.warned == (why if blocks > 16384 else "")
