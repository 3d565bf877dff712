# SPDX-License-Identifier: BSD-2-Clause
"""Bad input among entries: what cannot be understood is told and marked, the others work; what is not whole is not started.

The payloads are those of tests/conformance, which start at once and check that they got all that they should.
"""

import os
import re
import struct

import pytest

import assets
import cases
import conformance
import cpio
import doors
import efi_sources
import exits
import fit_maker
import formats
import machine
import media
import pe_maker
import screen

RUNS = cases.RUNS / "bad-entries" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
ERROR = r"^quadrivium: error: (.*)\n"
WARNING = re.compile(r"^quadrivium: warning: (.*)$", re.MULTILINE)
STARTED = re.compile("CONFORMANCE|Linux version")
WORDS = "conf.id=1 conf.modules=1 conf.blobs=1 conf.strings=0 conf.end"
GIVEN = "qv.console=com1 qv.timeout=0"
KERNEL = conformance.PAYLOADS / "linux.payload"
DOWN, ENTER = "\x1b[B", "\r"

COUNTED = "counter+0-9999999999"        # is taken for a name, so that nothing is wrong with the entry

# Files of /loader/entries, and what is said of each: a line of a warning, less `quadrivium: warning: `.
BROKEN = {
    "no-kernel": (b"title No kernel\n", r"no-kernel\.conf: nothing to start: no linux, efi, uki, multiboot2 or pvh"),
    "no-value": (b"title No value\nlinux\n", r"no-value\.conf:2: linux has no value"),
    "two-kernels": (b"linux /kernel\n\nefi /kernel\n", r"two-kernels\.conf:3: efi beside linux: an entry has one kernel"),
    "long-line": (b"linux /kernel\noptions " + b"x" * 65536 + b"\n", r"long-line\.conf:2: it has more than 16384 bytes"),
    "nul": (b"title N\0L\nlinux /kernel\n", r"nul\.conf:1: it has control characters or is not UTF-8"),
    "utf-8": (b"linux /kernel\noptions \xff\xfe\n", r"utf-8\.conf:2: it has control characters or is not UTF-8"),
    "large": (b"linux /kernel\n" + b"#\n" * (1 << 19), r"large\.conf: 1048590 bytes, and it may have 1048576"),
    "escape": (b"linux /loader/../../kernel\n", r"escape\.conf: '/loader/\.\./\.\./kernel' .*"),
    "escape-initrd": (b"linux /kernel\ninitrd ../blob\n", r"escape-initrd\.conf: '\.\./blob' .*"),
    "module": (b"linux /kernel\nmodule /blob\n", r"module\.conf:2: module with linux, which has initrds"),
    "initrd": (b"multiboot2 /kernel\ninitrd /blob\n", r"initrd\.conf:2: initrd with multiboot2, which has modules"),
    "profile": (b"uki /kernel\nprofile one\n", r"profile\.conf:2: profile 'one' is no number"),
    COUNTED: (b"linux /kernel\n", r"counter\+0-9999999999\.conf: its boot counter is out of range, .*"),
}
# Entries that nothing is wrong with until they are picked, and the error then.
LACKING = {
    "no-initrd": (b"linux /kernel\ninitrd /blob\ninitrd /nothing.cpio\n",
                  r"nothing\.cpio: cpio archive: there is no /nothing\.cpio"),
    "no-such-kernel": (b"linux /nothing\n", r"nothing: cpio archive: there is no /nothing"),
    "a-folder": (b"linux /kernel\ninitrd /loader\n", r"loader: /loader is a folder"),
    "a-link": (b"linux /link\n", r"link: /link is no plain file"),
    "empty": (b"linux /kernel\ninitrd /empty\n", r"empty: cpio archive: /empty is empty"),
    "no-profile": (b"uki /unified.efi\nprofile 3\n", r".*profile 3.*"),
}
OTHERS = {
    "loader/loader.conf": (b"timeout soon\neditor no\nnonsense 1\ndefault\n",
                           [r"loader\.conf:1: timeout cannot be 'soon'", r"loader\.conf:3: nonsense is unknown",
                            r"loader\.conf:4: default has no value"]),
    "EFI/Linux/text.efi": (b"a text", [r"text\.efi: it is no PE file: no MZ header"]),
}


def good_entry():
    return {"kernel": KERNEL.read_bytes(), "blob": conformance.modules(1)[0].read_bytes(),
            "loader/entries/good.conf": f"title A good one\nlinux /kernel\ninitrd /blob\noptions {WORDS}\n".encode()}


