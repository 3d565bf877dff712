/* SPDX-License-Identifier: BSD-2-Clause */
/* A volume of EFI as a tree; see efi_tree.h. */
#include "storage/efi_tree.h"

#include <stddef.h>

#include "common/checked.h"
#include "common/noinit.h"
#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "firmware/loader_texts.h"
#include "storage/efi_volumes.h"

#define NAMES_MAX   65536 /* in one folder: what FAT can hold */
#define NAME_UNITS  256   /* of a name in a folder, its NUL included */
#define INFO_HEADER offsetof(EFI_FILE_INFO, FileName)

_Static_assert(INFO_HEADER == 80, "UEFI 2.10, section 13.5.16");

static EFI_GUID file_system_guid = { 0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static EFI_GUID file_info_guid = EFI_FILE_INFO_ID;

struct info {
    EFI_FILE_INFO info;
    CHAR16 rest_of_name[NAME_UNITS];
};

/* Opened when first needed, and then for as long as boot services live. */
static EFI_FILE_HANDLE roots[EFI_VOLUMES_MAX];

/* The file that was asked for last: it is found, and then read in pieces. */
static struct {
    EFI_FILE_HANDLE file; /* NULL: none is open */
    unsigned slot;
    char path[TREE_PATH_MAX];
} last;

static void forget_last(void)
{
    if (last.file)
        last.file->Close(last.file);
    last.file = NULL;
}

static EFI_FILE_HANDLE root_of(const struct tree *tree)
{
    EFI_FILE_IO_INTERFACE *volume;
    EFI_FILE_HANDLE *root = &roots[tree->own[0]];

    if (*root)
        return *root;
    volume = efi_protocol(tree->efi_volume, &file_system_guid);
    if (!volume || volume->OpenVolume(volume, root))
        *root = NULL;
    return *root;
}

/* Opens a file or folder. *file is NULL where there is none of that name. */
static bool open_path(const struct tree *tree, const char *path, UINT64 mode, EFI_FILE_HANDLE *file,
                      struct failure *failure)
{
    static uint16_t units[TREE_PATH_MAX] NOINIT;
    EFI_FILE_HANDLE root;
    EFI_STATUS status;
    uint64_t count;

    *file = NULL;
    if (!efi_alive())
        return fail(failure, path, "boot services have ended");
    root = root_of(tree);
    if (!root)
        return fail(failure, tree->name, "the firmware does not open this volume");
    count = utf16_from_utf8(path, units, TREE_PATH_MAX);
    if (!count)
        return fail(failure, path, "its name is too long");
    for (uint64_t i = 0; i < count; i++) {
        if (units[i] == '/')
            units[i] = '\\';
    }
    status = root->Open(root, file, units, mode, 0);
    if (!status)
        return true;
    *file = NULL;
    if (mode & EFI_FILE_MODE_WRITE || (status != EFI_NOT_FOUND && status != EFI_INVALID_PARAMETER))
        return fail(failure, path, "the firmware does not open it (status 0x%lx)", (uint64_t)status);
    return true; /* nothing of that name, or a name that the file system cannot have */
}

/* The same for reading; the file stays open until another one is wanted. */
static bool open_kept(const struct tree *tree, const char *path, EFI_FILE_HANDLE *file, struct failure *failure)
{
    const uint64_t length = strlen(path);

    if (last.file && last.slot == tree->own[0] && !strcmp(last.path, path)) {
        *file = last.file;
        return true;
    }
    forget_last();
    if (!open_path(tree, path, EFI_FILE_MODE_READ, file, failure))
        return false;
    if (*file && length < sizeof(last.path)) {
        last.file = *file;
        last.slot = (unsigned)tree->own[0];
        memcpy(last.path, path, length + 1);
    }
    return true;
}

static bool get_info(EFI_FILE_HANDLE file, const char *path, struct info *info, struct failure *failure)
{
    UINTN size = sizeof(*info);
    EFI_STATUS status = file->GetInfo(file, &file_info_guid, &size, info);

    return !status || fail(failure, path, "the firmware does not describe it (status 0x%lx)", (uint64_t)status);
}

static struct tree_node node_of(const struct info *info)
{
    if (info->info.Attribute & EFI_FILE_DIRECTORY)
        return (struct tree_node){ .kind = TREE_FOLDER };
    return (struct tree_node){ .kind = TREE_FILE, .size = info->info.FileSize };
}

static bool tree_find(const struct tree *tree, const char *path, struct tree_node *node, struct failure *failure)
{
    EFI_FILE_HANDLE file;
    struct info info;

    *node = (struct tree_node){ .kind = TREE_ABSENT };
    if (!open_kept(tree, path, &file, failure) || (file && !get_info(file, path, &info, failure)))
        return false;
    if (file)
        *node = node_of(&info);
    return true;
}

/* ---- folders ---- */

static bool is_dots(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

static bool list_open(EFI_FILE_HANDLE folder, const char *path,
                      bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                      struct failure *failure)
{
    char name[TREE_NAME_MAX + 1];
    struct info info;

    for (uint32_t i = 0; i < NAMES_MAX; i++) {
        UINTN size = sizeof(info);
        EFI_STATUS status = folder->Read(folder, &size, &info);
        struct tree_node node;

        if (status)
            return fail(failure, path, "the firmware does not list it (status 0x%lx)", (uint64_t)status);
        if (size <= INFO_HEADER)
            return true;
        /* A name that is no text, or too long for us, nobody can have meant. */
        if (!utf8_from_utf16((struct span){ (const uint8_t *)&info + INFO_HEADER, size - INFO_HEADER }, name,
                             sizeof(name)) ||
            is_dots(name))
            continue;
        node = node_of(&info);
        if (!visit(context, name, &node))
            return true;
    }
    return fail(failure, path, "more than %u names", NAMES_MAX);
}

static bool tree_list(const struct tree *tree, const char *path,
                      bool (*visit)(void *context, const char *name, const struct tree_node *node), void *context,
                      struct failure *failure)
{
    EFI_FILE_HANDLE folder;
    struct info info;
    bool done;

    /* Not the one that is kept: visit may ask for others. */
    if (!open_path(tree, path, EFI_FILE_MODE_READ, &folder, failure))
        return false;
    if (!folder)
        return true;
    done = get_info(folder, path, &info, failure);
    if (done && info.info.Attribute & EFI_FILE_DIRECTORY)
        done = list_open(folder, path, visit, context, failure);
    folder->Close(folder);
    return done;
}

/* ---- files ---- */

static bool tree_read(const struct tree *tree, const char *path, uint64_t offset, void *buffer, uint64_t size,
                      struct failure *failure)
{
    EFI_FILE_HANDLE file;
    EFI_STATUS status;
    uint8_t *to = buffer;

    if (!open_kept(tree, path, &file, failure))
        return false;
    if (!file)
        return fail(failure, path, "is not there");
    status = file->SetPosition(file, offset);
    while (!status && size) {
        UINTN piece = size;

        status = file->Read(file, &piece, to);
        if (!status && (!piece || piece > size))
            return fail(failure, path, "ends before its end");
        if (!status) {
            size -= piece;
            to += piece;
        }
    }
    return !status || fail(failure, path, "the firmware does not read it (status 0x%lx)", (uint64_t)status);
}

static bool is_file(EFI_FILE_HANDLE file, const char *path, struct info *info, struct failure *failure)
{
    return get_info(file, path, info, failure) &&
           (!(info->info.Attribute & EFI_FILE_DIRECTORY) || fail(failure, path, "is a folder"));
}

/* Section 13.5.13: EFI_FILE_INFO with another name. */
static bool tree_rename(const struct tree *tree, const char *path, const char *name, struct failure *failure)
{
    EFI_FILE_HANDLE file;
    EFI_STATUS status;
    struct info info;
    uint64_t count;
    bool done;

    if (!*name || strchr(name, '/') || strchr(name, '\\') || is_dots(name))
        return fail(failure, path, "cannot be called %s", name);
    forget_last();
    if (!open_path(tree, path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, &file, failure))
        return false;
    done = is_file(file, path, &info, failure);
    if (done) {
        CHAR16 *const units = (CHAR16 *)((uint8_t *)&info + INFO_HEADER);

        count = utf16_from_utf8(name, units, (sizeof(info) - INFO_HEADER) / sizeof(CHAR16));
        info.info.Size = INFO_HEADER + count * sizeof(CHAR16);
        status = count ? file->SetInfo(file, &file_info_guid, info.info.Size, &info) : EFI_BAD_BUFFER_SIZE;
        if (!status)
            status = file->Flush(file);
        if (status)
            done = fail(failure, path, "the firmware does not call it %s (status 0x%lx)", name, (uint64_t)status);
    }
    file->Close(file);
    return done;
}

static bool tree_write(const struct tree *tree, const char *path, struct span content, struct failure *failure)
{
    UINTN size = content.size;
    EFI_FILE_HANDLE file;
    EFI_STATUS status;
    struct info info;
    bool done;

    forget_last();
    if (!open_path(tree, path, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, &file, failure))
        return false;
    done = is_file(file, path, &info, failure);
    if (done) {
        status = file->Write(file, &size, (void *)content.data);
        if (!status && size != content.size)
            status = EFI_VOLUME_FULL;
        if (!status)
            status = file->Flush(file);
        if (status)
            done = fail(failure, path, "the firmware does not write it (status 0x%lx)", (uint64_t)status);
    }
    file->Close(file);
    return done;
}

void efi_tree_make(void *volume, unsigned slot, bool writable, struct tree *tree)
{
    forget_last();
    if (roots[slot])
        roots[slot]->Close(roots[slot]);
    roots[slot] = NULL;
    tree->find = tree_find;
    tree->list = tree_list;
    tree->read = tree_read;
    tree->rename = writable ? tree_rename : NULL;
    tree->write = writable ? tree_write : NULL;
    tree->efi_volume = volume;
    tree->own[0] = slot;
}
