# SPDX-License-Identifier: BSD-2-Clause
"""Each format of entries through each door that can carry it, picked by the host. formats.txt is the matrix; `make docs` writes
docs/formats.md from it."""

import re

import pytest

import assets
import conformance
import doors
import efi_sources
import exits
import formats
import guest
import machine

ERROR = r"^quadrivium: error: (.*)\n"
FATAL = r"quadrivium: error: .*|^error: (?!no suitable video).*"
STARTED = r"Linux version|GUEST|CONFORMANCE"
SETTLE = 1.0
ROWS = [row for row in formats.table() if row.wanted]


def shown(running):
    """All that the loader said."""
    return f"{machine.printable(running.console)}\n{machine.printable(running.debugcon)}\n"


def check_guest(row, running):
    """Debian's kernel got the command line as it is to be, and its initrds whole."""
    running.wait(guest.END, guest.FATAL)
    report = guest.parse(running.console)
    assert report.values["cmdline"] == row.command_line()
    assert report.blobs == {name: assets.make().blobs[name] for name in row.format.blobs}


def check_conformance(row, running):
    """The payload found everything as its protocol has it, its modules and their strings included."""
    if row.door_name == exits.XEN_DOOR:
        running.wait_for_end(timeout=20)
    else:
        running.wait(conformance.END, FATAL)
    result = conformance.read(running.debugcon if row.door_name == exits.XEN_DOOR else running.console)
    assert result.command_line == row.command_line()
    assert not result.failed, {name: result.texts[name] for name in result.failed}


def fails(row, running):
    """The one line of an error; nothing is started."""
    if row.door_name == exits.XEN_DOOR:
        running.wait_for_end()
    else:
        running.wait(ERROR, STARTED)
        running.idle(SETTLE)
    said = shown(running)
    errors = set(re.findall(ERROR, said, re.MULTILINE))
    assert len(errors) == 1 and re.search(row.error, *errors), said
    assert row.door_name == "linux64-kexec" or not re.search(STARTED, said), said
    return errors.pop()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_format(row, made, record_property):
    record_property("door", row.door_name)
    way = error = ""
    with row.machine() as running:
        if row.error:
            error = fails(row, running)
        else:
            (check_conformance if row.format.payload else check_guest)(row, running)
            said = re.search(row.line, shown(running), re.MULTILINE)
            assert said, (row.line, re.findall("^quadrivium.*", shown(running), re.MULTILINE))
            way = said[1]
            assert way == row.exit
    record_property("format", [row.door_name, row.carrier_name, row.format_name, way, error])
    guest.tidy(row.folder)


@pytest.mark.parametrize("words, number", [("", 0), ("@0 ", 0), ("@1 ", 1)])
def test_packed_profile(words, number, tmp_path, record_property):
    """What is packed into our own image: the first profile, or that which "@1" picks (UAPI.5)."""
    record_property("door", "pvh-q35")
    kernel = conformance.PAYLOADS / "linux.payload"
    own = "conf.id=1 conf.modules=0 conf.blobs=0 conf.strings=0"
    image = tmp_path / "image.elf"
    image.write_bytes(formats.packed_profiles("elf", kernel, [], f"{own} qvtest.profile=0", f"{own} qvtest.profile=1"))
    job = doors.Job(image, tmp_path / "run", f"{words}qv.timeout=0 conf.end")
    with machine.Machine(doors.DOORS["pvh-q35"].arguments(job, "256", 1, exits.DEFAULT_CPU), job.folder) as running:
        running.wait(conformance.END, FATAL)
        result = conformance.read(running.console)
    assert result.command_line == f"{own} qvtest.profile={number} conf.end"
    assert not result.failed


def test_table():
    """Each format goes through each door, each module through each door that has one, and each of EFI's sources is there."""
    rows = formats.table()
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    names = formats.DOORS.keys()
    assert {(row.door_name, row.format_name) for row in rows} == {(door, name) for door in names for name in formats.FORMATS}
    modules = {(row.door_name, row.carrier_name) for row in rows if row.door_name != "efi"}
    images = {"gpt", "ext4", "iso"}     # what a disk holds is read alike, whatever the door
    assert {row for row in modules if row[1] not in images} == {(door, name) for door in names - {"efi"}
                                                                 for name in formats.CARRIERS.keys() - images}
    assert images <= {name for _, name in modules}
    assert {row.carrier_name for row in rows if row.door_name == "efi"} == efi_sources.SOURCES.keys()
