# SPDX-License-Identifier: BSD-2-Clause
"""What payloads/uki.c finds in PE files that others made: unified kernel images put together with objcopy and with
quadrivium-pack, EFI applications, Debian's kernel. test_uki says it, binutils and the inputs are what it is compared
with."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("QUADRIVIUM_BUILD", "build")
READER = BUILD / "unit/test_uki"
TOOL = BUILD / "quadrivium-pack"
SYSTEMD = pathlib.Path("/usr/lib/systemd/boot/efi")
STUB = SYSTEMD / "linuxx64.efi.stub"
GRUB = pathlib.Path("/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi")
KERNEL = BUILD / "assets/vmlinuz"
PAGE = 0x1000

CONTENTS = {  # every name of UAPI.5 and of systemd-stub(7); the sizes are no multiples of anything
    ".osrel": b"ID=debian\n",
    ".cmdline": b"root=/dev/vda1 quiet",
    ".initrd": b"\x33" * 4097,
    ".ucode": b"\x44" * 515,
    ".splash": b"BM",
    ".fwauto": b"\x55" * 33,
    ".efifw": b"\x66" * 34,
    ".dtb": b"\xd0\x0d\xfe\xed" + bytes(40),
    ".dtbauto": b"\xd0\x0d\xfe\xed" + bytes(41),
    ".hwids": b"\x77" * 7,
    ".uname": b"6.1.0-18-amd64",
    ".pcrsig": b"{}\0",
    ".pcrpkey": b"-----BEGIN PUBLIC KEY-----\n",
    ".linux": b"\x11" * 0x1FE + b"\x55\xaa\x11\x11HdrS" + b"\x22" * 5001,
}
PROFILES = [(".profile", b"ID=regular\n"), (".profile", b"ID=rescue\n"), (".cmdline", b"single")]


class Found:
    """What test_uki says of a file."""

    def __init__(self, path):
        done = subprocess.run([READER, path], capture_output=True, text=True, timeout=60, check=True)
        image = path.read_bytes()
        fields = dict(re.findall(r"^(size|efi-x64|uki|unknown|error) (.*)$", done.stdout, re.M))
        assert "error" not in fields, fields
        self.size = int(fields["size"])
        self.efi = fields["efi-x64"] == "1"
        self.uki = fields["uki"] == "1"
        self.unknown = fields["unknown"].strip()
        sections = re.findall(r"^section (\S+) (\d+) (\d+) (\d+)$", done.stdout, re.M)
        self.sections = [(name, int(profile), image[int(at) : int(at) + int(size)])
                         for name, profile, at, size in sections]


def files(folder, contents):
    for number, (name, data) in enumerate(contents):
        path = folder / f"{number}{name}"
        path.write_bytes(data)
        yield name, path


@pytest.fixture
def stub():
    if not STUB.exists():
        pytest.skip(f"no {STUB} (package systemd-boot-efi)")
    return STUB


def objcopy(stub, folder, contents, output):
    """As systemd-stub(7) had it before there was ukify: each section behind the last one, by its address."""
    listing = subprocess.run(["objdump", "-h", stub], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines() if re.match(r" +\d+ \.", line)]
    address = max(int(row[2], 16) + int(row[3], 16) for row in rows)
    command = ["objcopy"]
    for name, path in files(folder, contents):
        address += -address % PAGE
        command += ["--add-section", f"{name}={path}", "--change-section-vma", f"{name}={address:#x}"]
        address += path.stat().st_size
    subprocess.run([*command, stub, output], check=True, capture_output=True)
    return Found(output)


def test_made_with_objcopy(stub, tmp_path):
    wanted = {name: CONTENTS[name] for name in (".osrel", ".uname", ".cmdline", ".initrd", ".linux")}
    output = tmp_path / "linux.efi"
    found = objcopy(stub, tmp_path, wanted.items(), output)
    assert found.efi and found.uki and found.unknown == "0"
    assert found.size == output.stat().st_size
    assert [name for name, _, _ in found.sections] == [".sbat", *wanted]
    for name, profile, content in found.sections[1:]:
        assert (profile, content) == (0, wanted[name])


def test_foreign_sections_are_named(stub, tmp_path):
    contents = [(".linux", CONTENTS[".linux"]), (".mine", b"1"), (".too", b"2")]
    found = objcopy(stub, tmp_path, contents, tmp_path / "linux.efi")
    assert found.uki and found.unknown == "2 .mine"


def test_packed_image_is_one(tmp_path):
    """quadrivium-pack takes every name that a unified kernel image can have, and what it makes is one."""
    wanted = [*CONTENTS.items(), *PROFILES]
    output = tmp_path / "linux.efi"
    arguments = [f"--section={name}:{path}" for name, path in files(tmp_path, wanted)]
    subprocess.run([TOOL, f"--image={BUILD}/quadrivium.efi", *arguments, f"--output={output}"], check=True)
    found = Found(output)
    assert found.efi and found.uki and found.unknown == "0"
    assert found.size == output.stat().st_size
    numbers = [0] * len(CONTENTS) + [1, 2, 2]
    ours = [section for section in found.sections if section[0] != ".sbat"]
    assert ours == [(name, number, content) for number, (name, content) in zip(numbers, wanted)]


@pytest.mark.parametrize("path", [STUB, SYSTEMD / "systemd-bootx64.efi", GRUB, KERNEL, BUILD / "quadrivium.efi"],
                         ids=lambda path: path.name)
def test_other_applications(path, tmp_path):
    if not path.exists():
        pytest.skip(f"no {path}")
    found = Found(path)
    assert found.efi and not found.uki and not found.sections
    assert found.unknown == "0"
    assert found.size == path.stat().st_size
    followed = tmp_path / "followed"
    followed.write_bytes(path.read_bytes() + b"070701" * 1000)
    assert Found(followed).size == found.size
