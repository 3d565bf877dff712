# SPDX-License-Identifier: BSD-2-Clause
"""The words of docs/benchmarks.md that do not come from a run."""

INTRODUCTION = """# Benchmarks

How long a boot takes by each door, exit and form of the kernel, beside the loaders and firmware that do the same, all in one
run on one machine. `make bench` writes this page (`make bench BENCH=--docs`); `make bench-quick` takes two minutes and writes
build/bench/result.md only. Nothing but QEMU is needed, and no privileges: KVM serves where a guest really runs in it, else
TCG.

A path has the name `door:exit:kernel`; a peer, what starts the kernel without us, is `loader:door:kernel`. The doors are
those of [doors.md](doors.md). The kernel is Debian's, in these forms: `xz` is the bzImage as shipped; `none` its vmlinux,
which PVH starts and no one has to unpack; `zstd` and `lz4` are vmlinux, compressed, unpacked by us; with `-direct`, we unpack
the bzImage ourselves, in place of the kernel (`qv.unpack=loader`), as it is or as `quadrivium-pack --recompress` packed it
again. The kernel and an initrd of 1 MiB are packed into our image; a peer has them as files. `/init` is the first program of
the initrd (bench/init.S).
"""

PARTS = """Instructions of the guest, counted by a plugin of QEMU's TCG (bench/points.c) with `-icount shift=0,sleep=off`.
They repeat to a few millionths, however busy the host is; where firmware reads a disk, it waits for the host, and they repeat
to a thousandth: of three boots the one is shown that waited least. An instruction is not a nanosecond: unpacking is more
instructions than waiting for memory, and `rep movsb` counts one for each byte, which a processor copies by tens. Time that
the guest sleeps is not counted, and what a page fault cuts short is counted twice: a thousandth of the kernel's part.

`of the peer's` is the whole boot's ratio to that of the peer; the column behind it leaves out, of both, the firmware and the
kernel proper: it is loading and unpacking alone. Under EFI the firmware reads our image, with the kernel packed in, before it
starts it: in `efi:…` that is in `firmware`. `efi-entry` reads the kernel from the disk, as systemd-boot and syslinux do."""

LESSONS = """### What it teaches

The door hardly matters. From its first instruction to the jump the loader costs less than 0.1 M by PVH, BIOS and kexec, of a boot
of 1.6 G at least; under EFI some 5 M, nearly all of it the firmware's, for variables and text. What matters is what stands before
the door, and who unpacks the kernel:

- **A guest of a hypervisor: PVH.** No firmware has to run (BIOS is no dearer here, since QEMU's hardly does anything; OVMF alone costs
  more than the whole boot of an uncompressed kernel). With the kernel uncompressed, the loader between costs a half per cent.
- **Which form of the kernel.** Debian's own, with xz, spends three quarters of its boot on unpacking itself. Where 60 MiB of kernel
  are no matter, take it uncompressed; else `quadrivium-pack --recompress=lz4`, which is nearly as quick in 14 MiB, or `=zstd`, nearly
  as small as xz in a third of the time. Leave xz to the loader (`qv.unpack=loader`) where the processor is real; under QEMU's TCG
  that takes fewer instructions and more time ([unpacking.md](unpacking.md)).
- **A disk read by BIOS or GRUB** turns that round: what has to be read costs more than what has to be unpacked, and zstd or lz4 is
  quicker there than no compression. multiboot2 through GRUB is no dearer than GRUB's own `linux`, on BIOS and on EFI.
- **EFI.** Between OVMF's start of a boot loader and the kernel, all boot loaders cost the same, because the kernel's unpacking is nearly
  all of it: systemd-boot, GRUB and we differ by a few per cent. Unpacking for the kernel saves a sixth of its instructions, a
  kernel packed again with zstd nine tenths.
- **Xen.** A kernel packed into our image, or on the guest's own disk, is at its first line in about half of the time that dom0's tool
  stack takes for the same bzImage, which it unpacks itself, and in about half, or less, of what GRUB's PVH image takes.
- **kexec** is the dearest way to start one kernel, since another has to boot first; it is for a machine that has one running."""

EFI = """
From where the firmware starts the first application to the kernel's first instruction at its own address: what a boot loader, and
whoever unpacks the kernel, have to answer for. The firmware before it is the same for all. Of GRUB's two ways the better one is
what the others are compared with.
"""

PHASES = """Each column is what that phase alone cost: to the end of `cpu`, of `pagetables` and so on (common/stamp.h). `copy`
is the way to the trampoline, and `linux_start_boot` what the trampoline copies and zeroes, to the kernel's first instruction.
Under EFI the firmware's own work for us is in it. The plot leaves EFI out, whose consoles would hide the rest."""

BEFORE = """The same paths with quadrivium {version}, before the loader was made fast: counted by the same bench (bench/before.json
is from its result.json). `door to jump` leaves out what the trampoline copies."""

EVERY = """To `/init`, and in parentheses what of it is ours, from the door to the kernel's first instruction: with the
payload's bytes, and where we unpack it, with that."""

WALL = """Seconds since QEMU was started, of boots that take turns, so that a busy host is busy for all. The kernel's first line
comes early by `earlyprintk`, for all paths alike. The spread is the median distance from the median; the ratios are to the direct
PVH boot of the same round, with their spread, and to the peer's boot of the same round, as in the first table."""

