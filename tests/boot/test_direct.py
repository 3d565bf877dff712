# SPDX-License-Identifier: BSD-2-Clause
"""The direct start: the loader unpacks the bzImage (qv.unpack=loader), and the kernel cannot tell. What it was given is the same,
and its addresses are left to chance from the same ranges.

The guest's /init says where the kernel lies before it reports as ever.
"""

import hashlib
import os
import re

import pytest

import assets
import cases
import cpio
import doors
import exits
import guest
import machine
import media
import payloads
import secure

RUNS = cases.RUNS / "direct"
MIB = 1 << 20
ALIGNMENT = 2 * MIB                         # CONFIG_PHYSICAL_ALIGN
LINKED = 16 * MIB                           # LOAD_PHYSICAL_ADDR
KERNEL_MAP, IMAGE_SIZE = 0xFFFFFFFF80000000, 1 << 30    # __START_KERNEL_map, KERNEL_IMAGE_SIZE
CODE_MAX = 64 * MIB                         # more than the kernel has
MEMTOTAL = 64                               # KiB
OWN = f"{doors.GUEST} loglevel=4 qvtest.own=1"
UNPACK = {who: f"qv.unpack={who}" for who in ("kernel", "loader")}
WARNING = re.compile(r"^quadrivium: warning: (.*)$", re.MULTILINE)
WHERE = b"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
dmesg -n 1
while read -r address kind name; do
    case $name in _text) printf 'GUEST text=%s\\n' "$address"; break;; esac
done </proc/kallsyms
while read -r range colon what; do
    case $what in 'Kernel code') printf 'GUEST code=%s\\n' "${range%-*}"; break;; esac
