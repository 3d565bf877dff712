/* SPDX-License-Identifier: BSD-2-Clause */
/* Recognising payloads; see payload.h. Pure: compiled natively for tests as well. */
#include "payloads/payload.h"

#include "common/string.h"
#include "payloads/bzimage.h"

enum payload_kind payload_recognise(struct span content)
{
    if (bzimage_is(content))
        return PAYLOAD_BZIMAGE;
    if (content.size >= 4 && !memcmp(content.data,
                                     "\x7f"
                                     "ELF",
                                     4))
        return PAYLOAD_ELF;
    if (content.size >= 0x40 && !memcmp(content.data, "MZ", 2))
        return PAYLOAD_PE;
    return PAYLOAD_DATA;
}

const char *payload_kind_name(enum payload_kind kind)
{
    static const char names[][12] = { "data", "bzImage", "ELF", "PE" };

    return names[kind];
}