GROWTH = """Instructions to `/init`, and in the loader alone, for the uncompressed kernel by PVH; the rest of the machine
stays as it is. 128 MiB of RAM do not hold that kernel twice, packed in and in its place. With more processors only the loader is
counted, since those that wait count too; of entries, only to list, sort and choose them. The long memory maps are made by
bench/map.S, which cuts the RAM into pieces."""

XEN = """Xen 4.17 in QEMU's TCG, medians of runs that take turns: seconds from `xl create` to the first line of the guest's
kernel, QEMU's processor time for the same, and the time in the loader. First the guest's disk is what is started
(tests/boot/compare_xen.py); then our image with the kernel packed in (`pvh-xen:exit:kernel`), beside the kernel as a file of
dom0, whose tool stack unpacks it."""

POINTS = """## Points

The points have the names of [qemu-boot-time](https://github.com/stefano-garzarella/qemu-boot-time) where it has one:
`fw_start` is the reset, `fw_do_boot` where the firmware starts what it boots (an option ROM, a boot sector, an EFI
application), `linux_start_boot` the kernel's first instruction, by whichever protocol, `linux_start_kernel` its first at its
own address, after unpacking, and `linux_start_user` the first of `/init`. Between them are `door` and our phases. The plugin
knows them by code and addresses, so that no kernel, loader or firmware is changed for it.

With `qv.mark=PORT` our image itself writes its phases, 0x20 and on, from `devices` (0x24) to `exit` (0x28), to an I/O port:

- `qv.mark=0x80`: Cloud Hypervisor's debug port, in the range that it keeps for boot loaders; it logs each with a time.
- `qv.mark=0xf4`: qemu-boot-time's port. There `exit` is also told as 3, `linux_start_boot`; its perf script names that, and
  calls our phases `Exit point 36` to `Exit point 40`. The bench's `/init` writes 7, `linux_start_user`, to the same port.
"""

REAL = """## On real machines

- `qv.timeline` prints, before we leave, when each phase ended, in ticks of the time stamp counter since the door, and the
  counter's frequency. The phases are those of the tables above. Divide by the frequency: `75,803 / 2,400,000 kHz` is 0.03 ms.
- Under EFI we write LoaderTimeInitUSec and LoaderTimeExecUSec, as systemd-boot does: microseconds from power on to our first
  instruction and to the kernel's. `systemd-analyze` shows them as `firmware` and `loader`, and they lie in
  `/sys/firmware/efi/efivars/Loader*-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`. The first is what is `firmware` and `loader
  before` in the tables, their difference is what is `quadrivium`.
- The kernel's part: `systemd-analyze` has it as `kernel`, with the unpacking; without systemd, `dmesg` has the time of `Run
  /init as init process`.
"""

REGRESSIONS = """## Regressions

`bench/compare OLD NEW` reads two result.json and tells what became slower. More than 0.5 % more instructions, of the boot or
of our part of it, are worse; seconds are worse where their ratio to the direct boot rose by more than 2 % and a rank test
says that chance alone would do that in less than one of a hundred comparisons. The exit status is 1 where something is worse,
or is not measured any more.
"""

UNPACKING = """# Who unpacks the kernel

A bzImage unpacks itself, unless `qv.unpack=loader` says that we do, with zlib, libzstd, liblz4 and liblzma. Which is faster?
`make bench-unpack BENCH=--docs` writes this page (bench/unpack.py).

## On a real processor

No guest: a program (bench/unpack.c) has our decoders in it as they are in the image, with its memcpy and its heap, and beside
them Linux's, built of Debian's packages of its source with the flags of `arch/x86/boot/compressed`, and with the compiler and
the configuration of Debian's kernel. Both unpack the same bytes to the same place, with the same result. All memory is there
before the clock runs, in pages of 2 MiB where the system has them, as in a boot. What follows costs both the same, and is not
in it: segments move to their places, relocations are applied.
"""

UNPACKING_GUEST = """## In QEMU's TCG

The same kernel in a guest, from our phase `loaded` to the kernel's first instruction at its own address, with all that belongs
to it: instructions (bench/points.c), blocks of instructions (bench/blocks.c), and the processor's time that QEMU took. `zstd`
and `lz4` are what `quadrivium-pack --recompress` makes of it.
"""

UNPACKING_MEANS = """For xz, liblzma takes longer here than Linux's decoder, in fewer instructions and no more blocks. TCG
joins a block to the next one only within a page of 4 KiB; from page to page it looks the next one up, by a function and up to
two hash tables, and perf shows that this is where the time goes: the translated code itself takes no longer. Linux's inner
loop, `lzma_main`, has {linux:,} bytes, and hardly ever leaves its page. liblzma's `lzma_decode`, which can stop and go on at
any byte, has {ours:,}, and goes to and fro between its pages. Wherever the linker puts it, they are as many; and nothing of it
is compiled by us. No processor, and so no KVM, knows such a cost.

## The default

It stays `kernel`. On a real processor our decoders are faster, but what they save of a boot from xz is little beside what
`quadrivium-pack --recompress` saves, and of that we are the unpacker anyhow. Against it stands what the kernel's own has
without asking: it needs no memory for a dictionary, and it is as old as the kernel is, whatever that wants done before it
starts. `qv.unpack=loader` is for those who want the rest as well. It keeps KASLR (tests/boot/test_direct.py), and where it
cannot be exact, or has no memory, the kernel does it.
"""
