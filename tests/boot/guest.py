# SPDX-License-Identifier: BSD-2-Clause
"""What the guest's /init reports: the lines `GUEST key=value` of the console, as values."""

import re
import shutil
from dataclasses import dataclass, field

import machine

END = r"GUEST end"
# What ends the wait for END at once; of GRUB's errors all but one, which stops nothing.
FATAL = r"^quadrivium: error: .*|Kernel panic.*|rescue>|KEXEC failed|!!!! X64 Exception.*|^error: (?!no suitable video).*"
RAM = "System RAM"
LARGE = 1 << 20


@dataclass
class Report:
    """The guest's report, and how many seconds after QEMU's start it was complete."""
    values: dict
    memmap: list = field(default_factory=list)      # (first byte, last byte, kind), sorted
    blobs: dict = field(default_factory=dict)
    acpi: dict = field(default_factory=dict)
    seconds: float = 0

    @property
    def ram(self):
        """The ranges of RAM, those that touch joined."""
        out = []
        for first, last, kind in self.memmap:
            if kind != RAM:
                continue
            if out and out[-1][1] + 1 == first:
                out[-1] = (out[-1][0], last)
            else:
                out.append((first, last))
        return out

    @property
    def ram_size(self):
        return sum(last - first + 1 for first, last in self.ram)


def parse(console):
    """The Report in the text of a CONSOLE."""
    report = Report({})
    for key, value in re.findall(r"GUEST ([\w.]+)=(.*)", machine.printable(console)):
        if key == "memmap":
            first, last, kind = value.split(" ", 2)
            report.memmap.append((int(first, 16), int(last, 16), kind))
        elif key.startswith("blob."):
            report.blobs[key[5:]] = value
        elif key.startswith("acpi."):
            report.acpi[key[5:]] = value
        else:
            report.values[key] = value
    report.memmap.sort()
    return report


def boot(door, job, memory, cpus, cpu):
    """Starts the job through the door on such a machine; returns the guest's Report, or raises BootFailure."""
    __tracebackhide__ = True
    with machine.Machine(door.arguments(job, memory, cpus, cpu), job.folder) as running:
        running.wait(END, FATAL)
        report = parse(running.console)
        report.seconds = running.seconds
        return report


def tidy(folder):
    """Removes from a job's FOLDER the media, which are large, and leaves the logs."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.is_socket() or path.stat().st_size > LARGE:
            path.unlink()
