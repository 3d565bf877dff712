# SPDX-License-Identifier: BSD-2-Clause
"""The menu, driven as a person would: by keys on a serial line and on the keyboard, with a look at the screen after each."""

import os
import re

import pytest

import cases
import doors
import efi_variables
import exits
import guest
import machine
import media
import menus
import pe_maker
import screen
import system
from menus import BACKSPACE, DOWN, END, ENTER, ESCAPE, HOME, LEFT, PAGE_DOWN, PAGE_UP, TAB, UP
from menus import Line, control, entry, listed, selected

DEBIAN = "Debian GNU/Linux 12 (bookworm)"
SYSTEMS = {
    "debian-6.1.0-40": entry(DEBIAN, "root=/dev/vda1 ro quiet", version="6.1.0-40-amd64", sort_key="debian"),
    "debian-6.1.0-37+2-1": entry(DEBIAN, "root=/dev/vda1 ro quiet", version="6.1.0-37-amd64", sort_key="debian"),
    "debian-single": entry(f"{DEBIAN}, single user", "x=single", sort_key="debian-single"),
    "fedora": entry("Fedora Linux 42 (Server Edition)", "x=fedora", sort_key="fedora"),
    "xen": entry("Xen 4.17 with Debian", "x=xen", sort_key="xen"),
    "memory-test": entry("Memory test", "x=memory"),
    "broken": b"title Broken by hand\nlinux /kernel\nlinux /other\n",
    "missing": entry("Its initrd was deleted", "x=missing", initrd="/initrd"),
    "arch+0-3": entry("Arch Linux", "x=arch", sort_key="arch"),
}
LIST = [
    Line(1, f"{DEBIAN} (6.1.0-40-amd64)"), Line(2, f"{DEBIAN} (6.1.0-37-amd64)", "2 tries"), Line(3, f"{DEBIAN}, single user"),
    Line(4, "Fedora Linux 42 (Server Edition)", default=True, selected=True), Line(5, "Xen 4.17 with Debian"),
    Line(6, "Its initrd was deleted"), Line(7, "Memory test"), Line(8, "Broken by hand", marked=True),
    Line(9, "Arch Linux", "no tries", marked=True), Line(10, "Reboot"), Line(11, "Power off"),
]
FEDORA, XEN, MISSING, MEMORY_TEST, BROKEN, ARCH, REBOOT, POWER_OFF = (line.title for line in LIST[3:])
HELD_TIMEOUT = 60
UNATTENDED = 60             # seconds that the menu stays after an error
TWO = {name: entry(f"The {name}", f"x={name}") for name in ("first", "second")}


@pytest.fixture(autouse=True)
def door(record_property):
    record_property("door", "pvh-q35")


def words_of(running):
    """The command line that a started payload has."""
    return running.wait(menus.STARTED)[1]


def test_the_time_runs_out():
    """The list in its order; the count is seen; then the default is started."""
    with menus.start("time", menus.files(SYSTEMS, "timeout 3\ndefault fed*\n"), "given=1") as running:
        seen = menus.Menu(running).see(r"^Starting Fedora .* in \d s; any key stops this$")
        assert listed(seen) == LIST
        assert seen.rows[0].endswith(" 4/11") and not seen.unknown and not seen.cursor
        assert seen.find("^warning: broken.conf:3: linux is given twice")
        begin = running.seconds
        assert words_of(running) == "x=fedora given=1"
        assert running.seconds - begin > 2
        assert menus.history(running.raw, r" in (\d+) s;") == ["3", "2", "1"]


