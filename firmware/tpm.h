/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measuring what is started into the TPM 2 of the firmware (TCG EFI Protocol Specification, EFI_TCG2_PROTOCOL). The
 * PCRs are those of UAPI's TPM PCR registry. Without a TPM, or without boot services, nothing is measured.
 */
#ifndef FIRMWARE_TPM_H
#define FIRMWARE_TPM_H

#include <stdbool.h>

#include "common/failure.h"
#include "common/map.h"
#include "common/span.h"

enum {
    TPM_PCR_CODE = 4,    /* boot-loader-code: what the firmware did not load itself */
    TPM_PCR_INITRD = 9,  /* kernel-initrd: initrds and modules */
    TPM_PCR_CONFIG = 12, /* kernel-config: entry, command lines, device tree */
};

bool tpm_present(void);

/* Extends a PCR with the hash of `data`, with an EV_IPL event whose text is the UTF-16 of `description`. Warns where it
 * fails. */
void tpm_measure(unsigned pcr, struct span data, const char *description);

/* The same of a text, hashed as UTF-16 with its NUL, which is what systemd-boot measures of a command line. */
void tpm_measure_text(unsigned pcr, const char *text, const char *description);

/* PCR 4: a payload that is not started by LoadImage: its Authenticode hash where it is a PE, else that of its bytes. */
void tpm_measure_payload(struct span file, bool is_pe, const char *description);

/*
 * Leaves the event log where a Linux that is not started by its EFI stub finds it (LINUX_EFI_TPM_EVENT_LOG_GUID), in
 * memory of the map. A failure where there is a log, but no place for it.
 */
bool tpm_hand_on_log(struct memory_map *map, struct failure *failure);

#endif
