# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seeds of fuzz_fit: FITs by mkimage, signed by keys that are thrown away, and a section of keys. Run by
hand (packages u-boot-tools, device-tree-compiler, openssl)."""

import pathlib
import struct
import subprocess
import tempfile

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds/fit"


def run(folder, *command):
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def image(name, kind, data, *hashes, **more):
    fields = "".join(f'{key} = "{value}"; ' for key, value in {"type": kind, "compression": "none", **more}.items())
    nodes = "".join(f'hash-{number} {{ algo = "{hash}"; }}; ' for number, hash in enumerate(hashes, 1))
    return f"{name} {{ data = {data}; load = <0>; entry = <0>; {fields} {nodes} }}; "


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tree.dts").write_text('/dts-v1/; / { chosen { bootargs = "quiet"; }; };')
        (folder / "none.dts").write_text("/dts-v1/; / { };")
        run(folder, "dtc", "-O", "dtb", "-o", "tree.dtb", "tree.dts")
        run(folder, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch", "-subj", "/CN=x", "-keyout",
            "dev.key", "-out", "dev.crt")  # fmt: skip
        kernel = image("k", "kernel", '"kernel"', "crc32", "sha256", "sha512", arch="x86_64", os="linux")
        ramdisks = "".join(image(f"r{i}", "ramdisk", f'"ramdisk {i}"', "sha256", arch="x86", os="linux") for i in (1, 2))
        device_tree = image("d", "flat_dt", '/incbin/("tree.dtb")', "sha256")
        signature = 'signature-1 { algo = "sha256,rsa2048"; key-name-hint = "dev"; sign-images = "kernel", "ramdisk"; };'
        cases = {
            "plain": (kernel, 'c { kernel = "k"; };', []),
            "two": (kernel + ramdisks, 'default = "c2"; c { kernel = "k"; }; c2 { description = "both"; kernel = "k"; '
                    'ramdisk = "r1", "r2"; };', []),
            "device-tree": (kernel + device_tree, 'c { kernel = "k"; fdt = "d"; };', []),
            "outside": (kernel + ramdisks, 'c { kernel = "k"; ramdisk = "r1"; };', ["-E"]),
            "position": (kernel + ramdisks, 'c { kernel = "k"; ramdisk = "r1"; };', ["-E", "-p", "800"]),
            "signed": (kernel + ramdisks, f'c {{ kernel = "k"; ramdisk = "r1", "r2"; {signature} }};',
                       ["-k", ".", "-r"]),
        }  # fmt: skip
        SEEDS.mkdir(parents=True, exist_ok=True)
        for case, (images, configurations, arguments) in cases.items():
            (folder / "x.its").write_text(f'/dts-v1/; / {{ description = "x"; images {{ {images} }}; configurations {{ '
                                          f'{configurations} }}; }};')  # fmt: skip
            run(folder, "mkimage", "-f", "x.its", *arguments, "x.itb")
            (SEEDS / case).write_bytes((folder / "x.itb").read_bytes())
    key = b"dev".ljust(64, b"\0") + struct.pack(">I", 256) + b"\xff" * 256 + struct.pack(">I", 3) + b"\1\0\1"
    (SEEDS / "keys").write_bytes(key + key)


if __name__ == "__main__":
    main()
