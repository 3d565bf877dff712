# SPDX-License-Identifier: BSD-2-Clause
"""Draws plots as SVG: stacked bars, and curves, on a ground of their own that follows the reader's mode, light or dark."""

import html
import math

WIDTH = 900
LEFT, RIGHT = 250, 90               # for the names of bars, and for their totals
MARGIN, LINE = 16, 18               # pixels
BAR, GAP = 18, 8
PLOT_HEIGHT, AXIS = 300, 76         # of curves
TICKS = 6                           # about so many on an axis
NARROW = 26                         # a part of fewer pixels has no number in it
# Okabe and Ito's colours, which the colour-blind can tell apart too; the second of each is for a dark ground.
COLOURS = (("#8c959f", "#8b949e"), ("#e69f00", "#e69f00"), ("#0072b2", "#56b4e9"), ("#d55e00", "#e8743b"), ("#009e73", "#2fbf93"),
           ("#cc79a7", "#cc79a7"), ("#6f5bb5", "#a595e8"), ("#b59a00", "#f0e442"), ("#3b8ea5", "#7cc7dc"))
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))
DARK = {"ground": "#0d1117", "ink": "#e6edf3", "faint": "#9198a1", "grid": "#30363d", "border": "#30363d"}
LIGHT = {"ground": "#ffffff", "ink": "#1f2328", "faint": "#59636e", "grid": "#d8dee4", "border": "#d0d7de"}


def short(value, digits=3):
    """VALUE with a prefix of thousands, in so many significant digits: 1.63 G."""
    if not value:
        return "0"
    size, prefix = next((pair for pair in PREFIXES if abs(value) >= pair[0]), (1, ""))
    if size == 1 and value == int(value):
        return f"{value:.0f}"
    value /= size
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return f"{text} {prefix}" if prefix else text


def _round(value):
    """A tick's label: short() without the zeros behind the point."""
    number, _, prefix = short(value).partition(" ")
    return " ".join(part for part in (f"{float(number):g}", prefix) if part)


def ticks(largest, wanted=TICKS):
    """Round numbers from 0 to LARGEST or beyond: 1, 2 or 5 times a power of ten apart."""
    if largest <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(largest / wanted))
    step *= next(factor for factor in (1, 2, 5, 10) if factor * step * wanted >= largest)
    return [step * number for number in range(math.ceil(largest / step - 1e-9) + 1)]


def _style():
    def rules(theme, colours):
        return (f".ground{{fill:{theme['ground']};stroke:{theme['border']}}} .ink{{fill:{theme['ink']}}} "
                f".faint{{fill:{theme['faint']}}} .grid{{stroke:{theme['grid']}}} "
                + " ".join(f".f{number}{{fill:{colour}}} .s{number}{{stroke:{colour};fill:none}}"
                           for number, colour in enumerate(colours)))
    light, dark = zip(*COLOURS)
    return (f"<style>text{{font-family:sans-serif;font-size:13px}} .title{{font-size:15px;font-weight:bold}} "
            f".small{{font-size:11px}} {rules(LIGHT, light)} "
            f"@media (prefers-color-scheme: dark){{{rules(DARK, dark)}}}</style>")


def _text(x, y, text, kind="ink", anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{extra}>{html.escape(text, quote=False)}</text>'


def _document(height, title, body):
    escaped = html.escape(title, quote=True)
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
                      f'height="{height:.0f}" role="img" aria-label="{escaped}">', f"<title>{escaped}</title>", _style(),
                      f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="6"/>',
                      _text(MARGIN, MARGIN + 12, title, "ink title"), *body, "</svg>", ""])


def _legend(names, y):
    """The drawn legend of NAMES from Y down, and where it ends."""
    out, x = [], MARGIN
    for number, name in enumerate(names):
        width = 24 + 7.2 * len(name)
        if x + width > WIDTH - MARGIN:
            x, y = MARGIN, y + LINE
        out += [f'<rect class="f{number % len(COLOURS)}" x="{x}" y="{y - 10}" width="12" height="12" rx="2"/>',
                _text(x + 17, y, name)]
        x += width + 12
    return out, y + LINE


