# SPDX-License-Identifier: BSD-2-Clause
"""The formats of entries and what carries them to the loader: reads the matrix (formats.txt), makes each row's files, machine and
expectations, and writes the table of what was seen (docs/formats.md).

A tree has the wanted entry and before it another one, of which the kernel is not there: who does not pick starts nothing.
"""

import contextlib
import gzip
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import assets
import cases
import conformance
import cpio
import doors
import efi_sources
import exits
import fit_maker
import machine
import media
import payloads
import pe_maker
import xen

HERE = Path(__file__)
TABLE = HERE.with_name("formats.txt")
DOCUMENT = HERE.parents[2] / "docs/formats.md"
RUNS = cases.RUNS / "formats"
COLUMNS = 5
MEMORY, XEN_MEMORY, CPU = "512", 512, exits.DEFAULT_CPU
OWN = f"{doors.GUEST} loglevel=4 qvtest.own=1"
STRING = "qvtest.string=1"
KEY = "dev"
FAT_NAME = r"FAT\d\d [0-9a-f]{4}-[0-9a-f]{4}"
EXT4_SLACK = 16384                      # KiB, for the journal and other tables
# Where the firmware lives, Debian's kernel is a bzImage, for its own stub; elsewhere the ELF in it, which starts sooner.
FIRMWARE_DOORS = ("efi", "efi-kernel", "multiboot2-efi", "efi-handover")
KINDS = {"vmlinux": "ELF", "vmlinuz": "bzImage"}
DOORS = {name: exits.DOORS[name] for name in (
    "pvh-q35", "pvh-pc", "pvh-microvm", exits.XEN_DOOR, "multiboot2-bios", "multiboot2-efi", "linux16", "linux32",
    "linux64-kexec", "efi-handover", "efi-kernel", "efi")}
# What the loader calls the doors.
LOADERS_NAMES = {"pvh-q35": "pvh", "pvh-pc": "pvh", "pvh-microvm": "pvh", exits.XEN_DOOR: "pvh", "linux64-kexec": "linux64",
                 "efi-kernel": "efi"}


# ---- the formats ----

@dataclass(frozen=True)
class Format:
    """A row of the document. MAKE: a kernel's path -> the tree's files, from name to Path or bytes; for a FIT, itself."""
    name: str
    how: str
    make: Callable
    entry: str                          # picks it: a name, a glob, a number
    own: str = OWN                      # the command line that it has
    modules: int = 2                    # that its kernel gets
    blobs: tuple = ("first", "second")
    kernel: str = ""                    # one of KINDS; otherwise the door's
    exit: str = ""                      # by which it is to be started; otherwise the kernel's
    payload: str = ""                   # of conformance.py; otherwise Debian's kernel
    fit: bool = False
    signed: bool = False


def _conf(*lines):
    """The wanted entry and the one before it."""
    lines = ("title The wanted entry", "sort-key 2", *lines)
    return {"loader/entries/another.conf": b"title Another\nsort-key 1\nlinux /nothing\n",
            "loader/entries/wanted.conf": "".join(f"{line}\n" for line in lines).encode()}


def _initrds():
    made = assets.make()
    return {"first.cpio": made.initrds[0], "second.cpio.gz": made.initrds[1]}


def _linux(key):
    def make(kernel):
        lines = [f"{key} /debian/kernel", "initrd /debian/first.cpio", "initrd /debian/second.cpio.gz", f"options {doors.GUEST}",
                 "options loglevel=4  qvtest.own=1"]
        return _conf(*lines) | {"debian/kernel": kernel} | {f"debian/{name}": path for name, path in _initrds().items()}
    return make


def _uki(kernel, *profiles):
    return pe_maker.uki(kernel.read_bytes(), doors.joined(assets.make().initrds), OWN, *profiles)


SECOND_PROFILE = f"{doors.GUEST} loglevel=4 qvtest.profile=1"
PROFILE = {".profile": b"ID=second\nTITLE=The second\n", ".cmdline": SECOND_PROFILE.encode()}


def _uki_key(kernel):
    return _conf("uki /debian/unified.efi", "profile 1", "options qvtest.options=1") | {
        "debian/unified.efi": _uki(kernel, PROFILE)}


def _type2(kernel):
    return _conf("linux /nothing") | {"EFI/Linux/test.efi": payloads.TABLE["uki"].make()}


