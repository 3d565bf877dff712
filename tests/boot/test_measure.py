# SPDX-License-Identifier: BSD-2-Clause
"""What is measured into a TPM 2 when an entry is started: the guest's PCRs are computed again from files and words alone, and its
event log has those measurements in that order.

`make docs` writes docs/measurements.md from what was seen (measurements.py).
"""

import hashlib
import os
import re

import pytest

import assets
import cases
import doors
import exits
import guest
import machine
import measurements
import media
import pe_maker
import secure
import swtpm
import system

LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
RUNS = cases.RUNS / "measure"
BANKS = ("sha1", "sha256")
LOADER = assets.BUILD / "quadrivium.efi"
WORDS = f"{doors.GUEST} quiet qvtest.own=1"
PROMPT = r"Ctrl-A X leaves QEMU"
# Typed into the guest's shell, in one line. The marks are written so that the echo of what is typed has none.
COMMANDS = "; ".join((
    'echo "PC"RS', "for pcr in /sys/class/tpm/tpm0/pcr-*/*",
    "do read -r value <$pcr", "echo ${pcr#/sys/class/tpm/tpm0/pcr-} $value", "done",
    'echo "LO"G', "mount -t securityfs none /sys/kernel/security", "base64 /sys/kernel/security/tpm0/binary_bios_measurements",
    'echo "TPM" end\n')).replace("do; ", "do ")
REPORT = re.compile(r"^PCRS\n(.*)^LOG\n(.*)^TPM end", re.MULTILINE | re.DOTALL)

# A measurement is a pair: what it is, in words, and the bytes that are hashed.
FIRMWARE = [("these words", b"Calling EFI Application from Boot Option"), ("four zeros", bytes(4))]


# ---- what shall be measured ----

def image(what, path):
    return f"{what}, as Authenticode hashes a PE", swtpm.authenticode(path.read_bytes())


def words(what, text):
    return f"{what}, UTF-16 with its NUL", swtpm.wide(text)


def stub(text, *initrds):
    """What Linux's EFI stub (6.1) measures into PCR 9."""
    together = doors.joined(initrds[:-1]) + initrds[-1].read_bytes()
    return [words("the command line", text), ("all initrds as one", together)]


class Shop:
    """Makes the disk of a case in FOLDER, and says what shall be in PCRs 4, 9 and 12, each a list of measurements.

    KEY signs what is made, for a firmware that verifies; None: there is none.
    """

    def __init__(self, folder, made, key=None):
        self.folder, self.made, self.key = folder, made, key
        folder.mkdir(parents=True, exist_ok=True)

    def signed(self, path):
        return self.key.sign(path, self.folder / f"{path.name}.signed") if self.key else path

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def disk(self, loader, files):
        return media.gpt_disk(self.folder / "disk", [(media.ESP, {media.EFI_FALLBACK: loader} | files)])

    def entry(self, lines, files):
        """A disk with one entry of type 1, and its file."""
        conf = f"title An entry\n{lines}\n".encode()
        return self.disk(LOADER, files | {"loader/entries/an-entry.conf": conf}), ("the entry's file", conf)

    def files(self):
        return {"vmlinuz": self.made.vmlinuz, "first": self.made.initrds[0], "second": self.made.initrds[1],
                "tree": b"a device tree"}

    def type_1(self, more=""):
        first, second = self.made.initrds
        disk, conf = self.entry(f"linux /vmlinuz\ninitrd /first\ninitrd /second\ndevicetree /tree\noptions {WORDS}{more}",
                                self.files())
        return disk, {
            4: [*FIRMWARE, image("our image", LOADER), image("the kernel", self.made.vmlinuz)],
            9: [("the first initrd", first.read_bytes()), ("the second initrd", second.read_bytes()),
                *([] if more else stub(WORDS, first, second))],
            12: [conf, words("the command line", WORDS), ("the device tree", b"a device tree")]}

    def linux64(self):
        return self.type_1(" qv.exit=linux64")

    def uki(self):
        """A UKI with an addon. A firmware that verifies measures both, too, as it does so, the addon first."""
        made, first = self.made, self.made.initrds[0].read_bytes()
        unified = self.signed(self.file("uki.efi", pe_maker.uki(made.vmlinuz.read_bytes(), first, WORDS)))
        addon = self.signed(self.file("addon.efi", pe_maker.addon("qvtest.addon=1")))
        loader, text = self.signed(LOADER), f"{WORDS} qvtest.addon=1"
        disk = self.disk(loader, {"EFI/Linux/uki.efi": unified, "EFI/Linux/uki.efi.extra.d/words.addon.efi": addon})
        return disk, {
            4: [*FIRMWARE, image("our image", loader), *([image("the addon", addon)] if self.key else []),
                image("the UKI", unified), image("the kernel in it", made.vmlinuz)],
            9: [("its initrd", first), *([] if self.key else stub(text, made.initrds[0]))],
            12: [words("its command line and the addon's", text)]}

    def packed(self):
        made = self.made
        loader = self.signed(cases.packed("efi", made.vmlinuz, made.initrds[:1], WORDS))
        return self.disk(loader, {}), {
            4: [*FIRMWARE, image("our image with all that is packed", loader), image("the kernel in it", made.vmlinuz)],
            9: [("the initrd in it", made.initrds[0].read_bytes()), *([] if self.key else stub(WORDS, made.initrds[0]))],
            12: [words("the command line in it", WORDS)]}

    def multiboot2(self):
        """Another Quadrivium, as a multiboot2 kernel that keeps boot services: it measures what it starts itself."""
        made, kernel = self.made, assets.BUILD / "quadrivium.elf"
        initrd = made.initrds[0].read_bytes()
        disk, conf = self.entry(f"multiboot2 /quadrivium.elf\nmodule /vmlinuz {WORDS}\nmodule /first\noptions qvtest.outer=1",
                                self.files() | {"quadrivium.elf": kernel})
        text = f"{WORDS} qvtest.outer=1"
        return disk, {
            4: [*FIRMWARE, image("our image", LOADER), ("the multiboot2 kernel", kernel.read_bytes()),
                image("the kernel that it starts", made.vmlinuz)],
            9: [("the first module", made.vmlinuz.read_bytes()), ("the second module", initrd),
                ("its initrd", initrd), *stub(text, made.initrds[0])],
            12: [conf, words("the command line", "qvtest.outer=1"), words("the first module's command line", WORDS),
                 words("the command line that it makes", text)]}