@pytest.fixture(scope="module")
def tree():
    """An archive of all of them, and a good one."""
    RUNS.mkdir(parents=True, exist_ok=True)
    files = good_entry() | {"link": "kernel", "empty": b"", "unified.efi": pe_maker.uki(KERNEL.read_bytes(), b"070701", WORDS)}
    files |= {f"loader/entries/{name}.conf": content for name, (content, _) in (BROKEN | LACKING).items()}
    files |= {name: content for name, (content, _) in OTHERS.items()}
    path = RUNS / "tree.cpio"
    path.write_bytes(cpio.archive(files))
    return path


@pytest.fixture(autouse=True)
def door(record_property):
    record_property("door", "pvh-q35")


def start(name, words, module, image=None):
    """The machine that starts our image with this MODULE by the quickest door."""
    job = doors.Job(image or assets.BUILD / "quadrivium.elf", RUNS / name, f"{GIVEN} {words}", [module])
    return machine.Machine(doors.DOORS["pvh-q35"].arguments(job, "256", 1, exits.DEFAULT_CPU), job.folder)


def check_payload(running, words, fatal="quadrivium: error: .*"):
    """The payload runs, and has found nothing wrong."""
    running.wait(conformance.END, fatal)
    result = conformance.read(running.console)
    assert result.command_line == words
    assert not result.failed, {name: result.texts[name] for name in result.failed}


def refused(name, words, module, image=None):
    """The one error that is said, when nothing was started."""
    with start(name, f"{words} qv.onerror=poweroff", module, image) as running:
        running.wait_for_end(timeout=30)
        console = machine.printable(running.console) + "\n"
    errors = re.findall(ERROR, console, re.MULTILINE)
    assert len(errors) == 1, console
    assert not STARTED.search(console), console
    return errors[0]


def test_others_work(tree):
    """Each of them is named by file and line, once; nothing else is said; the good one boots."""
    with start("others-work", "qv.entry=good qvtest.given=1", tree) as running:
        check_payload(running, f"{WORDS} qvtest.given=1")
        said = WARNING.findall(machine.printable(running.console))
    wanted = [why for _, why in BROKEN.values()] + [line for _, lines in OTHERS.values() for line in lines]
    for pattern in wanted:
        assert [line for line in said if re.fullmatch(pattern, line)], (pattern, said)
    assert len(said) == len(wanted), said


@pytest.mark.parametrize("name", [name for name in BROKEN if name != COUNTED])
def test_broken(tree, name):
    """One that is marked is not started: the error is what was said of it."""
    assert re.fullmatch(f"entry: {BROKEN[name][1]}", refused(f"broken-{name}", f"qv.entry={name}", tree))


@pytest.mark.parametrize("name", LACKING)
def test_lacking(tree, name):
    assert re.fullmatch(LACKING[name][1], refused(f"lacking-{name}", f"qv.entry={name}", tree))


def test_no_such_entry(tree):
    assert refused("no-such-entry", "qv.entry=nonsense", tree) == "qv.entry: there is no entry nonsense"


# ---- FIT ----

def fit(name, key=""):
    path = RUNS / f"{name}.itb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return fit_maker.make(path, KERNEL, conformance.modules(1), [WORDS, WORDS], hashes=("crc32", "sha256"),
                          keys=formats.keys(key) if key else None, key=key)


def with_key(name, key):
    """An image into which the certificate of KEY is packed, for signatures by any name."""
    path = RUNS / f"{name}.elf"
    cases.run_pack(f"--fit-key={formats.keys(key) / key}.crt", f"--output={path}")
    return path


def change(path, needle):
    """Changes a byte in what begins with NEEDLE."""
    data = bytearray(path.read_bytes())
    data[data.index(needle) + len(needle)] ^= 1
    path.write_bytes(data)


def test_fit():
    """As it is, it boots; what follows does not."""
    with start("fit", "qv.entry=second", fit("fit", "dev"), with_key("fit", "dev")) as running:
        check_payload(running, WORDS)


def test_fit_changed():
    path = fit("changed")
    change(path, conformance.module(0)[:1000])
    error = refused("fit-changed", "qv.entry=second", path)
    assert error == "FIT: hash-1 of image ramdisk-1, crc32, does not match its data"


def test_fit_changed_and_signed():
    """What is signed are the hashes: the command line, that a device tree brings, is under one, too."""
    path = fit("changed-and-signed", "dev")
    change(path, b"conf.modules=1 conf.blobs=")
    error = refused("fit-changed-and-signed", "qv.entry=first", path, with_key("changed-and-signed", "dev"))
    assert error == "FIT: hash-1 of image fdt-1, crc32, does not match its data"


