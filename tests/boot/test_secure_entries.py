# SPDX-License-Identifier: BSD-2-Clause
"""Secure Boot and what can be chosen from: entries on an ESP, a UKI and its addons, FITs, and what the loader before us adds.

The firmware trusts one key, made here. What it does not know stays out: it is refused by one line of an error, whatever brought
it, and the menu lets another entry start.
"""

import os
import re
import subprocess

import pytest

import assets
import cases
import cpio
import doors
import efi_variables
import exits
import fit_maker
import guest
import machine
import media
import payloads
import pe_maker
import screen
import secure

LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
RUNS = cases.RUNS / "secure-entries"
WORDS = f"{doors.GUEST} loglevel=4 qvtest.auto qvtest.own=1"
STARTED = r"Linux version|GUEST|EFI stub"
SETTLE = 1.0            # seconds after an error in which nothing more shall come
BY_FIRMWARE = r"efi: the firmware does not load the payload: .*Secure Boot refuses it"
BY_US = r"Secure Boot: only the firmware may start what it has not verified"
LEFT_OUT = r"warning: Secure Boot: what the loader before us wants on the command line is left out"

# Entries that nobody signed, or that bring what nobody signed: name, entry or None for a file of EFI/Linux, error.
REFUSED = [
    ("kernel", "linux /vmlinuz\ninitrd /initrd", BY_FIRMWARE),
    ("application", "efi /quadrivium.efi", BY_FIRMWARE),
    ("multiboot2", "multiboot2 /quadrivium.elf\nmodule /signed", BY_US),
    ("pvh", "pvh /quadrivium.elf", BY_US),
    ("by-linux64", "linux /signed\noptions qv.exit=linux64", BY_US),
    ("devicetree", "linux /signed\ndevicetree /initrd", r"Secure Boot: nobody verifies its device tree"),
    ("unified", None, BY_FIRMWARE),
    ("extended", None, r"words\.addon\.efi: the firmware does not load it: .*Secure Boot refuses it"),
    ("initrd-of-uki", "uki /EFI/Linux/extended.efi\ninitrd /initrd", "Secure Boot: nobody verifies the initrds of an entry"),
]


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return secure.make_key(tmp_path_factory.mktemp("keys"), "owner")


@pytest.fixture(scope="module")
def variables(tmp_path_factory, key):
    return secure.enroll(tmp_path_factory.mktemp("variables") / "enrolled", key)


@pytest.fixture(autouse=True)
def door_property(record_property):
    record_property("door", "efi")


# ---- disks ----

def entry(lines, title="An entry"):
    return f"title {title}\n{lines}\n".encode()


def disk(folder, key, files):
    """A disk that the signed loader is started from, with FILES on its ESP."""
    folder.mkdir(parents=True, exist_ok=True)
    loader = key.sign(assets.BUILD / "quadrivium.efi", folder / "loader.efi")
    return media.gpt_disk(folder / "disk", [(media.ESP, {media.EFI_FALLBACK: loader} | files)])


def start(folder, path, variables):
    """The machine.Machine, not yet started, whose only disk is the one at PATH."""
    return machine.Machine([*secure.MACHINE, *secure.flash(variables), "-drive",
                            f"id=disk,if=none,format=raw,snapshot=on,file={path}", "-device", "ide-hd,drive=disk"], folder)


def small_uki(folder, name, words="qvtest.small=1"):
    """The path of a UKI that is never started: what lies in it is no kernel."""
    path = folder / f"{name}.efi"
    path.write_bytes(pe_maker.uki(b"no kernel", cpio.archive({}), words))
    return path


def small_addon(folder, words):
    path = folder / "words.addon.efi"
    path.write_bytes(pe_maker.addon(words))
    return path