def test_keys():
    """Moving, numbers, the filter, help, what is refused and why: all in one sitting."""
    with menus.start("keys", menus.files(SYSTEMS, "timeout 60\ndefault fed*\n")) as running:
        menu = menus.Menu(running)
        menu.at(FEDORA)
        menu.go(DOWN, to=XEN)
        menus.keep(menu.gone("Starting"), "menu-serial", "The menu of Quadrivium on a serial terminal of 80 by 24")
        menu.go(UP, UP, to=f"{DEBIAN}, single user")
        menu.go(END, to=POWER_OFF)
        menu.go(DOWN, HOME, UP, to=f"{DEBIAN} (6.1.0-40-amd64)")
        menu.go(PAGE_DOWN, to=POWER_OFF)
        menu.go(PAGE_UP, to=f"{DEBIAN} (6.1.0-40-amd64)")
        # Of a number the digits join, where there is an entry with it.
        menu.go("7", to=MEMORY_TEST)
        menu.go("10", to=REBOOT)
        menu.go("12", to=f"{DEBIAN} (6.1.0-37-amd64)")
        # What means nothing does nothing.
        menu.go(*menus.FUNCTION_KEYS, "\x1bx", control("b"), DOWN, to=f"{DEBIAN}, single user")
        check_filter(menu)
        check_help(menu)
        check_refusals(menu)
        check_print(menu)


def check_filter(menu):
    menu.press("/", "DEB")
    seen = menu.see("^Filter: DEB$", lambda seen: len(listed(seen)) == 4)
    assert [line.number for line in listed(seen)] == [1, 2, 3, 5] and seen.cursor
    assert seen.rows[0].endswith(" 3/4")
    menu.press("x")
    menu.see("No entry has this in its name.")
    menu.press(ENTER)
    menu.see("no entry is shown")
    menu.go(BACKSPACE, DOWN, to=XEN)
    menu.go(HOME, to=f"{DEBIAN} (6.1.0-40-amd64)")
    # Tab gives the other keys back, and a filter holds; Escape ends it.
    menu.press(TAB, "3")
    menu.at(f"{DEBIAN}, single user")
    menu.press("4")
    menu.see("the filter hides entry 4")
    menu.press(ESCAPE)
    assert len(listed(menu.gone("Filter"))) == len(LIST)
    # A letter that has no meaning is a filter already; an id has it too.
    menu.press("memory-t")
    assert [line.title for line in listed(menu.at(MEMORY_TEST))] == [MEMORY_TEST]
    menu.press(control("u"), ESCAPE)
    menu.gone("Filter")


def check_help(menu):
    menu.press("?")
    seen = menu.see("^Any key goes back")
    assert seen.find("^e +edit its command line") and seen.find(r"^\* +the default")
    menu.press(DOWN)                                        # which is not taken twice
    menu.at(MEMORY_TEST)
    # A terminal that was connected just now sees nothing, until it asks.
    before = len(menu.running.raw)
    menu.press(control("l"))
    menu.see(condition=lambda seen: len(menu.running.raw) - before > 500)
    assert listed(screen.Screen().feed(menu.running.raw[before:])) == listed(menu.at(MEMORY_TEST))


def check_refusals(menu):
    menu.go("8", to=BROKEN)
    for key in (ENTER, "e"):
        menu.press(key)
        menu.see("^broken.conf:3: linux is given twice")
        menu.go(UP, DOWN, to=BROKEN)
    menu.press("d")
    menu.see("^default: there is no firmware that could keep it")
    menu.go("11", to=POWER_OFF)
    menu.press("e")
    menu.see("it has no command line")


def check_print(menu):
    menu.go("9", to=ARCH)
    menu.press("p")
    seen = menu.see("^Press a key for more")
    assert seen.find("^entry: arch.conf$") == (0, 0) and seen.find("^  tries: 0 left, 3 done$")
    assert seen.find("^  command line: x=arch$") and seen.find("^handoff version") and seen.row == screen.ROWS - 1
    menu.press(" ")
    assert menu.see("^Press a key to go back").find("^  memory .* RAM")
    menu.press(" ")
    assert len(listed(menu.at(ARCH))) == len(LIST)
    menu.press("p")
    menu.see("^Press a key for more")
    menu.press("q")
    menu.at(ARCH)
    menu.go(HOME, to=f"{DEBIAN} (6.1.0-40-amd64)")
    menu.press("e", " single")
    seen = menu.see("^root=/dev/vda1 ro quiet single$")
    menus.keep(seen, "menu-editor", "The menu of Quadrivium while a command line is edited")


