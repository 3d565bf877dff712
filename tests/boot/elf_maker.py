# SPDX-License-Identifier: BSD-2-Clause
"""Makes small ELF payloads for places where no real kernel is linked: a few 32-bit instructions that say that they run.

The program is entered by PVH, multiboot2 or multiboot, whose headers it has all. On COM1 and on port 0xe9 it says `PLACED at`
and its address; where it was entered by PVH and has a module, `module at ADDRESS size SIZE first WORD last WORD`, of which
the words are the module's first and last four bytes; and stops.
"""

import struct
import subprocess

# System V gABI, chapters 4 and 5.
ELF32, ELF_HEADER, PROGRAM_HEADER = 52, "<HHIIIIIHHHHHH", "<IIIIIIII"
ET_EXEC, EM_386, PT_LOAD, PT_NOTE = 2, 3, 1, 4
RWX = 7
OFFSET = 0x1000         # of the program in the file
WORD = "PLACED at"
MODULE = r"^module at ([0-9a-f]{16}) size ([0-9a-f]{16}) first ([0-9a-f]{8}) last ([0-9a-f]{8})$"

SOURCE = r"""
        .set base, BASE
        .text
start:  jmp     begin
        .balign 8
        # Multiboot 0.6.96, 3.1: modules page-aligned, memory information; the rest is in the ELF.
        .long   0x1badb002, 3, -(0x1badb002 + 3)
        .balign 8
        # Multiboot2 2.0, 3.1: no tags but the last.
mb2:    .long   0xe85250d6, 0, mb2_end - mb2, -(0xe85250d6 + mb2_end - mb2)
        .word   0, 0
        .long   8
mb2_end:
        .balign 4
        # Xen public/elfnote.h: XEN_ELFNOTE_PHYS32_ENTRY.
note:   .long   4, 4, 18
        .asciz  "Xen"
        .long   base
begin:  xorl    %ebp, %ebp
        cmpl    $0x36d76289, %eax               # entered by multiboot2
        je      1f
        cmpl    $0x2badb002, %eax               # entered by multiboot
        je      1f
        movl    %ebx, %ebp                      # PVH: struct hvm_start_info
1:      movl    $(base + stack_end - start), %esp
        movl    $(base + word - start), %esi
        call    say
        call    2f
2:      popl    %edx                            # where it runs, not where it was linked
        subl    $(2b - start), %edx
        call    hexadecimal
        call    newline
        testl   %ebp, %ebp
        jz      stop
        cmpl    $0, 12(%ebp)                    # nr_modules
        je      stop
        movl    16(%ebp), %ebx                  # modlist_paddr; the lists lie below 4 GiB
        movl    $(base + at - start), %esi
        call    say
        movl    4(%ebx), %edx
        call    hexadecimal
        movl    0(%ebx), %edx
        call    hexadecimal
        movl    $(base + size - start), %esi
        call    say
        movl    12(%ebx), %edx
        call    hexadecimal
        movl    8(%ebx), %edx
        call    hexadecimal
        movl    $(base + first - start), %esi
        call    say
        movl    0(%ebx), %ecx
        movl    (%ecx), %edx
        call    hexadecimal
        movl    $(base + last - start), %esi
        call    say
        addl    8(%ebx), %ecx
        movl    -4(%ecx), %edx
        call    hexadecimal
        call    newline
stop:   cli
        hlt
        jmp     stop

newline:
        movb    $'\n', %al
# Writes %al to both ports; keeps all else.
write:  pushl   %edx
        outb    %al, $0xe9
        pushl   %eax
        movw    $0x3fd, %dx                     # 16550: line status, bit 5: it can take a byte
3:      inb     %dx, %al
        testb   $0x20, %al
        jz      3b
        popl    %eax
        movw    $0x3f8, %dx
        outb    %al, %dx
        popl    %edx
        ret

# Writes the string at %esi.
say:    lodsb
        testb   %al, %al
        jz      4f
        call    write
        jmp     say
4:      ret

# Writes %edx as eight digits.
hexadecimal:
        movl    $8, %edi
5:      roll    $4, %edx
        movb    %dl, %al
        andb    $15, %al
        addb    $'0', %al
        cmpb    $'9', %al
        jbe     6f
        addb    $('a' - '0' - 10), %al
6:      call    write
        decl    %edi
        jnz     5b
        ret

word:   .asciz  "\nPLACED at "
at:     .asciz  "module at "
size:   .asciz  " size "
first:  .asciz  " first "
last:   .asciz  " last "
        .space  256
stack_end:
"""


def make(path, address, memory_size=0):
    """Writes to PATH an ELF linked at the physical ADDRESS that takes MEMORY_SIZE bytes there, or as many as it needs."""
    object_file, binary = path.with_suffix(".o"), path.with_suffix(".bin")
    source = SOURCE.replace("BASE", f"{address:#x}")
    subprocess.run(["as", "--32", "-o", object_file, "-"], input=source, text=True, check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", object_file, binary], check=True)
    program = binary.read_bytes()
    note = program.index(struct.pack("<III4s", 4, 4, 18, b"Xen\0"))
    headers = [(PT_LOAD, OFFSET, address, address, len(program), max(memory_size, len(program)), RWX, OFFSET),
               (PT_NOTE, OFFSET + note, address + note, address + note, 20, 20, 4, 4)]
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    head = ident + struct.pack(ELF_HEADER, ET_EXEC, EM_386, 1, address, ELF32, 0, 0, ELF32, 32, len(headers), 0, 0, 0)
    head += b"".join(struct.pack(PROGRAM_HEADER, *header) for header in headers)
    path.write_bytes(head.ljust(OFFSET, b"\0") + program)
    return path
