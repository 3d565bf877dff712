# SPDX-License-Identifier: BSD-2-Clause
"""A TPM 2 for a machine (swtpm), and what its PCRs shall be."""

import contextlib
import hashlib
import struct
import subprocess
import time

BANK = hashlib.sha256
CHECKSUM = 64                   # offset in the optional header; the certificate table's entry is behind 112 bytes of PE32+
CERTIFICATES = 112 + 4 * 8


@contextlib.contextmanager
def attached(folder):
    """Runs a TPM whose state is in FOLDER; gives QEMU's arguments. It ends with the machine, so each boot needs its own."""
    state, socket = folder / "tpm", folder / "tpm.socket"
    state.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    with open(folder / "swtpm.log", "wb") as log:
        process = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={socket}",
                                    "--flags", "startup-clear", "--terminate"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 10
        while not socket.exists():
            assert process.poll() is None and time.monotonic() < end, "swtpm does not start"
            time.sleep(0.02)
        yield ["-chardev", f"socket,id=chrtpm,path={socket}", "-tpmdev", "emulator,id=tpm0,chardev=chrtpm",
               "-device", "tpm-tis,tpmdev=tpm0"]
    finally:
        process.kill()
        process.wait()


def extended(digests, start=bytes(BANK().digest_size)):
    """The value of a PCR after these digests, as hexadecimal text."""
    for digest in digests:
        start = BANK(start + digest).digest()
    return start.hex()


def of_bytes(data):
    """What tpm_measure extends with."""
    return BANK(data).digest()


def of_text(text):
    """What tpm_measure_text extends with."""
    return of_bytes((text + "\0").encode("utf-16-le"))


def of_pe(data):
    """The Authenticode hash of an x86-64 PE: what the firmware and tpm_measure_payload extend PCR 4 with."""
    pe, = struct.unpack_from("<I", data, 0x3C)
    optional = pe + 24
    start, size = struct.unpack_from("<II", data, optional + CERTIFICATES)
    body = data[:start] if size else data      # EDK2 does not pad what nobody signed
    return of_bytes(body[:optional + CHECKSUM] + body[optional + CHECKSUM + 4:optional + CERTIFICATES]
                    + body[optional + CERTIFICATES + 8:])
