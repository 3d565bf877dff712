# SPDX-License-Identifier: BSD-2-Clause
"""Virtio disks: by PCI and by memory, old and new, behind bridges, through several doors, and disks that go wrong.

The boot tree is on the second disk, in a partition; the first one is empty. Its kernel is a conformance payload, which prints its
command line, but where Linux itself is to say how it calls the disks.
"""

import dataclasses
import os
import re

import pytest

import assets
import cases
import conformance
import doors
import exits
import guest_disk
import machine
import media
import menus

RUNS = cases.RUNS / "virtio" / os.environ.get("PYTEST_XDIST_WORKER", "alone")      # whose disks are shared by tests
MIB = 1 << 20
WORDS = "qv.console=com1 qv.onerror=reboot given=1"
ERROR = r"quadrivium: error: (.*)\n"
WARNING = re.compile(r"^quadrivium: warning: (.*)$", re.MULTILINE)
FATAL = "quadrivium: error: .*|!!!! X64 Exception"
ROOT_PORT = ("-device", "pcie-root-port,id=behind,slot=1")
BRIDGES = (*ROOT_PORT, "-device", "pcie-pci-bridge,id=outer,bus=behind",
           "-device", "pci-bridge,id=inner,bus=outer,addr=2,chassis_nr=2")
# For which there is no room below 4 GiB; SeaBIOS then puts everything that can be above it there.
LARGE_BAR = ("-object", "memory-backend-ram,id=shared,size=4G,share=on", "-device", "ivshmem-plain,memdev=shared")
MICROVM_WORDS = "microvm,acpi=off,auto-kernel-cmdline=on"
MODERN = ("-global", "virtio-mmio.force-legacy=false")


@dataclasses.dataclass(frozen=True)
class Row:
    """A machine: a door, another machine than its own, further arguments, and a device for each of the two disks."""
    door: str
    devices: tuple
    machine: str = ""
    arguments: tuple = ()
    partition: str = "vdb1"             # where we find the tree


def pci(options="", second=None):
    return (f"virtio-blk-pci{options}", f"virtio-blk-pci{options if second is None else second}")


MMIO = ("virtio-blk-device", "virtio-blk-device")
ROWS = {
    "q35": Row("pvh-q35", pci()),
    "q35-legacy": Row("pvh-q35", pci(",disable-modern=on")),
    "q35-modern": Row("pvh-q35", pci(",disable-legacy=on")),
    "pc": Row("pvh-pc", pci()),
    "pc-both": Row("pvh-pc", pci(",disable-legacy=on", ",disable-modern=on")),
    "root-port": Row("pvh-q35", pci("", ",bus=behind"), arguments=ROOT_PORT),
    "bridges": Row("pvh-q35", pci(",bus=outer,addr=3", ",bus=inner,addr=4"), arguments=BRIDGES),
    "above-4-gib": Row("pvh-q35", pci(), arguments=LARGE_BAR),
    "segments": Row("pvh-q35", pci(",seg-max-adjust=off,queue-size=8")),
    "blocks": Row("pvh-q35", pci(",logical_block_size=4096,physical_block_size=4096", "")),
    # What we do not take is offered, and what we do not need is there.
    "iommu": Row("pvh-q35", pci(",packed=on,iommu_platform=on,disable-legacy=on,num-queues=4"),
                 arguments=("-device", "intel-iommu")),
    "microvm": Row("pvh-microvm", MMIO),
    "microvm-modern": Row("pvh-microvm", MMIO, arguments=MODERN),
    "microvm-words": Row("pvh-microvm", MMIO, machine=MICROVM_WORDS),
    "microvm-words-modern": Row("pvh-microvm", MMIO, machine=MICROVM_WORDS, arguments=MODERN),
    "multiboot2-bios": Row("multiboot2-bios", pci()),
    "linux16": Row("linux16", pci()),
    "linux32-efi": Row("linux32-efi", pci()),           # the firmware had them before
    # The firmware shows us no file system on a partition that is no ESP: we read its disks.
    "efi": Row("efi-kernel", pci(), partition="disk1p1"),
    "efi-ahci": Row("efi-kernel", ("ide-hd,bus=ide.0", "ide-hd,bus=ide.1"), partition="disk1p1"),
}


