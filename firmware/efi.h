/* SPDX-License-Identifier: BSD-2-Clause */
/* EFI while boot services live: everything that calls the firmware (UEFI 2.10). */
#ifndef FIRMWARE_EFI_H
#define FIRMWARE_EFI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/physical.h"
#include "common/span.h"
#include "handoff/handoff.h"

/* Remembers where the firmware is and makes its console known. Nothing else here may be called before. */
void efi_attach(uint64_t image_handle, uint64_t system_table);

/*
 * Fills what the firmware knows: the memory map, tables, framebuffer, random seed; sets handoff->leave, which ends boot
 * services, and lets every allocation from handoff->map be one of the firmware's.
 */
bool efi_gather(struct handoff *handoff, const struct physical *physical, struct failure *failure);

/* The command line that our image was started with, into handoff; the empty one where there is none. */
void efi_read_options(struct handoff *handoff);

/*
 * Adds the initrd that the loader before us offers by LoadFile2, as one module, where there is one. Allocates from the
 * firmware, so it comes before efi_gather.
 */
bool efi_read_initrd(struct handoff *handoff, struct failure *failure);

/*
 * Whether the firmware accepts a PE, as Secure Boot has it: loads it and unloads it at once, without starting it. A
 * failure that says why not.
 */
bool efi_verify(struct span file, struct failure *failure);

/*
 * Sets the mode of the firmware's console as loader.conf(5) has it in console-mode: a number, "auto" (the largest that
 * is not too small to read), "max", "keep" or nothing. False where there is no such mode; true where no firmware is.
 */
bool efi_console_mode(struct span mode);

/* Whether boot services are alive. */
bool efi_alive(void);

/* Ends our image with this status: with an error the firmware goes on with its next boot option. */
void efi_exit(uint64_t status) __attribute__((noreturn));
void efi_exit_failed(void) __attribute__((noreturn)); /* a load error */

/* Waits while the firmware does its work; not at all where boot services are not alive. */
void efi_stall(uint64_t microseconds);

/* Resets or turns off, with boot services or (after they have ended) without. Returns where there is no EFI. */
void efi_reset(bool power_off);

#endif
