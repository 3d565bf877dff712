/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cpio archive as a tree; see cpio.h. Linux, Documentation/driver-api/early-userspace/buffer-format.rst, and the
 * "new ASCII format" of cpio(5): a member is a header of 110 characters, its name, and its data, each of both padded to
 * four bytes.
 *
 * Nothing is allocated. Names are looked up in a small table of the archive that was last asked; an archive with more
 * names than fit is walked, header by header. The table tells which member is the last of its name, so that a folder is
 * listed in one walk. Names that it does not have are listed in the order of their hashes, some at a time: so each is
 * seen once, without a place to remember it. Pure: compiled natively for tests as well.
 */
#include "storage/cpio.h"

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "common/text.h"
#include "storage/path.h"

#define MAGIC_SIZE  6
#define FIELD_SIZE  8
#define FIELDS      13
#define HEADER_SIZE (MAGIC_SIZE + FIELDS * FIELD_SIZE)
#define ALIGNMENT   4
#define LINUX_PATH  4096 /* the longest name that Linux takes, its NUL included */

#define MODE_TYPE   0170000
#define MODE_FILE   0100000
#define MODE_FOLDER 0040000

#define SLOTS        8192 /* a power of two */
#define SLOTS_FILLED (SLOTS / 4 * 3)
#define BATCH        64
#define FOLDER_MAX   16384   /* names in one folder */
#define LINK_STEPS   4000000 /* headers that one call may look at for the sake of links, and 16 times the archive's */

static const char what[] = "cpio archive";

enum field { INO, MODE, NLINK = 4, FILESIZE = 6, DEVMAJOR, DEVMINOR, NAMESIZE = 11, CHECK };

struct member {
    uint64_t at, next; /* offsets of its header and of what follows it */
    struct span name, data;
    bool is_trailer;
};

struct walk {
    struct span archive;
    uint64_t at;
    bool behind_trailer;
    const char *wrong; /* why it ended before the end */
    struct member member;
};

struct state { /* in tree->own */
    struct span archive;
    uint64_t members;
};

_Static_assert(sizeof(struct state) <= sizeof(((struct tree *)NULL)->own), "kept in the tree");

/* The last member of each name of one archive: its offset / 4 + 1; 0 is free. */
static struct {
    struct span archive;
    bool whole; /* every name is in */
    uint32_t slot[SLOTS];
} names NOINIT;

/* ---- headers ---- */

static uint32_t digit(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character |= 0x20;
    return character >= 'a' && character <= 'f' ? character - 'a' + 10u : UINT32_MAX;
}

/* False where it is no hexadecimal number. */
static bool read_field(const uint8_t *header, enum field field, uint32_t *value)
{
    const uint8_t *digits = header + MAGIC_SIZE + field * FIELD_SIZE;

    *value = 0;
    for (unsigned i = 0; i < FIELD_SIZE; i++) {
        uint32_t next = digit(digits[i]);

        if (next == UINT32_MAX)
            return false;
        *value = *value << 4 | next;
    }
    return true;
}

static uint32_t field_of(struct span archive, const struct member *member, enum field field)
{
    uint32_t value;

    return read_field(archive.data + member->at, field, &value) ? value : 0;
}

static bool has_magic(const uint8_t *header)
{
    return memcmp(header, "07070", MAGIC_SIZE - 1) == 0 && (header[5] == '1' || header[5] == '2');
}

