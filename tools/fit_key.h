/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading public keys for a .fitkey section. */
#ifndef TOOLS_FIT_KEY_H
#define TOOLS_FIT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/span.h"

#define FIT_KEY_ENTRY_MAX 1024 /* bytes */

/*
 * Writes the entry (payloads/fit.h, fit_keys_parse) of a key into `entry`, of FIT_KEY_ENTRY_MAX bytes; *size: the bytes
 * of it. `file` is an RSA public key or an X.509 certificate with one, by PEM or DER, and has a NUL behind its end.
 * name: key-name-hint, "" for any. False, with *failure filled, where the file holds no such key.
 */
bool fit_key_entry(struct span file, const char *name, uint8_t *entry, uint64_t *size, struct failure *failure);

#endif
