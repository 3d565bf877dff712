# SPDX-License-Identifier: BSD-2-Clause
"""Virtio disks: by PCI and by memory, old and new, behind bridges, through several doors, and disks that go wrong.

The boot tree is on the second disk, in a partition; the first one is empty. Its kernel is a conformance payload, which prints its
command line, but where Linux itself is to say how it calls the disks.
"""

import dataclasses
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

RUNS = cases.RUNS / "virtio"
MIB = 1 << 20
WORDS = "qv.console=com1 qv.onerror=poweroff given=1"
ERROR = r"^quadrivium: error: (.*)\n"
WARNING = re.compile(r"^quadrivium: warning: (.*)$", re.MULTILINE)
FATAL = "quadrivium: error: .*|!!!! X64 Exception"
ROOT_PORT = ("-device", "pcie-root-port,id=behind,slot=1")
BRIDGES = (*ROOT_PORT, "-device", "pcie-pci-bridge,id=outer,bus=behind", "-device", "pci-bridge,id=inner,bus=outer,addr=2,chassis_nr=2")
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
    "microvm": Row("pvh-microvm", MMIO),
    "microvm-modern": Row("pvh-microvm", MMIO, arguments=MODERN),
    "microvm-words": Row("pvh-microvm", MMIO, machine=MICROVM_WORDS),
    "microvm-words-modern": Row("pvh-microvm", MMIO, machine=MICROVM_WORDS, arguments=MODERN),
    "multiboot2-bios": Row("multiboot2-bios", pci()),
    "linux16": Row("linux16", pci()),
    # The firmware shows us no file system on a partition that is no ESP: we read its disks.
    "efi": Row("efi-kernel", pci(), partition="disk1p1"),
    "efi-ahci": Row("efi-kernel", ("ide-hd", "ide-hd"), partition="disk1p1"),
}


def start(name, row, disks, words=WORDS):
    """The machine.Machine of a Row, not yet started. DISKS are arguments of -drive, less what is the same for all."""
    chosen = doors.find(row.door)
    chosen = dataclasses.replace(chosen, machine=row.machine or chosen.machine)
    job = doors.Job(assets.BUILD / f"quadrivium.{chosen.image}", RUNS / name, words)
    drives = [argument for number, (disk, device) in enumerate(zip(disks, row.devices))
              for argument in ("-drive", f"if=none,id=d{number},{disk}", "-device", f"{device},drive=d{number},id=v{number}")]
    return machine.Machine([*chosen.arguments(job, "512", 1, exits.DEFAULT_CPU), *row.arguments, *drives], job.folder)


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


def test_large_requests(disks):
    """A file of 64 MiB comes by requests of a MiB, and nothing is read twice."""
    with start("large", ROWS["q35"], (disks[0], large_disk())) as running:
        running.wait(menus.STARTED, FATAL)
        blocks = {device["qdev"].split("/")[-2]: device["stats"] for device in running.qmp({"execute": "query-blockstats"})["return"]}
    print(blocks)
