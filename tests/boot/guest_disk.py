# SPDX-License-Identifier: BSD-2-Clause
"""Disks of guests: a Debian system with its own kernel, its own initrd and the grub.cfg that its own update-grub wrote.

The system is made by mmdebstrap, laid out in several ways (LAYOUTS), and booted once in each to let it write its grub.cfg. The
products lie in build/assets/guest-system.SUITE-KEY and guest-disks.SUITE-KEY, where KEY is a hash of how they are made. Run as a
program, it makes the layouts that it is given, or all of them, and lists them.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import assets
import machine
import media
import packages

GUEST = Path(__file__).resolve().parent / "disk-init"
INITRD_DEV = GUEST.with_name("disk-initrd-dev")
SOURCES = [GUEST, Path(__file__), Path(media.__file__)]
SUITE = "bookworm"
INCLUDE = ["linux-image-amd64", "initramfs-tools", "zstd", "mount", "grub-common", "grub2-common"]
# What the initrd loads, so that it is small and quick. The one that Debian makes by itself ("stock") has every driver of a disk.
DRIVERS = ["virtio_pci", "virtio_mmio", "virtio_blk", "xen-blkfront", "ahci", "sd_mod", "ext4", "vfat", "nls_cp437", "nls_ascii"]
STOCK = "boot/stock"
ARCHIVE = "system.tar"
# Of the kernel's command line, in grub.cfg: the last console that there is becomes the system's own.
WORDS = "console=ttyS0 console=hvc0 no_timer_check mitigations=off"
DEFAULTS = f"""GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="{WORDS}"
"""
TIMED = "earlyprintk=xen"                           # instead of quiet: the kernel's first line on port 0xe9 as soon as it runs
SETUP_WORDS = "no_timer_check mitigations=off console=ttyS0 qvtest.setup"
REMOVED = ["usr/lib/modules/*/kernel", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/lib/grub",
           "var/cache/apt", "var/lib/apt/lists", "var/log/*"]
MIB = 1 << 20
SECTORS = MIB // media.SECTOR                       # of a MiB
SIZES = {"root": 768, "boot": 128, "esp": 48}       # MiB; from 512 on, mke2fs takes blocks of 4 KiB, below of 1 KiB
END = r"^DISK end"
FATAL = r"Kernel panic.*|^quadrivium: error: .*|^run-init: .*|^\(initramfs\)|!!!! X64 Exception.*|rescue>"
PROMPT = r"^disk# "


@dataclass(frozen=True)
class Part:
    """A partition: what it holds ("root", "boot" or "esp") and its file system ("ext4" or "fat")."""
    holds: str
    kind: str


@dataclass(frozen=True)
class Layout:
    """A system's disks: for each its table ("gpt", "mbr", "logical", or "" where the file system is the disk) and its parts."""
    disks: tuple
    stock: bool = False                             # with the initrd that Debian makes by itself
    timed: bool = False                             # with the words TIMED
    suite: str = SUITE                              # which release of Debian


ROOT, BOOT, FAT_BOOT, ESP = Part("root", "ext4"), Part("boot", "ext4"), Part("boot", "fat"), Part("esp", "fat")
LAYOUTS = {
    "gpt": Layout((("gpt", (ROOT,)),)),
    "logical": Layout((("logical", (ROOT,)),)),
    "esp": Layout((("gpt", (ESP, BOOT, ROOT)),)),
    "whole": Layout((("", (ROOT,)),)),
    "fat": Layout((("gpt", (FAT_BOOT, ROOT)),)),
    "two": Layout((("gpt", (ROOT,)), ("mbr", (BOOT,)))),
    "timed": Layout((("gpt", (ROOT,)),), timed=True),
    "timed-stock": Layout((("gpt", (ROOT,)),), stock=True, timed=True),
    "trixie": Layout((("gpt", (BOOT, ROOT)),), suite="trixie"),
}
GPT_KINDS = {"root": "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "boot": media.XBOOTLDR, "esp": media.ESP}      # UAPI.2


@dataclass(frozen=True)
class Disk:
    """A layout that was made: the images, and what a loader would find there."""
    name: str
    images: tuple                                   # paths, in the order of the disks
    kernel: Path                                    # the same as on the disk; vmlinux is the ELF inside it
    vmlinux: Path
    initrd: Path
    root: str                                       # the UUID of the root
    grub_cfg: Path                                  # a copy

    @property
    def words(self):
        """What the first entry of grub.cfg has for the kernel."""
        return re.search(r"^\s*linux\s+\S+\s+(.*?)\s*$", self.grub_cfg.read_text(), re.MULTILINE)[1]


def make(name):
    """Makes the layout NAME if it is missing; returns the Disk. Safe from several processes at once."""
    assets.ASSETS.mkdir(parents=True, exist_ok=True)
    with open(assets.ASSETS / "guest-disks.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        layout = LAYOUTS[name]
        system = assets.kept(f"guest-system.{layout.suite}", _hash(" ".join(_bootstrapping(layout.suite)).encode()))
        if not (system / ARCHIVE).exists():
            _bootstrap(system / ARCHIVE, layout.suite)
        folder = assets.kept(f"guest-disks.{layout.suite}", _hash(*(path.read_bytes() for path in SOURCES), system.name.encode()))
        made = Disk(name, tuple(folder / f"{name}{number or ''}.img" for number in range(len(layout.disks))), system / "vmlinuz",
                    system / "vmlinux", system / ("initrd.stock" if layout.stock else "initrd"), _uuid(name, "root"),
                    folder / f"{name}.cfg")
        if not made.grub_cfg.exists():
            _lay_out(system / ARCHIVE, layout, made)
            _set_up(made)
            _keep_grub_cfg(layout, made)
        return made


def report(console):
    """What the guest says of itself on its CONSOLE: a dictionary; `root` and `boot` are a device, a file system, a driver."""
    found = dict(re.findall(r"^DISK ([\w.]+)=(.*)$", machine.printable(console), re.MULTILINE))
    return found | {name: found[name].split() for name in ("root", "boot") if name in found}


def _hash(*parts):
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def _uuid(name, holds):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"quadrivium/{name}/{holds}"))


