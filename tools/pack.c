/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quadrivium-pack: makes one bootable file of quadrivium.efi or quadrivium.elf, a kernel, its initrds and its command
 * line. See docs/quadrivium-pack.1. This file has the options and the input and output; image.c edits.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payloads/fit.h"
#include "payloads/payload.h"
#include "tools/fit_key.h"
#include "tools/image.h"
#include "tools/recompress.h"

#ifndef QUADRIVIUM_VERSION
#define QUADRIVIUM_VERSION "0.1"
#endif

#define EXIT_USAGE 2

#define INITRD_ALIGN 4 /* the kernel looks for the next cpio archive at the next multiple of four */
#define READ_CHUNK   0x10000

#define FDT_MAGIC "\xd0\x0d\xfe\xed"

#define CONTENTS_MAX 256 /* options of one command line; more than the section table holds */

struct content {
    const char *name;   /* of the section */
    const char *source; /* for messages: the file's or the option's name */
    uint8_t *data;
    uint64_t size;
};

enum { /* getopt_long values; those before OPTION_SECTION make one section each, in this order in the file */
       OPTION_OS_RELEASE,
       OPTION_CMDLINE,
       OPTION_UNAME,
       OPTION_DEVICETREE,
       OPTION_FIT_KEY,
       OPTION_INITRD,
       OPTION_LINUX,
       OPTION_SECTION,
       OPTION_RECOMPRESS,
       OPTION_IMAGE,
       OPTION_OUTPUT,
       OPTION_HELP,
       OPTION_VERSION,
};

static const char *const section_names[OPTION_SECTION] = {
    [OPTION_OS_RELEASE] = ".osrel", [OPTION_CMDLINE] = ".cmdline", [OPTION_UNAME] = ".uname",
    [OPTION_DEVICETREE] = ".dtb",   [OPTION_FIT_KEY] = ".fitkey",  [OPTION_INITRD] = ".initrd",
    [OPTION_LINUX] = ".linux",
};

static const struct option options[] = {
    { "linux", required_argument, NULL, OPTION_LINUX },
    { "initrd", required_argument, NULL, OPTION_INITRD },
    { "cmdline", required_argument, NULL, OPTION_CMDLINE },
    { "os-release", required_argument, NULL, OPTION_OS_RELEASE },
    { "uname", required_argument, NULL, OPTION_UNAME },
    { "devicetree", required_argument, NULL, OPTION_DEVICETREE },
    { "fit-key", required_argument, NULL, OPTION_FIT_KEY },
    { "section", required_argument, NULL, OPTION_SECTION },
    { "recompress", required_argument, NULL, OPTION_RECOMPRESS },
    { "image", required_argument, NULL, OPTION_IMAGE },
    { "output", required_argument, NULL, OPTION_OUTPUT },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { 0 },
};

static const char help[] = "Usage: quadrivium-pack [OPTION ...] --output=FILE.{efi,elf}\n"
                           "Pack a kernel and what belongs to it, or keys and words alone, into one Quadrivium image.\n"
                           "\n"
                           "      --linux=KERNEL        the kernel, of any kind, compressed or not (.linux)\n"
                           "      --initrd=FILE         an initrd; several become one, in this order (.initrd)\n"
                           "      --cmdline=TEXT|@FILE  the kernel's command line (.cmdline)\n"
                           "      --os-release=TEXT|@FILE  the os-release file of the system (.osrel)\n"
                           "      --uname=TEXT|@FILE    the kernel's release, as uname -r prints it (.uname)\n"
                           "      --devicetree=FILE     a flattened device tree (.dtb)\n"
                           "      --fit-key=[NAME:]FILE  a public key by which FITs have to be signed (.fitkey)\n"
                           "      --section=NAME:FILE   any other section, behind all those above\n"
                           "      --recompress=zstd|lz4|none  how the kernel in a bzImage is stored, for us to unpack\n"
                           "      --image=FILE          the image to pack into, plain or packed\n"
                           "      --output=FILE         the packed image; its suffix, .efi or .elf, is its kind\n"
                           "      --help, --version     print this, or the version, and exit\n";

