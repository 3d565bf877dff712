# SPDX-License-Identifier: BSD-2-Clause
"""Disks of PVH guests of a real Xen: read by us, given back as we found them, and then the kernel's own."""

import re

import pytest

import assets
import guest
import guest_disk
import media
import menus
import xen

IMAGE = assets.BUILD / "quadrivium.elf"
SECTOR = media.SECTOR
WARNING = "quadrivium: warning: "
# What the tool stack makes of a disk; all else in the front end's folder is a front end's.
KEYS = ["backend", "backend-id", "device-type", "state", "trusted", "virtual-device"]
FRONT, BACK = "/local/domain/1/device/vbd/51712", "/local/domain/0/backend/vbd/1/51712"
INITIALISING, INIT_WAIT = "1", "2"       # public/io/xenbus.h
PATIENCE = 10                           # seconds that we give a back end


def disk(folder, files, configuration="timeout 0\n"):
    """A FAT file system with FILES and a configuration of the menu."""
    return media.fat(folder / "fat.img", {"loader/loader.conf": configuration.encode(), **files})


def payload(folder):
    """A disk with a small kernel, which says that it was started, and powers off."""
    return disk(folder, {"kernel": menus.KERNEL, "loader/entries/small.conf": menus.entry("Small", "x=small")})


def started(running):
    """Whether the small kernel was."""
    return re.search("^CONFORMANCE command line x=small$", running.debugcon, re.MULTILINE)


@pytest.fixture(autouse=True)
def door(record_property):
    record_property("door", "pvh-xen")


def test_debian(tmp_path):
    """Kernel and initrd come from the second disk, and then Linux reads and writes both with its own front end."""
    system = guest_disk.make("gpt")
    entry = menus.entry("Debian", system.words, initrd="/initrd")
    boot = disk(tmp_path, {"kernel": system.kernel, "initrd": system.initrd, "loader/entries/debian.conf": entry})
    with xen.XenGuest(tmp_path, IMAGE, disks=[system.images[0], boot], cmdline="qv.disk=xvdb") as running:
        running.wait(guest_disk.END, guest_disk.FATAL)
        assert WARNING not in running.console
        report = guest_disk.report(running.console)
    assert report["root"] == ["/dev/xvda1", "ext4", "vbd"]
    sizes = {name: str(path.stat().st_size // SECTOR) for name, path in (("xvda", system.images[0]), ("xvdb", boot))}
    assert {name: report[f"disk.{name}"] for name in sizes} == sizes
    assert report["write"] == "written"
    assert report["cmdline"] == system.words


@pytest.mark.parametrize("memory, vcpus", [(512, 2), (5120, 4)])
def test_processors(tmp_path, memory, vcpus):
    """The kernel finds all of them. In a nested Xen with several of them programs stumble now and then, whoever loaded the kernel;
    so it is seen up to the first."""
    system = guest_disk.make("gpt")
    with xen.XenGuest(tmp_path, IMAGE, disks=system.images, memory=memory, vcpus=vcpus, cmdline="ignore_loglevel") as running:
        running.wait(rf"smp: Brought up 1 node, {vcpus} CPUs(?s:.*)Run /init as init process", guest.FATAL)
        assert WARNING not in running.console


@pytest.mark.parametrize("memory, vcpus", [(64, 1), (64, 2), (5120, 4)])
def test_payload(tmp_path, memory, vcpus):
    with xen.XenGuest(tmp_path, IMAGE, disks=[payload(tmp_path)] * 2, memory=memory, vcpus=vcpus) as running:
        assert running.wait_for_end() == "poweroff", running.failure("no power-off")
        assert started(running) and WARNING not in running.console


def test_given_back(made, tmp_path):
    """Behind us nothing of ours is in the xenstore, and the back end waits for a front end. The kernel has no driver loaded."""
    files = {"kernel": made.vmlinuz, "initrd": made.initrds[0],
             "loader/entries/linux.conf": menus.entry("Linux", "console=hvc0 quiet", initrd="/initrd")}
    with xen.XenGuest(tmp_path, IMAGE, disks=[disk(tmp_path, files)], orders=True) as running:
        running.wait("^/ # ", guest.FATAL)
        running.order(f"xenstore-ls -f {FRONT}; xenstore-ls -f {BACK}")
        running.idle(3)
        running.type("exit\n")
        assert running.wait_for_end() == "poweroff", running.log
        front = dict(re.findall(rf'^{FRONT}/(\S+) = "(.*)"$', running.log, re.MULTILINE))
        back = dict(re.findall(rf'^{BACK}/(\S+) = "(.*)"$', running.log, re.MULTILINE))
    assert sorted(front) == KEYS
    assert (front["state"], back["state"]) == (INITIALISING, INIT_WAIT)


def test_not_ready(tmp_path):
    """A back end that never has a device is waited for, not for ever; the other disk is read."""
    extra = 'disk=["vdev=xvda,access=w,script=never,target=/dev/vdb", "phy:/dev/vdc,xvdb,w"]'
    never = b'#!/bin/sh\nxenstore-write "$XENBUS_PATH/hotplug-status" connected\n'
    disks = [payload(tmp_path)] * 2
    with xen.XenGuest(tmp_path, IMAGE, disks=disks, extra=extra, files={"etc/xen/scripts/never": never}) as running:
        assert running.wait_for_end(PATIENCE + 30) == "poweroff", running.failure("no power-off")
        assert re.search(rf"^{WARNING}xvda: the back end stays in state {INIT_WAIT}$", running.console, re.MULTILINE)
        assert started(running)


def in_menu(folder, kernel, **options):
    """A guest with a menu from its disk, whose entries start KERNEL. Not yet started."""
    files = {"kernel": kernel, **{f"loader/entries/{name}.conf": menus.entry(f"The {name}", "x=small") for name in ("one", "other")}}
    return xen.XenGuest(folder, IMAGE, disks=[disk(folder, files, "timeout 60\n")], **options)


def test_silent(made, tmp_path):
    """A disk that gives nothing any more, while a kernel is read from it: an error in bounded time."""
    with in_menu(tmp_path, made.vmlinuz) as running:
        menu = menus.Menu(running)
        menu.at("The other")
        limits = {"bps": 1, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0}
        running.qmp({"execute": "block_set_io_throttle", "arguments": {"device": "disk1", **limits}})
        menu.press(menus.ENTER)
        # Dom0 does not end before its own requests have, which is never.
        running.wait("quadrivium: error: xvda: the back end does not answer", timeout=PATIENCE + 50)


def test_taken_away(tmp_path):
    """A disk that the tool stack detaches while we have it is still read, and then closed, so that the tool stack can remove it."""
    with in_menu(tmp_path, menus.KERNEL, orders=True) as running:
        menu = menus.Menu(running)
        menu.at("The other")
        running.order("xl block-detach guest xvda && echo detached")
        running.idle(3)
        menu.press(menus.ENTER)
        assert running.wait_for_end() == "poweroff", running.failure("no power-off")
        assert started(running) and WARNING not in running.console
