# SPDX-License-Identifier: BSD-2-Clause
"""The price of a door and of an exit, counted: which boot protocol needs less code, and so less bitrot?

Lines are those with code, in all files of ours that only this protocol needs; bytes are theirs in the linker's map; structures
and fields are those of the protocol that the code names (clang's syntax tree); tests are what would fail if the code were
wrong. Run as a program, it writes docs/price.md (`make bench-price`).
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests/boot")]

import assets  # noqa: E402 (found through the path above)
import cases  # noqa: E402
import exits  # noqa: E402
import kernels  # noqa: E402
import points  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/price.md"
RESULT = kernels.FOLDER / "result.json"
# Structures that no header of a package has are in ours.
PROTOCOL_HEADERS = ("common/multiboot.h", "common/multiboot2.h")
CLANG = ["clang", "-std=gnu11", "-ffreestanding", "-DGNU_EFI_USE_MS_ABI", "-isystem", "/usr/include/efi", "-isystem",
         "/usr/include/efi/x86_64", '-DQUADRIVIUM_VERSION=""', "-I.", "-fsyntax-only", "-Xclang", "-ast-dump=json"]
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
SECTION = re.compile(r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S+)$", re.MULTILINE)
IN_FILE = (".text", ".rodata", ".data")

INTRODUCTION = """# The price of a door, and of an exit

Which boot protocol takes less code, and so rots less? Counted by `make bench-price` (bench/price.py): lines with code on them, in
the files that nothing but this protocol needs; their bytes in the image, by the linker's map; structures and fields of the
protocol's headers that the C code names; instructions from the door to `normalised`, or of the phase `exit`, as in
[benchmarks.md](benchmarks.md); boots in tests/boot's tables, unit tests and fuzz targets that are built with these files, and
clauses that the conformance payloads check. `–`: none of its own. Under EFI the firmware's work is in the instructions. What
assembly reads is not in the fields, and 16-bit code not in the bytes.
"""


@dataclass(frozen=True)
class Row:
    """A protocol: the files that nothing else needs, and what it is called in the tables of the tests."""
    name: str
    files: tuple
    doors: tuple = ()                   # of doors.py
    exits: tuple = ()                   # of exits.txt
    paths: tuple = ()                   # of the bench, from which the instructions are taken
    clauses: tuple = ()                 # of tests/conformance/clauses.txt


DOORS = (
    Row("PVH", ("entries/pvh.S", "entries/pvh.c"), ("pvh-q35", "pvh-pc", "pvh-microvm", "pvh-xen"),
        paths=("pvh-q35:linux64:xz",)),
    Row("EFI", ("entries/efi.S", "firmware/efi.c", "firmware/efi_tables.c"),
        ("efi", "efi-bios", "efi-kernel", "efi-chain"), paths=("efi:linux64:xz",)),
    Row("multiboot2", ("entries/multiboot2.S", "entries/multiboot2.c"), ("multiboot2-bios",),
        paths=("multiboot2-bios:linux64:xz",)),
    Row("multiboot2, boot services kept", (), ("multiboot2-efi",), paths=("multiboot2-efi:linux64:xz",)),
    Row("Linux, 32-bit and 64-bit", ("entries/linux.S", "entries/linux.c"),
        ("linux32", "linux32-efi", "linux64-kexec", "linux64-kexec-file"),
        paths=("linux32:linux64:xz", "linux64-kexec:linux64:xz")),
    Row("Linux, 16-bit, before that", ("entries/linux16.S",), ("linux16", "linux16-grub"), paths=("linux16:linux64:xz",)),
    Row("EFI handover", (), ("efi-handover",), paths=("efi-handover:linux64:xz",)),
    Row("all of them", ("entries/headers.S", "entries/long_mode.S", "entries/start.S", "entries/doors.c", "entries/main.c")),
)
EXITS = (
    Row("linux64, linux32", ("handoff/linux.c", "handoff/boot_params.c", "payloads/bzimage.c"), exits=("linux64", "linux32"),
        paths=("pvh-q35:linux64:xz",), clauses=("linux64", "linux32")),
    Row("pvh", ("handoff/pvh.c",), exits=("pvh",), paths=("pvh-q35:pvh:none",), clauses=("pvh",)),
    Row("multiboot2", ("handoff/multiboot2.c", "payloads/multiboot2.c"), exits=("multiboot2",),
        clauses=("multiboot2", "multiboot2_efi")),
    Row("multiboot", ("handoff/multiboot.c", "payloads/multiboot.c"), exits=("multiboot",), clauses=("multiboot",)),
    Row("efi", ("handoff/efi.c", "firmware/efi_application.c"), exits=("efi",), paths=("efi:efi:xz",), clauses=("efi",)),
    Row("all of them", ("handoff/exits.c", "handoff/launch.c", "handoff/launch.S", "handoff/place.c", "handoff/e820.c",
                       "payloads/payload.c", "payloads/elf.c")),
)


def code_lines(text):
    """Lines of C or assembly in TEXT with more than comments on them."""
    return sum(bool(line.strip()) for line in COMMENT.sub("", text).splitlines())


def sizes(text):
    """Bytes in the file by object, such as entries/pvh.o, from the TEXT of a linker's map."""
    text = re.sub(r"^( \.\S+)\n\s+(0x)", r"\1 \2", text[text.index("Linker script and memory map"):], flags=re.MULTILINE)
    found = {}
    for section, size, origin in SECTION.findall(text):
        if section.startswith(IN_FILE):
            name = "/".join(Path(origin).parts[-2:])
            found[name] = found.get(name, 0) + int(size, 16)
    return found