static void __attribute__((noreturn, format(printf, 2, 3))) die(const char *what, const char *why, ...)
{
    va_list arguments;

    fprintf(stderr, "quadrivium-pack: error: %s: ", what);
    va_start(arguments, why);
    vfprintf(stderr, why, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static void __attribute__((noreturn, format(printf, 1, 2))) usage(const char *why, ...)
{
    va_list arguments;

    fputs("quadrivium-pack: error: usage: ", stderr);
    va_start(arguments, why);
    vfprintf(stderr, why, arguments);
    va_end(arguments);
    fputs(" (--help lists the options)\n", stderr);
    exit(EXIT_USAGE);
}

static void content_reserve(struct content *content, uint64_t size)
{
    if (size > IMAGE_SIZE_MAX)
        die(content->source, "with it %s is larger than 2 GiB", content->name);
    content->data = realloc(content->data, size);
    if (!content->data)
        die(content->source, "no memory for %lu bytes", (unsigned long)size);
}

static void content_add(struct content *content, const void *data, uint64_t size)
{
    content_reserve(content, content->size + size);
    memcpy(content->data + content->size, data, size);
    content->size += size;
}

/* Appends the whole file, which may be a pipe, and which has to have something in it. */
static void content_add_file(struct content *content, const char *path)
{
    uint64_t before = content->size;
    uint64_t room = content->size + READ_CHUNK;
    int fd = open(path, O_RDONLY);
    struct stat status;
    ssize_t got;

    content->source = path;
    if (fd < 0 || fstat(fd, &status) < 0)
        die(path, "%s", strerror(errno));
    if (S_ISREG(status.st_mode))
        room += (uint64_t)status.st_size;
    content_reserve(content, room);
    do {
        if (content->size == room) {
            room += room / 2;
            content_reserve(content, room);
        }
        got = read(fd, content->data + content->size, room - content->size);
        if (got > 0)
            content->size += (uint64_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0)
        die(path, "%s", strerror(errno));
    close(fd);
    if (content->size == before)
        die(path, "the file is empty");
}

static void content_add_argument(struct content *content, const char *option, const char *argument)
{
    if (argument[0] == '@') {
        content_add_file(content, argument + 1);
        return;
    }
    content->source = option;
    if (argument[0] == '\0')
        die(option, "the text is empty");
    content_add(content, argument, strlen(argument));
}

static void initrd_add(struct content *content, const char *path)
{
    static const uint8_t zeroes[INITRD_ALIGN];

    if (content->size % INITRD_ALIGN != 0)
        content_add(content, zeroes, INITRD_ALIGN - content->size % INITRD_ALIGN);
    content_add_file(content, path);
}

/* A colon behind a slash is part of the file's name. */
static void fit_key_add(struct content *content, char *argument)
{
    char *colon = strchr(argument, ':'), *slash = strchr(argument, '/');
    bool named = colon && !(slash && slash < colon);
    struct content file = { .name = content->name };
    uint8_t entry[FIT_KEY_ENTRY_MAX];
    struct failure failure;
    uint64_t size;

    if (named)
        *colon = '\0';
    content_add_file(&file, named ? colon + 1 : argument);
    content->source = file.source;
    content_add(&file, "", 1);
    if (!fit_key_entry((struct span){ file.data, file.size - 1 }, named ? argument : "", entry, &size, &failure))
        die(file.source, "%s", failure.why);
    content_add(content, entry, size);
    free(file.data);
}

static void fit_keys_check(struct content *content)
{
    struct fit_key keys[FIT_KEYS_MAX];
    struct failure failure;
    uint32_t count;

    if (!fit_keys_parse((struct span){ content->data, content->size }, keys, &count, &failure))
        die(content->source, "%s", failure.why);
}

static void kernel_check(struct content *kernel)
{
    if (payload_recognise((struct span){ kernel->data, kernel->size }) == PAYLOAD_DATA)
        die(kernel->source, "not a kernel: neither a bzImage, an ELF, a PE file nor one with a multiboot header");
}

static void kernel_recompress(struct content *kernel, const char *how)
{
    struct failure failure;
    uint64_t size;
    uint8_t *data;

    if (!recompress((struct span){ kernel->data, kernel->size }, how, &data, &size, &failure))
        die(kernel->source, "%s", failure.why);
    free(kernel->data);
    kernel->data = data;
    kernel->size = size;
}

static void text_check(struct content *text, bool one_line)
{
    while (text->size > 0 && text->data[text->size - 1] == '\n' && one_line)
        text->size--;
    if (text->size == 0)
        die(text->source, "the text is empty");
    if (memchr(text->data, '\0', text->size))
        die(text->source, "there is a NUL character in the text");
    if (one_line && memchr(text->data, '\n', text->size))
        die(text->source, "there is more than one line in the text");
}

/* By the section's name, so that --section is no way around it. */
static void content_check(struct content *content)
{
    if (strcmp(content->name, ".linux") == 0)
        kernel_check(content);
    else if (strcmp(content->name, ".cmdline") == 0 || strcmp(content->name, ".uname") == 0)
        text_check(content, true);
    else if (strcmp(content->name, ".osrel") == 0)
        text_check(content, false);
    else if (strcmp(content->name, ".dtb") == 0 && (content->size < 4 || memcmp(content->data, FDT_MAGIC, 4)))
        die(content->source, "not a flattened device tree");
    else if (strcmp(content->name, ".fitkey") == 0)
        fit_keys_check(content);
}

/* "efi" or "elf" by the path's suffix, whose case is free (firmware looks for BOOTX64.EFI); NULL: neither. */
static const char *kind_suffix(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot && strcasecmp(dot, ".efi") == 0)
        return "efi";
    return dot && strcasecmp(dot, ".elf") == 0 ? "elf" : NULL;
}

/* Beside this program, as in the build folder; else where an installation keeps it, PREFIX/bin beside PREFIX/lib. */
static const char *base_find(const char *suffix)
{
    static const char *const places[] = { "", "/../lib/quadrivium" };
    static char path[2 * PATH_MAX];
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (length < 0)
        die("/proc/self/exe", "%s", strerror(errno));
    self[length] = '\0';

    const char *folder = dirname(self);

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s%s/quadrivium.%s", folder, places[i], suffix);
        if (access(path, F_OK) == 0)
            return path;
    }
    die("image", "no quadrivium.%s in %s or %s/../lib/quadrivium; name one with --image", suffix, folder, folder);
}

static bool write_all(int fd, const uint8_t *data, uint64_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        data += put;
        size -= (uint64_t)put;
    }
    return true;
}

