# SPDX-License-Identifier: BSD-2-Clause
"""The bench itself (bench/): its statistics, plots and points, how it tells a regression from noise, and one path, all of it."""

import json
import math
import random
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
sys.path.append(str(BENCH))

import bench    # noqa: E402 (found through the path above)
import compare_xen  # noqa: E402
import doors    # noqa: E402
import growth   # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import paths    # noqa: E402
import points   # noqa: E402
import price    # noqa: E402
import report   # noqa: E402
import samples  # noqa: E402
import svg      # noqa: E402
import unpack   # noqa: E402
import xen_times  # noqa: E402

LOG = """fw_do_boot 100
door 150
stamp 160
stamp 170
stamp 180
stamp 190
stamp 200
stamp 210
stamp 220
stamp 230
copy 240
linux_start_boot 300
linux_start_kernel 1000
linux_start_user 5000
"""
BOOT = points.parse(LOG)
OLDER = BOOT | {points.COPY: 250, points.JUMP: 310, points.KERNEL: 1010, points.USER: 5010}
PEER = points.parse("fw_do_boot 100\nlinux_start_boot 400\nlinux_start_kernel 1100\nlinux_start_user 5100\n")
NAMESPACE = "{http://www.w3.org/2000/svg}"


# ---- who unpacks faster ----

