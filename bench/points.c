/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU's TCG (docs/devel/tcg-plugins.rst): counts the guest's instructions, and writes how many there had
 * been when the guest came by each of the points that it is told of. The guest is not changed, and does not see it.
 * It is for version 1 of the interface, Debian 12's; a QEMU that has only later ones refuses it and says so.
 *
 * Arguments: points=FILE, log=FILE. A line of the first is `NAME AFTER TIMES KIND VALUE`: the point's name; the point
 * that must have been passed before, or `-`; how many times it is written; and how it is known:
 *
 *   bytes HEX     code that begins with these bytes, in one block of instructions
 *   at HEX        the instruction at this linear address
 *   from HEX      the first instruction at this linear address or above
 *
 * Of points with the same name the first to be passed counts. A line of the log is `NAME INSTRUCTIONS`.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- of QEMU's interface (qemu-plugin.h, version 1), which Debian does not package, what is needed here ---- */

#define EXPORT                __attribute__((visibility("default")))
#define CALLBACK_NO_REGISTERS 0
#define INLINE_ADD_U64        0

struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*callback)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*callback)(unsigned int cpu, void *data), int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* ---- the points ---- */

#define POINTS_MAX      64
#define NAME_MAX        32
#define BYTES_MAX       32
#define BLOCK_MAX       1024 /* instructions of a block; QEMU makes them of 512 at most */
#define INSTRUCTION_MAX 15   /* bytes */

enum kind { KIND_BYTES, KIND_AT, KIND_FROM };

/* What all points of one name share. */
struct name {
    char text[NAME_MAX];
    unsigned int passed;
};

struct point {
    struct name *name, *after;
    unsigned int times;
    enum kind kind;
    uint64_t address;
    uint8_t bytes[BYTES_MAX];
    size_t size;
};

/* A point in a translated block, and how many instructions there are from it to the block's end. */
struct place {
    const struct point *point;
    uint64_t behind;
};

static struct name names[POINTS_MAX];
static struct point points[POINTS_MAX];
static size_t name_count, point_count;
static uint64_t executed; /* QEMU adds a block's instructions when it begins */
static FILE *output;

static struct name *find_name(const char *text)
{
    for (size_t i = 0; i < name_count; i++) {
        if (!strcmp(names[i].text, text))
            return &names[i];
    }
    if (name_count == POINTS_MAX)
        return NULL;
    snprintf(names[name_count].text, NAME_MAX, "%s", text);
    return &names[name_count++];
}

static bool read_bytes(struct point *point, const char *hex)
{
    unsigned int byte;

    for (; *hex && point->size < BYTES_MAX && sscanf(hex, "%2x", &byte) == 1 && hex[1]; hex += 2)
        point->bytes[point->size++] = (uint8_t)byte;
    return point->size && !*hex;
}

static bool read_point(const char *line)
{
    struct point *point = &points[point_count];
    char name[NAME_MAX], after[NAME_MAX], kind[NAME_MAX], value[2 * BYTES_MAX + 1];

    if (point_count == POINTS_MAX ||
        sscanf(line, "%31s %31s %u %31s %64s", name, after, &point->times, kind, value) != 5)
        return false;
    point->name = find_name(name);
    point->after = strcmp(after, "-") ? find_name(after) : NULL;
    point->address = strtoull(value, NULL, 16);
    point->kind = !strcmp(kind, "at") ? KIND_AT : !strcmp(kind, "from") ? KIND_FROM : KIND_BYTES;
    point_count++;
    return point->name && (point->kind != KIND_BYTES || read_bytes(point, value));
}

static bool read_points(const char *path)
{
    FILE *input = fopen(path, "r");
    char line[256];
    bool good = input;

    while (good && fgets(line, sizeof(line), input))
        good = read_point(line);
    if (input)
        fclose(input);
    return good;
}

static bool is_at(const struct point *point, uint64_t address, const uint8_t *code, size_t size)
{
    if (point->name->passed >= point->times)
        return false;
    if (point->kind == KIND_BYTES)
        return size >= point->size && !memcmp(code, point->bytes, point->size);
    return point->kind == KIND_AT ? address == point->address : address >= point->address;
}

/* ---- what QEMU calls ---- */

static void pass(unsigned int cpu, void *data)
{
    const struct place *place = data;
    struct name *name = place->point->name;

    (void)cpu;
    if (name->passed >= place->point->times || (place->point->after && !place->point->after->passed))
        return;
    name->passed++;
    fprintf(output, "%s %" PRIu64 "\n", name->text, executed - place->behind);
    fflush(output); /* who reads it ends QEMU without warning */
}

static void translate(uint64_t id, struct qemu_plugin_tb *block)
{
    static uint8_t code[BLOCK_MAX * INSTRUCTION_MAX];
    static size_t begins[BLOCK_MAX + 1];
    size_t count = qemu_plugin_tb_n_insns(block);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &executed, count);
    if (count > BLOCK_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        size_t size = qemu_plugin_insn_size(instruction);

        memcpy(code + begins[i], qemu_plugin_insn_data(instruction), size <= INSTRUCTION_MAX ? size : INSTRUCTION_MAX);
        begins[i + 1] = begins[i] + size;
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(instruction);

        for (size_t j = 0; j < point_count; j++) {
            struct place *place;

            if (!is_at(&points[j], address, code + begins[i], begins[count] - begins[i]))
                continue;
            place = malloc(sizeof(*place)); /* for as long as QEMU keeps the block; it does not say when that ends */
            if (!place)
                abort();
            *place = (struct place){ &points[j], count - i };
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, pass, CALLBACK_NO_REGISTERS, place);
        }
    }
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    bool good = true;

    (void)info;
    for (int i = 0; i < argc && good; i++) {
        if (!strncmp(argv[i], "points=", 7))
            good = read_points(argv[i] + 7);
        else if (!strncmp(argv[i], "log=", 4))
            output = fopen(argv[i] + 4, "w");
    }
    if (!good || !output) {
        fprintf(stderr, "points: cannot read the points, or not write the log\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