/* Returns what is wrong with it, NULL where nothing is. */
static const char *read_member(struct span archive, uint64_t at, struct member *member)
{
    const uint8_t *header = archive.data + at;
    uint64_t name_at = at + HEADER_SIZE, data_at;
    uint32_t name_size, data_size;

    if (!checked_within(at, HEADER_SIZE, archive.size))
        return "its header is cut off";
    if (!has_magic(header))
        return "it does not begin with 070701 or 070702";
    if (!read_field(header, NAMESIZE, &name_size) || !read_field(header, FILESIZE, &data_size))
        return "its header has what is no hexadecimal digit";
    if (!name_size || name_size > LINUX_PATH)
        return "its name is empty or too long";
    if (!checked_within(name_at, name_size, archive.size))
        return "its name is cut off";
    if (archive.data[name_at + name_size - 1])
        return "its name does not end with a NUL";
    member->name.data = archive.data + name_at;
    member->name.size = strnlen((const char *)member->name.data, name_size);

    data_at = align_down(name_at + name_size + ALIGNMENT - 1, ALIGNMENT);
    if (!data_size && data_at > archive.size)
        data_at = archive.size; /* the last one, not padded */
    if (!checked_within(data_at, data_size, archive.size))
        return "its data is cut off";
    member->data = (struct span){ archive.data + data_at, data_size };
    member->at = at;
    member->next = align_down(data_at + data_size + ALIGNMENT - 1, ALIGNMENT);
    if (member->next > archive.size)
        member->next = archive.size;
    member->is_trailer = text_equals(member->name, "TRAILER!!!");
    return NULL;
}

/* Takes the next member, trailers included. False at the end, and where something is wrong. */
static bool next_member(struct walk *walk)
{
    const struct span archive = walk->archive;

    while (walk->at < archive.size && !archive.data[walk->at])
        walk->at++;
    if (walk->at == archive.size || (walk->behind_trailer && archive.data[walk->at] != '0'))
        return false;
    walk->wrong =
        walk->at % ALIGNMENT ? "it is not at a multiple of four" : read_member(archive, walk->at, &walk->member);
    if (walk->wrong)
        return false;
    walk->at = walk->member.next;
    walk->behind_trailer = walk->member.is_trailer;
    return true;
}

/* ---- names ---- */

/* Takes the next part off a name; empty ones and "." are none. */
static bool next_part(struct span *rest, struct span *part)
{
    while (rest->size) {
        uint64_t size = 0;

        while (size < rest->size && rest->data[size] != '/')
            size++;
        *part = (struct span){ rest->data, size };
        size += size < rest->size;
        *rest = (struct span){ rest->data + size, rest->size - size };
        if (part->size && !text_equals(*part, "."))
            return true;
    }
    return false;
}

