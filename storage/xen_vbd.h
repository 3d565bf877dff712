/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers of Xen's virtual block devices (Xen docs/man/xen-vbd-interface.7), and the names that they have. Pure. */
#ifndef STORAGE_XEN_VBD_H
#define STORAGE_XEN_VBD_H

#include <stdbool.h>
#include <stdint.h>

struct xen_vbd {
    char name[16];      /* as Linux names it: "xvda", "xvdaa", "xvdb3"; also what the tool stack calls hda or sda */
    uint32_t disk;      /* from 0 on: the order of the letters */
    uint32_t partition; /* 0: the whole disk */
};

/* Takes a number apart. False where it is of no kind that Linux knows: such devices are to be left alone. */
bool xen_vbd_read(uint32_t number, struct xen_vbd *vbd);

#endif
