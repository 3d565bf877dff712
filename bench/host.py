# SPDX-License-Identifier: BSD-2-Clause
"""What a result is of: the machine, the versions of all that runs, and the options."""

import os
import platform
import re
import subprocess
from pathlib import Path

import assets
import machine

PACKAGES = ("qemu-system-x86", "seabios", "ovmf", "grub-pc-bin", "grub-efi-amd64-bin", "systemd-boot-efi")


def machine_facts(accelerator, why):
    """The processor, its cores, the memory, the system, and what runs the guests."""
    cpuinfo, meminfo = Path("/proc/cpuinfo").read_text(), Path("/proc/meminfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    return {"processor": model[1] if model else platform.machine(), "cores": os.cpu_count(), "memory MiB": memory(meminfo),
            "system": f"{platform.system()} {platform.release()}", "accelerator": accelerator, "why": why}


def memory(meminfo=None):
    """MiB of the host."""
    return int(re.search(r"^MemTotal: +(\d+)", meminfo or Path("/proc/meminfo").read_text(), re.MULTILINE)[1]) >> 10


def versions():
    """From the name of a program to its version."""
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    found = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    shown = subprocess.run([machine.QEMU, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return {"QEMU": shown, "Linux": kernel_version(), "quadrivium": own_version(), **found}


def kernel_version():
    """The version in the bzImage (boot.rst, kernel_version)."""
    data = assets.make().vmlinuz.read_bytes()
    at = int.from_bytes(data[0x20E:0x210], "little") + 0x200
    return data[at:data.index(b"\0", at)].decode().split()[0]


def own_version():
    """Of this loader: the commit, where there is one to name."""
    root = assets.BUILD.parent
    named = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty"], capture_output=True, text=True)
    version = re.search(r"^VERSION := (.*)$", (root / "Makefile").read_text(), re.MULTILINE)[1]
    return f"{version} ({named.stdout.strip()})" if named.returncode == 0 else version
