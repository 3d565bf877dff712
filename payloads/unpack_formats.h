/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of unpack.c: what each format (unpack_gzip.c and its like) brings. */
#ifndef PAYLOADS_UNPACK_FORMATS_H
#define PAYLOADS_UNPACK_FORMATS_H

#include "payloads/unpack.h"

/* One stream on its way. */
struct stream {
    const char *name;   /* of its format */
    struct span packed; /* from its magic number on; other things may follow it */
    uint64_t used;      /* bytes of packed that are done with */
    uint8_t *out;       /* not NULL, even where capacity is 0 */
    uint64_t capacity;
    uint64_t size; /* bytes in out; right after a failure too */
    bool head;     /* more than capacity is no surprise, and memory is not to be spent */
};

struct format {
    enum packing packing;
    const char *name;
    uint8_t magic[6];
    uint8_t magic_size;
    bool (*is)(struct span packed);                   /* in place of a magic number, where there is none */
    bool (*size)(struct span packed, uint64_t *size); /* as unpack_size; NULL where headers do not say */
    /*
     * Unpacks to the end of the stream. Where out gets full before, it goes on no further than it takes to know whether
     * anything is to come.
     */
    bool (*run)(struct stream *stream, struct failure *failure);
};

extern const struct format format_gzip, format_zstd, format_lz4, format_lz4_legacy, format_xz, format_lzma;

/* The failures that all have, each returns false. `why` is one clause: "incorrect data check". */
bool stream_truncated(const struct stream *stream, struct failure *failure);
bool stream_broken(const struct stream *stream, const char *why, struct failure *failure);
bool stream_too_big(const struct stream *stream, struct failure *failure);
bool stream_no_memory(const struct stream *stream, struct failure *failure);

#endif
