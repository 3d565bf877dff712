# SPDX-License-Identifier: BSD-2-Clause
"""Guests that boot from their own disks: a Debian system with its own grub.cfg, in every environment; and disks that fail."""

import dataclasses
import os
import re
import subprocess

import pytest

import cases
import compare_xen
import disk_guests
import exits
import guest
import guest_disk
import media
import xen

RUNS = cases.RUNS / "guests"
LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
SLOW = ",throttling.bps-read=262144"        # of a drive: the kernel and its initrd take a minute, however late an order comes
BLOCK = 4096                                # bytes of a block of the root's file system
BOUND = 120                                 # seconds within which the loader is to have given up, or read all of a slow drive
ERROR = r"quadrivium: error: .+"
END = "qv.onerror=halt qv.timeline"         # no menu, although there are other entries; and it says when it leaves
CONNECTED = "until [ \"$(xenstore-read /local/domain/1/device/vbd/51712/state)\" = 4 ]; do usleep 20000; done"
DETACHED = "/local/domain/0/backend/vbd/1/51712"


def started(layout, way, folder):
    """A guest of Xen that is started from a disk without our loader."""
    disk = guest_disk.make(layout)
    return xen.XenGuest(folder, disks=disk.images, memory=512, **compare_xen.options(way, disk))


@pytest.fixture
def folder(request):
    """Where a test keeps its logs; tidied up if it passes."""
    path = RUNS / request.node.name.replace("/", "-")
    yield path
    if path.exists():
        guest.tidy(path)


# ---- the harness itself: no Quadrivium ----

def test_layouts():
    """A disk has what its layout says: the tables and the file systems as other programs see them."""
    disk = guest_disk.make("gpt")
    seen = subprocess.run(["blkid", "-p", "-o", "value", "-s", "PTTYPE", disk.images[0]], capture_output=True, text=True)
    assert seen.stdout.split() == ["gpt"]
    first = media.gpt_partition(disk.images[0], 1)[0] * media.SECTOR
    seen = subprocess.run(["blkid", "-p", "-O", str(first), "-o", "value", "-s", "UUID", disk.images[0]], capture_output=True,
                          text=True)
    assert seen.stdout.split() == [disk.root]
    assert f"root=UUID={disk.root} ro {guest_disk.WORDS} quiet" == disk.words


@pytest.mark.parametrize("table, parts", [disk for layout in guest_disk.LAYOUTS.values() for disk in layout.disks if disk[0]])
def test_tables(table, parts, tmp_path):
    """Partitions lie where others find them, and have the sizes that they are to have."""
    guest_disk.empty_disk(tmp_path / "disk", table, parts)
    command = ["partx", "-g", "-o", "NR,START,SECTORS", tmp_path / "disk"]
    seen = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [tuple(map(int, line.split())) for line in seen.stdout.splitlines()]
    sizes = [guest_disk.SIZES[part.holds] * guest_disk.SECTORS for part in parts]
    assert [line[1:] for line in lines][-len(parts):] == list(zip(guest_disk.first_sectors(table, parts), sizes))
    assert lines[-1][0] == (5 if table == "logical" else len(parts))


def test_directly(folder):
    """The guest's disk, started with its kernel as a file of dom0; and dom0 takes orders while it runs."""
    disk = guest_disk.make("gpt")
    row = disk_guests.Row(disk_guests.XEN, "gpt")
    with xen.XenGuest(folder, disk.vmlinux, disk.initrd, disk.words, row.memory, row.vcpus, disk.images, orders=True) as running:
        running.wait(guest_disk.PROMPT, guest_disk.FATAL, disk_guests.TIMEOUT)
        disk_guests.check(row, disk, guest_disk.report(running.console))
        running.order("xl list guest; xl destroy guest")
        assert running.wait_for_end(BOUND) == "destroyed"
        assert re.search(r"^guest +1 +256 +1 ", running.log, re.MULTILINE)


@LARGE
@pytest.mark.parametrize("way", [compare_xen.PYGRUB, compare_xen.GRUB])
def test_other_loaders(way, folder):
    """What we are measured against does boot the same disk."""
    with started("gpt", way, folder) as running:
        running.wait(guest_disk.PROMPT, guest_disk.FATAL, disk_guests.TIMEOUT)
        report = guest_disk.report(running.console)
        assert report["root"] == ["/dev/xvda1", "ext4", "vbd"]


# ---- through the loader ----

