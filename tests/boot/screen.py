# SPDX-License-Identifier: BSD-2-Clause
"""The screen of a VT100 as a person would see it, made from the bytes of a serial console; and its picture as SVG.

It knows the sequences of ECMA-48 and the VT100 that firmware, loaders and kernels send, and leaves out all others.
"""

import codecs
import html
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"

COLUMNS, ROWS = 80, 24
OVMF = 100, 31                          # columns and rows of EDK2's serial console where the machine has a display too
TAB = 8
STEP = 0.1                              # seconds between two looks
BLANK = " "
PRIVATE = 0x3C                          # parameters from `<` to `?` mark a sequence that is not ECMA-48's
UNSAID = -1                             # a parameter that is left out

# What a colour looks like in the picture: the first eight, and the same bright.
PALETTE = ("#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
           "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff")
FOREGROUND, BACKGROUND = 7, 0           # where no colour is set
CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASE, MARGIN = 9, 18, 15, 14, 8


@dataclass(frozen=True)
class Style:
    """How a cell is drawn. Colours are numbers from 0 to 255, or None for the terminal's own."""
    bold: bool = False
    dim: bool = False
    underline: bool = False
    reverse: bool = False
    foreground: int | None = None
    background: int | None = None


PLAIN = Style()
ON = {1: "bold", 2: "dim", 4: "underline", 7: "reverse"}
OFF = {22: ("bold", "dim"), 24: ("underline",), 27: ("reverse",)}


