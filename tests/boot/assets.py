# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests boot: Debian's kernel, as files from its package, and the initramfs archives of the test guest.

The products lie in build/assets. They are made once, and made again when what they are made of has changed; the kernel's
package is downloaded once and kept. Run as a program, it makes them all and lists them.
"""

import fcntl
import gzip
import hashlib
import lzma
import random
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import cpio
import packages

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build"
ASSETS = BUILD / "assets"
KERNEL_PACKAGE = "linux-image-amd64"
KERNEL_NAME = r"linux-image-[\d.]+-\d+-amd64"          # of what that depends on
BUSYBOX = Path("/bin/busybox")
KEXEC = Path("/sbin/kexec")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Deterministic bytes that do not compress; sizes that are no multiple of 4, so that joining archives needs padding.
BLOBS = {"first": 300 * 1024 + 1, "second": 200 * 1024 + 3}


class Assets:
    """Paths of the products, and the checksums that the guest shall report."""

    def __init__(self, folder=ASSETS):
        self.vmlinuz = folder / "vmlinuz"
        self.vmlinux = folder / "vmlinux"
        self.efivarfs = folder / "efivarfs.ko"
        self.initrds = [folder / "first.cpio", folder / "second.cpio.gz"]
        self.kexec = folder / "kexec.cpio"
        self.blobs = {name: hashlib.sha256(blob(name)).hexdigest() for name in BLOBS}


def blob(name):
    return random.Random(f"quadrivium {name}").randbytes(BLOBS[name])


def make():
    """Makes what is missing or out of date; returns the Assets. Safe to call from several processes at once."""
    ASSETS.mkdir(parents=True, exist_ok=True)
    with open(ASSETS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Assets()
        try:
            _kernel(made)
        except packages.PackageFailure as failure:
            sys.exit(f"assets: error: {failure}")
        _product(made.initrds[0], [BUSYBOX, HERE / "init", made.efivarfs], lambda: cpio.archive(_first(made)))
        _product(made.initrds[1], [], lambda: gzip.compress(cpio.archive({"blob.second": blob("second")}), mtime=0))
        _product(made.kexec, [BUSYBOX, KEXEC, HERE / "kexec-init"], lambda: cpio.archive(_kexec_guest()))
        return made


def kept(name, key, folder=ASSETS, most=3):
    """The folder NAME-KEY in FOLDER, made where it is missing. Of those with other keys, which other versions of the programs
    made, some stay: the MOST used last, with this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = folder / f"{name}-{key}"
    wanted.mkdir(exist_ok=True)
    wanted.touch()
    for old in sorted(folder.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)[:-most]:
        shutil.rmtree(old)
    return wanted


def _product(path, inputs, build):
    """Writes what build() returns to PATH, unless it is newer than INPUTS and this program."""
    inputs = [*inputs, Path(__file__), HERE / "cpio.py"]
    if path.exists() and all(path.stat().st_mtime >= source.stat().st_mtime for source in inputs):
        return
    _write(path, build())


def _write(path, data):
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.rename(path)


def _busybox():
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    files = {folder: None for folder in ("bin", "dev", "proc", "sys", "tmp")}
    files["bin/busybox"] = BUSYBOX.read_bytes()
    files.update({f"bin/{applet}": "busybox" for applet in applets if applet != "busybox"})
    return files


def _first(made):
    return _busybox() | {"init": (HERE / "init").read_bytes(), "efivarfs.ko": made.efivarfs.read_bytes(),
                         "blob.first": blob("first")}


def _kexec_guest():
    files = _busybox() | {"init": (HERE / "kexec-init").read_bytes(), "bin/kexec": KEXEC.read_bytes()}
    linked = subprocess.run(["ldd", KEXEC], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", linked):
        parts = Path(library).parts[1:-1]
        for depth in range(len(parts)):
            files["/".join(parts[:depth + 1])] = None
        files[library.lstrip("/")] = Path(library).read_bytes()
    return files


def _kernel(made):
    wanted = (made.vmlinuz, made.vmlinux, made.efivarfs)
    if all(path.exists() for path in wanted):
        return
    tree = ASSETS / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    packages.unpack(kernel_package(), tree, "./boot/vmlinuz-*", "./boot/config-*", "*/efivarfs.ko*")
    vmlinuz = next(tree.glob("boot/vmlinuz-*")).read_bytes()
    _write(made.efivarfs, next(tree.rglob("efivarfs.ko")).read_bytes())
    _write(made.vmlinux, unpacked(vmlinuz))
    _write(made.vmlinuz, vmlinuz)
    shutil.rmtree(tree)


def kernel_package():
    """The package, as a file, with the kernel that Debian's meta package depends on now; once there, it is kept."""
    kept = [path for path in sorted(packages.FOLDER.glob("linux-image-*.deb")) if re.match(KERNEL_NAME + "_", path.name)]
    return kept[-1] if kept else packages.fetch(packages.dependency(KERNEL_PACKAGE, KERNEL_NAME))[0]


def payload_of(bzimage):
    """What of a bzImage is packed, without its last four bytes (boot.rst: setup_sects, payload_offset, payload_length)."""
    protected_mode = (bzimage[0x1F1] + 1) * 512
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = protected_mode + offset
    # The last four bytes are the unpacked size, appended by the kernel's build.
    return bzimage[start:start + length - 4]


def unpacked(bzimage):
    """The ELF kernel inside a bzImage that is packed by xz or zstd."""
    payload = payload_of(bzimage)
    if payload.startswith(ZSTD_MAGIC):
        return subprocess.run(["zstd", "-dc"], input=payload, capture_output=True, check=True).stdout
    return lzma.decompress(payload)


if __name__ == "__main__":
    for path in vars(make()).values():
        for item in path if isinstance(path, list) else [path]:
            if isinstance(item, Path):
                print(f"{item.stat().st_size:>10} {item}")
