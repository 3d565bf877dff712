# SPDX-License-Identifier: BSD-2-Clause
"""What the loader costs from door to jump, in instructions, as QEMU's plugin counts them (bench/points.c).

The trampoline copies the payload's bytes, so they are behind what is counted; what is printed, by a loader that is told to be
quiet, is in it. `make docs` writes docs/door-cost.md from what is measured here.
"""

import fcntl
import json
import os
import sys
from pathlib import Path

import pytest

import assets
import cases
import doors

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import measure  # noqa: E402 (found through the path above)
import paths    # noqa: E402
import points   # noqa: E402

ICOUNT = measure.ICOUNT
LIMIT = 100_000         # instructions
# Doors where everything that runs is ours. With EFI most of it is the firmware's.
LIMITED = ("pvh-q35", "pvh-pc", "pvh-microvm", "multiboot2-bios", "linux16", "linux32", "linux64-kexec")
UNLIMITED = ("efi", "multiboot2-efi", "efi-handover")
MODELS = {"max": "max", "qemu64": "qemu64"}        # with 1 GiB pages, and without
MEMORY = "512"
WORDS = "console=ttyS0 quiet"
# What a loader that is asked for it prints; test_menu_cost.py reads it.
TIMELINE = r"^timeline: .*\n(?:  \w+ .*\n)*  exit .*\n"
DOCUMENT = Path(__file__).parents[2] / "docs/door-cost.md"
RESULTS = assets.BUILD / "boot/cost.json"
# Where RAM lies above 4 GiB, the map has one range more, and what is placed there a page table or two.
RAM_MAY_COST = 5_000


def keep(name, cpu, stamps, path=RESULTS):
    """Adds a row to the results at PATH; the tests of one run may be in several processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as results:
        fcntl.flock(results, fcntl.LOCK_EX)
        results.seek(0)
        rows = json.loads(results.read() or "{}")
        rows[f"{name} {cpu}"] = stamps
        results.truncate(0)
        results.write(json.dumps(rows, indent=1))
    return rows


def write_document(rows):
    """The table of docs/, from ROWS of results."""
    phases = ["cpu", "pagetables", "normalised", "devices", "selected", "loaded", "unpacked", "exit", points.COPY]
    lines = ["# What a door costs", "",
             "Instructions from the first one of a door's stub on, counted by `make docs` with a plugin of QEMU's (bench/points.c): "
             "Debian's kernel packed in, or the vmlinux in it, and one initrd; the word `quiet`. Each column is the sum up to the end "
             "of that phase, and the last one is the whole: all but the copying of the payload's bytes, which comes last. `max` has "
             "1 GiB pages, `qemu64` has not. With EFI the figures hold the firmware's own work, its console's above all, and the "
             "firmware starts the kernel.", "",
             "| door | CPU | " + " | ".join([*phases[:-1], "jump"]) + " |", "|---|---|" + "---:|" * len(phases)]
    order = [*LIMITED, *UNLIMITED]

    def place(row):
        door, _, exit = row.split()[0].partition(":")
        return order.index(door), exit, row
    for row in sorted(rows, key=place):
        figures = [f"{rows[row][phase]:,}" if phase in rows[row] else "" for phase in phases]
        lines.append(f"| {' | '.join(row.split())} | " + " | ".join(figures) + " |")
    DOCUMENT.write_text("\n".join(lines) + "\n")


def measured(name, cpu, kernel, initrds, memory=MEMORY, exit=""):
    """The instructions from the door to the end of each phase and to the jump."""
    door = doors.DOORS[name.partition(":")[0]]
    ours = name.partition(":")[0] in LIMITED
    words = cases.joined(WORDS, exit and f"qv.exit={exit}")

    def start(folder, loud, **machine):
        image = cases.packed(door.image, kernel, initrds, words)
        return door.arguments(doors.Job(image, folder), memory, 1, MODELS[cpu])

    def watch(folder):
        return [*points.ours(), *points.kernel(kernel, points.DOOR)]
    path = paths.Path(f"cost:{name}:{cpu}:{memory}", paths.OURS, door, None, "", start, watch)
    found = measure.instructions(path, until=points.COPY if ours else points.JUMP)
    return {phase: found[phase] - found[points.DOOR] for phase in [*points.PHASES, points.COPY] if phase in found}


def record(name, cpu, stamps):
    rows = keep(name, cpu, stamps)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        write_document(rows)


@pytest.mark.parametrize("cpu", MODELS)
@pytest.mark.parametrize("name", [*LIMITED, *UNLIMITED])
def test_cost(name, cpu, made, record_property):
    record_property("door", name)
    stamps = measured(name, cpu, made.vmlinuz, made.initrds[:1])
    record(name, cpu, stamps)
    if name in LIMITED:
        assert 0 < stamps[points.COPY] <= LIMIT


@pytest.mark.parametrize("cpu", MODELS)
@pytest.mark.parametrize("exit", ["linux64", "pvh"])
def test_vmlinux(exit, cpu, made, record_property):
    """A kernel that lies where it has to go, or near it, is not moved out of its own way."""
    record_property("door", "pvh-q35")
    stamps = measured(f"pvh-q35:{exit}", cpu, made.vmlinux, made.initrds[:1], exit=exit)
    record(f"pvh-q35:{exit}", cpu, stamps)
    assert 0 < stamps[points.COPY] <= LIMIT


@pytest.mark.parametrize("cpu", MODELS)
def test_ram_costs_nothing(cpu, made, record_property):
    record_property("door", "pvh-q35")
    small, large = (measured("pvh-q35", cpu, made.vmlinuz, made.initrds[:1], memory)[points.COPY] for memory in ("256", "5G"))
    assert large <= LIMIT and abs(large - small) <= RAM_MAY_COST
