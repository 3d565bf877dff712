/* SPDX-License-Identifier: BSD-2-Clause */
/* struct boot_params, held to boot.rst and zero-page.rst. */
#ifndef CONFORMANCE_CHECK_BOOT_PARAMS_H
#define CONFORMANCE_CHECK_BOOT_PARAMS_H

#include <asm/bootparam.h>
#include <stdint.h>

/* All clauses on it. It must be accessible. */
void check_boot_params(const struct boot_params *params);

/* Physical addresses. */
uint64_t boot_params_command_line(const struct boot_params *params);
uint64_t boot_params_ramdisk(const struct boot_params *params);

#endif
