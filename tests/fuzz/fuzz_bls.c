/* SPDX-License-Identifier: BSD-2-Clause */
/* sources: menu/bls.c menu/loader_conf.c menu/conf.c storage/path.c common/text.c common/failure.c */
/*
 * A configuration file, read as an entry, as loader.conf and as entries.srel. Every span points into it and is clean; a
 * refusal says where and why; an entry that is accepted can be started; what is read twice reads the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "menu/bls.h"
#include "menu/loader_conf.h"
#include "storage/path.h"

#define NAME "entry-with-a-long-name-for-it-is-cut-6.1.0-18-amd64.conf"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(struct span span, struct span text)
{
    if (!span.data) {
        require(!span.size);
        return;
    }
    require(span.data >= text.data && span.size <= text.size &&
            (uint64_t)(span.data - text.data) <= text.size - span.size);
    require(span.size <= CONF_LINE_MAX && text_is_clean(span));
    require(!span.size || (span.data[0] != ' ' && span.data[span.size - 1] != ' '));
}

static void check_failure(const struct failure *failure)
{
    require(failure->why[0] && strnlen(failure->what, sizeof(failure->what)) < sizeof(failure->what));
    require(strnlen(failure->why, sizeof(failure->why)) < sizeof(failure->why));
    require(strncmp(failure->what, "...", 3) == 0 && strstr(failure->what, "amd64.conf"));
}

static void check_entry(const struct bls *bls, struct span text, bool good)
{
    const struct span texts[] = { bls->title,      bls->version,      bls->machine_id, bls->sort_key,
                                  bls->devicetree, bls->architecture, bls->kernel,     bls->unknown };

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        check_text(texts[i], text);
        require(!texts[i].data || texts[i].size); /* an empty one is absent */
    }
    require(bls->module_count <= BLS_MODULES_MAX && bls->options_count <= BLS_OPTIONS_MAX);
    require(!bls->unknown_count == !bls->unknown.data);
    for (uint32_t i = 0; i < bls->module_count; i++) {
        check_text(bls->modules[i].path, text);
        check_text(bls->modules[i].string, text);
        require(bls->modules[i].path.size > 0);
        require(!good || bls->kernel_kind == BLS_MULTIBOOT2 || !bls->modules[i].string.size);
    }
    for (uint32_t i = 0; i < bls->options_count; i++) {
        check_text(bls->options[i], text);
        require(bls->options[i].size > 0);
    }
    require((bls->kernel_kind == BLS_NONE) == !bls->kernel.data);
    require(!good || bls->kernel.size);
}

static void read_entry(struct span text)
{
    static struct bls bls, again;
    struct failure failure, failure_again;
    bool good = bls_parse(text, NAME, &bls, &failure);

    check_entry(&bls, text, good);
    if (!good)
        check_failure(&failure);
    bls_is_ours(bls.architecture);
    require(bls_parse(text, NAME, &again, &failure_again) == good);
    require(memcmp(&bls, &again, sizeof(bls)) == 0);
}

static void report(void *context, const struct failure *failure)
{
    check_failure(failure);
    ++*(unsigned *)context;
}

static void read_loader_conf(struct span text)
{
    struct loader_conf conf;
    unsigned reports = 0;

    loader_conf_parse(text, NAME, &conf, report, &reports);
    require(reports <= LOADER_CONF_REPORTS_MAX + 1);
    check_text(conf.console_mode, text);
    if (conf.default_entry.data)
        require(conf.default_entry.size > 0 && text_is_clean(conf.default_entry));
    require(conf.has_timeout || !conf.seconds);
    require(conf.timeout == TIMEOUT_SECONDS || !conf.seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + !size);
    struct span text = { copy, size };

    memcpy(copy, data, size);
    read_entry(text);
    read_loader_conf(text);
    if (bls_srel_is_type1(text))
        require(size >= 5 && memcmp(copy, "type1", 5) == 0);
    free(copy);
    return 0;
}
