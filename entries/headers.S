/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The faces of the image: what each loader reads to recognise it, one field a line. layout.h says where each face lies,
 * image.lds.S computes the sizes (every name below that ends in _size, _offset or _address).
 *
 *   ELF64 header, program headers, notes   System V gABI chapters 4 and 5; Xen public/elfnote.h
 *   MZ, PE header, section table           PE format, sections 2 to 4; UEFI 2.10 section 2.1.1
 *   Linux setup header                     Documentation/arch/x86/boot.rst, protocol 2.15
 *   multiboot2 header                      Multiboot2 specification 2.0, section 3.1
 */
#include <asm/bootparam.h>

#include "common/layout.h"

/* System V gABI; <elf.h> is C only. */
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_EXEC 2
#define EM_X86_64 62
#define PT_LOAD 1
#define PT_NOTE 4
#define PF_X 1
#define PF_W 2
#define PF_R 4

/* Xen public/elfnote.h */
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define XEN_ELFNOTE_PHYS32_RELOC 19

/* ---- The first 64 bytes: one of two. objcopy leaves the other out. ---- */

    .section .elf_header, "a"
    .byte 0x7f, 'E', 'L', 'F'
    .byte ELFCLASS64
    .byte ELFDATA2LSB
    .byte EV_CURRENT
    .byte 0                     /* EI_OSABI: System V */
    .quad 0                     /* padding */
    .short ET_EXEC
    .short EM_X86_64
    .long EV_CURRENT
    .quad pvh_start_address     /* e_entry: for loaders that know no notes */
    .quad LAYOUT_ELF_PHDRS      /* e_phoff */
    .quad 0                     /* e_shoff: no sections */
    .long 0                     /* e_flags */
    .short 64                   /* e_ehsize */
    .short 56                   /* e_phentsize */
    .short LAYOUT_ELF_PHDR_COUNT
    .short 64                   /* e_shentsize */
    .short 0                    /* e_shnum */
    .short 0                    /* e_shstrndx */

    .section .mz_header, "a"
    .ascii "MZ"
    .fill 0x3c - 2, 1, 0
    .long LAYOUT_PE             /* e_lfanew */

/* ---- Page 0 behind them ---- */

    .section .page0, "a"
    /* The whole image, as it lies in the file; quadrivium-pack lengthens it. */
    .long PT_LOAD
    .long PF_R | PF_W | PF_X
    .quad 0                     /* p_offset */
    .quad LAYOUT_LINK_BASE      /* p_vaddr */
    .quad LAYOUT_LINK_BASE      /* p_paddr */
    .quad image_file_size       /* p_filesz */
    .quad image_memory_size     /* p_memsz */
    .quad LAYOUT_PAGE           /* p_align */

    .long PT_NOTE
    .long PF_R
    .quad LAYOUT_ELF_NOTES
    .quad LAYOUT_LINK_BASE + LAYOUT_ELF_NOTES
    .quad LAYOUT_LINK_BASE + LAYOUT_ELF_NOTES
    .quad notes_end - notes
    .quad notes_end - notes
    .quad 4                     /* names and descriptors are aligned to 4 */

notes:
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_start_address
    .long 4, 12, XEN_ELFNOTE_PHYS32_RELOC
    .asciz "Xen"
    .long LAYOUT_PAGE           /* alignment */
    .long LAYOUT_LINK_BASE      /* lowest address */
    .long 0xffffffff            /* highest */
notes_end:

    /*
     * boot_params' sentinel (zero-page.rst): a loader that copies this page instead of zeroing its own shows it by this,
     * and what it did not mean to say is then not believed.
     */
    .org LAYOUT_SENTINEL - LAYOUT_ELF_PHDRS
    .byte 0xff, 0xff

/* ---- The Linux setup header. A field's comment is its name in boot.rst. ---- */

    .section .setup_header, "a"
    .byte LAYOUT_ENTRY32 / 512 - 1 /* setup_sects */
    .short 0                    /* root_flags */
    .long syssize               /* syssize, in 16 bytes */
    .short 0                    /* ram_size */
    .short 0                    /* vid_mode */
    .short 0                    /* root_dev */
    .short 0xaa55               /* boot_flag */
    .byte 0xeb                  /* jump: over the rest of this header */
    .byte LAYOUT_REAL_MODE - LAYOUT_SETUP_MAGIC

    /* Left out of quadrivium.elf, or QEMU's -kernel would take the Linux door. */
    .section .setup_magic, "a"
    .ascii "HdrS"               /* header */

    .section .setup_header_rest, "a"