def test_editing(made):
    """What was edited is what Linux sees in /proc/cmdline."""
    words = f"{doors.GUEST} quiet qvtest.auto"
    linux = entry("Debian", f"{words} old", linux="/linux", initrd="/initrd")
    tree = menus.files({"a": linux, "b": entry("Other")}, "timeout 60\ndefault a*\n")
    tree |= {"linux": made.vmlinux.read_bytes(), "initrd": made.initrds[0].read_bytes()}
    with menus.start("editing", tree, "given=1") as running:
        menu = menus.Menu(running)
        menu.at("Debian")
        menu.press("e")
        seen = menu.see("^Command line of Debian$")
        assert seen.rows[4] == f"{words} old given=1"[:screen.COLUMNS] and seen.cursor
        # Changes that are given up leave no trace.
        menu.press(control("u"), "nothing of this", ESCAPE)
        menu.at("Debian")
        menu.press("e", control("w") * 2, BACKSPACE, " new=1", HOME, "first ", control("e"), " gone", LEFT * 5, control("k"))
        menu.see("new=1", lambda seen: "first" in seen.rows[4] and not seen.find("gone"))
        menu.press(control("a"), menus.DELETE * 5, menus.RIGHT, BACKSPACE, ENTER)
        running.wait(guest.END, guest.FATAL)
        assert guest.parse(running.console).values["cmdline"] == f"{words} new=1"


def test_editing_a_uki():
    """What a UKI says itself is in the editor, before the options of its entry; what its addons say comes behind all."""
    tree = menus.files({"a": b"title A UKI\nuki /EFI/own.efi\noptions options=2\n", "b": entry("Other")},
                       "timeout 60\ndefault a*\n")
    tree |= {"EFI/own.efi": pe_maker.uki(menus.KERNEL.read_bytes(), b"", "inside=1"),
             "loader/addons/all.addon.efi": pe_maker.addon("addon=3")}
    with menus.start("editing-uki", tree, "given=4") as running:
        menu = menus.Menu(running)
        menu.at("A UKI")
        menu.press("e")
        menu.see("^inside=1 options=2 given=4$", lambda seen: seen.cursor)
        menu.press(" typed=5", ENTER)
        assert words_of(running) == "inside=1 options=2 given=4 typed=5 addon=3"


def test_a_long_line():
    """Two thousand characters are pasted, at the end and in front, and none is lost; the editor shows where the cursor is."""
    pasted = " ".join(f"word{number:04}=y" for number in range(170))
    front = " ".join(f"more{number:04}=z" for number in range(170))
    with menus.start("paste", menus.files(TWO, "timeout 60\n")) as running:
        menu = menus.Menu(running)
        menu.at("The second")
        menu.go(DOWN, to="The first")
        menu.press("e", " ", pasted)
        seen = menu.see("word0169=y$", lambda seen: seen.cursor)
        assert seen.rows[seen.row].endswith("word0169=y")
        menu.press(control("a"), front, " ")
        menu.see("more0169=z x=first")
        menu.press(ENTER)
        assert words_of(running) == f"{front} x=first {pasted}"


def test_a_failed_load():
    """The error is shown, what was edited stays, and another entry starts."""
    with menus.start("failed", menus.files(SYSTEMS, "timeout 0\ndefault missing*\n")) as running:
        menu = menus.Menu(running)
        error = r"^initrd: cpio archive: there is no /initrd"
        seen = menu.see(error)
        assert selected(seen) and len(listed(seen)) == len(LIST) and seen.find(r"^Giving up in \d+ s; any key stops this$")
        assert "quadrivium: error: initrd: cpio archive: there is no /initrd" in running.console
        menu.at(MISSING)
        menu.press("e", " y=1", ENTER)
        menu.see(error, lambda seen: seen.find("^x=missing y=1$"))
        menu.press(ESCAPE)
        menu.at(MISSING)
        for _ in range(3):
            menu.press(ENTER)
            menu.see(error)
            menu.go(UP, DOWN, to=MISSING)
        menu.go(DOWN, to=MEMORY_TEST)
        menu.press(ENTER)
        assert words_of(running) == "x=memory"


@pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes a minute: {exits.ALL} runs it")
def test_nobody_is_there():
    """An error that nobody sees ends the boot, a minute later."""
    with menus.start("nobody", menus.files(SYSTEMS, "timeout 0\ndefault missing*\n")) as running:
        menus.Menu(running).see(r"^Giving up in 60 s")
        running.wait(r"quadrivium: error: initrd: cpio archive: there is no /initrd(?s:.*)quadrivium: error: initrd: cpio archive",
                     timeout=3 * UNATTENDED)
        assert menus.history(running.raw, r"Giving up in (\d+) s;")[-1] == "1"


@pytest.mark.parametrize("entries, configuration, words, started", [
    (TWO, "timeout 0\n", "", "x=second"),
    (TWO, "timeout 0\ndefault first*\n", "", "x=first"),
    (TWO, "timeout menu-hidden\n", "", "x=second"),
    ({"first": TWO["first"]}, "timeout 30\n", "", "x=first"),
    (TWO, "timeout 30\n", "qv.timeout=0", "x=second"),
    (TWO, "timeout 30\n", "qv.entry=first", "x=first"),
    (TWO, "timeout 30\n", "qv.entry=2", "x=first"),
    (SYSTEMS, "", "qv.entry=fedora.conf", "x=fedora"),
    (SYSTEMS, "", 'qv.entry="xen 4.*"', "x=xen"),
], ids=["timeout-0", "default", "hidden", "single", "qv.timeout", "stem", "number", "id", "title"])
def test_no_menu(entries, configuration, words, started):
    """Where there is nothing to ask, nothing is drawn."""
    name = re.sub(r"\W+", "_", f"none {configuration} {words} {len(entries)}")
    with menus.start(name, menus.files(entries, configuration), cases.joined(words, "given=1")) as running:
        assert words_of(running) == f"{started} given=1"
        assert b"\x1b[2J" not in running.raw


@pytest.mark.parametrize("key", ["x", ENTER, ESCAPE, UP], ids=["letter", "enter", "escape", "arrow"])
def test_a_key_is_held(key):
    """A key held during start brings the menu up, in which it then means nothing until it is let go."""
    with menus.start(f"held-{ord(key[-1])}", menus.files(TWO, "timeout 0\n")) as running:
        menu = menus.Menu(running)
        while not running.raw:
            menu.press(key)
            running.idle(0.03)
        for _ in range(10):
            menu.press(key)
            running.idle(0.03)
        # Each of these comes later than a keyboard would repeat a key.
        while not selected(menu.see()).endswith("Power off"):
            assert len(listed(menu.see())) == 4 and running.seconds < HELD_TIMEOUT
            menu.press(END)
            running.idle(0.8)
        menu.go(UP, UP, to="The first")
        menu.press(ENTER)
        assert words_of(running) == "x=first"


@pytest.mark.parametrize("configuration, words, seconds, entry_", [
    ("timeout 0\n", "qv.timeout=7", 7, "The second"),
    ("timeout 30\n", "qv.entry=first qv.timeout=8", 8, "The first"),
    ("", "", 5, "The second"),
], ids=["timeout", "entry", "nothing"])
def test_how_long(configuration, words, seconds, entry_):
    """What the host says of the time goes before loader.conf; where nobody says anything it is five seconds."""
    with menus.start(f"long-{seconds}", menus.files(TWO, configuration), words) as running:
        menu = menus.Menu(running)
        menu.see(rf"^Starting {entry_} in \d s")
        menu.press(ENTER)
        assert words_of(running) == f"x={entry_.split()[1]}"
        assert menus.history(running.raw, r" in (\d+) s;")[0] == str(seconds)


