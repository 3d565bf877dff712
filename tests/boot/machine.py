# SPDX-License-Identifier: BSD-2-Clause
"""Runs one QEMU machine: start, wait for words on its console, type, take its picture, and end it whatever happens."""

import codecs
import ctypes
import json
import os
import re
import selectors
import shlex
import signal
import socket
import subprocess
import time

QEMU = "qemu-system-x86_64"
TIMEOUT = 120           # seconds; a boot takes 2 to 15, but the host may stall
TAIL = 40               # lines of console in the report of a failure
PR_SET_PDEATHSIG = 1
ESCAPE = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[^\[()])")   # of a terminal

libc = ctypes.CDLL(None)


class BootFailure(AssertionError):
    """The machine did not do what was waited for; its message holds the end of each console."""


class Machine:
    """A QEMU process. ARGS are its arguments beyond the consoles; FOLDER takes its logs. Use it in a `with`.

    QMP opens a connection for qmp() and screendump(), and lets the report of a time-out show the processor's registers. ACCELERATOR
    is QEMU's name of what runs the guest.
    """

    def __init__(self, args, folder, qmp=True, accelerator="tcg"):
        self.folder = folder
        self.debugcon_log = folder / "debugcon.log"
        self.args = [QEMU, "-accel", accelerator, "-display", "none", "-no-reboot", "-nic", "none",
                     "-chardev", f"stdio,id=console,signal=off,logfile={folder / 'console.log'}", "-serial", "chardev:console",
                     "-debugcon", f"file:{self.debugcon_log}", *args]
        self.monitor, self.far_end = socket.socketpair() if qmp else (None, None)
        if qmp:
            self.args += ["-chardev", f"socket,id=qmp,fd={self.far_end.fileno()}", "-mon", "chardev=qmp,mode=control"]
        self.answers = None
        self.console = ""               # what it said, without escape sequences and carriage returns
        self.raw = b""                  # and byte for byte, for screen.Screen
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = None
        self.process = None
        self.selector = selectors.DefaultSelector()

    def __enter__(self):
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "command").write_text(shlex.join(map(str, self.args)) + "\n")
        self.started = time.monotonic()
        with open(folder / "qemu.log", "wb") as errors:
            self.process = subprocess.Popen(
                self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, bufsize=0,
                pass_fds=[self.far_end.fileno()] if self.far_end else [],
                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        if self.far_end:
            self.far_end.close()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.selector.close()
        if self.monitor:
            self.monitor.close()

    @property
    def seconds(self):
        """Host seconds since the start."""
        return time.monotonic() - self.started

    @property
    def debugcon(self):
        """All that came out of port 0xe9."""
        return self.debugcon_log.read_text(errors="replace") if self.debugcon_log.exists() else ""

    def wait(self, pattern, fatal=None, timeout=TIMEOUT):
        """Waits for the regular expression PATTERN on the console and returns its match.

        Raises BootFailure when the machine ends, when FATAL is seen before, or after TIMEOUT seconds.
        """
        __tracebackhide__ = True        # pytest's report shall be the consoles, not this code
        pattern = re.compile(pattern, re.MULTILINE)
        fatal = re.compile(fatal, re.MULTILINE) if fatal else None
        end = time.monotonic() + timeout
        while True:
            if found := pattern.search(self.console):
                return found
            if fatal and (bad := fatal.search(self.console)):
                self.idle(0.5)          # the rest of the line
                raise self.failure(f"{bad[0]!r} on the console before {pattern.pattern!r}")
            if time.monotonic() > end:
                raise self.failure(f"no {pattern.pattern!r} in {timeout} seconds; the processor:\n{self.registers}")
            if not self._read(min(1, timeout)):
                if found := pattern.search(self.console):
                    return found
                raise self.failure(f"QEMU ended before {pattern.pattern!r}")

    def wait_for_end(self, timeout=TIMEOUT):
        """Waits until QEMU has ended by itself; returns its exit status."""
        end = time.monotonic() + timeout
        while self._read(0.5):
            if time.monotonic() > end:
                raise self.failure(f"QEMU did not end in {timeout} seconds")
        return self.process.wait(10)

    def idle(self, seconds):
        """Reads the console for SECONDS."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._read(max(0, end - time.monotonic())):
            pass

    def type(self, text):
        """Types TEXT on the serial console."""
        self.process.stdin.write(text.encode())

    def qmp(self, *commands):
        """Sends QMP commands, dictionaries with "execute" and perhaps "arguments"; returns what the last one answered."""
        if self.answers is None:
            self.monitor.settimeout(TIMEOUT)
            self.answers = self.monitor.makefile("r")
            self.answers.readline()                 # the greeting
            commands = ({"execute": "qmp_capabilities"}, *commands)
        for command in commands:
            self.monitor.sendall(json.dumps(command).encode() + b"\n")
            while not {"return", "error"} & (answer := json.loads(self.answers.readline())).keys():
                pass
        return answer

    def press(self, *keys):
        """Presses keys of the machine's own keyboard, one after the other, by QEMU's names: "a", "ret", "shift-slash"."""
        for key in keys:
            codes = [{"type": "qcode", "data": name} for name in key.split("-")]
            self.qmp({"execute": "send-key", "arguments": {"keys": codes, "hold-time": 10}})

    @property
    def end(self):
        """Why QEMU has ended, in its own words, such as "guest-reset"; only where qmp() was called before."""
        events = [json.loads(line) for line in self.answers]
        return [event["data"]["reason"] for event in events if event.get("event") == "SHUTDOWN"][-1]

    @property
    def registers(self):
        """The processor's general registers, as QEMU's monitor prints them; without QMP, none."""
        if not self.monitor:
            return ""
        command = {"execute": "human-monitor-command", "arguments": {"command-line": "info registers"}}
        lines = self.qmp(command)["return"].replace("\r", "").splitlines()
        return "\n".join(line for line in lines if re.match(r"CPU|R|E|CS|CR", line))

    def screendump(self, path):
        """Writes the picture on the machine's display to PATH, as PNG."""
        return self.qmp({"execute": "screendump", "arguments": {"filename": os.fspath(path), "format": "png"}})

    def failure(self, why):
        """A BootFailure that says WHY, with the command and the end of each console."""
        parts = [f"after {self.seconds:.0f} s: {why}", f"command: {self.folder / 'command'}"]
        errors = (self.folder / "qemu.log").read_text(errors="replace")
        for name, text in (("console", self.console), ("debugcon", self.debugcon), ("qemu", errors)):
            lines = printable(text).splitlines()
            if lines:
                parts.append(f"--- {name}, the last {min(TAIL, len(lines))} of {len(lines)} lines")
                parts += lines[-TAIL:]
        return BootFailure("\n".join(parts))

    def _read(self, timeout):
        """Adds what the console says within TIMEOUT seconds; False when it has ended."""
        for _ in self.selector.select(timeout):
            data = self.process.stdout.read(65536)
            if not data:
                return False
            # All of it again, because an escape sequence may have been cut in two.
            self.console = ESCAPE.sub("", self.console + self.decoder.decode(data).replace("\r", ""))
            self.raw += data
        return True


def printable(text):
    """TEXT without the terminal's escape sequences and other control characters, blank lines dropped."""
    text = re.sub(r"[^\n\t\x20-\x7e]", "", ESCAPE.sub("", text))
    return "\n".join(line for line in text.splitlines() if line.strip())