def test_unpack(made, tmp_path):
    """The bytes are told as they are, and nothing is measured that is broken."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    data = unpack.payload()
    whole.write_bytes(data)
    cut.write_bytes(data[:len(data) // 2] + data[-4:])
    done = subprocess.run([unpack.PROGRAM, "2", whole], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if " quadrivium " in line]
    size = int.from_bytes(data[-4:], "little")
    assert [line[:4] for line in lines] == [[str(whole), "quadrivium", str(len(data) - 4), str(size)]] * 2
    assert all(0 < float(line[4]) < 100 for line in lines)
    done = subprocess.run([unpack.PROGRAM, "1", cut], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "") and f"{cut}: quadrivium cannot unpack it" in done.stderr


def test_unpack_table():
    sizes = {name: (10_000, 100_000) for name in unpack.PACKED}
    times = {(name, "quadrivium"): [0.25, 0.5, 0.75] for name in unpack.PACKED}
    both = unpack.table(times | {("xz", "linux"): [1.0, 0.5, 2.0]}, sizes).splitlines()
    assert both[2] == "| xz, as shipped | 10,000 | 250.0 | 500.0 | 0.50 | 500.0, 1000.0 |"
    assert both[3] == "| zstd, zstd -19 | 10,000 | 250.0 | – | – | – |"


# ---- statistics ----

def test_summary():
    found = samples.summary([5.0, 1.0, 3.0, 2.0, 100.0])
    assert (found.count, found.median, found.p99, found.spread) == (5, 3.0, 100.0, 2.0)
    assert samples.percentile(range(1, 201), 99) == 198
    assert samples.percentile([7], 99) == 7


@pytest.mark.parametrize("old, new, chance", [
    ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 1 / 252),           # one order of 252
    ([6, 7, 8, 9, 10], [1, 2, 3, 4, 5], 1),
    ([1, 3], [2, 4], 2 / 6),                                # above in 3 pairs of 4: two orders of six have as many
    ([1], [1], 1),                                          # equal samples are no difference
])
def test_rank_test(old, new, chance):
    assert math.isclose(samples.chance_that_no_greater(old, new), chance)


def test_rank_test_of_many():
    """Beyond what is counted out, the normal distribution says the same."""
    few, many = random.Random(1), random.Random(2)
    old, new = [few.gauss(100, 5) for _ in range(24)], [many.gauss(104, 5) for _ in range(24)]
    exact = samples.chance_that_no_greater(old, new)
    assert 0.001 < exact < 0.2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "EXACT", 0)
        assert math.isclose(samples.chance_that_no_greater(old, new), exact, rel_tol=0.1)


# ---- points ----

def test_points():
    assert list(BOOT) == list(points.ORDER)
    assert (BOOT["cpu"], BOOT["exit"]) == (160, 230)
    assert points.parts(BOOT) == {"firmware": 100, "loader before": 50, "quadrivium": 150, "unpacking": 700, "kernel": 4000}
    assert points.parts(PEER) == {"firmware": 100, "loader before": 300, "quadrivium": 0, "unpacking": 700, "kernel": 4000}
    itself_the_loader = points.parts({name: count for name, count in PEER.items() if name != points.BOOT})
    assert itself_the_loader["firmware"] == 400 and itself_the_loader["loader before"] == 0


@pytest.mark.parametrize("log", ["door 5\nfw_do_boot 7\n", "elsewhere 3\n", "door 5\ncpu 4\n"])
def test_points_refused(log):
    with pytest.raises(ValueError):
        points.parse(log)


def test_marks():
    assert points.marks(b"\x24\x28\x03\x00\xff\x07") == ["devices", "exit", "linux_start_boot", "linux_start_user"]


def test_a_block_ends_where_qemu_ends_it():
    code = bytes.fromhex("fc fa 31c0 8ed8 8ec0 8ed0")           # cld, cli, xor, mov to ds: the block ends; mov to es
    assert points.block(code, "i386:x86-64") == code[:6]
    assert points.block(bytes.fromhex("fc e800000000 5d"), "i386") == bytes.fromhex("fce800000000")
    assert points.block(bytes.fromhex("fc 48b80011"), "i386:x86-64") == b"\xfc"     # cut off in an instruction


def test_our_points_are_known_by_enough(made):
    for point in [*points.ours(), *points.option_roms(), *points.kernel(made.vmlinuz, "-"), *points.kernel(made.vmlinux, "-")]:
        assert point.kind != "bytes" or len(point.value) >= 2 * points.ENOUGH, point


# ---- paths ----

def test_paths():
    rows = paths.table()
    assert {row.door.name for row in rows.values() if row.kind == paths.OURS} == set(doors.DOORS)
    assert {row.against for row in rows.values() if row.against} <= rows.keys()
    assert all(rows[row.against].kind == paths.PEER for row in rows.values() if row.against)
    assert {name for name in paths.HEADLINE if not name.endswith("-direct")} <= rows.keys()
    assert set(paths.QUICK) <= rows.keys() and paths.DIRECT in paths.QUICK


# ---- plots ----

def test_numbers():
    shown = {0: "0", 7: "7", 999: "999", 75803: "75.8 k", 1234567: "1.23 M", 1630000000: "1.63 G"}
    assert {value: svg.short(value) for value in shown} == shown
    assert svg.ticks(6.1e9) == [0, 1e9 * 2, 4e9, 6e9, 8e9]
    assert svg.ticks(0) == [0, 1]


def test_bars():
    rows = [("one & <two>", {"a": 10, "b": 30}), ("", {}), ("three", {"a": 5})]
    root = xml.fromstring(svg.bars("A title", rows, ["a", "b"], "units"))
    texts = [text.text for text in root.iter(NAMESPACE + "text")]
    assert {"A title", "one & <two>", "three", "a", "b", "units", "40"} <= set(texts)
    drawn = [rect for rect in root.iter(NAMESPACE + "rect") if rect.find(NAMESPACE + "title") is not None]
    widths = [float(rect.get("width")) for rect in drawn]
    assert len(drawn) == 3 and math.isclose(widths[1], 3 * widths[0], rel_tol=1e-3)
    assert math.isclose(float(drawn[1].get("x")), float(drawn[0].get("x")) + widths[0], abs_tol=0.02)
    assert "prefers-color-scheme: dark" in root.find(NAMESPACE + "style").text
    right = max(float(rect.get("x")) + float(rect.get("width")) for rect in drawn)
    assert right <= svg.WIDTH - svg.RIGHT - svg.MARGIN + 0.1


def test_curves():
    text = svg.curves("Growth", {"us": [(1, 10), (1000, 40)], "them": [(1, 20)]}, "entries", "instructions")
    root = xml.fromstring(text)
    circles = [(float(one.get("cx")), float(one.get("cy"))) for one in root.iter(NAMESPACE + "circle")]
    assert len(circles) == 3 and circles[0][0] < circles[1][0] and circles[0][1] > circles[1][1]
    assert {"1,000", "entries (logarithmic)", "instructions", "us", "them"} <= {text.text for text in root.iter(NAMESPACE + "text")}


# ---- comparing ----

def result(ratios=(), **totals):
    """A result with these paths: how many thousandths more than BOOT each takes to /init."""
    names = {name.replace("_", ":"): boot(more) for name, more in totals.items()}
    return {"machine": {"processor": "x"}, "options": {"rounds": 5},
            "paths": {name: {"instructions": [sample], "ratios": list(ratios)} for name, sample in names.items()}}


def boot(more):
    counted = {name: count * 100_000 for name, count in BOOT.items()}
    return counted | {points.USER: round(BOOT[points.USER] * (100_000 + more * 100))}


def compared(tmp_path, old, new, *options):
    for name, one in (("old", old), ("new", new)):
        (tmp_path / name).write_text(one if isinstance(one, str) else json.dumps(one))
    done = subprocess.run([BENCH / "compare", *options, tmp_path / "old", tmp_path / "new"], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("new, status, said", [
    (result(a_b=4), 0, "0 worse, 0 missing, 0 better, 0 noise, 2 same"),
    (result(a_b=6), 1, "worse    a:b to /init: 500,000,000 to 503,000,000 instructions (+0.60 %)"),
    (result(a_b=-6), 0, "better   a:b to /init"),
    (result(), 1, "missing  a:b"),
    (result(a_b=0, c_d=0), 0, "new      c:d"),
])
def test_compare_instructions(new, status, said, tmp_path):
    found = compared(tmp_path, result(a_b=0), new)
    assert found[0] == status and said in found[1], found[1]


def test_compare_the_loader_alone(tmp_path):
    """What is lost in a whole boot is seen in our part of it."""
    new = result(a_b=0)
    new["paths"]["a:b"]["instructions"][0][points.JUMP] += 200_000
    found = compared(tmp_path, result(a_b=0), new)
    assert found[0] == 1 and "worse    a:b in the loader: 15,000,000 to 15,200,000 instructions (+1.33 %)" in found[1]


def test_compare_where_the_host_is_waited_for(tmp_path):
    """Under EFI our own part holds waiting for the disk: the least of the boots counts, and a little more is nothing."""
    old, new = result(a_b=0), result(a_b=0)
    for one in (old, new):
        one["paths"]["a:b"]["door"] = "efi"
    new["paths"]["a:b"]["instructions"][0][points.JUMP] += 900_000
    assert compared(tmp_path, old, new)[0] == 0
    new["paths"]["a:b"]["instructions"][0][points.JUMP] += 200_000
    assert "worse    a:b in the loader" in compared(tmp_path, old, new)[1]
    new["paths"]["a:b"]["instructions"].append(boot(0))
    assert compared(tmp_path, old, new)[0] == 0


STEADY = [1.00, 1.01, 0.99, 1.00, 1.02, 0.98, 1.00]


@pytest.mark.parametrize("new, status, said", [
    ([ratio * 1.05 for ratio in STEADY], 1, "worse    a:b on the wall: 1 to 1.05 of the direct boot (+5.00 %)"),
    ([ratio * 1.01 for ratio in STEADY], 0, "0 worse, 0 missing, 0 better, 0 noise, 3 same"),
    ([0.9, 1.3, 0.95, 1.03, 1.2, 0.9, 1.03], 0, "noise    a:b on the wall"),
    ([ratio * 0.9 for ratio in STEADY], 0, "better   a:b on the wall"),
    ([], 1, "missing  a:b ratios"),
])
def test_compare_seconds(new, status, said, tmp_path):
    found = compared(tmp_path, result(STEADY, a_b=0), result(new, a_b=0))
    assert found[0] == status and said in found[1], found[1]


@pytest.mark.parametrize("broken", ["", "[]", '{"paths": {}}',
                                    '{"paths": {"a:b": {"instructions": [{}]}}, "machine": {}, "options": {}}'])
def test_compare_refuses(broken, tmp_path):
    status, said = compared(tmp_path, result(a_b=0), broken)
    assert status == 2 and said.startswith("compare: error: ")


def test_compare_notes_another_machine(tmp_path):
    other = result(a_b=0) | {"machine": {"processor": "y"}}
    assert "note     not alike: machine processor: x and y" in compared(tmp_path, result(a_b=0), other)[1]


# ---- the page ----

def test_page(tmp_path):
    facts = {"kind": paths.OURS, "door": "pvh-q35", "exit": "linux64", "kernel": "xz", "against": "direct:linux16:xz"}
    seconds = [{points.KERNEL: 1.0, points.USER: 2.0 + shift / 10} for shift in range(3)]
    made_up = {"machine": {"accelerator": "tcg"}, "versions": {}, "options": {}, "xen": {}, "paths": {
        "pvh-q35:linux64:xz": facts | {"instructions": [BOOT], "seconds": seconds, "ratios": [1.0, 1.1, 1.2]},
        "direct:linux16:xz": {**facts, "kind": paths.PEER, "exit": "", "against": "", "door": "linux16", "instructions": [PEER],
                               "seconds": [{points.USER: 4.0}] * 3, "ratios": [2.0] * 3},
    }, "growth": {"memory": {"us": [[256, BOOT], [512, BOOT]]}, "entries": {"us": [[1, {"own": 5}], [10, {"own": 50}]]}}}
    older = {"versions": {"quadrivium": "0.0"}, "paths": {"pvh-q35:linux64:xz": facts | {"instructions": [OLDER]}}}
    report.write(made_up, tmp_path / "page.md", tmp_path / "pictures", "pictures/", older)
    page = (tmp_path / "page.md").read_text()
    assert "| `pvh-q35:linux64:xz` | 100 | 50 | 150 | 700 | 4.00 k | 5.00 k | 0.980 | 0.900 | `direct:linux16:xz` |" in page
    assert "| `pvh-q35:linux64:xz` | 1.000 | 2.100 | 2.200 | 0.100 | 1.100 ± 0.100 | 0.525 | 3 |" in page
    assert "| `pvh-q35` | `linux64` | 5.00 k (150) |" in page
    assert "| `pvh-q35:linux64:xz` | 100 | 90 | 160 | 150 | 5.01 k | 5.00 k | 0.9980 |" in page
    for picture in ("paths", "loader", "memory", "entries"):
        assert f"](pictures/bench-{picture}.svg)" in page
        xml.fromstring((tmp_path / f"pictures/bench-{picture}.svg").read_text())


def test_efi_table():
    """What lies between the firmware and the kernel, beside systemd-boot and the better of GRUB's two ways."""
    def row(through, jump, kernel, **more):
        sample = {points.BOOT: 100, points.JUMP: jump, points.KERNEL: kernel, points.USER: 9000, **more}
        return {"door": through, "kernel": "xz", "against": "", "instructions": [sample]}
    found = {"systemd-boot:efi:xz": row("efi", 400, 1100), "grub:linux32-efi:xz": row("linux32-efi", 400, 2100),
             "grub:efi-handover:xz": row("efi-handover", 400, 900), "efi:linux64:xz": row("efi", 300, 500, door=100),
             "pvh-q35:linux64:xz": row("pvh-q35", 300, 500, door=100)}
    lines = report.efi_table({"paths": found})
    assert lines[0] == "| path | to the kernel | of systemd-boot's | of GRUB's |"
    assert "| `efi:linux64:xz` | 400 | 0.400 | 0.500 |" in lines and len(lines) == 2 + 4
    del found["grub:linux32-efi:xz"], found["grub:efi-handover:xz"]
    assert "| `efi:linux64:xz` | 400 | 0.400 |  |" in report.efi_table({"paths": found})


