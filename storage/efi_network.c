/* SPDX-License-Identifier: BSD-2-Clause */
/* Files beside our image, over the network that it came from; see efi_network.h. */
#include "storage/efi_network.h"

#include <stddef.h>

#include "common/console.h"
#include "common/noinit.h"
#include "common/progress.h"
#include "common/string.h"
#include "firmware/efi.h"
#include "firmware/efi_calls.h"
#include "storage/pxe_packet.h"

#define FILE_MAX   (4ull << 30)
#define TFTP_ERROR EFIERR(23) /* UEFI 2.10, appendix D */
#define HTTP_ERROR EFIERR(35)

_Static_assert(sizeof(EFI_PXE_BASE_CODE_PACKET) == 1472, "UEFI 2.10, section 24.3.2");
_Static_assert(offsetof(EFI_PXE_BASE_CODE_MODE, StationIp) == 20, "EFI_PXE_BASE_CODE_MODE");
_Static_assert(offsetof(EFI_PXE_BASE_CODE_MODE, DhcpAck) == 52 + 1472, "EFI_PXE_BASE_CODE_MODE");
_Static_assert(offsetof(EFI_PXE_BASE_CODE_PROTOCOL, Mtftp) == 40, "EFI_PXE_BASE_CODE_PROTOCOL");

static EFI_GUID load_file_guid = EFI_LOAD_FILE_PROTOCOL_GUID;
static EFI_GUID pxe_guid = EFI_PXE_BASE_CODE_PROTOCOL_GUID;

/* What gives files by name: the size first, then the content. Both return the firmware's status. */
struct source {
    EFI_STATUS (*get)(struct source *source, void *buffer, uint64_t *size);
    EFI_LOAD_FILE_INTERFACE *load_file;
    EFI_DEVICE_PATH *path;
    EFI_PXE_BASE_CODE *pxe;
    EFI_IP_ADDRESS server;
    char *file;
};

/*
 * To the question for the size. Which error the TFTP server gave is not to be known: EDK2 takes the wrong byte of its
 * code.
 */
static bool is_absent(EFI_STATUS status)
{
    return status == EFI_NOT_FOUND || status == HTTP_ERROR || status == TFTP_ERROR;
}

/* ---- HTTP ---- */

/* Section 13.1: without a buffer, or with one that is too small, it says how large that must be. */
static EFI_STATUS get_http(struct source *source, void *buffer, uint64_t *size)
{
    UINTN given = *size;
    /* EDK2 answers to boot policy only, though it takes any file. */
    EFI_STATUS status = source->load_file->LoadFile(source->load_file, source->path, TRUE, &given, buffer);

    *size = given;
    if (buffer)
        print("\n"); /* EDK2 leaves the cursor behind its own progress */
    return !buffer && status == EFI_BUFFER_TOO_SMALL ? EFI_SUCCESS : status;
}

static bool find_http(EFI_HANDLE device, const char *suffix, struct source *source)
{
    static uint8_t made[EFI_PATH_MAX] __attribute__((aligned(8))) NOINIT;
    static uint8_t own[EFI_PATH_MAX] NOINIT;
    static uint64_t own_size;
    const struct span path = efi_device_path(device);

    source->load_file = efi_protocol(device, &load_file_guid);
    /* The firmware may change the path with each file that it fetches: ours is what it was at first. */
    if (!own_size && path.size <= sizeof(own)) {
        memcpy(own, path.data, path.size);
        own_size = path.size;
    }
    if (!source->load_file || !efi_path_of_uri((struct span){ own, own_size }, suffix, made))
        return false;
    source->path = (EFI_DEVICE_PATH *)made;
    source->get = get_http;
    return true;
}

/* ---- PXE ---- */

static EFI_STATUS get_pxe(struct source *source, void *buffer, uint64_t *size)
{
    return source->pxe->Mtftp(source->pxe,
                              buffer ? EFI_PXE_BASE_CODE_TFTP_READ_FILE : EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, buffer,
                              FALSE, size, NULL, &source->server, (UINT8 *)source->file, NULL, FALSE);
}

static struct span bytes_of(const EFI_PXE_BASE_CODE_PACKET *packet)
{
    return (struct span){ packet->Raw, sizeof(packet->Raw) };
}

/* The answer that named our image: of the boot server, of a proxy, or of the DHCP server (section 24.3.2). */
static bool find_answer(const EFI_PXE_BASE_CODE_MODE *mode, struct pxe_source *answer)
{
    return (mode->PxeReplyReceived && pxe_packet_read(bytes_of(&mode->PxeReply), answer)) ||
           (mode->ProxyOfferReceived && pxe_packet_read(bytes_of(&mode->ProxyOffer), answer)) ||
           (mode->DhcpAckReceived && pxe_packet_read(bytes_of(&mode->DhcpAck), answer));
}

static bool find_pxe(EFI_HANDLE device, const char *suffix, struct source *source)
{
    static struct pxe_source answer;
    static char file[PXE_FILE_MAX + 16] NOINIT;

    source->pxe = efi_protocol(device, &pxe_guid);
    if (!source->pxe || !source->pxe->Mode || !source->pxe->Mode->Started || source->pxe->Mode->UsingIpv6 ||
        !find_answer(source->pxe->Mode, &answer) ||
        !name_with_suffix((struct span){ (const uint8_t *)answer.file, strlen(answer.file) }, suffix, file,
                          sizeof(file))) {
        source->pxe = NULL;
        return false;
    }
    memcpy(source->server.v4.Addr, answer.server, sizeof(answer.server));
    source->file = file;
    source->get = get_pxe;
    return true;
}

/* ---- either ---- */

static bool find_source(const char *suffix, struct source *source)
{
    const EFI_LOADED_IMAGE *own = efi_own_image();

    *source = (struct source){ 0 };
    return own && own->DeviceHandle &&
           (find_http(own->DeviceHandle, suffix, source) || find_pxe(own->DeviceHandle, suffix, source));
}

bool efi_network_is_origin(void)
{
    struct source source;

    return find_source("", &source);
}

bool efi_network_fetch(const char *suffix, struct memory_map *map, struct span *content, struct failure *failure)
{
    struct map_request request = { .high = true };
    struct source source;
    uint64_t address, got;
    EFI_STATUS status;

    *content = (struct span){ NULL, 0 };
    if (!find_source(suffix, &source))
        return true;
    status = source.get(&source, NULL, &request.size);
    if (status == EFI_NOT_FOUND && source.get == get_http) /* EDK2's word for a type that it does not know, too */
        warn("%s is not on the server, or that does not call it application/efi", suffix);
    if (is_absent(status))
        return true;
    if (status == EFI_UNSUPPORTED && source.get == get_http)
        return fail(failure, "network", "the firmware refuses %s: the server must call it application/efi", suffix);
    if (status)
        return fail(failure, "network", "the server does not say the size of %s (status 0x%lx)", suffix,
                    (uint64_t)status);
    if (!request.size || request.size > FILE_MAX)
        return fail(failure, "network", "%s of %lu bytes", suffix, request.size);
    if (!map_allocate(map, &request, MAP_WORK, &address, "file from the network", failure))
        return false;
    got = request.size;
    progress_start("file from the network", got);
    status = source.get(&source, (void *)address, &got);
    progress(status ? 0 : got);
    progress_end();
    if (!status && got == request.size) {
        *content = (struct span){ (const uint8_t *)address, got };
        return true;
    }
    map_release(map, address, request.size, failure);
    return fail(failure, "network", "%s broke off at %lu of %lu bytes (status 0x%lx)", suffix, got, request.size,
                (uint64_t)status);
}