def packed_profiles(kind, kernel, initrds, words=OWN, second=SECOND_PROFILE):
    """The bytes of an image of ours of this KIND with two profiles, of which WORDS and SECOND are the command lines."""
    sections = [(".profile", b"ID=regular\n"), *(PROFILE | {".cmdline": second.encode()}).items()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = [f"--section={section}:{_written(folder / f'{number}{section}', data)}"
                   for number, (section, data) in enumerate(sections)]
        output = folder / f"packed.{kind}"
        cases.run_pack(f"--linux={kernel}", *(f"--initrd={path}" for path in initrds), f"--cmdline={words}", *options,
                       f"--output={output}")
        return output.read_bytes()


def _profiles(kernel):
    return _conf("linux /nothing") | {"EFI/Linux/test.efi": packed_profiles("efi", kernel, assets.make().initrds)}


def _addons(kernel):
    return _conf("linux /nothing") | {
        "EFI/Linux/test+3.efi": _uki(kernel),
        "EFI/Linux/test.efi.extra.d/b2.addon.efi": pe_maker.addon("qvtest.addon=2"),
        "EFI/Linux/test.efi.extra.d/b10.addon.efi": pe_maker.addon("qvtest.addon=3"),
        "loader/addons/z.addon.efi": pe_maker.addon("qvtest.addon=1")}


def _conformance_words(modules):
    return f"conf.id=1 conf.modules={modules} conf.blobs={modules} conf.strings={int(modules > 0)}"


def _multiboot2(_):
    count = 3
    paths = conformance.modules(count)
    lines = [f"module /modules/m{number} word conf.string={number}" for number in range(count)]
    return _conf("multiboot2 /modules/kernel", *lines, f"options {_conformance_words(count)}") | {
        "modules/kernel": conformance.PAYLOADS / "multiboot2.payload"} | {
        f"modules/m{number}": path for number, path in enumerate(paths)}


def _application(_):
    return _conf("efi /application.efi", f"options {_conformance_words(0)}") | {
        "application.efi": conformance.PAYLOADS / "efi.payload"}


def keys(name=KEY):
    """The folder of the keys, in which the key NAME is, too."""
    folder = payloads.folder() / "fit-keys"
    payloads.product(f"fit-keys-{name}", lambda: fit_maker.keypair(folder, name).read_bytes(), Path(fit_maker.__file__))()
    return folder


def _fit(hashes, packed=False, key=""):
    def make(kernel):
        name = f"fit-{kernel.name}{'-gzip' if packed else ''}{'-signed' if key else ''}"
        folder = payloads.folder() / name

        def build():
            folder.mkdir(parents=True, exist_ok=True)
            program = _written(folder / "kernel", gzip.compress(kernel.read_bytes(), 1, mtime=0)) if packed else kernel
            words = [f"{OWN} qvtest.wrong=1", OWN]
            path = fit_maker.make(folder / "fit.itb", program, assets.make().initrds, words, "gzip" if packed else "none", hashes,
                                  keys() if key else None, key)
            data = path.read_bytes()
            shutil.rmtree(folder)
            return data
        inputs = [HERE, Path(fit_maker.__file__), kernel, *([keys() / f"{key}.crt"] if key else [])]
        return payloads.product(f"{name}.itb", build, *inputs)()
    return make


_FIT = dict(entry="second", fit=True)
FORMATS = {row.name: row for row in (
    Format("linux", "UAPI.1 type 1, `linux`, two `initrd`, two `options`", _linux("linux"), "wanted"),
    Format("efi", "the same, `efi` with a kernel that is an EFI application", _linux("efi"), "2", kernel="vmlinuz"),
    Format("application", "the same, `efi` with another EFI application", _application, "wanted.conf", _conformance_words(0), 0,
           exit="efi", payload="efi"),
    Format("uki", "the same, `uki` and `profile 1`", _uki_key, "The?wanted*", f"{SECOND_PROFILE} qvtest.options=1", 1),
    Format("multiboot2", "the same, `multiboot2` with three `module`", _multiboot2, "want*", _conformance_words(3), 3,
           exit="multiboot2", payload="multiboot2"),
    Format("pvh", "the same, `pvh`, two `initrd`", _linux("pvh"), "wanted", kernel="vmlinux", exit="pvh"),
    Format("type2", "UAPI.1 type 2: a UKI with systemd's stub", _type2, "test", payloads.UKI, 1, ("first",), "vmlinuz"),
    Format("profiles", "the same, made by quadrivium-pack, its second profile", _profiles, "test.efi@1", SECOND_PROFILE, 1),
    Format("addons", "a UKI with addons of its own and for all", _addons, "test.efi",
           f"{OWN} qvtest.addon=1 qvtest.addon=2 qvtest.addon=3", 1),
    Format("fit", "FIT, the second of two configurations: a kernel compressed by gzip, two ramdisks",
           _fit(fit_maker.HASHES, packed=True), **_FIT),
    Format("fit-signed", "the same, signed, for an image with the key", _fit(("sha256",), key=KEY), signed=True, **_FIT),
)}


# ---- what carries them as a module ----

def _contents(files):
    return {name: source if isinstance(source, bytes) else source.read_bytes() for name, source in files.items()}


def _written(path, data):
    path.write_bytes(data)
    return path


def _zstd(path):
    subprocess.run(["zstd", "-q", "-f", "-1", path, "-o", f"{path}.zst"], check=True)
    return path.with_name(f"{path.name}.zst")


def _cpio(path, files):
    return _written(path, cpio.archive(_contents(files)))


def _folder(path, files):
    for name, data in _contents(files).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def _gpt(path, files):
    return media.gpt_disk(path, [(media.LINUX_DATA, {"data": b"data"}), (media.ESP, files)])


def _ext4(path, files):
    root = _folder(path.with_name("files"), files)
    kib = sum(file.stat().st_size for file in root.rglob("*")) // 1024 + EXT4_SLACK
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", root, path, f"{kib}k"], check=True)
    return path


def _iso(path, files):
    root = _folder(path.with_name("files"), files)
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "TREE", "-o", path, root], check=True, capture_output=True)
    return path