def test_price():
    assert price.code_lines("/* a\n b */\nint x; /* c */\n\n// d\n  y();\n") == 2
    rows = price.table(price.DOORS[:1], {}, True)
    name, lines, size, structures, found, *_ = [cell.strip() for cell in rows[2].split("|")[1:]]
    assert name == "PVH" and int(lines) > 50 and int(size.replace(",", "")) > 500
    assert {record for record, _ in price.fields(["entries/pvh.c"])} == {
        "hvm_start_info", "hvm_modlist_entry", "hvm_memmap_table_entry"} and int(structures) == 3 and int(found) > 8


# ---- a boot ----

def test_a_path_by_both_clocks(made, record_property):
    """The loader's marks on qemu-boot-time's port, and the points that are found without them."""
    record_property("door", "pvh-q35")
    path = paths.table()["pvh-q35:linux64:none"]
    seconds = measure.wall(path, "tcg")
    assert list(seconds) == ["devices", "selected", "loaded", "unpacked", "exit", *points.NAMED[2:]]
    assert sorted(seconds.values()) == list(seconds.values())

    counted = measure.instructions(path)
    shown = counted.pop("tsc")
    assert list(counted) == list(points.ORDER)
    # Instructions of a block that a fault cuts short are counted with it.
    assert 0.99 < counted[points.USER] / shown < 1.01
    assert 0 < counted["exit"] - counted[points.DOOR] < counted[points.JUMP] < counted[points.KERNEL] < counted[points.USER] / 2


