#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the seeds of fuzz_grub and fuzz_extlinux: configurations of distributions, and small ones of what those have not."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
SEEDS = HERE / "seeds"
CAPTURED = HERE.parent / "unit/captured"
GRUB = {
    "debian": ("debian.cfg", "debian-grubenv"),
    "debian-esp": ("debian-esp.cfg",),
    "ubuntu": ("ubuntu.cfg",),
    "fedora": ("fedora.cfg", "fedora-grubenv", None, "fedora-6.5.6.conf", "fedora-6.10.2.conf"),
    "centos": ("centos.cfg", "centos-grubenv", None, "centos-427.conf"),
    "opensuse": ("opensuse.cfg",),
    "alpine": ("alpine.cfg",),
    "arch": ("arch.cfg",),
}
SMALL = {
    "words": b"a 'b\n' \"c\\\"$x\" ${y}\\\n z;b && c || d # e\n",
    "blocks": b"function f { if true; then g $1; fi; }; f x; for i in 1; do f; done; f && return",
    "tests": b"if [ a = b -o ! -f /x -a -n \"$y\" ]; then x=1; elif test 1 -lt 2; then x=2; else x=3; fi",
    "menus": b"set default='s>1>t'; submenu s { menuentry u --id t { linux /k $a; initrd /i /j }; submenu t { menuentry 'v' "
             b"{ multiboot2 /x; module2 /m n; devicetree /d } } }\nset timeout=-1",
    "files": b"search --fs-uuid --set=root 2234-abcd; search -l -s a boot; source (hd0,msdos2)/boot/grub/custom.cfg; configfile "
             b"$prefix/custom.cfg\0" + b"# GRUB Environment Block\na=b\\\\\n####\0set x=y; menuentry z { chainloader /e.efi }",
}

EXTLINUX = ("alpine.conf", "u-boot.conf", "arch-syslinux.cfg", "isolinux.cfg", "xcp-extlinux.conf")
PIECES = {
    "include": b"default b\ninclude x.conf\nlabel a\nlinux ../k\ninitrd i,::/j\nappend - \0append y\nlabel b\nkernel k\n"
               b"append initrd=1 z\nfdt d\nmenu default\n",
    "others": b"ui menu.c32\ntimeout 0\nmenu begin x\nlabel a\nkernel k.bss\nlabel b\ncom32 mboot.c32\nappend x --- y z\n"
              b"text help\nlabel\nendtext\nmenu end\nlabel c\nlocalboot 1\nontimeout b\n",
}


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


for seed, files in GRUB.items():
    write("grub", seed, b"\0".join((CAPTURED / "grub" / file).read_bytes() if file else b"" for file in files))
for seed, text in SMALL.items():
    write("grub", seed, text)
for seed in EXTLINUX:
    write("extlinux", seed, (CAPTURED / "extlinux" / seed).read_bytes())
for seed, text in PIECES.items():
    write("extlinux", seed, text)
