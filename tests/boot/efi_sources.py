# SPDX-License-Identifier: BSD-2-Clause
"""Where entries are found under EFI, a row a source: each makes the media of a machine where our image finds a tree, or a FIT."""

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import Callable

import cpio
import doors
import efi_variables
import media
import network

INSTALLED = "EFI/quadrivium/quadriviumx64.efi"
IMAGE = "loader.efi"                    # on a server; what lies beside it has its name
DISK, OTHER = "disk", "other"


@dataclass(frozen=True)
class Source:
    """START: (folder, image, a tree's files or a FIT's path, words) -> a context that gives QEMU's arguments."""
    how: str
    start: Callable
    called: Callable                    # (folder) -> what the loader calls it, a regular expression
    words: bool = False                 # whether the firmware gives the words; otherwise they are to be in the image
    fit: bool = False                   # whether it can have a FIT


def hard_disk(path, number=0):
    return ["-drive", f"id=disk{number},if=none,format=raw,snapshot=on,file={path}",
            "-device", f"ide-hd,drive=disk{number},bus=ide.{number},bootindex={number}"]


def _optical(path, number=0):
    return ["-drive", f"id=disk{number},if=none,format=raw,media=cdrom,file={path}",
            "-device", f"ide-cd,drive=disk{number},bus=ide.{number},bootindex={number}"]


def _called(kind, name, number):
    """By its kind and the first part of its GUID."""
    return lambda folder: f"{kind} {str(media.partition_guid(folder / name, number))[:8]}"


def own(folder, image, files, words):
    """The volume of our image, which a boot option names, with the words as its optional data."""
    disk = media.gpt_disk(folder / DISK, [(media.ESP, {INSTALLED: image, **files})])
    variables = folder / "variables"
    shutil.copyfile(doors.OVMF_VARS, variables)
    file = "\\" + INSTALLED.replace("/", "\\")
    path = efi_variables.file_path(1, *media.gpt_partition(disk, 1), media.partition_guid(disk, 1), file)
    option = efi_variables.boot_option("Quadrivium", path, efi_variables.text(words))
    efi_variables.add(variables, {"Boot0099": option, "BootOrder": b"\x99\x00"}, efi_variables.GLOBAL)
    return [*_flash(variables), *hard_disk(disk)[:2], "-device", "ide-hd,drive=disk0"]


def second_esp(folder, image, files, _):
    first = media.gpt_disk(folder / DISK, [(media.ESP, {media.EFI_FALLBACK: image})])
    second = media.gpt_disk(folder / OTHER, [(media.LINUX_DATA, {"data": b"data"}), (media.ESP, files)])
    return [*doors.FIRMWARE["ovmf"], *hard_disk(first), *hard_disk(second, 1)]


def xbootldr(folder, image, files, _):
    disk = media.gpt_disk(folder / DISK, [(media.ESP, {media.EFI_FALLBACK: image}), (media.XBOOTLDR, files)])
    return [*doors.FIRMWARE["ovmf"], *hard_disk(disk)]


def optical(folder, image, files, _):
    iso = _iso(folder / "iso", {media.EFI_FALLBACK: image, **files})
    return [*doors.FIRMWARE["ovmf"], *_optical(iso)]


def optical_beside(folder, image, files, _):
    disk = media.gpt_disk(folder / DISK, [(media.ESP, {media.EFI_FALLBACK: image})])
    return [*doors.FIRMWARE["ovmf"], *hard_disk(disk), *_optical(_iso(folder / "iso", files), 1)]


def unpartitioned(folder, image, files, _):
    disk = media.gpt_disk(folder / DISK, [(media.ESP, {media.EFI_FALLBACK: image})])
    return [*doors.FIRMWARE["ovmf"], *hard_disk(disk), *hard_disk(media.fat(folder / OTHER, files), 1)]


def _iso(path, files):
    """A medium with FILES on the FAT file system that its El Torito entry for EFI is."""
    tree = path.with_name("iso-files")
    tree.mkdir(parents=True, exist_ok=True)
    media.fat(tree / "efi.img", files)
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", path, "-e", "efi.img", "-no-emul-boot", tree], check=True,
                   capture_output=True)
    return path


def _flash(variables):
    return doors.flash(doors.OVMF_CODE, variables, keep=True)


def _server_folder(folder, image, made):
    """A folder with our image and beside it what it is to find."""
    root = folder / "server"
    root.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(image, root / IMAGE)
    if isinstance(made, dict):
        files = {name: source if isinstance(source, bytes) else source.read_bytes() for name, source in made.items()}
        (root / "loader.cpio").write_bytes(cpio.archive(files))
    else:
        shutil.copyfile(made, root / "loader.itb")
    return root


def pxe(folder, image, made, _):
    return [*doors.FIRMWARE["ovmf"], *network.pxe(_server_folder(folder, image, made), IMAGE)]


@contextlib.contextmanager
def http(folder, image, made, _):
    variables = folder / "variables"
    shutil.copyfile(doors.OVMF_VARS, variables)
    with network.server(_server_folder(folder, image, made)) as server:
        yield [*_flash(variables), *network.http_boot(variables, f"{server.address}/{IMAGE}")]


def _simple(function):
    """What needs no end."""
    return lambda *arguments: contextlib.nullcontext(function(*arguments))


SOURCES = {
    "own": Source("the volume that our image was loaded from, by a boot option with words", _simple(own), _called("esp", DISK, 1),
                  words=True),
    "esp": Source("an ESP on another disk", _simple(second_esp), _called("esp", OTHER, 2)),
    "xbootldr": Source("an XBOOTLDR partition", _simple(xbootldr), _called("xbootldr", DISK, 2)),
    "optical": Source("an optical medium that our image was loaded from", _simple(optical), lambda _: r"cdrom \d+"),
    "optical-beside": Source("another optical medium", _simple(optical_beside), lambda _: r"cdrom \d+"),
    "unpartitioned": Source("a disk without partitions", _simple(unpartitioned), lambda _: r"volume \d+"),
    "pxe": Source("PXE: `NAME.cpio`, `NAME.img` or `NAME.itb` beside our image", _simple(pxe), lambda _: "network", fit=True),
    "http": Source("HTTP: the same", http, lambda _: "network", fit=True),
}
