# SPDX-License-Identifier: BSD-2-Clause
"""The kernel in the forms in which it is measured, and the guest's initrd. All are made of the tests' assets, in build/bench."""

import fcntl
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import assets
import cases
import cpio

FOLDER = assets.BUILD / "bench"
INIT = FOLDER / "init"
MIB = 1 << 20
INITRD = 1              # MiB


@dataclass(frozen=True)
class Kernel:
    """A row of the table. EXITS are those by which it can be started; the first is what it is measured by where one will do."""
    name: str
    how: str                            # in words
    file: Callable                      # () -> its path
    exits: tuple
    words: str = ""                     # of ours
    options: tuple = ()                 # of quadrivium-pack


def product(name, make, *inputs):
    """The path of the file NAME, which make(partial path) writes; again where INPUTS are newer."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name
    with open(FOLDER / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or any(source.stat().st_mtime > path.stat().st_mtime for source in inputs):
            partial = path.with_name(f"{name}.part")
            make(partial)
            partial.rename(path)
    return path


def compressed(name, *command):
    """A maker: the uncompressed kernel, as COMMAND packs it."""
    def make():
        kernel = assets.make().vmlinux

        def write(partial):
            with open(partial, "wb") as output:
                subprocess.run([*command, kernel], stdout=output, check=True)
        return product(name, write, kernel)
    return make


def shipped():
    return assets.make().vmlinuz


WE_UNPACK = "qv.unpack=loader"
_direct = dict(file=shipped, exits=("linux64",), words=WE_UNPACK)
KERNELS = {kernel.name: kernel for kernel in (
    Kernel("xz", "the bzImage as Debian ships it, xz", shipped, ("linux64", "efi"), "qv.unpack=kernel"),
    Kernel("none", "vmlinux, not compressed", lambda: assets.make().vmlinux, ("linux64", "pvh")),
    Kernel("zstd", "vmlinux, zstd -19", compressed("vmlinux.zst", "zstd", "-q", "-19", "-c"), ("linux64", "pvh")),
    Kernel("lz4", "vmlinux, lz4 -12", compressed("vmlinux.lz4", "lz4", "-q", "-12", "-c"), ("linux64", "pvh")),
    Kernel("xz-direct", "the bzImage as shipped, unpacked by us", **_direct),
    Kernel("zstd-direct", "the bzImage, packed again with zstd, unpacked by us", **_direct, options=("--recompress=zstd",)),
    Kernel("lz4-direct", "the bzImage, packed again with lz4, unpacked by us", **_direct, options=("--recompress=lz4",)),
    Kernel("none-direct", "the bzImage, its payload not compressed, placed by us", **_direct, options=("--recompress=none",)),
)}


def initrd(mebibytes=INITRD):
    """The path of an initrd with the bench's /init, filled up to so many MiB with bytes that do not compress."""
    def write(partial):
        blob = random.Random("quadrivium bench").randbytes(MIB) * mebibytes
        room = mebibytes * MIB - len(cpio.archive({"init": INIT.read_bytes(), "blob": b""}))
        partial.write_bytes(cpio.archive({"init": INIT.read_bytes(), "blob": blob[:room]}))
    return product(f"initrd-{mebibytes}.cpio", write, INIT, Path(__file__))
