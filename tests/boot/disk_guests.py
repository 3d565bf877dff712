# SPDX-License-Identifier: BSD-2-Clause
"""Boots the guests' disks of guest_disk.py through the loader, in every environment: a table of rows, what each has to report,
and the document that shows which were seen to boot (docs/xen-guests-table.md)."""

import re
from dataclasses import dataclass
from pathlib import Path

import assets
import cases
import doors
import guest_disk
import machine
import media
import xen

DOCUMENT = Path(__file__).parents[2] / "docs/xen-guests-table.md"
ELF, EFI = assets.BUILD / "quadrivium.elf", assets.BUILD / "quadrivium.efi"
MICROVM = doors.TSC_GIVEN                       # what a kernel must be told there
TIMEOUT = 2 * machine.TIMEOUT                   # until a guest has reported: 10 to 20 seconds, on a host that is not busy
XEN, Q35, MICRO, OVMF = ENVIRONMENTS = ("xen", "q35", "microvm", "ovmf")
HOW = {XEN: "Xen 4.17, PVH, `xvda`", Q35: "QEMU q35, PVH, virtio on PCI", MICRO: "QEMU microvm, PVH, virtio by MMIO",
       OVMF: "OVMF, `quadrivium.efi` on a disk of its own, virtio on PCI"}
# The number of the partition with the root, and of that with /boot where it is apart. On "two" that is on the second disk.
PARTITIONS = {"gpt": ("1", ""), "logical": ("5", ""), "esp": ("3", "2"), "whole": ("", ""), "fat": ("2", "1"), "two": ("1", "1"),
              "trixie": ("2", "1")}
WHAT = {"gpt": "GPT: ext4 root", "logical": "MBR: ext4 root, a logical partition",
        "esp": "GPT: FAT32 ESP, ext4 `/boot`, ext4 root", "whole": "no table: ext4 root",
        "fat": "GPT: FAT32 `/boot`, ext4 root", "two": "two disks: ext4 root (GPT), ext4 `/boot` (MBR)",
        "trixie": "Debian 13, GPT: ext4 `/boot`, ext4 root"}
GRUBS_OWN = re.compile(r"^BOOT_IMAGE=\S+ ")     # what GRUB puts before the words of an entry


@dataclass(frozen=True)
class Row:
    """A guest: where, from which layout of guest_disk.py, MiB of memory, processors, and words that the host adds."""
    environment: str
    layout: str
    memory: int = 256
    vcpus: int = 1
    words: str = ""
    large: bool = True                          # only where all rows are to run

    @property
    def name(self):
        return f"{self.environment}-{self.layout}-{self.memory}-{self.vcpus}"


def rows():
    """All rows: each layout in each environment, more processors and memory, and few that run always."""
    always = [Row(XEN, "gpt", large=False), Row(Q35, "fat", large=False), Row(MICRO, "gpt", large=False),
              Row(OVMF, "gpt", 512, 2, large=False)]
    # The guests of a nested Xen have one processor here: see test_processors in test_xen_disks.py.
    more = [Row(XEN, "fat", 512, words="qvtest.extra=1"), Row(XEN, "gpt", 128), Row(XEN, "gpt", 5120), Row(XEN, "two", 1024),
            Row(Q35, "gpt", 5120, 4), Row(MICRO, "two", 256, 4, "qvtest.extra=1"), Row(OVMF, "esp", 5120, 4)]
    seen = {(row.environment, row.layout) for row in [*always, *more]}
    rest = [(environment, layout) for environment in ENVIRONMENTS for layout in PARTITIONS if (environment, layout) not in seen]
    return [*always, *more, *(Row(environment, layout, 512 if environment == OVMF or layout == "trixie" else 256)
                              for environment, layout in rest)]


