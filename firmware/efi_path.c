/* SPDX-License-Identifier: BSD-2-Clause */
/* EFI device paths; see efi_path.h. */
#include "firmware/efi_path.h"

#include <stddef.h>

#include <efi.h>

#include "common/noinit.h"
#include "common/string.h"
#include "firmware/loader_texts.h"

#define NODES_MAX 64
#define HEADER    sizeof(EFI_DEVICE_PATH)

_Static_assert(HEADER == 4, "UEFI 2.10, section 10.2");

/* Section 10.3.5.1: the fields behind the header are packed. */
#define PARTITION_NUMBER    0
#define PARTITION_FIRST     4
#define PARTITION_SIGNATURE 20
#define PARTITION_FORMAT    36
#define PARTITION_TYPE      37
#define PARTITION_SIZE      38
#define SIGNATURE_SIZE      16

static const uint8_t path_end[HEADER] = { END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, HEADER, 0 };

struct span efi_path(const void *path)
{
    const uint8_t *node = path;

    for (unsigned i = 0; node && i < NODES_MAX; i++) {
        uint64_t size = node[2] | (uint64_t)node[3] << 8;

        if (size < HEADER)
            break;
        if (node[0] == END_DEVICE_PATH_TYPE && node[1] == END_ENTIRE_DEVICE_PATH_SUBTYPE)
            return (struct span){ path, (uint64_t)(node + size - (const uint8_t *)path) };
        node += size;
    }
    return (struct span){ NULL, 0 };
}

bool efi_path_next(struct span path, uint64_t *offset, struct efi_node *node)
{
    const uint8_t *header;
    uint64_t size;

    if (*offset > path.size || path.size - *offset < HEADER)
        return false;
    header = path.data + *offset;
    size = header[2] | (uint64_t)header[3] << 8;
    if (size < HEADER || size > path.size - *offset || header[0] == END_DEVICE_PATH_TYPE)
        return false;
    *node = (struct efi_node){ header[0], header[1], *offset, { header + HEADER, size - HEADER } };
    *offset += size;
    return true;
}

/* The last node of a kind. */
static bool find(struct span path, uint8_t type, uint8_t subtype, struct efi_node *found)
{
    struct efi_node node;
    bool any = false;

    for (uint64_t at = 0; efi_path_next(path, &at, &node);) {
        if (node.type == type && node.subtype == subtype) {
            *found = node;
            any = true;
        }
    }
    return any;
}

bool efi_path_has(struct span path, uint8_t type, uint8_t subtype)
{
    struct efi_node node;

    return find(path, type, subtype, &node);
}

bool efi_path_partition(struct span path, struct efi_partition *partition)
{
    struct efi_node node;
    uint64_t first;

    if (!find(path, MEDIA_DEVICE_PATH, MEDIA_HARDDRIVE_DP, &node) || node.data.size < PARTITION_SIZE)
        return false;
    memcpy(&first, node.data.data + PARTITION_FIRST, sizeof(first));
    if (!first)
        return false;
    *partition = (struct efi_partition){ .start = node.start };
    memcpy(&partition->number, node.data.data + PARTITION_NUMBER, sizeof(partition->number));
    memcpy(partition->signature, node.data.data + PARTITION_SIGNATURE, SIGNATURE_SIZE);
    if (node.data.data[PARTITION_FORMAT] == node.data.data[PARTITION_TYPE] &&
        node.data.data[PARTITION_TYPE] <= EFI_PATH_GPT)
        partition->table = node.data.data[PARTITION_TYPE];
    return true;
}

/* ---- making them ---- */

uint64_t efi_path_cut(struct span path, uint64_t length, uint8_t *cut)
{
    if (length > path.size || length > EFI_PATH_MAX - HEADER)
        return 0;
    memcpy(cut, path.data, length);
    memcpy(cut + length, path_end, HEADER);
    return length + HEADER;
}

/* Where its end node lies: behind the last that is none. */
static uint64_t length_of(struct span path)
{
    struct efi_node node;
    uint64_t at = 0;

    while (efi_path_next(path, &at, &node))
        ;
    return at;
}