static bool same(struct span a, struct span b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool same_name(struct span a, struct span b)
{
    struct span part_of_a, part_of_b;

    while (next_part(&a, &part_of_a)) {
        if (!next_part(&b, &part_of_b) || !same(part_of_a, part_of_b))
            return false;
    }
    return !next_part(&b, &part_of_b);
}

/* Whether a name is in or below a folder: *child is its part there, which it *is or is below. */
static bool is_below(struct span folder, struct span name, struct span *child, bool *is)
{
    struct span part, further;

    while (next_part(&folder, &part)) {
        if (!next_part(&name, child) || !same(part, *child))
            return false;
    }
    if (!next_part(&name, child))
        return false;
    *is = !next_part(&name, &further);
    return true;
}

/* FNV-1a, 64 bits. */
#define HASH_BASE  0xcbf29ce484222325ull
#define HASH_PRIME 0x100000001b3ull

static uint64_t hash_part(uint64_t hash, struct span part)
{
    for (uint64_t i = 0; i < part.size; i++)
        hash = (hash ^ part.data[i]) * HASH_PRIME;
    return (hash ^ '/') * HASH_PRIME;
}

/* Where in the table a name is, or would be put: the table is never full. */
static uint32_t *slot_of(struct span name)
{
    uint64_t hash = HASH_BASE;
    struct span rest = name, part;
    struct member member;

    while (next_part(&rest, &part))
        hash = hash_part(hash, part);
    for (uint32_t i = (uint32_t)(hash ^ hash >> 32);; i++) {
        uint32_t *slot = &names.slot[i % SLOTS];

        if (!*slot ||
            (!read_member(names.archive, (*slot - 1ull) * ALIGNMENT, &member) && same_name(member.name, name)))
            return slot;
    }
}

static void fill_names(struct span archive)
{
    struct walk walk = { .archive = archive };
    uint32_t filled = 0;

    names.archive = archive;
    names.whole = archive.size / ALIGNMENT < UINT32_MAX;
    memset(names.slot, 0, sizeof(names.slot));
    while (names.whole && next_member(&walk)) {
        uint32_t *slot;

        if (walk.member.is_trailer)
            continue;
        slot = slot_of(walk.member.name);
        if (!*slot && ++filled > SLOTS_FILLED)
            names.whole = false;
        else
            *slot = (uint32_t)(walk.member.at / ALIGNMENT + 1);
    }
}

/* Whether the table has all names of the archive. */
static bool has_names(struct span archive)
{
    if (names.archive.data != archive.data || names.archive.size != archive.size)
        fill_names(archive);
    return names.whole;
}

/* Finds the last member of a name. */
static bool find_member(struct span archive, struct span name, struct member *member)
{
    struct walk walk = { .archive = archive };
    bool found = false;

    if (has_names(archive)) {
        uint32_t slot = *slot_of(name);

        return slot && !read_member(archive, (slot - 1ull) * ALIGNMENT, member);
    }
    while (next_member(&walk)) {
        if (walk.member.is_trailer || !same_name(walk.member.name, name))
            continue;
        *member = walk.member;
        found = true;
    }
    return found;
}

/* ---- what members are ---- */

/*
 * Finds the data of a file of several names among the members of its archive, which a trailer ends: GNU cpio has it
 * with the last, the others have none. *steps falls with each header that is looked at.
 */
static bool find_linked(struct span archive, const struct member *link, struct span *data, uint64_t *steps)
{
    struct walk walk = { .archive = archive };
    static const enum field id[] = { INO, DEVMAJOR, DEVMINOR, MODE };

    while (next_member(&walk)) {
        bool matches = walk.member.data.size && !walk.member.is_trailer;

        if (!(*steps)--)
            return *steps = 0, false;
        if (walk.member.is_trailer) {
            if (walk.member.at > link->at)
                break;
            *data = link->data;
        }
        for (unsigned i = 0; matches && i < sizeof(id) / sizeof(*id); i++)
            matches = field_of(archive, &walk.member, id[i]) == field_of(archive, link, id[i]);
        if (matches)
            *data = walk.member.data;
    }
    return true;
}

static bool describe(struct span archive, const struct member *member, struct tree_node *node, uint64_t *steps,
                     struct failure *failure)
{
    uint32_t type = field_of(archive, member, MODE) & MODE_TYPE;
    struct span data = member->data;

    *node = (struct tree_node){ .kind = type == MODE_FOLDER ? TREE_FOLDER : TREE_OTHER };
    if (type != MODE_FILE)
        return true;
    if (!data.size && field_of(archive, member, NLINK) > 1 && !find_linked(archive, member, &data, steps))
        return fail(failure, what, "too many links: %s", (const char *)member->name.data);
    *node = (struct tree_node){ TREE_FILE, data.size, data.data };
    return true;
}

static struct state state_of(const struct tree *tree, uint64_t *steps)
{
    struct state state;

    memcpy(&state, tree->own, sizeof(state));
    *steps = LINK_STEPS + 16 * state.members;
    return state;
}

static bool find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    uint64_t steps;
    struct span archive = state_of(tree, &steps).archive, name = text_span(path), rest = name, part;
    struct walk walk = { .archive = archive };
    struct member member;
    bool is;

    *node = (struct tree_node){ .kind = TREE_FOLDER };
    if (!next_part(&rest, &part))
        return true;
    if (find_member(archive, name, &member))
        return describe(archive, &member, node, &steps, failure);
    while (next_member(&walk)) {
        if (!walk.member.is_trailer && is_below(name, walk.member.name, &part, &is))
            return true; /* a folder that only its members' names tell of */
    }
    node->kind = TREE_ABSENT;
    return true;
}

