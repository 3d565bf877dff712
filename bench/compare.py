# SPDX-License-Identifier: BSD-2-Clause
"""Tells what became slower from OLD to NEW, two files of `make bench`, and what is only noise.

Instructions repeat: a path is worse where its boot, or our own part of it, takes more than 0.5 % more of them. Where the guest
waits for a disk of the host, of several boots the one counts that waited least; our own part may differ by a five-hundredth of
the boot, then. Seconds do not repeat: they are compared as ratios to the direct boot of the same round, and a path is worse
where their median rose by more than 2 % and chance alone would bring that less than once in a hundred comparisons.

The exit status is 1 where a path is worse or is not measured any more, 2 where the files cannot be compared.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass

import points
import samples

MORE_INSTRUCTIONS = 0.005
MORE_SECONDS = 0.02
CHANCE = 0.01
FEW = 5_000             # instructions of our own part that are too few to be told of
WAITS = 1 / 500         # of the boot: what waiting for the host may make of our own part
SAME, BETTER, WORSE, NOISE, MISSING, NEW = "same", "better", "worse", "noise", "missing", "new"
FAILS = (WORSE, MISSING)


@dataclass(frozen=True)
class Finding:
    """What became of one figure of a path."""
    path: str
    what: str
    verdict: str
    old: float = 0
    new: float = 0
    unit: str = ""

    def line(self):
        if self.verdict in (MISSING, NEW):
            return f"{self.verdict:8} {self.path} {self.what}".rstrip()
        change = f"{(self.new / self.old - 1) * 100:+.2f} %" if self.old else "from 0"
        return f"{self.verdict:8} {self.path} {self.what}: {_shown(self.old)} to {_shown(self.new)} {self.unit} ({change})"


def _shown(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _verdict(old, new, limit):
    return WORSE if new > old * (1 + limit) else BETTER if new < old * (1 - limit) else SAME


def instructions(name, old, new, waits):
    """The Findings of the counted boots of one path: all of it, and our part. WAITS: where the firmware reads a disk for us."""
    total = [points.least(lot)[points.USER] for lot in (old, new)]
    yield Finding(name, "to /init", _verdict(*total, MORE_INSTRUCTIONS), *total, "instructions")
    own = [min(points.parts(sample)["quadrivium"] for sample in lot) for lot in (old, new)]
    few = total[0] * WAITS if waits else FEW
    verdict = _verdict(*own, MORE_INSTRUCTIONS) if abs(own[1] - own[0]) > few else SAME
    if any(own):
        yield Finding(name, "in the loader", verdict, *own, "instructions")


def seconds(name, old, new):
    """The Finding of the boots of one path that were timed; OLD and NEW are lists of ratios."""
    medians = statistics.median(old), statistics.median(new)
    worse, better = samples.chance_that_no_greater(old, new), samples.chance_that_no_greater(new, old)
    verdict = _verdict(*medians, MORE_SECONDS)
    if verdict == WORSE and worse >= CHANCE or verdict == BETTER and better >= CHANCE:
        verdict = NOISE
    return Finding(name, "on the wall", verdict, *medians, "of the direct boot")


def compare(old, new):
    """All Findings from OLD to NEW, two results."""
    found = []
    for name in [*old["paths"], *(name for name in new["paths"] if name not in old["paths"])]:
        before, after = old["paths"].get(name), new["paths"].get(name)
        if not before or not after:
            found.append(Finding(name, "", MISSING if before else NEW))
            continue
        if before.get("instructions") and after.get("instructions"):
            waits = before.get("door", "").startswith(("efi", "multiboot2-efi"))
            found += instructions(name, before["instructions"], after["instructions"], waits)
        if before.get("ratios") and after.get("ratios"):
            found.append(seconds(name, before["ratios"], after["ratios"]))
        found += [Finding(name, clock, MISSING) for clock in ("instructions", "ratios")
                  if before.get(clock) and not after.get(clock)]
    return found


def differences(old, new):
    """What makes the two incomparable, in words: another machine, accelerator, or set of options."""
    return [f"{part} {key}: {old[part].get(key)} and {new[part].get(key)}" for part in ("machine", "options")
            for key in sorted(old[part].keys() | new[part].keys()) if old[part].get(key) != new[part].get(key)]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--all", action="store_true", help="what stayed the same, too")
    options = parser.parse_args(arguments)
    try:
        old, new = (json.load(open(path)) for path in (options.old, options.new))
        found, other = compare(old, new), differences(old, new)
    except (OSError, ValueError, KeyError, TypeError) as failure:
        print(f"compare: error: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 2
    for difference in other:
        print(f"note     not alike: {difference}")
    for finding in found:
        if options.all or finding.verdict != SAME:
            print(finding.line())
    counts = {verdict: sum(finding.verdict == verdict for finding in found) for verdict in (WORSE, MISSING, BETTER, NOISE, SAME)}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return int(any(finding.verdict in FAILS for finding in found))


if __name__ == "__main__":
    sys.exit(main())