# ---- a run ----

def empty():
    return {"paths": {}, "failures": {}}


def test_paths_take_turns(monkeypatch):
    """Each round begins with the direct boot, to which the others are compared; a boot that fails stops nothing."""
    asked = []

    def wall(path, accelerator):
        asked.append((path.name, accelerator))
        if path.name == "efi:efi:xz":
            raise machine.BootFailure("it\ndid not boot")
        return {points.USER: 2.0 * len(asked)}
    monkeypatch.setattr(measure, "wall", wall)
    rows, made_up = paths.table(), empty()
    wanted = [rows[name] for name in ("pvh-q35:pvh:none", "efi:efi:xz", paths.DIRECT)]
    assert len(list(bench.take_time(wanted, made_up, "kvm", 2))) == 2
    assert asked == [(name, "kvm") for name in (paths.DIRECT, "pvh-q35:pvh:none", "efi:efi:xz")] * 2
    assert made_up["paths"]["pvh-q35:pvh:none"]["ratios"] == [4 / 2, 10 / 8]
    assert made_up["paths"][paths.DIRECT]["ratios"] == [1, 1]
    assert made_up["failures"] == {"efi:efi:xz (kvm)": "it"}


def test_what_was_counted_is_not_counted_again(monkeypatch):
    counted = []

    def instructions(path):
        counted.append(path.name)
        if path.name == "efi:efi:xz":
            raise ValueError("out of order")
        return BOOT
    monkeypatch.setattr(measure, "instructions", instructions)
    rows, made_up = paths.table(), empty()
    made_up["paths"][paths.DIRECT] = {"instructions": [PEER]}
    list(bench.count([rows[name] for name in (paths.DIRECT, "pvh-q35:pvh:none", "efi:efi:xz")], made_up, 1))
    assert counted == ["pvh-q35:pvh:none", "efi:efi:xz"]
    assert made_up["paths"]["pvh-q35:pvh:none"]["instructions"] == [BOOT]
    assert made_up["failures"] == {"efi:efi:xz": "out of order"}


def test_growth_keeps_what_it_has(monkeypatch):
    axis = growth.Axis("Size", "bytes", (1, 2), ("us",), lambda value, series: {"own": 10 * value})
    monkeypatch.setattr(growth, "AXES", {"size": axis})
    results = {"size": {"us": [[1, {"own": 7}]]}}
    list(growth.measure_all(results, {}, lambda text: None))
    assert results == {"size": {"us": [[1, {"own": 7}], [2, {"own": 20}]]}}


def test_tables_of_xen():
    figures = {"total": 4.0, "processor": 3.0, "loader": 0, "unpacking": 0}
    lines = xen_times.lines({"timed": {"quadrivium.elf": figures | {"loader": 0.5}, compare_xen.GRUB: figures | {"loader": 2.0}},
                             "packed": {"kernel in dom0:xz": figures, "pvh-xen:pvh:none": figures | {"total": 1.0}}})
    assert "| 6 MiB | quadrivium.elf | 4.00 s | 1.00 | 3.00 s | 1.00 | 0.50 s | 0.25 |" in lines
    assert "| `pvh-xen:pvh:none` | 1.00 s | 0.25 | 3.00 s | 1.00 |" in lines
    assert xen_times.lines({}) == []
