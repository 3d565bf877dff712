# SPDX-License-Identifier: BSD-2-Clause
"""How the cost grows: with RAM, processors, the initrd, entries, and the memory map."""

import dataclasses
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import cases
import doors
import host
import kernels
import machine
import measure
import paths
import points

# map.S, far behind the image that is in it, which lies where it is linked for.
LINK = ["-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none,--no-warn-rwx-segments,-Ttext=0x8000000,-e,start",
        "-Wl,--section-start=.image=0x100000"]
DIRECT, OURS = "QEMU's direct PVH boot", "with quadrivium between"
LARGEST = 64 << 10      # MiB
KERNEL = "none"
DOOR = "pvh-q35"
EXIT = "linux64"
MAP_LEAST = 10          # entries: those of QEMU's own map, and the one more that map.S always makes


@dataclass(frozen=True)
class Axis:
    """What grows. MEASURE(value, series) gives points, or a dictionary with "own" only, where nothing is booted."""
    title: str
    across: str                         # with its unit
    values: tuple
    series: tuple
    measure: Callable


def _rows():
    rows = paths.table()
    return {DIRECT: rows[f"direct:{DOOR}:{KERNEL}"], OURS: rows[f"{DOOR}:{EXIT}:{KERNEL}"]}


def _memory(value, series):
    return measure.instructions(_rows()[series], memory=str(value))


def _cpus(value, series):
    """The loader alone: when QEMU counts, processors take turns, and those that wait for each other count their waiting."""
    return {"own": own(measure.instructions(_rows()[series], points.JUMP, cpus=value))}


def _initrd(value, series):
    """The initrd as QEMU's -initrd for both: a module at our door."""
    door, kernel = doors.DOORS[DOOR], kernels.KERNELS[KERNEL]
    image = cases.packed(door.image, kernel.file(), [], f"{paths.WORDS} qv.exit={EXIT}") if series == OURS else kernel.file()

    def start(folder, loud, memory=paths.MEMORY):
        job = doors.Job(image, folder, "" if series == OURS else paths.WORDS, [kernels.initrd(value)])
        return door.arguments(job, memory, 1, paths.CPU)
    path = dataclasses.replace(_rows()[series], start=start)
    return measure.instructions(path, memory=str(max(512, 3 * value)))


def _entries(value, series):
    import test_menu_cost   # it wants pytest, which nothing else here does

    return {"own": test_menu_cost.measure("archive", value)}


def _map(value, series):
    """Our image behind map.S, which makes the map so long."""
    image = cases.packed("elf", kernels.KERNELS[KERNEL].file(), [kernels.initrd()], f"{paths.WORDS} qv.exit={EXIT}")
    entry = re.search(r"Entry point address: +(0x[0-9a-f]+)",
                      subprocess.run(["readelf", "-h", image], capture_output=True, text=True, check=True).stdout)[1]
    source = Path(__file__).with_name("map.S")

    def build(partial):
        options = [f'-DIMAGE="{image}"', f"-DENTRY={entry}", f"-DPAIRS={(value - MAP_LEAST) // 2}"]
        subprocess.run(["gcc", *LINK, *options, source, "-o", partial], check=True)
    shim = kernels.product(f"map-{value}.elf", build, source, image)

    def start(folder, loud, **size):
        return doors.DOORS[DOOR].arguments(doors.Job(shim, folder), paths.MEMORY, 1, paths.CPU)
    return measure.instructions(dataclasses.replace(_rows()[OURS], start=start))


def memories():
    """MiB, from the least in which a packed vmlinux can be put to its place, to as much as this host can give."""
    most = min(LARGEST, host.memory() * 3 // 4)
    return tuple(size for size in (256 << shift for shift in range(9)) if size <= most)


AXES = {
    "memory": Axis("RAM", "MiB of RAM", memories(), (DIRECT, OURS), _memory),
    "cpus": Axis("Processors", "processors", (1, 2, 4, 8), (OURS,), _cpus),
    "initrd": Axis("The initrd", "MiB of initrd", (1, 16, 64, 256, 1024), (DIRECT, OURS), _initrd),
    "entries": Axis("Entries", "entries, each a file in an archive", (1, 10, 100, 1000), (OURS,), _entries),
    "map": Axis("The memory map", "entries of the map", (MAP_LEAST, 50, 500), (OURS,), _map),
}


def measure_all(results, failures, say, only=()):
    """Adds to RESULTS, from axis to series to [value, figures]; yields after each figure."""
    for name, axis in AXES.items():
        if only and name not in only:
            continue
        for value in axis.values:
            for series in axis.series:
                mine = results.setdefault(name, {}).setdefault(series, [])
                if any(done == value for done, _ in mine):
                    continue
                try:
                    figures = axis.measure(value, series)
                except (machine.BootFailure, ValueError) as failure:
                    failures[f"growth {name} {value} {series}"] = str(failure).splitlines()[0]
                    say(f"  {axis.title} {value:,}, {series}: FAILED: {failure}")
                    continue
                mine.append([value, figures])
                say(f"  {axis.title} {value:,}, {series}: {own(figures):,} ours, {figures.get(points.USER, 0):,} to /init")
                yield


def own(figures):
    """What of FIGURES is our own part."""
    return figures["own"] if "own" in figures else points.parts(figures)["quadrivium"]