def start(name, row, disks, words=WORDS):
    """The machine.Machine of a Row, not yet started. DISKS are arguments of -drive, less what is the same for all."""
    chosen = doors.find(row.door)
    chosen = dataclasses.replace(chosen, machine=row.machine or chosen.machine)
    job = doors.Job(assets.BUILD / f"quadrivium.{chosen.image}", RUNS / name, words)
    drives = [argument for number, (disk, device) in enumerate(zip(disks, row.devices))
              for argument in ("-drive", f"if=none,id=d{number},{disk}", "-device", f"{device},drive=d{number},id=v{number}")]
    return machine.Machine([*chosen.arguments(job, "512", 1, exits.DEFAULT_CPU), *row.arguments, *drives], job.folder)


LARGE_BLOCKS = Row("pvh-q35", pci(",logical_block_size=4096,physical_block_size=4096"))
CDROM = Row("efi-kernel", ("ide-hd,bus=ide.0", "ide-cd,bus=ide.1"))


def virtio_address(running):
    """Where the registers of the second disk are."""
    devices = [device for bus in running.qmp({"execute": "query-pci"})["return"] for device in bus["devices"]]
    regions = next(device["regions"] for device in devices if device["qdev_id"] == "v1")
    return next(region["address"] for region in regions if region["bar"] == 4)


def raw(path):
    return f"format=raw,snapshot=on,file={path}"


@pytest.fixture(scope="module")
def disks():
    """An empty disk, and one with a boot tree in a partition that is no ESP: one entry, with a large file as its initrd."""
    RUNS.mkdir(parents=True, exist_ok=True)
    empty = RUNS / "empty.img"
    with open(empty, "wb") as file:
        file.truncate(2 * MIB)
    files = menus.files({"tree": menus.entry("On a disk", "own=1")})
    return raw(empty), raw(media.disk(RUNS / "tree.img", files))


@pytest.mark.parametrize("name", ROWS)
def test_boots(name, disks, record_property):
    """What is on the second disk is found and started, with the command line that both gave; nothing is warned of."""
    row = ROWS[name]
    record_property("door", row.door)
    with start(name, row, disks) as running:
        words = running.wait(menus.STARTED, FATAL)[1]
        assert re.fullmatch(r"own=1 (.* )?given=1( virtio_mmio\.device=\S+)*", words), words
        assert bool(re.search("virtio_mmio", words)) == (row.machine == MICROVM_WORDS), words
        said = WARNING.findall(machine.printable(running.console))
        assert not said, said
        if row.arguments == LARGE_BAR:
            assert virtio_address(running) > 1 << 32
        assert re.search(rf"^quadrivium .*\({row.partition} ", machine.printable(running.console), re.MULTILINE), running.console


def test_large_blocks(disks):
    """Blocks of 4 KiB, on which the file system's own are smaller, so that files begin and end within them."""
    tree = media.fat(RUNS / "blocks.img", menus.files({"tree": menus.entry("On a disk", "own=1")}))
    with start("large-blocks", LARGE_BLOCKS, (disks[0], raw(tree))) as running:
        running.wait(menus.STARTED, FATAL)
        assert re.search(r"^quadrivium .*\(vdb ", machine.printable(running.console), re.MULTILINE), running.console


def test_cdrom(disks, record_property):
    """A CD-ROM of which the firmware knows no file system: its blocks have 2 KiB."""
    record_property("door", CDROM.door)
    tree = media.iso(RUNS / "tree.iso", menus.files({"tree": menus.entry("On a disk", "own=1")}))
    with start("cdrom", CDROM, (disks[0], f"format=raw,media=cdrom,readonly=on,file={tree}")) as running:
        running.wait(menus.STARTED, FATAL)
        assert re.search(r"^quadrivium .*\(disk1 ", machine.printable(running.console), re.MULTILINE), running.console


