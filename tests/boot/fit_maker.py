# SPDX-License-Identifier: BSD-2-Clause
"""Makes FITs (.itb) with U-Boot's mkimage, signed or not, and the keys to sign them with.

Each has two configurations, of which a device tree brings the command line: `first`, the default, with the kernel alone, and
`second`, with all ramdisks.
"""

import subprocess

HASHES = ("crc32", "sha256", "sha512")
ALGORITHM = "sha256,rsa2048"


def _run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def _image(name, kind, path, hashes, compression="none"):
    nodes = "".join(f'hash-{number} {{ algo = "{name}"; }}; ' for number, name in enumerate(hashes, 1))
    return f"""{name} {{ description = "{name}"; data = /incbin/("{path}"); type = "{kind}"; arch = "x86_64"; os = "linux";
        compression = "{compression}"; load = <0>; entry = <0>; {nodes}}};\n"""


def _device_tree(folder, name, words):
    (folder / f"{name}.dts").write_text(f'/dts-v1/; / {{ chosen {{ bootargs = "{words}"; }}; }};')
    _run(folder, "dtc", "-O", "dtb", "-o", f"{name}.dtb", f"{name}.dts")
    return folder / f"{name}.dtb"


def make(path, kernel, ramdisks, words, compression="none", hashes=HASHES, keys=None, key="", outside=False):
    """Writes to PATH the FIT of files KERNEL and RAMDISKS; WORDS are the two configurations' command lines.

    KEYS is the folder that holds the KEY to sign with, by keypair(). OUTSIDE: the images' data lie behind the tree.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"ramdisk-{number}" for number in range(1, len(ramdisks) + 1)]
    images = _image("kernel-1", "kernel", kernel, hashes, compression)
    images += "".join(_image(name, "ramdisk", ramdisk, hashes) for name, ramdisk in zip(names, ramdisks))
    for number, text in enumerate(words, 1):
        images += _image(f"fdt-{number}", "flat_dt", _device_tree(folder, f"fdt-{number}", text), hashes)
    signature = f"""signature-1 {{ algo = "{ALGORITHM}"; key-name-hint = "{key}"; sign-images = "kernel", "ramdisk", "fdt"; }};"""
    signature = signature if key else ""
    listed = ", ".join(f'"{name}"' for name in names)
    source = path.with_suffix(".its")
    source.write_text(f"""/dts-v1/;
/ {{ description = "a FIT of the tests";
images {{ {images} }};
configurations {{ default = "first";
first {{ description = "The kernel alone"; kernel = "kernel-1"; fdt = "fdt-1"; {signature} }};
second {{ description = "All of it"; kernel = "kernel-1"; ramdisk = {listed}; fdt = "fdt-2"; {signature} }};
}}; }};
""")
    _run(folder, "mkimage", *(["-E"] if outside else []), *(["-k", str(keys)] if key else []), "-f", source.name, path.name)
    return path


def keypair(folder, name):
    """Makes in FOLDER what mkimage wants to sign with the key NAME; returns the path of its certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    _run(folder, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch", "-subj", f"/CN={name}", "-keyout",
         f"{name}.key", "-out", f"{name}.crt")
    return folder / f"{name}.crt"