/* Sets the header of the node at `made` whose data, of that size, follows it, and an end node behind it. */
static uint64_t finish(uint8_t *made, uint64_t start, uint8_t type, uint8_t subtype, uint64_t size)
{
    const uint64_t length = HEADER + size;
    const uint8_t header[HEADER] = { type, subtype, (uint8_t)length, (uint8_t)(length >> 8) };

    memcpy(made + start, header, HEADER);
    memcpy(made + start + length, path_end, HEADER);
    return start + length + HEADER;
}

uint64_t efi_path_of_file(struct span volume, const char *file, uint8_t *made)
{
    static uint16_t name[EFI_PATH_MAX / sizeof(uint16_t)] NOINIT;
    const uint64_t start = length_of(volume), count = utf16_from_utf8(file, name, sizeof(name) / sizeof(*name)),
                   size = count * sizeof(uint16_t);

    if (!volume.data || !count || start > EFI_PATH_MAX - 2 * HEADER || size > EFI_PATH_MAX - 2 * HEADER - start)
        return 0;
    for (uint64_t i = 0; i < count; i++) {
        if (name[i] == '/')
            name[i] = '\\';
    }
    memcpy(made, volume.data, start);
    memcpy(made + start + HEADER, name, size);
    return finish(made, start, MEDIA_DEVICE_PATH, MEDIA_FILEPATH_DP, size);
}

/* Section 10.3.5.4: a path may be spread over several nodes, with or without a backslash between them. */
bool efi_path_file(struct span path, char *file, uint64_t size)
{
    struct efi_node node;
    uint64_t length = 0;

    file[0] = '\0';
    for (uint64_t at = 0; efi_path_next(path, &at, &node);) {
        if (node.type != MEDIA_DEVICE_PATH || node.subtype != MEDIA_FILEPATH_DP)
            continue;
        if (length && file[length - 1] != '\\' && node.data.size && node.data.data[0] != '\\') {
            if (size - length < 2)
                return false;
            file[length++] = '\\';
        }
        if (!utf8_from_utf16(node.data, file + length, size - length))
            return false;
        length += strlen(file + length);
    }
    return length > 0;
}

bool name_with_suffix(struct span name, const char *suffix, char *made, uint64_t size)
{
    const uint64_t added = strlen(suffix) + 1;
    uint64_t end = 0, last = 0, dot;

    while (end < name.size && name.data[end] && name.data[end] != '?' && name.data[end] != '#')
        end++;
    for (uint64_t i = 0; i < end; i++) {
        if (name.data[i] == '/' || name.data[i] == '\\')
            last = i + 1;
    }
    dot = end;
    for (uint64_t i = last; i < end; i++) {
        if (name.data[i] == '.')
            dot = i;
    }
    if (dot == last || dot >= size || added > size - dot)
        return false;
    memcpy(made, name.data, dot);
    memcpy(made + dot, suffix, added);
    return true;
}

/* Whether a URI has a path behind its server's name (RFC 3986, section 3). */
static bool has_path(struct span uri)
{
    unsigned slashes = 0;

    for (uint64_t i = 0; i < uri.size && uri.data[i] && uri.data[i] != '?' && uri.data[i] != '#'; i++)
        slashes += uri.data[i] == '/';
    return slashes > 2;
}

uint64_t efi_path_of_uri(struct span path, const char *suffix, uint8_t *made)
{
    struct efi_node node;

    if (!find(path, MESSAGING_DEVICE_PATH, MSG_URI_DP, &node) || !has_path(node.data) ||
        node.start > EFI_PATH_MAX - 2 * HEADER)
        return 0;
    /* The NUL finds its place where the end node will be. */
    if (!name_with_suffix(node.data, suffix, (char *)made + node.start + HEADER,
                          EFI_PATH_MAX - 2 * HEADER - node.start + 1))
        return 0;
    memcpy(made, path.data, node.start);
    return finish(made, node.start, MESSAGING_DEVICE_PATH, MSG_URI_DP, strlen((char *)made + node.start + HEADER));
}