@dataclass(frozen=True)
class Carrier:
    """What a module is: MAKE writes it to a path, of a tree's files or of a FIT. SOURCE: what the loader calls it."""
    how: str
    make: Callable
    source: str
    fit: bool = False


CARRIERS = {
    "cpio": Carrier("a cpio archive", _cpio, "cpio archive"),
    "cpio.zst": Carrier("the same, compressed by zstd", lambda path, files: _zstd(_cpio(path, files)), "cpio archive"),
    "fat": Carrier("a disk image with a FAT file system", media.fat, FAT_NAME),
    "gpt": Carrier("a disk image with a GPT, of which the second partition is an ESP", _gpt, FAT_NAME),
    "ext4": Carrier("a disk image with an ext4 file system", _ext4, "ext4 [0-9a-f]{8}"),
    "iso": Carrier("an ISO 9660 image with Rock Ridge", _iso, "ISO 9660 TREE"),
    "itb": Carrier("a FIT", lambda path, fit: fit, "FIT", True),
    "itb.zst": Carrier("the same, compressed by zstd", lambda path, fit: _zstd(_written(path, fit.read_bytes())), "FIT", True),
}


# ---- the rows ----

@dataclass(frozen=True)
class Row:
    """A line of the table."""
    door_name: str
    carrier_name: str
    format_name: str
    when: str
    error: str

    @property
    def name(self):
        return f"{self.door_name}:{self.carrier_name}:{self.format_name}"

    @property
    def folder(self):
        return RUNS / self.name.replace(":", "/")

    @property
    def wanted(self):
        """Whether it is to run now."""
        return self.when != "all" or bool(os.environ.get(exits.ALL))

    @property
    def door(self):
        return DOORS[self.door_name]

    @property
    def format(self):
        return FORMATS[self.format_name]

    @property
    def kernel(self):
        """The name of Debian's kernel in it."""
        return self.format.kernel or ("vmlinuz" if self.door_name in FIRMWARE_DOORS else "vmlinux")

    @property
    def exit(self):
        """By which it is to be started."""
        efi = self.door_name in FIRMWARE_DOORS and self.kernel == "vmlinuz"
        return self.format.exit or ("efi" if efi else "linux64")

    @property
    def line(self):
        """What the loader says before it leaves, a regular expression; one group: the exit."""
        name = LOADERS_NAMES.get(self.door_name, self.door_name)
        kind = {"efi": "PE", "multiboot2": "ELF"}[self.format.payload] if self.format.payload else KINDS[self.kernel]
        modules = f"{self.format.modules} module{'s' if self.format.modules != 1 else ''}"
        return rf"^quadrivium \S+: {name} to (\w+): {kind} \({self._source()}\), {modules}$"

    def _source(self):
        if self.format.fit:
            return "FIT"
        if self.carrier_name in CARRIERS:
            return CARRIERS[self.carrier_name].source
        return efi_sources.SOURCES[self.carrier_name].called(self.folder)

    def _string(self):
        """The module's, where the door's modules have one."""
        return STRING if self.door.strings and not self.format.payload else ""

    def _given_words(self):
        """The command line given at the door, the loader's own words in it."""
        console = "console=hvc0" if self.door_name == exits.XEN_DOOR else ""
        ours = f"qv.entry={self.format.entry} qv.timeout=0"
        if self.format.payload:
            return f"{ours} conf.end"
        return cases.joined(ours, self.door.needs, console, f"qvtest.door={self.door_name} qvtest.auto")

    def command_line(self):
        """What the payload's command line shall be: the entry's own, the module's string, what the host gave less our words."""
        given = cases.joined(self.door.prefix, self._given_words(), self.door.suffix)
        words = cases.joined(self.format.own, self._string(), given).split(" ")
        return " ".join(word for word in words if not word.startswith(cases.OURS))

    def _image(self, words=""):
        """Our image, with what it takes packed into it: the key, and the words where they cannot be given."""
        plain = assets.BUILD / f"quadrivium.{self.door.image}"
        options = [f"--fit-key={KEY}:{keys() / KEY}.crt"] if self.format.signed else []
        options += [f"--cmdline={words}"] if words else []
        if not options:
            return plain
        output = self.folder / f"packed.{self.door.image}"
        cases.run_pack(*options, f"--output={output}")
        return output

    @contextlib.contextmanager
    def machine(self):
        """Runs the row's machine."""
        self.folder.mkdir(parents=True, exist_ok=True)
        made = self.format.make(getattr(assets.make(), self.kernel))
        if self.carrier_name in efi_sources.SOURCES:
            source = efi_sources.SOURCES[self.carrier_name]
            image = self._image("" if source.words else self._given_words())
            with source.start(self.folder, image, made, self._given_words()) as arguments:
                with machine.Machine(["-M", "q35", "-m", MEMORY, "-cpu", CPU, *arguments], self.folder) as running:
                    yield running
            return
        module = CARRIERS[self.carrier_name].make(self.folder / "module", made)
        job = doors.Job(self._image(), self.folder, self._given_words(), [module], self._string())
        if self.door_name == exits.XEN_DOOR:
            started = xen.XenGuest(self.folder, job.image, module, job.words, XEN_MEMORY)
        else:
            started = machine.Machine(self.door.arguments(job, MEMORY, 1, CPU), self.folder)
        with started as running:
            yield running