/* Under another name first: whoever opens the output finds the old file, or none, or all of the new one. */
static void output_write(const char *path, const struct image *image)
{
    char temporary[PATH_MAX];
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        die(path, "%s", strerror(ENAMETOOLONG));
    fd = mkstemp(temporary);
    if (fd < 0)
        die(path, "%s", strerror(errno));
    if (!write_all(fd, image->data, image->size) || fchmod(fd, 0666 & ~mask) < 0 || fsync(fd) < 0 || close(fd) < 0 ||
        rename(temporary, path) < 0) {
        int reason = errno;

        unlink(temporary);
        die(path, "%s", strerror(reason));
    }
}

static struct image base_read(const char *path, const char *output)
{
    struct content file = { .name = "image" };
    struct image image;
    struct failure failure;
    const char *suffix = kind_suffix(output);

    content_add_file(&file, path);
    image = (struct image){ .data = file.data, .size = file.size };
    if (!image_open(&image, &failure))
        die(path, "%s", failure.why);
    if (strcmp(suffix, image.kind == IMAGE_EFI ? "efi" : "elf") != 0)
        die(output, "its suffix says %s, but %s is of the other kind", suffix, path);
    return image;
}

/* One content for each section, in the order in which they go into the file. */
struct request {
    struct content single[OPTION_SECTION];
    struct content other[CONTENTS_MAX];
    size_t others;
    const char *recompress;
    const char *image;
    const char *output;
};

