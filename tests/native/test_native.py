# SPDX-License-Identifier: BSD-2-Clause
"""Runs the native programs that the Makefile built: each cmocka test, and each fuzzer on its seeds and from there on.

A check shall say the same each time, so a fuzzer makes a fixed number of runs from a fixed random seed. With
QUADRIVIUM_FUZZ_SECONDS it runs for so long, and somewhere else each time: that is how things are found.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("QUADRIVIUM_BUILD", ROOT / "build"))
SECONDS = os.environ.get("QUADRIVIUM_FUZZ_SECONDS")
LENGTH = [f"-max_total_time={SECONDS}"] if SECONDS else ["-seed=1", "-runs=20000"]
TIMEOUT = 300
UNIT_TESTS = sorted(path.stem for path in ROOT.glob("tests/unit/test_*.c"))
FUZZERS = sorted(path.stem.removeprefix("fuzz_") for path in ROOT.glob("tests/fuzz/fuzz_*.c"))


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_unit(name):
    done = subprocess.run([BUILD / "unit" / name], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    ran = re.search(r"\[==========\] (\d+) test\(s\) run", report)
    assert ran and int(ran[1]) > 0, report


@pytest.mark.parametrize("name", FUZZERS)
def test_fuzz(name, tmp_path):
    """New inputs are found from the seeds; nothing that the sanitizers or the target's own checks object to."""
    seeds = ROOT / "tests/fuzz/seeds" / name
    assert any(seeds.iterdir()), f"no seeds in {seeds}"
    command = [BUILD / f"fuzz/fuzz_{name}", *LENGTH, "-rss_limit_mb=4096",
               f"-artifact_prefix={BUILD}/fuzz/crash-{name}-", tmp_path, seeds]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT + float(SECONDS or 0))
    assert done.returncode == 0, done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs and int(runs[1]) > 100, done.stderr[-4000:]