# ---- how it is read ----

LARGE = 64 * MIB


@pytest.fixture(scope="module")
def large(disks):
    """A disk with an entry that has an initrd of LARGE bytes."""
    files = menus.files({"large": menus.entry("Large", "own=1", initrd="/large.img")})
    return raw(media.fat(RUNS / "large.img", files | {"large.img": bytes(LARGE)}))


@pytest.mark.parametrize("name", ["q35", "q35-legacy", "microvm", "microvm-modern"])
def test_large_requests(name, large, record_property):
    """A large file comes by requests of a MiB, straight to where it stays, and nothing is read twice."""
    record_property("door", ROWS[name].door)
    with start(f"large-{name}", ROWS[name], (large,)) as running:
        running.wait(menus.STARTED, FATAL)
        devices = running.qmp({"execute": "query-blockstats"})["return"]
    seen = next(device["stats"] for device in devices if device["device"] == "d0")
    assert LARGE <= seen["rd_bytes"] < LARGE + 2 * MIB
    assert seen["rd_operations"] < LARGE // MIB + 32


# ---- names ----

NAMES = {
    "q35": dataclasses.replace(ROWS["q35"], devices=(*pci(), "virtio-blk-pci")),
    "bridges": dataclasses.replace(ROWS["bridges"], devices=(*ROWS["bridges"].devices, "virtio-blk-pci")),
    # With words instead of ACPI, Debian's kernel finds none: it is built without them.
    "microvm": dataclasses.replace(ROWS["microvm"], devices=(*MMIO, "virtio-blk-device")),
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name, disks, record_property):
    """A disk is called what Linux will call it: the one with the tree is the one of its size."""
    row, system = NAMES[name], guest_disk.make("gpt")
    record_property("door", row.door)
    options = f"root=UUID={system.root} ro {doors.GUEST} {doors.find(row.door).needs} loglevel=4 qvtest.auto"
    tree = media.fat(RUNS / f"names-{name}.img", menus.files({"system": menus.entry("The system", options, initrd="/initrd")},
                                                             kernel=system.vmlinux) | {"initrd": system.initrd})
    with start(f"names-{name}", row, (disks[0], raw(tree), raw(system.images[0]))) as running:
        running.wait(guest_disk.END, f"{FATAL}|{guest_disk.FATAL}")
        console = machine.printable(running.console)
    report = guest_disk.report(console)
    ours = re.search(r"^quadrivium .*\((vd.) ", console, re.MULTILINE)[1]
    theirs = [key.removeprefix("disk.") for key, sectors in report.items()
              if key.startswith("disk.vd") and int(sectors) == tree.stat().st_size // media.SECTOR]
    assert [ours] == theirs, report
    assert report["write"] == "written", report


# ---- what goes wrong ----

def refused(running, *errors):
    """Waits for the error, which is one of these, and the end; returns all warnings."""
    running.wait_for_end(timeout=60)
    console = machine.printable(running.console) + "\n"
    said = re.findall(ERROR, console, re.MULTILINE)
    assert len(said) == 1 and any(re.fullmatch(error, said[0]) for error in errors), console
    assert not re.search(menus.STARTED, console, re.MULTILINE), console
    return WARNING.findall(console)


def cut(path, size):
    """A copy of a disk that ends after SIZE bytes."""
    copy = path.with_suffix(".cut")
    copy.write_bytes(path.read_bytes()[:size])
    return raw(copy)


def test_too_small(disks):
    """The disk ends before the file system does, and before the partition does."""
    whole = media.fat(RUNS / "whole.img", menus.files({"tree": menus.entry("On a disk")}))
    with start("too-small", ROWS["q35"], (disks[0], cut(whole, 4 * MIB))) as running:
        warnings = refused(running, "payload: .*no disk has any")
    assert len(warnings) == 1 and re.fullmatch("vdb: .*", warnings[0]), warnings
    with start("too-small-partition", ROWS["q35"], (disks[0], cut(RUNS / "tree.img", 4 * MIB))) as running:
        refused(running, "payload: .*no disk has any")


BROKEN = "format=raw,snapshot=on,file.driver=blkdebug,file.image.driver=file,file.image.filename={path}"


def broken(path, sector=None):
    """A disk of which a sector cannot be read, or, without one, all of it from now on."""
    where = "" if sector is None else f",file.inject-error.0.sector={sector}"
    return f"{BROKEN.format(path=path)},file.inject-error.0.event=read_aio{where}".replace("snapshot=on,", "readonly=on,")


def sector_of(path, content):
    """Where some bytes are on a disk."""
    at = path.read_bytes().index(content)
    assert at % media.SECTOR == 0
    return at // media.SECTOR


def test_unreadable_efi(disks, record_property):
    """A sector of the kernel cannot be read, by the firmware."""
    record_property("door", ROWS["efi"].door)
    sector = sector_of(RUNS / "tree.img", menus.KERNEL.read_bytes()[:media.SECTOR])
    with start("unreadable-efi", ROWS["efi"], (disks[0], broken(RUNS / "tree.img", sector))) as running:
        refused(running, r".*the firmware could not read \d+ bytes at block \d+ \(status 0x8000000000000007\)")


@pytest.mark.parametrize("name", ["q35", "q35-legacy", "microvm"])
def test_unreadable(name, disks, record_property):
    """A sector of the kernel cannot be read; then nothing can."""
    record_property("door", ROWS[name].door)
    tree = RUNS / "tree.img"
    sector = sector_of(tree, menus.KERNEL.read_bytes()[:media.SECTOR])
    with start(f"unreadable-{name}", ROWS[name], (disks[0], broken(tree, sector))) as running:
        refused(running, r".*the device could not read \d+ bytes at sector \d+ \(status 1\)")
    with start(f"unreadable-all-{name}", ROWS[name], (disks[0], broken(tree))) as running:
        warnings = refused(running, "payload: .*no disk has any")
    assert len(warnings) == 1 and re.fullmatch(r"vdb: .*the device could not read .*", warnings[0]), warnings


def test_pulled_out(disks):
    """The disk goes while the menu is shown."""
    entries = {"tree": menus.entry("On a disk", sort_key="1"), "other": menus.entry("Another")}
    tree = media.fat(RUNS / "menu.img", menus.files(entries, "timeout 60\n"))
    with start("pulled-out", ROWS["q35"], (disks[0], raw(tree))) as running:
        menu = menus.Menu(running)
        menu.at("On a disk")
        running.qmp({"execute": "human-monitor-command", "arguments": {"command-line": "drive_del d1"}})
        menu.press(menus.ENTER)
        refused(running, r".*the device could not read \d+ bytes at sector \d+ \(status 1\)")


def test_no_answer(disks):
    """A disk that lets nobody wait for ever: a byte a second."""
    with start("no-answer", ROWS["q35"], (disks[0], f"{disks[1]},throttling.bps-read=1")) as running:
        warnings = refused(running, "payload: .*no disk has any")
    assert any(re.fullmatch("vdb: .*the device did not answer for 10 seconds", line) for line in warnings), warnings


def test_no_disk_of_ours(disks):
    """Registers that the command line invents: one warning each, and the disks that are there."""
    words = f"{WORDS} virtio_mmio.device=4K@0x1000000:5 virtio_mmio.device=4K@0xfed00000:5 virtio_mmio.device=x"
    with start("invented", ROWS["q35"], disks, words) as running:
        running.wait(menus.STARTED, FATAL)
        said = WARNING.findall(machine.printable(running.console))
    assert said == ["virtio-mmio 0x1000000: virtio: registers at 0x1000000, where RAM is",
                    "virtio-mmio 0xfed00000: there is no virtio device of a version that we know",
                    "virtio_mmio.device=x: not SIZE@ADDRESS:IRQ"]
