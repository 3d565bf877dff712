#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_menu, fuzz_keys and fuzz_xen_console: what a person types, in the form that these targets read."""

from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"

UP, DOWN, LEFT, RIGHT, HOME, END, PAGE_UP, PAGE_DOWN, DELETE, INSERT, OTHER = (bytes([code]) for code in range(0xe0, 0xeb))
SECOND = b"\xff"


def menu(name, keys, entries=4, kinds=(1, 1), shift=3, columns=80, rows=24, default=0, mood=0):
    head = bytes([entries if entries < 128 else 0x80 | entries // 10 % 128, *kinds, shift, columns, rows, default, mood])
    (SEEDS / "menu" / name).write_bytes(head + keys)


def keys(name, data):
    (SEEDS / "keys" / name).write_bytes(data)


def xen_console(name, *operations):
    """OPERATIONS are (one of PUT, GET, INDEX and TYPED, where, further bytes)."""
    data = b"".join(bytes([where << 2 | what]) + further for what, where, further in operations)
    (SEEDS / "xen_console" / name).write_bytes(data)


for folder in ("menu", "keys", "xen_console"):
    (SEEDS / folder).mkdir(parents=True, exist_ok=True)

menu("arrows", UP + DOWN * 5 + HOME + END + PAGE_UP + PAGE_DOWN + b"\r", entries=20)
menu("digits", b"7" + DOWN + b"12" + SECOND * 2 + b"3" + b"90\r", entries=1000)
menu("filter", b"/linux" + DOWN + b"\x7f\x7f\t" + b"12d\x1b\r", entries=15)
menu("letters", b"xyz" + b"\x7f" * 4 + b"Fedora" + END + b"\r", entries=1000, columns=40, rows=10)
menu("edit", b"e single" + LEFT * 3 + DELETE + b"\x01a\x05b\x17\x0b" + HOME + RIGHT + b"\x15\r")
menu("edit-full", b"e" + b"x" + HOME + DELETE * 3 + b"yz" + b"\x1b" + b"e\r", mood=2, columns=40, rows=10)
menu("count", SECOND * 4, mood=16, default=3)
menu("count-stopped", OTHER + SECOND * 3 + b"\r", mood=16, default=3)
menu("no-editor", b"e" + DOWN + b"ed", mood=32 + 8)
menu("broken", DOWN + b"\re" + DOWN + b"\re" + END + b"\r", kinds=(0, 0))
menu("help", b"?" + DOWN + b"h\x1b" + b"pd", mood=1)
menu("sizes", bytes(range(0xf0, 0xff)) + END + bytes(range(0xf0, 0xff)), entries=1000)
menu("empty", b"\r/x\r\x1bedp12" + SECOND, entries=0, mood=16)

keys("arrows", b"\x1b[A\x1b[B\x1b[C\x1b[D\x1bOA\x1bOH\x1b[F")
keys("editing", b"\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~\x1b[7~\x1b[8~")
keys("modifiers", b"\x1b[1;5A\x1b[27;5;129~\x1b[24;80R")
keys("functions", b"\x1bOP\x1b[[A\x1b[11~\x1bOM\x1bOp")
keys("escapes", b"\x1b\x1b\x1b[\x1b[A\x1bx\x1b[1;\r")
keys("scan-codes", b"\x2a\x1e\x9e\xaa\xe0\x48\xe0\xc8\x3a\x1e\x45\x47\x1d\x25\x9d\xe1\x1d\x45\xe1\x9d\xc5\x1c")

PUT, GET, INDEX, TYPED = range(4)
IN_CONS, IN_PROD, OUT_CONS, OUT_PROD = range(4)
xen_console("typed", (TYPED, 0, b"a\x1b[A\x1b\0"), *[(GET, 0, b"")] * 3, (GET, 63, b""))
xen_console("full", (PUT, 63, b""), (INDEX, OUT_CONS, b"\x40\0\0\0"), (PUT, 9, b""))
xen_console("wrapped", *((INDEX, index, b"\xf0\xff\xff\xff") for index in range(4)), (PUT, 5, b""), (TYPED, 0, b"x" * 40 + b"\0"),
            (GET, 1, b""))
xen_console("lies", (INDEX, IN_PROD, b"\x01\x04\0\0"), (GET, 1, b""), (INDEX, OUT_PROD, b"\x01\x08\0\0"), (PUT, 1, b""))
