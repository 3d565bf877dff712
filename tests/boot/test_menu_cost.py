# SPDX-License-Identifier: BSD-2-Clause
"""What it costs to read the entries, in instructions: QEMU's -icount counts them, and `qv.timeline` shows them.

From the end of the phase `devices` to that of `selected`: finding, reading, sorting and choosing. `make docs` writes
docs/menu-cost.md from what is measured here.
"""

import os
import re
from pathlib import Path

import pytest

import assets
import cases
import doors
import machine
import media
import menus
import system
import test_cost
from test_system_harness import LARGE

COUNTS = (10, 100, 1000)
SOURCES = {"archive": "cpio archive, by PVH", "image": "FAT image, by PVH", "volume": "FAT volume, by EFI"}
LIMITS = {"archive": 120_000_000, "image": 190_000_000}     # instructions for the largest count
GROWTH = 1.3            # what an entry may cost of the largest count, measured by what it costs of the middle one
WORDS = "qv.timeline qv.timeout=0"
ROOM = 64 << 20         # bytes of a file that makes the clusters large: mtools adds only so many to a folder
DOCUMENT = Path(__file__).parents[2] / "docs/menu-cost.md"
RUNS = menus.RUNS / "cost"
RESULTS = cases.RUNS / "menu-cost.json"
TIMEOUT = 600


def archive(folder, count):
    """QEMU's arguments for a machine with a boot tree of so many entries in an archive."""
    return menus.start(f"cost/{folder.name}", menus.files(menus.many(count), "timeout 0\n"), WORDS, icount=test_cost.ICOUNT)


def image(folder, count):
    """The same in a FAT image that is a module."""
    files = menus.files(menus.many(count), "timeout 0\n") | {"room": bytes(ROOM)}
    disk = media.fat(folder / "image", files)
    job = doors.Job(assets.BUILD / "quadrivium.elf", folder, WORDS, [disk])
    return machine.Machine([*doors.find("pvh").arguments(job, "512", 1, "max,-la57"), *test_cost.ICOUNT], folder)


def volume(folder, count):
    """The same on an EFI system partition: the firmware's own work is in the figure."""
    loader = folder / "loader.efi"
    cases.run_pack(f"--cmdline={WORDS}", f"--output={loader}")
    files = menus.files(menus.many(count), "timeout 0\n") | {media.EFI_FALLBACK: loader, "room": bytes(ROOM)}
    disk = media.gpt_disk(folder / "disk", [(media.ESP, files)])
    return machine.Machine([*system.arguments(disk), *test_cost.ICOUNT], folder)


def measure(source, count):
    """The instructions that so many entries cost."""
    folder = RUNS / f"{source}-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    with {"archive": archive, "image": image, "volume": volume}[source](folder, count) as running:
        shown = running.wait(test_cost.TIMELINE, r"quadrivium: error: .*", timeout=TIMEOUT)[0]
    stamps = {phase: int(ticks) for phase, ticks in re.findall(r"^  (\w+) +(\d+)$", shown, re.MULTILINE)}
    return stamps["selected"] - stamps["devices"]


def rounded(number):
    return round(number, 1 - len(str(number)))


def write_document(rows):
    """The table of docs/, from ROWS of results: "source count" to {"selected": instructions}."""
    lines = ["# What entries cost", "",
             "Instructions to find, read and sort the entries and to choose one, counted by `make docs` in QEMU with `-icount "
             "shift=0,sleep=off`. Each entry has a name and a title of 200 characters and is a file of its own in "
             "`/loader/entries`. A processor of today does a thousand million of them in a second, or more. With EFI most is the "
             "firmware's own work, which differs from time to time: the figures are rounded to a digit.", "",
             "| entries | " + " | ".join(SOURCES.values()) + " |", "|---:|" + "---:|" * len(SOURCES)]
    for count in COUNTS:
        kept = {source: rows[f"{source} {count}"]["selected"] for source in SOURCES if f"{source} {count}" in rows}
        figures = [f"{kept[source] if source in LIMITS else rounded(kept[source]):,}" if source in kept else ""
                   for source in SOURCES]
        lines.append(f"| {count:,} | " + " | ".join(figures) + " |")
    DOCUMENT.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("source", ["archive", "image", pytest.param("volume", marks=LARGE)])
def test_menu_cost(source, record_property):
    """An entry costs as much among many as among few."""
    record_property("door", "efi" if source == "volume" else "pvh-q35")
    cost = {count: measure(source, count) for count in COUNTS}
    for count, instructions in cost.items():
        rows = test_cost.keep(source, count, {"selected": instructions}, RESULTS)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        write_document(rows)
    few, many = COUNTS[-2:]
    if source in LIMITS:
        assert 0 < cost[many] <= LIMITS[source]
        assert cost[many] / many <= GROWTH * cost[few] / few
