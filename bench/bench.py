# SPDX-License-Identifier: BSD-2-Clause
"""Measures how long boots take: every door, exit and kernel, and the peers. `make bench`, `make bench-quick`.

By two clocks: the guest's instructions, which repeat, and the clock on the wall, for which the paths take turns. What comes out
is build/bench/result.json, result.md and plots beside them; with --docs, docs/benchmarks.md and its plots too.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests/boot")]

import assets  # noqa: E402 (found through the path above)
import growth  # noqa: E402
import host  # noqa: E402
import kernels  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import paths  # noqa: E402
import points  # noqa: E402
import report  # noqa: E402
import svg  # noqa: E402
import xen_times  # noqa: E402

FORMAT = 1
ROUNDS, QUICK_ROUNDS = 15, 3
WAITING = 3             # boots that are counted where the guest waits for the host, of those that are compared
BEFORE = Path(__file__).with_name("before.json")    # before the loader was made fast
DOCS = Path(__file__).resolve().parents[1] / "docs"
PARTS = ("instructions", "wall", "growth", "xen")


def say(text):
    print(text, flush=True)


def chosen(rows, patterns, names):
    """The paths of ROWS that PATTERNS name, or those with NAMES where there are none."""
    if not patterns:
        return [rows[name] for name in names if name in rows]
    found = [row for name, row in rows.items() if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    if not found:
        sys.exit(f"bench: error: no path is like {' '.join(patterns)}; --list shows them")
    return found


def count(wanted, result, jobs):
    """Counts the boots of the paths WANTED; JOBS paths at once, since a busy host hardly changes what is counted."""
    def one(path):
        times = WAITING if path.waits and path.name in paths.HEADLINE else 1
        try:
            return path, [measure.instructions(path) for _ in range(times)], ""
        except (machine.BootFailure, ValueError) as failure:
            return path, None, str(failure)
    missing = [path for path in wanted if not result["paths"].get(path.name, {}).get("instructions")]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for path, found, failure in pool.map(one, missing):
            if found:
                entry(result, path)["instructions"] = found
                least = points.least(found)
                say(f"  {path.name:32} {svg.short(least[points.USER]):>8} instructions, "
                    f"{svg.short(points.parts(least)['quadrivium']):>8} of them ours")
            else:
                result["failures"][path.name] = failure.splitlines()[0]
                say(f"  {path.name:32} FAILED: {failure}")
            yield


def entry(result, path):
    """What RESULT has of a path."""
    facts = {"kind": path.kind, "how": path.how, "door": path.door.name, "exit": path.exit, "kernel": path.kernel.name,
             "against": path.against}
    return result["paths"].setdefault(path.name, facts)


def take_time(wanted, result, accelerator, rounds):
    """Times ROUNDS boots each of the paths WANTED, which take turns; each round has a direct boot to compare with."""
    rows = paths.table()
    direct = rows[paths.DIRECT]
    lots = [direct, *(path for path in wanted if path is not direct and path.name != direct.name)]
    done = len(result["paths"].get(paths.DIRECT, {}).get("seconds", []))
    for number in range(done, rounds):
        base = None
        for path in lots:
            try:
                found = measure.wall(path, accelerator)
            except machine.BootFailure as failure:
                result["failures"][f"{path.name} ({accelerator})"] = str(failure).splitlines()[0]
                say(f"  {path.name:32} FAILED: {failure}")
                continue
            base = base or found[points.USER]
            mine = entry(result, path)
            mine.setdefault("seconds", []).append(found)
            mine.setdefault("ratios", []).append(found[points.USER] / base)
        say(f"  round {number + 1} of {rounds}: {base or 0:.2f} s for the direct boot")
        yield


def write(result, output):
    """The result, as JSON, as a page, and as plots beside it."""
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_suffix(".part")
    partial.write_text(json.dumps(result, indent=1) + "\n")
    partial.rename(output)
    report.write(result, output.with_suffix(".md"), output.parent, "")


def write_docs(result, before):
    """docs/benchmarks.md, with what an older result, the file BEFORE, has beside it."""
    report.write(result, DOCS / "benchmarks.md", DOCS / "pictures", "pictures/", json.loads(before.read_text()))


def main():
    parser = argparse.ArgumentParser(prog="bench/bench.py", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few paths, in about two minutes")
    parser.add_argument("--output", type=Path, default=kernels.FOLDER / "result.json")
    parser.add_argument("--resume", action="store_true", help="keep what the output has of an earlier run, and measure the rest")
    parser.add_argument("--rounds", type=int, help="boots of each path by the clock on the wall")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="boots that are counted at once")
    parser.add_argument("--part", choices=PARTS, action="append", help="only these parts")
    parser.add_argument("--docs", action="store_true", help="write docs/benchmarks.md too")
    parser.add_argument("--before", type=Path, default=BEFORE, metavar="FILE",
                        help="an older result, which docs/benchmarks.md is to show beside this one")
    parser.add_argument("--page", action="store_true", help="measure nothing: write the pages anew from the output that is there")
    parser.add_argument("--list", action="store_true", help="name the paths")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="such as pvh-q35:* ; without them, all")
    options = parser.parse_args()

    rows = paths.table()
    if options.list:
        print("\n".join(f"{row.name:32} {row.how}" for row in rows.values()))
        return 0
    if options.page:
        result = json.loads(options.output.read_text())
        write(result, options.output)
        if options.docs:
            write_docs(result, options.before)
        return 0
    assets.make()
    accelerator, why = measure.accelerator()
    rounds = options.rounds if options.rounds is not None else QUICK_ROUNDS if options.quick else ROUNDS
    result = {"format": FORMAT, "machine": host.machine_facts(accelerator, why), "versions": host.versions(),
              "options": {"quick": options.quick, "memory": paths.MEMORY, "cpus": paths.CPUS, "cpu": paths.CPU,
                          "icount": " ".join(measure.ICOUNT), "rounds": rounds, "initrd MiB": kernels.INITRD},
              "paths": {}, "growth": {}, "xen": {}, "failures": {}}
    if options.resume and options.output.exists():
        before = json.loads(options.output.read_text())
        before["options"]["rounds"] = rounds        # more of them may be wanted now
        if any(before.get(key) != result[key] for key in ("format", "machine", "versions", "options")):
            sys.exit(f"bench: error: {options.output} is of another machine, version or set of options")
        result |= {key: before[key] for key in ("paths", "growth", "xen")}

    wanted_parts = options.part or (PARTS[:2] if options.quick or options.paths else PARTS)
    counted = chosen(rows, options.paths, paths.QUICK if options.quick else rows)
    timed = chosen(rows, options.paths, paths.QUICK if options.quick else paths.HEADLINE)
    started = time.monotonic()
    steps = {"instructions": (f"Instructions, {len(counted)} paths", lambda: count(counted, result, options.jobs)),
             "wall": (f"On the wall with {accelerator} ({why}), {len(timed)} paths, {rounds} rounds",
                      lambda: take_time(timed, result, accelerator, rounds)),
             "growth": ("How the cost grows", lambda: growth.measure_all(result["growth"], result["failures"], say)),
             "xen": ("As a guest of Xen", lambda: xen_times.measure(result["xen"], result["failures"], say))}
    for part in wanted_parts:
        title, step = steps[part]
        say(f"{title}:")
        for _ in step():
            write(result, options.output)
    write(result, options.output)
    if options.docs:
        write_docs(result, options.before)
    say(f"{len(result['paths'])} paths in {time.monotonic() - started:.0f} s, {len(result['failures'])} failed: {options.output}")
    return int(bool(result["failures"]))


if __name__ == "__main__":
    sys.exit(main())