rest:
    .short 0x20f                /* version */
    .long 0                     /* realmode_swtch */
    .short 0                    /* start_sys_seg */
    .short LAYOUT_SETUP_MAGIC + 4 + (version_string - rest) - 0x200 /* kernel_version, from 0x200 */
    .byte 0                     /* type_of_loader */
    .byte LOADED_HIGH           /* loadflags */
    .short 0                    /* setup_move_size */
    .long LAYOUT_LINK_BASE      /* code32_start */
    .long 0                     /* ramdisk_image */
    .long 0                     /* ramdisk_size */
    .long 0                     /* bootsect_kludge */
    .short LAYOUT_REAL_MODE_END - 0x200 /* heap_end_ptr, from 0x200 */
    .byte 0                     /* ext_loader_ver */
    .byte 0                     /* ext_loader_type */
    .long 0                     /* cmd_line_ptr */
    .long 0x7fffffff            /* initrd_addr_max */
    .long LAYOUT_PAGE           /* kernel_alignment */
    .byte 1                     /* relocatable_kernel */
    .byte 12                    /* min_alignment: 4 KiB */
    .short XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G | XLF_EFI_HANDOVER_64 | XLF_5LEVEL /* xloadflags */
    .long LAYOUT_COMMAND_LINE_MAX /* cmdline_size */
    .long 0                     /* hardware_subarch: PC */
    .quad 0                     /* hardware_subarch_data */
    .long 0                     /* payload_offset: nothing here is a compressed ELF */
    .long 0                     /* payload_length */
    .quad 0                     /* setup_data */
    .quad LAYOUT_LINK_BASE      /* pref_address */
    .long image_init_size       /* init_size */
    .long LAYOUT_HANDOVER64 - 0x200 - LAYOUT_ENTRY32 /* handover_offset */
    .long 0                     /* kernel_info_offset */
version_string:
    .asciz "quadrivium"

/* ---- Page 1: the fixed entries. What follows each is in its door's own file. ---- */

    .section .page1, "ax"
page1:
    .code32
    jmp linux32_start
    .org LAYOUT_ENTRY16 - LAYOUT_ENTRY32
    jmp linux16_continue
    .org LAYOUT_ENTRY64 - LAYOUT_ENTRY32
    .code64
    jmp linux64_start
    .org LAYOUT_HANDOVER64 - LAYOUT_ENTRY32
    jmp efi_handover_start

/* ---- The multiboot2 header ---- */

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_I386 0
#define TAG_END 0
#define TAG_INFORMATION_REQUEST 1
#define TAG_ADDRESS 2
#define TAG_ENTRY_ADDRESS 3
#define TAG_MODULE_ALIGN 6
#define TAG_EFI_BOOT_SERVICES 7
#define TAG_ENTRY_ADDRESS_EFI64 9
#define TAG_RELOCATABLE 10
#define OPTIONAL 1

/* A tag: type, flags, size of all of it; the next one begins 8-aligned. */
.macro TAG type flags:req
    .balign 8
0:
    .short \type, \flags
    .long 1f - 0b
.endm

    .org LAYOUT_MULTIBOOT2 - LAYOUT_ENTRY32
multiboot2:
    .long MULTIBOOT2_MAGIC
    .long MULTIBOOT2_I386
    .long multiboot2_end - multiboot2
    .long -(MULTIBOOT2_MAGIC + MULTIBOOT2_I386 + (multiboot2_end - multiboot2)) /* checksum */

    TAG TAG_INFORMATION_REQUEST, OPTIONAL
    .long 6, 14, 15, 8          /* memory map, RSDP old and new, framebuffer */
1:
    /* Serves quadrivium.efi, which is no ELF; a loader takes it for both. */
    TAG TAG_ADDRESS, 0
    .long LAYOUT_LINK_BASE + LAYOUT_MULTIBOOT2 /* header_addr */
    .long LAYOUT_LINK_BASE      /* load_addr */
    .long image_file_end_address /* load_end_addr; quadrivium-pack moves it */
    .long image_memory_end_address /* bss_end_addr; likewise */
1:
    TAG TAG_ENTRY_ADDRESS, 0
    .long multiboot2_start_address
1:
    TAG TAG_ENTRY_ADDRESS_EFI64, OPTIONAL
    .long multiboot2_efi_start_address
1:
    TAG TAG_EFI_BOOT_SERVICES, OPTIONAL
1:
    TAG TAG_MODULE_ALIGN, OPTIONAL
1:
    TAG TAG_RELOCATABLE, OPTIONAL
    .long LAYOUT_LINK_BASE      /* min_addr */
    .long 0xffffffff            /* max_addr */
    .long LAYOUT_PAGE           /* align */
    .long 1                     /* preference: as low as can be */
1:
    TAG TAG_END, 0
1:
multiboot2_end:

/* ---- The PE header. Values in the order of the specification's tables. ---- */

