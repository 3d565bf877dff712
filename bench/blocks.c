/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU's TCG, beside points.c: counts the blocks of instructions that the guest runs until it reaches an
 * address, and how many of them it came to from another page. TCG translates block by block, and joins a block to the
 * next one only where both are in one page of 4 KiB; else it looks the next one up, each time.
 *
 * Arguments: until=HEX, log=FILE, into which go both counts when code at that linear address or above runs.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- of QEMU's interface (qemu-plugin.h, version 1), as in points.c ---- */

#define EXPORT                __attribute__((visibility("default")))
#define CALLBACK_NO_REGISTERS 0

struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*callback)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*callback)(unsigned int cpu, void *data),
                                          int flags, void *data);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* ---- counting ---- */

#define PAGE_SHIFT 12

static uint64_t until, blocks, from_elsewhere, last_page;
static FILE *output;
static bool done;

/* `data` is the address at which the block begins. */
static void run(unsigned int cpu, void *data)
{
    const uint64_t address = (uint64_t)(uintptr_t)data, page = address >> PAGE_SHIFT;

    (void)cpu;
    if (done)
        return;
    if (address >= until) {
        done = true;
        fprintf(output, "%" PRIu64 " %" PRIu64 "\n", blocks, from_elsewhere);
        fflush(output); /* who reads it ends QEMU without warning */
        return;
    }
    blocks++;
    from_elsewhere += page != last_page;
    last_page = page;
}

static void translate(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, run, CALLBACK_NO_REGISTERS,
                                         (void *)(uintptr_t)qemu_plugin_tb_vaddr(block));
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "until=", 6))
            until = strtoull(argv[i] + 6, NULL, 16);
        else if (!strncmp(argv[i], "log=", 4))
            output = fopen(argv[i] + 4, "w");
    }
    if (!until || !output) {
        fprintf(stderr, "blocks: error: usage: until=HEX,log=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
