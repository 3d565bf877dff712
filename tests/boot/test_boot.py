# SPDX-License-Identifier: BSD-2-Clause
"""Boots Debian's kernel through each door, and asserts that the guest saw just what it should (cases.txt is the matrix)."""

import pytest

import baseline
import cases
import doors
import guest

PAGE = 4096
MIB = 1 << 20
# How much less RAM than directly a boot may show where the layout of firmware's own ranges depends on what was loaded.
EFI_SLACK = 2 * MIB
# What the kernel keeps for itself on any machine.
KERNEL_OWN = 72 * MIB
# Tables that hold addresses of memory that EFI firmware allocates anew at each boot.
EFI_MOVING = {"FACP", "BGRT"}
TABLES = {"APIC", "DSDT", "FACP"}


def to_pages(ranges):
    """RANGES with each end rounded inward to pages, as a loader may."""
    rounded = ((-(-first // PAGE) * PAGE, (last + 1) // PAGE * PAGE - 1) for first, last in ranges)
    return [(first, last) for first, last in rounded if first < last]


def runtime_services_fail(case, door):
    """Without NX, Debian's 6.1 kernel cannot map EFI's runtime services ("Error mapping PA"), nor then free boot services' memory."""
    return door.firmware.startswith("ovmf") and "-nx" in case.cpu


def check_memory(case, door, report):
    ordered = report.memmap
    for (_, last, _), (first, end, kind) in zip(ordered, ordered[1:]):
        assert last < first, f"{first:#x}-{end:#x} {kind} overlaps what ends at {last:#x}"
    direct = baseline.of(door, case.memory, case.cpus)
    if door.firmware.startswith("ovmf"):
        hidden = case.bytes - report.ram_size
        # The baseline may be of a larger machine: what firmware keeps for itself is the same (baseline.of).
        direct_hidden = -direct.ram_size % (512 * MIB)
        assert abs(hidden - direct_hidden) <= EFI_SLACK, f"{hidden:#x} bytes are not RAM, directly {direct_hidden:#x}"
    else:
        seen, expected = to_pages(report.ram), to_pages(direct.ram)
        if case.door.startswith("linux64-kexec") and seen[0][0] == PAGE:
            seen[0] = (0, seen[0][1])       # kexec-tools leaves out what lies below 0x400
        assert seen == expected
    if runtime_services_fail(case, door):
        return
    # The kernel counts less, by its own image, bounce buffers, and a table of 64 bytes a page.
    usable = int(report.values["memtotal"]) << 10
    assert 0 < report.ram_size - usable < KERNEL_OWN + report.ram_size // 32


def check_acpi(case, door, report):
    expected = dict(baseline.of(door, case.memory, case.cpus).acpi)
    seen = dict(report.acpi)
    assert TABLES <= seen.keys()
    if door.firmware.startswith("ovmf"):
        assert seen.keys() >= expected.keys()
        for table in EFI_MOVING:
            seen.pop(table, None)
            expected.pop(table, None)
    assert seen == expected
    assert report.values["rsdp"], "no RSDP in the kernel's log"


@pytest.mark.parametrize("case", cases.table(), ids=lambda case: case.name)
def test_boot(case, made, record_property):
    record_property("door", case.door)
    door = doors.DOORS[case.door]
    job = case.job(made)
    report = guest.boot(door, job, case.memory, case.cpus, case.cpu)
    record_property("seconds", round(report.seconds, 1))

    assert report.values["cmdline"] == case.command_line(job)
    given = list(made.blobs)[:case.initrds]
    assert report.blobs == {name: made.blobs[name] for name in given}
    assert report.values["cpus"] == ("0" if case.cpus == 1 else f"0-{case.cpus - 1}")
    if case.cpu.startswith("qemu64") or "-la57" in case.cpu:
        assert report.values["la57"] == "0"
    check_memory(case, door, report)
    check_acpi(case, door, report)
    if door.firmware.startswith("ovmf"):
        assert report.values["efi"] == "64"
        assert report.values["efi.variables"] == ("fail" if runtime_services_fail(case, door) else "work")
    else:
        assert report.values["efi"] == "none"
    guest.tidy(job.folder)
