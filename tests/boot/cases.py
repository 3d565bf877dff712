# SPDX-License-Identifier: BSD-2-Clause
"""Reads the matrix of boot cases, and makes each case's image, command line and expectations."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import assets
import doors

TABLE = Path(__file__).with_name("cases.txt")
RUNS = assets.BUILD / "boot"
PACKER = assets.BUILD / "quadrivium-pack"
COLUMNS = 7
OWN = f"{doors.GUEST} quiet qvtest.own=1"       # the payload's own command line: packed, or its module's string
EXTRA = "qvtest.auto"                           # given at the door
OURS = "qv."


@dataclass(frozen=True)
class Case:
    """A line of the table."""
    door: str
    payload: str
    initrds: int
    memory: str
    cpus: int
    cpu: str
    words: str

    @property
    def name(self):
        parts = [self.payload, str(self.initrds), self.memory, f"{self.cpus}cpu", self.cpu]
        return f"{self.door}:" + "-".join(parts + ([self.words] if self.words else []))

    @property
    def folder(self):
        # Without commas, which part the options of QEMU.
        return RUNS / self.name.replace(":", "/").replace(",", "_")

    @property
    def bytes(self):
        """The machine's memory."""
        return int(self.memory[:-1]) << 30 if self.memory.endswith("G") else int(self.memory) << 20

    @property
    def own_words(self):
        """The payload's own command line."""
        return joined(OWN, doors.DOORS[self.door].needs)

    @property
    def packed_words(self):
        """The command line in the image. A door that has none leaves all words to it."""
        given = not doors.DOORS[self.door].words
        return joined(self.own_words, f"qvtest.door={self.door}", EXTRA, self.words) if given else self.own_words

    def job(self, made):
        """The doors.Job that starts this case with the assets MADE."""
        door = doors.DOORS[self.door]
        job = doors.Job(assets.BUILD / f"quadrivium.{door.image}", self.folder)
        extra = joined(f"qvtest.door={self.door}", EXTRA, self.words) if door.words else ""
        initrds = made.initrds[:self.initrds]
        if self.payload == "packed":
            job.image = packed(door.image, made.vmlinuz, initrds, self.packed_words)
            job.words = extra
        elif self.payload == "modules":
            job.modules = [made.vmlinuz, *initrds]
            job.string = self.own_words if door.strings else ""
            job.words = extra if door.strings else joined(self.own_words, extra)
        else:
            job.image = made.vmlinux if door.image == "elf" else made.vmlinuz
            job.modules = initrds
            job.words = joined(self.own_words, extra)
        return job

    def command_line(self, job):
        """What /proc/cmdline shall be: the payload's own words, then those given at the door less the loader's own."""
        own = {"packed": self.packed_words, "modules": job.string, "bare": ""}[self.payload]
        door = doors.DOORS[self.door]
        given = joined(door.prefix, job.words, door.suffix if job.modules else "")
        words = joined(own, given).split(" ")
        return " ".join(word for word in words if self.payload == "bare" or not word.startswith(OURS))


def rows(path, columns):
    """The fields of each row of the table at PATH, in COLUMNS, with "PATH:NUMBER" and the line itself; ValueError names a
    line that has fewer. `-` is an empty field, a line that begins with `#` none.
    """
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fields = [] if line.startswith("#") else line.split(None, columns - 1)
        if not fields:
            continue
        if len(fields) != columns:
            raise ValueError(f"{path}:{number}: not a row: {line}")
        yield ["" if field.strip() == "-" else field.strip() for field in fields], f"{path}:{number}", line


def table(path=TABLE):
    """The cases of the table at PATH; ValueError names a line that is none."""
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fields = line.split("#")[0].split(None, COLUMNS - 1)
        if not fields:
            continue
        if len(fields) != COLUMNS or fields[0] not in doors.DOORS or fields[1] not in ("packed", "modules", "bare"):
            raise ValueError(f"{path}:{number}: not a case: {line}")
        door, payload, initrds, memory, cpus, cpu, words = fields
        if payload == "modules" and not doors.DOORS[door].modules:
            raise ValueError(f"{path}:{number}: the door {door} has no modules")
        cases.append(Case(door, payload, int(initrds), memory, int(cpus), cpu, "" if words.strip() == "-" else words.strip()))
    return cases


def packed(kind, kernel, initrds, words, options=()):
    """The path of an image of this kind with this payload, made by quadrivium-pack where there is none that is up to date.

    OPTIONS are further ones of quadrivium-pack's.
    """
    inputs = [PACKER, assets.BUILD / f"quadrivium.{kind}", kernel, *initrds]
    key = hashlib.sha256(repr([words, *map(str, inputs), *options]).encode()).hexdigest()[:16]
    path = RUNS / "packed" / f"{key}.{kind}"
    if not path.exists() or any(source.stat().st_mtime > path.stat().st_mtime for source in inputs):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{os.getpid()}.{path.name}")
        pack(partial, kernel, initrds, words, options)
        partial.rename(path)
    return path


def pack(output, kernel, initrds, words, options=()):
    """Packs these into an image."""
    run_pack(f"--linux={kernel}", *(f"--initrd={path}" for path in initrds), f"--cmdline={words}", f"--output={output}", *options)


def run_pack(*options):
    """Runs quadrivium-pack."""
    done = subprocess.run([PACKER, *options], capture_output=True, text=True)
    assert done.returncode == 0, f"quadrivium-pack: {done.stdout}{done.stderr}"


def joined(*parts):
    return " ".join(part for part in parts if part)
