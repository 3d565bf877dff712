#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Captures what a loader leaves in memory: runs QEMU through a door, stops in our first instructions and keeps what our
normaliser reads, as tests/unit/captured/NAME.capture (tests/unit/replay.h has the format).

    tests/capture/capture.py [NAME …]       all of them, or those named; wants `make` to have been run

The machine is stopped by a breakpoint at `long_mode` (32-bit doors: EBX is the loader's structure) or `start` (64-bit
doors: RSI is). Its memory is saved, and build/record runs the normaliser over that.
"""

import re
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build"
sys.path.insert(0, str(HERE.parent / "boot"))

import doors        # noqa: E402
import machine      # noqa: E402

LINK_BASE = 0x100000
LINUX_BASE = 0xFF000            # page 0 stays behind where page 1 is loaded at 1 MiB
REGISTERS = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)), "rip"]
MEGABYTE = 1 << 20
WORDS = "console=ttyS0 qv.timeout=3 captured"
STRING = "words of the first"
EFI_HEADERS = ["-DGNU_EFI_USE_MS_ABI", "-isystem", "/usr/include/efi", "-isystem", "/usr/include/efi/x86_64"]
SOURCES = ["entries/pvh.c", "entries/multiboot2.c", "entries/linux.c", "firmware/efi_tables.c", "firmware/acpi.c",
           "firmware/acpi_virtio.c", "handoff/handoff.c", "common/map.c", "common/arena.c", "common/text.c", "common/failure.c"]


@dataclass(frozen=True)
class Capture:
    """One boot: DOOR is one of tests/boot/doors.py. FLAGS go to the recorder."""
    door: str
    modules: int = 0
    base: int = LINK_BASE
    symbol: str = "long_mode"
    register: str = "rbx"
    memory: int = 128                   # MiB
    flags: tuple = ()
    arguments: tuple = ()               # further ones of QEMU's


CAPTURES = {
    "pvh-q35": Capture("pvh-q35", modules=1),
    "pvh-pc": Capture("pvh-pc"),
    "pvh-microvm": Capture("pvh-microvm", modules=1),
    "multiboot2-bios": Capture("multiboot2-bios", modules=2),
    "multiboot2-efi": Capture("multiboot2-efi", modules=1, symbol="start", register="rsi"),
    "linux16": Capture("linux16", modules=1, base=LINUX_BASE),
    "linux32": Capture("linux32", modules=1, base=LINUX_BASE),
    "linux32-efi": Capture("linux32-efi", modules=1, base=LINUX_BASE),
    "linux64-kexec": Capture("linux64-kexec", modules=1, symbol="start", register="rsi", memory=256),
    "acpi-q35": Capture("pvh-q35", flags=("--power",)),
    "acpi-microvm": Capture("pvh-microvm", flags=("--power",)),
    "acpi-virtio": Capture("pvh-microvm", flags=("--power",), arguments=(
        "-blockdev", "null-co,node-name=a,size=1048576", "-device", "virtio-blk-device,drive=a", "-device", "virtio-rng-device",
        "-blockdev", "null-co,node-name=b,size=1048576", "-device", "virtio-blk-device,drive=b")),
}


class Debugger:
    """As much of GDB's remote protocol as it takes to run to an address."""

    def __init__(self, path):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(machine.TIMEOUT)
        self.link.connect(str(path))
        self.stream = self.link.makefile("rwb")

    def ask(self, text):
        body = text.encode()
        self.stream.write(b"$" + body + b"#%02x" % (sum(body) & 0xFF))
        self.stream.flush()
        while True:
            byte = self.stream.read(1)
            if byte == b"$":
                break
            assert byte, "QEMU went away"
        answer = b""
        while (byte := self.stream.read(1)) != b"#":
            answer += byte
        self.stream.read(2)
        self.stream.write(b"+")
        self.stream.flush()
        return answer.decode()

    def registers(self):
        raw = bytes.fromhex(self.ask("g")[:len(REGISTERS) * 16])
        return {name: int.from_bytes(raw[8 * n:8 * n + 8], "little") for n, name in enumerate(REGISTERS)}

    def run_to(self, address, code):
        """Runs until the instructions CODE are about to be executed at ADDRESS; what runs there before has others."""
        self.ask(f"Z1,{address:x},1")
        while True:
            self.ask("c")
            if self.ask(f"m{address:x},{len(code):x}") == code.hex() and self.registers()["rip"] == address:
                return
            self.ask(f"z1,{address:x},1")
            self.ask("s")
            self.ask(f"Z1,{address:x},1")


def symbols():
    lines = subprocess.run(["nm", BUILD / "image.elf"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {fields[2]: int(fields[0], 16) - LINK_BASE for fields in map(str.split, lines) if len(fields) == 3}


def kexec_base(job, door):
    """Where kexec puts the image, which is the same each time: the image itself prints it."""
    seen = doors.Job(job.image, job.folder / "first", job.words + " qv.debug", job.modules)
    with machine.Machine(door.arguments(seen, "256", 1, "max"), seen.folder) as guest:
        return int(guest.wait(r"0x([0-9a-f]+)-0x[0-9a-f]+ ours")[1], 16) - 0x1000


def boot(name, capture, folder):
    """The door's argument and a file with the machine's memory, as our first instructions see it."""
    door = doors.find(capture.door)
    modules = []
    for number in range(capture.modules):
        modules.append(folder / f"module{number}")
        modules[-1].write_bytes(b"070701" + bytes([number]) * (5000 + number))
    job = doors.Job(BUILD / f"quadrivium.{door.image}", folder, WORDS, modules, STRING)
    base = kexec_base(job, door) if "kexec" in capture.door else capture.base
    offset = symbols()[capture.symbol]
    code = job.image.read_bytes()[offset:offset + 16]
    gdb, dump = folder / "gdb", folder / "memory"
    arguments = [*door.arguments(job, str(capture.memory), 1, "max"), *capture.arguments]
    with machine.Machine([*arguments, "-S", "-gdb", f"unix:{gdb},server=on,wait=off"], folder, qmp=True) as guest:
        while not gdb.exists():
            assert guest.process.poll() is None, guest.failure("QEMU ended")
            guest.idle(0.1)
        debugger = Debugger(gdb)
        debugger.run_to(base + offset, code)
        argument = debugger.registers()[capture.register]
        answer = guest.qmp({"execute": "pmemsave", "arguments": {"val": 0, "size": capture.memory * MEGABYTE,
                                                                  "filename": str(dump)}})
        assert "return" in answer, answer
    return door, argument, dump


def build_recorder():
    subprocess.run(["cc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", *EFI_HEADERS, f"-I{ROOT}", HERE / "record.c",
                    *(ROOT / source for source in SOURCES), "-o", BUILD / "record"], check=True)


def main(names):
    build_recorder()
    for name in names or CAPTURES:
        capture = CAPTURES[name]
        # Not in the tree: the path of a socket is short.
        with tempfile.TemporaryDirectory() as folder:
            door, argument, dump = boot(name, capture, Path(folder))
            protocol = re.sub("-(q35|pc|microvm|grub|kexec.*)$", "", door.name.replace("linux32-efi", "linux32"))
            text = subprocess.run([BUILD / "record", *capture.flags, protocol, hex(argument), dump], check=True,
                                  capture_output=True, text=True).stdout
        path = HERE.parent / "unit/captured" / f"{name}.capture"
        path.write_text(f"# {door.how}; {capture.memory} MiB. Made by tests/capture/capture.py.\n{text}")
        print(f"{path.relative_to(ROOT)}: {len(text)} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
