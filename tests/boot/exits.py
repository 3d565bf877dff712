# SPDX-License-Identifier: BSD-2-Clause
"""Reads the matrix of doors, payloads and exits (exits.txt), makes each row's image, modules and expectations, and writes the
table of what was seen (docs/exits.md)."""

import dataclasses
import os
import subprocess
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import cases
import doors
import machine
import media
import payloads
import xen

TABLE = Path(__file__).with_name("exits.txt")
DOCUMENT = Path(__file__).parents[2] / "docs/exits.md"
COLUMNS = 8
NAMES = ("linux64", "linux32", "pvh", "multiboot2", "multiboot", "efi")
COMPRESSORS = {"gzip": ["gzip", "-1", "-c"], "zstd": ["zstd", "-q", "-c"], "lz4": ["lz4", "-q", "-c"],
               "lz4-legacy": ["lz4", "-q", "-l", "-c"], "xz": ["xz", "-0", "-c"]}
ALL = "QUADRIVIUM_ALL"          # of the environment: the rows marked `all` are to run too
DEFAULT_CPU = "max,-la57"
XEN_DOOR = "pvh-xen"
NO_WORDS = "qvtest.none=1"      # quadrivium-pack takes no empty command line


def _lines(command):
    """As doors.py's, with a line of the string for each module."""
    return lambda names, string: [f"{command} /{name} {words}"
                                  for name, words in zip_longest(names, string.split("\n"), fillvalue="") if name]


def _grub_door(name, make, kernel="multiboot2", module="module2", modules=("multiboot2",)):
    return dataclasses.replace(doors.DOORS[name], start=doors._grub(make, kernel, _lines(module), list(modules)))


# Where each module has a string of its own; and Xen, whose toolstack is xen.py's.
DOORS = doors.DOORS | {
    "multiboot2-bios": _grub_door("multiboot2-bios", media.grub_bios),
    "multiboot2-efi": _grub_door("multiboot2-efi", media.grub_efi),
    XEN_DOOR: dataclasses.replace(doors.DOORS["pvh-q35"], name=XEN_DOOR, how="Xen's toolstack", start=None),
}
# The same without our loader: GRUB unpacks what we unpack. The last is for payloads that have no other way in.
BARE = DOORS | {
    "multiboot2-bios": _grub_door("multiboot2-bios", media.grub_bios, modules=("multiboot2", "gzio")),
    "multiboot2-efi": _grub_door("multiboot2-efi", media.grub_efi, modules=("multiboot2", "gzio")),
    "multiboot-bios": _grub_door("multiboot2-bios", media.grub_bios, "multiboot", "module", ("multiboot", "gzio")),
}


@dataclass(frozen=True)
class Row:
    """A line of the table."""
    door_name: str
    exit: str
    payload_name: str
    form: str
    memory: str
    cpu: str
    when: str
    error: str

    @property
    def name(self):
        parts = (self.payload_name, self.form, self.memory, self.cpu)
        return f"{self.door_name}:{self.exit or 'default'}:" + "-".join(part for part in parts if part)

    @property
    def folder(self):
        return cases.RUNS / "exits" / self.name.replace(":", "/").replace(",", "_")

    @property
    def wanted(self):
        """Whether it is to run now."""
        return self.when != "all" or bool(os.environ.get(ALL))

    @property
    def payload(self):
        return payloads.TABLE[self.payload_name]

    @property
    def bare(self):
        return self.form == "bare"

    @property
    def packed(self):
        return self.form.startswith("packed")

    @property
    def compression(self):
        return self.form.partition("+")[2]

    @property
    def door(self):
        return (BARE if self.bare else DOORS)[self.door_name]

    def _own_words(self):
        """The payload's own command line."""
        # Xen's guests have no serial port; the last console is the one that counts.
        with_console = self.door_name == XEN_DOOR and self.payload.guest and not self.payload.strings
        return cases.joined(self.payload.words, "console=hvc0" if with_console else "")

    def _given_words(self):
        """The command line given at the door, the loader's own words in it."""
        ours = f"qv.exit={self.exit}" if self.exit and not self.bare else ""
        extra = f"qvtest.door={self.door_name} qvtest.auto" if self.payload.guest else ""
        return cases.joined(self.door.needs if self.payload.guest else "", ours, extra)

    def _tail(self):
        """What stands last on Xen's command line where dom0's kernel has no string of its own."""
        return f"{payloads.DOM0_END} {self.payload.strings[0]}" if self.payload.strings and not self.door.strings else ""

    def job(self):
        """The doors.Job that starts this row; makes the payload if it was not made before."""
        door, payload = self.door, self.payload
        self.folder.mkdir(parents=True, exist_ok=True)
        job = doors.Job(cases.assets.BUILD / f"quadrivium.{door.image}", self.folder)
        own, given = self._own_words(), cases.joined(self._given_words(), self._tail())
        kernel, modules = payload.make(), payload.modules()
        if self.compression:
            kernel = compressed(kernel, self.compression, self.folder)
        if self.bare:
            job.image, job.modules, job.string = kernel, modules, "\n".join(payload.strings)
            job.words = cases.joined(own, given)
        elif self.packed:
            # The strings of modules do not fit into an image: a door that has them gives the modules too.
            listed = modules if payload.strings and door.strings else []
            at_door = given if door.words and own else ""
            packed = own if at_door else cases.joined(own, given) or NO_WORDS
            job.image = cases.packed(door.image, kernel, [] if listed else modules, packed)
            job.modules, job.string, job.words = listed, "\n".join(payload.strings), at_door
        else:
            job.modules = [kernel, *modules]
            job.string = "\n".join([own, *payload.strings]) if door.strings else ""
            job.words = given if door.strings else cases.joined(own, given)
        return job

    def command_line(self):
        """The words that the guest's /proc/cmdline shall hold."""
        if self.payload.strings:
            return self.payload.strings[0].split()
        own, given, prefix = self._own_words(), self._given_words(), self.door.prefix
        # The words that are packed, or the module's string, stand before all that comes by the door.
        before = self.packed or (self.door.strings and not self.bare)
        words = cases.joined(*((own, prefix, given) if before else (prefix, own, given)))
        inside = self.payload.inside
        # The stub of a unified kernel image itself takes what it is given in place of what it holds, if it is given anything.
        if self.payload_name == "uki" and self.bare:
            inside, words = ("", words) if self.door.words else (inside, "")
        return [word for word in cases.joined(inside, words).split() if not word.startswith(cases.OURS)]

    def machine(self):
        """The machine.Machine, not yet started."""
        job = self.job()
        if self.door_name == XEN_DOOR:
            ramdisk = doors.ramdisk(job) if job.modules else None
            return xen.XenGuest(self.folder, job.image, ramdisk, job.words, int(self.memory))
        arguments = self.door.arguments(job, self.memory, 1, self.cpu or self.payload.cpu or DEFAULT_CPU)
        _add_files(self.folder / "disk", self.payload.files())
        return machine.Machine(arguments, self.folder)


