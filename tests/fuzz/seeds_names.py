#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_bls (configuration files) and fuzz_names (three texts in lines)."""

from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"

BLS = {
    "example": b"""# an entry as the specification has it
title        Fedora 19 (Rawhide)
sort-key     fedora
machine-id   6a9857a393724b7a981ebb5b8495b9ea
version      3.8.0-2.fc19.x86_64
options      root=UUID=6d3376e4-fc93-4509-95ec-a21d68011da2 quiet
options      b="c d"
architecture x64
linux        /6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/linux
initrd       /6a9857a393724b7a981ebb5b8495b9ea/3.8.0-2.fc19.x86_64/initrd
initrd       /more
devicetree   /x.dtb
extra        /x.cred
""",
    "xen": b"title Xen\nmultiboot2 /xen.gz\noptions dom0_mem=1G\nmodule /vmlinuz root=/dev/sda1  ro\nmodule /initrd.img\n",
    "uki": b"\xef\xbb\xbftitle Gr\xc3\xbc\xc3\x9fe\r\nuki /EFI/Linux/x.efi\r\nprofile 2\r\n",
    "pvh": b"pvh /vmlinux\ninitrd /i",
    "efi": b"efi \\EFI\\x.efi\noptions a\n",
    "wrong": b"title a\ntitle b\nlinux\ninitrd\nprofile x\nlinux /a\nefi /b\nmodule /m\nuki-url :x.efi\n\xff\nc\0d\n",
    "loader-conf": b"""timeout 5
default "debian-*"
console-mode max
editor no
auto-entries 0
auto-firmware off
auto-reboot yes
auto-poweroff no
random-seed-mode with-system-token
beep yes
log-level debug
""",
    "loader-conf-words": b"timeout menu-force\ntimeout menu-hidden\ntimeout menu-disabled\ndefault @saved\n"
                         b"console-mode 2\nrandom-seed-mode off\nreboot-for-bitlocker 1\n",
    "srel": b"type1\n",
}

NAMES = {
    "versions-1": ("122.1", "123~rc1-1", "123^post1"),
    "versions-2": ("123-a.1", "123.a-1", "123a-1"),
    "versions-3": ("1_2_3", "1+2+3", "1.3.3"),
    "versions-4": ("6.1.0-18-amd64", "6.10.3+bpo-amd64", "6.6~rc1"),
    "versions-5": ("11\u03b1", "0.0", "B0001"),
    "globs-1": ("debian-*.conf", "debian-6.1.conf", "*.[a-c]onf"),
    "globs-2": ("*a*b?c\\*", "aabbxc*", "[!x-z]*[abc]"),
    "globs-3": ("Arch [lts", "arch [LTS", "b\u00e4r?"),
    "counters-1": ("linux+3.efi", "a+2-1.conf", "a+0-9999.conf"),
    "counters-2": ("b+x+10-00.efi", "a+99999.conf", "a+5-09999.CONF"),
    "paths-1": ("\\EFI\\Linux\\x.efi", "./EFI//x", "/a/b/c"),
    "paths-2": ("../x", "/a/../b", "a/" * 40),
    "paths-3": ("/" + "n" * 255, "/" + "n" * 256, "/a b/\u00f6"),
}


def main():
    for name, content in BLS.items():
        (SEEDS / "bls").mkdir(parents=True, exist_ok=True)
        (SEEDS / "bls" / name).write_bytes(content)
    for name, texts in NAMES.items():
        (SEEDS / "names").mkdir(parents=True, exist_ok=True)
        (SEEDS / "names" / name).write_bytes("\n".join(texts).encode())


if __name__ == "__main__":
    main()
