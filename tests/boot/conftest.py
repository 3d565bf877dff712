# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests share: the assets, made once, and a line at the end of the run that counts the doors."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import assets  # noqa: E402 (found through the path above)
import disk_guests  # noqa: E402
import exits   # noqa: E402
import formats  # noqa: E402
import release_kernels  # noqa: E402
import measurements  # noqa: E402


def pytest_configure(config):
    # Before the workers start, so that a download shows, and happens once.
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        assets.make()


@pytest.fixture(scope="session")
def made():
    """The assets.Assets."""
    return assets.make()


# The doors that have to be there; other rows of doors.py are further ways to one of them.
EVERY_DOOR = ("pvh-q35", "pvh-pc", "pvh-microvm", "pvh-xen", "efi", "multiboot2-bios", "multiboot2-efi", "linux16", "linux32",
              "linux64-kexec", "efi-handover")


def pytest_terminal_summary(terminalreporter):
    tried, failed = dict.fromkeys(EVERY_DOOR, 0), set()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            way = dict(report.user_properties).get("door")
            if way:
                door = max((name for name in EVERY_DOOR if way.startswith(name)), key=len)
                tried[door] += 1
                if outcome != "passed":
                    failed.add(door)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        for name, write in (("cell", exits.write_document), ("format", formats.write_document),
                            ("measured", measurements.write_document), ("disk_guest", disk_guests.write_document),
                            ("kernel", release_kernels.write_document)):
            cells = [dict(report.user_properties).get(name) for report in terminalreporter.getreports("passed")]
            if any(cells):
                write([cell for cell in cells if cell])
    if not any(tried.values()):
        return
    good = [door for door, count in tried.items() if count and door not in failed]
    terminalreporter.write_line(f"doors {len(good)} of {len(EVERY_DOOR)}:")
    for door, count in tried.items():
        state = "FAILED" if door in failed else "passed" if count else "not run"
        terminalreporter.write_line(f"  {door:16} {state}, {count} test{'s' * (count != 1)}")