done </proc/iomem
mount -t sysfs sysfs /sys
boot=/sys/kernel/boot_params
screen=$(dd if=$boot/data bs=64 count=1 2>/dev/null | sha256sum)
printf 'GUEST screen=%s\n' "${screen%% *}"
secure=$(dd if=$boot/data bs=1 skip=492 count=1 2>/dev/null | sha256sum)
printf 'GUEST secure=%s\n' "${secure%% *}"
for data in $boot/setup_data/*; do
    [ -f $data/type ] || continue
    read -r type <$data/type
    case $type in 0x3) rom=$(sha256sum $data/data); printf 'GUEST rom.%s\n' "${rom%% *}=1";; esac
done
umount /sys
umount /proc
exec /report
"""


SLOW = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")


def slow(value):
    """A parameter for which a test takes long."""
    return pytest.param(value, marks=SLOW)


@pytest.fixture(scope="module")
def initrds(made):
    """Debian's guest, with another /init in front of its own."""
    RUNS.mkdir(parents=True, exist_ok=True)
    path = RUNS / "where.cpio"
    partial = path.with_name(f"{os.getpid()}.cpio")
    partial.write_bytes(cpio.archive({"init": WHERE, "report": (assets.HERE / "init").read_bytes()}))
    partial.rename(path)
    return [*made.initrds[:1], path]


def start(name, image, words, memory="512", cpu="max", door="pvh-q35"):
    """The machine that starts the packed IMAGE through the door. Where the door has no words they are packed already."""
    chosen = doors.DOORS[door]
    job = doors.Job(image, RUNS / name, f"{words} qvtest.auto" if chosen.words else "")
    return machine.Machine(chosen.arguments(job, memory, 1, cpu), job.folder)


def report(name, image, words, *, warning=None, **machine_of):
    """The guest's Report; that the loader warned of this, or of nothing."""
    with start(name, image, words, **machine_of) as running:
        running.wait(guest.END, guest.FATAL)
        warned = WARNING.findall(machine.printable(running.console))
        assert len(warned) == (1 if warning else 0) and re.search(warning or "", " ".join(warned)), warned
        return guest.parse(running.console)


def addresses(given):
    """Where a Report says that the kernel lies: its virtual and its physical address, checked."""
    virtual, physical = int(given.values["text"], 16) - KERNEL_MAP, int(given.values["code"], 16)
    assert virtual % ALIGNMENT == 0 and LINKED <= virtual < IMAGE_SIZE - CODE_MAX // 2
    assert physical % ALIGNMENT == 0 and physical >= LINKED
    return virtual, physical


def same(one, other):
    """That two reports say the same but for the addresses; what the kernel needs to run depends a little on these."""
    values = [{key: value for key, value in each.values.items() if key not in ("text", "code", "memtotal")}
              for each in (one, other)]
    assert values[0] == values[1]
    assert abs(int(one.values["memtotal"]) - int(other.values["memtotal"])) <= MEMTOTAL
    assert one.memmap == other.memmap and one.blobs == other.blobs and one.acpi == other.acpi


@pytest.mark.parametrize("door", ["pvh-q35", slow("multiboot2-bios"), slow("linux16"), "efi-kernel"])
def test_the_same(door, made, initrds, record_property):
    """Whoever unpacks it, the kernel gets the same command line, memory map, initrd, tables and firmware."""
    record_property("door", door)
    image = cases.packed(doors.DOORS[door].image, made.vmlinuz, initrds, OWN)
    reports = [report(f"same/{door}-{who}", image, f"qv.exit=linux64 {word}", door=door) for who, word in UNPACK.items()]
    same(*reports)
    for given in reports:
        addresses(given)


def by_exit(name, image, word, exit, door="efi-kernel"):
    """The guest's Report through an EFI door, where the loader chose this EXIT."""
    with start(name, image, word, door=door) as running:
        running.wait(guest.END, guest.FATAL)
        assert re.search(rf"^quadrivium \S+: \S+ to {exit}:", running.console, re.MULTILINE), running.console
        assert not WARNING.search(machine.printable(running.console))
        return guest.parse(running.console)


@pytest.mark.parametrize("door", ["efi-kernel", slow("multiboot2-efi"), slow("efi-handover")])
def test_past_the_stub(door, made, initrds, record_property):
    """Where nobody names an exit, a kernel that we unpack is entered past its EFI stub, and has all that this would give it."""
    record_property("door", door)
    image = cases.packed(doors.DOORS[door].image, made.vmlinuz, initrds, OWN)
    stub, past = (by_exit(f"past/{door}-{who}", image, UNPACK[who], exit, door)
                  for who, exit in (("kernel", "efi"), ("loader", "linux64")))
    for given in (stub, past):
        addresses(given)
        assert given.values["efi"] == "64" and given.values["efi.variables"] == "work"
        assert any(key.startswith("rom.") for key in given.values)
    for values in (stub.values, past.values):
        for key in ("text", "code", "memtotal"):
            del values[key]
    assert stub.values == past.values and stub.blobs == past.blobs and stub.acpi == past.acpi
    assert abs(stub.ram_size - past.ram_size) <= MIB


@SLOW
def test_kaslr_past_the_stub(made, initrds, record_property):
    record_property("door", "efi-kernel")
    image = cases.packed("efi", made.vmlinuz, initrds, OWN)
    seen = [addresses(by_exit(f"past/{boot}", image, UNPACK["loader"], "linux64")) for boot in range(3)]
    assert len({virtual for virtual, _ in seen}) > 1 and len({physical for _, physical in seen}) > 1, seen


@SLOW
def test_secure_boot(made, initrds, tmp_path, record_property):
    """What the firmware has to verify it starts, by its stub, whoever should unpack it."""
    record_property("door", "efi")
    key = secure.make_key(tmp_path / "keys", "owner")
    entry = f"linux /signed\ninitrd /first\ninitrd /where\noptions {OWN} qvtest.auto {UNPACK['loader']}\n"
    disk = media.gpt_disk(tmp_path / "disk", [(media.ESP, {
        media.EFI_FALLBACK: key.sign(assets.BUILD / "quadrivium.efi", tmp_path / "loader"),
        "signed": key.sign(made.vmlinuz, tmp_path / "signed"), "first": initrds[0], "where": initrds[1],
        "loader/entries/linux.conf": entry.encode()})])
    drive = ["-drive", f"id=disk,if=none,format=raw,snapshot=on,file={disk}", "-device", "ide-hd,drive=disk"]
    variables = secure.enroll(tmp_path / "variables", key)
    with machine.Machine([*secure.MACHINE, *secure.flash(variables), *drive], RUNS / "secure") as running:
        running.wait(guest.END, guest.FATAL)
        assert re.search(r"^quadrivium \S+: efi to efi:", running.console, re.MULTILINE), running.console
        warned = WARNING.findall(machine.printable(running.console))
        assert warned == ["the kernel unpacks itself: only the firmware may start what it has not verified, not linux64"]
        assert guest.parse(running.console).values["secure"] == hashlib.sha256(b"\3").hexdigest()     # lockdown depends on it


def test_nokaslr(made, initrds, record_property):
    """Without KASLR the addresses are the same, too."""
    record_property("door", "pvh-q35")
    image = cases.packed("elf", made.vmlinuz, initrds, OWN)
    reports = [report(f"nokaslr/{who}", image, f"{word} nokaslr") for who, word in UNPACK.items()]
    same(*reports)
    assert addresses(reports[0]) == addresses(reports[1]) == (LINKED, LINKED)


@pytest.mark.parametrize("cpu", ["max", slow("qemu64")])
def test_kaslr(cpu, made, initrds, record_property):
    """Each boot has other addresses, both of them, with RDRAND and without; and with them a kernel that knows."""
    record_property("door", "pvh-q35")
    image = cases.packed("elf", made.vmlinuz, initrds, OWN)
    seen = [addresses(report(f"kaslr/{cpu}-{boot}", image, UNPACK["loader"], cpu=cpu)) for boot in range(3)]
    assert len({virtual for virtual, _ in seen}) > 1 and len({physical for _, physical in seen}) > 1, seen
    assert {virtual for virtual, _ in seen} != {physical for _, physical in seen}, seen


def test_levels(made, initrds, record_property):
    """The unpacker would have turned 5 levels of page tables on."""
    record_property("door", "pvh-q35")
    image = cases.packed("elf", made.vmlinuz, initrds, OWN)
    for words, cpu, la57 in (("", "max", "1"), ("no5lvl", "max", "0"), ("", exits.DEFAULT_CPU, "0")):
        given = report(f"levels/{la57}-{cpu.replace(',', '_')}", image, f"{UNPACK['loader']} {words}", cpu=cpu)
        assert given.values["la57"] == la57


@SLOW
def test_above_4_gib(made, initrds, record_property):
    """Where most memory is above 4 GiB, most kernels lie there: one of a few does."""
    record_property("door", "pvh-q35")
    image = cases.packed("elf", made.vmlinuz, initrds, OWN)
    seen = []
    for boot in range(6):
        seen.append(addresses(report(f"above/{boot}", image, UNPACK["loader"], memory="8G"))[1])
        if seen[-1] >= 4 << 30:
            return
    pytest.fail(f"none of {[hex(address) for address in seen]}")


def test_tight(made, initrds, record_property):
    """In 128 MiB it is as much as there is: where it is too much, the kernel does it, and in any case it boots."""
    record_property("door", "pvh-q35")
    image = cases.packed("elf", made.vmlinuz, initrds, OWN)
    with start("tight", image, UNPACK["loader"], memory="128") as running:
        running.wait(guest.END, guest.FATAL)
        warned = WARNING.findall(machine.printable(running.console))
        assert len(warned) <= 1 and all(text.startswith("the kernel unpacks itself: ") for text in warned), warned


# Kernels in other packings: as Debian has them, and as quadrivium-pack makes them.
FORMS = {"cloud": (), "zstd": ("--recompress=zstd",), "lz4": ("--recompress=lz4",), "none": ("--recompress=none",)}


@pytest.mark.parametrize("form", [slow(form) if form == "lz4" else form for form in FORMS])
def test_forms(form, made, initrds, record_property):
    record_property("door", "pvh-q35")
    kernel = payloads.TABLE["cloud"].make() if form == "cloud" else made.vmlinuz
    image = RUNS / f"{form}.elf"
    cases.run_pack(f"--linux={kernel}", *(f"--initrd={path}" for path in initrds), f"--cmdline={OWN}", *FORMS[form],
                   f"--output={image}")
    given = report(f"forms/{form}", image, UNPACK["loader"] if form == "cloud" else "")
    image.unlink()
    addresses(given)
    same(given, report(f"forms/{form}-kernel", cases.packed("elf", kernel, initrds, OWN), ""))


# What only the kernel's own unpacker does, and what the loader says of it.
LEFT = {
    "memory": ("mem=400M", {}, r"mem=400M is for its own unpacker"),
    "exit": ("qv.exit=linux32", {}, r"only the exit linux64 .* not linux32"),
    "dictionary": ("nokaslr", {"memory": "112"}, r"there is no memory to unpack its xz stream with"),
    "efi": ("qv.exit=efi", {"door": "efi-kernel"}, r"only the exit linux64 .* not efi"),
    "screen": ("video=efifb:auto", {"door": "efi-kernel"}, r"video=efifb:auto is for its EFI stub"),
}


@pytest.mark.parametrize("name", LEFT)
def test_left_to_the_kernel(name, made, initrds, record_property):
    words, machine_of, why = LEFT[name]
    door = machine_of.get("door", "pvh-q35")
    record_property("door", door)
    image = cases.packed(doors.DOORS[door].image, made.vmlinuz, initrds, OWN)
    addresses(report(f"left/{name}", image, f"{UNPACK['loader']} {words}", warning=f"^the kernel unpacks itself: {why}",
                     **machine_of))


def broken(made, change):
    """The bytes of the kernel with what is packed in it changed."""
    data = bytearray(made.vmlinuz.read_bytes())
    start = (data[0x1F1] + 1) * 512 + int.from_bytes(data[0x248:0x24C], "little")
    change(data, start, int.from_bytes(data[0x24C:0x250], "little"))
    return bytes(data)


def corrupt(data, start, size):
    data[start + size // 2:start + size // 2 + 64] = bytes(64)


def shortened(data, start, size):
    data[start + size // 2 - 4:start + size // 2] = data[start + size - 4:start + size]     # how much it unpacks to
    data[0x24C:0x250] = (size // 2).to_bytes(4, "little")


BROKEN = {"corrupt": (corrupt, "its data is corrupt"), "shortened": (shortened, "is truncated after")}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name, made, record_property):
    """One line, and nothing is started."""
    record_property("door", "pvh-q35")
    kernel = RUNS / f"{name}.kernel"
    kernel.parent.mkdir(parents=True, exist_ok=True)
    change, why = BROKEN[name]
    kernel.write_bytes(broken(made, change))
    image = cases.packed("elf", kernel, made.initrds[:1], OWN)
    with start(f"broken/{name}", image, UNPACK["loader"]) as running:
        running.wait(rf"^quadrivium: error: payload: its xz stream .*{why}.*\n", guest.END)
        assert len(re.findall("quadrivium: error", running.console)) == 1


def test_only_by_linux64(made, record_property):
    """A kernel that was packed again has no other way to be started."""
    record_property("door", "pvh-q35")
    image = RUNS / "only.elf"
    image.parent.mkdir(parents=True, exist_ok=True)
    cases.run_pack(f"--linux={made.vmlinuz}", f"--cmdline={OWN}", "--recompress=none", f"--output={image}")
    with start("only", image, "qv.exit=linux32") as running:
        running.wait(r"^quadrivium: error: kernel: it was packed again, .*\n", guest.END)
    image.unlink()
