/* SPDX-License-Identifier: BSD-2-Clause */
/* DHCPv4 packets; see pxe_packet.h. */
#include "storage/pxe_packet.h"

#include "common/string.h"

#define NEXT_SERVER 20
#define BOOT_FILE   108
#define FILE_SIZE   128
#define COOKIE      236
#define OPTIONS     240

enum {
    OPTION_PAD = 0,
    OPTION_OVERLOAD = 52,
    OPTION_SERVER = 54,
    OPTION_BOOT_FILE = 67,
    OPTION_END = 255,
};

#define OVERLOAD_FILE 1 /* the field holds options */

static const uint8_t cookie[4] = { 99, 130, 83, 99 };

static struct span find_option(struct span packet, unsigned wanted)
{
    for (uint64_t at = OPTIONS; at < packet.size && packet.data[at] != OPTION_END;) {
        uint64_t size;

        if (packet.data[at] == OPTION_PAD) {
            at++;
            continue;
        }
        if (packet.size - at < 2)
            break;
        size = packet.data[at + 1];
        if (size > packet.size - at - 2)
            break;
        if (packet.data[at] == wanted)
            return (struct span){ packet.data + at + 2, size };
        at += 2 + size;
    }
    return (struct span){ NULL, 0 };
}

static bool is_zero(const uint8_t *address)
{
    return !(address[0] | address[1] | address[2] | address[3]);
}

bool pxe_packet_read(struct span packet, struct pxe_source *source)
{
    struct span server, file, overload;
    uint64_t length = 0;

    *source = (struct pxe_source){ 0 };
    if (packet.size < OPTIONS || memcmp(packet.data + COOKIE, cookie, sizeof(cookie)))
        return false;
    memcpy(source->server, packet.data + NEXT_SERVER, sizeof(source->server));
    server = find_option(packet, OPTION_SERVER);
    if (is_zero(source->server) && server.size == sizeof(source->server))
        memcpy(source->server, server.data, server.size);
    file = find_option(packet, OPTION_BOOT_FILE);
    overload = find_option(packet, OPTION_OVERLOAD);
    if (!file.data && !(overload.size && overload.data[0] & OVERLOAD_FILE))
        file = (struct span){ packet.data + BOOT_FILE, FILE_SIZE };
    while (length < file.size && file.data[length])
        length++;
    if (is_zero(source->server) || !length || length >= sizeof(source->file))
        return false;
    memcpy(source->file, file.data, length);
    return true;
}