def test_fit_not_signed():
    error = refused("fit-not-signed", "qv.entry=second", fit("not-signed"), with_key("not-signed", "dev"))
    assert error == "FIT: configuration second is not signed"


def test_fit_wrong_key():
    error = refused("fit-wrong-key", "qv.entry=second", fit("wrong-key", "dev"), with_key("wrong-key", "another"))
    assert error == "FIT: signature-1 of configuration second is wrong"


# ---- FAT ----

FAT_ENTRY_CLUSTER = 26          # of a folder's entry (fatgen103)
SECTOR_SIZE, RESERVED, FATS, FAT_SECTORS = 11, 14, 16, 22


def first_cluster(image, name):
    """Where the entry of a folder has its first cluster: an offset; NAME in capitals."""
    return image.index(name.ljust(11) + b"\x10") + FAT_ENTRY_CLUSTER


def folder_in_itself(image):
    """/EFI/Linux is /EFI."""
    struct.pack_into("<H", image, first_cluster(image, b"LINUX"), *struct.unpack_from("<H", image, first_cluster(image, b"EFI")))


def endless_folder(image):
    """What follows the cluster of /loader/entries is that cluster."""
    cluster, = struct.unpack_from("<H", image, first_cluster(image, b"ENTRIES"))
    sector, = struct.unpack_from("<H", image, SECTOR_SIZE)
    reserved, count = struct.unpack_from("<HB", image, RESERVED)
    size, = struct.unpack_from("<H", image, FAT_SECTORS)
    for number in range(count):
        # Of FAT12: three bytes for two clusters.
        at = (reserved + number * size) * sector + cluster * 3 // 2
        pair, = struct.unpack_from("<H", image, at)
        struct.pack_into("<H", image, at, pair & 0xF | cluster << 4 if cluster % 2 else pair & 0xF000 | cluster)


@pytest.mark.parametrize("change, expected", [
    (folder_in_itself, "FAT file system: /EFI/Linux: a folder is in itself"),
    (endless_folder, r"FAT file system: a folder at cluster \d+ has more than \d+ entries, or its chain no end"),
], ids=["in-itself", "endless"])
def test_fat_loop(change, expected):
    path = RUNS / f"{change.__name__}.img"
    path.parent.mkdir(parents=True, exist_ok=True)
    media.fat(path, good_entry() | {"EFI/Linux/none": b"none"})
    assert path.stat().st_size == media.MINIMUM, "it is FAT12"
    image = bytearray(path.read_bytes())
    change(image)
    path.write_bytes(image)
    assert re.fullmatch(expected, refused(f"fat-{change.__name__}", "qv.entry=good", path))


# ---- EFI ----

LACKS = r"quadrivium: error: nothing\.cpio: esp [0-9a-f]{8}: there is no /nothing\.cpio"


def efi_machine(name, files):
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    disk = media.gpt_disk(folder / "disk", [(media.ESP, {media.EFI_FALLBACK: assets.BUILD / "quadrivium.efi", **files})])
    arguments = [*doors.FIRMWARE["ovmf"], *efi_sources.hard_disk(disk)]
    return machine.Machine(["-M", "q35", "-m", "256", "-cpu", exits.DEFAULT_CPU, *arguments], folder)


def lacking_entry():
    content, _ = LACKING["no-initrd"]
    return {"loader/entries/no-initrd.conf": b"title One without its initrd\nsort-key 1\n" + content,
            "loader/loader.conf": b"timeout 0\n"}


def test_efi_returns_status(record_property):
    """An entry whose initrd is missing, and no other: the firmware gets an error, and goes on."""
    record_property("door", "efi")
    files = good_entry() | lacking_entry()
    del files["loader/entries/good.conf"]
    with efi_machine("efi-returns-status", files) as running:
        running.wait(LACKS, STARTED.pattern)
        running.wait(r"BdsDxe: failed to start Boot\w+ .*: Load Error", STARTED.pattern)


def test_efi_menu(record_property):
    """Where there is another entry, the menu says what was wrong, and the other one can be started."""
    record_property("door", "efi")
    with efi_machine("efi-menu", good_entry() | lacking_entry()) as running:
        running.wait(LACKS, STARTED.pattern)
        screen.wait(running, "A good one", size=screen.OVMF)
        assert not STARTED.search(running.console)
        running.type(DOWN + ENTER)
        check_payload(running, WORDS, fatal=None)
