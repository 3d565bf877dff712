# SPDX-License-Identifier: BSD-2-Clause
"""The Boot Loader Interface: what a Debian system with systemd sees of us by bootctl, systemd-analyze and EFI variables, and what
we do of that which it wants of the next boot. All on OVMF, from disks with a GPT.

A boot of which only the choice matters ends where the kernel is entered: the firmware's store of variables and the disk say then
what was chosen. `make docs` writes docs/bootctl.md (bootctl_document.py) from what the system printed here.
"""

import difflib
import os
import re
import shutil
import subprocess

import pytest

import assets
import bootctl_document
import cases
import efi_variables
import exits
import guest
import machine
import media
import packages
import payloads
import screen
import system

LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
RUNS = cases.RUNS / "interface"
LOADER = assets.BUILD / "quadrivium.efi"
PRODUCT = "quadrivium " + re.search(r"^VERSION := (.*)$", (assets.BUILD.parent / "Makefile").read_text(), re.MULTILINE)[1]
SYSTEMD_BOOT = "systemd-boot-efi", "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
SYSTEMD_BOOT_FILE = "EFI/systemd/systemd-bootx64.efi"
STARTED = r"quadrivium \S+: efi to efi: .*$"
COUNT = r"in (\d+) s"                   # in the menu: the seconds left
KEYS = r"^Up/Down"                      # the menu's last row
ENTER = "\r"
SEED = "loader/random-seed"
SEED_SIZE = 32
TOKEN = {"LoaderSystemToken": bytes(range(32))}
ESP, XBOOTLDR = 1, 2                    # partitions of the disk
COMMANDS = ["auto-reboot-to-firmware-setup", "auto-reboot", "auto-poweroff"]
TYPE_1, TYPE_2 = "Boot Loader Specification Type #1 (.conf)", "Boot Loader Specification Type #2 (.efi)"
AUTOMATIC, REPORTED = "Automatic", "Reported by Boot Loader"
THIS_BOOT, KEPT = 6, efi_variables.KEPT     # attributes
TIMES = r"finished in (\S+) \(firmware\) \+ (\S+) \(loader\) \+ \S+ \(kernel\) \+ "

# The bits of LoaderFeatures, by the names that bootctl 252 has for some of them.
FEATURES = {
    0: "Menu timeout control", 1: "One-shot menu timeout control", 2: "Default entry control", 3: "One-shot entry control",
    4: "Boot counting", 5: "Support for XBOOTLDR partition", 6: "Support for passing random seed to OS",
    7: "Load drop-in drivers", 8: "Support Type #1 sort-key field", 9: "Support @saved pseudo-entry",
    10: "Support Type #1 devicetree field",
}
OURS = (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 13, 14, 16)      # 13: menu-disabled, 14: UKIs with profiles, 16: `uki` in type #1
LOADER_SETS_ESP = "Boot loader sets ESP information"    # bootctl's own conclusion


# ---- disks ----

def words(commands):
    """The command line of a system that runs COMMANDS."""
    return cases.joined(system.WORDS, system.run_words(*commands))


def entry(title, sort_key, *commands, **keys):
    """A type #1 entry that starts the system, which runs COMMANDS."""
    lines = {"title": title, "sort-key": sort_key, **keys, "linux": "/linux", "initrd": "/initrd", "options": words(commands)}
    return "".join(f"{key.replace('_', '-')} {value}\n" for key, value in lines.items()).encode()


def uki(folder, made, initrd, name, *commands):
    """A UKI, as quadrivium-pack makes it, of a system with this name in its os-release."""
    path = folder / f"{name.lower()}.efi"
    subprocess.run([cases.PACKER, f"--linux={made.kernel}", f"--initrd={initrd}", f"--cmdline={words(commands)}",
                    f"--os-release=ID={name.lower()}\nPRETTY_NAME={name}\nVERSION_ID=1\n", f"--output={path}"], check=True)
    return path


def kernel_of(made):
    return {"linux": made.kernel, "initrd": made.initrd}


