# SPDX-License-Identifier: BSD-2-Clause
"""The ways to start a guest of Xen from its disk, timed by tests/boot/compare_xen.py: pygrub, GRUB, the kernel in dom0, us."""

import dataclasses

import compare_xen

ROUNDS = 5


def measure(results, say):
    """Adds to RESULTS, from the disk's layout to way to figures in seconds; yields when each disk is done."""
    for layout in compare_xen.DISKS:
        if layout not in results:
            medians = compare_xen.compare(layout, rounds=ROUNDS, show=say)
            results[layout] = {way: dataclasses.asdict(run) for way, run in medians.items()}
            yield


def lines(results):
    """The lines of their table."""
    runs = {layout: {way: compare_xen.Run(**figures) for way, figures in ways.items()} for layout, ways in results.items()}
    return compare_xen.table(runs) if runs else []