def refused_files(folder, made, key):
    """Files of an ESP with all REFUSED entries, and with good ones."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "signed": key.sign(made.vmlinuz, folder / "signed"), "vmlinuz": made.vmlinuz, "initrd": made.initrds[0],
        "quadrivium.efi": assets.BUILD / "quadrivium.efi", "quadrivium.elf": assets.BUILD / "quadrivium.elf",
        "EFI/Linux/unified.efi": small_uki(folder, "unified"),
        "EFI/Linux/extended.efi": key.sign(small_uki(folder, "extended"), folder / "extended.signed"),
        "EFI/Linux/extended.efi.extra.d/words.addon.efi": small_addon(folder, "qvtest.addon=1"),
        "loader/entries/good.conf": entry(f"linux /signed\ninitrd /initrd\noptions {WORDS}", "Good"),
    }
    return files | {f"loader/entries/{name}.conf": entry(lines, name) for name, lines, _ in REFUSED if lines}


# ---- what is seen ----

def error(running, number):
    """The text of the error NUMBER, from 1 on, that the console showed."""
    before = r"(?:quadrivium: error: [^\n]*\n[\s\S]*?)" + f"{{{number - 1}}}"
    return running.wait(rf"{before}quadrivium: error: ([^\n]*)\n", STARTED)[1]


def settled(running, expected):
    """The one error, each time that the firmware tries this disk, is EXPECTED, and nothing was started."""
    error(running, 1)
    running.idle(SETTLE)
    errors = set(re.findall(r"quadrivium: error: (.*)", running.console))
    assert len(errors) == 1 and re.search(expected, *errors), errors
    assert not re.search(STARTED, running.console), running.console


def report(running, fatal=guest.FATAL):
    running.wait(guest.END, fatal)
    return guest.parse(running.console)


# ---- entries on an ESP ----

def test_menu(made, key, variables, tmp_path):
    """All that is refused, one after the other from one menu, then what is signed; no editor, and none of the host's words."""
    folder = RUNS / "menu"
    path = disk(folder, key, refused_files(folder, made, key))
    host = tmp_path / "variables"
    host.write_bytes(variables.read_bytes())
    option = efi_variables.boot_option("Quadrivium", efi_variables.any_file_path(media.EFI_FALLBACK),
                                       efi_variables.text("qv.timeout=60 qv.fault=ud qvtest.host=1"))
    efi_variables.add(host, {"Boot0000": option, "BootOrder": bytes(2)}, efi_variables.GLOBAL)
    with start(folder, path, host) as running:
        running.wait(r"warning: Secure Boot: qv\.mark and qv\.fault of the loader before us are left out", STARTED)
        screen.wait(running, r"in \d+ s", size=screen.OVMF)
        running.type("e")
        screen.wait(running, "Secure Boot is on", size=screen.OVMF)
        for number, (name, _, expected) in enumerate(REFUSED, 1):
            running.type(f"/{name}\r")
            said = error(running, number)
            assert re.search(expected, said), (name, said)
            screen.wait(running, re.escape(said[:60]), size=screen.OVMF)
        running.type("/good\r")
        seen = report(running, "Kernel panic")
        assert re.search(LEFT_OUT, running.console)
    assert seen.values["cmdline"] == WORDS
    assert seen.blobs == {"first": made.blobs["first"]}
    guest.tidy(folder)


def test_one_error(made, key, variables):
    """Without a menu: one line, and the firmware has the machine again."""
    folder = RUNS / "one-error"
    files = {"vmlinuz": made.vmlinuz, "initrd": made.initrds[0],
             "loader/entries/kernel.conf": entry(f"linux /vmlinuz\ninitrd /initrd\noptions {WORDS}")}
    with start(folder, disk(folder, key, files), variables) as running:
        settled(running, BY_FIRMWARE)
    guest.tidy(folder)


def test_foreign_key(key, tmp_path):
    """The harness itself: a signature by a key that is not enrolled is none."""
    folder = RUNS / "foreign-key"
    other = secure.make_key(tmp_path, "other")
    with start(folder, disk(folder, key, {}), secure.enroll(tmp_path / "variables", other)) as running:
        running.wait("Access Denied|Security Violation", "quadrivium")
    guest.tidy(folder)


# ---- UKIs and addons ----