#define IMAGE_FILE_MACHINE_AMD64 0x8664
#define IMAGE_FILE_EXECUTABLE_IMAGE 0x0002
#define IMAGE_FILE_LINE_NUMS_STRIPPED 0x0004
#define IMAGE_FILE_LARGE_ADDRESS_AWARE 0x0020
#define IMAGE_FILE_DEBUG_STRIPPED 0x0200
#define PE32_PLUS 0x20b
#define IMAGE_SUBSYSTEM_EFI_APPLICATION 10
#define IMAGE_DLLCHARACTERISTICS_NX_COMPAT 0x0100
#define DATA_DIRECTORIES 16
#define BASE_RELOCATION_DIRECTORY 5
#define IMAGE_SCN_CNT_CODE 0x00000020
#define IMAGE_SCN_CNT_INITIALIZED_DATA 0x00000040
#define IMAGE_SCN_MEM_DISCARDABLE 0x02000000
#define IMAGE_SCN_MEM_EXECUTE 0x20000000
#define IMAGE_SCN_MEM_READ 0x40000000
#define IMAGE_SCN_MEM_WRITE 0x80000000
#define READ_ONLY (IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ)

    .org LAYOUT_PE - LAYOUT_ENTRY32
    .ascii "PE\0\0"
    .short IMAGE_FILE_MACHINE_AMD64
    .short (pe_sections_end - pe_sections) / 40 /* NumberOfSections; quadrivium-pack adds its own */
    .long 0                     /* TimeDateStamp: the same input gives the same image */
    .long 0                     /* PointerToSymbolTable */
    .long 0                     /* NumberOfSymbols */
    .short pe_sections - pe_optional_header
    .short IMAGE_FILE_EXECUTABLE_IMAGE | IMAGE_FILE_LINE_NUMS_STRIPPED | IMAGE_FILE_LARGE_ADDRESS_AWARE | IMAGE_FILE_DEBUG_STRIPPED
pe_optional_header:
    .short PE32_PLUS
    .byte 0, 0                  /* linker version */
    .long text_size             /* SizeOfCode */
    .long pe_initialized_size   /* SizeOfInitializedData */
    .long 0                     /* SizeOfUninitializedData */
    .long efi_start_offset      /* AddressOfEntryPoint */
    .long LAYOUT_TEXT           /* BaseOfCode */
    .quad 0                     /* ImageBase: none is preferred */
    .long LAYOUT_PAGE           /* SectionAlignment */
    .long LAYOUT_PAGE           /* FileAlignment */
    .short 0, 0                 /* operating system version */
    .short 0, 0                 /* image version */
    .short 0, 0                 /* subsystem version */
    .long 0                     /* Win32VersionValue */
    .long image_memory_size     /* SizeOfImage: .bss too */
    .long LAYOUT_TEXT           /* SizeOfHeaders: this page is one of them */
    .long 0                     /* CheckSum: not used for EFI applications */
    .short IMAGE_SUBSYSTEM_EFI_APPLICATION
    .short IMAGE_DLLCHARACTERISTICS_NX_COMPAT
    .quad 0, 0, 0, 0            /* stack and heap reserve and commit */
    .long 0                     /* LoaderFlags */
    .long DATA_DIRECTORIES
    .fill BASE_RELOCATION_DIRECTORY, 8, 0
    .long reloc_offset, 12      /* a block without relocations: we apply our own, but some firmware wants to see one */
    .fill DATA_DIRECTORIES - BASE_RELOCATION_DIRECTORY - 1, 8, 0

    .org LAYOUT_PE_SECTIONS - LAYOUT_ENTRY32
pe_sections:
.macro PE_SECTION name memory_size offset file_size characteristics
1:  .ascii "\name"
    .org 1b + 8
    .long \memory_size          /* VirtualSize */
    .long \offset               /* VirtualAddress */
    .long \file_size            /* SizeOfRawData */
    .long \offset               /* PointerToRawData */
    .long 0, 0                  /* no relocations, no line numbers */
    .short 0, 0
    .long \characteristics
.endm
    PE_SECTION .text, text_size, text_offset, text_size, IMAGE_SCN_CNT_CODE | IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_MEM_READ
    PE_SECTION .rodata, rodata_size, rodata_offset, rodata_size, READ_ONLY
    PE_SECTION .sbat, sbat_size, sbat_offset, sbat_size, READ_ONLY
    PE_SECTION .reloc, reloc_size, reloc_offset, reloc_size, READ_ONLY | IMAGE_SCN_MEM_DISCARDABLE
    PE_SECTION .data, data_memory_size, data_offset, data_file_size, READ_ONLY | IMAGE_SCN_MEM_WRITE
pe_sections_end:
    .org LAYOUT_TEXT - LAYOUT_ENTRY32
