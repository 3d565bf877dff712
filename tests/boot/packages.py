# SPDX-License-Identifier: BSD-2-Clause
"""Debian packages as files: downloaded once, kept in build/packages, unpacked and never installed."""

import contextlib
import fcntl
import os
import re
import subprocess
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build/packages"
MIRROR = "http://deb.debian.org/debian"
DAY = 24 * 60 * 60
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class PackageFailure(Exception):
    """A package cannot be had; says which, and why."""


@contextlib.contextmanager
def locked():
    """Keeps other processes from adding to the folder, which is made where it is missing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(*names):
    """The paths of the packages NAMES, in their order; what is not there is downloaded. Safe from several processes."""
    with locked():
        missing = [name for name in names if not _kept(name)]
        if missing:
            print(f"packages: downloading {', '.join(missing)}", flush=True)
            # apt would download as a user of its own, who may not write here.
            command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *missing]
            done = _tried(lambda: subprocess.run(command, cwd=FOLDER, capture_output=True, text=True),
                          lambda run: run.returncode == 0)
            if done.returncode:
                raise PackageFailure(f"{', '.join(missing)}: {done.stderr.strip()}")
        return [_kept(name)[-1] for name in names]


def dependency(name, pattern):
    """The package whose name matches PATTERN on which the package NAME, a meta package, depends now."""
    command = ["apt-cache", "depends", "--no-recommends", "--no-suggests", name]
    found = _tried(lambda: re.search(rf"Depends: ({pattern})$", subprocess.run(command, capture_output=True, text=True).stdout,
                                     re.MULTILINE), bool)
    if not found:
        raise PackageFailure(f"{name}: apt knows no such package")
    return found[1]


def newest(suite, pattern):
    """The path of the package of Debian's SUITE, not this machine's, whose name matches PATTERN and has the highest numbers."""
    folder = FOLDER / suite
    with locked():
        apt = _apt_of(folder, suite)
        names = subprocess.run(["apt-cache", *apt, "pkgnames"], capture_output=True, text=True).stdout.split()
        names = sorted((name for name in names if re.fullmatch(pattern, name)),
                       key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
        if not names:
            raise PackageFailure(f"{suite}: no package's name matches {pattern}")
        if not _kept(names[-1], folder):
            print(f"packages: downloading {names[-1]} of {suite}", flush=True)
            done = subprocess.run(["apt-get", "-q", *apt, "download", names[-1]], cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise PackageFailure(f"{names[-1]}: {done.stderr.strip()}")
        return _kept(names[-1], folder)[-1]


def _apt_of(folder, suite):
    """The options of apt's programs by which they know this SUITE and nothing else; its lists are fetched once a day."""
    lists, sources = folder / "lists", folder / "sources.list"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State={folder}", "Dir::State::status=/dev/null", f"Dir::Cache={folder / 'cache'}", "APT::Sandbox::User=root",
               f"Dir::Etc::SourceList={sources}", "Dir::Etc::SourceParts=/dev/null", "Acquire::Languages=none"]
    apt = [word for option in options for word in ("-o", option)]
    if not sources.exists() or time.time() - sources.stat().st_mtime > DAY:
        sources.write_text(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main\n")
        done = subprocess.run(["apt-get", "-q", *apt, "update"], capture_output=True, text=True)
        if done.returncode:
            sources.unlink()
            raise PackageFailure(f"{suite}: {done.stderr.strip()}")
    return apt


def unpack(package, tree, *patterns):
    """Unpacks the file PACKAGE into the folder TREE: all of it, or what matches PATTERNS, such as "./boot/vmlinuz-*"."""
    contents = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    tree.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "x", "--wildcards", *patterns], input=contents, cwd=tree, check=True)


def read(name, path):
    """The bytes of the file PATH of the package NAME; a `*` in PATH stands for what a version adds to a name."""
    package, = fetch(name)
    return read_file(package, path)


def read_file(package, path):
    """The same of the file PACKAGE."""
    listed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    done = subprocess.run(["tar", "x", "-O", "--wildcards", f".{path}"], input=listed, capture_output=True)
    if done.returncode:
        raise PackageFailure(f"{package.name}: it has no {path}")
    return done.stdout


def _kept(name, folder=FOLDER):
    return sorted(folder.glob(f"{name}_*.deb"))


def _tried(ask, good):
    """What ASK returns; asked again with new package lists where that is not GOOD."""
    answer = ask()
    if not good(answer):
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*sudo, "apt-get", "-q", "update"], stdout=subprocess.DEVNULL)
        answer = ask()
    return answer
