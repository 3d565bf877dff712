# SPDX-License-Identifier: BSD-2-Clause
"""Runs one PVH guest of a real Xen, in the saved machine of xen_host.py, by `xl create`.

XenGuest is a Machine whose console is the guest's PV console; run() is for guests that end by themselves. Run as a program,
it boots the kernel that it is given and shows what came out: xen.py KERNEL [--ramdisk=FILE] [--cmdline=TEXT] …
"""

import argparse
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cpio
import machine
import xen_host

# SHUTDOWN_*, public/sched.h; the last one is xen-dom0-init's own.
ENDS = {"0": "poweroff", "1": "reboot", "2": "suspend", "3": "crash", "4": "watchdog", "destroyed": "destroyed"}
END = re.compile(r"^DOM0 end (\w+)", re.MULTILINE)
RESTORED, CREATED = "DOM0 restored", "DOM0 create"
PANIC = "Panic on CPU"
DEBUG_LINE = re.compile(r"\(d1\) (.*)")     # Xen's prefix of what the first guest writes to port 0xe9
DEBUG_WIDTH = 199                           # Xen breaks a longer line (DOMAIN_PBUF_SIZE - 1, xen/sched.h)
SECTOR = 512
DISKS, GUEST_DISKS = ("vdb", "vdc"), ("xvda", "xvdb")       # as dom0 and the guest see them
WATCH = 0.005                               # seconds between two looks of watch()


@dataclass(frozen=True)
class Moment:
    """A time, in seconds: the host's, and what QEMU had used of its processors by then."""
    seconds: float
    processor: float


class XenGuest(machine.Machine):
    """A PVH guest. KERNEL and RAMDISK are files; DISKS are raw images, seen as xvda and xvdb, which are not written to.

    Where there is no KERNEL, EXTRA names a boot loader. MEMORY is in MiB, up to 5120. EXTRA holds further lines of xl's
    configuration, which hold where a line is there already. VERBOSE makes xl tell how it loads the kernel. FILES are further ones
    of dom0, from path to contents as of cpio.archive. With ORDERS dom0 takes orders while the guest runs: order(). DRIVE are
    further options of QEMU's for the drive of the first disk. FOLDER takes the logs.
    """

    def __init__(self, folder, kernel=None, ramdisk=None, cmdline="", memory=256, vcpus=1, disks=(), extra="", verbose=False,
                 files=None, orders=False, drive=""):
        host = xen_host.make()
        self.xen_path = folder / "xen.log"
        self.job_path = folder / "job"
        folder.mkdir(parents=True, exist_ok=True)
        self.xen_path.unlink(missing_ok=True)       # of a run before
        config = [f"memory={memory}", f"maxmem={memory}", f"vcpus={vcpus}", f"cmdline={_quoted(cmdline)}", extra]
        self.orders = 0
        files = (files or {}) | ({"job/orders": b""} if orders else {})
        _write_job(self.job_path, kernel, ramdisk, len(disks), verbose, config, files)
        self.seen = []                  # moments, and how long the log and the console were then: when()
        drives = [f"file={xen_host.escaped(self.job_path)},format=raw,read-only=on",
                  *(f"file={xen_host.escaped(disk)},format=raw,snapshot=on{'' if number else drive}"
                    for number, disk in enumerate(disks))]
        super().__init__([*xen_host.arguments(host, self.xen_path, drives), "-incoming", "defer"], folder, qmp=True)
        self.state = host / "state"

    def __enter__(self):
        """Starts the machine and has dom0 create the guest."""
        super().__enter__()
        try:
            self._restore()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        super().__exit__()
        self.job_path.unlink(missing_ok=True)

    def _restore(self):
        """Loads the saved machine and gives dom0 its word."""
        connected = said = False
        while RESTORED not in self.log:
            if self.process.poll() is not None or self.seconds > machine.TIMEOUT:
                raise self.failure("dom0 was not restored")
            if not connected:
                try:
                    self.qmp(xen_host.SHARED_MEMORY, xen_host.restoring(self.state))
                    connected = True
                except (FileNotFoundError, ConnectionRefusedError):
                    time.sleep(0.01)
            elif not said and self.qmp({"execute": "query-status"})["return"]["status"] == "running":
                # Once: before the machine runs it would be lost, and a second one might come so late that the guest gets it.
                self.type("go\n")
                said = True
            else:
                self.idle(0.02)

    @property
    def log(self):
        """What Xen and dom0 said; at the end what xl said too."""
        return self.xen_path.read_bytes().decode(errors="replace").replace("\r", "") if self.xen_path.exists() else ""

    @property
    def registers(self):
        """The processor's registers: those of a guest that spins, or Xen's where the guest sleeps."""
        command = {"execute": "human-monitor-command", "arguments": {"command-line": "info registers"}}
        return self.qmp(command)["return"].replace("\r", "")

    @property
    def debugcon(self):
        """What the guest wrote to port 0xe9, but for the last line if it did not end it."""
        text = ""
        for line in DEBUG_LINE.findall(self.log):
            text += line if len(line) == DEBUG_WIDTH else line + "\n"
        return text

    @property
    def end(self):
        """How the guest ended: a value of ENDS; "running" while QEMU runs; "failed" where there never was a guest."""
        if found := END.search(self.log):
            return ENDS.get(found[1], "failed")
        return "running" if self.process.poll() is None and PANIC not in self.log else "failed"

    def wait_for_end(self, timeout=machine.TIMEOUT):
        """Waits until the guest has ended; returns how, or "timeout"."""
        end = time.monotonic() + timeout
        while self._read(0.5) and PANIC not in self.log:
            if time.monotonic() > end:
                return "timeout"
        return self.end

    def order(self, command):
        """Has dom0 carry out the shell COMMAND, within about a second; not before it has done the one before."""
        while CREATED not in self.log and self._read(0.1):
            pass                        # dom0 still reads the job
        self.orders += 1
        line = f"{self.orders} {command}\n".encode()
        assert len(line) <= SECTOR
        with open(self.job_path, "r+b") as job:
            job.write(line)

    def watch(self, pattern, timeout=machine.TIMEOUT):
        """Waits for the regular expression PATTERN on the console or on port 0xe9, and keeps the times for when()."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.console) and not re.search(pattern, self.debugcon):
            if not self._read(WATCH) or PANIC in self.log or time.monotonic() > end:
                raise self.failure(f"no {pattern!r}")
            self.seen.append((self._moment(), (len(self.log), len(self.console))))

    def when(self, pattern):
        """The Moment at which watch() first saw a text like PATTERN on the console or in the log; None: never."""
        ends = [match.end() if (match := re.search(pattern, text, re.MULTILINE)) else float("inf")
                for text in (self.log, self.console)]
        return next((moment for moment, sizes in self.seen if any(size >= end for size, end in zip(sizes, ends))), None)

    def _moment(self):
        # proc(5): utime and stime, fields 14 and 15; the second one, in parentheses, may hold anything.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return Moment(time.monotonic(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))

    def failure(self, why):
        """As Machine's, and with the end of what Xen and dom0 said."""
        lines = machine.printable(self.log).splitlines()[-machine.TAIL:]
        return machine.BootFailure("\n".join([str(super().failure(why)), "--- Xen and dom0", *lines]))


