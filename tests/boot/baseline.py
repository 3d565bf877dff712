# SPDX-License-Identifier: BSD-2-Clause
"""What a machine shows to a kernel that was booted without Quadrivium: its RAM and its ACPI tables, to compare with.

One boot for each kind of machine, kept in build/boot/baseline. The quickest direct way serves, because firmware makes the same tables
for each: vmlinux by PVH, or under EFI firmware bzImage by QEMU's -kernel.
"""

import dataclasses
import fcntl
import hashlib
import json
import subprocess
from pathlib import Path

import assets
import doors
import guest
import machine

FOLDER = assets.BUILD / "boot/baseline"
# The least memory in which Debian's kernel can be started by OVMF directly: its EFI stub wants 64 MiB in one piece.
EFI_MINIMUM = "512"
PVH_DOORS = {"q35": "pvh-q35", "pc": "pvh-pc", "microvm": "pvh-microvm"}


def of(door, memory, cpus):
    """The Report of a direct boot of the door's machine with such memory and CPUs.

    Where it cannot be booted directly, what firmware hides of memory is told by a larger machine, and the ACPI tables, which are
    QEMU's own and only placed by firmware, by one with other firmware: all but those that hold addresses.
    """
    if not _efi(door):
        return _kept(doors.DOORS[PVH_DOORS[door.machine]], memory, cpus)
    if memory.endswith("G") or int(memory) >= int(EFI_MINIMUM):
        return _kept(door, memory, cpus)
    report = _kept(door, EFI_MINIMUM, cpus)
    report.acpi = _kept(doors.DOORS[PVH_DOORS[door.machine]], memory, cpus).acpi
    return report


def _efi(door):
    return door.firmware.startswith("ovmf")


def _kept(door, memory, cpus):
    """The Report of this machine, booted now if that was not done before."""
    made = assets.make()
    version = subprocess.run([machine.QEMU, "--version"], capture_output=True, check=True).stdout
    firmware = b"".join(Path(path).read_bytes() for path in (doors.OVMF, doors.OVMF_CODE)) if _efi(door) else b""
    inputs = hashlib.sha256(version + firmware + made.initrds[0].read_bytes()).hexdigest()[:12]
    name = f"{door.machine}-{door.firmware}-{memory}-{cpus}-{inputs}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    result = FOLDER / f"{name}.json"
    with open(FOLDER / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_text(json.dumps(_boot(door, memory, cpus, made, FOLDER / name), indent=1))
    kept = json.loads(result.read_text())
    return guest.Report({}, memmap=[tuple(item) for item in kept["memmap"]], acpi=kept["acpi"])


def _boot(door, memory, cpus, made, folder):
    kernel = made.vmlinuz if _efi(door) else made.vmlinux
    job = doors.Job(kernel, folder, f"{doors.GUEST} quiet qvtest.auto {door.needs}", made.initrds[:1])
    report = guest.boot(dataclasses.replace(door, start=doors.qemu_kernel), job, memory, cpus, "max")
    return {"memmap": report.memmap, "acpi": report.acpi}
