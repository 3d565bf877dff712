# SPDX-License-Identifier: BSD-2-Clause
"""The loader's own words on the command line, each by what it does to a machine."""

import re

import pytest

import assets
import cases
import doors
import guest
import machine

ERROR = r"^quadrivium: error: payload: .*\n"
VGA_TEXT, VGA_SIZE = 0xB8000, 80 * 25 * 2
PHASES = ["devices", "selected", "loaded", "unpacked", "exit"]     # those behind the reading of the command line
MARKS = bytes(range(0x24, 0x24 + len(PHASES)))
SETTLE = 1.0


def start(name, words, qmp=False, image=None):
    """The machine that starts the bare image, or IMAGE, with these WORDS."""
    door = doors.find(name)
    job = doors.Job(image or assets.BUILD / f"quadrivium.{door.image}", cases.RUNS / "words" / re.sub(r"\W", "_", f"{name} {words}"), words)
    return machine.Machine(door.arguments(job, "128", 1, "max"), job.folder, qmp=qmp)


@pytest.fixture(autouse=True)
def door(record_property):
    record_property("door", "pvh-q35")


def test_consoles_of_the_door():
    with start("pvh", "") as running:
        running.wait(ERROR)
        running.idle(SETTLE)
        assert re.search(ERROR, running.debugcon, re.MULTILINE)


@pytest.mark.parametrize("word", ["qv.console=com1", "qv.console=com1,9600", "qv.console=com1,115200"])
def test_serial_only(word):
    with start("pvh", word) as running:
        running.wait(ERROR)
        running.idle(SETTLE)
        assert running.debugcon == ""


def test_debugcon_only():
    with start("pvh", "qv.console=debugcon qv.onerror=poweroff") as running:
        assert running.wait_for_end() == 0
        assert re.search(ERROR, running.debugcon, re.MULTILINE)
        assert "quadrivium" not in running.console


def test_several_consoles():
    with start("pvh", "qv.console=debugcon qv.console=com1") as running:
        running.wait(ERROR)
        running.idle(SETTLE)
        assert re.search(ERROR, running.debugcon, re.MULTILINE)


@pytest.mark.parametrize("name", ["com1,0", "com1,115201", "com1,fast", "com2", "debugcon,1"])
def test_no_such_console(name):
    """A warning, on the consoles that the door has anyway."""
    with start("pvh", f"qv.console={name}") as running:
        running.wait(rf"^quadrivium: warning: no console {name}\n")
        running.wait(ERROR)


def test_vga():
    """The text lies in the screen's memory, behind what the BIOS wrote."""
    with start("linux16", "qv.console=vga qv.console=com1", qmp=True) as running:
        running.wait(ERROR)
        path = running.folder / "screen"
        save = f'pmemsave {VGA_TEXT} {VGA_SIZE} "{path}"'
        running.qmp({"execute": "human-monitor-command", "arguments": {"command-line": save}})
        text = path.read_bytes()[::2].decode("ascii", "replace")
    lines = [text[at:at + 80].rstrip() for at in range(0, len(text), 80)]
    assert any(line.startswith("SeaBIOS") for line in lines)
    assert any(line.startswith("quadrivium: error: payload: ") for line in lines), lines


@pytest.mark.parametrize("words, spoken", [("quiet", False), ("quiet qv.timeline", True), ("", True)])
def test_quiet(words, spoken, made):
    """Linux's own word holds for us too, unless we are asked something."""
    with start("pvh", f"{words} qvtest.auto", image=cases.packed("elf", made.vmlinux, made.initrds[:1], doors.GUEST)) as running:
        running.wait_for_end()
        assert guest.parse(running.console).values["cmdline"].endswith("qvtest.auto")
        assert ("quadrivium" in running.console + running.debugcon) == spoken


def test_marks(made):
    """Each phase writes its number to the port, which here is that of the debug console."""
    image = cases.packed("elf", made.vmlinuz, made.initrds[:1], "console=ttyS0")
    with start("pvh", "qv.console=com1 qv.mark=0xe9", image=image) as running:
        running.wait("^quadrivium .* to linux64")
        running.idle(SETTLE)
        assert running.debugcon_log.read_bytes() == MARKS


@pytest.mark.parametrize("end", ["reboot", "poweroff"])
@pytest.mark.parametrize("name", ["pvh-q35", "pvh-pc", "linux16"])
def test_on_error(name, end):
    """-no-reboot makes a reboot the end of QEMU, as a power-off is; a halt is not."""
    with start(name, f"qv.onerror={end}") as running:
        running.wait(ERROR)
        assert running.wait_for_end(timeout=60) == 0


def test_halt():
    with start("pvh", "qv.onerror=halt") as running:
        running.wait(ERROR)
        with pytest.raises(machine.BootFailure):
            running.wait_for_end(timeout=3)


def test_debug(made):
    """Everything that the door told, and what it did not."""
    with start("pvh", "qv.debug qvtest.word=1") as running:
        running.wait(ERROR)
        for fact in (r"door +pvh", r"command line +qv.debug qvtest.word=1", r"rsdp +0x", r"framebuffer +absent", r"efi +absent",
                     r"memory +0x0000000000000000-0x000000000009fbff RAM", r"memory +0x0000000000101000-0x\w+ ours"):
            assert re.search(f"^  {fact}", running.console, re.MULTILINE), fact
