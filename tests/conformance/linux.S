/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The faces of a bzImage: the setup header, and the two entries (Documentation/arch/x86/boot.rst, protocol 2.15). There
 * is no real-mode code: whoever starts that gets a halt.
 */
#include <asm/bootparam.h>

#include "tests/conformance/check_linux.h"
#include "tests/conformance/entry.inc"

/* From setup_sects on; a field's comment is its name. */
.macro SETUP_HEADER
1:  .byte LINUX_SETUP_SIZE / 512 - 1 /* setup_sects */
    .short 1                    /* root_flags */
    .long payload_paragraphs    /* syssize */
    .short 0                    /* ram_size */
    .short 0xffff               /* vid_mode: normal */
    .short 0                    /* root_dev */
    .short 0xaa55               /* boot_flag */
    .byte 0xeb, 2f - 3f         /* jump */
3:  .ascii "HdrS"               /* header */
    .short 0x20f                /* version */
    .long 0                     /* realmode_swtch */
    .short 0                    /* start_sys_seg */
    .short 0                    /* kernel_version: none */
    .byte 0                     /* type_of_loader */
    .byte LOADED_HIGH           /* loadflags */
    .short 0x8000               /* setup_move_size */
    .long LINUX_CODE32_START    /* code32_start */
    .long 0                     /* ramdisk_image */
    .long 0                     /* ramdisk_size */
    .long 0                     /* bootsect_kludge */
    .short 0                    /* heap_end_ptr */
    .byte 0                     /* ext_loader_ver */
    .byte 0                     /* ext_loader_type */
    .long 0                     /* cmd_line_ptr */
    .long LINUX_INITRD_MAX      /* initrd_addr_max */
    .long LINUX_ALIGNMENT       /* kernel_alignment */
    .byte 1                     /* relocatable_kernel */
    .byte LINUX_MINIMUM_ALIGNMENT_SHIFT /* min_alignment */
    .short XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G /* xloadflags */
    .long LINUX_COMMAND_LINE_MAX /* cmdline_size */
    .long 0                     /* hardware_subarch: PC */
    .quad 0                     /* hardware_subarch_data */
    .long 0                     /* payload_offset */
    .long 0                     /* payload_length */
    .quad 0                     /* setup_data */
    .quad LINUX_PREFERRED       /* pref_address */
    .long LINUX_INIT_SIZE       /* init_size */
    .long 0                     /* handover_offset */
    .long 0                     /* kernel_info_offset */
2:
.endm

    .section .setup, "ax"
    .org 0x1f1
    SETUP_HEADER
    .code16
1:  hlt
    jmp 1b
    .org LINUX_SETUP_SIZE

    .section .header, "ax"
    .code32
    .globl payload_entry
payload_entry:
    jmp entry32_esi
    .org LINUX_ENTRY64
    .code64
    jmp entry64

    /* The header once more, to compare with what comes back. */
    .section .rodata
    .globl own_header
    .hidden own_header
own_header:
    SETUP_HEADER