@pytest.mark.parametrize("configuration, words, message", [
    ("timeout 0\n", "qv.entry=third", "^qv.entry: there is no entry third"),
    ("timeout menu-force\n", "", None),
    ("timeout menu-force\neditor no\nshoes brown\n", "qv.shoes=1", "^2 warnings, the last: loader.conf:3: shoes is unknown"),
], ids=["entry", "force", "warnings"])
def test_the_menu_stays(configuration, words, message):
    """Without a count; the reason is on the screen."""
    with menus.start(f"stays-{len(configuration)}", menus.files(TWO, configuration), words) as running:
        menu = menus.Menu(running)
        seen = menu.at("The second")
        assert not seen.find("Starting")
        if message:
            menu.see(message)
        if "editor no" in configuration:
            menu.press("e")
            menu.see("^loader.conf says no")


@pytest.mark.parametrize("door_name, choice, reason", [
    ("pvh-q35", REBOOT, "guest-reset"), ("pvh-q35", POWER_OFF, "guest-shutdown"), ("pvh-pc", POWER_OFF, "guest-shutdown"),
    ("pvh-microvm", REBOOT, "guest-reset"),
])
def test_the_machine_ends(door_name, choice, reason):
    with menus.start(f"end-{door_name}-{reason}", menus.files(TWO, "timeout 60\n"), door=door_name) as running:
        menu = menus.Menu(running)
        menu.at("The second")
        running.qmp({"execute": "query-status"})
        menu.go(END if choice == POWER_OFF else f"{END}{UP}", to=choice)
        menu.press(ENTER)
        assert running.wait_for_end(30) == 0
        assert running.end == reason


THOUSAND = menus.many(1000)
NUMBER = 777            # in the list; the entry of that number is:
ENTRY = menus.long_name(len(THOUSAND) - NUMBER)


def test_a_thousand_entries():
    with menus.start("thousand", menus.files(THOUSAND, "timeout 0\n"), "qv.timeout=60") as running:
        menu = menus.Menu(running)
        seen = menu.see(" 1/1002$")
        assert [line.number for line in listed(seen)] == [*range(1, 19)]
        assert all(line.title.endswith("...") and len(line.title) == screen.COLUMNS - 8 for line in listed(seen))
        menu.press(END)
        seen = menu.see(" 1002/1002$")
        assert [line.number for line in listed(seen)] == [*range(985, 1003)] and selected(seen).endswith("Power off")
        menu.press(PAGE_UP)
        menu.see(" 984/1002$", lambda seen: [line.number for line in listed(seen) if line.selected] == [984])
        menu.press(str(NUMBER))
        seen = menu.see(f" {NUMBER}/1002$", lambda seen: f" {NUMBER}   Title {ENTRY[:20]}" in selected(seen))
        menu.press(HOME, "/", ENTRY[:6])
        seen = menu.see(" 1/1$")
        assert [line.number for line in listed(seen)] == [NUMBER]
        menu.press(ENTER)
        assert words_of(running) == f"x={len(THOUSAND) - NUMBER}"


def test_one_of_a_thousand():
    """The host names it by its id."""
    with menus.start("one-of-a-thousand", menus.files(THOUSAND, "timeout 30\n"), f'qv.entry="{ENTRY}"') as running:
        assert words_of(running) == f"x={len(THOUSAND) - NUMBER}"


# ---- other consoles ----

