# SPDX-License-Identifier: BSD-2-Clause
"""The Xen host of the tests: Xen, and a dom0 that is only an initramfs, saved as a running QEMU machine.

All of it comes from Debian's packages, downloaded as files and not installed. It is kept in build/xen/machine-KEY, where KEY
is a hash of what went in. QEMU's TCG emulates AMD SVM with nested paging well enough for Xen to run PVH guests.

The machine's memory is a file that is mapped shared when the machine is saved, and privately when it is restored: so that
restoring reads only what is touched, and several can run from the same file.
"""

import fcntl
import gzip
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import assets
import cpio
import machine
import packages

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build" / "xen"
INIT = HERE / "xen-dom0-init"

# SMAP kills dom0, MONITOR makes an idle Xen panic, RDTSCP crashes guests: all of them lacks of the SVM emulation.
CPU = "EPYC,+svm,+npt,-smap,-monitor,-rdtscp"
MEMORY = "6G"           # of the machine: guests may have 5 GiB, past the hole below 4 GiB. Untouched memory costs nothing.
# Synchronous: Xen's last line must have left when QEMU ends. Port com1 is the guest's console (xen-dom0-init).
XEN_OPTIONS = ("console=com2 com2=115200 sync_console loglvl=warning guest_loglvl=all dom0_mem=768M,max:768M noreboot "
               "spec-ctrl=no bootscrub=0")
DOM0_OPTIONS = "console=hvc0 quiet loglevel=3 mitigations=off"
DISKS = 3               # of the machine: the job, and two for the guest
NO_DISK = "driver=null-co,size=1M"
READY = "DOM0 ready"
TIMEOUT = 180           # seconds until dom0 is ready; it takes about 10

HYPERVISOR = "xen-hypervisor-4.17-amd64"
TOOLS = ["xl", "xenstored", "xenconsoled", "xen-init-dom0", "xenstore-read", "xenstore-write", "xenstore-ls"]
PACKAGES = [HYPERVISOR, "xen-utils-4.17", "xenstore-utils", "libxencall1", "libxendevicemodel1", "libxenevtchn1",
            "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1", "libxenmisc4.17", "libxenstore4", "libxentoolcore1",
            "libxentoollog1", "libyajl2", "libuuid1", "liblzma5", "libzstd1", "zlib1g"]
MODULES = ["xen-privcmd", "xen-evtchn", "xen-gntdev", "xenfs", "xen-blkback", "virtio_ring", "virtio",
           "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk"]
LIBRARIES = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]
LOADER = "lib64/ld-linux-x86-64.so.2"
# The memory's file is not written into the saved state, nor read from it.
SHARED_MEMORY = {"execute": "migrate-set-capabilities",
                 "arguments": {"capabilities": [{"capability": "x-ignore-shared", "state": True}]}}
FOLDERS = ["bin", "dev", "proc", "sys", "tmp", "run/xen", "run/lock", "var/lib/xen", "var/log/xen"]

# Xen's /etc/xen/scripts/block for `phy:` disks, without its dependencies.
BLOCK_SCRIPT = b"""#!/bin/sh
[ "$1" = add ] || exit 0
disk=$(xenstore-read "$XENBUS_PATH/params")
xenstore-write "$XENBUS_PATH/physical-device" "$(stat -L -c %t:%T "$disk")" \\
    "$XENBUS_PATH/physical-device-path" "$disk" "$XENBUS_PATH/hotplug-status" connected
"""


class HostFailure(Exception):
    """The Xen host cannot be made; says what is missing."""


def make():
    """Makes the saved machine if it is missing or out of date; returns its folder. Safe from several processes at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Dom0's kernel comes from the package that the guests' kernel comes from.
        kernel = assets.kernel_package()
        files = packages.fetch(*PACKAGES)
        made = assets.kept("machine", _key([*files, kernel]), FOLDER)
        if not (made / "state").exists():
            shutil.rmtree(made)
            partial = FOLDER / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            _files(partial, files, kernel)
            _save(partial)
            partial.rename(made)
        return made


def arguments(folder, log, disks, share="off"):
    """QEMU's arguments for the machine in FOLDER, the same for saving and restoring.

    LOG takes what Xen and dom0 say; DISKS are the back ends of its disks, as options of -drive: at most as many as it has.
    """
    result = ["-machine", "q35,memory-backend=memory", "-cpu", CPU, "-smp", "1", "-m", MEMORY, "-vga", "none",
              "-object", f"memory-backend-file,id=memory,size={MEMORY},mem-path={escaped(folder / 'memory')},reserve=off,"
                         f"share={share}",
              "-kernel", str(folder / "xen"),
              "-serial", f"file:{log}", "-device", "isa-debug-exit,iobase=0x501,iosize=2"]
    for number, disk in enumerate([*disks, *[NO_DISK] * (DISKS - len(disks))]):
        result += ["-drive", f"{disk},if=none,id=disk{number}", "-device", f"virtio-blk-pci,drive=disk{number}"]
    return result


def restoring(state):
    """The QMP command that restores the machine from the file STATE."""
    return {"execute": "migrate-incoming", "arguments": {"uri": f"exec:cat <{shlex.quote(str(state))}"}}


def escaped(path):
    """PATH for a QEMU option, whose separator is the comma."""
    return str(path).replace(",", ",,")


def _key(files):
    """A hash of all that the saved machine depends on."""
    version = subprocess.run([machine.QEMU, "--version"], capture_output=True, check=True).stdout
    parts = [version, assets.BUSYBOX.read_bytes(), *(package.name.encode() for package in files)]
    parts += [path.read_bytes() for path in (INIT, Path(__file__), Path(machine.__file__), Path(cpio.__file__))]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


def _files(folder, files, kernel):
    """Writes Xen, dom0's kernel and its initramfs into FOLDER."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as temporary:
        tree = Path(temporary)
        for package in files:
            packages.unpack(package, tree)
        packages.unpack(kernel, tree, "./boot/vmlinuz-*", *(f"*/{module}.ko" for module in MODULES))
        xen = next(tree.glob("boot/xen-*-amd64.gz"))
        (folder / "xen").write_bytes(gzip.decompress(xen.read_bytes()))
        (folder / "vmlinux").write_bytes(assets.unpacked(next(tree.glob("boot/vmlinuz-*")).read_bytes()))
        (folder / "dom0.cpio").write_bytes(cpio.archive(_dom0(tree)))


