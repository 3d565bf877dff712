/* SPDX-License-Identifier: BSD-2-Clause */
/* Recognising payloads and their faces; see payload.h. Pure: compiled natively for tests as well. */
#include "payloads/payload.h"

#include "common/noinit.h"
#include "common/string.h"
#include "payloads/bzimage.h"
#include "payloads/elf.h"
#include "payloads/multiboot.h"
#include "payloads/uki.h"
#include "payloads/unpack.h"
#include "payloads/vmlinux.h"

/* Of what is compressed, enough is unpacked to see a PE header behind a long DOS stub, as our own is. */
#define HEAD_SIZE 8192

static enum payload_kind recognise_unpacked(struct span content)
{
    uint64_t offset;

    if (bzimage_is(content))
        return PAYLOAD_BZIMAGE;
    if (elf_is(content))
        return PAYLOAD_ELF;
    if (pe_is(content))
        return PAYLOAD_PE;
    /* An archive may hold a kernel within the first few KiB. */
    if (content.size >= 4 && memcmp(content.data, "0707", 4) &&
        (multiboot2_find(content, &offset) || multiboot_find(content, &offset)))
        return PAYLOAD_FLAT;
    return PAYLOAD_DATA;
}

enum payload_kind payload_recognise(struct span content)
{
    static uint8_t head[HEAD_SIZE] NOINIT;

    if (unpack_recognise(content) == PACKING_NONE)
        return recognise_unpacked(content);
    return recognise_unpacked((struct span){ head, unpack_head(content, head, sizeof(head)) });
}

bool payload_is_archive(struct span content)
{
    /* cpio "newc" and "crc"; bzip2, lzma and lzop, which Linux unpacks and we do not (lib/decompress.c). */
    static const char magic[][6] = { "0707", "BZh", "\x5d\0\0", "\x89LZO" };
    static const uint8_t length[] = { 4, 3, 3, 4 };

    for (unsigned i = 0; i < sizeof(length); i++) {
        if (content.size >= length[i] && !memcmp(content.data, magic[i], length[i]))
            return true;
    }
    return unpack_recognise(content) != PACKING_NONE;
}

const char *payload_kind_name(enum payload_kind kind)
{
    static const char names[][12] = { "data", "bzImage", "ELF", "PE", "flat binary" };

    return names[kind];
}

/* Notes whether a face is there, from whether its parser took it. */
static void note(struct boot *boot, enum face face, bool taken, const struct failure *failure)
{
    if (taken) {
        boot->faces |= face;
        return;
    }
    boot->broken |= face;
    boot->refusals[__builtin_ctz(face)] = *failure;
}

static void add_efi(struct boot *boot, const struct pe *pe)
{
    const struct failure failure = { "kernel", "its PE is none for x86-64 EFI" };

    note(boot, FACE_EFI, pe->is_efi_x64, &failure);
}

static bool take_elf(struct span content, struct boot *boot, struct failure *failure)
{
    static struct elf elf NOINIT;
    struct failure refusal;

    if (!elf_parse(content, &elf, failure))
        return false;
    boot->file.size = elf.size;
    boot->sections = elf.sections;
    if (elf.is_linux && elf.is_64) {
        note(boot, FACE_LINUX, vmlinux_parse(&elf, &boot->as_linux, &refusal), &refusal);
        boot->vmlinux = elf.program;
        boot->as_linux.program = &boot->vmlinux;
    }
    if (elf.has_pvh) {
        boot->as_pvh = (struct pvh_kernel){ .program = elf.program,
                                            .entry = elf.pvh_entry,
                                            .relocatable = elf.pvh_relocatable,
                                            .alignment = elf.pvh_alignment,
                                            .minimum = elf.pvh_minimum,
                                            .maximum = elf.pvh_maximum };
        fail(&refusal, "kernel", "its PVH entry, 0x%lx, is in none of its segments", elf.pvh_entry);
        note(boot, FACE_PVH, program_holds(&elf.program, elf.pvh_entry), &refusal);
    }
    return true;
}

static bool take_bzimage(struct span content, struct boot *boot, struct failure *failure)
{
    static struct pe pe NOINIT;
    struct failure refusal;

    if (!bzimage_parse(content, &boot->as_linux, &boot->file.size, failure))
        return false;
    boot->faces |= FACE_LINUX;
    if (pe_is(content) && !pe_parse(content, &pe, &refusal)) {
        note(boot, FACE_EFI, false, &refusal);
    } else if (pe_is(content)) {
        /* Its sections may go on behind what the Linux protocol loads. */
        if (boot->file.size < pe.size)
            boot->file.size = pe.size;
        add_efi(boot, &pe);
    }
    return true;
}

static bool take_pe(struct span content, struct boot *boot, struct failure *failure)
{
    static struct pe pe NOINIT;

    if (!pe_parse(content, &pe, failure))
        return false;
    boot->file.size = pe.size;
    boot->kind = pe.is_uki ? "UKI" : boot->kind;
    add_efi(boot, &pe);
    return true;
}

void payload_find_multiboot(struct boot *boot)
{
    static struct elf elf NOINIT;
    struct failure failure;
    uint64_t offset;
    const struct elf *program = NULL;

    if ((boot->faces | boot->broken) & (FACE_MULTIBOOT2 | FACE_MULTIBOOT))
        return;
    if (elf_is(boot->file) && elf_parse(boot->file, &elf, &failure))
        program = &elf;
    if (multiboot2_find(boot->file, &offset))
        note(boot, FACE_MULTIBOOT2, multiboot2_parse(boot->file, program, &boot->as_multiboot2, &failure), &failure);
    if (multiboot_find(boot->file, &offset))
        note(boot, FACE_MULTIBOOT, multiboot_parse(boot->file, program, &boot->as_multiboot, &failure), &failure);
}

bool payload_take_apart(struct span content, struct boot *boot, struct failure *failure)
{
    enum payload_kind kind = recognise_unpacked(content);
    bool taken = true;

    boot->file = content;
    boot->kind = payload_kind_name(kind);
    boot->faces = boot->broken = 0;
    boot->sections = (struct program_sections){ 0 };
    if (kind == PAYLOAD_DATA)
        return fail(failure, "kernel", "%lu bytes that are no kernel of any kind", content.size);
    if (kind == PAYLOAD_ELF)
        taken = take_elf(content, boot, failure);
    else if (kind == PAYLOAD_BZIMAGE)
        taken = take_bzimage(content, boot, failure);
    else if (kind == PAYLOAD_PE)
        taken = take_pe(content, boot, failure);
    if (taken && !(boot->faces & FACE_LINUX))
        payload_find_multiboot(boot);
    return taken && (boot->faces || boot->broken ||
                     fail(failure, "kernel", "an ELF without a PVH note or a multiboot header, and not Linux"));
}