static bool read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                 struct failure *failure)
{
    struct tree_node node;

    if (!find(tree, path, &node, failure))
        return false;
    if (node.kind != TREE_FILE)
        return fail(failure, what, "%s is no file", path);
    if (!checked_within(offset, size, node.size))
        return fail(failure, what, "%s: %lu bytes at %lu are outside its %lu", path, size, offset, node.size);
    if (size)
        memcpy(buffer, node.data + offset, size);
    return true;
}

/* ---- folders ---- */

/* Names in a folder, in the order of their hashes (and of their bytes, where these are the same). */
struct batch {
    struct span archive, folder;
    uint64_t last_hash; /* only names behind this one are taken */
    struct span last;
    bool known; /* members of these names are listed already: what is left are folders that have none */
    bool more;  /* there are names behind those of the batch */
    uint32_t count;
    uint64_t hash[BATCH];
    uint64_t at[BATCH]; /* the header; + 1: of something below the name */
};

static int compare(struct span a, struct span b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static struct span name_in(const struct batch *batch, uint32_t i, struct member *member)
{
    struct span child = { NULL, 0 };
    bool is;

    if (!read_member(batch->archive, align_down(batch->at[i], ALIGNMENT), member))
        is_below(batch->folder, member->name, &child, &is);
    return child;
}

static void take(struct batch *batch, struct span child, uint64_t at, bool is)
{
    uint64_t hash = hash_part(HASH_BASE, child);
    uint32_t i = batch->count;
    struct member member;
    int order = 1;

    if (batch->last.data && (hash < batch->last_hash || (hash == batch->last_hash && compare(child, batch->last) <= 0)))
        return;
    while (i > 0) {
        order = hash != batch->hash[i - 1] ? (hash < batch->hash[i - 1] ? -1 : 1)
                                           : compare(child, name_in(batch, i - 1, &member));
        if (order >= 0)
            break;
        i--;
    }
    if (i && !order) {
        if (is)
            batch->at[i - 1] = at; /* the last of equal names */
        return;
    }
    batch->more |= batch->count == BATCH;
    if (i == BATCH)
        return;
    batch->count -= batch->count == BATCH;
    memmove(&batch->hash[i + 1], &batch->hash[i], (batch->count - i) * sizeof(*batch->hash));
    memmove(&batch->at[i + 1], &batch->at[i], (batch->count - i) * sizeof(*batch->at));
    batch->hash[i] = hash;
    batch->at[i] = at + !is;
    batch->count++;
}

/* Whether a member is in or below a folder, under a name that a path can have: *child, which it *is or is below. */
static bool is_listed(const struct member *member, struct span folder, struct span *child, bool *is)
{
    return !member->is_trailer && is_below(folder, member->name, child, is) && child->size <= TREE_NAME_MAX &&
           text_is_clean(*child) && !text_equals(*child, "..");
}

/* Whether the table has a member of the name that ends with this part of it. */
static bool is_known(struct span archive, struct span name, struct span part)
{
    name.size = (uint64_t)(part.data + part.size - name.data);
    return has_names(archive) && *slot_of(name);
}

static void fill_batch(struct batch *batch)
{
    struct walk walk = { .archive = batch->archive };
    struct span child;
    bool is;

    batch->count = 0;
    batch->more = false;
    while (next_member(&walk)) {
        if (is_listed(&walk.member, batch->folder, &child, &is) &&
            !(batch->known && (is || is_known(batch->archive, walk.member.name, child))))
            take(batch, child, walk.member.at, is);
    }
}

/* Who is told of the names in a folder. */
struct visitor {
    struct span archive, folder;
    bool (*visit)(void *context, const char *name, const struct tree_node *node);
    void *context;
    uint64_t steps; /* left, of find_linked */
    bool done;      /* it wants no more */
};

/* member: NULL where only the names of others tell of the folder. */
static bool tell(struct visitor *visitor, struct span child, const struct member *member, struct failure *failure)
{
    struct tree_node node = { .kind = TREE_FOLDER };
    char name[TREE_NAME_MAX + 1];

    memcpy(name, child.data, child.size);
    name[child.size] = '\0';
    if (member && !describe(visitor->archive, member, &node, &visitor->steps, failure))
        return false;
    visitor->done = !visitor->visit(visitor->context, name, &node);
    return true;
}

/* Lists the members that are the last of their names. */
static bool list_known(struct visitor *visitor, struct failure *failure)
{
    struct walk walk = { .archive = visitor->archive };
    struct span child;
    bool is;

    while (!visitor->done && next_member(&walk)) {
        if (is_listed(&walk.member, visitor->folder, &child, &is) && is && has_names(visitor->archive) &&
            *slot_of(walk.member.name) == walk.member.at / ALIGNMENT + 1 &&
            !tell(visitor, child, &walk.member, failure))
            return false;
    }
    return true;
}

static bool list_batches(struct visitor *visitor, bool known, struct failure *failure)
{
    struct batch batch = { .archive = visitor->archive, .folder = visitor->folder, .known = known, .more = true };

    for (uint32_t i = 0; batch.more && !visitor->done; i += BATCH) {
        if (i == FOLDER_MAX)
            return fail(failure, what, "more than %u names in %s", FOLDER_MAX, (const char *)visitor->folder.data);
        fill_batch(&batch);
        for (uint32_t k = 0; k < batch.count && !visitor->done; k++) {
            struct member member;

            batch.last = name_in(&batch, k, &member);
            batch.last_hash = batch.hash[k];
            if (!tell(visitor, batch.last, batch.at[k] % ALIGNMENT ? NULL : &member, failure))
                return false;
        }
    }
    return true;
}

static bool list(const struct tree *tree, const char *path,
                 bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                 struct failure *failure)
{
    struct visitor visitor = { .folder = text_span(path), .visit = visit, .context = context };
    bool known;

    visitor.archive = state_of(tree, &visitor.steps).archive;
    known = has_names(visitor.archive);
    return (!known || list_known(&visitor, failure)) && list_batches(&visitor, known, failure);
}

/* ---- opening ---- */

bool cpio_is(struct span archive)
{
    return archive.data && archive.size >= HEADER_SIZE && has_magic(archive.data);
}

/* What only needs to be looked at once. Returns what is wrong. */
static const char *check_member(struct span archive, const struct member *member)
{
    const uint8_t *header = archive.data + member->at;
    uint32_t value, sum = 0;

    for (enum field field = INO; field < FIELDS; field++) {
        if (!read_field(header, field, &value))
            return "its header has what is no hexadecimal digit";
    }
    if (header[MAGIC_SIZE - 1] != '2' || (field_of(archive, member, MODE) & MODE_TYPE) != MODE_FILE ||
        !member->data.size)
        return NULL;
    for (uint64_t i = 0; i < member->data.size; i++)
        sum += member->data.data[i];
    return sum == value ? NULL : "its data does not have the sum that its header tells";
}

bool cpio_open(struct span archive, struct tree *tree, struct failure *failure)
{
    struct walk walk = { .archive = archive };
    struct state state = { .archive = archive };

    *tree = (struct tree){ .find = find, .list = list, .read = read };
    text_format(tree->name, sizeof(tree->name), what);
    names.archive = (struct span){ NULL, 0 };
    if (!cpio_is(archive))
        return fail(failure, what, "it does not begin with a header of 070701 or 070702");
    while (next_member(&walk)) {
        state.members++;
        walk.wrong = check_member(archive, &walk.member);
        if (walk.wrong)
            return fail(failure, what, "member %lu at 0x%lx (%s): %s", state.members, walk.member.at,
                        (const char *)walk.member.name.data, walk.wrong);
    }
    if (walk.wrong)
        return fail(failure, what, "member %lu at 0x%lx: %s", state.members + 1, walk.at, walk.wrong);
    memcpy(tree->own, &state, sizeof(state));
    return true;
}