def _dom0(tree):
    """The files of dom0, as cpio.archive() wants them."""
    files = {}

    def add(name, data):
        for parent in reversed(Path(name).parents[:-1]):
            files.setdefault(str(parent), None)
        files[name] = data

    for name in FOLDERS:
        add(name, None)
    add("var/run", "../run")
    add("var/lock", "../run/lock")
    add("init", INIT.read_bytes())
    add("bin/busybox", assets.BUSYBOX.read_bytes())
    add("bin/sh", "busybox")
    add("etc/xen/xl.conf", b'autoballoon="off"\n')
    add("etc/xen/scripts/block", BLOCK_SCRIPT)
    tools = [_tool(tree, name) for name in TOOLS]
    for tool in tools:
        add(f"usr/sbin/{tool.name}", tool.read_bytes())
    for name, path in shared_libraries(tools, [tree / folder for folder in LIBRARIES]).items():
        add(name, path.read_bytes())
    for module in MODULES:
        add(f"modules/{module}.ko", next(tree.rglob(f"{module}.ko")).read_bytes())
    return files


def _tool(tree, name):
    for folder in ("usr/lib/xen-4.17/bin", "usr/bin"):
        if (path := tree / folder / name).exists():
            return path
    raise HostFailure(f"no program {name} in {', '.join(PACKAGES)}")


def shared_libraries(programs, folders):
    """The shared libraries of PROGRAMS, from name to path: from FOLDERS, and glibc from this machine."""
    search = {"LD_LIBRARY_PATH": ":".join(map(str, folders))}
    # libgcc_s is loaded by pthread_cancel(), unseen by ldd.
    found = {f"{LIBRARIES[1]}/libgcc_s.so.1": Path("/", LIBRARIES[0], "libgcc_s.so.1"), LOADER: Path("/", LOADER)}
    for program in programs:
        linked = subprocess.run(["ldd", program], env=os.environ | search, capture_output=True, text=True, check=True).stdout
        if missing := re.findall(r"(\S+) => not found", linked):
            raise HostFailure(f"{program.name} needs {', '.join(missing)}")
        for name, path in re.findall(r"(\S+) => (/\S.*) \(0x", linked):
            found[f"{LIBRARIES[1]}/{name}"] = Path(path)
    return found


def _save(folder):
    """Boots Xen and dom0 from the files in FOLDER until dom0 is ready, and saves the machine there."""
    log = folder / "xen.log"
    # QEMU takes a file's name in -initrd to end at a space; relative to the tree it has none.
    modules = f"{os.path.relpath(folder / 'vmlinux')} {DOM0_OPTIONS},{os.path.relpath(folder / 'dom0.cpio')}"
    args = arguments(folder, log, [], share="on")
    with machine.Machine([*args, "-append", XEN_OPTIONS, "-initrd", modules], folder, qmp=True) as host:
        while READY not in (text := log.read_text(errors="replace") if log.exists() else ""):
            if host.process.poll() is not None or host.seconds > TIMEOUT or "Panic on CPU" in text:
                raise HostFailure(f"{host.failure('dom0 is not ready')}\n{text}")
            host.idle(0.2)
        host.idle(1)
        host.qmp(SHARED_MEMORY,
                 {"execute": "migrate", "arguments": {"uri": f"exec:cat >{shlex.quote(str(folder / 'state'))}"}})
        while (status := host.qmp({"execute": "query-migrate"})["return"].get("status")) != "completed":
            if status == "failed" or host.process.poll() is not None:
                raise HostFailure(f"the machine was not saved: {status}")
            host.idle(0.1)
    # Inside the saved memory by now.
    for name in ("vmlinux", "dom0.cpio"):
        (folder / name).unlink()


if __name__ == "__main__":
    print(make())