def table(path=TABLE):
    """The rows of the table at PATH; ValueError names a line that is none."""
    rows = []
    for fields, place, line in cases.rows(path, COLUMNS):
        row = Row(*fields)
        sources = efi_sources.SOURCES if row.door_name == "efi" else CARRIERS
        if row.door_name not in DOORS or row.format_name not in FORMATS or row.carrier_name not in sources:
            raise ValueError(f"{place}: no such door, carrier or format: {line}")
        if row.format.fit != sources[row.carrier_name].fit and row.door_name != "efi":
            raise ValueError(f"{place}: {row.carrier_name} does not carry {row.format_name}")
        rows.append(row)
    return rows


# ---- the document ----

def _cell(cells):
    """The exits and errors of CELLS, each once, in an order that does not depend on which boot was faster."""
    return ", ".join(sorted({f"`{way}`" if way else f"*{error}*" for *_, way, error in cells})) or "–"


def write_document(cells):
    """Writes docs/formats.md from CELLS: (door, carrier, format, exit, error) of each row that passed."""
    modules = [door for door in DOORS if door != "efi"]
    lines = ["# Formats of entries", "",
             "Which formats of [entries](entries.md) were seen to boot through each door, in QEMU, and under Xen for `pvh-xen`: "
             "the exit by which the entry's kernel was started, or the error that says why it cannot be. Written by `make docs` "
             "from tests/boot/formats.txt. At each of these boots the host picked the entry by `qv.entry=`, and the kernel "
             "reported the entry's own command line, the host's words behind it, and all modules whole. `efi` is the firmware's "
             "own door, where entries come from volumes or the network; by all others they come as a module.", "",
             "| format | " + " | ".join(DOORS) + " |", "|---|" + "---|" * len(DOORS)]
    for row in FORMATS.values():
        each = [_cell(cell for cell in cells if cell[0] == door and cell[2] == row.name) for door in DOORS]
        lines.append(f"| {row.how} | " + " | ".join(each) + " |")
    lines += ["", "## Modules that hold entries", "", "| module | " + " | ".join(modules) + " |", "|---|" + "---|" * len(modules)]
    for name, carrier in CARRIERS.items():
        each = [_cell(cell for cell in cells if cell[0] == door and cell[1] == name and cell[3]) for door in modules]
        lines.append(f"| {carrier.how} | " + " | ".join(each) + " |")
    lines += ["", "## Where entries are found under EFI", "", "| source | formats that were started from there |", "|---|---|"]
    for name, source in efi_sources.SOURCES.items():
        seen = {cell[2]: None for cell in cells if cell[0] == "efi" and cell[1] == name and cell[3]}
        lines.append(f"| {source.how} | {', '.join(format for format in FORMATS if format in seen) or '–'} |")
    DOCUMENT.write_text("\n".join(lines) + "\n")
