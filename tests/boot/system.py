# SPDX-License-Identifier: BSD-2-Clause
"""A Debian system with systemd as its first process, in which bootctl and systemd-analyze say what they see of the loader.

The whole system is an initramfs, made of files from Debian's packages, so that it needs no disk of its own. It mounts the first
ESP and XBOOTLDR partitions at /efi and /boot, runs the commands of its command line (system-guest/report), and powers off. The
product lies in build/assets, like those of assets.py.
"""

import base64
import fcntl
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import assets
import cpio
import packages

GUEST = Path(__file__).resolve().parent / "system-guest"
INITRD = assets.ASSETS / "system.cpio.zst"
MEMORY = "768"
# systemd-boot takes no times where CPUID tells of a hypervisor: the TSC need not begin at zero there. In QEMU's TCG it does.
PROCESSOR = "max,-hypervisor"
FIRMWARE_CODE, FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"
END = r"^SYSTEM end"
OUTPUT = r"^SYSTEM run ([^\n]*)\n(.*?)\n?^SYSTEM status (\d+)$"
FATAL = r"Kernel panic.*|Freezing execution.*|!!!! X64 Exception.*|^quadrivium: error: .*"
# no_timer_check: not to panic where a busy host let the kernel's test of the timer interrupt fail.
WORDS = "console=ttyS0 no_timer_check loglevel=4 systemd.show_status=no"
COMMANDS = ("bootctl status", "bootctl list", "systemd-analyze time")

# Package -> patterns of the files taken from it. Libraries are those of the programs' DT_NEEDED entries, all the way down.
FILES = {
    "systemd": ["./lib/systemd/systemd", "./lib/systemd/systemd-shutdown", "./bin/systemctl", "./usr/bin/systemd-analyze"],
    "libsystemd-shared": ["*/libsystemd-core-*.so", "*/libsystemd-shared-*.so"],
    "systemd-boot": ["./usr/bin/bootctl", "./lib/systemd/systemd-bless-boot"],
    "systemd-boot-efi": ["*/systemd-bootx64.efi"],
    "util-linux": ["./sbin/blkid"],
    "base-files": ["./usr/lib/os-release"],
    "libc6": ["*/ld-linux-x86-64.so.2", "*/libc.so.6", "*/libm.so.6"],
    **{package: ["./*.so.*"] for package in (
        "libacl1", "libapparmor1", "libaudit1", "libblkid1", "libcap2", "libcap-ng0", "libcrypt1", "libgcrypt20",
        "libgpg-error0", "libip4tc2", "libkmod2", "liblz4-1", "liblzma5", "libmount1", "libpam0g", "libpcre2-8-0", "libseccomp2",
        "libselinux1", "libzstd1")},
    "libssl3": ["*/libcrypto.so.*"],
}
# Modules of the kernel; what they need comes with them. A disk may be on AHCI, IDE or virtio.
DRIVERS = ("efivarfs", "nls_ascii", "nls_cp437", "vfat", "ahci", "ata_piix", "virtio_pci", "virtio_blk", "sd_mod")
FOLDERS = ("boot", "dev", "efi", "etc/systemd/system", "proc", "root", "run", "sys", "tmp", "var", "usr/lib/drivers",
           "usr/lib/busybox", "usr/lib64", "usr/sbin")
MERGED = ("bin", "lib", "lib64", "sbin")            # folders of the root that are links into /usr
MACHINE_ID = "51564456000040008000000000000001"


@dataclass(frozen=True)
class System:
    """What a loader starts: files, and the words that the kernel's command line has to hold."""
    kernel: Path
    initrd: Path
    words: str


@dataclass(frozen=True)
class Output:
    """What a command said, and its exit status."""
    text: str
    status: int


def run_words(*commands):
    """The words of a command line that make the system run COMMANDS, in which no word may hold a comma."""
    assert not any("," in command for command in commands), "a comma stands for a space"
    return " ".join(f"qvtest.run={command.replace(' ', ',')}" for command in commands)