static void section_argument(struct request *request, char *argument)
{
    char *colon = strchr(argument, ':');

    if (!colon)
        usage("--section=%s is not NAME:FILE", argument);
    if (request->others == CONTENTS_MAX)
        usage("more than %d times --section", CONTENTS_MAX);
    *colon = '\0';
    request->other[request->others].name = argument;
    content_add_file(&request->other[request->others], colon + 1);
    request->others++;
}

static void once(const char **value, const char *option, const char *argument)
{
    if (*value)
        usage("--%s is there twice", option);
    *value = argument;
}

static void arguments_read(int count, char **arguments, struct request *request)
{
    int option;
    int which = 0;

    while ((option = getopt_long(count, arguments, "", options, &which)) != -1) {
        struct content *content = option < OPTION_SECTION ? &request->single[option] : NULL;

        if (content) {
            if (content->name && option != OPTION_INITRD && option != OPTION_FIT_KEY)
                usage("--%s is there twice", options[which].name);
            content->name = section_names[option];
        }
        switch (option) {
        case OPTION_LINUX:
        case OPTION_DEVICETREE:
            content_add_file(content, optarg);
            break;
        case OPTION_INITRD:
            initrd_add(content, optarg);
            break;
        case OPTION_CMDLINE:
        case OPTION_OS_RELEASE:
        case OPTION_UNAME:
            content_add_argument(content, options[which].name, optarg);
            break;
        case OPTION_FIT_KEY:
            fit_key_add(content, optarg);
            break;
        case OPTION_SECTION:
            section_argument(request, optarg);
            break;
        case OPTION_RECOMPRESS:
            once(&request->recompress, "recompress", optarg);
            break;
        case OPTION_IMAGE:
            once(&request->image, "image", optarg);
            break;
        case OPTION_OUTPUT:
            once(&request->output, "output", optarg);
            break;
        case OPTION_HELP:
            fputs(help, stdout);
            exit(EXIT_SUCCESS);
        case OPTION_VERSION:
            puts("quadrivium-pack " QUADRIVIUM_VERSION);
            exit(EXIT_SUCCESS);
        default:
            usage("an unknown option, or one without its argument: %s", arguments[optind - 1]);
        }
    }
    if (optind < count)
        usage("%s is not an option", arguments[optind]);
    if (!request->output)
        usage("--output is missing");
    if (request->recompress && !request->single[OPTION_LINUX].name)
        usage("--recompress is for a kernel, and --linux is missing");
    if (!kind_suffix(request->output))
        usage("--output=%s ends neither in .efi nor in .elf", request->output);
}

static void pack(struct image *image, struct content *content)
{
    struct failure failure;

    if (!content->name)
        return;
    content_check(content);
    if (!image_append(image, content->name, (struct span){ content->data, content->size }, &failure))
        die(failure.what, "%s", failure.why);
    free(content->data);
}

int main(int count, char **arguments)
{
    static struct request request;

    opterr = 0; /* our own words, in our own form */
    arguments_read(count, arguments, &request);

    bool nothing = request.others == 0;

    for (size_t i = 0; i < OPTION_SECTION; i++)
        nothing = nothing && !request.single[i].name;
    if (nothing)
        usage("there is nothing to pack: give --linux, or what an image without a kernel shall have");

    const char *base = request.image ? request.image : base_find(kind_suffix(request.output));
    struct image image = base_read(base, request.output);

    if (request.recompress)
        kernel_recompress(&request.single[OPTION_LINUX], request.recompress);
    for (size_t i = 0; i < OPTION_SECTION; i++)
        pack(&image, &request.single[i]);
    for (size_t i = 0; i < request.others; i++)
        pack(&image, &request.other[i]);
    image_seal(&image);
    output_write(request.output, &image);
    free(image.data);
    return EXIT_SUCCESS;
}
