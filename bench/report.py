# SPDX-License-Identifier: BSD-2-Clause
"""Writes a result as a page with tables and plots."""

import statistics

import doors
import growth
import paths
import points
import samples
import svg
import texts
import xen_times

CLOCK = "guest instructions"
PHASES = (*points.PHASES, points.COPY, points.JUMP)


def figure(value):
    """A number of instructions, for a table."""
    return svg.short(value).replace(" ", " ") if value else "–"


def counted(row):
    """The counted boot of a path that waited least, or None."""
    return points.least(row["instructions"]) if row.get("instructions") else None


def table(head, rows, left=1):
    """The lines of a Markdown table; LEFT columns hold words, the others numbers."""
    return ["| " + " | ".join(head) + " |", "|" + "---|" * left + "---:|" * (len(head) - left),
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)]


def headline(result):
    """The names of the paths to draw, of those that were counted, in the order of paths.HEADLINE."""
    names = [name for name in paths.HEADLINE if counted(result["paths"].get(name, {}))]
    return names or [name for name, row in result["paths"].items() if counted(row)]


def parts_table(result):
    rows = []
    for name in headline(result):
        row = result["paths"][name]
        sample = counted(row)
        peer = counted(result["paths"].get(row["against"], {}))
        ratios = ["", ""]
        if peer:
            # Where the peer loads and unpacks next to nothing, there is nothing to be a part of.
            ratios = [f"{whole / other:.3f}" if other > peer[points.USER] / 100 else "–"
                      for whole, other in zip(spans(sample), spans(peer))]
        rows.append([f"`{name}`", *(figure(value) for value in points.parts(sample).values()), figure(sample[points.USER]),
                     *ratios, f"`{row['against']}`" if peer else ""])
    head = ["path", *(name for name, *_ in points.PARTS), "to `/init`", "of the peer's", "without firmware and kernel", "peer"]
    lines = table(head, rows)
    lines[1] = "|---|" + "---:|" * (len(head) - 2) + "---|"
    return lines


def spans(sample):
    """Of a boot, all of it, and what lies between the firmware and the kernel at its own address."""
    parts = points.parts(sample)
    return sample[points.USER], sum(parts[name] for name in ("loader before", "quadrivium", "unpacking"))


def efi_table(result):
    """Each path through EFI: from where the firmware starts an application to the kernel at its own address, and how that is to
    what the other boot loaders take."""
    counts = {name: (counted(row), row["door"]) for name, row in result["paths"].items()}
    taken = {name: spans(sample)[1] for name, (sample, door) in counts.items()
             if sample and points.BOOT in sample and doors.DOORS[door].firmware.startswith("ovmf")}
    peers = {peer: min((taken[name] for name in names if name in taken), default=None)
             for peer, names in paths.EFI_PEERS.items()}
    rows = [[f"`{name}`", figure(value), *(f"{value / other:.3f}" if other else "" for other in peers.values())]
            for name, value in taken.items()]
    return table(["path", "to the kernel", *(f"of {peer}'s" for peer in peers)], rows)


def parts_plot(result):
    rows, before = [], None
    for name in headline(result):
        row = result["paths"][name]
        # Apart: whose kernel unpacks itself, and whose firmware is EFI.
        group = row["kernel"] == "xz", row["door"] in doors.DOORS and doors.DOORS[row["door"]].firmware.startswith("ovmf")
        if before not in (None, group):
            rows.append(("", {}))
        before = group
        rows.append((name, points.parts(counted(row))))
    return svg.bars("From reset to /init", rows, [name for name, *_ in points.PARTS], CLOCK)


def phases(sample):
    """What each of PHASES cost, from the door on."""
    last, found = sample[points.DOOR], {}
    for name in PHASES:
        if name in sample:
            found[name], last = sample[name] - last, sample[name]
    return found


def loader_rows(result):
    """Our paths in which the loader unpacks nothing: with the kernel as shipped or, where none was counted, with vmlinux."""
    for kernel in ("xz", "none"):
        found = [(name, phases(counted(row))) for name, row in result["paths"].items()
                 if row["kind"] == paths.OURS and row["kernel"] == kernel and counted(row)]
        if found:
            return found
    return []


def loader_table(result):
    rows = [[f"`{name}`", *(f"{found.get(phase, 0):,}" for phase in PHASES)] for name, found in loader_rows(result)]
    return table(["path", *(f"{phase}" for phase in PHASES)], rows)


def loader_plot(result):
    shown = [(name, {phase: value for phase, value in found.items() if phase not in (points.COPY, points.JUMP)})
             for name, found in loader_rows(result) if not result["paths"][name]["door"].startswith(("efi", "multiboot2-efi"))]
    return svg.bars("The loader without the payload's bytes: from the door to the last stamp", shown, points.PHASES, CLOCK)


def every_table(result):
    """All of our paths: a row for door and exit, a column for each form of the kernel."""
    rows, kernels = {}, []
    for row in result["paths"].values():
        sample = counted(row)
        if row["kind"] == paths.OURS and sample:
            text = f"{figure(sample[points.USER])} ({figure(points.parts(sample)['quadrivium'])})"
            rows.setdefault((row["door"], row["exit"]), {})[row["kernel"]] = text
            kernels += [row["kernel"]] if row["kernel"] not in kernels else []
    return table(["door", "exit", *kernels], [[f"`{door}`", f"`{exit}`", *(cells.get(kernel, "–") for kernel in kernels)]
                                              for (door, exit), cells in rows.items()], 2)


