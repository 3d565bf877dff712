/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Boot Loader Interface (systemd.io/BOOT_LOADER_INTERFACE): EFI variables with which loader and system talk. Where
 * there are no boot services, reading finds nothing and writing does nothing.
 */
#ifndef FIRMWARE_LOADER_INTERFACE_H
#define FIRMWARE_LOADER_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/failure.h"
#include "handoff/handoff.h"

enum loader_timeout {
    LOADER_TIMEOUT_NONE,
    LOADER_TIMEOUT_SECONDS,
    LOADER_TIMEOUT_FORCE,
    LOADER_TIMEOUT_HIDDEN,
    LOADER_TIMEOUT_DISABLED
};

#define LOADER_ID_MAX 256 /* bytes of an id, its NUL included */

/* What the system wants of the next boot. "" where not said. */
struct loader_wishes {
    char one_shot[LOADER_ID_MAX];      /* LoaderEntryOneShot: taken away as it is read */
    char default_entry[LOADER_ID_MAX]; /* LoaderEntryDefault */
    char last_booted[LOADER_ID_MAX];   /* LoaderEntryLastBooted */
    enum loader_timeout timeout;       /* LoaderConfigTimeoutOneShot (taken away), else LoaderConfigTimeout */
    uint32_t seconds;
    bool ask; /* it was the former, which calls for the menu */
};

void loader_interface_read(struct loader_wishes *wishes);

/*
 * LoaderInfo, LoaderFeatures, LoaderFirmwareInfo, LoaderFirmwareType, LoaderImageIdentifier, LoaderDevicePartUUID;
 * and the time is watched for loader_interface_selected. To be called before all others. stub: a kernel is packed into
 * us, as into a UKI; then, if a loader before us has introduced itself, it is the one that the system shall see, and
 * none of these functions writes or reads a variable of its.
 */
void loader_interface_introduce(const struct handoff *handoff, bool stub);

/* LoaderEntries: `count` ids. */
void loader_interface_entries(const char *(*id)(const void *context, uint32_t index), const void *context,
                              uint32_t count);

/*
 * LoaderEntrySelected, LoaderEntryLastBooted, and LoaderTimeInitUSec (from the ticks of PHASE_DOOR). path: of a counted
 * entry, LoaderBootCountPath (`/` as separator); or NULL.
 */
void loader_interface_selected(const char *id, const char *counted_path);

/* LoaderTimeExecUSec: the last thing before the payload. */
void loader_interface_leave(void);

/* LoaderEntryDefault, kept by the firmware; "" takes it away. */
bool loader_interface_set_default(const char *id, struct failure *failure);

/* OsIndications: whether the firmware's set-up can be asked for, and a reset into it (does not return where it works).
 */
bool loader_interface_can_set_up(void);
bool loader_interface_set_up(struct failure *failure);

/* LoaderSystemToken into buffer; the number of bytes, 0 where there is none. */
uint32_t loader_interface_token(uint8_t *buffer, uint32_t size);

/* Gives the kernel a seed: LINUX_EFI_RANDOM_SEED_TABLE (as the kernel's own EFI stub does). */
bool loader_interface_give_seed(struct span seed, struct failure *failure);

/* Gives the system one, too: LoaderRandomSeed. systemd before 253 credits it, and bootctl then says that it was passed.
 */
void loader_interface_tell_seed(struct span seed);

#endif