def several_disks(folder, *commands):
    """Two disks: one with an ESP, on which we are, and an XBOOTLDR partition; and one with another ESP.

    The default is an entry of XBOOTLDR, which runs COMMANDS.
    """
    made = system.make()
    esp = {media.EFI_FALLBACK: LOADER, "loader/loader.conf": b"timeout 0\ndefault debian*\n", SEED: bytes(SEED_SIZE),
           "loader/entries/rescue.conf": entry("Rescue system", "rescue"),
           "loader/entries/update+0-3.conf": entry("An update that never came up", "debian"),
           "EFI/Linux/appliance.efi": uki(folder, made, assets.make().initrds[0], "Appliance"),
           "shellx64.efi": payloads.TABLE["shell"].make(), **kernel_of(made)}
    debian = entry("Debian GNU/Linux 12 (bookworm)", "debian", *commands, version="6.1", machine_id=system.MACHINE_ID)
    boot = {"loader/entries/debian+3.conf": debian, **kernel_of(made)}
    other = {"loader/entries/usb.conf": entry("A system on another disk", "usb"), **kernel_of(made)}
    return (media.gpt_disk(folder / "disk", [(media.ESP, esp), (media.XBOOTLDR, boot)]),
            media.gpt_disk(folder / "other", [(media.ESP, other)]))


def arguments(folder, disk, other=None):
    """QEMU's arguments; what is written to the disks and the variables stays in FOLDER."""
    more = ["-drive", f"id=other,if=none,format=raw,file={other}", "-device", "virtio-blk-pci,drive=other"] if other else []
    return [*system.arguments(disk, folder / "variables", keep=True), *more]


def file_of(disk, partition, name):
    return media.read_file(media.gpt_volume(disk, partition), name)


def names_in(disk, partition, folder):
    return media.names(media.gpt_volume(disk, partition), folder)


# ---- boots ----

def new(name):
    """The folder of a new machine, with the firmware's variables in it."""
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(system.FIRMWARE_VARIABLES, folder / "variables")
    return folder


def run_system(folder, disks, when_started=lambda _: None, fatal=system.FATAL):
    """Boots the system to its end. Returns its report, the console, and the seconds after which the kernel was entered.

    WHEN_STARTED is called with the machine as it begins.
    """
    with machine.Machine(arguments(folder, *disks), folder) as running:
        when_started(running)
        running.wait(STARTED, fatal)
        seconds = running.seconds
        running.wait(system.END, fatal)
        return system.report(running.console), running.console, seconds


def choose(folder, disks, *extra):
    """Boots, with EXTRA arguments of QEMU, until the kernel is entered; returns its id, the kept variables, and the console."""
    with machine.Machine([*arguments(folder, *disks), *extra], folder) as running:
        running.wait(STARTED, system.FATAL)
        kept = efi_variables.read(folder / "variables")
        return efi_variables.plain(kept["LoaderEntryLastBooted"]), kept, running.console


# ---- what bootctl prints ----