# ---- the system ----

def _bootstrapping(suite):
    """The command that writes the system; packages come from the folder that it is called in, and are kept there."""
    cache = '"$1"/var/cache/apt/archives/'
    small = " ".join(["printf 'MODULES=list\\n' >etc/initramfs-tools/conf.d/modules;",
                      f"printf '%s\\n' {' '.join(DRIVERS)} >etc/initramfs-tools/modules;"])
    move_dev = "etc/initramfs-tools/scripts/init-bottom/move-dev"
    return ["mmdebstrap", "--mode=auto", "--variant=essential", f"--include={','.join(INCLUDE)}", "--format=tar",
            "--aptopt=Apt::Install-Recommends false", "--skip=download/empty,essential/unlink,cleanup/apt",
            f'--setup-hook=mkdir -p {cache} && cp *.deb {cache} || true',
            f'--customize-hook=cp -n {cache}*.deb .',
            f'--customize-hook=cd "$1" && {small} for i in boot/initrd.img-*; do mv $i {STOCK}; done',
            f'--customize-hook=cd "$1" && printf %s {shlex.quote(INITRD_DEV.read_text())} >{move_dev} && chmod 755 {move_dev}',
            '--customize-hook=chroot "$1" update-initramfs -c -k all',
            f"--customize-hook=cd \"$1\" && printf %s '{DEFAULTS}' >etc/default/grub && mkdir -p boot/grub && "
            f"rm -rf {' '.join(REMOVED)}",
            suite, "-"]