def uki_files(key, folder):
    """A signed UKI of systemd's stub and the guest, as the only entry."""
    return {"EFI/Linux/guest.efi": key.sign(payloads.TABLE["uki"].make(), folder / "guest.efi")}


def test_uki(made, key, variables):
    """A UKI is started whole, by its own stub, which leaves out what the entry wants behind its command line."""
    folder = RUNS / "uki"
    files = uki_files(key, folder) | {
        "loader/entries/uki.conf": entry("uki /EFI/Linux/guest.efi\noptions qvtest.left=1", "Chosen"),
        "loader/loader.conf": b"default uki.conf\ntimeout 0\n"}
    with start(folder, disk(folder, key, files), variables) as running:
        seen = report(running)
        assert "efi to efi: UKI" in running.console
        assert "warning: Secure Boot: the entry's options are left out" in running.console
    assert seen.values["cmdline"] == payloads.UKI
    assert seen.blobs == {"first": made.blobs["first"]}
    guest.tidy(folder)


def test_addon(made, key, variables):
    """The firmware verifies a UKI and its addon; then we start what is in them, and the kernel knows that Secure Boot is on."""
    folder = RUNS / "addon"
    folder.mkdir(parents=True, exist_ok=True)
    addon = key.sign(small_addon(folder, "qvtest.addon=1 ignore_loglevel"), folder / "signed.addon.efi")
    files = uki_files(key, folder) | {"EFI/Linux/guest.efi.extra.d/words.addon.efi": addon}
    with start(folder, disk(folder, key, files), variables) as running:
        seen = report(running)
        assert "efi to linux64: bzImage" in running.console
        assert "Secure boot enabled" in running.console
    assert seen.values["cmdline"] == f"{payloads.UKI} qvtest.addon=1 ignore_loglevel"
    assert seen.blobs == {"first": made.blobs["first"]}
    guest.tidy(folder)


def test_unsigned_uki_with_signed_addon(key, variables):
    """Addons bring nothing in that their UKI would not have come in with."""
    folder = RUNS / "unsigned-uki"
    folder.mkdir(parents=True, exist_ok=True)
    files = {"EFI/Linux/unified.efi": small_uki(folder, "unified"), "EFI/Linux/unified.efi.extra.d/words.addon.efi":
             key.sign(small_addon(folder, "qvtest.addon=1"), folder / "signed.addon.efi")}
    with start(folder, disk(folder, key, files), variables) as running:
        settled(running, r"unified\.efi: the firmware does not load it: .*Secure Boot refuses it")
    guest.tidy(folder)


# ---- what the loader before us brings ----

def chained(folder, made, key, lines):
    """A disk that systemd-boot, signed, is started from; LINES is what its entry has besides our image with the guest in it."""
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / "systemd-boot.efi"
    first.write_bytes(payloads.TABLE["systemd-boot"].make().read_bytes())
    files = {media.EFI_FALLBACK: key.sign(first, folder / "systemd-boot.signed"),
             "packed.efi": key.sign(cases.packed("efi", made.vmlinuz, made.initrds[:1], WORDS), folder / "packed.efi"),
             "initrd": made.initrds[1], "loader/loader.conf": b"timeout 0\n",
             "loader/entries/packed.conf": entry(f"linux /packed.efi\n{lines}")}
    return media.gpt_disk(folder / "disk", [(media.ESP, files)])


def test_initrd_for_packed(made, key, variables):
    """What is packed was verified as a whole: an initrd from elsewhere would run in it unseen."""
    folder = RUNS / "initrd-for-packed"
    with start(folder, chained(folder, made, key, "initrd /initrd"), variables) as running:
        settled(running, "Secure Boot: nobody verifies the files that the loader before us adds")
    guest.tidy(folder)


def test_words_for_packed(made, key, variables):
    """Of the words of an entry of systemd-boot's those hold that only choose and show."""
    folder = RUNS / "words-for-packed"
    with start(folder, chained(folder, made, key, "options init=/bin/sh qv.fault=ud qv.debug"), variables) as running:
        seen = report(running)
        assert re.search(LEFT_OUT, running.console)
        assert re.search(r"^payload bzImage", running.console, re.MULTILINE)
    assert seen.values["cmdline"] == WORDS
    guest.tidy(folder)