def blocks(text):
    """The blocks of bootctl's output, by what stands above each."""
    return {head: body for head, body in re.findall(r"^(\S[^\n]*):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)}


def fields(block):
    return dict(re.findall(r"^ *(\S[^:\n]*): (.*)$", block, re.MULTILINE))


def listed(text):
    return [fields(block) for block in text.strip().split("\n\n")]


def features(block):
    return {name: mark == "✓" for mark, name in re.findall(r"([✓✗]) (.*)$", block, re.MULTILINE)}


def by_partuuid(disk, partition):
    return f"/dev/disk/by-partuuid/{media.partition_guid(disk, partition)}"


def check_status(output, disk, selected):
    assert output.status == 0
    status = blocks(output.text)
    # It looks into /EFI/systemd only.
    assert output.text.startswith("systemd-boot not installed in ESP.\nSystem:\n")
    assert [*status] == ["System", "Current Boot Loader", "Random Seed", "Available Boot Loaders on ESP", "Boot Loader Entries",
                         "Default Boot Loader Entry"]
    current = status["Current Boot Loader"]
    assert fields(current)["Product"] == PRODUCT
    assert features(current) == {name: bit in OURS for bit, name in FEATURES.items()} | {LOADER_SETS_ESP: True}
    assert fields(current)["ESP"] == by_partuuid(disk, ESP)
    assert fields(current)["File"] == "└─/EFI/BOOT/BOOTX64.EFI"
    assert fields(status["Random Seed"]) == {"Passed to OS": "no", "System Token": "not set", "Exists": "yes"}
    assert fields(status["Available Boot Loaders on ESP"]) == {"ESP": f"/efi ({by_partuuid(disk, ESP)})",
                                                               "File": f"└─/EFI/BOOT/BOOTX64.EFI ({PRODUCT})"}
    assert fields(status["Boot Loader Entries"]) == {"$BOOT": f"/boot ({by_partuuid(disk, XBOOTLDR)})"}
    assert fields(status["Default Boot Loader Entry"])["id"] == selected


def check_times(output, variables, seconds):
    """The times of systemd-analyze are those of the variables. SECONDS passed before the kernel was entered."""
    assert output.status == 0
    begin, end = (int(efi_variables.plain(variables[f"LoaderTime{name}USec"][1])) for name in ("Init", "Exec"))
    assert 0 < begin < end < 2e6 * seconds < 4 * end
    found = re.search(TIMES, output.text)
    assert found, output.text
    for text, expected in zip(found.groups(), (begin, end - begin)):
        number, unit = re.fullmatch(r"([\d.]+)(ms|s)", text).groups()
        assert round(float(number) * {"s": 1000, "ms": 1}[unit]) == expected // 1000


# ---- tests ----

def test_bootctl():
    """The first boot of a machine: all that bootctl, systemd-analyze and the variables say; a counted try, and its success.

    The kernel goes by its EFI stub, which gets the initrd by LoadFile2: there is no other way for it.
    """
    folder = new("bootctl")
    disks = disk, _ = several_disks(folder, *system.COMMANDS, "variables", "firmware", "cat /proc/cmdline",
                                    "systemd-bless-boot status", "systemd-bless-boot good", "systemd-bless-boot status")
    report, console, seconds = run_system(folder, disks)

    guid = str(media.partition_guid(disk, XBOOTLDR))
    assert f"efi to efi: bzImage (xbootldr {guid[:8]}), 1 module" in console
    assert "initrd" not in report["cat /proc/cmdline"].text
    assert "INITRD=0x" in report["firmware"].text
    # No token, and no random numbers from the firmware.
    assert "RNG=" not in report["firmware"].text
    assert file_of(disk, ESP, SEED) == bytes(SEED_SIZE)

    check_status(report["bootctl status"], disk, "debian.conf")
    assert report["bootctl list"].status == 0
    assert [(row["type"], row["id"], row["title"]) for row in listed(report["bootctl list"].text)] == [
        (TYPE_2, "appliance.efi", "Appliance"),
        (TYPE_1, "debian.conf", "Debian GNU/Linux 12 (bookworm) (default) (selected)"),
        (TYPE_1, "rescue.conf", "Rescue system"),
        (TYPE_1, "update.conf", "An update that never came up"),
        (REPORTED, "usb.conf", "usb.conf (reported/absent)"),
        (AUTOMATIC, "auto-efi-shell", "EFI Shell"),
        (AUTOMATIC, "auto-reboot-to-firmware-setup", "Reboot Into Firmware Interface"),
        (AUTOMATIC, "auto-reboot", "auto-reboot"),
        (AUTOMATIC, "auto-poweroff", "auto-poweroff")]

    variables = system.variables(report["variables"].text)
    check_times(report["systemd-analyze time"], variables, seconds)
    assert {name: value for name, value in variables.items() if "Time" not in name} == {
        "LoaderInfo": (THIS_BOOT, efi_variables.text(PRODUCT)),
        "LoaderFeatures": (THIS_BOOT, sum(1 << bit for bit in OURS).to_bytes(8, "little")),
        "LoaderFirmwareInfo": (THIS_BOOT, efi_variables.text("EDK II 1.00")),
        "LoaderFirmwareType": (THIS_BOOT, efi_variables.text("UEFI 2.70")),
        "LoaderImageIdentifier": (THIS_BOOT, efi_variables.text(r"\EFI\BOOT\BOOTX64.EFI")),
        "LoaderDevicePartUUID": (THIS_BOOT, efi_variables.text(str(media.partition_guid(disk, ESP)))),
        "LoaderEntries": (THIS_BOOT, b"".join(map(efi_variables.text, [
            "appliance.efi", "debian.conf", "rescue.conf", "usb.conf", "update.conf", "auto-efi-shell", *COMMANDS]))),
        "LoaderEntrySelected": (THIS_BOOT, efi_variables.text("debian.conf")),
        "LoaderEntryLastBooted": (KEPT, efi_variables.text("debian.conf")),
        "LoaderBootCountPath": (THIS_BOOT, efi_variables.text(r"\loader\entries\debian+2-1.conf")),
    }
    assert [report[f"systemd-bless-boot status{nth}"].text for nth in ("", " (2)")] == ["indeterminate\n", "good\n"]
    assert report["systemd-bless-boot good"].status == 0
    assert names_in(disk, XBOOTLDR, "loader/entries") == {"debian.conf"}
    if "QUADRIVIUM_WRITE_DOCS" in os.environ:
        bootctl_document.write({command: report[command].text for command in system.COMMANDS}, variables)
    guest.tidy(folder)


def test_wishes():
    """What bootctl asks for holds for the next boot, or from then on. The seed is another at each boot, once there is a token."""
    folder = new("wishes")
    made = system.make()
    esp = {media.EFI_FALLBACK: LOADER, "loader/loader.conf": b"timeout 0\ndefault first*\n",
           "loader/entries/first.conf": entry("The first", "1", "bootctl random-seed", "bootctl set-default @saved",
                                              "bootctl set-oneshot other.conf", "bootctl set-timeout menu-force",
                                              "bootctl set-timeout-oneshot 1"),
           "loader/entries/second.conf": entry("The second", "2"), **kernel_of(made)}
    other = {"loader/entries/other.conf": entry("On another disk", "3", "bootctl list", "variables", "firmware",
                                                "bootctl set-default second.conf", "bootctl set-timeout 0"), **kernel_of(made)}
    disk = media.gpt_disk(folder / "disk", [(media.ESP, esp)])
    disks = disk, media.gpt_disk(folder / "other", [(media.ESP, other)])
    seeds = []

    def keep_seed():
        seeds.append(file_of(disk, ESP, SEED))
        assert len(seeds[-1]) == SEED_SIZE and len({*seeds}) == len(seeds)

    report, console, _ = run_system(folder, disks)
    assert {command: output.status for command, output in report.items()} == dict.fromkeys(report, 0)
    assert not re.search(COUNT, console)
    keep_seed()

    chosen, kept, console = choose(folder, disks)
    assert chosen == "other.conf"
    assert re.findall(COUNT, console)[0] == "1"
    assert not {"LoaderEntryOneShot", "LoaderConfigTimeoutOneShot"} & {*kept}
    keep_seed()

    def press_enter(running):
        seen = screen.wait(running, KEYS, size=screen.OVMF)
        assert not seen.find(COUNT)
        running.type(ENTER)

    report, console, _ = run_system(folder, disks, press_enter)
    variables = system.variables(report["variables"].text)
    assert variables["LoaderEntrySelected"][1] == efi_variables.text("other.conf")
    assert [row["title"] for row in listed(report["bootctl list"].text) if "default" in row["title"]] == [
        "other.conf (default) (selected) (reported/absent)"]
    assert "RNG=0x" in report["firmware"].text
    keep_seed()
    assert variables["LoaderRandomSeed"][0] == THIS_BOOT and len(variables["LoaderRandomSeed"][1]) == SEED_SIZE
    assert variables["LoaderRandomSeed"][1] not in seeds

    efi_variables.add(folder / "variables", {"LoaderEntryOneShot": efi_variables.text("it-went-away.conf")})
    chosen, kept, console = choose(folder, disks)
    assert chosen == "second.conf"
    assert not re.search(COUNT, console) and "LoaderEntryOneShot" not in kept
    keep_seed()
    guest.tidy(folder)


def test_counting():
    """UKIs are tried until no try is left: then the next good one is the default. None that fails is blessed for another.

    In a UKI whose stub we are, too, we leave the interface to the loader that started it.
    """
    folder = new("counting")
    made = system.make()
    commands = "systemd-bless-boot status", "variables"
    esp = {media.EFI_FALLBACK: LOADER, "loader/loader.conf": b"timeout 0\n", **kernel_of(made),
           "EFI/Linux/appliance+1.efi": uki(folder, made, made.initrd, "Appliance", *commands),
           "EFI/Linux/tests+02.efi": payloads.TABLE["uki"].make(),
           "loader/entries/broken+1.conf": b"title No kernel\nsort-key y\nlinux /none\n",
           "loader/entries/stable.conf": entry("Stable", "x", *commands)}
    disk = media.gpt_disk(folder / "disk", [(media.ESP, esp)])
    disks = [disk]

    report, console, _ = run_system(folder, disks)
    assert "efi to efi: bzImage (esp " in console
    assert report["systemd-bless-boot status"].text == "indeterminate\n"
    variables = system.variables(report["variables"].text)
    assert variables["LoaderEntrySelected"][1] == efi_variables.text("appliance.efi")
    assert variables["LoaderBootCountPath"][1] == efi_variables.text(r"\EFI\Linux\appliance+0-1.efi")
    assert names_in(disk, ESP, "EFI/Linux") == {"appliance+0-1.efi", "tests+02.efi"}

    for expected, name in (("tests.efi", "tests+01-1.efi"), ("tests.efi", "tests+00-2.efi"), ("stable.conf", "tests+00-2.efi")):
        assert choose(folder, disks)[0] == expected
        assert names_in(disk, ESP, "EFI/Linux") == {"appliance+0-1.efi", name}

    def choose_stable(running):
        seen = screen.wait(running, "there is no /none", size=screen.OVMF)
        running.type(re.search(r"(\d+) +Stable", seen.text)[1])
        screen.wait(running, r"> .*Stable", size=screen.OVMF)
        running.type(ENTER)

    efi_variables.add(folder / "variables", {"LoaderEntryOneShot": efi_variables.text("broken.conf")})
    report, _, _ = run_system(folder, disks, choose_stable, "Kernel panic")
    variables = system.variables(report["variables"].text)
    assert variables["LoaderEntrySelected"][1] == efi_variables.text("stable.conf")
    assert "LoaderBootCountPath" not in variables
    assert report["systemd-bless-boot status"].text == "clean\n"
    assert names_in(disk, ESP, "loader/entries") == {"broken+0-1.conf", "stable.conf"}
    guest.tidy(folder)


def installed(folder, loader):
    """The disk of a machine where LOADER, bytes, is installed as systemd-boot is, with a seed and, in FOLDER, a token."""
    made = system.make()
    esp = {media.EFI_FALLBACK: loader, SYSTEMD_BOOT_FILE: loader, SEED: bytes(SEED_SIZE),
           "loader/loader.conf": b"timeout 0\ndefault debian*\nauto-reboot no\nauto-poweroff no\n",
           "loader/entries/rescue.conf": entry("Rescue system", "rescue"), **kernel_of(made)}
    boot = {"loader/entries/debian.conf": entry("Debian GNU/Linux 12", "debian", *system.COMMANDS, "bootctl is-installed",
                                                "bootctl update --graceful"),
            "EFI/Linux/tests.efi": payloads.TABLE["uki"].make(), **kernel_of(made)}
    efi_variables.add(folder / "variables", TOKEN)
    return media.gpt_disk(folder / "disk", [(media.ESP, esp), (media.XBOOTLDR, boot)])


@LARGE
def test_in_place_of_systemd_boot():
    """bootctl prints of us what it prints of systemd-boot in the same place, no warning more; and it does not replace us."""
    outputs = []
    for name, loader, product in (("theirs", packages.read(*SYSTEMD_BOOT), r"systemd-boot 252[\w.~-]*"),
                                  ("ours", LOADER.read_bytes(), PRODUCT)):
        folder = new(f"place-{name}")
        disk = installed(folder, loader)
        with machine.Machine(arguments(folder, disk), folder) as running:
            running.wait(system.END, system.FATAL)
            report = system.report(running.console)
        assert [output.status for output in report.values()] == [0] * len(report)
        text = "".join(report[command].text for command in ("bootctl status", "bootctl list", "bootctl is-installed"))
        outputs.append(re.sub(product, "LOADER", text).splitlines())
        assert re.search(TIMES, report["systemd-analyze time"].text)
    assert [line for line in difflib.ndiff(*outputs) if line[0] in "+-"] == [
        "-                ✓ Load drop-in drivers", "+                ✗ Load drop-in drivers"]
    for file in (SYSTEMD_BOOT_FILE, media.EFI_FALLBACK):
        assert f'Skipping "/efi/{file}", since it\'s owned by another boot loader.' in report["bootctl update --graceful"].text
        assert file_of(disk, ESP, file) == LOADER.read_bytes()
    guest.tidy(RUNS / "place-theirs")
    guest.tidy(RUNS / "place-ours")


@LARGE
def test_boot_option():
    """As efibootmgr enters us: a file of our own, and the fallback application is an entry that we found."""
    folder = new("option")
    made = system.make()
    esp = {media.EFI_FALLBACK: payloads.TABLE["shell"].make(), "EFI/quadrivium/quadrivium.efi": LOADER,
           "loader/loader.conf": b"timeout 0\n", **kernel_of(made),
           "loader/entries/debian.conf": entry("Debian", "1", *system.COMMANDS, "variables")}
    disk = media.gpt_disk(folder / "disk", [(media.ESP, esp)])
    file = r"\EFI\quadrivium\quadrivium.efi"
    path = efi_variables.file_path(ESP, *media.gpt_partition(disk, ESP), media.partition_guid(disk, ESP), file)
    option = efi_variables.boot_option("Quadrivium", path)
    efi_variables.add(folder / "variables", {"Boot0099": option, "BootOrder": b"\x99\x00"}, efi_variables.GLOBAL)
    # Without QEMU's own order of boot devices, which would be the firmware's.
    with machine.Machine([part.replace(",bootindex=0", "") for part in arguments(folder, disk)], folder) as running:
        running.wait(system.END, system.FATAL)
        report = system.report(running.console)
    variables = system.variables(report["variables"].text)
    assert variables["LoaderImageIdentifier"][1] == efi_variables.text(file)
    assert efi_variables.plain(variables["LoaderEntries"][1]).split("\0") == ["debian.conf", "auto-efi-default", *COMMANDS]
    status = blocks(report["bootctl status"].text)
    assert fields(status["Current Boot Loader"])["File"] == "└─/EFI/quadrivium/quadrivium.efi"
    option = status["Boot Loaders Listed in EFI Variables"].split("\n\n")[0]
    assert fields(option) == {"Title": "Quadrivium", "ID": "0x0099", "Status": "active, boot-order",
                              "Partition": by_partuuid(disk, ESP), "File": "└─/EFI/quadrivium/quadrivium.efi"}
    guest.tidy(folder)


# From name to the file's size, what loader.conf says, whether there is a token, QEMU's arguments, whether the file changes, and
# what is warned of.
SEEDS = {
    "random-device": (SEED_SIZE, b"", False, ["-device", "virtio-rng-pci"], True, ""),
    "large": (512, b"", True, [], True, ""),
    "off": (SEED_SIZE, b"random-seed-mode off\n", True, [], False, ""),
    "short": (SEED_SIZE - 1, b"", True, [], False, "random seed: /loader/random-seed has 31 bytes, not 32 to 32768"),
}


@LARGE
@pytest.mark.parametrize("name", SEEDS)
def test_seed(name):
    """The seed's file is used and written anew if there is anything secret to mix it with, and nobody forbids it."""
    size, conf, token, extra, changes, warning = SEEDS[name]
    folder = new(f"seed-{name}")
    seed = bytes(size)
    esp = {media.EFI_FALLBACK: LOADER, SEED: seed, "loader/loader.conf": b"timeout 0\n" + conf,
           "loader/entries/debian.conf": entry("Debian", "1"), **kernel_of(system.make())}
    disk = media.gpt_disk(folder / "disk", [(media.ESP, esp)])
    if token:
        efi_variables.add(folder / "variables", TOKEN)
    _, _, console = choose(folder, [disk], *extra)
    now = file_of(disk, ESP, SEED)
    assert (now != seed, len(now)) == (changes, size)
    assert re.findall("warning: (.*)$", console, re.MULTILINE) == ([warning] if warning else [])
    guest.tidy(folder)
