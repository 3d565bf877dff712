/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of virtual block devices; see xen_vbd.h, "Concrete encoding in the VBD interface". The old ones are Linux's
 * majors and minors (Documentation/admin-guide/devices.txt); Linux's front end names all of them xvd. Pure: compiled
 * natively for tests as well.
 */
#include "storage/xen_vbd.h"

#include "common/text.h"

#define EXTENDED       (1u << 28)
#define EXTENDED_SHIFT 8 /* bits for the partition */
#define MAJOR_SHIFT    8
#define MINOR_MASK     0xffu
#define SHORT_SHIFT    4 /* bits for the partition of xvd and sd */
#define IDE_SHIFT      6 /* … of hd */
#define IDE_DISKS      2 /* of one major */
#define SCSI_DISKS     16

/* The majors: the first disk of each, and how many bits of a minor are the partition's. */
static const struct {
    uint8_t first, last; /* majors */
    uint8_t shift;
    uint8_t disk; /* of the first one, minor 0 */
} majors[] = {
    { 202, 202, SHORT_SHIFT, 0 },             /* xvd */
    { 3, 3, IDE_SHIFT, 0 },                   /* hda, hdb */
    { 22, 22, IDE_SHIFT, IDE_DISKS },         /* hdc, hdd */
    { 8, 8, SHORT_SHIFT, 0 },                 /* sda to sdp */
    { 65, 71, SHORT_SHIFT, SCSI_DISKS },      /* sdq on */
    { 128, 135, SHORT_SHIFT, 8 * SCSI_DISKS } /* … to sdiv */
};

static bool take_apart(uint32_t number, struct xen_vbd *vbd)
{
    const uint32_t major = number >> MAJOR_SHIFT, minor = number & MINOR_MASK;

    if (number >= EXTENDED) {
        number -= EXTENDED;
        vbd->disk = number >> EXTENDED_SHIFT;
        vbd->partition = number & ((1u << EXTENDED_SHIFT) - 1);
        return number < EXTENDED;
    }
    for (unsigned i = 0; i < sizeof(majors) / sizeof(*majors); i++) {
        if (major < majors[i].first || major > majors[i].last)
            continue;
        vbd->disk = majors[i].disk + (major - majors[i].first) * SCSI_DISKS + (minor >> majors[i].shift);
        /* Linux's front end takes a partition of an hd for the whole. */
        vbd->partition = majors[i].shift == IDE_SHIFT ? 0 : minor & ((1u << SHORT_SHIFT) - 1);
        return true;
    }
    return false;
}

bool xen_vbd_read(uint32_t number, struct xen_vbd *vbd)
{
    char letters[8];
    unsigned at = sizeof(letters) - 1;

    *vbd = (struct xen_vbd){ 0 };
    if (!take_apart(number, vbd))
        return false;
    letters[at] = '\0';
    /* a … z, aa … zz, aaa …: 20 bits need five. */
    for (uint32_t disk = vbd->disk + 1; disk; disk = (disk - 1) / 26)
        letters[--at] = (char)('a' + (disk - 1) % 26);
    if (vbd->partition)
        text_format(vbd->name, sizeof(vbd->name), "xvd%s%u", letters + at, vbd->partition);
    else
        text_format(vbd->name, sizeof(vbd->name), "xvd%s", letters + at);
    return true;
}
