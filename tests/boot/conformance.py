# SPDX-License-Identifier: BSD-2-Clause
"""The conformance payloads: their clauses (tests/conformance/clauses.txt), the modules they are given, and what they print."""

import fcntl
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import assets
import cases

HERE = Path(__file__).parents[1] / "conformance"
TABLE = HERE / "clauses.txt"
DOCUMENT = Path(__file__).parents[2] / "docs/conformance.md"
PAYLOADS = assets.BUILD / "conformance"
RUNS = cases.RUNS / "conformance"
RESULTS = RUNS / "results.json"
END = r"^CONFORMANCE end PASSED (\d+) FAILED (\d+) SKIPPED (\d+)\n"
LINE = re.compile(r"^(PASS|FAIL|SKIP) ([a-z0-9-]+)\.([a-z0-9-]+) (.*)$", re.MULTILINE)
COMMAND_LINE = re.compile(r"^CONFORMANCE command line (.*)$", re.MULTILINE)
LENGTHS = (70001, 5000, 33)             # of the modules; the first two are no multiple of a page, the last is less than one
LOADERS = ("QEMU", "GRUB", "kexec", "OVMF", "quadrivium")


@dataclass(frozen=True)
class Clause:
    """A line of the table. Its protocols share its wording; the payloads are those that print it."""
    protocols: tuple
    name: str
    source: str
    says: str
    payloads: tuple


def clauses(path=TABLE):
    """The table at PATH; ValueError names a line that is no clause."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.split("#")[0].strip():
            continue
        fields = [part.strip() for part in line.split("|")]
        if len(fields) != 4 or "." not in fields[0] or not all(fields):
            raise ValueError(f"{path}:{number}: not a clause: {line}")
        protocols, name = fields[0].split(".")
        found.append(Clause(tuple(protocols.split(",")), name, fields[1], fields[2], tuple(fields[3].split())))
    return found


def expected(protocol, payload):
    """The ids that this payload shall print when it is entered by that protocol."""
    return {f"{protocol}.{clause.name}" for clause in clauses()
            if protocol in clause.protocols and ("all" in clause.payloads or payload in clause.payloads)}


def module(number):
    """The content of the test's module NUMBER: tests/conformance/modules.c has its form."""
    length = LENGTHS[number]
    data = bytearray((index * 37 + number) & 0xFF for index in range(length))
    data[:16] = b"QVMOD%d\0\0" % number + length.to_bytes(8, "little")
    return bytes(data)


def modules(count):
    """The paths of the first COUNT modules, made where they are missing."""
    paths = []
    RUNS.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path, data = RUNS / f"module{number}", module(number)
        if not path.exists() or path.read_bytes() != data:
            # By another name first: other processes make them too.
            partial = path.with_name(f"{os.getpid()}.{path.name}")
            partial.write_bytes(data)
            partial.rename(path)
        paths.append(path)
    return paths


@dataclass
class Run:
    """What a payload printed: verdicts by id, the text behind each, and the command line that it saw."""
    verdicts: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    command_line: str = ""

    @property
    def failed(self):
        return {name for name, verdict in self.verdicts.items() if verdict == "FAIL"}


def read(console):
    """The Run on this CONSOLE; AssertionError where a clause came twice or the sum is wrong."""
    run = Run()
    for verdict, protocol, name, text in LINE.findall(console):
        clause = f"{protocol}.{name}"
        assert clause not in run.verdicts, f"{clause} comes twice"
        run.verdicts[clause], run.texts[clause] = verdict, text
    counts = [list(run.verdicts.values()).count(verdict) for verdict in ("PASS", "FAIL", "SKIP")]
    assert counts == [int(count) for count in re.search(END, console, re.MULTILINE).groups()], "lines were lost"
    seen = COMMAND_LINE.search(console)
    run.command_line = seen[1] if seen else ""
    return run


def keep(row, run):
    """Adds a run to the results, from which the document is written; the tests of one run may be in several processes."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with open(RESULTS, "a+") as results:
        fcntl.flock(results, fcntl.LOCK_EX)
        results.seek(0)
        rows = json.loads(results.read() or "{}")
        rows[row] = run.verdicts
        results.truncate(0)
        results.write(json.dumps(rows, indent=1))
    return rows


def cell(rows, loader, clause):
    """What LOADER's rows say of a clause, in a word."""
    seen = {rows[row][clause] for row in rows if row.startswith(f"{loader}:") and clause in rows[row]}
    if "FAIL" in seen:
        return "**breaks**" if "PASS" not in seen else "**breaks in part**"
    return "holds" if "PASS" in seen else "not seen" if seen else ""


def write_document(rows):
    """docs/conformance.md, from ROWS of results."""
    lines = ["# Conformance", "",
             "One payload for each exit protocol (`tests/conformance/`) checks the state in which it was entered, clause by "
             "clause, and prints a line for each. The same files are ordinary payloads of their protocols, so other loaders "
             "can be held to the same clauses: GRUB 2.06, QEMU 7.2 (`-kernel`), kexec-tools, and OVMF where QEMU gives it "
             "a kernel. `make docs` runs `tests/boot/test_conformance.py` and writes this table; what is empty was not tried.",
             "",
             "*not seen*: what the clause is about was not there, or the processor hides it. *breaks in part*: by one door or "
             "firmware, not by another; `tests/boot/test_conformance.py` says which, and how.", "",
             "| clause | specification | what it says | payloads | " + " | ".join(LOADERS) + " |",
             "|---|---|---|---|" + "---|" * len(LOADERS)]
    for clause in clauses():
        for protocol in clause.protocols:
            name = f"{protocol}.{clause.name}"
            cells = [cell(rows, loader, name) for loader in LOADERS]
            payloads = ", ".join(clause.payloads)
            lines.append(f"| `{name}` | {clause.source} | {clause.says} | {payloads} | " + " | ".join(cells) + " |")
    DOCUMENT.write_text("\n".join(lines) + "\n")
