# SPDX-License-Identifier: BSD-2-Clause
"""Boots a Debian kernel on this terminal through one door: what `make run [DOOR=...] [AUTO=1]` calls.

The guest's console is this terminal; Ctrl-A X leaves QEMU. With --auto the guest reports what it was given and powers off by
itself, and the exit status says whether it came that far.
"""

import argparse
import subprocess
import sys

import assets
import cases
import doors
import guest
import machine

MEMORY, CPUS, CPU = "512", 2, "max"


def main():
    parser = argparse.ArgumentParser(description="Boot a Debian kernel through one door of Quadrivium.")
    parser.add_argument("door", nargs="?", default="pvh", help="|".join([*doors.SHORT_NAMES, *doors.DOORS]))
    parser.add_argument("--auto", action="store_true", help="power off by itself")
    options = parser.parse_args()
    try:
        door = doors.find(options.door)
    except KeyError:
        sys.exit(f"run: error: {options.door}: no such door; there are {', '.join([*doors.SHORT_NAMES, *doors.DOORS])}")

    made = assets.make()
    words = cases.joined(doors.GUEST, door.needs, f"qvtest.door={door.name}", "qvtest.auto" if options.auto else "")
    image = cases.packed(door.image, made.vmlinuz, made.initrds, words)
    job = doors.Job(image, cases.RUNS / "run" / door.name)
    arguments = door.arguments(job, MEMORY, CPUS, CPU)
    log = job.folder / "console.log"
    command = [machine.QEMU, "-accel", "tcg", "-display", "none", "-no-reboot", "-nic", "none",
               "-chardev", f"stdio,id=console,mux=on,signal=off,logfile={log}", "-serial", "chardev:console", "-mon", "console",
               *arguments]
    print(f"Booting Debian's kernel through the door {door.name}: {door.how}. Ctrl-A X leaves QEMU.", flush=True)
    try:
        status = subprocess.run(command, timeout=machine.TIMEOUT if options.auto else None).returncode
    except subprocess.TimeoutExpired:
        sys.exit(f"run: error: {door.name}: the guest did not power off in {machine.TIMEOUT} seconds")
    except KeyboardInterrupt:
        status = 130
    if options.auto and guest.END not in log.read_text(errors="replace"):
        sys.exit(f"run: error: {door.name}: the guest did not report; its console is in {log}")
    sys.exit(status)


if __name__ == "__main__":
    main()
