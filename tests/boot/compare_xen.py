# SPDX-License-Identifier: BSD-2-Clause
"""Compares the ways to start a guest of Xen from its disk: pygrub, grub-i386-xen_pvh.bin, the kernel as a file of dom0, and us.

They take turns, so that a busy host is busy for all. A run lasts from dom0's `xl create` to the guest kernel's first line, which
the words of the disk (guest_disk.TIMED) bring out as soon as there is one. Run as a program: compare_xen.py [--disk=LAYOUT]
[--rounds=N] [WAY…].
"""

import argparse
import re
import statistics
import tempfile
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import assets
import guest_disk
import packages
import pygrub
import xen

DOCUMENT = Path(__file__).parents[2] / "docs/xen-guests-times.md"
IMAGE = assets.BUILD / "quadrivium.elf"
ROUNDS = 5
MEMORY = 512
DISKS = {"timed": "6 MiB", "timed-stock": "29 MiB"}     # a layout of guest_disk.py, and how large its initrd is
START, FIRST_LINE = "^DOM0 create", r"Linux version \d"
PYGRUB, GRUB, DIRECT, OURS = WAYS = ("pygrub", "grub-i386-xen_pvh.bin", "kernel in dom0", "quadrivium.elf")
GRUB_STARTS = "Welcome to GRUB"
COLUMNS = ("to the kernel's first line", "QEMU's processor time for that", "in the loader")
TICKS = r"timeline: ticks since the door \((\d+) kHz"
JUMP = r"  exit +(\d+)"


@dataclass(frozen=True)
class Run:
    """One run, in seconds: to the kernel's first line, as QEMU's processor time too; in the loader, and from its jump on, where
    that is known (else 0).
    """
    total: float
    processor: float
    loader: float = 0
    unpacking: float = 0


def options(way, disk):
    """What makes xen.XenGuest start the DISK in this WAY."""
    if way == PYGRUB:
        return {"extra": pygrub.CONFIG, "files": pygrub.files()}
    if way == GRUB:
        path = assets.ASSETS / GRUB
        path.write_bytes(packages.read("grub-xen-host", f"/usr/lib/grub-xen/{GRUB}"))
        return {"kernel": path}
    if way == DIRECT:
        return {"kernel": disk.kernel, "ramdisk": disk.initrd, "cmdline": disk.words}
    return {"kernel": IMAGE, "cmdline": "qv.timeline"}


def run(way, disk, given, folder):
    """Starts the DISK once in this WAY, for which options() has GIVEN the arguments; returns the Run."""
    with xen.XenGuest(folder, memory=MEMORY, disks=disk.images, **given) as guest:
        guest.watch(FIRST_LINE)
        first, start = guest.when(FIRST_LINE), guest.when(START)
        total = first.seconds - start.seconds, first.processor - start.processor
        if way == GRUB:
            return Run(*total, first.seconds - guest.when(GRUB_STARTS).seconds)
        if way == OURS:
            text = guest.debugcon + guest.console
            ticks, jump = re.search(TICKS, text), re.search(JUMP, text)
            assert ticks and jump, guest.failure("no timeline")
            return Run(*total, int(jump[1]) / int(ticks[1]) / 1000, first.seconds - guest.when(JUMP).seconds)
        return Run(*total)


def compare(layout, ways=WAYS, rounds=ROUNDS, show=lambda text: None):
    """The medians of ROUNDS runs each, from way to Run; SHOW is told of each run.

    GRUB does not say when it jumps: before the first line by the time that the kernel takes to unpack itself, as seen with us.
    """
    disk = guest_disk.make(layout)
    given = {way: options(way, disk) for way in ways}
    runs = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for way in ways:
                runs[way].append(run(way, disk, given[way], Path(folder)))
                show(f"{layout} {number} {way}: {runs[way][-1]}")
    medians = {way: Run(*map(statistics.median, zip(*map(astuple, mine)))) for way, mine in runs.items()}
    if GRUB in ways and OURS in ways:
        unpacking = medians[OURS].unpacking
        medians[GRUB] = replace(medians[GRUB], loader=medians[GRUB].loader - unpacking, unpacking=unpacking)
    return medians


def table(results):
    """The lines of a table of RESULTS: from layout to what compare() returns."""
    lines = ["| initrd | way | " + " | ".join(f"{what} | of GRUB's" for what in COLUMNS) + " |", "|---|---|" + "---:|" * 6]
    for layout, medians in results.items():
        for way, one in medians.items():
            cells = []
            for seconds, grub in zip(astuple(one), astuple(medians.get(GRUB, one))[:-1]):
                cells += [f"{seconds:.2f} s", f"{seconds / grub:.2f}"] if seconds and grub else ["–", "–"]
            lines.append(f"| {DISKS[layout]} | {way} | " + " | ".join(cells) + " |")
    return lines


def write_document(results, rounds=ROUNDS):
    lines = ["# How long a guest of Xen takes to start", "",
             f"The same disk, one after the other in one run, medians of {rounds}: seconds from `xl create` to the first line of "
             "the guest's kernel, and from the loader's first instruction (GRUB: its first line) to its jump. GPT, ext4, a "
             f"kernel of 7.9 MiB and an initrd as large as is said, {MEMORY} MiB of memory, one processor; Xen 4.17 in QEMU's "
             "TCG. In the rows without a loader's time, dom0 reads the disk or has the files, and unpacks the kernel. Written by "
             "`make docs` (tests/boot/compare_xen.py).", "", *table(results)]
    DOCUMENT.write_text("\n".join([*lines, ""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disk", choices=DISKS, action="append")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    arguments = parser.parse_args()
    results = {layout: compare(layout, arguments.ways or WAYS, arguments.rounds, lambda text: print(text, flush=True))
               for layout in arguments.disk or ["timed"]}
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
