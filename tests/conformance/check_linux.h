/* SPDX-License-Identifier: BSD-2-Clause */
/* What our bzImage (linux.S) says in its setup header, and check_linux.c holds its loader to. */
#ifndef CONFORMANCE_CHECK_LINUX_H
#define CONFORMANCE_CHECK_LINUX_H

#define LINUX_SETUP_SIZE 0x400 /* of the real-mode part: two sectors */
#define LINUX_ENTRY64    0x200
#define LINUX_PREFERRED  0x1000000
/* What every bzImage has there: GRUB enters as far behind the load address as this lies behind 1 MiB. */
#define LINUX_CODE32_START            0x100000
#define LINUX_ALIGNMENT               0x200000
#define LINUX_MINIMUM_ALIGNMENT_SHIFT 16
#define LINUX_INITRD_MAX              0x7fffffff
#define LINUX_COMMAND_LINE_MAX        1023
#define LINUX_INIT_SIZE               0x800000

#endif
