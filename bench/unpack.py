# SPDX-License-Identifier: BSD-2-Clause
"""Who unpacks a kernel faster, we or it itself? Measured on this machine's processor, without a guest. `make bench-unpack`.

What is packed in Debian's bzImage, as it is and packed again, is unpacked by our decoders as the image has them, and by Linux's,
built of Debian's packages of its source as they are for its own unpacker (bench/unpack.c). With --docs, docs/unpacking.md
is written, and with it what the same takes in a guest of QEMU's TCG.
"""

import argparse
import lzma
import os
import re
import statistics
import struct
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "tests/boot")]

import assets  # noqa: E402 (found through the path above)
import host  # noqa: E402
import kernels  # noqa: E402
import packages  # noqa: E402
import texts  # noqa: E402
import unpack_guest  # noqa: E402


ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/unpacking.md"
PROGRAM = kernels.FOLDER / "unpack"
TREE = kernels.FOLDER / "linux"
ROUNDS, GUEST_ROUNDS = 21, 5
# What of Linux's source its unpacker is made of.
SOURCE = ("lib/xz", "lib/zstd", "lib/lz4", "lib/xxhash.c", "lib/decompress_unxz.c", "lib/decompress_unzstd.c",
          "lib/decompress_unlz4.c", "arch/x86/boot")
# The payload is packed again as Linux's build does it (scripts/Makefile.lib), with the levels of `quadrivium-pack`.
PACKED = {"xz": ("as shipped", None), "zstd": ("zstd -19", ["zstd", "-q", "-19", "-c"]),
          "lz4": ("lz4 -l -12", ["lz4", "-q", "-l", "-12", "-c"])}


def payload():
    """What is packed in the bzImage: the stream, and the four bytes behind it."""
    data = assets.make().vmlinuz.read_bytes()
    offset, size = struct.unpack_from("<II", data, 0x248)       # boot.rst, payload_offset
    start = (data[0x1F1] + 1) * 512 + offset
    return data[start:start + size]


def files():
    """The payload in each form, from the form's name to its path."""
    def write(command):
        def make(partial):
            packed = payload()
            if command:
                whole = lzma.LZMADecompressor().decompress(packed[:-4])
                packed = subprocess.run(command, input=whole, capture_output=True, check=True).stdout + packed[-4:]
            partial.write_bytes(packed)
        return make
    source = assets.make().vmlinuz
    return {name: kernels.product(f"payload.{name}", write(command), source) for name, (_, command) in PACKED.items()}


def linux_source():
    """Unpacks what the Makefile needs to build Linux's decoders. The packages are 150 MiB."""
    if (TREE / "ready").exists():
        return
    built = packages.dependency("linux-headers-amd64", r"linux-headers-\S+-amd64")
    common = packages.dependency(built, r"linux-headers-\S+-common")
    release = ".".join(built.split("-")[2].split(".")[:2])
    *headers, source = packages.fetch(built, common, f"linux-source-{release}")
    for package in headers:
        packages.unpack(package, TREE, "./usr/src/*/include/*")
    packages.unpack(source, TREE, "./usr/src/*.tar.xz")
    archive, = (TREE / "usr/src").glob("*.tar.xz")
    (TREE / "source").mkdir(exist_ok=True)
    subprocess.run(["tar", "x", "-f", archive, "-C", TREE / "source", "--strip-components=1",
                    *(f"linux-source-{release}/{name}" for name in SOURCE)], check=True)
    archive.unlink()
    (TREE / "ready").touch()


def measure(rounds):
    """From (form, decoder) to its seconds, each round's; and from form to its bytes, packed and unpacked."""
    paths = files()
    subprocess.run(["make", "--no-print-directory", "-s", f"BUILD={assets.BUILD}", PROGRAM], cwd=ROOT, check=True)
    # On one processor, so that no round pays for moving.
    command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), PROGRAM, str(rounds), *paths.values()]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, sizes, names = {}, {}, {str(path): name for name, path in paths.items()}
    for line in listed.splitlines():
        path, decoder, packed, unpacked, time = line.split()
        seconds.setdefault((names[path], decoder), []).append(float(time))
        sizes[names[path]] = int(packed), int(unpacked)
    return seconds, sizes


def table(seconds, sizes):
    """The result as a table of Markdown."""
    lines = ["| payload | bytes packed | quadrivium, ms | Linux, ms | ratio | the medians |", "|---|---:|---:|---:|---:|---:|"]
    for name, (how, _) in PACKED.items():
        mine, own = seconds[name, "quadrivium"], seconds.get((name, "linux"))
        words = ["–"] * 3
        if own:
            words = [f"{1000 * min(own):.1f}", f"{min(mine) / min(own):.2f}",
                     f"{1000 * statistics.median(mine):.1f}, {1000 * statistics.median(own):.1f}"]
        lines.append(f"| {name}, {how} | {sizes[name][0]:,} | {1000 * min(mine):.1f} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"


def size_of(symbol, file):
    """The bytes of a function in an object."""
    listing = subprocess.run(["nm", "-S", file], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^\S+ (\S+) [tT] {symbol}$", listing, re.MULTILINE)[1], 16)


def sizes_of_loops():
    """The inner loops of both decoders for xz."""
    return {"linux": size_of("lzma_main", kernels.FOLDER / "linux-xz.o"),
            "ours": size_of("lzma_decode", assets.BUILD / "image.elf")}


def document(seconds, sizes, rounds):
    """docs/unpacking.md."""
    facts = host.machine_facts("", "")
    native = (f"The least of {rounds} rounds, in which both took turns, on one core of: {facts['processor']}. "
              f"Each is {sizes['xz'][1]:,} bytes unpacked, of Linux {host.kernel_version()}.\n")
    tcg = f"{host.versions()['QEMU']}; the least of {GUEST_ROUNDS} rounds, and the median.\n"
    return "\n".join((texts.UNPACKING, native, table(seconds, sizes), texts.UNPACKING_GUEST, tcg,
                      unpack_guest.table(unpack_guest.measured(GUEST_ROUNDS)), texts.UNPACKING_MEANS.format(**sizes_of_loops())))


def main():
    parser = argparse.ArgumentParser(prog="bench/unpack.py", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many times each is unpacked")
    parser.add_argument("--no-linux", action="store_true", help="our decoders alone: its source is 150 MiB to fetch")
    parser.add_argument("--docs", action="store_true", help="write docs/unpacking.md")
    options = parser.parse_args()
    if options.docs and options.no_linux:
        parser.error("the page is of both")
    if not options.no_linux:
        linux_source()
    seconds, sizes = measure(options.rounds)
    print(table(seconds, sizes), end="")
    if options.docs:
        DOCUMENT.write_text(document(seconds, sizes, options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