def bars(title, rows, names, unit):
    """Stacked bars. ROWS are pairs of a label, "" for a gap, and a dictionary from a name of NAMES to a value in UNIT."""
    body, top = _legend(names, MARGIN + 38)
    top += 4
    scale = ticks(max((sum(values.values()) for _, values in rows), default=1))
    width = WIDTH - LEFT - RIGHT - MARGIN
    heights = [BAR + GAP if label else GAP * 2 for label, _ in rows]
    bottom = top + sum(heights)
    for tick in scale:
        x = LEFT + width * tick / scale[-1]
        body += [f'<line class="grid" x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}"/>',
                 _text(x, bottom + 16, _round(tick), "faint small", "middle")]
    body.append(_text(LEFT + width / 2, bottom + 34, unit, "faint", "middle"))
    y = top
    for (label, values), height in zip(rows, heights):
        if label:
            x, total = float(LEFT), sum(values.values())
            body.append(_text(LEFT - 8, y + 14, label, anchor="end"))
            for number, name in enumerate(names):
                length = width * values.get(name, 0) / scale[-1]
                if length > 0:
                    body.append(f'<rect class="f{number % len(COLOURS)}" x="{x:.2f}" y="{y}" width="{length:.2f}" '
                                f'height="{BAR}"><title>{html.escape(name)}: {short(values[name])}</title></rect>')
                x += length
            body.append(_text(x + 6, y + 14, short(total), "ink small"))
        y += height
    return _document(bottom + 46, title, body)


def curves(title, series, across, up, logarithmic=True):
    """Curves. SERIES is a dictionary from a name to pairs (x, y); ACROSS and UP say what the axes are, with their units."""
    body, top = _legend(series, MARGIN + 38)
    top += 8
    left, right, bottom = AXIS, WIDTH - MARGIN - 24, top + PLOT_HEIGHT
    xs = sorted({x for points in series.values() for x, _ in points})
    scale = ticks(max((y for points in series.values() for _, y in points), default=1))

    def place(x):
        if len(xs) < 2:
            return (left + right) / 2
        low, high, value = (math.log(one) if logarithmic else one for one in (xs[0], xs[-1], x))
        return left + (right - left) * (value - low) / (high - low)

    def height(y):
        return bottom - PLOT_HEIGHT * y / scale[-1]
    for tick in scale:
        body += [f'<line class="grid" x1="{left}" y1="{height(tick):.1f}" x2="{right}" y2="{height(tick):.1f}"/>',
                 _text(left - 8, height(tick) + 4, _round(tick), "faint small", "end")]
    for x in xs:
        body += [f'<line class="grid" x1="{place(x):.1f}" y1="{bottom}" x2="{place(x):.1f}" y2="{bottom + 5}"/>',
                 _text(place(x), bottom + 18, f"{x:,}", "faint small", "middle")]
    body += [_text((left + right) / 2, bottom + 38, f"{across} (logarithmic)" if logarithmic else across, "faint", "middle"),
             _text(MARGIN + 2, (top + bottom) / 2, up, "faint", "middle",
                   f' transform="rotate(-90 {MARGIN + 2} {(top + bottom) / 2:.1f})"')]
    for number, points in enumerate(series.values()):
        number %= len(COLOURS)
        path = " ".join(f"{place(x):.1f},{height(y):.1f}" for x, y in sorted(points))
        body.append(f'<polyline class="s{number}" stroke-width="2" points="{path}"/>')
        body += [f'<circle class="f{number}" cx="{place(x):.1f}" cy="{height(y):.1f}" r="3.5">'
                 f"<title>{x:,}: {short(y)}</title></circle>" for x, y in sorted(points)]
    return _document(bottom + 52, title, body)
