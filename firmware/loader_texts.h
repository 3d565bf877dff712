/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of EFI variables: UTF-16, numbers, lists of ids (systemd.io/BOOT_LOADER_INTERFACE). Pure. */
#ifndef FIRMWARE_LOADER_TEXTS_H
#define FIRMWARE_LOADER_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/span.h"
#include "firmware/loader_interface.h"

/*
 * UTF-8 as UTF-16 with its NUL into `units`, which holds `max` of them. A byte that is no UTF-8 becomes U+FFFD. Returns
 * how many units were written, the NUL included; 0 where they do not fit. A text of n bytes never needs more than
 * n + 1.
 */
uint64_t utf16_from_utf8(const char *text, uint16_t *units, uint64_t max);

/*
 * The way back, up to the first NUL or the end, NUL-terminated, into `text` of `size` bytes. False, and an empty text,
 * where it does not fit, is no UTF-16, or has control characters.
 */
bool utf8_from_utf16(struct span units, char *text, uint64_t size);

/* LoaderConfigTimeout and LoaderConfigTimeoutOneShot. False where it is none of what they can be. */
bool loader_timeout_read(struct span variable, enum loader_timeout *timeout, uint32_t *seconds);

/* Ticks of a counter as microseconds; false where the frequency (Hz) is not known or it does not fit. */
bool loader_microseconds(uint64_t ticks, uint64_t frequency, uint64_t *microseconds);

#define LOADER_GUID_TEXT 37 /* bytes, the NUL included */

/* The 16 bytes of a GUID as EFI stores them, in its usual form. */
void loader_guid_text(const uint8_t *guid, char text[LOADER_GUID_TEXT]);

/* A path with backslashes, as EFI has them, in place: or with slashes. */
void loader_path_to_efi(char *path);
void loader_path_from_efi(char *path);

#endif
