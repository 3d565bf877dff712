/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's event log, whose size nobody tells: TCG PC Client Platform Firmware Profile, sections 10.2 and 10.4,
 * the "crypto agile" format. Pure.
 */
#ifndef FIRMWARE_TPM_LOG_H
#define FIRMWARE_TPM_LOG_H

#include <stdint.h>

#include "common/span.h"

/*
 * The bytes of a log from its first event to the end of the one that begins `last` bytes behind it. `log` is as much as
 * may be read. 0 where it is no such log.
 */
uint64_t tpm_log_size(struct span log, uint64_t last);

/* The bytes of the first `count` events in `events`, whose digests are those of the `log`; 0 where they are broken. */
uint64_t tpm_log_events_size(struct span log, struct span events, uint64_t count);

#endif
