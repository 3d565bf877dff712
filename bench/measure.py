# SPDX-License-Identifier: BSD-2-Clause
"""Measures one boot of one path by one of two clocks: the guest's instructions, or the clock on the wall."""

import os
import shutil
import subprocess
import time

import guest
import kernels
import machine
import points

ICOUNT = ["-icount", "shift=0,sleep=off"]
PLUGIN = kernels.FOLDER / "points.so"
RUNS = kernels.FOLDER / "runs"
INIT = r"BENCH tsc=([0-9a-f]{16})"
FIRST_LINE = b"Linux version "
FATAL = guest.FATAL
TIMEOUT = 900           # seconds
LOOK = 0.1              # between two looks at the log
TRY = 20                # seconds that a guest has to show that KVM runs it
MARK_PORTS = (points.LINUX_EXIT_PORT, points.FW_EXIT_PORT)


def instructions(path, until=points.USER, **size):
    """The points of a boot up to UNTIL, from name to instructions; with /init, "tsc" too: what the guest's counter showed, with
    its waits. SIZE may hold the machine's memory, cpus and cpu.
    """
    folder = _folder(path, "instructions")
    arguments = path.start(folder, False, **size)
    listed, log = folder / "points", folder / "points.log"
    log.touch()
    listed.write_text("".join(f"{point.line()}\n" for point in path.points(folder)))
    plugin = ["-plugin", f"file={PLUGIN},points={listed},log={log}"]
    with machine.Machine([*arguments, *ICOUNT, *plugin], folder) as running:
        if until == points.USER:
            shown = {"tsc": int(running.wait(INIT, FATAL, TIMEOUT)[1], 16)}
        else:
            shown = {}
            while until not in log.read_text():
                if running.process.poll() is not None or running.seconds > TIMEOUT:
                    raise running.failure(f"no {until}")
                running.idle(LOOK)
        # What else the plugin writes before QEMU ends is no part of it.
        passed = log.read_text()
    guest.tidy(folder)
    return points.parse(passed) | shown


class Watched(machine.Machine):
    """A machine of which each byte's arrival is timed, of the console and of the ports that qemu-boot-time's marks go to."""

    def __init__(self, args, folder, accelerator):
        self.pipes = []
        for port in MARK_PORTS:
            pipe = folder / f"mark-{port:x}"
            pipe.unlink(missing_ok=True)
            os.mkfifo(pipe)
            self.pipes.append(pipe)
            args = [*args, "-chardev", f"file,id=mark{port:x},path={pipe}",
                    "-device", f"isa-debugcon,iobase={port:#x},chardev=mark{port:x}"]
        super().__init__(args, folder, accelerator=accelerator)
        self.moments = {}

    def __enter__(self):
        readers = [os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) for pipe in self.pipes]
        super().__enter__()
        for reader in readers:
            self.selector.register(reader, 1)
        return self

    def __exit__(self, *reason):
        for key in [key for key in self.selector.get_map().values() if isinstance(key.fileobj, int)]:
            os.close(key.fileobj)
        super().__exit__(*reason)

    def _read(self, timeout):
        for key, _ in self.selector.select(timeout):
            now = self.seconds
            if isinstance(key.fileobj, int):
                for name in points.marks(_read_all(key.fileobj)):
                    self.moments.setdefault(name, now)
                continue
            data = self.process.stdout.read(65536)
            if not data:
                return False
            self.raw += data
            self.console = machine.ESCAPE.sub("", self.raw.decode(errors="replace").replace("\r", ""))
            if FIRST_LINE in self.raw:
                self.moments.setdefault(points.KERNEL, now)
        return True


def _read_all(pipe):
    try:
        return os.read(pipe, 65536)
    except BlockingIOError:
        return b""


def wall(path, accelerator, **size):
    """The points of a boot, from name to seconds since QEMU was started: those that show from outside."""
    folder = _folder(path, accelerator)
    cpu = {} if accelerator == "tcg" else {"cpu": "host"}
    with Watched(path.start(folder, True, **cpu | size), folder, accelerator) as running:
        running.wait(INIT, FATAL, TIMEOUT)
        end = running.seconds
        moments = {points.USER: end} | running.moments
    guest.tidy(folder)
    return {name: moments[name] for name in points.ORDER if name in moments}


def _folder(path, clock):
    folder = RUNS / clock / path.name.replace(":", "/")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def accelerator():
    """What can run a guest, and why: ("kvm", …) or ("tcg", …). That /dev/kvm can be opened is no proof: a guest is run."""
    if not os.path.exists("/dev/kvm"):
        return "tcg", "there is no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "/dev/kvm may not be opened"
    folder = RUNS / "try"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # A boot sector that says so: mov al, 'K'; out 0xe9, al; hlt.
    sector = bytes.fromhex("b04be6e9f4").ljust(510, b"\0") + b"\x55\xaa"
    (folder / "disk").write_bytes(sector)
    log = folder / "debugcon"
    command = [machine.QEMU, "-accel", "kvm", "-cpu", "host", "-display", "none", "-nic", "none", "-m", "64", "-debugcon",
               f"file:{log}", "-drive", f"format=raw,file={folder / 'disk'},snapshot=on"]
    with open(folder / "log", "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        end = time.monotonic() + TRY
        while process.poll() is None and time.monotonic() < end:
            if log.exists() and log.read_bytes() == b"K":
                return "kvm", "a guest ran"
            time.sleep(0.05)
        said = (folder / "log").read_text(errors="replace").strip().splitlines() or [f"nothing came of it in {TRY} seconds"]
        return "tcg", f"no guest ran in KVM: {said[0]}"
    finally:
        process.kill()
        process.wait()
