# SPDX-License-Identifier: BSD-2-Clause
"""A PVH guest of Xen, timed: from its disk, in each way that there is (tests/boot/compare_xen.py); and our image with the kernel
packed in, by each exit, beside the kernel itself as a file of dom0."""

import dataclasses
import statistics
import tempfile
from pathlib import Path
from types import SimpleNamespace

import cases
import compare_xen
import kernels
import machine

ROUNDS = 5
WORDS = "console=hvc0 earlyprintk=xen"
DIRECT = "kernel in dom0"
PACKED = "packed"           # the key of their results, beside the layouts of disks
NO_DISK = SimpleNamespace(images=())


def packed_ways():
    """From the name of a way, kernel or exit:kernel, to the guest's kernel, ramdisk and words."""
    bare = {f"{DIRECT}:{name}": {"kernel": kernels.KERNELS[name].file(), "ramdisk": kernels.initrd(), "cmdline": WORDS}
            for name in ("xz", "none")}
    for kernel in kernels.KERNELS.values():
        for exit in kernel.exits:
            if exit != "efi":
                words = cases.joined(WORDS, f"qv.exit={exit}", kernel.words)
                image = cases.packed("elf", kernel.file(), [kernels.initrd()], words, kernel.options)
                bare[f"pvh-xen:{exit}:{kernel.name}"] = {"kernel": image}
    return bare


def compare_packed(show, rounds):
    """The medians of ROUNDS runs of each, from way to compare_xen.Run; they take turns."""
    ways = packed_ways()
    runs = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            for way, given in ways.items():
                runs[way].append(compare_xen.run(compare_xen.DIRECT, NO_DISK, given, Path(folder)))
                show(f"  {number} {way}: {runs[way][-1]}")
    return {way: compare_xen.Run(*map(statistics.median, zip(*map(dataclasses.astuple, mine)))) for way, mine in runs.items()}


def measure(results, failures, say, rounds=ROUNDS):
    """Adds to RESULTS, from what is started to way to figures in seconds; yields when each is done."""
    steps = {layout: lambda layout=layout: compare_xen.compare(layout, rounds=rounds, show=say) for layout in compare_xen.DISKS}
    steps[PACKED] = lambda: compare_packed(say, rounds)
    for name, step in steps.items():
        if name in results:
            continue
        try:
            results[name] = {way: dataclasses.asdict(run) for way, run in step().items()}
        except machine.BootFailure as failure:
            failures[f"xen {name}"] = str(failure).splitlines()[0]
            say(f"  {name} FAILED: {failure}")
        yield


def lines(results):
    """The lines of their tables."""
    runs = {name: {way: compare_xen.Run(**figures) for way, figures in ways.items()} for name, ways in results.items()}
    packed = runs.pop(PACKED, {})
    made = compare_xen.table(runs) if runs else []
    if packed:
        direct = packed[f"{DIRECT}:xz"]
        head = ["path", "to the kernel's first line", "of the direct boot's", "QEMU's processor time for that",
                "of the direct boot's"]
        made += ["", f"| {' | '.join(head)} |", "|---|---:|---:|---:|---:|"]
        made += [f"| `{way}` | {run.total:.2f} s | {run.total / direct.total:.2f} | {run.processor:.2f} s | "
                 f"{run.processor / direct.processor:.2f} |" for way, run in packed.items()]
    return made
