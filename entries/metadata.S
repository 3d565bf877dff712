/* SPDX-License-Identifier: BSD-2-Clause */
/* The two small sections that firmware and shim look for in a PE file. */

/* Which revocation list entries speak of us (shim, SBAT.md). */
    .section .sbat, "a"
    .ascii "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n"
    .ascii "quadrivium,1,Quadrivium,quadrivium,0.1,https://quadrivium.invalid/\n"

    .section .reloc, "a"
    .long 0                     /* page */
    .long 12                    /* size of the block: this header and two empty entries */
    .short 0, 0
