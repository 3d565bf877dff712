/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one structure: everything that a door can tell, whichever door it was. Normalisers (entries/) fill it, exits
 * (handoff/) read it; a door knows nothing of exits, an exit nothing of doors. Addresses are physical, sizes are bytes.
 * What was not told is absent, and says so: 0 is an address.
 */
#ifndef HANDOFF_HANDOFF_H
#define HANDOFF_HANDOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/failure.h"
#include "common/map.h"
#include "common/physical.h"
#include "common/span.h"

#define HANDOFF_VERSION        1
#define HANDOFF_MODULES_MAX    64
#define HANDOFF_SETUP_DATA_MAX 32

/* How we were entered. The numbers are the stubs' too (entries/doors.h). */
enum door {
    DOOR_NONE,
    DOOR_PVH,
    DOOR_EFI,
    DOOR_MULTIBOOT2,
    DOOR_MULTIBOOT2_EFI,
    DOOR_LINUX16,
    DOOR_LINUX32,
    DOOR_LINUX64,
    DOOR_EFI_HANDOVER,
    DOOR_COUNT,
};

struct known_address {
    bool present;
    uint64_t address;
};

struct handoff_module {
    uint64_t start;
    uint64_t size;
    const char *string; /* what the loader before us said of it; never NULL */
};

struct handoff_framebuffer {
    bool present;
    uint64_t address;
    uint32_t width, height; /* pixels */
    uint32_t pitch;         /* bytes a line */
    uint8_t bits;           /* per pixel */
    uint8_t red_size, red_position, green_size, green_position, blue_size, blue_position;
    uint8_t reserved_size, reserved_position;
};

struct handoff_text_screen {
    bool present; /* VGA text, at 0xb8000 */
    uint8_t columns, rows;
    uint8_t column, row; /* of the cursor */
    uint8_t mode;        /* the BIOS's number */
};

struct handoff_efi {
    bool present;
    bool boot_services; /* still alive */
    bool secure_boot;   /* the firmware verifies what it starts, or did and the loader before us says so */
    uint64_t system_table;
    struct known_address image_handle;
    /* The firmware's own map, once boot services have ended: for kernels that want it as it is. */
    uint64_t map, map_size, descriptor_size;
    uint64_t map_capacity; /* how much it can be by then */
    uint32_t descriptor_version;
    const char *for_unpacker; /* why, by that map, a kernel had better unpack itself; NULL: no reason */
};

struct handoff_xen {
    bool present;
    uint32_t cpuid_base; /* 0x40000000 or where the leaves were found */
};

/* An element of a boot.txt setup_data list that came in: it stays where it lies. */
struct handoff_setup_data {
    uint64_t address; /* of struct setup_data */
    uint32_t type;
    uint64_t size; /* of all of it */
};

/* What EFI's boot services can start. */
struct handoff_application {
    struct span file;         /* a PE */
    const char *command_line; /* UTF-8; becomes its load options, where it is not empty */
    uint32_t initrd_count;
    struct span initrds[HANDOFF_MODULES_MAX]; /* become one file, each padded to 4 bytes, that LoadFile2 gives */
    struct span device_tree;                  /* becomes a configuration table; data NULL: none */
    void *volume;                             /* the EFI handle that it came from, or NULL: from memory */
    const char *path;                         /* its path there: "/EFI/x.efi"; or NULL */
};

struct handoff {
    uint32_t version; /* HANDOFF_VERSION */
    uint32_t size;    /* of this structure */
    enum door door;
    uint8_t loader_type;      /* boot.txt type_of_loader; 0 where there was none */
    const char *loader_name;  /* as the loader before us calls itself; NULL: it did not say */
    uint64_t image;           /* where our own image lies */
    const char *command_line; /* all of it, ours and the payload's; never NULL */

    uint32_t module_count;
    struct handoff_module modules[HANDOFF_MODULES_MAX];

    struct known_address rsdp;        /* of ACPI; a copy, where the loader before us made one */
    struct known_address smbios;      /* the 32-bit entry point */
    struct known_address smbios3;     /* the 64-bit entry point */
    struct known_address device_tree; /* flattened */
    struct handoff_framebuffer framebuffer;
    struct handoff_text_screen text_screen;
    struct handoff_efi efi;
    struct handoff_xen xen;
    struct {
        bool present;
        uint8_t drive; /* BIOS number */
    } boot_drive;
    struct span random_seed; /* data NULL: none */

    uint32_t setup_data_count;
    struct handoff_setup_data setup_data[HANDOFF_SETUP_DATA_MAX];

    /*
     * What must happen before the machine is handed on: with EFI, the end of boot services, after which `map` is the
     * final one. NULL: nothing. After it nothing may be allocated, and only consoles that need no firmware print.
     */
    bool (*leave)(struct handoff *handoff, struct failure *failure);

    /*
     * Starts an application while boot services are alive; NULL: they are not. True when it returned, with its *status;
     * false where the firmware would not load or verify it.
     */
    bool (*start_application)(const struct handoff_application *application, uint64_t *status, struct failure *failure);

    struct arena arena; /* holds the strings above */
    struct memory_map map;
};

/*
 * Makes *handoff empty, with an arena of arena_size bytes at arena. Both are the caller's and live as long as the
 * handoff does.
 */
void handoff_start(struct handoff *handoff, enum door door, void *arena, uint64_t arena_size);

/* Adds a module and marks its memory. A failure where there are too many, or it wraps around. */
bool handoff_add_module(struct handoff *handoff, uint64_t start, uint64_t size, const char *string, uint64_t length,
                        struct failure *failure);

/*
 * Copies the NUL-terminated text at `address` into the arena, at most `limit` bytes long. `what` names it in a failure.
 */
bool handoff_copy_text(struct handoff *handoff, const struct physical *physical, uint64_t address, uint64_t limit,
                       const char *what, const char **copy, struct failure *failure);

/*
 * Marks in the map what is in use: our image, [image_start, image_end), modules, setup_data, the firmware's map. A
 * failure where there is no RAM, or a module is not in RAM or overlaps the image.
 */
bool handoff_complete(struct handoff *handoff, uint64_t image_start, uint64_t image_end, struct failure *failure);

/* Prints it, a line a fact, on every console (qv.debug). */
void handoff_print(const struct handoff *handoff);

const char *door_name(enum door door);

#endif
