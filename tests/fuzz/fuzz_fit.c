/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: payloads/fit.c payloads/fit_tree.c payloads/fit_verify.c common/text.c common/failure.c */
/* libraries: -l:libfdt.a -l:libmbedcrypto.a -l:libz.a */
/*
 * FITs. Whatever is found in one lies within it, and is then read, byte by byte; and the file cut where it is said to
 * end is the same. Nothing is signed by the key that is used here. The same bytes are read as a section of keys, too.
 * The libraries are not built with the sanitizers, so that the input lies against a page that is not there; as the tree
 * has to be aligned, there may be up to seven bytes between.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "payloads/fit.h"

#define PAGE  4096
#define ROOM  (64 * 1024)
#define ALIGN 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink; /* so that no read is optimised away */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(const char *text)
{
    require(text);
    sink = (uint8_t)strlen(text);
}

static void check_span(struct span span, struct span file)
{
    require(span.data >= file.data && span.size && span.size <= file.size - (uint64_t)(span.data - file.data));
    for (uint64_t i = 0; i < span.size; i++)
        sink = span.data[i];
}

static void check_parts(const struct fit_parts *parts, struct span file)
{
    check_span(parts->kernel, file);
    check_text(parts->compression);
    check_text(parts->command_line);
    require(parts->ramdisk_count <= FIT_RAMDISKS_MAX && !parts->verified);
    for (uint32_t i = 0; i < parts->ramdisk_count; i++)
        check_span(parts->ramdisks[i], file);
    if (parts->device_tree.data)
        check_span(parts->device_tree, file);
    else
        require(!*parts->command_line);
}

static void check(const struct fit *fit)
{
    static const uint8_t modulus[256] = { [0] = 0x80, [255] = 1 };
    static const struct fit_key key = { "", { modulus, sizeof(modulus) }, { (const uint8_t *)"\3", 1 } };
    struct failure failure = { { 0 }, { 0 } };
    struct fit_parts parts;

    require(fit->count && fit->count <= FIT_CONFIGURATIONS_MAX && fit->default_ < fit->count);
    require(fit->size && fit->size <= fit->blob.size && fit_is(fit->blob));
    check_text(fit->description);
    for (uint32_t i = 0; i < fit->count; i++) {
        struct span used = { fit->blob.data, fit->size };

        check_text(fit->configurations[i].name);
        check_text(fit->configurations[i].description);
        if (fit_open(fit, i, NULL, 0, &parts, &failure))
            check_parts(&parts, used);
        else
            require(failure.why[0] && !parts.kernel.data && !parts.ramdisk_count);
        require(!fit_open(fit, i, &key, 1, &parts, &failure) && failure.why[0] && !parts.kernel.data);
    }
}

static void check_keys(struct span section)
{
    struct fit_key keys[FIT_KEYS_MAX];
    struct failure failure;
    uint32_t count;

    if (!fit_keys_parse(section, keys, &count, &failure)) {
        require(!count && failure.why[0]);
        return;
    }
    require(count && count <= FIT_KEYS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        check_text(keys[i].name);
        check_span(keys[i].modulus, section);
        check_span(keys[i].exponent, section);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *end;
    struct failure failure = { { 0 }, { 0 } };
    static struct fit fit, again;
    struct span file;

    if (size > ROOM)
        return 0;
    if (!end) {
        uint8_t *mapping = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        require(mapping != MAP_FAILED && !mprotect(mapping + ROOM, PAGE, PROT_NONE));
        end = mapping + ROOM;
    }
    check_keys((struct span){ data, size });
    file = (struct span){ memcpy(end - size, data, size), size };
    fit_is(file);
    file.data = end - ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1));
    memmove((uint8_t *)file.data, data, size);
    if (!fit_parse(file, &fit, &failure)) {
        require(failure.why[0] && !fit.count && !fit.size);
        return 0;
    }
    check(&fit);
    file = (struct span){ end - ((fit.size + ALIGN - 1) & ~(size_t)(ALIGN - 1)), fit.size };
    memmove((uint8_t *)file.data, data, fit.size);
    require(fit_parse(file, &again, &failure) && again.size == fit.size && again.count == fit.count &&
            again.default_ == fit.default_);
    check(&again);
    return 0;
}
