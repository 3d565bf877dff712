#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_xenstore and fuzz_blkfront: a xenstored and a back end that do as they should, and such as do not."""

import struct
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"
READ, DIRECTORY, WRITE, WATCH, EVENT, ERROR = 2, 1, 11, 4, 15, 16
KINDS = [READ, DIRECTORY, WRITE, WATCH]             # of the requests that fuzz_xenstore makes, round by round
CONTENTS = {READ: b"4", DIRECTORY: b"51712\x0051728\0", WRITE: b"OK\0", WATCH: b"OK\0"}
GOOD_ONE, GOOD_ALL, ANSWER, AHEAD, SCRIBBLE, IDLE, ANY_EVENT, BAD_STATUS = range(8)


def message(kind, number, content):
    return struct.pack("<IIII", kind, number, 0, len(content)) + content


def replies(count, event=b"", error=b""):
    """What comes for the three rounds of COUNT requests; EVENT in front of each reply, ERROR for each second one."""
    stream = b""
    for number in range(3 * count):
        kind = KINDS[(number % count + number // count) % 4]
        stream += event + (message(ERROR, number + 1, error) if error and number % 2 else message(kind, number + 1, CONTENTS[kind]))
    return stream


def xenstore():
    event = message(EVENT, 0, b"/local/domain/0/backend/vbd/1/51712/state\0quadrivium\0")
    lie = b"\xa5\x03" + struct.pack("<I", 2000)
    for name, device, count, step, stream in [
            ("one", 51712, 1, 255, replies(1)), ("many", 1 << 28 | 16 << 8, 8, 99, replies(8)),
            ("bytes", 768, 2, 0, replies(2)), ("events", 2048, 3, 63, replies(3, event)),
            ("absent", 5632, 4, 63, replies(4, b"", b"ENOENT\0")), ("refused", 65 << 8, 4, 63, replies(4, b"", b"EACCES\0")),
            ("ahead", 0, 1, 63, replies(1)[:30] + lie + replies(1)), ("long", 0, 1, 255, struct.pack("<IIII", READ, 1, 0, 5000)),
            ("wrong", 0, 1, 255, message(READ, 2, b"4"))]:
        write("xenstore", name, struct.pack("<IBBBB", device, count - 1, step, 255, 255) + stream)


def blkfront():
    read = bytes([9, 3, 200, 3])                    # from where: shifted; how many: times
    for name, segments, deeds in [
            ("direct", 2, read + bytes([GOOD_ONE, GOOD_ALL]) * 9), ("indirect", 3, read + bytes([GOOD_ALL]) * 9),
            ("small", 0, bytes([0, 0, 3, 0]) + bytes([GOOD_ONE, IDLE]) * 9), ("unasked", 1, read + bytes([ANSWER, 7, 0])),
            ("ahead", 3, read + bytes([GOOD_ONE, AHEAD, 1, 4])), ("scribble", 2, read + bytes([SCRIBBLE, 0, 8, 255, GOOD_ALL])),
            ("status", 1, read + bytes([GOOD_ONE, BAD_STATUS, 1, GOOD_ALL] * 3)), ("event", 2, read + bytes([ANY_EVENT, 9, GOOD_ALL]))]:
        write("blkfront", name, bytes([segments]) + deeds)


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


if __name__ == "__main__":
    xenstore()
    blkfront()
