/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading whole files of a tree into memory from the memory map; see file_load.h. */
#include "menu/file_load.h"

#include "common/checked.h"
#include "common/progress.h"
#include "menu/files.h"
#include "payloads/landing.h"
#include "storage/path.h"

#define PIECE (4096ull * 1024) /* bytes read between two signs of progress: a device does better with more */

static bool read_pieces(const struct tree *tree, const char *path, uint8_t *buffer, uint64_t size,
                        struct failure *failure)
{
    for (uint64_t done = 0; done < size;) {
        const uint64_t piece = size - done < PIECE ? size - done : PIECE;

        if (!tree->read(tree, path, done, buffer + done, piece, failure))
            return false;
        done += piece;
        progress(done);
    }
    return true;
}

/* Whole pages taken for a file, and where in them it begins. */
struct room {
    uint64_t start, size; /* bytes */
    uint64_t lead;        /* bytes before the file's first */
};

static void give_back(const struct room *room, const struct expander *expander)
{
    struct failure ignored;

    map_release(expander->map, room->start, room->size, &ignored);
}

static bool take(const struct expander *expander, const struct map_request *request, const char *name,
                 struct room *room, struct failure *failure)
{
    if (!map_allocate(expander->map, request, MAP_WORK, &room->start, name, failure))
        return false;
    room->lead = 0;
    room->size = align_up(request->size, MAP_PAGE); /* fits, or nothing had been found */
    if (expander->reach(room->start, room->size))
        return true;
    give_back(room, expander);
    return fail(failure, name, "its place at 0x%lx is out of our reach", room->start);
}

/* As high as there is room, below 4 GiB where that can be. */
static bool take_high(const struct expander *expander, uint64_t size, const char *name, struct room *room,
                      struct failure *failure)
{
    struct map_request request = { .size = size, .maximum = MAP_BELOW_4G, .high = true };
    struct failure ignored;

    if (take(expander, &request, name, room, &ignored))
        return true;
    request.maximum = 0;
    return take(expander, &request, name, room, failure);
}

/* Where a kernel may run, if its beginning tells. */
static bool take_landing(const struct tree *tree, const char *path, uint64_t size, const struct expander *expander,
                         struct room *room)
{
    uint8_t head[LANDING_HEAD];
    struct map_request request;
    struct failure ignored;
    uint64_t address, lead;

    if (size < sizeof(head) || !tree->read(tree, path, 0, head, sizeof(head), &ignored) ||
        !landing_find((struct span){ head, sizeof(head) }, size, expander->map, &address))
        return false;
    lead = address % MAP_PAGE;
    request = (struct map_request){ .size = align_up(lead + size, MAP_PAGE), .minimum = address - lead };
    request.maximum = request.minimum + request.size - 1;
    if (!take(expander, &request, path_name(path), room, &ignored))
        return false;
    room->lead = lead;
    return true;
}

static bool load(const struct tree *tree, const char *path, bool is_kernel, const struct expander *expander,
                 struct span *content, struct failure *failure)
{
    struct tree_node node;
    struct room room;
    uint8_t *first;
    bool done;

    if (!file_find(tree, path, &node, failure))
        return false;
    if (node.kind == TREE_ABSENT)
        return fail(failure, path_name(path), "%s: there is no %s", tree->name, path);
    if (!node.size)
        return fail(failure, path_name(path), "%s: %s is empty", tree->name, path);
    *content = (struct span){ node.data, node.size };
    if (node.data)
        return true;
    if (!(is_kernel && take_landing(tree, path, node.size, expander, &room)) &&
        !take_high(expander, node.size, path_name(path), &room, failure))
        return false;
    first = (uint8_t *)(room.start + room.lead);
    progress_start(path, node.size);
    done = read_pieces(tree, path, first, node.size, failure);
    progress_end();
    *content = (struct span){ first, node.size };
    if (!done)
        give_back(&room, expander);
    return done;
}

bool file_load(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
               struct failure *failure)
{
    return load(tree, path, false, expander, content, failure);
}

bool file_load_kernel(const struct tree *tree, const char *path, const struct expander *expander, struct span *content,
                      struct failure *failure)
{
    return load(tree, path, true, expander, content, failure);
}
