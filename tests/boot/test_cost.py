# SPDX-License-Identifier: BSD-2-Clause
"""What the loader costs from door to jump, in instructions: QEMU's -icount counts them, and the time stamp counter shows them.

The bytes of the payload are copied behind the last stamp, so they are not in it. `make docs` writes docs/door-cost.md from
what is measured here.
"""

import fcntl
import json
import os
import re
from pathlib import Path

import pytest

import assets
import cases
import doors
import machine

ICOUNT = ["-icount", "shift=0,sleep=off"]
LIMIT = 300_000         # instructions
# Doors where everything that runs is ours. With EFI most of it is the firmware's.
LIMITED = ("pvh-q35", "pvh-pc", "pvh-microvm", "multiboot2-bios", "linux16", "linux32", "linux64-kexec")
UNLIMITED = ("efi", "multiboot2-efi", "efi-handover")
MODELS = {"max": "max", "qemu64": "qemu64"}        # with 1 GiB pages, and without
WORDS = "console=ttyS0 quiet qv.timeline"
TIMELINE = r"^timeline: .*\n(?:  \w+ .*\n)*  exit .*\n"
DOCUMENT = Path(__file__).parents[2] / "docs/door-cost.md"
RESULTS = assets.BUILD / "boot/cost.json"


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
    phases = ["cpu", "pagetables", "normalised", "devices", "selected", "loaded", "exit"]
    lines = ["# What a door costs", "",
             "Instructions from the first one of a door's stub to the jump, less the copying of the payload's bytes, which comes "
             "last. Counted by `make docs` in QEMU with `-icount shift=0,sleep=off`, Debian's kernel packed in, one initrd. Each "
             "column is the sum up to the end of that phase. `max` has 1 GiB pages, `qemu64` has not. With EFI the "
             "figures hold the firmware's own work, its console's above all.", "",
             "| door | CPU | " + " | ".join(phases) + " |", "|---|---|" + "---:|" * len(phases)]
    order = [*LIMITED, *UNLIMITED]
    for row in sorted(rows, key=lambda row: (order.index(row.split()[0]), row)):
        lines.append(f"| {' | '.join(row.split())} | " + " | ".join(f"{rows[row][phase]:,}" for phase in phases) + " |")
    DOCUMENT.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("cpu", MODELS)
@pytest.mark.parametrize("name", [*LIMITED, *UNLIMITED])
def test_cost(name, cpu, made, record_property):
    record_property("door", name)
    door = doors.DOORS[name]
    image = cases.packed(door.image, made.vmlinuz, made.initrds[:1], WORDS)
    job = doors.Job(image, cases.RUNS / f"cost/{name}-{cpu}")
    with machine.Machine([*door.arguments(job, "512", 1, MODELS[cpu]), *ICOUNT], job.folder) as running:
        # The stage before may be a whole Linux, and counting is slow.
        shown = running.wait(TIMELINE, r"quadrivium: error: .*", timeout=2 * machine.TIMEOUT)[0]
    stamps = {phase: int(ticks) for phase, ticks in re.findall(r"^  (\w+) +(\d+)$", shown, re.MULTILINE)}
    assert sorted(stamps.values()) == list(stamps.values())
    rows = keep(name, cpu, stamps)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        write_document(rows)
    if name in LIMITED:
        assert 0 < stamps["exit"] <= LIMIT
