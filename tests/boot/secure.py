# SPDX-License-Identifier: BSD-2-Clause
"""Secure Boot for a machine: OVMF that verifies, keys made for a test and enrolled in its variables, and what is signed by them.

A key is enrolled as the firmware would have kept it: PK, KEK and db are authenticated variables that hold a list of signatures
(UEFI 2.10, section 32.4.1) with one certificate in it. With a PK in them, OVMF's variables turn Secure Boot on.
"""

import shutil
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import doors
import efi_variables

CODE, VARIABLES = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
MACHINE = ["-M", "q35,smm=on", "-m", "512", "-cpu", "max"]
IMAGE_SECURITY_DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
CERT_X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
OWNER = uuid.UUID("51564456-0000-4000-8000-000000000002")
AUTHENTICATED = efi_variables.KEPT | 0x20       # with a time; EFI_VARIABLE_TIME_BASED_AUTHENTICATED_WRITE_ACCESS


@dataclass(frozen=True)
class Key:
    """A private key without a password and its certificate, both PEM."""
    private: Path
    certificate: Path

    def sign(self, source, output):
        """The PE SOURCE with a signature, at OUTPUT."""
        output.parent.mkdir(parents=True, exist_ok=True)
        command = ["sbsign", "--key", self.private, "--cert", self.certificate, "--output", output, source]
        subprocess.run(command, check=True, capture_output=True)
        return output


def make_key(folder, name):
    """A new Key in FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    key = Key(folder / f"{name}.key", folder / f"{name}.crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch", "-subj", f"/CN={name}", "-days", "3650",
                    "-keyout", key.private, "-out", key.certificate], check=True, capture_output=True)
    return key


def _signatures(key):
    """The EFI_SIGNATURE_LIST with the KEY's certificate."""
    der = subprocess.run(["openssl", "x509", "-in", key.certificate, "-outform", "DER"], check=True, capture_output=True).stdout
    size = 16 + len(der)
    return CERT_X509.bytes_le + struct.pack("<III", 28 + size, 0, size) + OWNER.bytes_le + der


def enroll(path, key):
    """Writes to PATH the variables of a firmware that starts what KEY signed, and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(VARIABLES, path)
    certificate = _signatures(key)
    efi_variables.add(path, {"PK": certificate, "KEK": certificate}, efi_variables.GLOBAL, AUTHENTICATED)
    efi_variables.add(path, {"db": certificate}, IMAGE_SECURITY_DATABASE, AUTHENTICATED)
    return path


def flash(variables, code=CODE):
    """QEMU's arguments for the firmware with these VARIABLES; what it writes to them is lost."""
    return ["-global", "driver=cfi.pflash01,property=secure,value=on", *doors.flash(code, variables)]
