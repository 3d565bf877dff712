/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: firmware/efi_path.c firmware/loader_texts.c storage/pxe_packet.c common/text.c common/failure.c */
/* Device paths, texts of variables and DHCP packets of any kind: the input is all three. */
#include <stdlib.h>
#include <string.h>

#include "firmware/efi_path.h"
#include "firmware/loader_texts.h"
#include "storage/pxe_packet.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void try_nodes(struct span path)
{
    uint8_t *made = malloc(EFI_PATH_MAX);
    struct efi_partition partition;
    struct efi_node node;
    uint64_t size, sum = 0;

    for (uint64_t at = 0; efi_path_next(path, &at, &node);) {
        require(node.start == sum && node.data.size + 4 == at - node.start && at <= path.size);
        sum = at;
    }
    if (efi_path_partition(path, &partition)) {
        require(partition.table <= EFI_PATH_GPT && partition.start < path.size);
        size = efi_path_cut(path, partition.start, made);
        require(!size || (size == partition.start + 4 && !efi_path_has((struct span){ made, size }, 4, 1)) ||
                efi_path_has(path, 4, 1));
    }
    size = efi_path_of_file(path, "/EFI/x.efi", made);
    require(size == 0 || efi_path(made).size == size || size > 64 * 4); /* of too many nodes, none is read back */
    size = efi_path_of_uri(path, ".itb", made);
    require(size <= EFI_PATH_MAX && (!size || efi_path_has((struct span){ made, size }, 3, 24)));
    free(made);
}

static void try_texts(struct span bytes)
{
    const uint64_t room = bytes.size * 2 + 1; /* a unit of two bytes becomes at most three */
    char *text = malloc(room), *again = malloc(room);
    uint16_t *units = malloc((room + 1) * sizeof(*units));
    enum loader_timeout timeout;
    uint32_t seconds;

    if (utf8_from_utf16(bytes, text, room)) {
        const uint64_t length = strlen(text), count = utf16_from_utf8(text, units, length + 1);

        require(count && count <= length + 1 && !units[count - 1]);
        require((count - 1) * 2 <= bytes.size && !memcmp(units, bytes.data, (count - 1) * 2));
        require(utf8_from_utf16((struct span){ (uint8_t *)units, count * 2 }, again, length + 1));
        require(!strcmp(text, again));
        require(!length || !utf8_from_utf16(bytes, again, length));
    }
    loader_timeout_read(bytes, &timeout, &seconds);
    memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    require(utf16_from_utf8(text, units, strlen(text) + 1) > 0);
    if (efi_path_file(bytes, again, room))
        require(strlen(again) > 0);
    if (name_with_suffix(bytes, ".itb", again, room))
        require(strlen(again) >= 5 && !strcmp(again + strlen(again) - 4, ".itb"));
    free(text);
    free(again);
    free(units);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1); /* so that each byte behind it is out of bounds */
    const struct span bytes = { copy, size };
    struct pxe_source source;

    if (size)
        memcpy(copy, data, size);
    try_nodes(bytes);
    try_texts(bytes);
    if (pxe_packet_read(bytes, &source))
        require(*source.file && memchr(source.file, 0, sizeof(source.file)));
    free(copy);
    return 0;
}