# ---- what was measured ----

def boot(shop, path):
    """Boots from the disk at PATH; returns the guest's PCRs of each bank, and the events."""
    if shop.key:
        variables = secure.enroll(shop.folder / "variables", shop.key)
        arguments = [*secure.MACHINE, *secure.flash(variables), "-drive", f"id=disk,if=none,format=raw,snapshot=on,file={path}",
                     "-device", "ide-hd,drive=disk"]
    else:
        arguments = system.arguments(path)
    with swtpm.Tpm() as tpm, machine.Machine([*arguments, *tpm.args], shop.folder) as running:
        running.wait(PROMPT, guest.FATAL)
        running.type(COMMANDS)
        running.wait("^TPM end", guest.FATAL)
        pcrs, log = REPORT.search(running.console).groups()
    return {bank: swtpm.pcrs(pcrs, bank) for bank in BANKS}, swtpm.parse(swtpm.log(log))


def text_of(event):
    """What an event says of itself, as text; "" where it is none."""
    if event.kind == swtpm.EV_IPL:
        return event.text
    if event.kind == swtpm.EV_EVENT_TAG:
        return event.data[8:].decode().rstrip("\0")             # behind its number and size
    return event.data.decode() if event.kind == swtpm.EV_EFI_ACTION else ""


@pytest.mark.parametrize("title, make, verifying", [
    (measurements.TYPE_1, Shop.type_1, False),
    (measurements.LINUX64, Shop.linux64, False),
    (measurements.UKI, Shop.uki, False),
    (measurements.PACKED, Shop.packed, False),
    pytest.param(measurements.SECURE_UKI, Shop.uki, True, marks=LARGE),
    pytest.param(measurements.SECURE_PACKED, Shop.packed, True, marks=LARGE),
    pytest.param(measurements.MULTIBOOT2, Shop.multiboot2, False, marks=LARGE),
], ids=["type-1", "linux64", "uki", "packed", "secure-uki", "secure-packed", "multiboot2"])
def test_measurements(title, make, verifying, made, tmp_path, record_property):
    record_property("door", "efi")
    folder = RUNS / f"{make.__name__}{'-secure' if verifying else ''}"
    shop = Shop(folder, made, secure.make_key(tmp_path, "owner") if verifying else None)
    disk, expected = make(shop)
    pcrs, events = boot(shop, disk)
    for bank in BANKS:
        assert {number: pcrs[bank][number] for number in expected} == \
            {number: swtpm.expected([data for _, data in listed], bank) for number, listed in expected.items()}
        replayed = swtpm.replay(events, bank)
        assert {number: pcrs[bank][number] for number in replayed} == replayed
    rows = []
    for number, listed in expected.items():
        logged = [event for event in events if event.pcr == number]
        assert [event.digests["sha256"] for event in logged] == [hashlib.sha256(data).digest() for _, data in listed]
        rows += [[number, swtpm.EVENT_NAMES[event.kind], text_of(event), what] for event, (what, _) in zip(logged, listed)]
    record_property("measured", [title, rows])
    guest.tidy(shop.folder)