@dataclass
class Result:
    """What a guest said, and how it ended: poweroff, reboot, suspend, crash, watchdog, timeout or failed."""

    end: str
    console: str
    debug: str
    log: str
    seconds: float


def run(kernel=None, ramdisk=None, cmdline="", memory=256, vcpus=1, disks=(), extra_cfg="", timeout=machine.TIMEOUT,
        verbose=False, folder=None):
    """Runs a guest (see XenGuest) until it ends or TIMEOUT seconds have passed. FOLDER takes the logs, if they are wanted."""
    with tempfile.TemporaryDirectory() as temporary:
        with XenGuest(Path(folder or temporary), kernel, ramdisk, cmdline, memory, vcpus, disks, extra_cfg, verbose) as guest:
            end = guest.wait_for_end(timeout)
            log = guest.log + (guest.registers if end == "timeout" else "")
            return Result(end, guest.console, guest.debugcon, log, guest.seconds)


def _quoted(text):
    """TEXT as a string of xl.cfg(5)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _write_job(path, kernel, ramdisk, disks, verbose, config, files):
    """Writes the archive that dom0 reads from its first disk."""
    # A guest that has ended is kept, so that the last of its console can be read.
    own = ['name="guest"', 'type="pvh"', 'tsc_mode="native"',
           *(f'on_{event}="preserve"' for event in ("poweroff", "reboot", "crash", "watchdog", "soft_reset"))]
    files = {"job": None, "job/options": b"-vvv\n" if verbose else b"\n", **files}
    if kernel:
        files["job/kernel"] = Path(kernel).read_bytes()
        own.append('kernel="/job/kernel"')
    if ramdisk:
        files["job/ramdisk"] = Path(ramdisk).read_bytes()
        own.append('ramdisk="/job/ramdisk"')
    names = ", ".join(f'"phy:/dev/{there},{seen},w"' for there, seen in zip(DISKS, GUEST_DISKS[:disks]))
    files["job/guest.cfg"] = "\n".join([*own, f"disk=[{names}]", *config, ""]).encode()
    data = cpio.archive(files)
    path.write_bytes(data + bytes(-len(data) % SECTOR))


def main():
    """Boots one guest and shows what came out. The exit status is 0 where it powered off."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kernel", type=Path, nargs="?")
    parser.add_argument("--ramdisk", type=Path)
    parser.add_argument("--cmdline", default="")
    parser.add_argument("--memory", type=int, default=256, metavar="MIB")
    parser.add_argument("--vcpus", type=int, default=1)
    parser.add_argument("--disk", dest="disks", type=Path, action="append", default=[])
    parser.add_argument("--extra", dest="extra_cfg", default="", metavar="XL-CONFIG")
    parser.add_argument("--timeout", type=float, default=machine.TIMEOUT, metavar="SECONDS")
    parser.add_argument("--verbose", action="store_true", help="what xl does, and what Xen and dom0 say")
    options = parser.parse_args()
    result = run(**vars(options))
    if options.verbose or result.end == "failed":
        print(result.log)
    print(result.console)
    print(result.debug)
    print(f"{result.end} after {result.seconds:.1f} s")
    return result.end != "poweroff"


if __name__ == "__main__":
    sys.exit(main())
