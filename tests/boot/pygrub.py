# SPDX-License-Identifier: BSD-2-Clause
"""pygrub as files of dom0: Xen's boot loader in Python, with as much of Python as it loads, from Debian's packages.

They travel with the guest's files (xen.XenGuest's FILES), so that the saved machine knows nothing of them.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import packages
import xen_host

PACKAGES = ["python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libexpat1", "libffi8", "libncursesw6",
            "libtinfo6", "ncurses-base", "libext2fs2", "libcom-err2", "libxenmisc4.17", "zlib1g", "xen-utils-4.17"]
PROGRAM = "usr/lib/xen-4.17/bin/pygrub"
PYTHON, LIBRARY, OWN = "usr/bin/python3.11", "usr/lib/python3.11", "usr/lib/xen-4.17/lib/python"
FILE_SYSTEMS = "usr/lib/xen-4.17/lib/x86_64-linux-gnu/xenfsimage"
TERMINFO = "lib/terminfo/v/vt100"
CONFIG = f'bootloader="/{PROGRAM}"'
# Runs pygrub's first lines, its imports, and names the files of all modules that are loaded then. They are compiled, as on a
# system where they are installed; the name in the compiled file is that in dom0.
LOADED = """
import os, py_compile, sys
tree, program = sys.argv[1:]
sys.path[0] = os.path.dirname(program)
exec(open(program).read().split("PYGRUB_VER", 1)[0])
import encodings.ascii, encodings.latin_1, encodings.utf_8
for module in list(sys.modules.values()):
    name = getattr(module, "__file__", None)
    if not name or not os.path.realpath(name).startswith(tree): continue
    name = os.path.realpath(name)
    print(name)
    if name.endswith(".py"):
        shown = name[len(tree):]
        print(py_compile.compile(name, dfile=shown, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))
"""


def files():
    """The files, as cpio.archive() wants them."""
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary).resolve()
        for package in packages.fetch(*PACKAGES):
            packages.unpack(package, tree)
        libraries = [str(tree / folder) for folder in [*xen_host.LIBRARIES, "usr/lib/xen-4.17/lib/x86_64-linux-gnu"]]
        home = os.environ | {"LD_LIBRARY_PATH": ":".join(libraries), "PYTHONHOME": str(tree / "usr"), "PYTHONNOUSERSITE": "1"}
        command = [tree / PYTHON, "-S", "-c", LOADED, tree, tree / PROGRAM]
        listed = subprocess.run(command, env=home, capture_output=True, text=True)
        if listed.returncode:
            raise packages.PackageFailure(f"pygrub: {listed.stderr}")
        paths = [Path(line).relative_to(tree) for line in listed.stdout.split()]
        programs = [tree / PYTHON, *(tree / path for path in paths if path.suffix == ".so"),
                    *(tree / FILE_SYSTEMS).glob("*/fsimage.so")]
        found = {str(path): (tree / path).read_bytes() for path in [Path(PYTHON), Path(PROGRAM), Path(TERMINFO), *paths]}
        found |= {f"{FILE_SYSTEMS}/{path.parent.name}/fsimage.so": path.read_bytes() for path in programs
                  if path.name == "fsimage.so" and path.parent.name in ("ext2fs-lib", "fat")}
        found |= {name: path.read_bytes() for name, path in xen_host.shared_libraries(programs, libraries).items()}
    found |= {"usr/bin/python3": "python3.11"}
    folders = {str(parent): None for name in sorted(found) for parent in reversed(Path(name).parents[:-1])}
    return folders | found
