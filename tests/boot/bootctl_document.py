# SPDX-License-Identifier: BSD-2-Clause
"""Writes docs/bootctl.md: what a Debian system printed of the loader that had started it, and the variables between both."""

import re
from pathlib import Path

import efi_variables

DOCUMENT = Path(__file__).parents[2] / "docs/bootctl.md"
VARIES = "…"
GLOBAL = "global: "             # marks a variable that is not the Boot Loader Interface's

HEAD = """\
# Quadrivium in systemd-boot's place

`quadrivium.efi` reads what systemd-boot reads and tells the system what systemd-boot tells it, so it can take its place. Two things
it leaves to systemd-boot: to load drivers from `EFI/systemd/drivers`, and to enrol keys for Secure Boot. Written by `make docs` from
what Debian 12, with systemd 252, printed in tests/boot/test_loader_interface.py; `…` stands for what is another at each boot.

Copy it to where the firmware looks when nothing else is said:

    mkdir -p /efi/EFI/BOOT
    cp quadrivium.efi /efi/EFI/BOOT/BOOTX64.EFI

or give it a boot option of its own:

    mkdir -p /efi/EFI/quadrivium
    cp quadrivium.efi /efi/EFI/quadrivium/
    efibootmgr --create --disk /dev/sda --part 1 --label Quadrivium --loader '\\EFI\\quadrivium\\quadrivium.efi'

Nothing else changes. Entries and kernels stay where the Boot Loader Specification has them, on the ESP and on XBOOTLDR, so
`kernel-install` goes on to write them as before. `loader/loader.conf` and `loader/random-seed` are read; `bootctl set-default`,
`set-oneshot`, `set-timeout` and `set-timeout-oneshot` are obeyed, and `systemctl reboot --boot-loader-entry=` and
`--boot-loader-menu=`, which set the same variables; tries are counted, and `systemd-bless-boot` ends that. The file may have the
name of systemd-boot's own, `EFI/systemd/systemd-bootx64.efi`: `bootctl update` sees that it is another loader's, and leaves it alone.
"""

OUTPUTS = """
## What the system prints

The machine has one disk with an ESP and an XBOOTLDR partition, and another disk with an ESP, which bootctl does not look at.
Its first line says only that nothing is in `EFI/systemd`.
"""

VARIABLES = """
## The variables

Those of the [Boot Loader Interface](https://systemd.io/BOOT_LOADER_INTERFACE), and two of UEFI. *this boot*: gone with the next
reset. Where a kernel is packed into `quadrivium.efi` and another loader starts that file, as it starts a UKI, they are that loader's.

| variable | we | what | here |
|---|---|---|---|
"""

WRITTEN = "write, this boot"
TABLE = {
    "LoaderInfo": (WRITTEN, "name and version"),
    "LoaderFeatures": (WRITTEN, "what we can do; bootctl lists the bits that it knows"),
    "LoaderFirmwareInfo": (WRITTEN, "the firmware's vendor and revision"),
    "LoaderFirmwareType": (WRITTEN, "the revision of UEFI"),
    "LoaderImageIdentifier": (WRITTEN, "our file"),
    "LoaderDevicePartUUID": (WRITTEN, "the partition that it is on"),
    "LoaderTimeInitUSec": (WRITTEN, "when we began, in microseconds since power on"),
    "LoaderTimeExecUSec": (WRITTEN, "when the kernel was entered"),
    "LoaderEntries": (WRITTEN, "the ids of all entries, in the order of the menu"),
    "LoaderEntrySelected": (WRITTEN, "the entry that was started"),
    "LoaderBootCountPath": (WRITTEN, "where tries are counted: the file of the entry"),
    "LoaderEntryLastBooted": ("write and read", "the entry that was started last, which `@saved` stands for"),
    "LoaderEntryDefault": ("read; the menu's `d` writes it", "the default, whatever loader.conf says: `bootctl set-default`"),
    "LoaderEntryOneShot": ("read and remove", "the entry of the next boot only: `bootctl set-oneshot`"),
    "LoaderConfigTimeout": ("read", "the menu's seconds, whatever loader.conf says: `bootctl set-timeout`"),
    "LoaderConfigTimeoutOneShot": ("read and remove", "the same for one boot, which has the menu: `bootctl set-timeout-oneshot`"),
    "LoaderSystemToken": ("read", "a secret of the machine, which goes into the seed of the kernel's random numbers, with "
                          "`loader/random-seed`, which is then written anew: `bootctl random-seed`"),
    "LoaderRandomSeed": (WRITTEN, "with a token: a seed for systemd before 253; the kernel gets another, in a table of EFI's"),
    f"{GLOBAL}OsIndicationsSupported": ("read", "whether the firmware can be asked for its set-up"),
    f"{GLOBAL}OsIndications": ("write, on the menu's request", "asks for it"),
}


def shown(name, value):
    """The VALUE of a variable as a person reads it."""
    if "Time" in name:
        return VARIES
    if name == "LoaderFeatures":
        return f"{int.from_bytes(value, 'little'):#x}"
    return "<br>".join(f"`{text}`" for text in efi_variables.plain(value).split("\0"))


def printed(command, text):
    """What a COMMAND printed, as a block of Markdown."""
    # What tells the guest to run these commands is in its command line.
    text = re.sub(r" qvtest\.run=\S+", "", text)
    if command.startswith("systemd-analyze"):
        text = re.sub(r"\b[\d.]+(ms|s)\b", VARIES, text)
    lines = [f"# {command}", *(line.rstrip() for line in text.strip("\n").splitlines())]
    return "\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def write(outputs, variables):
    """Writes the document. OUTPUTS: from command to text; VARIABLES: as system.variables has them."""
    rows = []
    for name, (how, what) in TABLE.items():
        here = shown(name, variables[name][1]) if name in variables else ""
        rows.append(f"| {name.removeprefix(GLOBAL)} | {how} | {what} | {here} |\n")
    assert {*variables} <= {*TABLE}
    DOCUMENT.write_text(HEAD + OUTPUTS + "".join(printed(*output) for output in outputs.items()) + VARIABLES + "".join(rows))
