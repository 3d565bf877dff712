# SPDX-License-Identifier: BSD-2-Clause
"""What the boot tests share: the assets, made once, and a line at the end of the run that counts the doors."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import assets  # noqa: E402 (found through the path above)


def pytest_configure(config):
    # Before the workers start, so that a download shows, and happens once.
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        assets.make()


@pytest.fixture(scope="session")
def made():
    """The assets.Assets."""
    return assets.make()


def pytest_terminal_summary(terminalreporter):
    tried, failed = {}, set()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            door = dict(report.user_properties).get("door")
            if door:
                tried[door] = tried.get(door, 0) + 1
                if outcome != "passed":
                    failed.add(door)
    if tried:
        shown = " ".join(f"{door}({count}{' FAILED' if door in failed else ''})" for door, count in tried.items())
        terminalreporter.write_line(f"doors: {len(tried) - len(failed)} of {len(tried)} passed: {shown}")