class Screen:
    """Feed it bytes, in pieces of any size; read `rows`, `row`, `column`, `cursor` and `style`.

    UNKNOWN holds the sequences that it left out: a test may want there to be none.
    """

    def __init__(self, columns=COLUMNS, rows=ROWS):
        self.columns, self.lines = columns, rows
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.unknown = []
        self.titles = []
        self._reset()

    def _reset(self):
        self.cells = [self._blank_row(PLAIN) for _ in range(self.lines)]
        self.row = self.column = 0
        self.cursor = True              # whether it is shown
        self.pen = PLAIN
        self.saved = (0, 0, PLAIN)
        self.top, self.bottom = 0, self.lines - 1
        self.wrap = True
        self.pending = False            # the last column was written: the next character goes to the next row
        self.alternate = None           # what the other screen holds
        self.rest = ""                  # a sequence that has not ended

    # ---- what is seen ----

    @property
    def rows(self):
        """The text of each row, without the blanks at its end."""
        return ["".join(text for text, _ in row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.rows).rstrip("\n")

    def style(self, row, column):
        """The Style of a cell."""
        return self.cells[row][column][1]

    def find(self, pattern):
        """The first (row, column) where the regular expression PATTERN begins in a row's text, or None."""
        for number, text in enumerate(self.rows):
            if found := re.search(pattern, text):
                return number, found.start()
        return None

    def where(self, **styles):
        """The texts whose cells have these styles, such as reverse=True: a list of (row, column, text) without outer blanks."""
        out = []
        for number, row in enumerate(self.cells):
            have = [all(getattr(style, name) == value for name, value in styles.items()) for _, style in row]
            start = 0
            while start < self.columns:
                end = start
                while end < self.columns and have[end]:
                    end += 1
                if text := "".join(text for text, _ in row[start:end]).strip():
                    out.append((number, start, text))
                start = end + 1
        return out

    # ---- what comes in ----

    SEQUENCE = re.compile(
        r"\x1b\[(?P<parameters>[\x30-\x3f]*)(?P<between>[\x20-\x2f]*)(?P<final>[\x40-\x7e])"
        r"|\x1b\](?P<title>[^\x07\x1b]*)(?:\x07|\x1b\\)"
        r"|\x1b[()*+#% ](?P<charset>.)"
        r"|\x1b(?P<escape>[^\[\]()*+#% ])", re.DOTALL)
    # What a sequence may be that the next bytes end. A longer one never ends.
    BEGUN = re.compile(r"\x1b(?:\[[\x20-\x3f]*|\][^\x07\x1b]*\x1b?|[()*+#% ])?\Z")
    LONGEST = 4096

    def feed(self, data):
        """Takes DATA, bytes, as the terminal would. Returns the screen."""
        text = self.rest + self.decoder.decode(data)
        self.rest, at = "", 0
        while at < len(text):
            if text[at] != "\x1b":
                self._character(text[at])
                at += 1
            elif found := self.SEQUENCE.match(text, at):
                self._sequence(found)
                at = found.end()
            elif self.BEGUN.match(text, at) and len(text) - at < self.LONGEST:
                self.rest = text[at:]
                break
            else:
                self.unknown.append("\x1b")
                at += 1
        return self

    def _character(self, character):
        if character == "\r":
            self._move(self.row, 0)
        elif character in "\n\v\f":
            self._line_feed()
        elif character == "\b":
            self._move(self.row, self.column - 1)
        elif character == "\t":
            self._move(self.row, (self.column // TAB + 1) * TAB)
        elif character >= " " and character != "\x7f":
            self._put(character)

    def _put(self, character):
        if self.pending:
            self._move(self.row, 0)
            self._line_feed()
        self.cells[self.row][self.column] = (character, self.pen)
        if self.column + 1 < self.columns:
            self.column += 1
        else:
            self.pending = self.wrap

    def _line_feed(self):
        self.pending = False
        if self.row == self.bottom:
            self._scroll(self.top, 1)
        elif self.row + 1 < self.lines:
            self.row += 1

    def _scroll(self, top, count):
        """Moves the rows from TOP to the region's end up by COUNT, or down where it is negative."""
        height = self.bottom + 1 - top
        for _ in range(min(abs(count), height)):
            del self.cells[top if count > 0 else self.bottom]
            self.cells.insert(self.bottom if count > 0 else top, self._blank_row(self.pen))

    def _move(self, row, column):
        self.row = min(max(row, 0), self.lines - 1)
        self.column = min(max(column, 0), self.columns - 1)
        self.pending = False

    def _blank(self, pen):
        return (BLANK, Style(background=pen.background))

    def _blank_row(self, pen):
        return [self._blank(pen) for _ in range(self.columns)]

    def _erase(self, row, start, end):
        self.cells[row][start:end] = [self._blank(self.pen)] * (end - start)

    # ---- sequences ----

    def _sequence(self, found):
        if found["final"]:
            if not self._control(found["final"], found["parameters"], found["between"]):
                self.unknown.append(found[0])
        elif found["title"] is not None:
            self.titles.append(found["title"])
        elif found["escape"]:
            self._escape(found["escape"])

    def _escape(self, final):
        if final == "7":
            self.saved = (self.row, self.column, self.pen)
        elif final == "8":
            self._restore()
        elif final == "c":
            self._reset()
        elif final == "D":
            self._line_feed()
        elif final == "E":
            self._move(self.row, 0)
            self._line_feed()
        elif final == "M":
            if self.row == self.top:
                self._scroll(self.top, -1)
            else:
                self._move(self.row - 1, self.column)
        elif final not in "=>\\":
            self.unknown.append(f"\x1b{final}")

    def _restore(self):
        row, column, self.pen = self.saved
        self._move(row, column)

    def _control(self, final, parameters, between):
        """ESC [ PARAMETERS BETWEEN FINAL; False where it is not known."""
        if between:
            return False
        private = parameters[:1] if parameters and ord(parameters[0]) >= PRIVATE else ""
        fields = re.split("[;:]", parameters[len(private):])
        if not all(field.isdigit() or not field for field in fields):
            return False
        numbers = [int(field) if field else UNSAID for field in fields]
        if private:                     # `=` is how EDK2 tells ANSI.SYS the size of the screen
            return final in "hl" and (private == "=" or private == "?" and all([self._mode(number, final == "h")
                                                                                for number in numbers]))
        count = max(numbers[0], 1)
        if final in "Hf":
            second = numbers[1] if len(numbers) > 1 else 1
            self._move(count - 1, max(second, 1) - 1)
        elif final in "ABCDEFGd`ae":
            self._move_by(final, count)
        elif final in "JK":
            return self._clear(final, max(numbers[0], 0))
        elif final == "m":
            self._colours(numbers)
        elif final in "LMPX@ST":
            self._shift(final, count)
        elif final == "r":
            self._region(numbers)
        elif final == "s":
            self.saved = (self.row, self.column, self.pen)
        elif final == "u":
            self._restore()
        else:
            return final in "nchl"      # reports that nobody here gives, and modes that change no picture
        return True

    def _move_by(self, final, count):
        row, column = {"A": (-count, 0), "B": (count, 0), "e": (count, 0), "C": (0, count), "a": (0, count), "D": (0, -count),
                       "E": (count, -self.column), "F": (-count, -self.column)}.get(final, (0, 0))
        if final in "G`":
            column = count - 1 - self.column
        elif final == "d":
            row = count - 1 - self.row
        # Up and down stop at the region's edges where they begin within.
        top, bottom = (self.top, self.bottom) if self.top <= self.row <= self.bottom and final != "d" else (0, self.lines - 1)
        self._move(min(max(self.row + row, top), bottom), self.column + column)

    def _clear(self, final, how):
        """Erases the line (K) or the screen (J): 0 from the cursor, 1 to the cursor, 2 all of it."""
        if how > 3 or final == "K" and how > 2:
            return False
        self._erase(self.row, 0 if how else self.column, self.column + 1 if how == 1 else self.columns)
        if final == "J":
            for row in {0: range(self.row + 1, self.lines), 1: range(self.row)}.get(how, range(self.lines)):
                self._erase(row, 0, self.columns)
        self.pending = False
        return True

    def _shift(self, final, count):
        """Puts in or takes out rows (L, M, S, T) or characters (@, P, X)."""
        row = self.cells[self.row]
        if final in "LM":
            if self.top <= self.row <= self.bottom:
                self._scroll(self.row, count if final == "M" else -count)
        elif final in "ST":
            self._scroll(self.top, count if final == "S" else -count)
        else:
            count = min(count, self.columns - self.column)
            blanks = [self._blank(self.pen)] * count
            if final == "@":
                row[self.column:] = blanks + row[self.column:self.columns - count]
            elif final == "P":
                row[self.column:] = row[self.column + count:] + blanks
            else:
                row[self.column:self.column + count] = blanks

    def _region(self, numbers):
        top = max(numbers[0], 1) - 1
        bottom = (numbers[1] if len(numbers) > 1 and numbers[1] > 0 else self.lines) - 1
        if top < bottom < self.lines:
            self.top, self.bottom = top, bottom
            self._move(0, 0)

    def _mode(self, number, on):
        if number == 25:
            self.cursor = on
        elif number == 7:
            self.wrap = on
        elif number in (47, 1047, 1049):
            self._other_screen(on)
        else:
            return number in (1, 3, 5, 12, 1000, 1002, 1006, 2004)      # keys, width, blinking, mouse, paste: no picture
        return True

    def _other_screen(self, on):
        if on and self.alternate is None:
            self.alternate = (self.cells, self.row, self.column, self.pen)
            self.cells = [self._blank_row(PLAIN) for _ in range(self.lines)]
        elif not on and self.alternate is not None:
            self.cells, self.row, self.column, self.pen = self.alternate
            self.alternate, self.pending = None, False

    def _colours(self, numbers):
        """Select graphic rendition, with the numbered colours of ISO 8613-6 (38;5;N and 48;5;N)."""
        numbers = [max(number, 0) for number in numbers]
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self.pen = PLAIN
            elif number in ON:
                self.pen = replace(self.pen, **{ON[number]: True})
            elif number in OFF:
                self.pen = replace(self.pen, **dict.fromkeys(OFF[number], False))
            elif number in (38, 48):
                plane, kind = "foreground" if number == 38 else "background", numbers[:1]
                if kind == [5] and len(numbers) > 1 and numbers[1] < 256:
                    self.pen = replace(self.pen, **{plane: numbers[1]})
                del numbers[:2 if kind == [5] else 4]
            else:
                self._colour(number)

    def _colour(self, number):
        if number in (39, 49):
            self.pen = replace(self.pen, **{"foreground" if number == 39 else "background": None})
        for first, plane, bright in ((30, "foreground", 0), (40, "background", 0),
                                     (90, "foreground", 8), (100, "background", 8)):
            if first <= number < first + 8:
                self.pen = replace(self.pen, **{plane: number - first + bright})


def wait(running, pattern, condition=lambda seen: True, size=(COLUMNS, ROWS), timeout=60):
    """Waits until the machine.Machine RUNNING shows PATTERN on its serial console and CONDITION of the Screen holds.

    Returns the Screen; raises machine.BootFailure, with what is on it, after TIMEOUT seconds.
    """
    seen, fed, end = Screen(*size), 0, time.monotonic() + timeout
    while True:
        seen.feed(running.raw[fed:])
        fed = len(running.raw)
        if seen.find(pattern) and condition(seen):
            return seen
        if time.monotonic() > end:
            raise running.failure(f"no {pattern!r} as wanted in {timeout} seconds on the screen:\n{seen.text}")
        running.idle(STEP)


# ---- pictures ----

def svg(screen, title=""):
    """The SCREEN as the text of an SVG: rectangles, and text in whatever monospace font its reader has."""
    width, height = 2 * MARGIN + screen.columns * CELL_WIDTH, 2 * MARGIN + screen.lines * CELL_HEIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">']
    if title:
        out.append(f"<title>{html.escape(title)}</title>")
    out += [f'<rect width="{width}" height="{height}" fill="{PALETTE[BACKGROUND]}"/>',
            f'<g font-family="DejaVu Sans Mono, Consolas, Menlo, monospace" font-size="{FONT_SIZE}" xml:space="preserve">']
    for number, row in enumerate(screen.cells):
        for start, text, style in _runs(row):
            out += _drawn(MARGIN + start * CELL_WIDTH, MARGIN + number * CELL_HEIGHT, text, style)
    if screen.cursor:
        out.append(f'<rect x="{MARGIN + screen.column * CELL_WIDTH}" y="{MARGIN + screen.row * CELL_HEIGHT + CELL_HEIGHT - 3}" '
                   f'width="{CELL_WIDTH}" height="2" fill="{PALETTE[FOREGROUND]}"/>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def keep_svg(screen, name, title=""):
    """Writes the SCREEN to docs/pictures/NAME.svg; returns the path."""
    return _kept(name, "svg", lambda path: path.write_text(svg(screen, title)))


def keep_png(png, name):
    """Copies a picture that machine.Machine.screendump made to docs/pictures/NAME.png; returns the path."""
    return _kept(name, "png", lambda path: shutil.copyfile(png, path))


def _kept(name, kind, write):
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{name}.{kind}"
    write(path)
    return path


def _runs(row):
    """The parts of a ROW that are drawn alike: (first column, text, Style)."""
    start = 0
    while start < len(row):
        end = start
        while end < len(row) and row[end][1] == row[start][1]:
            end += 1
        yield start, "".join(text for text, _ in row[start:end]), row[start][1]
        start = end


def _drawn(x, y, text, style):
    foreground = FOREGROUND if style.foreground is None else style.foreground
    background = BACKGROUND if style.background is None else style.background
    if style.bold and foreground < 8:
        foreground += 8
    if style.reverse:
        foreground, background = background, foreground
    width = len(text) * CELL_WIDTH
    if background != BACKGROUND:
        yield f'<rect x="{x}" y="{y}" width="{width}" height="{CELL_HEIGHT}" fill="{_rgb(background)}"/>'
    if words := text.strip():
        x, width = x + CELL_WIDTH * (len(text) - len(text.lstrip())), CELL_WIDTH * len(words)
        extra = "".join([' font-weight="bold"' if style.bold else "", ' opacity="0.6"' if style.dim else "",
                         ' text-decoration="underline"' if style.underline else ""])
        yield (f'<text x="{x}" y="{y + BASE}" textLength="{width}" lengthAdjust="spacingAndGlyphs" '
               f'fill="{_rgb(foreground)}"{extra}>'
               f"{html.escape(words, quote=False)}</text>")


def _rgb(number):
    """The colour NUMBER of the 256: sixteen of the palette, a cube of six steps a side, and greys."""
    if number < len(PALETTE):
        return PALETTE[number]
    if number < 232:
        steps = (0, 95, 135, 175, 215, 255)
        number -= 16
        return "#" + "".join(f"{steps[number // divisor % 6]:02x}" for divisor in (36, 6, 1))
    return "#" + f"{8 + 10 * (number - 232):02x}" * 3
