# SPDX-License-Identifier: BSD-2-Clause
"""A TPM 2 for a QEMU machine, by swtpm, and what a guest's event log and PCRs say.

The event log is the "crypto agile" one of the TCG PC Client Platform Firmware Profile, section 10. Its PCRs are computed again
from the log, and from the data that should have been measured.
"""

import base64
import ctypes
import hashlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("pcrs", "eventlog")         # of the guest's report (system-guest/report)
START = 10                              # seconds for swtpm to open its socket
PR_SET_PDEATHSIG = 1

ALGORITHMS = {4: "sha1", 11: "sha256", 12: "sha384", 13: "sha512"}      # TPM_ALG_ID, TCG Algorithm Registry
EV_NO_ACTION = 3                        # never extended
EV_IPL = 13                             # what a loader logs
EV_SEPARATOR = 4
EV_EVENT_TAG = 6                        # what Linux's EFI stub logs
EV_EFI_ACTION = 0x80000007              # what the firmware logs of itself
EVENT_NAMES = {
    0x01: "EV_POST_CODE", 0x03: "EV_NO_ACTION", 0x04: "EV_SEPARATOR", 0x05: "EV_ACTION", 0x06: "EV_EVENT_TAG",
    0x07: "EV_S_CRTM_CONTENTS", 0x08: "EV_S_CRTM_VERSION", 0x0D: "EV_IPL", 0x80000001: "EV_EFI_VARIABLE_DRIVER_CONFIG",
    0x80000002: "EV_EFI_VARIABLE_BOOT", 0x80000003: "EV_EFI_BOOT_SERVICES_APPLICATION", 0x80000006: "EV_EFI_GPT_EVENT",
    0x80000007: "EV_EFI_ACTION", 0x80000008: "EV_EFI_PLATFORM_FIRMWARE_BLOB", 0x800000E0: "EV_EFI_VARIABLE_AUTHORITY",
}
SPEC_ID = b"Spec ID Event03\0"
STARTUP_LOCALITY = b"StartupLocality\0"

libc = ctypes.CDLL(None)


class Tpm:
    """A swtpm process with a new TPM, in a `with`; ARGS are QEMU's arguments for it. DEVICE is tpm-tis or tpm-crb.

    QEMU's end is swtpm's end, and the death of this program, too.
    """

    def __init__(self, device="tpm-tis"):
        # A socket's path may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="qvtpm"))
        self.socket = self.folder / "socket"
        self.args = ["-chardev", f"socket,id=tpm,path={self.socket}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
                     "-device", f"{device},tpmdev=tpm"]
        self.process = None

    def __enter__(self):
        command = ["swtpm", "socket", "--tpm2", "--terminate", "--tpmstate", f"dir={self.folder}",
                   "--ctrl", f"type=unixio,path={self.socket}", "--log", f"file={self.folder / 'log'},level=1"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        end = time.monotonic() + START
        while not self.socket.exists():
            assert self.process.poll() is None and time.monotonic() < end, "swtpm does not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Event:
    """One entry of the log: digests from algorithm to bytes, and what the event says of itself."""
    pcr: int
    kind: int
    digests: dict
    data: bytes

    @property
    def text(self):
        """The data of an event whose description is UTF-16, without its NUL."""
        return self.data.decode("utf-16-le", "replace").rstrip("\0")

    def __str__(self):
        name = EVENT_NAMES.get(self.kind, hex(self.kind))
        said = repr(self.text) if self.kind == EV_IPL else f"{len(self.data)} bytes"
        return f"PCR {self.pcr:2} {name} {said}"


def parse(log):
    """The Events of a crypto-agile LOG, its head left out; ValueError for what is none."""
    reader = _Reader(log)
    _, kind = reader.numbers("<II")
    reader.take(hashlib.sha1().digest_size)
    head = _Reader(reader.take(*reader.numbers("<I")))
    if kind != EV_NO_ACTION or head.take(len(SPEC_ID)) != SPEC_ID:
        raise ValueError("the log does not begin with a Spec ID event")
    head.take(8)                                            # platform class, version, errata, size of UINTN
    sizes = dict(head.numbers("<HH") for _ in range(*head.numbers("<I")))
    events = []
    while reader.left:
        pcr, kind, count = reader.numbers("<III")
        if count > len(sizes):
            raise ValueError(f"event {len(events)} has {count} digests, the log {len(sizes)} algorithms")
        digests = {}
        for _ in range(count):
            algorithm, = reader.numbers("<H")
            if algorithm not in sizes:
                raise ValueError(f"event {len(events)} has a digest of unknown algorithm {algorithm:#x}")
            digests[ALGORITHMS.get(algorithm, hex(algorithm))] = reader.take(sizes[algorithm])
        events.append(Event(pcr, kind, digests, reader.take(*reader.numbers("<I"))))
    return events


def replay(events, bank="sha256"):
    """The PCRs that EVENTS make: a dictionary from number to bytes, for those that are extended at all."""
    size = hashlib.new(bank).digest_size
    values = {}
    for event in events:
        if event.kind == EV_NO_ACTION:
            if event.data.startswith(STARTUP_LOCALITY):
                # TPM2_Startup at another locality leaves its number in PCR 0 (profile, 10.4.5.3).
                values[0] = event.data[len(STARTUP_LOCALITY):][:1].rjust(size, b"\0")
            continue
        values[event.pcr] = extend(values.get(event.pcr, bytes(size)), event.digests[bank], bank)
    return values


def extend(value, digest, bank="sha256"):
    """The PCR's VALUE after a digest."""
    return hashlib.new(bank, value + digest).digest()


def expected(measured, bank="sha256"):
    """The PCR that begins with zeros and has the hash of each of MEASURED, which are bytes, in turn."""
    value = bytes(hashlib.new(bank).digest_size)
    for data in measured:
        value = extend(value, hashlib.new(bank, data).digest(), bank)
    return value


def wide(text):
    """TEXT as UTF-16 with its NUL: what systemd-boot measures of a command line."""
    return (text + "\0").encode("utf-16-le")


def authenticode(image):
    """The bytes of a PE IMAGE that its Authenticode hash covers; what the firmware measures into PCR 4 of what it starts."""
    pe, = struct.unpack_from("<I", image, 0x3C)
    optional = pe + 24
    wide_header = struct.unpack_from("<H", image, optional) == (0x20B,)
    checksum, security = optional + 64, optional + (112 if wide_header else 96) + 4 * 8
    start, size = struct.unpack_from("<II", image, security)
    end = start if size else len(image)
    return image[:checksum] + image[checksum + 4:security] + image[security + 8:end] + image[end + size if size else end:]


def pcrs(text, bank="sha256"):
    """The PCRs in the TEXT of the guest's command `pcrs`: from number to bytes."""
    values = {}
    for line in text.split("\n"):
        name, _, value = line.strip().partition(" ")
        if name.startswith(f"{bank}/"):
            values[int(name.split("/")[1])] = bytes.fromhex(value)
    return values


def log(text):
    """The event log in the TEXT of the guest's command `eventlog`, as bytes."""
    return base64.b64decode("".join(text.split()), validate=True)


class _Reader:
    """Takes bytes off the front; ValueError where there are too few."""

    def __init__(self, data):
        self.data, self.at = data, 0

    @property
    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left:
            raise ValueError(f"the log ends at byte {len(self.data)}, {count} more were to be read from {self.at}")
        self.at += count
        return self.data[self.at - count:self.at]

    def numbers(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))