def own_cost(sample):
    """From the door to the trampoline, without what it copies; None where the loader unpacks, which is mostly that."""
    return sample[points.COPY] - sample[points.DOOR] if points.COPY in sample else None


def before_table(result, before):
    """What became faster since BEFORE, an older result: the loader without the payload's bytes, all of it, and the boot."""
    rows = []
    for name, row in before["paths"].items():
        samples = counted(row), counted(result["paths"].get(name, {}))
        if row["kind"] != paths.OURS or not all(samples):
            continue
        own = ["–", "–"] if row["kernel"].endswith("-direct") else [figure(own_cost(sample)) for sample in samples]
        whole = [figure(points.parts(sample)["quadrivium"]) for sample in samples]
        rows.append([f"`{name}`", *own, *whole, *(figure(sample[points.USER]) for sample in samples),
                     f"{samples[1][points.USER] / samples[0][points.USER]:.4f}"])
    head = ["path", "door to jump, before", "now", "with the payload, before", "now", "to `/init`, before", "now", "ratio"]
    return table(head, rows)


def wall_table(result):
    rows = []
    for name, row in result["paths"].items():
        if row.get("seconds"):
            times = samples.summary([sample[points.USER] for sample in row["seconds"]])
            first = [sample[points.KERNEL] for sample in row["seconds"] if points.KERNEL in sample]
            ratio = samples.summary(row["ratios"])
            peer = result["paths"].get(row["against"], {}).get("seconds", [])
            # Round by round, as they took turns.
            beside = [one[points.USER] / other[points.USER] for one, other in zip(row["seconds"], peer)]
            rows.append([f"`{name}`", f"{statistics.median(first):.3f}" if first else "–", f"{times.median:.3f}",
                         f"{times.p99:.3f}", f"{times.spread:.3f}", f"{ratio.median:.3f} ± {ratio.spread:.3f}",
                         f"{statistics.median(beside):.3f}" if beside else "", times.count])
    head = ["path", "kernel's first line, s", "`/init`, median s", "p99 s", "spread s", "of the direct boot", "of the peer's",
            "boots"]
    return table(head, rows)


def growth_parts(result, folder, prefix):
    """The section of each axis: its plot and its table."""
    lines = []
    for name, axis in growth.AXES.items():
        found = {series: rows for series, rows in result["growth"].get(name, {}).items() if rows}
        if not found:
            continue
        whole = all(points.USER in figures for rows in found.values() for _, figures in rows)
        curves = {series: [(value, figures[points.USER] if whole else growth.own(figures)) for value, figures in rows]
                  for series, rows in found.items()}
        if whole:
            own = {series: [(value, growth.own(figures)) for value, figures in rows] for series, rows in found.items()}
            curves |= {f"{series}: the loader alone": rows for series, rows in own.items() if any(y for _, y in rows)}
        (folder / f"bench-{name}.svg").write_text(svg.curves(axis.title, curves, axis.across, CLOCK))
        values = sorted({value for rows in curves.values() for value, _ in rows})
        cells = [[f"{value:,}", *(figure(dict(rows).get(value, 0)) for rows in curves.values())] for value in values]
        lines += [f"### {axis.title}", "", f"![{axis.title}]({prefix}bench-{name}.svg)", "",
                  *table([axis.across, *curves], cells), ""]
    return lines


def facts(result):
    machine, versions = result["machine"], result["versions"]
    own = {key: value for key, value in result["options"].items() if key != "quick"}
    rows = [[key, value] for group in (machine, versions, own) for key, value in group.items()]
    return [*table(["of this run", ""], rows, 2), ""]


def section(title, text, *lines):
    """A section, if it has LINES beyond a table's head."""
    return [f"## {title}", "", text.strip(), "", *lines, ""] if len(lines) > 2 else []


def write(result, page, folder, prefix, before=None):
    """Writes the PAGE; its plots into FOLDER, which PREFIX leads to from it. BEFORE: an older result to show beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [texts.INTRODUCTION, *facts(result)]
    if headline(result):
        (folder / "bench-paths.svg").write_text(parts_plot(result))
        lines += section("Where the time goes", texts.PARTS, f"![From reset to /init]({prefix}bench-paths.svg)", "",
                         *parts_table(result))
        lines += [texts.LESSONS, ""]
    lines += section("Through EFI", texts.EFI, *efi_table(result))
    if loader_rows(result):
        (folder / "bench-loader.svg").write_text(loader_plot(result))
        lines += section("The loader's own phases", texts.PHASES, f"![The loader's phases]({prefix}bench-loader.svg)", "",
                         *loader_table(result))
    if before:
        text = texts.BEFORE.format(version=before["versions"]["quadrivium"])
        lines += section("Before and after", text, *before_table(result, before))
    lines += section("Every door, exit and kernel", texts.EVERY, *every_table(result))
    lines += section(f"On the wall, with {result['machine']['accelerator'].upper()}", texts.WALL, *wall_table(result))
    grown = growth_parts(result, folder, prefix)
    lines += section("How the cost grows", texts.GROWTH, *grown)
    lines += section("As a guest of Xen", texts.XEN, *xen_times.lines(result["xen"]))
    lines += [texts.POINTS.strip(), "", texts.REAL.strip(), "", texts.REGRESSIONS.strip(), ""]
    page.write_text("\n".join(lines))
