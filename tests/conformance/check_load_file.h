/* SPDX-License-Identifier: BSD-2-Clause */
/* The initrd, as a kernel with an EFI stub asks for it. */
#ifndef CONFORMANCE_CHECK_LOAD_FILE_H
#define CONFORMANCE_CHECK_LOAD_FILE_H

#include <efi.h>

/* The clauses initrd-* and module-*: UEFI 2.10 section 13.2, Linux Documentation/admin-guide/efi-stub.rst. */
void check_load_file(const EFI_SYSTEM_TABLE *table);

#endif
