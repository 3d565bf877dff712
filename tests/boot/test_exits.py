# SPDX-License-Identifier: BSD-2-Clause
"""Real payloads through every door and by every exit. exits.txt is the matrix; `make docs` writes docs/exits.md from it."""

import re

import pytest

import assets
import exits
import guest
import machine
import payloads

ERROR = r"^quadrivium: error: (?P<text>.*)\n"
WAY = r"^quadrivium \S+: \S+ to (\w+): "        # what the loader says before it leaves
SETTLE = 1.0
STARTED = re.compile(r"Linux version|GUEST|Xen version|Decompressing Linux")
ROWS = [row for row in exits.table() if row.wanted]


def check_report(row, report):
    """The guest got its first initrd whole, and its command line."""
    assert report.blobs == {"first": assets.make().blobs["first"]}
    words = report.values["cmdline"].split()
    if row.bare:
        # Loaders add words of their own.
        words = [word for word in words if word in row.command_line()]
    assert words == row.command_line()


def fails(row, running):
    """The one line of an error; nothing is started."""
    if row.door_name == exits.XEN_DOOR:
        running.wait_for_end()
    else:
        running.wait(ERROR, timeout=row.payload.timeout)
        running.idle(SETTLE)
    said = machine.printable(running.debugcon if row.door_name == exits.XEN_DOOR else running.console) + "\n"
    errors = re.findall(ERROR, said, re.MULTILINE)
    assert len(errors) == 1 and re.search(row.error, errors[0]), said
    assert row.door_name.startswith("linux64") or not STARTED.search(said), said
    return errors[0]


def boots(row, running):
    """The payload says that it runs; returns by which exit it was entered, where the loader's line was seen."""
    running.wait(row.payload.success, guest.FATAL, timeout=row.payload.timeout)
    if row.payload.guest:
        check_report(row, guest.parse(running.console))
    way = re.search(WAY, running.console + running.debugcon, re.MULTILINE)
    if row.exit and way:
        assert way[1] == row.exit
    return way[1] if way else row.exit


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_exit(row, made, record_property):
    if not row.bare:
        record_property("door", row.door_name)
    with row.machine() as running:
        if row.error:
            error, way = fails(row, running), row.exit
        else:
            error, way = "", boots(row, running)
        record_property("seconds", round(running.seconds, 1))
    if not row.bare:
        record_property("cell", [row.door_name, way, row.payload_name, error])
    guest.tidy(row.folder)


def test_every_pair():
    """The table has a row for each main door and each exit: one that boots, or one that says why it cannot."""
    there = {(row.door_name, row.exit) for row in exits.table() if not row.bare}
    main = ["pvh-q35", "pvh-xen", "efi", "multiboot2-bios", "multiboot2-efi", "linux16", "linux32", "linux64-kexec", "efi-handover"]
    # Xen's guests have neither a BIOS nor a serial port; the one payload by multiboot that Debian has wants both.
    missing = {(door, name) for door in main for name in exits.NAMES} - there - {("pvh-xen", "multiboot")}
    assert not missing


def test_names_are_unique():
    names = [row.name for row in exits.table()]
    assert len(names) == len(set(names))
    assert {row.payload_name for row in exits.table()} == payloads.TABLE.keys()