@pytest.mark.parametrize("door_name", ["linux16", "multiboot2-bios"])
def test_vga(door_name, record_property):
    """The list is on the display and on the serial line at once, and both have keys."""
    record_property("door", door_name)
    with menus.start(f"vga-{door_name}", menus.files(SYSTEMS, "timeout 60\ndefault fed*\n"), "given=1", door_name) as running:
        menu = menus.Menu(running)
        menu.at(FEDORA)
        running.press("down")
        menu.at(XEN)
        if door_name == "multiboot2-bios":
            menus.keep_display(running, "menu-vga")
        running.press("slash", "shift-m", "e", "m", "o")
        assert [line.title for line in listed(menu.see("^Filter: Memo$"))] == [MEMORY_TEST]
        menu.press(ESCAPE)
        menu.gone("Filter")
        running.press("end", "pgup")
        menu.at(f"{DEBIAN} (6.1.0-40-amd64)")
        menu.go("7", to=MEMORY_TEST)
        running.press("e")
        menu.see("^Command line of Memory test$")
        running.press("spc", "b", "shift-minus", "equal", "9", "backspace", "ctrl-a", "shift-c", "spc")
        menu.see("^C x=memory given=1 b_=$")
        running.press("ret")
        assert words_of(running) == "C x=memory given=1 b_="


EFI_SIZE = screen.OVMF
LARGE = 256 << 20       # bytes of an initrd: zeros, which Linux passes over
SINGLE, SET_UP = f"{DEBIAN}, single user", "Reboot into firmware set-up"


def efi_arguments(folder, made, configuration, large):
    """QEMU's arguments for an EFI machine with a disk of SYSTEMS; variables are kept in FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    zeros = folder / "zeros"
    with open(zeros, "wb") as file:
        file.truncate(large)
    words = f"{doors.GUEST} quiet qvtest.auto x=single"
    entries = SYSTEMS | {"debian-single": entry(SINGLE, words, sort_key="debian-single", initrd=["/initrd", "/large"])}
    files = menus.files(entries, configuration, made.vmlinuz) | {
        media.EFI_FALLBACK: cases.assets.BUILD / "quadrivium.efi", "initrd": made.initrds[0], "large": zeros}
    arguments = system.arguments(media.gpt_disk(folder / "disk", [(media.ESP, files)]), folder / "variables")
    return [*arguments, "-m", "1G"]


def test_efi(made, record_property):
    """On EFI's console; `d` sets the default, which holds at the next start, whose initrd is large enough to be waited for."""
    record_property("door", "efi")
    folder = menus.RUNS / "efi"
    (folder / "variables").unlink(missing_ok=True)
    with machine.Machine(efi_arguments(folder, made, "timeout 60\ndefault fed*\n", 1), folder) as running:
        menu = menus.Menu(running, EFI_SIZE)
        seen = menu.at(FEDORA)
        assert [line.title for line in listed(seen)] == [line.title for line in LIST[:-2]] + [SET_UP, REBOOT, POWER_OFF]
        # The firmware does not know the first, and gives the arrow by a code.
        menu.go(PAGE_DOWN, to=POWER_OFF)
        menu.go(*menus.FUNCTION_KEYS[1:], HOME, DOWN, DOWN, to=SINGLE)
        menu.press("d")
        seen = menu.see(f"^{re.escape(SINGLE)} is now the default$")
        assert [line.title for line in listed(seen) if line.default] == [SINGLE]
        menus.keep(seen, "menu-efi-serial", "The menu of Quadrivium on the serial console of EFI firmware, 100 by 31")
        menus.keep_display(running, "menu-efi")
        menu.go(END, to=POWER_OFF)
        running.qmp({"execute": "query-status"})
        menu.press(ENTER)
        running.wait_for_end(30)
        assert running.end == "guest-shutdown"
    assert efi_variables.read(folder / "variables")["LoaderEntryDefault"] == efi_variables.text("debian-single.conf")
    with machine.Machine(efi_arguments(folder, made, "timeout 3\ndefault fed*\nconsole-mode 0\n", LARGE), folder) as running:
        seen = screen.wait(running, rf"^Starting {re.escape(SINGLE)} in \d s", size=(80, 25))
        assert selected(seen).startswith(">   3*")
        running.wait(guest.END, guest.FATAL)
        told = [int(percent) for percent in re.findall(rb"quadrivium: loading /large: (\d+) %", running.raw)]
        assert len(told) > 1 and told == sorted(told) and told[-1] == 100
        assert guest.parse(running.console).values["cmdline"].endswith(" x=single")
    guest.tidy(folder)