# ---- FIT ----

@pytest.fixture(scope="module")
def fits(made, key, tmp_path_factory):
    """FITs of the guest and the signed images that take them: with a key built in, and without one."""
    folder = tmp_path_factory.mktemp("fits")
    certificate = fit_maker.keypair(folder, "fit")
    pack = [cases.PACKER, f"--fit-key={certificate}", f"--output={folder / 'with-key.efi'}"]
    subprocess.run(pack, check=True, capture_output=True)
    words = [WORDS, WORDS]
    return {"with key": key.sign(folder / "with-key.efi", folder / "with-key.signed"),
            "without key": key.sign(assets.BUILD / "quadrivium.efi", folder / "without-key.signed"),
            "signed": fit_maker.make(folder / "signed.itb", made.vmlinuz, made.initrds[:1], words, keys=folder, key="fit"),
            "unsigned": fit_maker.make(folder / "unsigned.itb", made.vmlinuz, made.initrds[:1], words)}


def given(folder, image, modules, variables):
    """The machine.Machine whose firmware is given IMAGE and MODULES by QEMU, and starts their entry `second`."""
    folder.mkdir(parents=True, exist_ok=True)
    job = doors.Job(image, folder, "qv.entry=second", modules)
    return machine.Machine([*secure.MACHINE, *secure.flash(variables), *doors.qemu_kernel(job)], folder)


def test_fit(made, fits, variables):
    """A key in the signed image vouches for what it signed, which then starts by any exit."""
    folder = RUNS / "fit"
    with given(folder, fits["with key"], [fits["signed"]], variables) as running:
        seen = report(running)
        assert re.search(r"to linux64: bzImage \(FIT\)", running.console)
    assert seen.values["cmdline"] == WORDS
    assert seen.blobs == {"first": made.blobs["first"]}
    guest.tidy(folder)


@pytest.mark.parametrize("image, fit, more, expected", [
    ("with key", "unsigned", 0, "FIT: configuration second is not signed"),
    ("without key", "unsigned", 0, "Secure Boot: nobody verifies its device tree"),
    ("with key", "signed", 1, "Secure Boot: nobody verifies the files that the loader before us adds"),
])
def test_refused_fit(image, fit, more, expected, made, fits, variables):
    folder = RUNS / f"{fit}-fit-{image.replace(' ', '-')}-{more}"
    with given(folder, fits[image], [fits[fit], *made.initrds[:more]], variables) as running:
        settled(running, expected)
    guest.tidy(folder)


# ---- kexec ----

@LARGE
def test_kexec(made, key, variables):
    """A kernel that is locked down starts us by our signature, and says that Secure Boot is on: nobody can verify what we get."""
    folder = RUNS / "kexec"
    folder.mkdir(parents=True, exist_ok=True)
    loader = key.sign(assets.BUILD / "quadrivium.efi", folder / "second.efi")
    files = {"image": loader.read_bytes(), "arguments": b"-s\n", "words": f"{WORDS}\n".encode(),
             "ramdisk": doors.joined([made.vmlinuz, made.initrds[0]])}
    initrd = folder / "kexec.cpio"
    initrd.write_bytes(made.kexec.read_bytes() + cpio.archive(files))
    first = key.sign(cases.packed("efi", made.vmlinuz, [initrd], f"{doors.GUEST} lockdown=integrity"), folder / "first.efi")
    path = media.gpt_disk(folder / "disk", [(media.ESP, {media.EFI_FALLBACK: first})])
    with start(folder, path, variables) as running:
        running.wait("kexec_core: Starting new kernel", "KEXEC failed|Kernel panic")
        running.wait("quadrivium: error: Secure Boot: there is no firmware any more that could verify the payload", "GUEST")
    guest.tidy(folder)
