# SPDX-License-Identifier: BSD-2-Clause
"""The menu as a test drives it: boot trees with entries to choose from, keys as a terminal sends them, and what is on the screen.

Where no Linux is needed the entries start a conformance payload, which prints its command line and is there at once.
"""

import os
import re
from dataclasses import dataclass

import assets
import cases
import conformance
import cpio
import doors
import machine
import screen

RUNS = cases.RUNS / "menu"
KERNEL = conformance.PAYLOADS / "pvh.payload"
STARTED = r"^CONFORMANCE command line (.*)\n"
UP, DOWN, RIGHT, LEFT, END, HOME = (f"\x1b[{letter}" for letter in "ABCDFH")
DELETE, PAGE_UP, PAGE_DOWN = (f"\x1b[{number}~" for number in (3, 5, 6))
ENTER, ESCAPE, TAB, BACKSPACE = "\r", "\x1b", "\t", "\x7f"
FUNCTION_KEYS = ("\x1bOP", "\x1b[15~", "\x1b[24~")      # F1, F5, F12
NAME_LENGTH, FILLER = 200, "linux of some distribution, "
LAST = r"^Up/Down select  "             # the row that is drawn last
LIST_TOP = 2                            # the row of the first entry
LINE = re.compile(r"^(?P<selected>[> ]) *(?P<number>\d+)(?P<default>[* ])(?P<marked>.?) ?(?P<title>.*?)"
                  r"(?: {3,}(?P<tries>no tries|\d+ tr(?:y|ies)) left)?$")


def control(letter):
    """What a terminal sends for Ctrl and this letter."""
    return chr(ord(letter) & 0x1F)


def entry(title, words="", **keys):
    """The text of an entry that starts /kernel; KEYS are its further lines, of which a list makes several."""
    lines = {"title": title, "linux": "/kernel", **keys} | ({"options": words} if words else {})
    return "".join(f"{key.replace('_', '-')} {value}\n" for key, values in lines.items()
                   for value in (values if isinstance(values, list) else [values])).encode()


def long_name(number):
    """The name of an entry as nobody has it but who tests: as long as can be, with NUMBER in it."""
    return f"{number:05}-{FILLER * NAME_LENGTH}"[:NAME_LENGTH]


def many(count, **keys):
    """So many entries with long names and titles; the list has them from the highest number down."""
    return {long_name(number): entry(f"Title {long_name(number)}"[:NAME_LENGTH], f"x={number}", sort_key="many",
                                     version=f"6.1.{number}", **keys)
            for number in sorted(range(count), key=lambda number: number * 7919 % 10007)}


def files(entries, configuration="", kernel=KERNEL):
    """The files of a boot tree. ENTRIES is a dictionary from name to text; a name has no suffix, but its boot counter."""
    return {"kernel": kernel.read_bytes(), "loader/loader.conf": configuration.encode(),
            **{f"loader/entries/{name}.conf": text for name, text in entries.items()}}


def start(name, tree, words="", door="pvh", memory="512", icount=()):
    """The machine.Machine, not yet started, in which our image gets TREE, a dictionary of files, as an archive."""
    chosen, folder = doors.find(door), RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "tree.cpio"
    archive.write_bytes(cpio.archive(tree))
    job = doors.Job(assets.BUILD / f"quadrivium.{chosen.image}", folder, words, [archive])
    return machine.Machine([*chosen.arguments(job, memory, 1, "max,-la57"), *icount], folder)


# ---- what is seen ----

@dataclass(frozen=True)
class Line:
    """A line of the list."""
    number: int
    title: str
    tries: str = ""
    default: bool = False
    marked: bool = False
    selected: bool = False


def listed(seen):
    """The lines of the list on a Screen."""
    lines = []
    for text in seen.rows[LIST_TOP:]:
        if not (found := LINE.match(text)):
            break
        lines.append(Line(int(found["number"]), found["title"].strip(), found["tries"] or "", found["default"] == "*",
                          found["marked"] == "!", found["selected"] == ">"))
    return lines


def selected(seen):
    """The text of the row in the colours of the selection, on a serial line or on EFI's; "" where there is not one."""
    rows = seen.where(reverse=True) or seen.where(foreground=0, background=7)
    return rows[0][2] if len(rows) == 1 else ""


def history(raw, pattern, size=(screen.COLUMNS, screen.ROWS)):
    """What the group of PATTERN was on the screen, one after the other, while the bytes RAW came."""
    seen, found = screen.Screen(*size), []
    for byte in raw:
        place = seen.feed(bytes([byte])).find(pattern)
        if place and (text := re.search(pattern, seen.rows[place[0]])[1]) not in found[-1:]:
            found.append(text)
    return found


class Menu:
    """The menu of a machine that runs, on its serial console."""

    def __init__(self, running, size=(screen.COLUMNS, screen.ROWS)):
        self.running, self.size = running, size

    def press(self, *keys):
        """Types these keys."""
        self.running.type("".join(keys))

    def see(self, pattern=LAST, condition=lambda seen: True):
        """Waits until PATTERN is on the screen and CONDITION of it holds; returns the screen.Screen."""
        return screen.wait(self.running, pattern, condition, self.size)

    def at(self, title):
        """Waits until the entry with TITLE is the selected one; returns the screen."""
        return self.see(condition=lambda seen: re.search(rf"^> *\d+.{{3}}{re.escape(title)}( {{3}}|$)", selected(seen)))

    def gone(self, pattern):
        """Waits until PATTERN is no more on the screen; returns the screen."""
        return self.see(condition=lambda seen: not seen.find(pattern))

    def go(self, *keys, to):
        """Types these keys and waits until they have led to the entry with the title TO."""
        self.press(*keys)
        return self.at(to)


def keep(seen, name, title):
    """Keeps the picture of a Screen for docs/menu.md, if documents are to be written."""
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        screen.keep_svg(seen, name, title)


def keep_display(running, name):
    """The same of a machine's display, when nothing changes on it any more; it lies beside the logs in any case."""
    picture, before = running.folder / f"{name}.png", None
    while True:
        running.screendump(picture)
        if picture.read_bytes() == before:
            break
        before = picture.read_bytes()
        running.idle(0.2)
    if os.environ.get("QUADRIVIUM_WRITE_DOCS"):
        screen.keep_png(picture, name)