def make(commands=COMMANDS):
    """Makes what is missing or out of date; returns the System that reports on COMMANDS. Safe from several processes."""
    made = assets.make()
    with open(assets.ASSETS / "system.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sources = [*GUEST.iterdir(), Path(__file__), assets.BUSYBOX, made.vmlinuz]
        if not INITRD.exists() or any(INITRD.stat().st_mtime < source.stat().st_mtime for source in sources):
            partial = INITRD.with_name(INITRD.name + ".part")
            archive = cpio.archive(_files())
            packed = subprocess.run(["zstd", "-q", "-9", "-c"], input=archive, capture_output=True, check=True)
            partial.write_bytes(packed.stdout)
            partial.rename(INITRD)
    return System(made.vmlinuz, INITRD, f"{WORDS} {run_words(*commands)}".strip())


def arguments(disk, variables=None, keep=False):
    """QEMU's arguments for an EFI machine that boots from DISK. What it writes there is lost with it, unless KEEP.

    VARIABLES is a file that keeps the firmware's variables from one machine to the next; made where it is missing.
    """
    if variables and not variables.exists():
        shutil.copyfile(FIRMWARE_VARIABLES, variables)
    kept = f"file={variables}" if variables else f"snapshot=on,file={FIRMWARE_VARIABLES}"
    return ["-M", "q35", "-m", MEMORY, "-cpu", PROCESSOR,
            "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE_CODE}", "-drive", f"if=pflash,format=raw,{kept}",
            "-drive", f"id=disk,if=none,format=raw,snapshot={'off' if keep else 'on'},file={disk}",
            "-device", "ide-hd,drive=disk,bootindex=0"]


def report(console):
    """The outputs in the text of a CONSOLE: a dictionary from command to Output. The second of a command is "COMMAND (2)"."""
    outputs, times = {}, {}
    for command, text, status in re.findall(OUTPUT, console.replace("\r", ""), re.MULTILINE | re.DOTALL):
        times[command] = times.get(command, 0) + 1
        outputs[command if times[command] == 1 else f"{command} ({times[command]})"] = Output(text, int(status))
    return outputs


def variables(text):
    """What the guest's `variables` printed: a dictionary from name to (attributes, bytes)."""
    contents = {name: base64.b64decode(data) for name, data in (line.split(" ") for line in text.splitlines())}
    return {name: (int.from_bytes(data[:4], "little"), data[4:]) for name, data in contents.items()}


def _files():
    """The members of the archive, folders first: cpio.archive's dictionary."""
    tree = assets.ASSETS / "system-tree"
    shutil.rmtree(tree, ignore_errors=True)
    for package, path in zip(FILES, packages.fetch(*FILES)):
        packages.unpack(path, tree, *FILES[package])
    files = {str(path.relative_to(tree)): os.readlink(path) if path.is_symlink() else path.read_bytes()
             for path in sorted(tree.rglob("*")) if path.is_symlink() or not path.is_dir()}
    shutil.rmtree(tree)
    files = {f"usr/{name}" if name.split("/")[0] in MERGED else name: data for name, data in files.items()}
    files |= {name: f"usr/{name}" for name in MERGED}
    files |= {f"usr/lib/drivers/{number:02}-{name}.ko": data for number, (name, data) in enumerate(_drivers().items())}
    files |= _own()
    return dict.fromkeys(_parents([*files, *(f"{folder}/." for folder in FOLDERS)])) | files


def _own():
    applets = subprocess.run([assets.BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    units = "usr/lib/systemd/system"
    return {
        "init": (GUEST / "init").read_bytes(),
        "usr/bin/sh": "../lib/busybox/busybox",
        "usr/lib/busybox/busybox": assets.BUSYBOX.read_bytes(),
        **{f"usr/lib/busybox/{applet}": "busybox" for applet in applets if applet != "busybox"},
        "usr/lib/report": (GUEST / "report").read_bytes(),
        f"{units}/report.service": (GUEST / "report.service").read_bytes(),
        f"{units}/report.target": (GUEST / "report.target").read_bytes(),
        "etc/systemd/system/default.target": f"/{units}/report.target",
        "etc/os-release": "../usr/lib/os-release",
        "etc/machine-id": f"{MACHINE_ID}\n".encode(),
    }


def _parents(names):
    """The folders above NAMES, each before what is in it."""
    return sorted({"/".join(name.split("/")[:depth + 1]) for name in names for depth in range(name.count("/"))})


def _drivers():
    """DRIVERS and the modules that they need, from name to bytes, in the order of loading."""
    tree = assets.ASSETS / "system-modules"
    shutil.rmtree(tree, ignore_errors=True)
    packages.unpack(assets.kernel_package(), tree, "./lib/modules/*.ko")
    paths = {path.stem.replace("-", "_"): path for path in tree.rglob("*.ko")}
    loaded, waiting = {}, list(reversed(DRIVERS))
    while waiting:
        name = waiting[-1]
        # A module says what it needs in its .modinfo section, as NUL-terminated texts.
        needs = re.search(rb"\0depends=([\w,-]*)\0", paths[name].read_bytes())[1].decode().replace("-", "_")
        missing = [need for need in needs.split(",") if need and need not in loaded]
        if missing:
            waiting += missing
        else:
            loaded[waiting.pop()] = paths[name].read_bytes()
    shutil.rmtree(tree)
    return loaded


if __name__ == "__main__":
    made = make()
    print(f"{made.initrd.stat().st_size:>10} {made.initrd}\n{made.words}")