@pytest.mark.parametrize("row", [pytest.param(row, id=row.name, marks=[LARGE] * row.large) for row in disk_guests.rows()])
def test_guest(row, folder, record_property):
    disk_guests.boots(row, folder)
    record_property("disk_guest", (row.environment, row.layout, row.memory, row.vcpus))


# ---- disks that fail ----

def gives_up(running):
    """Whether the loader says in one line why it cannot go on, and ends the domain, in bounded time."""
    end = running.wait_for_end(BOUND)
    errors = re.findall(ERROR, running.debugcon)
    assert (end, len(errors)) == ("crash", 1), running.failure(f"{end}, {errors}")
    return errors[0]


def loading(folder):
    """A guest whose disk is slow, and an order after which the loader is known to read from it."""
    row = disk_guests.Row(disk_guests.XEN, "gpt")
    return disk_guests.start(row, guest_disk.make("gpt"), folder, END, fault=SLOW), f"{CONNECTED}; sleep 1"


def test_destroyed(folder):
    """The domain is destroyed while the loader reads: nothing of it stays, and Xen and dom0 go on."""
    machine, begun = loading(folder)
    with machine as running:
        running.order(f"{begun}; xl destroy guest; xl list; xenstore-ls {DETACHED}")
        assert running.wait_for_end(BOUND) == "destroyed"
        assert re.search(r"^Domain-0 ", running.log, re.MULTILINE) and not re.search(r"^guest ", running.log, re.MULTILINE)
        assert " to linux64" not in running.debugcon + running.console


@pytest.mark.parametrize("how", [
    f"xenstore-write {DETACHED}/state 6",                                   # it says that it is closed
    pytest.param("xl block-detach --force guest xvda", marks=LARGE),        # its side is removed
], ids=["closed", "forced"])
def test_detached(how, folder):
    """The back end goes away while the loader reads."""
    machine, begun = loading(folder)
    with machine as running:
        running.order(f"{begun}; {how} &")
        gives_up(running)


@LARGE
def test_asked_to_close(folder):
    """A back end that only asks whether we would close waits until we have read, as it would for Linux."""
    machine, begun = loading(folder)
    with machine as running:
        running.order(f"{begun}; xl block-detach guest xvda &")
        running.wait("^quadrivium .*: pvh to ", ERROR, timeout=BOUND)


def test_pulled_out(folder):
    """The disk behind the back end goes away: every further request fails."""
    machine, begun = loading(folder)
    with machine as running:
        running.order(f"{begun}; echo virtio1 >/sys/bus/virtio/drivers/virtio_blk/unbind &")
        gives_up(running)


def bad_sector(disk, folder):
    """The DISK with a sector in the middle of its kernel that cannot be read."""
    image = disk.images[0]
    first = media.gpt_partition(image, 1)[0]
    kernel = re.search(r"^\s*linux\s+(\S+)", disk.grub_cfg.read_text(), re.MULTILINE)[1]
    seen = subprocess.run(["debugfs", "-R", f"blocks {kernel}", f"{image}?offset={first * media.SECTOR}"], capture_output=True,
                          text=True, check=True)
    blocks = [int(number) for number in seen.stdout.split()]
    sector = first + blocks[len(blocks) // 2] * BLOCK // media.SECTOR
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "rules"
    rules.write_text(f'[inject-error]\nevent = "read_aio"\nerrno = "5"\nonce = "off"\nsector = "{sector}"\n')
    return dataclasses.replace(disk, images=(f"blkdebug:{rules}:{image}",))


@pytest.mark.parametrize("environment", [disk_guests.XEN, disk_guests.Q35, disk_guests.MICRO])
def test_bad_sector(environment, folder):
    row = disk_guests.Row(environment, "gpt")
    with disk_guests.start(row, bad_sector(guest_disk.make("gpt"), folder), folder, END) as running:
        if environment == disk_guests.XEN:
            gives_up(running)
        else:
            running.wait(f"{ERROR}read", " to linux64", timeout=BOUND)


# ---- against the other ways ----

@LARGE
def test_times():
    """The targets: of GRUB's time to the kernel's first line at most 0.65, of its time in the loader at most 0.15."""
    results = {layout: compare_xen.compare(layout) for layout in compare_xen.DISKS}
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        compare_xen.write_document(results)
    for layout, medians in results.items():
        ours, grub = medians[compare_xen.OURS], medians[compare_xen.GRUB]
        assert ours.total <= 0.65 * grub.total, (layout, medians)
        assert ours.loader <= 0.15 * grub.loader, (layout, medians)
