# SPDX-License-Identifier: BSD-2-Clause
"""Other kernels than the one that all other tests boot: older ones and newer ones. release_kernels.py is the matrix."""

import os
import re

import pytest

import assets
import cases
import doors
import exits
import guest
import release_kernels
import machine

LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
MEMORY, CPUS, CPU = "1024", 2, "max"


@LARGE
@pytest.mark.parametrize("way", release_kernels.WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("kernel", release_kernels.KERNELS, ids=lambda kernel: kernel.suite)
def test_boots(kernel, way, made, record_property):
    """The kernel gets its command line and its initrd, and nothing is warned of."""
    bzimage, door, (theirs, ours) = kernel.make().read_bytes(), doors.find(way.door), release_kernels.words(way)
    image = cases.packed(door.image, way.payload(kernel), made.initrds[:1], cases.joined(theirs, ours))
    job = doors.Job(image, cases.RUNS / f"kernels/{kernel.suite}-{way.name}")
    with machine.Machine(door.arguments(job, MEMORY, CPUS, CPU), job.folder) as running:
        running.wait(guest.END, guest.FATAL)
        said, report = machine.printable(running.console), guest.parse(running.console)
    version, protocol = release_kernels.version(bzimage)
    assert re.search(rf"^quadrivium \S+: \S+ to {way.exit}: ", said, re.MULTILINE), said
    assert "quadrivium: warning" not in said
    assert report.values["kernel"] == version
    assert report.values["cmdline"] == theirs
    assert report.blobs == {"first": made.blobs["first"]}
    packing = "zstd" if assets.payload_of(bzimage).startswith(assets.ZSTD_MAGIC) else "xz"
    record_property("kernel", [kernel.suite, way.title, version, protocol, packing])
    guest.tidy(job.folder)