def compressed(path, how, folder):
    """The file PATH compressed by one of COMPRESSORS, in FOLDER."""
    result = folder / f"kernel.{how}"
    with open(result, "wb") as output:
        subprocess.run([*COMPRESSORS[how], path], stdout=output, check=True)
    return result


def _add_files(disk, files):
    """Puts FILES, a dictionary from name to bytes, on the DISK that media.py made."""
    volume = f"{disk}@@{media.FIRST_SECTOR * media.SECTOR}"
    for folder in sorted({"/".join(name.split("/")[:depth + 1]) for name in files for depth in range(name.count("/"))}):
        subprocess.run(["mmd", "-i", volume, f"::{folder}"], check=True)
    for name, data in files.items():
        subprocess.run(["mcopy", "-i", volume, "-", f"::{name}"], input=data, check=True)


def table(path=TABLE):
    """The rows of the table at PATH; ValueError names a line that is none."""
    rows = []
    for fields, place, line in cases.rows(path, COLUMNS):
        row = Row(*fields)
        known = BARE if row.bare else DOORS
        if row.door_name not in known or row.payload_name not in payloads.TABLE or row.exit not in ("", *NAMES):
            raise ValueError(f"{place}: no such door, exit or payload: {line}")
        if row.form.startswith("modules") and not row.door.modules:
            raise ValueError(f"{place}: the door {row.door_name} has no modules")
        rows.append(row)
    return rows


def write_document(cells):
    """Writes docs/exits.md from CELLS: (door, exit, payload, error or "") of each row that passed."""
    lines = ["# Doors and exits", "",
             "Which payloads were seen to boot through each door and by each exit, in QEMU, and under Xen for `pvh-xen`. Written by "
             "`make docs` from tests/boot/exits.txt. What cannot be has the error that says so. The payloads are in "
             "tests/boot/payloads.py; Linux by `linux64` and `linux32` has a matrix of its own, tests/boot/cases.txt.", "",
             "| door | " + " | ".join(f"`{name}`" for name in NAMES) + " |", "|---|" + "---|" * len(NAMES)]
    for door in DOORS:
        mine = [cell for cell in cells if cell[0] == door]
        texts = []
        for name in NAMES:
            booted = {payload for _, way, payload, error in mine if way == name and not error}
            errors = sorted({f"*{error}*" for _, way, _, error in mine if way == name and error})
            texts.append(", ".join(sorted(booted, key=[*payloads.TABLE].index)) or "; ".join(errors) or "–")
        if mine:
            lines.append(f"| {door} | " + " | ".join(text.replace("|", "\\|") for text in texts) + " |")
    DOCUMENT.write_text("\n".join(lines) + "\n")
