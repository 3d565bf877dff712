# SPDX-License-Identifier: BSD-2-Clause
"""The tests' own tools: the model of a screen, the TPM's event log, the report of the Debian system.

The slow ones prove them with systemd-boot as the loader: what they say of it is what they are to say of ours.
"""

import hashlib
import os
import re
import struct
import xml.etree.ElementTree

import pytest

import cases
import exits
import guest
import machine
import media
import packages
import screen
import swtpm
import system

RUNS = cases.RUNS / "system"
LARGE = pytest.mark.skipif(exits.ALL not in os.environ, reason=f"takes long: {exits.ALL} runs it")
DOWN, ENTER = "\x1b[B", "\r"


# ---- the screen ----

@pytest.mark.parametrize("data, expected", [
    (b"one\r\ntwo\nx", ["one", "two", "   x", ""]),
    (b"abc\b\bX\rY", ["YXc", "", "", ""]),
    (b"a\tb\tc", ["a       bc", "", "", ""]),
    (b"\x1b[2;3Hx\x1b[fy\x1b[;4Hz\x1b[9;99Hq", ["y  z", "  x", "", "         q"]),
    (b"\x1b[2;2Ha\x1b[Ab\x1b[3Bc\x1b[3Dd\x1b[2Ce", ["  b", " a", "", " d ce"]),
    (b"\x1b[2J\x1b[3d\x1b[5Gx\x1b[Ey\x1b[2Fz", ["", "z", "    x", "y"]),
    (b"0123456789ab", ["0123456789", "ab", "", ""]),
    (b"0123456789\r\nab", ["0123456789", "ab", "", ""]),       # the pending wrap is not a row
    (b"0123456789\bX", ["01234567X9", "", "", ""]),
    (b"\x1b[?7l0123456789ab", ["012345678b", "", "", ""]),
    (b"1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
    (b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\nx", ["1", "3", "x", "4"]),
    (b"1\r\n2\r\n3\x1b[H\x1bM0", ["0", "1", "2", "3"]),
    (b"1\r\n2\r\n3\x1b[2H\x1b[L0\x1b[3H\x1b[2M", ["1", "0", "", ""]),
    (b"abcdef\x1b[3G\x1b[2@\x1b[7G\x1b[P", ["ab  cdf", "", "", ""]),
    (b"abcdef\x1b[3G\x1b[2X", ["ab  ef", "", "", ""]),
    (b"abcdef\x1b[3G\x1b[K", ["ab", "", "", ""]),
    (b"abcdef\x1b[3G\x1b[1K", ["   def", "", "", ""]),
    (b"abcdef\x1b[3G\x1b[2K", ["", "", "", ""]),
    (b"1\r\nabc\r\n3\x1b[2;2H\x1b[J", ["1", "a", "", ""]),
    (b"1\r\nabc\r\n3\x1b[2;2H\x1b[1J", ["", "  c", "3", ""]),
    (b"1\r\n2\x1b[2Jx", ["", " x", "", ""]),
    (b"a\x1b7\x1b[3;3Hb\x1b8c\x1b[s\x1b[4;4Hd\x1b[ue", ["ace", "", "  b", "   d"]),
    (b"a\x1b[?1049h\x1b[Hmenu\x1b[?1049lb", ["ab", "", "", ""]),
    (b"a\x1b]0;title\x07b\x1b(0c\x1b[=3hd", ["abcd", "", "", ""]),
    ("é│▶".encode(), ["é│▶", "", "", ""]),
    (b"junk\x1bcnew", ["new", "", "", ""]),
])
def test_screen(data, expected):
    seen = screen.Screen(10, 4).feed(data)
    assert seen.rows == expected
    assert not seen.unknown
    # Cut anywhere, it is the same.
    for cut in range(len(data) + 1):
        assert screen.Screen(10, 4).feed(data[:cut]).feed(data[cut:]).rows == expected, cut


def test_screen_styles():
    seen = screen.Screen(40, 3)
    seen.feed(b"plain \x1b[1mbold\x1b[22m \x1b[7mchosen\x1b[27m \x1b[31;44mred\x1b[0m\r\n")
    seen.feed(b"\x1b[93;48;5;208mbright\x1b[39;49m \x1b[4mu")
    assert seen.where(bold=True) == [(0, 6, "bold")]
    assert seen.where(reverse=True) == [(0, 11, "chosen")]
    assert seen.where(foreground=1, background=4) == [(0, 18, "red")]
    assert seen.where(foreground=11, background=208) == [(1, 0, "bright")]
    assert seen.where(underline=True) == [(1, 7, "u")]
    assert seen.style(0, 0) == screen.PLAIN
    assert seen.find("ch.sen") == (0, 11) and seen.find("none") is None
    # What is erased has the pen's background, and nothing else of it.
    seen.feed(b"\x1b[0;1;41m\x1b[3;1H\x1b[K")
    assert seen.style(2, 39) == screen.Style(background=1)


def test_screen_cursor():
    seen = screen.Screen(10, 4).feed(b"\x1b[?25l\x1b[3;4H")
    assert (seen.row, seen.column, seen.cursor) == (2, 3, False)
    assert seen.feed(b"\x1b[?25h").cursor


def test_screen_unknown():
    assert screen.Screen().feed(b"\x1b[5y\x1b[?9999h\x1bQ\x1b[1 q").unknown == ["\x1b[5y", "\x1b[?9999h", "\x1bQ", "\x1b[1 q"]
    # A sequence that never ends does not swallow the rest for ever.
    seen = screen.Screen().feed(b"\x1b[" + b"1" * screen.Screen.LONGEST + b"\r\nafter")
    assert "after" in seen.rows


def test_screen_svg():
    seen = screen.Screen(20, 3).feed("a <b> & c\r\n\x1b[7m chosen \x1b[0m\r\n\x1b[1;32m─ok".encode())
    picture = screen.svg(seen, "A <menu>")
    tree = xml.etree.ElementTree.fromstring(picture)
    space = "{http://www.w3.org/2000/svg}"
    texts = [item.text.strip() for item in tree.iter(f"{space}text")]
    assert texts == ["a <b> & c", "chosen", "─ok"]
    assert tree.find(f"{space}title").text == "A <menu>"
    assert len(list(tree.iter(f"{space}rect"))) == 3        # the ground, the chosen one, the cursor
    assert [item.get("fill") for item in tree.iter(f"{space}text")] == ["#aaaaaa", "#000000", "#55ff55"]


# ---- the event log ----

SIZES = {4: 20, 11: 32}


def log_head(sizes=SIZES):
    body = swtpm.SPEC_ID + struct.pack("<IBBBB", 0, 0, 2, 0, 2) + struct.pack("<I", len(sizes))
    body += b"".join(struct.pack("<HH", *pair) for pair in sizes.items()) + b"\0"
    return struct.pack("<II20sI", 0, swtpm.EV_NO_ACTION, b"", len(body)) + body


def log_event(pcr, kind, measured, data):
    digests = b"".join(struct.pack("<H", number) + hashlib.new(swtpm.ALGORITHMS[number], measured).digest() for number in SIZES)
    return struct.pack("<III", pcr, kind, len(SIZES)) + digests + struct.pack("<I", len(data)) + data


def test_event_log():
    words = swtpm.wide("console=ttyS0")
    events = swtpm.parse(log_head() + log_event(0, swtpm.EV_NO_ACTION, b"", swtpm.STARTUP_LOCALITY + b"\3")
                         + log_event(0, swtpm.EV_SEPARATOR, bytes(4), bytes(4)) + log_event(12, swtpm.EV_IPL, words, words)
                         + log_event(12, swtpm.EV_IPL, b"second", swtpm.wide("two")))
    assert [event.pcr for event in events] == [0, 0, 12, 12]
    assert events[2].text == "console=ttyS0" and str(events[2]) == "PCR 12 EV_IPL 'console=ttyS0'"
    for bank in ("sha1", "sha256"):
        values = swtpm.replay(events, bank)
        assert values[12] == swtpm.expected([words, b"second"], bank) != swtpm.expected([b"second", words], bank)
        assert set(values) == {0, 12}
    # PCR 0 began with the locality.
    assert values[0] == hashlib.sha256(bytes(31) + b"\3" + hashlib.sha256(bytes(4)).digest()).digest()


@pytest.mark.parametrize("log, why", [
    (b"", "ends"),
    (log_head()[:-1], "ends"),
    (log_head().replace(b"Event03", b"Event02"), "Spec ID"),
    (log_head() + log_event(4, 13, b"x", b"y")[:-1], "ends"),
    (log_head({4: 20}) + log_event(4, 13, b"x", b"y"), "has 2 digests"),
    (log_head({4: 20, 12: 48}) + log_event(4, 13, b"x", b"y"), "unknown algorithm 0xb"),
])
def test_broken_event_log(log, why):
    with pytest.raises(ValueError, match=why):
        swtpm.parse(log)


def test_authenticode():
    """The fields that a signature changes are not in the hash, and neither is the signature."""
    plain = bytearray(512)
    struct.pack_into("<I", plain, 0x3C, 64)
    struct.pack_into("<H", plain, 64 + 24, 0x20B)
    plain[300:] = bytes(range(212))
    signed = plain + b"signature"
    struct.pack_into("<I", signed, 64 + 24 + 64, 0x12345678)
    struct.pack_into("<II", signed, 64 + 24 + 112 + 32, len(plain), len(signed) - len(plain))
    assert swtpm.authenticode(bytes(signed)) == swtpm.authenticode(bytes(plain))
    assert len(swtpm.authenticode(bytes(plain))) == len(plain) - 12


def test_guests_pcrs():
    text = "sha1/0 " + "AA" * 20 + "\nsha256/0 " + "0B" * 32 + "\nsha256/12 " + "00" * 32 + "\n"
    assert swtpm.pcrs(text) == {0: b"\x0b" * 32, 12: bytes(32)}
    assert swtpm.log("AAEC\nAwQ=\n") == bytes(range(5))


def test_report():
    console = ("noise\n\nSYSTEM run bootctl list\n   title: x\n\nSYSTEM status 0\n"
               "SYSTEM run false\n\nSYSTEM status 1\nSYSTEM end\n")
    assert system.report(console) == {"bootctl list": system.Output("   title: x\n", 0), "false": system.Output("", 1)}
    assert [*system.report(console + console)] == ["bootctl list", "false", "bootctl list (2)", "false (2)"]
    assert system.run_words("bootctl list", "true") == "qvtest.run=bootctl,list qvtest.run=true"
    with pytest.raises(AssertionError):
        system.run_words("a,b")


# ---- the system, started by systemd-boot ----

def systemd_boot(folder, made, configuration):
    """A disk with systemd-boot and two entries of the system."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {media.EFI_FALLBACK: packages.read("systemd-boot-efi", "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"),
             "loader/loader.conf": configuration, "linux": made.kernel, "initrd": made.initrd}
    for name, title in (("first", "The first entry"), ("second", "The second entry")):
        entry = f"title {title}\nsort-key {name}\nlinux /linux\ninitrd /initrd\noptions {made.words}\n"
        files[f"loader/entries/{name}.conf"] = entry.encode()
    return media.gpt_disk(folder / "disk", [(media.ESP, files)])


def check_bootctl(report, disk, selected):
    """What bootctl and systemd-analyze say of systemd-boot 252."""
    status = report["bootctl status"].text
    assert re.search(r"^Current Boot Loader:\n +Product: systemd-boot 252", status, re.MULTILINE)
    assert re.search(rf"^ +ESP: /dev/disk/by-partuuid/{media.partition_guid(disk, 1)}$", status, re.MULTILINE)
    assert re.search(r"✓ Boot counting", status)
    listed = report["bootctl list"].text
    assert re.findall(r"^ +id: (.*)$", listed, re.MULTILINE) == ["first.conf", "second.conf", "auto-reboot-to-firmware-setup"]
    chosen = [block for block in listed.split("\n\n") if "(selected)" in block]
    assert len(chosen) == 1 and f"id: {selected}" in chosen[0]
    times = re.search(r"finished in (.*) \(firmware\) \+ (.*) \(loader\) \+ ", report["systemd-analyze time"].text)
    assert times, report["systemd-analyze time"].text


@LARGE
def test_systemd_boot():
    """bootctl, the times and the measurements: PCR 12 has the kernel's command line, 4 what was started, 9 the initrd."""
    made = system.make([*system.COMMANDS, *swtpm.COMMANDS])
    folder = RUNS / "systemd-boot"
    disk = systemd_boot(folder, made, b"timeout 0\ndefault second*\n")
    with swtpm.Tpm() as tpm, machine.Machine([*system.arguments(disk), *tpm.args], folder) as running:
        running.wait(system.END, system.FATAL)
        report = system.report(running.console)
    check_bootctl(report, disk, "second.conf")
    events = swtpm.parse(swtpm.log(report["eventlog"].text))
    loader = packages.read("systemd-boot-efi", "/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
    options = swtpm.wide(rf"initrd=\initrd {made.words}")
    for bank in ("sha1", "sha256"):
        pcrs = swtpm.pcrs(report["pcrs"].text, bank)
        replayed = swtpm.replay(events, bank)
        assert {number: pcrs[number] for number in replayed} == replayed
        assert pcrs[12] == swtpm.expected([options], bank)
        assert pcrs[9] == swtpm.expected([options, made.initrd.read_bytes()], bank)
        assert pcrs[4] == swtpm.expected([b"Calling EFI Application from Boot Option", bytes(4), swtpm.authenticode(loader),
                                          swtpm.authenticode(made.kernel.read_bytes())], bank)
    guest.tidy(folder)


@LARGE
def test_menu_of_systemd_boot():
    """A menu on the serial console, driven as a person would; what was chosen as the default is kept for the next machine."""
    made = system.make()
    folder = RUNS / "menu"
    disk = systemd_boot(folder, made, b"timeout 60\ndefault first*\n")
    variables = folder / "variables"
    variables.unlink(missing_ok=True)
    with machine.Machine(system.arguments(disk, variables), folder) as running:
        seen = screen.wait(running, r"Boot in \d+ s", size=screen.OVMF)
        assert seen.find("The first entry") and seen.find("The second entry")
        assert highlighted(seen) == ["The first entry"]
        running.type(DOWN)
        seen = screen.wait(running, "The first entry", lambda now: highlighted(now) == ["The second entry"], screen.OVMF)
        (folder / "menu.svg").write_text(screen.svg(seen, "The menu of systemd-boot"))
        running.screendump(folder / "menu.png")
        running.type("d")
        running.idle(0.5)
        running.type(ENTER)
        running.wait(system.END, system.FATAL)
        check_bootctl(system.report(running.console), disk, "second.conf")
    disk = systemd_boot(folder, made, b"timeout 0\ndefault first*\n")
    with machine.Machine(system.arguments(disk, variables), folder) as running:
        running.wait(system.END, system.FATAL)
        check_bootctl(system.report(running.console), disk, "second.conf")
    guest.tidy(folder)


def highlighted(seen):
    """The texts in systemd-boot's colours of the chosen entry."""
    return [text for _, _, text in seen.where(foreground=0, background=7)]