def _bootstrap(path, suite):
    """Writes the system to the archive PATH, and what is in its /boot beside it."""
    folder = packages.FOLDER if suite == SUITE else packages.FOLDER / suite
    folder.mkdir(parents=True, exist_ok=True)
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    print(f"guest_disk: making a Debian system, {suite}", flush=True)
    partial = path.with_name("partial")
    with packages.locked(), open(partial, "wb") as output:
        done = subprocess.run([*sudo, *_bootstrapping(suite)], cwd=folder, stdout=output, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise packages.PackageFailure(f"mmdebstrap: {done.stderr[-2000:]}")
    names = subprocess.run(["tar", "t", "-f", partial], capture_output=True, text=True, check=True).stdout.split()
    for name, pattern in (("vmlinuz", "./boot/vmlinuz-.*"), ("initrd", "./boot/initrd.img-.*"), ("initrd.stock", f"./{STOCK}")):
        member = next(found for found in names if re.fullmatch(pattern, found))
        path.with_name(name).write_bytes(subprocess.run(["tar", "x", "-O", "-f", partial, member], capture_output=True,
                                                        check=True).stdout)
    path.with_name("vmlinux").write_bytes(assets.unpacked(path.with_name("vmlinuz").read_bytes()))
    partial.rename(path)


@contextlib.contextmanager
def _tree(system, layout, made):
    """The folder with the system's files, for the time of a `with`."""
    with tempfile.TemporaryDirectory(dir=system.parent) as temporary:
        tree = Path(temporary)
        _run("tar", "x", "-f", system, "-C", tree, "--exclude=./dev/*", f"--exclude=./{STOCK}")
        if layout.stock:
            next(tree.glob("boot/initrd.img-*")).write_bytes(made.initrd.read_bytes())
        if layout.timed:
            defaults = tree / "etc/default/grub"
            defaults.write_text(defaults.read_text().replace("quiet", TIMED))
        lines = [f"UUID={_uuid(made.name, 'root')} / ext4 defaults 0 1"]
        for part in (part for _, parts in layout.disks for part in parts if part.holds == "boot"):
            kind = {"fat": "vfat"}.get(part.kind, part.kind)
            lines.append(f"UUID={_uuid_of_boot(made.name, part)} /boot {kind} defaults 0 2")
        (tree / "etc/fstab").write_text("\n".join([*lines, ""]))
        _run("install", "-m", "755", GUEST, tree / "usr/sbin/init")
        yield tree


# ---- the disks ----

def _lay_out(system, layout, made):
    """Writes the images, with everything but grub.cfg."""
    apart = any(part.holds == "boot" for _, parts in layout.disks for part in parts)
    with _tree(system, layout, made) as tree:
        boot = tree / "boot"
        if apart:
            boot = boot.rename(tree.parent / "boot.part")
            (tree / "boot").mkdir()
        try:
            for path, (table, parts) in zip(made.images, layout.disks):
                empty_disk(path, table, parts)
                for part, first in zip(parts, first_sectors(table, parts)):
                    _fill(path, made.name, part, first, {"root": tree, "boot": boot, "esp": None}[part.holds])
        finally:
            if apart:
                _run("rm", "-rf", boot)


def first_sectors(table, parts):
    """The first sector of each part of a disk with this table, as of LAYOUTS."""
    # A logical partition lies behind its own table, an aligned step into the extended one.
    first = {"": 0, "logical": 2 * media.ALIGNMENT}.get(table, media.ALIGNMENT)
    return [first + sum(SIZES[part.holds] * SECTORS for part in parts[:number]) for number in range(len(parts))]


def empty_disk(path, table, parts):
    """Makes the disk PATH with its table, the parts empty."""
    firsts, sizes = first_sectors(table, parts), [SIZES[part.holds] * SECTORS for part in parts]
    end = firsts[-1] + sizes[-1]
    path.unlink(missing_ok=True)
    with open(path, "wb") as image:
        image.truncate(end * media.SECTOR)
    if table == "gpt":
        kinds = [uuid.UUID(GPT_KINDS[part.holds]) for part in parts]
        media.gpt_table(path, list(zip(kinds, firsts, sizes)), end + media.ALIGNMENT)
    elif table == "mbr":
        media.mbr_table(path, 0, [(media.PARTITION_LINUX, first, size) for first, size in zip(firsts, sizes)])
    elif table == "logical":
        extended = media.ALIGNMENT
        media.mbr_table(path, 0, [(media.PARTITION_EXTENDED, extended, end - extended)])
        media.mbr_table(path, extended, [(media.PARTITION_LINUX, firsts[0] - extended, sizes[0])])


def _fill(path, name, part, first, folder):
    """Makes the file system of PART at sector FIRST of the disk PATH, with the files of FOLDER."""
    size, offset = SIZES[part.holds], first * media.SECTOR
    if part.kind == "ext4":
        _run("mke2fs", "-q", "-F", "-t", "ext4", "-U", _uuid(name, part.holds), "-L", part.holds, "-d", folder,
             "-E", f"offset={offset},root_owner=0:0", path, f"{size}m")
        return
    _run("mkfs.fat", "-F", "32", "-s", "1", "-n", part.holds.upper(), "-i", _serial(name, part), "-h", first, "--offset", first,
         path, size * MIB // 1024)
    if folder:
        _run("mcopy", "-s", "-i", f"{path}@@{offset}", *sorted(folder.iterdir()), "::")


def _serial(name, part):
    return _uuid(name, part.holds)[:8]


def _uuid_of_boot(name, part):
    """As blkid and fstab name a file system."""
    serial = _serial(name, part).upper()
    return f"{serial[:4]}-{serial[4:]}" if part.kind == "fat" else _uuid(name, part.holds)


def _set_up(made):
    """Boots the system once, with its disks, so that it writes its grub.cfg."""
    arguments = ["-M", "q35", "-m", "512", "-cpu", "max", "-kernel", str(made.vmlinux),
                 "-initrd", str(made.vmlinux.with_name("initrd")), "-append", f"root=UUID={made.root} ro quiet {SETUP_WORDS}"]
    for number, image in enumerate(made.images):
        arguments += ["-drive", f"id=disk{number},if=none,format=raw,cache=unsafe,file={image}",
                      "-device", f"virtio-blk-pci,drive=disk{number}"]
    with machine.Machine(arguments, made.grub_cfg.with_suffix(".setup")) as running:
        running.wait("^DISK setup=done", FATAL)
        running.wait_for_end()


def _keep_grub_cfg(layout, made):
    """Copies grub.cfg out of the disk."""
    holders = {part.holds: (part, path, first * media.SECTOR) for path, (table, parts) in zip(made.images, layout.disks)
               for part, first in zip(parts, first_sectors(table, parts))}
    part, path, first = holders.get("boot", holders["root"])
    name = "/grub/grub.cfg" if part.holds == "boot" else "/boot/grub/grub.cfg"
    if part.kind == "fat":
        text = media.read_file(f"{path}@@{first}", name)
    else:
        text = subprocess.run(["debugfs", "-R", f"cat {name}", f"{path}?offset={first}"], capture_output=True, check=True).stdout
    partial = made.grub_cfg.with_suffix(".part")
    partial.write_bytes(text)
    partial.rename(made.grub_cfg)


def _run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


if __name__ == "__main__":
    for name in sys.argv[1:] or LAYOUTS:
        for image in make(name).images:
            print(f"{image.stat().st_blocks * 512:>10} {image}")
