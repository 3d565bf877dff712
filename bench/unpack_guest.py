# SPDX-License-Identifier: BSD-2-Clause
"""Who unpacks a kernel faster in QEMU's TCG, and why: the same boots by the guest's instructions, by the blocks that TCG runs,
and by the processor's time that QEMU takes. From our phase `loaded` to the kernel's first instruction at its own address; blocks
from the reset on, since before that phase there are next to none.
"""

import os
import statistics

import guest
import kernels
import machine
import measure
import paths
import points

PLUGIN = kernels.FOLDER / "blocks.so"
ROWS = {"xz, by itself": "pvh-q35:linux64:xz", "xz, by us": "pvh-q35:linux64:xz-direct",
        "zstd, by us": "pvh-q35:linux64:zstd-direct", "lz4, by us": "pvh-q35:linux64:lz4-direct"}


class Charged(measure.Watched):
    """A machine whose clock is the processor's time that QEMU took, all its threads together."""

    @property
    def seconds(self):
        tasks = f"/proc/{self.process.pid}/task"
        spent = 0
        for task in os.listdir(tasks):
            try:
                with open(f"{tasks}/{task}/schedstat") as file:         # proc.rst: nanoseconds on the processor
                    spent += int(file.read().split()[0])
            except FileNotFoundError:
                continue                                                # it has just ended
        return spent / 1e9


def blocks(path):
    """How many blocks ran, and how many of them were entered from another page."""
    folder = measure._folder(path, "blocks")
    log = folder / "blocks.log"
    plugin = ["-plugin", f"file={PLUGIN},until={points.KERNEL_ADDRESS:x},log={log}"]
    with machine.Machine([*path.start(folder, False), *plugin], folder) as running:
        running.wait(measure.INIT, measure.FATAL, measure.TIMEOUT)
    guest.tidy(folder)
    return tuple(map(int, log.read_text().split()))


def seconds(path):
    """The processor's time."""
    folder = measure._folder(path, "charged")
    with Charged(path.start(folder, True), folder, "tcg") as running:
        running.wait(measure.INIT, measure.FATAL, measure.TIMEOUT)
        moments = running.moments
    guest.tidy(folder)
    return moments[points.KERNEL] - moments["loaded"]


def measured(rounds):
    """A line for each of ROWS: instructions, blocks, blocks from another page, and the median and least seconds."""
    rows = paths.table()
    times = {name: [] for name in ROWS}
    for _ in range(rounds):
        for name, row in ROWS.items():
            times[name].append(seconds(rows[row]))
    found = {}
    for name, row in ROWS.items():
        counted = measure.instructions(rows[row], points.KERNEL)
        found[name] = (counted[points.KERNEL] - counted["loaded"], *blocks(rows[row]), statistics.median(times[name]),
                       min(times[name]))
    return found


def table(found):
    """The result as a table of Markdown."""
    lines = ["| kernel | instructions, G | blocks, M | from another page, M | seconds | the median |",
             "|---|---:|---:|---:|---:|---:|"]
    for name, (count, ran, elsewhere, median, least) in found.items():
        lines.append(f"| {name} | {count / 1e9:.2f} | {ran / 1e6:.0f} | {elsewhere / 1e6:.0f} | {least:.2f} | {median:.2f} |")
    return "\n".join(lines) + "\n"