def start(row, disk, folder, words="", fault=""):
    """The machine of a ROW with this DISK, a Machine that is not yet started. FAULT are options of the first disk's drive; with
    it, Xen's dom0 takes orders.
    """
    words = cases.joined(row.words, MICROVM if row.environment == MICRO else "", words)
    if row.environment == XEN:
        return xen.XenGuest(folder, ELF, cmdline=words, memory=row.memory, vcpus=row.vcpus, disks=disk.images, orders=bool(fault),
                            drive=fault)
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["-m", str(row.memory), "-smp", str(row.vcpus), "-cpu", "max,-la57"]
    device = "virtio-blk-device" if row.environment == MICRO else "virtio-blk-pci"
    for number, image in enumerate(disk.images):
        arguments += ["-drive", f"id=guest{number},if=none,format=raw,snapshot=on,file={image}{'' if number else fault}",
                      "-device", f"{device},drive=guest{number}"]
    if row.environment == OVMF:
        assert not words, "an EFI application on a disk is given no words"
        esp = media.gpt_disk(folder / "esp", [(media.ESP, {media.EFI_FALLBACK: EFI})])
        arguments += ["-M", "q35", *doors.FIRMWARE["ovmf-flash"], "-drive", f"id=esp,if=none,format=raw,snapshot=on,file={esp}",
                      "-device", "ide-hd,drive=esp,bootindex=0"]
    else:
        arguments += ["-M", row.environment, "-kernel", str(ELF), "-append", words]
    return machine.Machine(arguments, folder)


def expected_words(row, disk):
    """What the kernel is to be told: the entry's own words, and behind them the host's."""
    return cases.joined(disk.words, row.words, MICROVM if row.environment == MICRO else "")


def check(row, disk, report):
    """Whether the guest was started with its own kernel and words, from its disk, on that machine."""
    assert GRUBS_OWN.sub("", report["cmdline"]) == expected_words(row, disk)
    assert f"vmlinuz-{report['kernel']} " in disk.grub_cfg.read_text()
    prefix, driver = ("xvd", "vbd") if row.environment == XEN else ("vd", "virtio_blk")
    root, boot = PARTITIONS[row.layout]
    assert report["root"] == [f"/dev/{prefix}a{root}", "ext4", driver]
    if boot:
        disks = "b" if row.layout == "two" else "a"
        assert report["boot"] == [f"/dev/{prefix}{disks}{boot}", "vfat" if row.layout == "fat" else "ext4", driver]
    for image, letter in zip(disk.images, "ab"):
        assert int(report[f"disk.{prefix}{letter}"]) == image.stat().st_size // media.SECTOR
    assert report["write"] == "written"
    assert report["cpus"] == ("0" if row.vcpus == 1 else f"0-{row.vcpus - 1}")
    assert row.memory - 96 - row.memory // 40 < int(report["memtotal"]) >> 10 <= row.memory
    assert report["efi"] == ("yes" if row.environment == OVMF else "no")


def boots(row, folder):
    """Boots the ROW untouched, checks what it reports, types on its console, and has it power off."""
    disk = guest_disk.make(row.layout)
    with start(row, disk, folder) as running:
        running.wait(guest_disk.PROMPT, guest_disk.FATAL, TIMEOUT)
        check(row, disk, guest_disk.report(running.console))
        running.type("echo sum=$((6 * 7))\n")
        running.wait("^sum=42", timeout=30)
        running.type("exit\n")
        assert running.wait_for_end() == ("poweroff" if row.environment == XEN else 0)


def write_document(cells):
    """Writes the table from CELLS: (environment, layout, memory, vcpus) of each row that passed."""
    lines = ["# Guests' disks", "",
             "A Debian 12 system (a Debian 13 one where it is said), its disk as its own installer and `update-grub` would leave it, "
             "booted by the loader alone and untouched: which layouts were seen to boot where, with how many processors and how much "
             "memory. In each the system mounts its root by its own driver, writes to it, reads what is typed, and powers off. Written "
             "by `make docs` (tests/boot/disk_guests.py).", "", "| disk | " + " | ".join(HOW.values()) + " |",
             "|---|" + "---|" * len(HOW)]
    for layout, what in WHAT.items():
        texts = []
        for environment in ENVIRONMENTS:
            mine = sorted({(vcpus, memory) for there, which, memory, vcpus in cells if (there, which) == (environment, layout)})
            texts.append(", ".join(f"{vcpus} × {memory} MiB" for vcpus, memory in mine) or "–")
        lines.append(f"| {what} | " + " | ".join(texts) + " |")
    DOCUMENT.write_text("\n".join([*lines, ""]))
