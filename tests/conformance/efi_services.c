/* SPDX-License-Identifier: BSD-2-Clause */
/* See efi_services.h. */
#include <efi.h>
#include <stdbool.h>

#include "tests/conformance/efi_services.h"

#include "common/string.h"
#include "tests/conformance/memory.h"
#include "tests/conformance/processor.h"
#include "tests/conformance/report.h"

/*
 * Section 2.3.4: "128 KiB, or more, of available stack space". OVMF's stack is 128 KiB in all, of which its own callers
 * have used 2.4 KiB when an application is entered; 8 KiB are allowed for such frames.
 */
#define STACK_PROMISED  (0x20000 - 0x2000)
#define FPU_CONTROL     0x037f
#define MXCSR_CONTROL   0x1f80
#define CRC32_REFLECTED 0xedb88320
#define MAP_MAX         0x10000

static uint8_t map[MAP_MAX] __attribute__((aligned(8)));

void check_efi_processor(bool called)
{
    uint16_t control;
    uint32_t mxcsr;
    bool writable, executable;
    unsigned misaligned = called ? 8 : 0;

    check((state.efer & EFER_LMA) && (state.cr0 & CR0_PG), "paging", "CR0 is 0x%lx, EFER 0x%lx, shall be 64-bit mode",
          state.cr0, state.efer);
    check(state.rflags & RFLAGS_IF, "if", "flags are 0x%lx, shall have interrupts enabled", state.rflags);
    check_flags_clear(RFLAGS_DF);
    check(!(state.cr0 & (CR0_EM | CR0_TS)), "cr0", "is 0x%lx, shall have neither EM nor TS", state.cr0);
    if (!(state.cr0 & (CR0_EM | CR0_TS))) {
        __asm__ volatile("fnstcw %0" : "=m"(control));
        __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
        check_register("fpu", control, FPU_CONTROL);
        check_register("mxcsr", mxcsr & 0xffc0, MXCSR_CONTROL); /* less the flags of what has happened */
    }
    check(state.rsp % 16 == misaligned, "stack-aligned", "RSP is 0x%lx, shall be %u modulo 16", state.rsp, misaligned);
    check(tables_look_up((uintptr_t)payload_base, (uint64_t)(payload_end - payload_base), &writable, &executable) ==
              MAPPING_IDENTITY,
          "identity", "we, at 0x%lx, are mapped to ourselves, or not", (uint64_t)(uintptr_t)payload_base);
    check_a20();
}

static uint32_t crc32(const void *data, uint64_t size, uint64_t zero_at)
{
    uint32_t crc = ~0u;

    for (uint64_t i = 0; i < size; i++) {
        crc ^= i >= zero_at && i < zero_at + sizeof(crc) ? 0 : ((const uint8_t *)data)[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC32_REFLECTED : 0);
    }
    return ~crc;
}

static bool crc_is_right(const EFI_TABLE_HEADER *header)
{
    return header->CRC32 == crc32(header, header->HeaderSize, offsetof(EFI_TABLE_HEADER, CRC32));
}

bool check_efi_table(const EFI_SYSTEM_TABLE *table)
{
    bool sound = table && table->Hdr.Signature == EFI_SYSTEM_TABLE_SIGNATURE;

    check(sound, "system-table", "at 0x%lx, with its signature, or not", (uint64_t)(uintptr_t)table);
    if (!sound)
        return false;
    check(crc_is_right(&table->Hdr) && crc_is_right(&table->BootServices->Hdr) &&
              crc_is_right(&table->RuntimeServices->Hdr),
          "crc", "of the system table, boot and runtime services are right, or not: 0x%x, 0x%x, 0x%x", table->Hdr.CRC32,
          table->BootServices->Hdr.CRC32, table->RuntimeServices->Hdr.CRC32);
    sound = table->BootServices->Hdr.Signature == EFI_BOOT_SERVICES_SIGNATURE;
    check(sound, "services", "boot services at 0x%lx have their signature, or not",
          (uint64_t)(uintptr_t)table->BootServices);
    return sound;
}

static bool is_ram(uint32_t type)
{
    return type == EfiLoaderCode || type == EfiLoaderData || type == EfiBootServicesCode ||
           type == EfiBootServicesData || type == EfiConventionalMemory;
}

void check_efi_memory(const EFI_SYSTEM_TABLE *table)
{
    UINTN size = sizeof(map), key, descriptor_size;
    UINT32 version;
    uint64_t stack = 0, page = 0;
    EFI_STATUS status =
        table->BootServices->GetMemoryMap(&size, (EFI_MEMORY_DESCRIPTOR *)map, &key, &descriptor_size, &version);

    check(status == EFI_SUCCESS && descriptor_size >= sizeof(EFI_MEMORY_DESCRIPTOR) && size % descriptor_size == 0,
          "efi-map", "status 0x%lx, %lu bytes, %lu each", status, size, descriptor_size);
    for (UINTN at = 0; status == EFI_SUCCESS && at + descriptor_size <= size; at += descriptor_size) {
        const EFI_MEMORY_DESCRIPTOR *one = (const void *)(map + at);
        uint64_t length = one->NumberOfPages * PAGE_SIZE;

        region_add(one->PhysicalStart, length, is_ram(one->Type));
        /* What lies below the stack pointer up to the range's start; a stack in free memory would be nobody's. */
        if (one->Type != EfiConventionalMemory && state.rsp - one->PhysicalStart < length)
            stack = state.rsp - one->PhysicalStart;
    }
    check(stack >= STACK_PROMISED, "stack", "0x%lx bytes of allocated memory below RSP, shall be 0x%x", stack,
          STACK_PROMISED);
    check_map();

    EFI_PHYSICAL_ADDRESS address = 0;

    status = table->BootServices->AllocatePages(AllocateAnyPages, EfiLoaderData, 1, &address);
    page = address;
    if (status == EFI_SUCCESS)
        table->BootServices->FreePages(address, 1);
    check(status == EFI_SUCCESS && page, "allocate", "AllocatePages gives 0x%lx, status 0x%lx", page, status);
}

EFI_LOADED_IMAGE *check_efi_image_handle(const EFI_SYSTEM_TABLE *table, EFI_HANDLE handle)
{
    EFI_GUID guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    void *image = NULL;
    EFI_STATUS status = handle ? table->BootServices->HandleProtocol(handle, &guid, &image) : EFI_NOT_FOUND;

    check(status == EFI_SUCCESS && image, "image-handle", "0x%lx has the loaded image protocol, status 0x%lx",
          (uint64_t)(uintptr_t)handle, status);
    return status == EFI_SUCCESS ? image : NULL;
}