@dataclass
class Tree:
    """What is wanted of clang's syntax tree: the fields of foreign structures, and which of them are named."""
    owners: dict = field(default_factory=dict)          # from a field's id to (structure, field)
    named: set = field(default_factory=set)
    file: str = ""                                      # clang says it only where it changes

    def walk(self, node, record="", foreign=False):
        if isinstance(node, list):
            for one in node:
                self.walk(one, record, foreign)
            return
        kind = node.get("kind")
        for key, value in node.items():
            if key in ("loc", "range"):
                self._place(value)
                foreign = self._foreign() if key == "loc" and kind == "RecordDecl" else foreign
            elif key == "inner":
                inner = (node.get("name") or record or "anonymous") if kind == "RecordDecl" else record
                self.walk(value, inner, foreign)
        if kind == "FieldDecl" and record and foreign:
            self.owners[node["id"]] = (record, node.get("name", ""))
        elif kind == "MemberExpr":
            self.named.add(node.get("referencedMemberDecl"))

    def _place(self, value):
        if isinstance(value, dict):
            self.file = value.get("file", self.file)
            for key, inner in value.items():
                if key != "includedFrom":
                    self._place(inner)

    def _foreign(self):
        path = Path(self.file)
        return path.is_absolute() or str(path).removeprefix("./") in PROTOCOL_HEADERS

    def fields(self):
        return {self.owners[one] for one in self.named if self.owners.get(one, ("", ""))[1]}


def fields(files):
    """The (structure, field) of the protocol's headers that the C files FILES name."""
    found = set()
    for name in files:
        if name.endswith(".c"):
            dumped = subprocess.run([*CLANG, name], cwd=ROOT, capture_output=True, text=True, check=True).stdout
            tree = Tree()
            tree.walk(json.loads(dumped))
            found |= tree.fields()
    return found


def unit_tests(files):
    """How many cmocka tests and fuzz targets are built with one of FILES."""
    tests = targets = 0
    for path in [*ROOT.glob("tests/unit/*.c"), *ROOT.glob("tests/fuzz/*.c")]:
        text = path.read_text()
        sources = re.search(r"/\* sources: (.*) \*/", text)
        if sources and set(sources[1].split()) & set(files):
            tests += text.count("cmocka_unit_test")
            targets += path.parent.name == "fuzz"
    return tests, targets


def boots(row):
    """How many boots of tests/boot's tables go through the doors of ROW, or by its exits."""
    found = [case.door in row.doors for case in cases.table()]
    found += [one.door_name in row.doors or one.exit in row.exits for one in exits.table()]
    return sum(found)


def clauses(row):
    """How many clauses the conformance payloads check of it."""
    lines = (ROOT / "tests/conformance/clauses.txt").read_text().splitlines()
    heads = [line.split("|")[0].strip().partition(".")[0].split(",") for line in lines if line and not line.startswith("#")]
    return sum(bool(set(head) & set(row.clauses)) for head in heads)


def instructions(row, result, door):
    """Instructions of its part in the bench's RESULT: from the door to `normalised`, or what `exit` took; "" if not there."""
    found = []
    for name in row.paths:
        sample = (result.get("paths", {}).get(name, {}).get("instructions") or [{}])[0]
        first, last = (points.DOOR, "normalised") if door else ("unpacked", "exit")
        if first in sample and last in sample:
            found.append(f"{sample[last] - sample[first]:,}")
    return ", ".join(found)


def table(rows, result, door):
    """The lines of the table of ROWS."""
    found = sizes((assets.BUILD / "image.map").read_text())
    head = ["door" if door else "exit", "lines", "bytes", "structures", "fields", "instructions", "boots", "unit tests",
            "fuzz targets", *([] if door else ["clauses"])]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        code = sum(code_lines((ROOT / name).read_text()) for name in row.files)
        size = sum(found.get(re.sub(r"\.c$", ".o", name).replace(".S", ".S.o"), 0) for name in row.files)
        foreign, (tests, targets) = fields(row.files), unit_tests(row.files)
        cells = [row.name, code or "–", f"{size:,}" if size else "–", len({record for record, _ in foreign}) or "–",
                 len(foreign) or "–", instructions(row, result, door) or "–", boots(row) or "–", tests or "–",
                 targets or "–"]
        lines.append("| " + " | ".join(map(str, cells + ([] if door else [clauses(row) or "–"]))) + " |")
    return lines


def document(result):
    """The text of docs/price.md."""
    return "\n".join([INTRODUCTION, "## Doors", "", *table(DOORS, result, True), "",
                      "## Exits", "", *table(EXITS, result, False), ""])


def main():
    parser = argparse.ArgumentParser(prog="bench/price.py", description=__doc__.splitlines()[0])
    parser.add_argument("--result", type=Path, default=RESULT, help="of `make bench`, for the instructions")
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    result = json.loads(options.result.read_text()) if options.result.exists() else {}
    sys.setrecursionlimit(10000)        # a syntax tree is deep
    options.output.write_text(document(result))


if __name__ == "__main__":
    main()
